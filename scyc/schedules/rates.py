"""One pruning cycle's learning rate over its iterations (Liu et al. 2021, Table 1).

Every schedule restarts at each cycle (LR rewinding, Renda et al. 2020). An iteration is counted
from 0; `steps` is how many there are in a cycle.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from scyc.specs.schedules import (
    ConstantSpec,
    CosineSpec,
    CyclicalSpec,
    LinearSpec,
    LrDecaySpec,
    OneCycleSpec,
    ScheduleSpec,
    WarmupSpec,
)


def rates(schedule: ScheduleSpec, max_lr: float, steps: int) -> list[float]:
    """The learning rate of every iteration of a training of `steps` iterations."""
    return [lr(schedule, max_lr, steps, step) for step in range(steps)]


def lr(schedule: ScheduleSpec, max_lr: float, steps: int, step: int) -> float:
    """The learning rate of one iteration; after the last one, what the schedule ends with."""
    return _RATES[schedule.name](schedule, max_lr, steps, step)


def problems(schedule: ScheduleSpec, steps: int) -> list[tuple[str, str]]:
    """Why a schedule does not fit into `steps` iterations: (field, value with rule and remedy)."""
    found = []
    for field in ("warmup", "iterations", "step"):
        length = getattr(schedule, field, 0)
        if length > steps:
            found.append((field, f"{length} is longer than {steps} steps; lower it or raise steps"))
    if isinstance(schedule, WarmupSpec):
        if schedule.warmup and schedule.warmup == steps:
            rule = f"{steps} ends with the last step, so max_lr is never reached; lower it"
            found.append(("warmup", rule))
        early = [drop for drop in schedule.drops if drop < schedule.warmup]
        if early:
            rule = f"{early} come before the warm-up of {schedule.warmup} steps ends; raise them"
            found.append(("drops", rule))
        late = [drop for drop in schedule.drops if drop >= steps]
        if late:
            rule = f"{late} come after the last of {steps} steps; lower them or raise steps"
            found.append(("drops", rule))
    if isinstance(schedule, OneCycleSpec) and schedule.rise * steps <= 1:
        rule = f"{schedule.rise} is over before the second of {steps} steps; raise it or steps"
        found.append(("rise", rule))
    return found


def max_lr_rule(schedule: ScheduleSpec, max_lr: float) -> str | None:
    """The rule that this max_lr breaks in this schedule, if any, and the remedy."""
    if isinstance(schedule, CyclicalSpec) and schedule.low >= max_lr:
        return f"schedule.low {schedule.low} must lie below max_lr {max_lr}; lower it"
    return None


def _warmup(schedule: WarmupSpec, max_lr: float, _steps: int, step: int) -> float:
    """0 at step 0, max_lr at step `warmup`, max_lr / 10^(i + 1) from step drops[i] on."""
    fallen = sum(step >= drop for drop in schedule.drops)
    return max_lr * _risen(schedule.warmup, step) / 10.0**fallen


def _constant(_schedule: ConstantSpec, max_lr: float, _steps: int, _step: int) -> float:
    return max_lr


def _lr_decay(schedule: LrDecaySpec, max_lr: float, _steps: int, step: int) -> float:
    return max_lr * max(0.0, 1 - step / schedule.iterations)


def _cyclical(schedule: CyclicalSpec, max_lr: float, _steps: int, step: int) -> float:
    """`low` at step 0, max_lr at step `step`, `low` again at twice that, and so on."""
    into = step % (2 * schedule.step)
    height = min(into, 2 * schedule.step - into) / schedule.step
    return schedule.low + (max_lr - schedule.low) * height


def _cosine(schedule: CosineSpec, max_lr: float, steps: int, step: int) -> float:
    if step < schedule.warmup:
        return max_lr * _risen(schedule.warmup, step)
    return _between(max_lr, 0.0, _share(step, schedule.warmup, steps))


def _one_cycle(schedule: OneCycleSpec, max_lr: float, steps: int, step: int) -> float:
    """Half a cosine up until iteration ``rise * steps - 1``, which may lie between two."""
    first = max_lr / schedule.start
    peak = schedule.rise * steps - 1
    if step < peak:
        return _between(first, max_lr, step / peak)
    return _between(max_lr, first / schedule.end, _share(step, peak, steps - 1))


def _linear(schedule: LinearSpec, max_lr: float, steps: int, step: int) -> float:
    if step < schedule.warmup:
        return max_lr * _risen(schedule.warmup, step)
    return max_lr * (1 - _share(step, schedule.warmup, steps))


def _risen(warmup: int, step: int) -> float:
    """Share of max_lr that a linear warm-up has reached."""
    return min(1.0, step / warmup) if warmup else 1.0


def _share(step: int, begin: float, end: float) -> float:
    """Which share of the way from `begin` to `end` lies behind; all of it from `end` on."""
    return (step - begin) / (end - begin) if step < end else 1.0


def _between(start: float, end: float, share: float) -> float:
    """Half a cosine from `start` to `end`."""
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2


_RATES: Mapping[str, Callable[[Any, float, int, int], float]] = MappingProxyType(
    {
        "warmup": _warmup,
        "constant": _constant,
        "lr_decay": _lr_decay,
        "cyclical": _cyclical,
        "cosine": _cosine,
        "one_cycle": _one_cycle,
        "linear": _linear,
    }
)
