"""What the replicates of one cycle say of its region: ends with error bars, and verdicts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Literal

import numpy as np

from oracle.curves import Array, drawn
from oracle.regions import Region, ToleranceKind, Tried, feasible, points

VerdictKind = Literal["inside", "outside", "undecided"]

DRAWS = 2000
SURE = 0.95  # a verdict is given where its chance of being wrong is at most 1 - SURE
OUT = 0.1  # of an interval: the share of draws beyond it
EXCESS = 0.75  # of the drawn maxima, how much is taken to be their bias
_NORMAL = NormalDist()
MOST_MORE = 1000  # replicates; a verdict that would need more than these is called hopeless


@dataclass(frozen=True)
class Interval:
    """A 90 % interval for one end of a region: two values that were tried, both of them in it."""

    low: float
    high: float


@dataclass(frozen=True)
class Paired:
    """One max_lr held against the well-tuned one, in points of mean validation accuracy."""

    max_lr: float
    difference: float  # its mean less the best mean
    standard_error: float | None  # over replicates; None with one of them, or where it diverged


@dataclass(frozen=True)
class Verdict:
    """Whether a learning rate lies in the true region, as far as the replicates can tell."""

    kind: VerdictKind
    chance: float | None  # that it lies in [low, high]; None with one replicate
    more: int | None  # replicates to add until it is decided, 0 when it is; None: unknown, too many


@dataclass(frozen=True)
class Evidence:
    """What the replicates of one cycle say of its region."""

    region: Region
    paired: Mapping[float, Paired]  # by max_lr, rising
    low: Interval | None  # of the region's lower end; None with one replicate
    high: Interval | None
    best_again: float | None  # the best accuracy by replicates that did not choose it; percent
    replicates: int
    ends: Array | None = field(repr=False, compare=False)  # drawn, (draws, 2)

    def verdict(self, max_lr: float) -> Verdict:
        """Whether a learning rate, tried or not, lies in the true region [low, high]."""
        if self.ends is None:
            return Verdict("undecided", None, None)
        low, high = self.ends.T
        chance = float(np.mean((low <= max_lr) & (max_lr <= high)))
        if chance >= SURE:
            return Verdict("inside", chance, 0)
        if chance <= 1 - SURE:
            return Verdict("outside", chance, 0)
        return Verdict("undecided", chance, _more(chance, self.replicates))


def evidence(
    tried: Mapping[float, Tried], tolerance: float, kind: ToleranceKind, seed: int = 0
) -> Evidence | None:
    """What paired replicates say of a region; None when every max_lr diverged.

    tried: every max_lr has the same replicates. tolerance, kind: as in `feasible`.
    """
    region = feasible(tried, tolerance, kind)
    if region is None:
        return None
    best = np.array(tried[region.well_tuned].accuracies)
    sound = {rate: each for rate, each in sorted(tried.items()) if not each.diverged}
    rates = np.array(list(sound))
    table = np.array([each.accuracies for each in sound.values()])
    replicates = len(best)
    paired = {}
    for rate, each in sorted(tried.items()):
        gaps = np.array(each.accuracies) - best
        known = replicates > 1 and not each.diverged
        error = float(gaps.std(ddof=1) / math.sqrt(replicates)) if known else None
        paired[rate] = Paired(rate, float(gaps.mean()), error)
    if replicates == 1:
        return Evidence(region, paired, None, None, None, 1, None)
    ends = _ends(table, rates, tolerance, kind, np.random.default_rng(seed))
    low, high = (_interval(end, rates) for end in ends.T)
    return Evidence(
        region,
        paired,
        low,
        high,
        _best_again(table),
        replicates,
        ends,
    )


def _ends(
    table: Array, rates: Array, tolerance: float, kind: ToleranceKind, rng: np.random.Generator
) -> Array:
    """Draws of the region's two ends, (draws, 2)."""
    best = float(table.mean(axis=1).max())
    curves = drawn(table, rates, points(tolerance, kind, best), DRAWS, rng)
    tops = curves.max(axis=1)
    excess = tops.mean() - curves.mean(axis=0).max()
    tops = tops - EXCESS * excess
    allowed = tolerance if kind == "points" else tops * tolerance / 100
    members = curves >= (tops - allowed)[:, None]
    first = members.argmax(axis=1)
    last = len(rates) - 1 - members[:, ::-1].argmax(axis=1)
    return np.stack([rates[first], rates[last]], axis=1)


def _interval(end: Array, rates: Array) -> Interval:
    """The values that are neither too high nor too low, half of a value's own share counted."""
    share = np.array([np.mean(end == rate) for rate in rates])
    middle = share.cumsum() - share / 2
    likely = rates[(middle >= OUT / 2) & (middle <= 1 - OUT / 2)]
    if not len(likely):
        likely = rates[[int(share.argmax())]]
    return Interval(float(likely[0]), float(likely[-1]))


def _more(chance: float, replicates: int) -> int | None:
    """Replicates to add so that a chance is at least SURE or at most 1 - SURE."""
    margin = abs(_NORMAL.inv_cdf(chance))
    if not margin:
        return None
    needed = replicates * (_NORMAL.inv_cdf(SURE) / margin) ** 2
    more = max(1, math.ceil(needed) - replicates)
    return more if more <= MOST_MORE else None


def _best_again(table: Array) -> float:
    replicates = table.shape[1]
    others = (table.sum(axis=1, keepdims=True) - table) / (replicates - 1)
    return float(table[others.argmax(axis=0), np.arange(replicates)].mean())
