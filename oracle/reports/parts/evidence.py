"""The printed intervals and verdicts of a cycle."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from oracle.reports.sheet import Cell
from oracle.stats import decisions
from oracle.stats.noise import noise_with_more_images
from oracle.tables.parts.evidence import FLAT_HEADS, VerdictJson

FLAT = decisions.FLAT
SURE, UNSURE = 100 * decisions.SURE, 100 * (1 - decisions.SURE)
BEYOND = 1 - decisions.SURE
LIKELY = 0.5  # chance from which a region is shown to go on beyond the grid
TIMES = 4  # more replicates or images, which halve an error at best
HELPS = 0.75  # of the noise: where less may be left, more images may do as well


def verdict(cycle: Mapping[str, Any]) -> Cell:
    """Return the S-Cyc verdict: ``undecided (+7)`` where 7 more replicates would decide it."""
    return verdict_cell(cycle["evidence"] and cycle["evidence"]["s_cyc"])


def verdict_cell(given: VerdictJson | None) -> Cell:
    """Return a verdict on a max_lr; ``-`` where there is no region."""
    if given is None:
        return Cell("-")
    more = f" (+{given['more']})" if given["verdict"] == "undecided" and given["more"] else ""
    return Cell(f"{given['verdict']}{more}", given["verdict"])


def chance(cycle: Mapping[str, Any]) -> str:
    """S-Cyc's chance to be inside, with as many digits as tell it from a decided one."""
    found = cycle["evidence"] and cycle["evidence"]["s_cyc"]
    if not found or found["chance"] is None:
        return ""
    percent = 100 * found["chance"]
    for digits in range(4):
        shown = f"{percent:.{digits}f}"
        if found["verdict"] != "undecided" or UNSURE < float(shown) < SURE:
            break
    return f"{shown} %"


def ends(cycle: Mapping[str, Any]) -> str:
    """Format the 90 % intervals of a region's two ends.

    Args:
        cycle: Of the table.

    Returns:
        ``<`` and ``>`` where the region may go on beyond the grid.
    """
    found = cycle["evidence"]
    if found is None or found["low"] is None:
        return ""
    low = ("<" if found["low"].get("beyond", 0.0) > BEYOND else "") + _span(found["low"])
    high = _span(found["high"]) + (">" if found["high"].get("beyond", 0.0) > BEYOND else "")
    return f"{low}, {high}"


def _span(interval: Mapping[str, float]) -> str:
    low, high = (f"{interval[end]:.3g}" for end in ("low", "high"))
    return low if low == high else f"{low}\N{EN DASH}{high}"


def estimated(cycle: Mapping[str, Any]) -> str:
    """Format the well-tuned max_lr by the posterior mean.

    Args:
        cycle: Of the table.
    """
    found = _estimate(cycle)
    return "" if found is None else f"est. {found['well_tuned']:.3g}"


def estimated_region(cycle: Mapping[str, Any]) -> str:
    """Format the region by the posterior: the medians of its bounds, to which the verdict belongs.

    ``<`` and ``>`` where it more likely than not reaches an end of the grid, ``*`` where it has
    gaps; ``-`` where there is no estimate.
    """
    found = _estimate(cycle)
    if found is None:
        return "-"
    ends = [cycle["evidence"][end] or {} for end in ("low", "high")]
    low, high = (each.get("beyond", 0.0) > LIKELY for each in ends)
    shown = f"[{'<' * low}{found['low']:.3g}, {found['high']:.3g}{'>' * high}]"
    return shown + "*" * (len(found.get("parts", ())) > 1)


def flat_cycles(cycles: Sequence[Mapping[str, Any]]) -> list[int]:
    """Cycles in which the whole grid is as good as its best."""
    known = [(c["cycle"], _estimate(c)) for c in cycles]
    return [cycle for cycle, found in known if found and found["flat"] >= FLAT]


def _estimate(cycle: Mapping[str, Any]) -> Mapping[str, Any] | None:
    found: Mapping[str, Any] | None = (cycle["evidence"] or {}).get("estimated")
    return found


def cross_validated(cycle: Mapping[str, Any]) -> str:
    """Format the bias-corrected best accuracy: by replicates that did not choose it.

    Args:
        cycle: Of the table.
    """
    found = cycle["evidence"] and cycle["evidence"]["best_again"]
    return "" if found is None else f"corr. {found:.2f}"


def notes(cycles: Sequence[Mapping[str, Any]]) -> list[str]:
    """How to read the estimates; nothing before the first cycle's end."""
    if not _known(cycles):
        if not any(c["replicates"] == 1 for c in cycles):
            return []
        return ["One replicate: no region or verdict is conclusive. Use more replicates."]
    if not any(c["evidence"]["s_cyc"] for c in _known(cycles)):
        return ["Row 2: posterior best; 90 % CI of the bounds; bias-corrected best."]
    return [
        "Row 2: posterior best; 90 % CI of the bounds; P(inside); bias-corrected best; "
        "oracle - S-Cyc ± SE (paired)."
    ]


def warnings(cycles: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say what is odd about the estimates of a run.

    Args:
        cycles: Of the table.
    """
    known = _known(cycles)
    lines = []
    if _with_verdict(known, "unknown"):
        lines.append("unknown: S-Cyc's max_lr is beyond the end of the grid; extend the grid.")
    if same := flat_cycles(known):
        lines.append(
            f"No max_lr is better than another at cycle {', '.join(map(str, same))}: the whole "
            f"grid is within the tolerance (probability {FLAT:g} or more)."
        )
    return lines


def in_parts(cycles: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the estimated region of a cycle has several parts."""
    return any(len((_estimate(c) or {}).get("parts", ())) > 1 for c in _known(cycles))


def open_verdicts(cycles: Sequence[Mapping[str, Any]]) -> str:
    """Say what would decide the verdicts that are undecided.

    Args:
        cycles: Of the table.

    Returns:
        One sentence; "" where none is undecided.
    """
    undecided = _with_verdict(_known(cycles), "undecided")
    if not undecided:
        return ""
    if any(c.get("search") for c in undecided):
        return "undecided: a larger budget may decide it"
    if not any(c["evidence"]["s_cyc"]["more"] for c in undecided):
        return "undecided: too many more replicates would be needed to decide it"
    also = " (more validation images may, too)" if _images_help(cycles) else ""
    return f"(+n): about n more replicates would decide it{also}"


def noise(cycles: Sequence[Mapping[str, Any]]) -> str:
    """Format the noise of a replicate, beside what the number of validation images alone gives.

    Args:
        cycles: Of the table.
    """
    found = _noise(cycles)
    if not found:
        return ""
    return f"noise {found[0]:.2f} points a replicate ({found[1]:.2f} from validation images)"


def _known(cycles: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [c for c in cycles if c["evidence"] and c["evidence"]["low"]]


def _with_verdict(cycles: Sequence[Mapping[str, Any]], verdict: str) -> list[Mapping[str, Any]]:
    given = [(c, c["evidence"]["s_cyc"]) for c in cycles]
    return [c for c, s_cyc in given if s_cyc and s_cyc["verdict"] == verdict]


def _noise(cycles: Sequence[Mapping[str, Any]]) -> tuple[float, float] | None:
    """Return the medians over cycles of the noise near the best, and of its floor."""
    pairs = [
        (found["noise"], found["noise_floor"])
        for found in map(_estimate, _known(cycles))
        if found and found["noise_floor"] is not None
    ]
    if not pairs:
        return None
    noise, floor = (statistics.median(values) for values in zip(*pairs, strict=True))
    return (noise, floor) if noise else None


def _images_help(cycles: Sequence[Mapping[str, Any]]) -> bool:
    """Whether more validation images may lower the noise as more replicates do."""
    found = _noise(cycles)
    return found is not None and noise_with_more_images(*found, TIMES) < HELPS * found[0]


def early_stopping(cycles: Sequence[Mapping[str, Any]]) -> str:
    """By how much choosing the best validation step still flatters the bias-corrected best."""
    gaps = [
        evidence["best_again"] - evidence["best_at_fixed_look"]
        for c in _known(cycles)
        if (evidence := c["evidence"]).get("best_at_fixed_look") is not None
        and evidence["best_again"] is not None
    ]
    if not gaps or max(gaps) < 0.005:
        return ""
    return f"early stopping adds up to {max(gaps):.2f} points to the bias-corrected best"


def flat(cycle: Mapping[str, Any]) -> dict[str, object]:
    """Return a cycle's evidence for a spreadsheet.

    Args:
        cycle: Of the table.

    Returns:
        Values by column.
    """
    found = cycle["evidence"] or {}
    low, high, s_cyc = (found.get(part) or {} for part in ("low", "high", "s_cyc"))
    estimate = found.get("estimated") or {}
    values = (
        *(low.get("low"), low.get("high"), high.get("low"), high.get("high")),
        found.get("best_again"),
        *(s_cyc.get("verdict"), s_cyc.get("chance"), s_cyc.get("more")),
        *(estimate.get(part) for part in ("well_tuned", "low", "high", "regret")),
    )
    return dict(zip(FLAT_HEADS, values, strict=True))
