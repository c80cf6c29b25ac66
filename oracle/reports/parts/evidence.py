"""The printed intervals and verdicts of a cycle."""

from __future__ import annotations

from oracle.reports.sheet import Cell
from oracle.stats import decisions
from oracle.tables.parts.cycles import OracleCycleRow
from oracle.tables.parts.evidence import (
    FLAT_HEADS,
    EstimatedRegion,
    IntervalJson,
    VerdictJson,
)

SURE, UNSURE = 100 * decisions.SURE, 100 * (1 - decisions.SURE)
BEYOND = 1 - decisions.SURE
LIKELY = 0.5  # chance from which a region is shown to go on beyond the grid


def verdict(cycle: OracleCycleRow) -> Cell:
    """Return the S-Cyc verdict: ``undecided (+7)`` where 7 more replicates would decide it.

    Args:
        cycle: Row of the table.

    Returns:
        A cell whose tone is the verdict.
    """
    return verdict_cell(cycle["evidence"] and cycle["evidence"]["s_cyc"])


def verdict_cell(given: VerdictJson | None) -> Cell:
    """Return a verdict on a max_lr; ``-`` where there is no region.

    Args:
        given: As the table has it.

    Returns:
        A cell whose tone is the verdict.
    """
    if given is None:
        return Cell("-")
    more = f" (+{given['more']})" if given["verdict"] == "undecided" and given["more"] else ""
    return Cell(f"{given['verdict']}{more}", given["verdict"])


def chance(cycle: OracleCycleRow) -> str:
    """Return S-Cyc's chance to be inside, with as many digits as tell it from a decided one.

    Args:
        cycle: Row of the table.

    Returns:
        Percent, such as "93.7 %"; "" where it is not known.
    """
    s_cyc = cycle["evidence"] and cycle["evidence"]["s_cyc"]
    if not s_cyc or s_cyc["chance"] is None:
        return ""
    percent = 100 * s_cyc["chance"]
    for digits in range(4):
        shown = f"{percent:.{digits}f}"
        if s_cyc["verdict"] != "undecided" or UNSURE < float(shown) < SURE:
            break
    return f"{shown} %"


def ends(cycle: OracleCycleRow) -> str:
    """Format the 90 % intervals of a region's two ends.

    Args:
        cycle: Of the table.

    Returns:
        ``<`` and ``>`` where the region may go on beyond the grid.
    """
    evidence = cycle["evidence"]
    if evidence is None or evidence["low"] is None or evidence["high"] is None:
        return ""
    low = ("<" if _beyond(evidence["low"]) > BEYOND else "") + _span(evidence["low"])
    high = _span(evidence["high"]) + (">" if _beyond(evidence["high"]) > BEYOND else "")
    return f"{low}, {high}"


def _beyond(interval: IntervalJson | None) -> float:
    """Return the chance that the region goes on beyond the grid at an end."""
    return interval.get("beyond", 0.0) if interval else 0.0


def _span(interval: IntervalJson) -> str:
    low, high = f"{interval['low']:.3g}", f"{interval['high']:.3g}"
    return low if low == high else f"{low}\N{EN DASH}{high}"


def estimated(cycle: OracleCycleRow) -> str:
    """Format the well-tuned max_lr by the posterior mean.

    Args:
        cycle: Row of the table.

    Returns:
        Such as "est. 0.0312"; "" where there is no estimate.
    """
    estimate = estimate_of(cycle)
    return "" if estimate is None else f"est. {estimate['well_tuned']:.3g}"


def estimated_region(cycle: OracleCycleRow) -> str:
    """Format the region by the posterior: the medians of its bounds, to which the verdict belongs.

    Args:
        cycle: Row of the table.

    Returns:
        Such as "[0.01, 0.05]"; ``<`` and ``>`` where it more likely than not reaches an end of the
        grid, ``*`` where it has gaps; ``-`` where there is no estimate.
    """
    evidence, estimate = cycle["evidence"], estimate_of(cycle)
    if evidence is None or estimate is None:
        return "-"
    low, high = (_beyond(interval) > LIKELY for interval in (evidence["low"], evidence["high"]))
    shown = f"[{'<' * low}{estimate['low']:.3g}, {estimate['high']:.3g}{'>' * high}]"
    return shown + "*" * (len(stretches(estimate)) > 1)


def stretches(estimate: EstimatedRegion) -> list[list[float]]:
    """Return the stretches of an estimated region, more than one where it has gaps.

    Args:
        estimate: As the table has it.

    Returns:
        Pairs of a lower and an upper end; [] in tables of earlier versions.
    """
    return estimate.get("parts", [])


def estimate_of(cycle: OracleCycleRow) -> EstimatedRegion | None:
    """Return the estimated region of a cycle.

    Args:
        cycle: Row of the table.

    Returns:
        None where there is no estimate.
    """
    evidence = cycle["evidence"]
    return evidence.get("estimated") if evidence else None


def cross_validated(cycle: OracleCycleRow) -> str:
    """Format the bias-corrected best accuracy: by replicates that did not choose it.

    Args:
        cycle: Row of the table.

    Returns:
        Percent, such as "corr. 91.20"; "" where it is not known.
    """
    accuracy = cycle["evidence"] and cycle["evidence"]["best_again"]
    return "" if accuracy is None else f"corr. {accuracy:.2f}"


def flat(cycle: OracleCycleRow) -> dict[str, object]:
    """Return a cycle's evidence for a spreadsheet.

    Args:
        cycle: Of the table.

    Returns:
        Values by column.
    """
    evidence = cycle["evidence"]
    if evidence is None:
        return dict.fromkeys(FLAT_HEADS)
    low, high, s_cyc = evidence["low"], evidence["high"], evidence["s_cyc"]
    estimate = evidence.get("estimated")
    values = (
        *((low["low"], low["high"]) if low else (None, None)),
        *((high["low"], high["high"]) if high else (None, None)),
        evidence["best_again"],
        *((s_cyc["verdict"], s_cyc["chance"], s_cyc["more"]) if s_cyc else (None,) * 3),
        *((estimate["well_tuned"], estimate["low"]) if estimate else (None, None)),
        *((estimate["high"], estimate["regret"]) if estimate else (None, None)),
    )
    return dict(zip(FLAT_HEADS, values, strict=True))
