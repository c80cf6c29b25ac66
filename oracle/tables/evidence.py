"""What the replicates say of a cycle's region and of S-Cyc, as plain data and as it is printed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from oracle.search.greedy import OracleCycle
from oracle.stats.region_intervals import Interval, RegionPosterior, infer_region
from oracle.study.oracle import OracleStudy
from oracle.tables import majority

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


def infer(study: OracleStudy, cycle: OracleCycle) -> RegionPosterior | None:
    """What the replicates of a cycle say of its region; None when every max_lr diverged."""
    kind, region = study.tolerance_kind, cycle.region if cycle.end else None
    if cycle.region is None:
        return None
    found = infer_region(
        cycle.tried,
        study.tolerance,
        kind,
        study.seed,
        images=majority.validation_images(cycle),
        grid=cycle.grid,
        region=region,
    )
    at_chance = majority.at_chance(list(cycle.results.values()), "validation")
    return replace(found, at_chance=True) if found and at_chance else found


def part(found: RegionPosterior | None, s_cyc: float) -> dict[str, Any] | None:
    """The evidence of one cycle; None when every max_lr diverged.

    ``paired``: each max_lr's mean paired difference to the best, in points, and its standard error,
    null with one replicate. ``low`` and ``high``: 90 % intervals of the region's ends.
    ``best_again``: the best accuracy by replicates that did not choose it. ``s_cyc``: whether
    S-Cyc's max_lr is ``inside``, ``outside`` or ``undecided``, its chance to be inside, and how
    many more replicates would decide it, null where that is not known; ``unknown`` where it lies
    beyond an end of the grid that the region touches. ``estimated``: the region read off the
    posterior, null with one replicate: see :class:`oracle.stats.region_intervals.Estimate`.
    """
    if found is None:
        return None
    verdict = found.verdict(s_cyc)
    return {
        "paired": [
            {
                "max_lr": max_lr,
                "difference": each.difference,
                "standard_error": each.standard_error,
            }
            for max_lr, each in found.paired.items()
        ],
        "low": _interval(found.low),
        "high": _interval(found.high),
        "best_again": found.best_again,
        "estimated": _estimated(found),
        "s_cyc": {
            "verdict": verdict.kind,
            "chance": verdict.chance,
            "more": verdict.replicates_needed,
        },
    }


def _interval(interval: Interval | None) -> dict[str, float] | None:
    if interval is None:
        return None
    return {"low": interval.low, "high": interval.high, "beyond": interval.beyond}


def _estimated(found: RegionPosterior) -> dict[str, Any] | None:
    estimate = found.estimate
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
    }
