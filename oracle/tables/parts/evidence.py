"""What the replicates say of a cycle's region and of S-Cyc: part of an oracle run's table."""

from __future__ import annotations

from dataclasses import replace
from typing import NotRequired

from typing_extensions import TypedDict

from oracle.search import chance
from oracle.search.grid_search import OracleCycle
from oracle.stats.cross_fit import cross_fitted_best
from oracle.stats.decisions import VerdictKind
from oracle.stats.noise import noise_with_more_images
from oracle.stats.region_intervals import Interval, RegionPosterior, infer_region
from oracle.study.oracle import OracleStudy
from oracle.tables.parts import majority

FLAT_HEADS = (
    "low_from",
    "low_to",
    "high_from",
    "high_to",
    "best_val_accuracy_again",
    "verdict",
    "chance_inside",
    "more_replicates",
    "estimated_well_tuned",
    "estimated_low",
    "estimated_high",
    "expected_regret",
)


class PairedMaxLr(TypedDict):
    """One max_lr of the grid against the well-tuned one, in points of validation accuracy."""

    max_lr: float
    difference: float
    """Its mean less that of the well-tuned one."""
    standard_error: float | None
    """Of the difference; null with one replicate."""


class IntervalJson(TypedDict):
    """A 90 % interval of an end of the region. Learning rates."""

    low: float
    high: float
    beyond: NotRequired[float]
    """Chance that the region goes on beyond the grid at this end."""


class EstimatedRegion(TypedDict):
    """The region read off the posterior: :class:`oracle.stats.region_intervals.Estimate`."""

    well_tuned: float
    low: float
    high: float
    parts: list[list[float]]
    """[low, high] of each stretch that is likelier feasible than not."""
    regret: float
    """Expected points that `well_tuned` is below the best of the curve."""
    flat: float
    """Chance that the whole grid is feasible; the prior of a constant curve is 1/2."""
    noise: float
    """Points; standard deviation of one replicate near the best."""
    noise_floor: float | None
    """Points; that of the number of validation images alone."""
    noise_with_four_times_the_images: NotRequired[float | None]
    """Points; what the noise would be with four times the validation images."""


class VerdictJson(TypedDict):
    """Whether a max_lr lies in the region: :class:`oracle.stats.region_intervals.Verdict`."""

    verdict: VerdictKind
    chance: float | None
    """To be inside."""
    more: int | None
    """Replicates that would decide it; null where that is not known."""


class Evidence(TypedDict):
    """What the replicates of one cycle say of its region."""

    paired: list[PairedMaxLr]
    low: IntervalJson | None
    """Of the region's lower end; null with one replicate."""
    high: IntervalJson | None
    best_again: float | None
    """Percent; the best accuracy, by replicates that did not choose it."""
    best_at_fixed_look: NotRequired[float | None]
    """Percent; the evaluation, too, is chosen by the others: see :func:`at_fixed_evaluation`."""
    estimated: NotRequired[EstimatedRegion | None]
    """Null with one replicate."""
    s_cyc: VerdictJson | None
    """On S-Cyc's max_lr; null where the study has none."""


def infer(study: OracleStudy, cycle: OracleCycle) -> RegionPosterior | None:
    """Return what the replicates of a cycle say of its region; None when every max_lr diverged.

    Args:
        study: The oracle study.
        cycle: The finished cycle.

    Returns:
        Posterior of the bounds and the well-tuned max_lr.
    """
    kind, region = study.tolerance_kind, cycle.region if cycle.end else None
    if cycle.region is None:
        return None
    posterior = infer_region(
        cycle.tried,
        study.tolerance,
        kind,
        study.seed,
        images=majority.validation_images(cycle),
        grid=cycle.grid,
        region=region,
    )
    at_chance = chance.at_chance(list(cycle.results.values()), "validation")
    return replace(posterior, at_chance=True) if posterior and at_chance else posterior


def at_fixed_evaluation(cycle: OracleCycle) -> float | None:
    """Return the best accuracy in percent, max_lr and evaluation chosen by other replicates.

    Args:
        cycle: The finished cycle.

    Returns:
        Percent; None where single cells were searched, or too few replicates are there.
    """
    if cycle.end is not None:  # which cells there are was chosen by all replicates
        return None
    sound = [row for row in cycle.results.values() if not any(each.diverged for each in row)]
    return cross_fitted_best([[each.curve for each in row] for row in sound])


def part(
    posterior: RegionPosterior | None, s_cyc: float | None, fixed_look: float | None = None
) -> Evidence | None:
    """Return the evidence of one cycle; None when every max_lr diverged.

    Args:
        posterior: What :func:`infer` gave.
        s_cyc: S-Cyc's max_lr; None where the study has none.
        fixed_look: What :func:`at_fixed_evaluation` gave.

    Returns:
        The part `evidence` of a cycle.
    """
    if posterior is None:
        return None
    return {
        "paired": [
            {
                "max_lr": max_lr,
                "difference": each.difference,
                "standard_error": each.standard_error,
            }
            for max_lr, each in posterior.paired.items()
        ],
        "low": _interval(posterior.low),
        "high": _interval(posterior.high),
        "best_again": posterior.best_again,
        "best_at_fixed_look": fixed_look,
        "estimated": _estimated(posterior),
        "s_cyc": verdict(posterior, s_cyc) if s_cyc is not None else None,
    }


def verdict(posterior: RegionPosterior, max_lr: float) -> VerdictJson:
    """Return whether a learning rate lies in the region, as far as the replicates can tell.

    Args:
        posterior: Of the cycle.
        max_lr: A learning rate, on the grid or not.

    Returns:
        Verdict, probability to be inside, and how many more replicates would decide it.
    """
    given = posterior.verdict(max_lr)
    return {"verdict": given.kind, "chance": given.chance, "more": given.replicates_needed}


def _interval(interval: Interval | None) -> IntervalJson | None:
    if interval is None:
        return None
    return {"low": interval.low, "high": interval.high, "beyond": interval.beyond}


def _estimated(posterior: RegionPosterior) -> EstimatedRegion | None:
    estimate = posterior.estimate
    if estimate is None:
        return None
    return {
        "well_tuned": estimate.well_tuned,
        "low": estimate.low,
        "high": estimate.high,
        "parts": [list(part) for part in estimate.parts],
        "regret": estimate.regret,
        "flat": estimate.flat,
        "noise": estimate.noise,
        "noise_floor": estimate.floor,
        "noise_with_four_times_the_images": (
            None
            if estimate.floor is None
            else noise_with_more_images(estimate.noise, estimate.floor, 4)
        ),
    }
