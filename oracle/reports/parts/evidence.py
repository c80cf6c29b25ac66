"""The printed intervals and verdicts of a cycle."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from typing_extensions import TypeIs

from oracle.reports.sheet import Cell
from oracle.stats import decisions
from oracle.stats.noise import noise_with_more_images
from oracle.tables.parts.cycles import OracleCycleRow
from oracle.tables.parts.evidence import (
    FLAT_HEADS,
    EstimatedRegion,
    Evidence,
    IntervalJson,
    VerdictJson,
)

FLAT = decisions.FLAT
SURE, UNSURE = 100 * decisions.SURE, 100 * (1 - decisions.SURE)
BEYOND = 1 - decisions.SURE
LIKELY = 0.5  # chance from which a region is shown to go on beyond the grid
TIMES = 4  # more replicates or images, which halve an error at best
HELPS = 0.75  # of the noise: where less may be left, more images may do as well


def verdict(cycle: OracleCycleRow) -> Cell:
    """Return the S-Cyc verdict: ``undecided (+7)`` where 7 more replicates would decide it."""
    return verdict_cell(cycle["evidence"] and cycle["evidence"]["s_cyc"])


def verdict_cell(given: VerdictJson | None) -> Cell:
    """Return a verdict on a max_lr; ``-`` where there is no region."""
    if given is None:
        return Cell("-")
    more = f" (+{given['more']})" if given["verdict"] == "undecided" and given["more"] else ""
    return Cell(f"{given['verdict']}{more}", given["verdict"])


def chance(cycle: OracleCycleRow) -> str:
    """Return S-Cyc's chance to be inside, with as many digits as tell it from a decided one."""
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
        cycle: Of the table.
    """
    estimate = _estimate(cycle)
    return "" if estimate is None else f"est. {estimate['well_tuned']:.3g}"


def estimated_region(cycle: OracleCycleRow) -> str:
    """Format the region by the posterior: the medians of its bounds, to which the verdict belongs.

    ``<`` and ``>`` where it more likely than not reaches an end of the grid, ``*`` where it has
    gaps; ``-`` where there is no estimate.
    """
    evidence, estimate = cycle["evidence"], _estimate(cycle)
    if evidence is None or estimate is None:
        return "-"
    low, high = (_beyond(interval) > LIKELY for interval in (evidence["low"], evidence["high"]))
    shown = f"[{'<' * low}{estimate['low']:.3g}, {estimate['high']:.3g}{'>' * high}]"
    return shown + "*" * (len(_parts(estimate)) > 1)


def _parts(estimate: EstimatedRegion) -> list[list[float]]:
    """Return the stretches of an estimated region; none in tables of earlier versions."""
    return estimate.get("parts", [])


def flat_cycles(cycles: Sequence[OracleCycleRow]) -> list[int]:
    """Return cycles in which the whole grid is as good as its best."""
    known = [(c["cycle"], _estimate(c)) for c in cycles]
    return [cycle for cycle, estimate in known if estimate and estimate["flat"] >= FLAT]


def _estimate(cycle: OracleCycleRow) -> EstimatedRegion | None:
    evidence = cycle["evidence"]
    return evidence.get("estimated") if evidence else None


def cross_validated(cycle: OracleCycleRow) -> str:
    """Format the bias-corrected best accuracy: by replicates that did not choose it.

    Args:
        cycle: Of the table.
    """
    accuracy = cycle["evidence"] and cycle["evidence"]["best_again"]
    return "" if accuracy is None else f"corr. {accuracy:.2f}"


def notes(cycles: Sequence[OracleCycleRow]) -> list[str]:
    """Return how to read the estimates; nothing before the first cycle's end."""
    if not _known(cycles):
        if not any(c["replicates"] == 1 for c in cycles):
            return []
        return ["One replicate: no region or verdict is conclusive. Use more replicates."]
    if not any(evidence["s_cyc"] for evidence in _known(cycles)):
        return ["Row 2: posterior best; 90 % CI of the bounds; bias-corrected best."]
    return [
        "Row 2: posterior best; 90 % CI of the bounds; P(inside); bias-corrected best; "
        "oracle - S-Cyc ± SE (paired)."
    ]


def warnings(cycles: Sequence[OracleCycleRow]) -> list[str]:
    """Say what is odd about the estimates of a run.

    Args:
        cycles: Of the table.
    """
    known = [c for c in cycles if _is_known(c["evidence"])]
    lines = []
    if _with_verdict(known, "unknown"):
        lines.append("unknown: S-Cyc's max_lr is beyond the end of the grid; extend the grid.")
    if same := flat_cycles(known):
        lines.append(
            f"No max_lr is better than another at cycle {', '.join(map(str, same))}: the whole "
            f"grid is within the tolerance (probability {FLAT:g} or more)."
        )
    return lines


def in_parts(cycles: Sequence[OracleCycleRow]) -> bool:
    """Return whether the estimated region of a cycle has several parts."""
    estimates = [evidence.get("estimated") for evidence in _known(cycles)]
    return any(estimate and len(_parts(estimate)) > 1 for estimate in estimates)


def open_verdicts(cycles: Sequence[OracleCycleRow]) -> str:
    """Say what would decide the verdicts that are undecided.

    Args:
        cycles: Of the table.

    Returns:
        One sentence; "" where none is undecided.
    """
    known = [c for c in cycles if _is_known(c["evidence"])]
    undecided = _with_verdict(known, "undecided")
    if not undecided:
        return ""
    if any(cycle.get("search") for cycle, _ in undecided):
        return "undecided: a larger budget may decide it"
    if not any(verdict["more"] for _, verdict in undecided):
        return "undecided: too many more replicates would be needed to decide it"
    also = " (more validation images may, too)" if _images_help(cycles) else ""
    return f"(+n): about n more replicates would decide it{also}"


def noise(cycles: Sequence[OracleCycleRow]) -> str:
    """Format the noise of a replicate, beside what the number of validation images alone gives.

    Args:
        cycles: Of the table.
    """
    medians = _noise(cycles)
    if not medians:
        return ""
    return f"noise {medians[0]:.2f} points a replicate ({medians[1]:.2f} from validation images)"


def _is_known(evidence: Evidence | None) -> TypeIs[Evidence]:
    """Return whether there are intervals."""
    return evidence is not None and evidence["low"] is not None


def _known(cycles: Sequence[OracleCycleRow]) -> list[Evidence]:
    return [c["evidence"] for c in cycles if _is_known(c["evidence"])]


def _with_verdict(
    cycles: Sequence[OracleCycleRow], kind: str
) -> list[tuple[OracleCycleRow, VerdictJson]]:
    verdicts = [(c, c["evidence"]["s_cyc"]) for c in cycles if c["evidence"]]
    return [(c, each) for c, each in verdicts if each and each["verdict"] == kind]


def _noise(cycles: Sequence[OracleCycleRow]) -> tuple[float, float] | None:
    """Return the medians over cycles of the noise near the best, and of its floor."""
    pairs = [
        (estimate["noise"], estimate["noise_floor"])
        for estimate in (evidence.get("estimated") for evidence in _known(cycles))
        if estimate and estimate["noise_floor"] is not None
    ]
    if not pairs:
        return None
    noise, floor = (statistics.median(values) for values in zip(*pairs, strict=True))
    return (noise, floor) if noise else None


def _images_help(cycles: Sequence[OracleCycleRow]) -> bool:
    """Whether more validation images may lower the noise as more replicates do."""
    medians = _noise(cycles)
    return medians is not None and noise_with_more_images(*medians, TIMES) < HELPS * medians[0]


def early_stopping(cycles: Sequence[OracleCycleRow]) -> str:
    """Say how much choosing the best validation step still flatters the bias-corrected best."""
    gaps = [
        again - fixed
        for evidence in _known(cycles)
        if (again := evidence["best_again"]) is not None
        and (fixed := evidence.get("best_at_fixed_look")) is not None
    ]
    if not gaps or max(gaps) < 0.005:
        return ""
    return f"early stopping adds up to {max(gaps):.2f} points to the bias-corrected best"


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
