"""The feasible region: which max_lr are as good as the best (Liu et al. 2021, Section 5.3)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

ROUNDING = 1e-9  # points; accuracies are shares of images, which differ by more or not at all

_RATE_ROUNDING = 1e-12  # relative; rates are tidied to 12 digits
ToleranceKind = Literal["points", "relative"]


@dataclass(frozen=True)
class Region:
    """The measured region of one cycle. Learning rates; accuracies in percent."""

    well_tuned: float
    best_accuracy: float  # mean validation accuracy of the well-tuned max_lr
    members: tuple[float, ...]  # grid values within the tolerance of the best, rising
    contiguous: bool  # no grid value between two members is outside
    touches_low: bool  # the lowest grid value is a member: the region may go on below
    touches_high: bool

    @property
    def low(self) -> float:
        """The lowest member."""
        return self.members[0]

    @property
    def high(self) -> float:
        """The highest member."""
        return self.members[-1]

    def contains(self, max_lr: float) -> bool:
        """Return whether a learning rate, on the grid or between its values, lies in [low, high].

        Args:
            max_lr: Any learning rate.

        Returns:
            True, too, within one relative rounding of an end.
        """
        slack = 1 + _RATE_ROUNDING
        return self.low / slack <= max_lr <= self.high * slack


@dataclass(frozen=True)
class MaxLrScores:
    """One max_lr of one cycle: its replicates' validation accuracies, in percent."""

    accuracies: tuple[float, ...]
    diverged: bool  # any replicate did, so its network cannot be pruned

    @property
    def mean(self) -> float:
        """Mean over the replicates."""
        return math.fsum(self.accuracies) / len(self.accuracies)


def feasible_region(
    tried: Mapping[float, MaxLrScores], tolerance: float, kind: ToleranceKind = "points"
) -> Region | None:
    """Find the well-tuned max_lr and the region around it.

    The well-tuned max_lr has the best mean among those of which no replicate diverged; means equal
    within ROUNDING go to the lower rate.

    Args:
        tried: Scores of each max_lr.
        tolerance: In points of mean validation accuracy, or, `relative`, in percent of the best
            one.
        kind: Of the tolerance.

    Returns:
        The region; None when every max_lr diverged.
    """
    sound = {rate: each.mean for rate, each in sorted(tried.items()) if not each.diverged}
    if not sound:
        return None
    top = max(sound.values())
    well_tuned = min(rate for rate, mean in sound.items() if mean >= top - ROUNDING)
    best = sound[well_tuned]
    lowest = top - points(tolerance, kind, top) - ROUNDING
    rates = sorted(tried)
    members = tuple(rate for rate in rates if sound.get(rate, -math.inf) >= lowest)
    span = rates[rates.index(members[0]) : rates.index(members[-1]) + 1]
    return Region(
        well_tuned=well_tuned,
        best_accuracy=best,
        members=members,
        contiguous=len(span) == len(members),
        touches_low=members[0] == rates[0],
        touches_high=members[-1] == rates[-1],
    )


def ahead(one: float, other: float) -> bool:
    """Return whether a mean accuracy is above another by more than rounding.

    Args:
        one: In percent.
        other: In percent.

    Returns:
        Whether they differ by more than `ROUNDING`, with the first above.
    """
    return one > other + ROUNDING


def points(tolerance: float, kind: ToleranceKind, best: float) -> float:
    """Convert a tolerance to points of accuracy.

    Args:
        tolerance: In points, or in percent of the best.
        kind: Which of both.
        best: Best mean accuracy in percent.

    Returns:
        Points of accuracy, 0 or more.
    """
    return tolerance if kind == "points" else abs(best) * tolerance / 100
