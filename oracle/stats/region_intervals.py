"""What the replicates of one cycle say of its region: ends with error bars, and verdicts.

What is asked for: the two ends of the region of the *expected* accuracy curve, on the same grid.

1. Replicates are paired, so a replicate's own effect (its split, its initial weights) is taken out:
   the noise is what rows and columns leave over, pooled over the max_lr, for 3 replicates of one
   max_lr say next to nothing of their spread. The curve is drawn from what it may be, given the
   means and that noise, as a Gaussian process whose stiffness the means tell:
   `oracle.stats.curve_posterior`.
2. Each drawn curve has a region. The highest value of a curve that is not known exactly is on
   average too high, and the region below it too narrow: half of that excess, the drawn maxima's
   mean over the maximum of the mean curve, is taken off every drawn maximum (a bias correction in
   the sense of Efron and Tibshirani 1993, Chapter 10; half of it, for the draws do not tell a top
   made of noise from a true one that the model smooths away).
3. An interval holds the values of an end that are not too far out among the draws: a value is left
   out if what is drawn beyond it, together with 0.3 of its own share, is less than 5 %. Ends are
   values of a grid, so a value's own share may be large, and with all of it the intervals would
   cover far more than 90 %; a half would be Lancaster's mid-p (1961).

The 0.3 and the half of point 2 were set on simulated cycles; `python benchmarks/coverage.py`
measures the coverage on others: near 90 % on fine grids, more on coarse ones, where an end is
often certain.

Why not the plain bootstrap, with replicates drawn anew and percentiles of the ends (Efron and
Tibshirani 1993, Chapter 13)? From R replicates its spread is too small by sqrt((R - 1) / R), it
knows of no more than (2R - 1)! / (R! (R - 1)!) samples (10 of 3), and the maximum of every sample
is once more too high, above a maximum that already is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Literal

import numpy as np

from oracle.stats.curve_posterior import Array, sample_curves
from oracle.stats.region import MaxLrScores, Region, ToleranceKind, feasible_region, points

VerdictKind = Literal["inside", "outside", "undecided"]

DRAWS = 1000
SURE = 0.95  # a verdict is given where its chance of being wrong is at most 1 - SURE
OUT = 0.1  # of an interval: the share of draws beyond it
OWN = 0.7  # of a value's own share, how much does not speak for it
EXCESS = 0.5  # of the drawn maxima, how much is taken to be their bias
MOST_MORE = 1000  # replicates; what would need more is as good as undecidable


@dataclass(frozen=True)
class Interval:
    """A 90 % interval for one end of a region: from one value that was tried to another, or itself.

    The end that was measured may lie outside: it is biased, the interval is not.
    """

    low: float
    high: float


@dataclass(frozen=True)
class Paired:
    """One max_lr held against the well-tuned one, in points of mean validation accuracy."""

    max_lr: float
    difference: float  # its mean less the best mean, 0 or less unless it diverged
    standard_error: float | None  # of the difference; None with 1 replicate, or where it diverged


@dataclass(frozen=True)
class Verdict:
    """Whether a learning rate lies in the true region, as far as the replicates can tell."""

    kind: VerdictKind
    chance: float | None  # that it lies in [low, high]; None with one replicate
    replicates_needed: (
        int | None
    )  # replicates to add; 0: decided; None: over MOST_MORE, or unknown with 1


@dataclass(frozen=True)
class RegionPosterior:
    """What the replicates of one cycle say of its region.

    best_again: the best accuracy without the winner's curse, in percent. For each replicate, the
    max_lr with the best mean over the other replicates (the lower of equals, of those that did not
    diverge) is scored by the replicate left out; the mean of these scores. It is the accuracy to
    expect of a choice by one replicate fewer, so that, if anything, it is low. None with one
    replicate.
    """

    region: Region
    paired: Mapping[float, Paired]  # by max_lr, rising
    low: Interval | None  # of the region's lower end; None with one replicate
    high: Interval | None
    best_again: float | None
    replicates: int
    ends: Array | None = field(repr=False, compare=False)  # drawn, (draws, 2)

    def verdict(self, max_lr: float) -> Verdict:
        """Whether a learning rate, tried or not, lies in the true region [low, high].

        It is decided where the chance is at least 0.95 or at most 0.05. Beyond the values that were
        tried it is outside, as for `Region.holds`. More replicates: the smallest number with which
        it would be decided if the margin by which the chance is on its side of 1/2 stayed as it is,
        and its standard error fell as one over the root of the replicates. The margin is itself
        uncertain, so about half of those that get so many are decided then.
        """
        if self.ends is None:
            return Verdict("undecided", None, None)
        low, high = self.ends.T
        chance = float(np.mean((low <= max_lr) & (max_lr <= high)))
        if chance >= SURE:
            return Verdict("inside", chance, 0)
        if chance <= 1 - SURE:
            return Verdict("outside", chance, 0)
        return Verdict("undecided", chance, _more(chance, self.replicates))


def infer_region(
    tried: Mapping[float, MaxLrScores], tolerance: float, kind: ToleranceKind, seed: int = 0
) -> RegionPosterior | None:
    """What paired replicates say of a region; None when every max_lr diverged.

    tried: any values of a grid, each with the same replicates in the same order; one that diverged
    is never a member. tolerance, kind: as for `feasible`. The same seed gives the same evidence.
    """
    region = feasible_region(tried, tolerance, kind)
    if region is None:
        return None
    best = np.array(tried[region.well_tuned].accuracies)
    assert all(len(each.accuracies) == len(best) for each in tried.values()), "unpaired replicates"
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
        return RegionPosterior(region, paired, None, None, None, 1, None)
    ends = _ends(table, rates, tolerance, kind, np.random.default_rng(seed))
    low, high = (_interval(end, rates) for end in ends.T)
    return RegionPosterior(
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
    curves = sample_curves(table, rates, points(tolerance, kind, best), DRAWS, rng)
    tops = curves.max(axis=1)
    excess = tops.mean() - curves.mean(axis=0).max()
    tops = tops - EXCESS * excess
    allowed = tolerance if kind == "points" else tops * tolerance / 100
    members = curves >= (tops - allowed)[:, None]
    first = members.argmax(axis=1)
    last = len(rates) - 1 - members[:, ::-1].argmax(axis=1)
    return np.stack([rates[first], rates[last]], axis=1)


def _interval(end: Array, rates: Array) -> Interval:
    """The values of which too little is drawn on neither side."""
    share = np.bincount(np.searchsorted(rates, end), minlength=len(rates)) / len(end)
    upto = share.cumsum() - OWN * share
    onward = share[::-1].cumsum()[::-1] - OWN * share
    likely = rates[(upto >= OUT / 2) & (onward >= OUT / 2)]
    if not len(likely):
        likely = rates[[int(share.argmax())]]
    return Interval(float(likely[0]), float(likely[-1]))


def _more(chance: float, replicates: int) -> int | None:
    """Replicates to add so that a chance is at least SURE or at most 1 - SURE."""
    normal = NormalDist()
    margin = abs(normal.inv_cdf(chance))
    if not margin:
        return None
    needed = replicates * (normal.inv_cdf(SURE) / margin) ** 2
    more = max(1, math.ceil(needed) - replicates)
    return more if more <= MOST_MORE else None


def _best_again(table: Array) -> float:
    replicates = table.shape[1]
    others = (table.sum(axis=1, keepdims=True) - table) / (replicates - 1)
    return float(table[others.argmax(axis=0), np.arange(replicates)].mean())
