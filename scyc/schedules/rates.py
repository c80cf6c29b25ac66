"""The learning rates of a training run."""

from __future__ import annotations

from scyc.specs.schedules import ScheduleSpec


def rates(schedule: ScheduleSpec, max_lr: float, steps: int) -> list[float]:
    """Return the learning rate of every iteration of a training run.

    Args:
        schedule: Of the learning rate.
        max_lr: Its upper bound.
        steps: Iterations.

    Returns:
        `steps` learning rates.
    """
    return [schedule.lr(max_lr, steps, step) for step in range(steps)]
