"""What the replicates of one cycle say of its region: ends with error bars, and verdicts.

The quantities of interest are the two ends of the region of the *expected* accuracy curve over
continuous log max_lr: of the curve that endless replicates would give, divergence counted as
accuracy 0. The curve is drawn from its posterior (`oracle.stats.posterior`), and every drawn curve
has a region whose ends lie where it crosses the threshold, between values that were tried as well
(`oracle.stats.decisions`). Where a region touches the end of the grid it may go on: what lies
beyond is unknown, not outside.

`python benchmarks/coverage.py` measures the coverage and the verdicts on known curves.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from statistics import NormalDist

import numpy as np

from oracle.stats.decisions import SURE, Ends, VerdictKind, infer_ends, well_tuned
from oracle.stats.noise import SPARSE_FLOOR, Array
from oracle.stats.posterior import Cells, CurvePosterior
from oracle.stats.region import MaxLrScores, Region, ToleranceKind, feasible_region, points

MOST_MORE = 1000  # replicates; what would need more is as good as undecidable
MOST_IMAGES = 100_000  # of a validation part whose size is inferred from accuracies
IMAGES_LEAST = 1.0  # std of one replicate, in validation images
LEAST_VALUES = 8  # accuracies, from which it is inferred


@dataclass(frozen=True)
class Interval:
    """A 90 % interval for one end of a region, on or between the values that were tried.

    The end that was measured may lie outside: it is biased, the interval is not.
    """

    low: float
    high: float
    beyond: float = 0.0  # chance that the region reaches this end of the grid, and may go on


@dataclass(frozen=True)
class Paired:
    """One max_lr held against the well-tuned one, in points of mean validation accuracy."""

    max_lr: float
    difference: float  # its mean less the best mean, 0 or less unless it diverged
    standard_error: float | None  # of the difference; None with 1 replicate, or where it diverged


@dataclass(frozen=True)
class Verdict:
    """Whether a learning rate lies in the true region, as far as the replicates can tell.

    `unknown`: it lies beyond an end of the grid that the region touches.
    """

    kind: VerdictKind
    chance: float | None  # that it lies in [low, high]; None with one replicate, or unknown
    replicates_needed: (
        int | None
    )  # replicates to add; 0: decided; None: over MOST_MORE, or unknown with 1


@dataclass(frozen=True)
class Estimate:
    """The region of the posterior, next to the measured one. Learning rates; points."""

    well_tuned: float  # of the values of which no replicate diverged, the best posterior mean
    low: float  # medians of the drawn ends
    high: float
    parts: tuple[tuple[float, float], ...]  # stretches likelier feasible than not, rising
    regret: float  # expected points that `well_tuned` is below the best of the curve
    flat: float  # chance that the whole grid is feasible: no max_lr is better than another
    noise: float  # std of one replicate near the best
    floor: float | None  # std of an accuracy from the number of validation images alone


@dataclass(frozen=True)
class RegionPosterior:
    """What the replicates of one cycle say of its region.

    best_again: the best accuracy without the winner's curse, in percent. For each replicate, the
    max_lr with the best mean over the other replicates (the lower of equals, of those that did not
    diverge) is scored by the replicate left out; the mean of these scores. It is the accuracy to
    expect of a choice by one replicate fewer, so that, if anything, it is low. It keeps the luck of
    choosing the best evaluation of a training run. None with one replicate, and where cells are
    missing, for which ones are was chosen by all replicates.
    """

    region: Region  # as measured
    paired: Mapping[float, Paired]  # by max_lr, rising
    low: Interval | None  # of the region's lower end; None with one replicate
    high: Interval | None
    best_again: float | None
    replicates: int
    estimate: Estimate | None = None  # None with one replicate
    alike: bool = False  # all accuracies are equal: without any spread nothing is decided
    at_chance: bool = False  # nothing was learned, so nothing is decided
    sparse: bool = False  # cells are missing: more replicates alone would not bring them
    ends: Ends | None = field(default=None, repr=False, compare=False)
    posterior: CurvePosterior | None = field(default=None, repr=False, compare=False)

    def verdict(self, max_lr: float) -> Verdict:
        """Return whether a learning rate lies in the true region [low, high].

        Args:
            max_lr: Any learning rate, tried or not.

        Returns:
            The kind, the chance that it lies inside and the replicates that would decide it.

        It is decided where the chance is at least `SURE` or at most 1 - `SURE`. More replicates:
        the smallest number with which it would be decided if the margin by which the chance is on
        its side of 1/2 stayed as it is, and its standard error fell as one over the root of the
        replicates. The margin is itself uncertain, so about half of those that get so many are
        decided then.
        """
        if self.ends is None or self.alike or self.at_chance:
            return Verdict("undecided", None, None)
        kind, chance = self.ends.verdict(max_lr), self.ends.chance(max_lr)
        if kind != "undecided":
            return Verdict(kind, chance, None if kind == "unknown" else 0)
        assert chance is not None
        more = None if self.sparse else replicates_needed(chance, self.replicates)
        return Verdict(kind, chance, more)


def infer_region(
    tried: Mapping[float, MaxLrScores],
    tolerance: float,
    kind: ToleranceKind,
    seed: int = 0,
    images: int | None = None,
    grid: Sequence[float] = (),
    region: Region | None = None,
) -> RegionPosterior | None:
    """Infer a region from paired replicates; None when every max_lr diverged.

    Args:
        tried: any values of a grid, each with its replicates in the same order; a value may lack
            the last ones. A replicate that diverged has accuracy 0.
        tolerance: as for `feasible_region`.
        kind: of the tolerance.
        seed: the same seed gives the same answer.
        images: in the validation part; None: as many as the accuracies tell of. One replicate's
            noise is taken to be one image at least, so that equal accuracies are no certainty.
        grid: max_lr that could have been tried, too; the best of all of them counts.
        region: the region where means over the replicates do not give it, since some are missing.

    Returns:
        The region, its paired differences and, from two replicates on, intervals, verdicts and the
        posterior; None when every max_lr diverged.
    """
    region = region or feasible_region(tried, tolerance, kind)
    if region is None:
        return None
    replicates = max(len(each.accuracies) for each in tried.values())
    sparse = any(len(each.accuracies) < replicates for each in tried.values())
    paired = _paired(tried, tried[region.well_tuned].accuracies)
    if replicates == 1:
        return RegionPosterior(region, paired, None, None, None, 1)
    sound = {rate: each for rate, each in sorted(tried.items()) if not each.diverged}
    allowed = points(tolerance, kind, region.best_accuracy)
    images = images or validation_images(tried)
    floor = max(IMAGES_LEAST * 100 / images if images else 0.0, SPARSE_FLOOR if sparse else 0.0)
    alike = len({value for each in sound.values() for value in each.accuracies}) == 1
    if alike:
        floor = max(floor, allowed)  # nothing is known of the noise
    cells = observed_cells(tried)
    posterior, ends = infer_ends(
        cells, allowed, tolerance, kind, grid, floor=floor, seed=seed, sparse=sparse
    )
    best_rate = well_tuned(posterior, list(sound))
    share = region.best_accuracy / 100
    return RegionPosterior(
        region,
        paired,
        Interval(*ends.interval("low"), beyond=float(ends.open_low.mean())),
        Interval(*ends.interval("high"), beyond=float(ends.open_high.mean())),
        None if sparse else _best_again(np.array([each.accuracies for each in sound.values()])),
        replicates,
        Estimate(
            well_tuned=best_rate,
            low=ends.median("low"),
            high=ends.median("high"),
            parts=tuple(ends.parts()),
            regret=ends.regret(best_rate),
            flat=ends.flat,
            noise=posterior.noise.near_best,
            floor=100 * math.sqrt(share * (1 - share) / images) if images else None,
        ),
        alike,
        sparse=sparse,
        ends=ends,
        posterior=posterior,
    )


def _paired(tried: Mapping[float, MaxLrScores], best: Sequence[float]) -> dict[float, Paired]:
    """Each max_lr less the best, over the replicates of both."""
    paired = {}
    for rate, each in sorted(tried.items()):
        count = min(len(best), len(each.accuracies))
        gaps = np.array(each.accuracies[:count]) - np.array(best[:count])
        known = count > 1 and not each.diverged
        error = float(gaps.std(ddof=1) / math.sqrt(count)) if known else None
        paired[rate] = Paired(rate, float(gaps.mean()), error)
    return paired


def observed_cells(tried: Mapping[float, MaxLrScores]) -> Cells:
    """Make the cells of a cycle from its scores.

    Replicates of a diverged max_lr with accuracy 0 are those that diverged; all of them are where
    none has 0.

    Args:
        tried: Scores of each max_lr, which may lack the last replicates.

    Returns:
        Accuracies in percent and divergence, (max_lr, replicates), max_lr rising.
    """
    rates = sorted(tried)
    shape = (len(rates), max(len(each.accuracies) for each in tried.values()))
    table, diverged = np.full(shape, np.nan), np.full(shape, np.nan)
    for row, rate in enumerate(rates):
        values = np.array(tried[rate].accuracies)
        gone = (values == 0) if tried[rate].diverged else np.zeros(len(values), bool)
        if tried[rate].diverged and not gone.any():
            gone[:] = True
        table[row, : len(values)], diverged[row, : len(values)] = values, gone
    return Cells(np.array(rates), np.where(diverged == 1, np.nan, table), diverged)


def validation_images(tried: Mapping[float, MaxLrScores]) -> int | None:
    """Return how many images accuracies are shares of: the least common denominator.

    Args:
        tried: Scores of each max_lr, accuracies in percent.

    Returns:
        The number of images; None where accuracies are no shares of up to `MOST_IMAGES`, or too few
        differ (`LEAST_VALUES`) to tell: those of a small set may all be shares of a divisor.
    """
    values = sorted({value for each in tried.values() for value in each.accuracies})
    if len(values) < LEAST_VALUES or values[0] < 0 or values[-1] > 100:
        return None
    images = 1
    for value in values:
        share = Fraction(value / 100).limit_denominator(MOST_IMAGES)
        images = math.lcm(images, share.denominator)
        if images > MOST_IMAGES or abs(float(share) * 100 - value) > 1e-9:
            return None
    return images


def replicates_needed(chance: float, replicates: int) -> int | None:
    """Return replicates to add so that a chance is at least `SURE` or at most 1 - `SURE`.

    Args:
        chance: That a max_lr lies inside the region, between 0 and 1.
        replicates: That the chance rests on.

    Returns:
        One at least; None where it is more than `MOST_MORE`, or the chance is 1/2.
    """
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
