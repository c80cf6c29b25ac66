"""The printed intervals and verdicts of a cycle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from oracle.tables.evidence import FLAT_HEADS


def verdict(cycle: Mapping[str, Any]) -> str:
    """What is said of S-Cyc: ``undecided (+7)`` where 7 more replicates may decide it."""
    if cycle["evidence"] is None:
        return "-"
    found = cycle["evidence"]["s_cyc"]
    more = f" (+{found['more']})" if found["verdict"] == "undecided" and found["more"] else ""
    return str(found["verdict"]) + more


def chance(cycle: Mapping[str, Any]) -> str:
    """S-Cyc's chance to be inside, as far as the replicates tell."""
    found = cycle["evidence"] and cycle["evidence"]["s_cyc"]["chance"]
    return "" if found is None else f"{100 * found:.0f} %"


def ends(cycle: Mapping[str, Any]) -> str:
    """The 90 % intervals of a region's two ends."""
    found = cycle["evidence"]
    if found is None or found["low"] is None:
        return ""
    return ", ".join(_span(found[end]) for end in ("low", "high"))


def _span(interval: Mapping[str, float]) -> str:
    low, high = (f"{interval[end]:.3g}" for end in ("low", "high"))
    return low if low == high else f"{low}\N{EN DASH}{high}"


def cross_validated(cycle: Mapping[str, Any]) -> str:
    """The best accuracy by replicates that did not choose it."""
    found = cycle["evidence"] and cycle["evidence"]["best_again"]
    return "" if found is None else f"again {found:.2f}"


def notes(cycles: Sequence[Mapping[str, Any]]) -> list[str]:
    """What must be said of the evidence for it to be read rightly."""
    known = [c for c in cycles if c["evidence"] and c["evidence"]["low"]]
    if not known:
        if not any(c["replicates"] == 1 for c in cycles):  # such as before the first cycle's end
            return []
        return ["One replicate: no region is certain, and nothing is decided. Raise replicates."]
    lines = [
        "Second lines: 90 % intervals of the region's two ends; the chance that S-Cyc's max_lr is "
        "inside; the best accuracy again, by replicates that did not choose it."
    ]
    if any(c["evidence"]["s_cyc"]["verdict"] == "undecided" for c in known):
        lines.append(
            "undecided (+n): with so many replicates S-Cyc's max_lr may lie inside or outside; "
            "about n more may decide it, too many to tell where no n is given."
        )
    return lines


def flat(cycle: Mapping[str, Any]) -> dict[str, object]:
    """A cycle's evidence for a spreadsheet."""
    found = cycle["evidence"] or {}
    low, high, s_cyc = (found.get(part) or {} for part in ("low", "high", "s_cyc"))
    values = (
        *(low.get("low"), low.get("high"), high.get("low"), high.get("high")),
        found.get("best_again"),
        *(s_cyc.get("verdict"), s_cyc.get("chance"), s_cyc.get("more")),
    )
    return dict(zip(FLAT_HEADS, values, strict=True))
