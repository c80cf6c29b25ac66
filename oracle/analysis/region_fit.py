"""S-Cyc's parameters fitted to the regions of a run's table, and the sentence about it."""

from __future__ import annotations

from collections.abc import Sequence

from oracle.analysis.curve_fit import Target, as_json, fit_scyc_curve, growth_share
from oracle.tables.parts.cycles import OracleCycleRow
from oracle.tables.parts.fit import CurveFit

Q = range(4)  # what the paper says to try (Section 4.3)
BETA = tuple(3 + step / 10 for step in range(31))  # likewise, in steps of 0.1
_BEYOND = 1e6  # factor; an end that may lie anywhere beyond the grid
_SURELY = 0.05  # chance from which a region may go on beyond the grid
_RISE = 0.05  # share of delta that has been added, from which delta is bound


def of_cycles(cycles: Sequence[OracleCycleRow]) -> list[Target]:
    """Return the regions of a table's cycles: estimated, else measured; not those at chance.

    Args:
        cycles: Rows of an oracle's table.

    Returns:
        One target a cycle that has a region; its well-tuned max_lr lies within the region.
    """
    targets = []
    for cycle in _with_region(cycles):
        evidence, feasible = cycle["evidence"], cycle["feasible"]
        estimated = evidence.get("estimated") if evidence else None
        if estimated is not None:
            low, high, well_tuned = estimated["low"], estimated["high"], estimated["well_tuned"]
        else:
            assert feasible is not None
            assert cycle["well_tuned"] is not None
            low, high, well_tuned = feasible["low"], feasible["high"], cycle["well_tuned"]
        targets.append(Target(cycle["cycle"], low, high, min(max(well_tuned, low), high)))
    return targets


def _with_region(cycles: Sequence[OracleCycleRow]) -> list[OracleCycleRow]:
    return [cycle for cycle in cycles if cycle["feasible"] and not cycle.get("at_chance")]


def widest(cycles: Sequence[OracleCycleRow]) -> list[Target]:
    """Return the regions from the outer bounds of the 90 % intervals of their ends.

    Where a region may go on beyond the end of the grid, nothing bounds it there.

    Args:
        cycles: Rows of the table.

    Returns:
        One target a cycle, as :func:`of_cycles`; the measured region where it has no intervals.
    """
    targets = []
    for target, cycle in zip(of_cycles(cycles), _with_region(cycles), strict=True):
        evidence = cycle["evidence"]
        low, high = (evidence["low"], evidence["high"]) if evidence else (None, None)
        if low is None or high is None:
            targets.append(target)
            continue
        lowest = low["low"] / (_BEYOND if low.get("beyond", 0.0) > _SURELY else 1.0)
        highest = high["high"] * (_BEYOND if high.get("beyond", 0.0) > _SURELY else 1.0)
        targets.append(Target(target.cycle, lowest, highest, target.well_tuned))
    return targets


def part(cycles: Sequence[OracleCycleRow], rate: float) -> CurveFit | None:
    """Return the fit to a table's regions within the paper's q and beta; None without a region.

    Args:
        cycles: Of an oracle run's table.
        rate: Share of the remaining weights that a cycle prunes, in (0, 1).

    Returns:
        The part `fit` of a table.
    """
    targets = of_cycles(cycles)
    if not targets:
        return None
    fitted = fit_scyc_curve(targets, rate, Q, BETA)
    fits = fitted.fits or fit_scyc_curve(widest(cycles), rate, Q, BETA).fits
    shares = [
        growth_share(target.cycle, rate, fitted.curve.q, fitted.curve.beta) for target in targets
    ]
    return {
        **as_json(fitted),
        "not_excluded": fits,
        "delta_bound": max(shares) >= _RISE,
        "pairs": len(Q) * len(BETA),
    }


def note(fit: CurveFit) -> str:
    """Return what :func:`part` gave, in a sentence or two.

    Args:
        fit: Of a complete run.

    Returns:
        Text for the notes of a printed table.
    """
    curve, inside, outside = fit["s_cyc"], fit["inside"], fit["outside"]
    delta = f"delta {curve['delta']:.4g}"
    if not fit.get("delta_bound", True):
        delta += " (not bounded by these cycles)"
    line = (
        f"S-Cyc fit: epsilon {curve['epsilon']:.4g}, {delta}, q {curve['q']}, beta "
        f"{curve['beta']:.4g}: inside {len(inside)} of {len(inside) + len(outside)} regions"
    )
    if fit["fits"]:
        pairs, count = len(fit["equals"]), fit.get("pairs")
        return f"{line}, as are {pairs} of {count} pairs (q, beta)." if count else f"{line}."
    line = f"{line}, outside at cycle {', '.join(map(str, outside))}."
    if fit.get("not_excluded"):
        return f"{line} A curve within the 90 % CI of all bounds exists."
    return f"{line} No curve with q 0 to 3 and beta 3 to 6 is inside all."
