"""Sentences below a table on its intervals and verdicts."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from typing_extensions import TypeIs

from oracle.reports.parts.evidence import estimate_of, stretches
from oracle.reports.sheet import SECOND_ROW
from oracle.stats import decisions
from oracle.stats.noise import noise_with_more_images
from oracle.tables.parts.cycles import OracleCycleRow
from oracle.tables.parts.evidence import Evidence, VerdictJson

FLAT = decisions.FLAT
TIMES = 4  # more replicates or images, which halve an error at best
HELPS = 0.75  # of the noise: where less may be left, more images may do as well


def notes(cycles: Sequence[OracleCycleRow]) -> list[str]:
    """Return how to read the estimates; nothing before the first cycle's end.

    Args:
        cycles: Rows of the table.

    Returns:
        At most one sentence.
    """
    if not _known(cycles):
        if not any(c["replicates"] == 1 for c in cycles):
            return []
        return ["One replicate: no region or verdict is conclusive. Use more replicates."]
    if not any(evidence["s_cyc"] for evidence in _known(cycles)):
        return [SECOND_ROW + "posterior best; 90 % CI of the bounds; bias-corrected best."]
    return [
        SECOND_ROW + "posterior best; 90 % CI of the bounds; P(inside); bias-corrected best; "
        "oracle - S-Cyc ± SE (paired)."
    ]


def warnings(cycles: Sequence[OracleCycleRow]) -> list[str]:
    """Say what is odd about the estimates of a run.

    Args:
        cycles: Rows of the table.

    Returns:
        Sentences for the notes; [] where nothing is odd.
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


def flat_cycles(cycles: Sequence[OracleCycleRow]) -> list[int]:
    """Return cycles in which the whole grid is as good as its best.

    Args:
        cycles: Rows of the table.

    Returns:
        Numbers of cycles.
    """
    known = [(c["cycle"], estimate_of(c)) for c in cycles]
    return [cycle for cycle, estimate in known if estimate and estimate["flat"] >= FLAT]


def in_parts(cycles: Sequence[OracleCycleRow]) -> bool:
    """Return whether the estimated region of a cycle has several parts.

    Args:
        cycles: Rows of the table.

    Returns:
        True where one of them has.
    """
    estimates = [evidence.get("estimated") for evidence in _known(cycles)]
    return any(estimate and len(stretches(estimate)) > 1 for estimate in estimates)


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
    """Format the noise of a replicate, next to what the number of validation images alone gives.

    Args:
        cycles: Rows of the table.

    Returns:
        Part of a sentence; "" where it is not known.
    """
    medians = _noise(cycles)
    if not medians:
        return ""
    return f"noise {medians[0]:.2f} points a replicate ({medians[1]:.2f} from images)"


def early_stopping(cycles: Sequence[OracleCycleRow]) -> str:
    """Say how much choosing the best validation step still flatters the bias-corrected best.

    Args:
        cycles: Rows of the table.

    Returns:
        Part of a sentence; "" where it is less than 0.005 points.
    """
    gaps = [
        again - fixed
        for evidence in _known(cycles)
        if (again := evidence["best_again"]) is not None
        and (fixed := evidence.get("best_at_fixed_look")) is not None
    ]
    if not gaps or max(gaps) < 0.005:
        return ""
    return f"early-stopping bias up to {max(gaps):.2f} points"


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
