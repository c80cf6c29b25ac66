"""The printed table of a run: its cells, and what must be said beside them."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from oracle.compare import Table

HEADS = (
    "cycle",
    "weights\nremaining, %",
    "well-tuned\nmax_lr",
    "feasible\nregion",
    "S-Cyc\nmax_lr",
    "S-Cyc is",
    "validation, %\noracle",
    "validation, %\nS-Cyc",
    "test, %\noracle",
    "test, %\nS-Cyc",
    "noise,\npoints",
)


def rate(value: float | None) -> str:
    """A learning rate in four digits."""
    return "-" if value is None else f"{value:.4g}"


def spread(accuracies: Sequence[float] | None) -> str:
    """Mean ± standard deviation over replicates."""
    if not accuracies:
        return "-"
    mean = f"{statistics.fmean(accuracies):.2f}"
    if len(accuracies) == 1:
        return mean
    return f"{mean} ± {statistics.stdev(accuracies):.2f}"


def region(feasible: Mapping[str, Any] | None) -> str:
    """The feasible region; ``<`` and ``>`` where the grid cuts it off, ``*`` where it has gaps."""
    if feasible is None:
        return "none"
    low = ("<" if feasible["cut_low"] else "") + rate(feasible["low"])
    high = rate(feasible["high"]) + (">" if feasible["cut_high"] else "")
    return f"[{low}, {high}]" + ("" if feasible["contiguous"] else "*")


def winner(cycle: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The grid entry of a cycle's well-tuned max_lr."""
    return next((each for each in cycle["grid"] if each["max_lr"] == cycle["well_tuned"]), None)


def rows(table: Table) -> list[list[str]]:
    """The cells of the printed table, a row for each cycle, under :data:`HEADS`."""
    return [_row(cycle) for cycle in table["cycles"]]


def footnotes(table: Table) -> list[str]:
    """What must be said beside the table for it to be read rightly."""
    unit = "points" if table["tolerance_kind"] == "points" else "% of the best (relative)"
    cycles = table["cycles"]
    lines = [
        f"Feasible region: the max_lr of the grid whose mean validation accuracy over "
        f"{table['replicates']} replicate(s) lies within {table['tolerance']:g} {unit} of the best."
    ]
    if any(
        c["feasible"] and (c["feasible"]["cut_low"] or c["feasible"]["cut_high"]) for c in cycles
    ):
        lines.append("< or >: cut off; the region touches the end of the grid and may go on.")
    if any(c["feasible"] and not c["feasible"]["contiguous"] for c in cycles):
        lines.append("*: with gaps; some max_lr between the ends lies outside.")
    lines += _noise_lines(table)
    if any(entry["diverged"] for c in cycles for entry in c["grid"]):
        count = sum(entry["diverged"] for c in cycles for entry in c["grid"])
        lines.append(
            f"{count} max_lr diverged in at least one replicate; such a replicate scores 0, and "
            "its max_lr cannot be the well-tuned one."
        )
    if any(c["feasible"] is None for c in cycles):
        lines.append("none: every max_lr of that cycle diverged, and the search ended there.")
    if not table["complete"]:
        lines.append("The run is not complete; these are the cycles that are finished.")
    return lines


def verdict(table: Table) -> str:
    """In how many cycles S-Cyc's max_lr lies in the region, and where it does not."""
    judged = [c for c in table["cycles"] if c["s_cyc"]["inside"] is not None]
    outside = [c for c in judged if not c["s_cyc"]["inside"]]
    inside = len(judged) - len(outside)
    line = f"S-Cyc's max_lr lies in the feasible region in {inside} of {len(judged)} cycles."
    if outside:
        line += " Outside at " + ", ".join(
            f"{c['weights_remaining']:.1f} % ({_side(c)})" for c in outside
        )
        line += "."
    return line


def cost_lines(table: Table) -> list[str]:
    """What the oracle and S-Cyc cost."""
    heads = {"oracle": "oracle", "s_cyc": "S-Cyc"}
    return [
        f"{heads[who]:<7}{cost['trainings']:>7,} trainings {cost['steps']:>12,} steps "
        f"{cost['seconds']:>10,.1f} s of worker time"
        for who, cost in table["cost"].items()
    ]


def _row(cycle: Mapping[str, Any]) -> list[str]:
    best, s_cyc = winner(cycle), cycle["s_cyc"]
    inside = {True: "inside", False: "outside", None: "-"}[s_cyc["inside"]]
    noise = "-" if cycle["noise"] is None else f"{cycle['noise']:.2f}"
    if cycle["tolerance_below_noise"]:
        noise += "!"
    return [
        str(cycle["cycle"]),
        f"{cycle['weights_remaining']:.2f}",
        rate(cycle["well_tuned"]),
        region(cycle["feasible"]),
        rate(s_cyc["max_lr"]),
        inside,
        spread(best["val_accuracy"] if best else None),
        spread(s_cyc["val_accuracy"]) + ("!" if s_cyc["diverged"] else ""),
        spread(best["test_accuracy"] if best else None),
        spread(s_cyc["test_accuracy"]),
        noise,
    ]


def _noise_lines(table: Table) -> list[str]:
    known = [c for c in table["cycles"] if c["noise"] is not None]
    if not known:
        return ["Noise: unknown with one replicate; no region is certain. Raise replicates."]
    errors = [c["noise"] for c in known]
    between = [c["replicate_std"] for c in known]
    lines = [
        f"Noise: the standard error of the mean paired difference to the best max_lr, around the "
        f"region ({min(errors):.2f} to {max(errors):.2f} points); one replicate alone varies by "
        f"{min(between):.2f} to {max(between):.2f} points (std)."
    ]
    below = [c for c in known if c["tolerance_below_noise"]]
    if below:
        where = ", ".join(f"{c['weights_remaining']:.1f} %" for c in below)
        lines.append(
            f"!: the tolerance lies below the noise at {where}; there the region's ends are not "
            "certain. Raise replicates."
        )
    single = [c for c in known if c["replicate_std"] > table["tolerance"]]
    if single and table["tolerance_kind"] == "points":
        lines.append(
            f"The tolerance of {table['tolerance']:g} points lies below the noise of a single "
            f"replicate in {len(single)} of {len(known)} cycles: one replicate would not do."
        )
    return lines


def _side(cycle: Mapping[str, Any]) -> str:
    return "above" if cycle["s_cyc"]["max_lr"] > cycle["feasible"]["high"] else "below"
