"""Whether a training run was trained to the end: how validation accuracy rose before a drop.

A schedule of the warm-up kind holds its rate between two drops. What a curve gains in the later
half of the phase that the last drop ends is what more iterations at that rate would go on to give.
Where that phase has fewer than two evaluations of the validation images, the phase before it is
used, for one that still rises there was cut short as well. Schedules whose rate changes all the
time have no such phase.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from scyc.specs.schedules import ConstantSpec, Schedule, WarmupSpec

Curve = Sequence[tuple[int, float]]  # (completed iterations, validation accuracy in percent)
Trained = Literal["undertrained", "undecided", "unknown", "plateau"]

TENTHS = 10  # a rise is given for a tenth of the budget
SURELY = 1.645  # standard errors above 0, from which a rise is significant
WORST: tuple[Trained, ...] = ("undertrained", "undecided", "unknown", "plateau")


@dataclass(frozen=True)
class Rise:
    """What validation accuracy gains in a tenth of the budget, in points; over replicates."""

    points: float
    standard_error: float | None  # None with one replicate

    def verdict(self, tolerance: float) -> Trained:
        """Return whether training had ended before the learning rate was lowered.

        Args:
            tolerance: Of the region, in points.

        Returns:
            `plateau` where the rise is at most the tolerance; above it `undertrained` where it is
            above `SURELY` standard errors, else `undecided`.
        """
        if self.points <= tolerance:
            return "plateau"
        error = self.standard_error or 0.0
        return "undertrained" if self.points > SURELY * error else "undecided"


def window(schedule: Schedule, steps: int, evaluations: Sequence[int]) -> tuple[int, ...]:
    """Return the evaluations between which a rise is measured.

    Args:
        schedule: Of the learning rates.
        steps: Iterations of a training run.
        evaluations: Completed iterations at which the validation images were evaluated, rising.

    Returns:
        Those of the later half of a phase of one rate, two or more; () where there are none.
    """
    if isinstance(schedule, WarmupSpec):
        bounds = [schedule.warmup, *(schedule.drops or (steps,))]
    elif isinstance(schedule, ConstantSpec):
        bounds = [0, steps]
    else:
        return ()
    for begin, end in reversed(list(pairwise(bounds))):
        held = [step for step in evaluations if begin < step <= end]
        if len(held) > 1:
            late = [step for step in held if 2 * step >= begin + end]
            return tuple(late if len(late) > 1 else held[-2:])
    return ()


def rise(curves: Sequence[Curve], evaluations: Sequence[int], steps: int) -> Rise | None:
    """Return the slope of validation accuracy over some evaluations, by least squares.

    Args:
        curves: One a replicate. Incomplete ones, such as diverged ones, are left out.
        evaluations: Completed iterations, two or more.
        steps: Iterations of a training run.

    Returns:
        The mean over the replicates; None where there is no curve or no two evaluations.
    """
    if len(evaluations) < 2:
        return None
    middle = statistics.fmean(evaluations)
    squares = math.fsum((step - middle) ** 2 for step in evaluations)
    slopes = []
    for curve in curves:
        seen = dict(curve)
        if all(step in seen for step in evaluations):
            total = math.fsum((step - middle) * seen[step] for step in evaluations)
            slopes.append(total / squares * steps / TENTHS)
    if not slopes:
        return None
    several = len(slopes) > 1
    error = statistics.stdev(slopes) / math.sqrt(len(slopes)) if several else None
    return Rise(statistics.fmean(slopes), error)


def worst(verdicts: Sequence[Trained]) -> Trained:
    """Return the least favourable of some verdicts.

    Args:
        verdicts: One at least.

    Returns:
        The first of them in the order of `WORST`.
    """
    return min(verdicts, key=WORST.index)
