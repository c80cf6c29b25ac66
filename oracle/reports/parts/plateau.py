"""What is printed of whether training runs were trained to the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

UNDERTRAINED = "undertrained"


def beside_region(cycle: Mapping[str, Any]) -> str:
    """Return what stands behind a cycle's region: a word where it is that of too small a budget."""
    found = cycle.get("plateau")
    return f" {UNDERTRAINED}" if found and found["verdict"] == UNDERTRAINED else ""


def notes(cycles: Sequence[Mapping[str, Any]], unit: str) -> list[str]:
    """Return what must be said of the budget: of cycles that rise, and of those that none can tell.

    Args:
        cycles: Of an oracle's table; those of older versions say nothing of it.
        unit: Of the region's tolerance, with its number.
    """
    known = [c for c in cycles if c.get("plateau") is not None]
    lines = []
    short = _of(known, UNDERTRAINED)
    if short:
        rises = [_largest(c) for c in short]
        lines.append(
            f"undertrained, at cycle {_listed(short)}: before the rate's last drop validation "
            f"accuracy still rose, by up to {max(rises):.2f} points in a tenth of the iterations, "
            f"which is more than the region's tolerance of {unit}. Such a region is that of this "
            "budget."
        )
    if unsure := _of(known, "undecided"):
        lines.append(
            f"Whether training had ended is undecided at cycle {_listed(unsure)}: validation "
            "accuracy rose, but by no more than its noise."
        )
    blind = [c for c in _of(known, "unknown") if c["plateau"]["seen"] > 1]
    if blind:
        lines.append(
            f"Whether training had ended is unknown at cycle {_listed(blind)}: no two looks at the "
            "validation images lie in a phase of one rate before the last drop."
        )
    if known and len(_of(known, "plateau")) == len(known):
        rises = [_largest(c) for c in known]
        lines.append(
            "Trained to a plateau: before the rate's last drop validation accuracy rose by at most "
            f"{max(0.0, *rises):.2f} points in a tenth of the iterations."
        )
    return lines


def _of(cycles: Sequence[Mapping[str, Any]], verdict: str) -> list[Mapping[str, Any]]:
    return [c for c in cycles if c["plateau"]["verdict"] == verdict]


def _largest(cycle: Mapping[str, Any]) -> float:
    return max((each["rise"] or 0.0 for each in cycle["plateau"]["rates"]), default=0.0)


def _listed(cycles: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(str(c["cycle"]) for c in cycles)
