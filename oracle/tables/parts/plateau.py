"""Whether the training runs of a cycle were trained to the end, as part of an oracle's table."""

from __future__ import annotations

from typing_extensions import TypedDict

from oracle.search.grid_search import OracleCycle
from oracle.stats import plateau
from oracle.stats.region import points
from oracle.study.oracle import OracleStudy


class RateRise(TypedDict):
    """How much validation accuracy still rose at one max_lr."""

    max_lr: float
    rise: float | None
    """Points in a tenth of the budget; null where no two evaluations lie there."""
    standard_error: float | None
    """Of the rise, over the replicates."""


class Plateau(TypedDict):
    """What the stored curves of a cycle say of the budget: see :func:`part`."""

    verdict: plateau.Trained
    looks: list[int] | None
    """The first and the last iteration of the window."""
    seen: int
    """Evaluations of a training run."""
    rates: list[RateRise]


def part(study: OracleStudy, cycle: OracleCycle) -> Plateau | None:
    """Return what the curves of a cycle say of the budget; None when every max_lr diverged.

    It is measured of the well-tuned max_lr and of the region's lowest, which needs most iterations.

    Args:
        study: The oracle study.
        cycle: The finished cycle.

    Returns:
        ``rise``: points of validation accuracy in a tenth of the budget, before the last drop of
        the rate (see :func:`oracle.stats.plateau.window`), mean over the replicates, null where no
        two validations lie there. ``verdict``: ``undertrained`` where one of them is above the
        region's tolerance and above its noise, ``undecided`` where above the tolerance alone,
        ``unknown`` where one is null, else ``plateau``. ``looks``: the first and the last iteration
        that it was measured at. ``seen``: how many validations a training run has.
    """
    region = cycle.region
    if region is None:
        return None
    steps = study.training.steps
    allowed = points(study.tolerance, study.tolerance_kind, region.best_accuracy)
    first = [step for step, _ in cycle.results[region.well_tuned][0].curve]
    window = plateau.window(study.schedule, steps, first)
    rates: list[RateRise] = []
    verdicts: list[plateau.Trained] = []
    for rate in sorted({region.well_tuned, region.low}):
        curves = [result.curve for result in cycle.results[rate] if not result.diverged]
        rise = plateau.rise(curves, window, steps)
        verdicts.append(rise.verdict(allowed) if rise else "unknown")
        rates.append(
            {
                "max_lr": rate,
                "rise": rise.points if rise else None,
                "standard_error": rise.standard_error if rise else None,
            }
        )
    return {
        "verdict": plateau.worst(verdicts),
        "looks": [window[0], window[-1]] if window else None,
        "seen": len(first),
        "rates": rates,
    }
