"""What the replicates say of a cycle's region and of S-Cyc, as plain data and as it is printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from oracle.evidence import Interval, evidence
from oracle.regions import Tried
from oracle.spec import OracleStudy

FLAT_HEADS = (
    "low_from",
    "low_to",
    "high_from",
    "high_to",
    "best_val_accuracy_again",
    "verdict",
    "chance_inside",
    "more_replicates",
)


def part(study: OracleStudy, tried: Mapping[float, Tried], s_cyc: float) -> dict[str, Any] | None:
    """The evidence of one cycle; None when every max_lr diverged.

    ``paired``: each max_lr's mean paired difference to the best, in points, and its standard error,
    null with one replicate. ``low`` and ``high``: 90 % intervals of the region's ends.
    ``best_again``: the best accuracy by replicates that did not choose it. ``s_cyc``: whether
    S-Cyc's max_lr is ``inside``, ``outside`` or ``undecided``, its chance to be inside, and how
    many more replicates would decide it, null where that is not known.
    """
    found = evidence(tried, study.tolerance, study.tolerance_kind, study.seed)
    if found is None:
        return None
    verdict = found.verdict(s_cyc)
    return {
        "paired": [
            {
                "max_lr": max_lr,
                "difference": each.difference,
                "standard_error": each.standard_error,
            }
            for max_lr, each in found.paired.items()
        ],
        "low": _interval(found.low),
        "high": _interval(found.high),
        "best_again": found.best_again,
        "s_cyc": {"verdict": verdict.kind, "chance": verdict.chance, "more": verdict.more},
    }


def _interval(interval: Interval | None) -> dict[str, float] | None:
    return {"low": interval.low, "high": interval.high} if interval else None


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


def again(cycle: Mapping[str, Any]) -> str:
    """The best accuracy by replicates that did not choose it."""
    found = cycle["evidence"] and cycle["evidence"]["best_again"]
    return "" if found is None else f"again {found:.2f}"


def notes(cycles: Sequence[Mapping[str, Any]]) -> list[str]:
    """What must be said of the evidence for it to be read rightly."""
    known = [c for c in cycles if c["evidence"] and c["evidence"]["low"]]
    if not known:
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
