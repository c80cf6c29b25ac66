"""The printed table of an oracle run: its cells, and what must be said beside them."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from typing import Any

from oracle.compare import Table
from oracle.sheets import Sheet, cost_lines, rate, shrunk_lines, spread

_HEADS = (
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


def sheet(table: Table) -> Sheet:
    """An oracle run's table, as it is printed."""
    paper = table["paper_table"]
    heads = (*_HEADS, f"Table {paper}:\nwell-tuned", f"Table {paper}:\nregion") if paper else _HEADS
    return Sheet(
        title=f"{table['study']}: the oracle against S-Cyc",
        run_id=table["run_id"],
        heads=heads,
        rows=[_row(cycle, paper is not None) for cycle in table["cycles"]],
        verdict=verdict(table),
        notes=[*shrunk_lines(table), *_footnotes(table)],
        costs=cost_lines(table["cost"], {"oracle": "oracle", "s_cyc": "S-Cyc"}),
        flat=[_flat(cycle) for cycle in table["cycles"]],
        flat_heads=_flat_heads(),
    )


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


def _footnotes(table: Table) -> list[str]:
    unit = "points" if table["tolerance_kind"] == "points" else "% of the best (relative)"
    cycles = table["cycles"]
    lines = [
        f"Feasible region: the max_lr of the grid whose mean validation accuracy over "
        f"{table['replicates']} replicate(s) lies within {table['tolerance']:g} {unit} of the best."
    ]
    if table["search"] == "adaptive":
        spent = table["cost"]["oracle"]
        lines.append(
            f"Adaptive search: {spent['trainings']:,} of {spent['full_grid_trainings']:,} "
            "trainings of the full grid; what was not tried is judged by its neighbours."
        )
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


def _row(cycle: Mapping[str, Any], printed: bool) -> list[str]:
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
        *(_printed(cycle["paper"]) if printed else ()),
    ]


def _printed(column: Mapping[str, Any] | None) -> tuple[str, str]:
    """The paper's values for a cycle, where it prints that one."""
    if column is None:
        return "", ""
    return rate(column["well_tuned"]), f"[{rate(column['low'])}, {rate(column['high'])}]"


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


def _flat_heads() -> tuple[str, ...]:
    means = [
        f"{who}_{part}_accuracy_{what}"
        for who in ("oracle", "s_cyc")
        for part in ("val", "test")
        for what in ("mean", "std")
    ]
    return (
        "cycle",
        "weights_remaining",
        "well_tuned",
        "feasible_low",
        "feasible_high",
        "cut_low",
        "cut_high",
        "contiguous",
        "s_cyc_max_lr",
        "inside",
        *means,
        "noise",
        "tolerance_below_noise",
    )


def _flat(cycle: Mapping[str, Any]) -> dict[str, object]:
    feasible = cycle["feasible"] or {}
    flat: dict[str, object] = {
        "cycle": cycle["cycle"],
        "weights_remaining": cycle["weights_remaining"],
        "well_tuned": cycle["well_tuned"],
        "feasible_low": feasible.get("low"),
        "feasible_high": feasible.get("high"),
        "cut_low": feasible.get("cut_low"),
        "cut_high": feasible.get("cut_high"),
        "contiguous": feasible.get("contiguous"),
        "s_cyc_max_lr": cycle["s_cyc"]["max_lr"],
        "inside": cycle["s_cyc"]["inside"],
        "noise": cycle["noise"],
        "tolerance_below_noise": cycle["tolerance_below_noise"],
    }
    for who, source in (("oracle", winner(cycle) or {}), ("s_cyc", cycle["s_cyc"])):
        for part in ("val", "test"):
            accuracies = source.get(f"{part}_accuracy") or []
            several = len(accuracies) > 1
            flat[f"{who}_{part}_accuracy_mean"] = (
                statistics.fmean(accuracies) if accuracies else None
            )
            flat[f"{who}_{part}_accuracy_std"] = statistics.stdev(accuracies) if several else None
    return flat
