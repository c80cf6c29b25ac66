"""Whether the training runs of a cycle were trained to the end, as part of an oracle's table."""

from __future__ import annotations

from typing import Any

from oracle.search.greedy import OracleCycle
from oracle.stats import plateau
from oracle.stats.region import points
from oracle.study.oracle import OracleStudy


def part(study: OracleStudy, cycle: OracleCycle) -> dict[str, Any] | None:
    """What the stored curves of a cycle say of the budget; None when every max_lr diverged.

    Of the well-tuned max_lr and of the region's lowest, which needs most iterations. ``rise``:
    points of validation accuracy in a tenth of the budget, before the last drop of the rate (see
    :func:`oracle.stats.plateau.window`), mean over the replicates, null where no two looks lie
    there. ``verdict``: ``undertrained`` where one of them is above the region's tolerance and above
    its noise, ``undecided`` where above the tolerance alone, ``unknown`` where one is null, else
    ``plateau``. ``looks``: the first and the last iteration that it was measured at. ``seen``: how
    many looks a training run has.
    """
    region = cycle.region
    if region is None:
        return None
    steps = study.training.steps
    allowed = points(study.tolerance, study.tolerance_kind, region.best_accuracy)
    first = [step for step, _ in cycle.results[region.well_tuned][0].curve]
    looks = plateau.window(study.schedule, steps, first)
    rates, verdicts = [], []
    for rate in sorted({region.well_tuned, region.low}):
        curves = [result.curve for result in cycle.results[rate] if not result.diverged]
        found = plateau.rise(curves, looks, steps)
        verdicts.append(found.verdict(allowed) if found else "unknown")
        rates.append(
            {
                "max_lr": rate,
                "rise": found.points if found else None,
                "standard_error": found.standard_error if found else None,
            }
        )
    return {
        "verdict": plateau.worst(verdicts),
        "looks": [looks[0], looks[-1]] if looks else None,
        "seen": len(first),
        "rates": rates,
    }
