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
    """The 90 % intervals of a region's two ends; ``<`` and ``>`` where it may go on beyond."""
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
    """The well-tuned max_lr by the posterior mean."""
    found = _estimate(cycle)
    return "" if found is None else f"est. {found['well_tuned']:.3g}"


def estimated_region(cycle: Mapping[str, Any]) -> str:
    """The region by the posterior: the medians of its bounds, to which the verdict belongs.

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
        "Estimated region: by the posterior of the whole grid's accuracy curve; the verdict "
        "belongs to it.",
        "Second lines: the best max_lr by the posterior mean; 90 % CI of the estimated region's "
        "bounds; the chance that S-Cyc's max_lr is inside; the best accuracy again, by replicates "
        "that did not choose it (each is still the best look of its training, which favours rates "
        "whose accuracy swings); paired differences oracle - S-Cyc with their standard error.",
    ]
    verdicts = {c["evidence"]["s_cyc"]["verdict"] for c in known if c["evidence"]["s_cyc"]}
    if "unknown" in verdicts:
        lines.append(
            "unknown: S-Cyc's max_lr lies beyond an end of the grid that the region touches; "
            "extend the grid."
        )
    if same := flat_cycles(known):
        lines.append(
            f"No max_lr is better than another at cycle {', '.join(map(str, same))}: with a chance "
            f"of {100 * FLAT:.0f} % or more the whole grid is within the tolerance of the best."
        )
    parted = [c["cycle"] for c in known if len((_estimate(c) or {}).get("parts", ())) > 1]
    if parted:
        lines.append(
            f"The estimated region is in several parts at cycle {', '.join(map(str, parted))}."
        )
    lines += [line for line in (_fixed_look(known), _noise(known)) if line]
    if "undecided" in verdicts:
        lines.append(
            "undecided: S-Cyc's max_lr may lie inside or outside; a larger budget may decide it."
            if any(c.get("search") for c in known)
            else "undecided (+n): with so many replicates S-Cyc's max_lr may lie inside or outside;"
            " about n more may decide it, too many to tell where no n is given."
        )
    return lines


def _noise(cycles: Sequence[Mapping[str, Any]]) -> str:
    """The noise of a replicate beside what the number of validation images alone gives."""
    pairs = [
        (found["noise"], found["noise_floor"])
        for found in map(_estimate, cycles)
        if found and found["noise_floor"] is not None
    ]
    if not pairs:
        return ""
    noise, floor = (statistics.median(values) for values in zip(*pairs, strict=True))
    if not noise:
        return ""
    left = noise_with_more_images(noise, floor, TIMES)
    sooner = "or as many" if left < HELPS * noise else "rather than"
    return (
        f"Noise of a paired replicate near the best: {noise:.2f} points (median over cycles); the "
        f"number of validation images alone gives {floor:.2f} to a single accuracy. {TIMES} times "
        f"the replicates halve the noise of a mean; {TIMES} times the validation images leave "
        f"{100 * left / noise:.0f} % of it at best. So add replicates {sooner} validation images "
        "where verdicts are open."
    )


def _fixed_look(cycles: Sequence[Mapping[str, Any]]) -> str:
    """The best accuracy without the luck of the best look."""
    known = [
        (c["cycle"], found)
        for c in cycles
        if (found := c["evidence"].get("best_at_fixed_look")) is not None
    ]
    if not known:
        return ""
    return (
        "With the look, too, chosen by the other replicates: "
        + ", ".join(f"{found:.2f} at cycle {cycle}" for cycle, found in known)
        + "."
    )


def flat(cycle: Mapping[str, Any]) -> dict[str, object]:
    """A cycle's evidence for a spreadsheet."""
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
