"""What is printed of whether training runs were trained to the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

UNDERTRAINED = "undertrained"


def beside_region(cycle: Mapping[str, Any]) -> str:
    """Return the word behind a cycle's region where the budget is too small, else nothing."""
    found = cycle.get("plateau")
    return f" {UNDERTRAINED}" if found and found["verdict"] == UNDERTRAINED else ""


def notes(cycles: Sequence[Mapping[str, Any]], unit: str) -> list[str]:
    """Return whether training reached a plateau: parts of a sentence.

    Args:
        cycles: Of an oracle's table; those of older versions say nothing of it.
        unit: Of the region's tolerance, with its number.
    """
    known = [c for c in cycles if c.get("plateau") is not None]
    parts = []
    if short := _of(known, UNDERTRAINED):
        rise = max(_largest(c) for c in short)
        parts.append(
            f"undertrained at cycle {_listed(short)} (before the last milestone validation accuracy"
            f" still rose by {rise:.2f} points per tenth of the steps; tolerance {unit})"
        )
    if unsure := _of(known, "undecided"):
        parts.append(f"plateau undecided at cycle {_listed(unsure)}")
    if blind := [c for c in _of(known, "unknown") if c["plateau"]["seen"] > 1]:
        parts.append(
            f"plateau unknown at cycle {_listed(blind)} (validation interval too long: lower "
            "training.validate_every)"
        )
    if known and len(_of(known, "plateau")) == len(known):
        rise = max(0.0, *(_largest(c) for c in known))
        parts.append(f"plateau reached (last rise {rise:.2f} points)")
    return parts


def _of(cycles: Sequence[Mapping[str, Any]], verdict: str) -> list[Mapping[str, Any]]:
    return [c for c in cycles if c["plateau"]["verdict"] == verdict]


def _largest(cycle: Mapping[str, Any]) -> float:
    return max((each["rise"] or 0.0 for each in cycle["plateau"]["rates"]), default=0.0)


def _listed(cycles: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(str(c["cycle"]) for c in cycles)
