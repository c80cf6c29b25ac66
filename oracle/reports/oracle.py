"""The printed table of an oracle run: its cells, and what must be said beside them."""

from __future__ import annotations

from oracle.analysis import costs, region_fit
from oracle.reports.parts import beam as beam_reports
from oracle.reports.parts import cell_search as cell_search_reports
from oracle.reports.parts import current, flat_rows, metric
from oracle.reports.parts import evidence as evidence_reports
from oracle.reports.parts import plateau as plateau_reports
from oracle.reports.parts import rivals as rivals_reports
from oracle.reports.parts.majority import split_notes
from oracle.reports.sheet import (
    CostRow,
    ReportTable,
    cost_rows,
    format_lr,
    format_mean_std,
    shrunk_lines,
)
from oracle.stats.paired_difference import Difference, signed
from oracle.tables.oracle import OracleCost, OracleTable
from oracle.tables.parts.cycles import FeasibleRegion, OracleCycleRow, PaperColumn, winner
from oracle.tables.parts.majority import Part
from scyc.specs.ranges import exact

_HEADS = (
    "cycle",
    "weights\nleft, %",
    "well-tuned\nmax_lr",
    "measured\nregion",
    "estimated\nregion",
    "S-Cyc\nmax_lr",
    "S-Cyc\nverdict",
    "validation, %\noracle",
    "validation, %\nS-Cyc",
    "test, %\noracle",
    "test, %\nS-Cyc",
)

REACHED = 0.999  # share of max_lr that counts as reached


def sheet(table: OracleTable) -> ReportTable:
    """An oracle run's table, as it is printed."""
    paper, counts = table["paper_table"], _counts(table)
    ratio = costs.ratio_line(table)
    heads = [
        *_HEADS,
        *([f"Table {paper}:\nwell-tuned", f"Table {paper}:\nregion"] if paper else []),
    ]
    own = metric.is_own(table)
    rows = [row for cycle in table["cycles"] for row in _rows(cycle, paper is not None, own)]
    if len(counts) > 1:
        heads.insert(1, "reps")
    else:
        rows = [[first, *others] for first, _, *others in rows]
    if not has_s_cyc(table):
        keep = [index for index, head in enumerate(heads) if "S-Cyc" not in head]
        heads = [heads[index] for index in keep]
        rows = [[row[index] for index in keep] for row in rows]
    printed = ReportTable(
        title=f"{table['study']}: the greedy oracle"
        + (" against S-Cyc" if has_s_cyc(table) else ""),
        run_id=table["run_id"],
        headers=tuple(heads),
        rows=rows,
        verdict=verdict(table),
        notes=[*shrunk_lines(table), *split_notes(table), *_footnotes(table)],
        costs=_costs(table["cost"]),
        cost_notes=[ratio] if ratio else [],
        flat=[flat_rows.flat_row(cycle) for cycle in table["cycles"]],
        flat_heads=flat_rows.flat_heads(),
        series="oracle and S-Cyc",
        subtables=_more(table),
    )
    return metric.named(printed, table)


def has_s_cyc(table: OracleTable) -> bool:
    """Whether the study has S-Cyc's parameters; True, too, before the first cycle has ended."""
    return all(cycle["s_cyc"]["max_lr"] is not None for cycle in table["cycles"])


def _costs(cost: OracleCost) -> list[CostRow]:
    replayed = {"adaptive (replayed)": cost["adaptive"]} if "adaptive" in cost else {}
    one = {"S-Cyc": cost["s_cyc"]} if cost["s_cyc"]["trainings"] else {}
    return cost_rows({"oracle": cost["oracle"], **replayed, **one})


def _more(table: OracleTable) -> list[ReportTable]:
    """The tables below: the cycle that is not finished, rivals and beam, of a run with them."""
    found = table.get("current")
    so_far = [current.sheet(table, found)] if found else []
    rivals = [rivals_reports.sheet(table)] if table["rivals"] else []
    beam = [beam_reports.sheet(table, table["beam"])] if table["beam"] else []
    return [*so_far, *rivals, *beam]


def _counts(table: OracleTable) -> list[int]:
    """The numbers of replicates that its cycles have, rising."""
    return sorted({cycle["replicates"] for cycle in table["cycles"]} or {table["replicates"]})


def format_region(feasible: FeasibleRegion | None) -> str:
    """The feasible region; ``<`` and ``>`` where the grid cuts it off, ``*`` where it has gaps."""
    if feasible is None:
        return "none"
    low = ("<" if feasible["cut_low"] else "") + format_lr(feasible["low"])
    high = format_lr(feasible["high"]) + (">" if feasible["cut_high"] else "")
    return f"[{low}, {high}]" + ("" if feasible["contiguous"] else "*")


def _footnotes(table: OracleTable) -> list[str]:
    unit = "points" if table["tolerance_kind"] == "points" else "% of the best (relative)"
    cycles, counts = table["cycles"], _counts(table)
    over = f"{counts[0]} to {counts[-1]}" if len(counts) > 1 else str(counts[0])
    lines = [
        f"Measured region: the max_lr of the grid whose mean validation accuracy over {over} "
        f"replicate(s) lies within {exact(table['tolerance'])} {unit} of the best."
    ]
    if table["search"] == "adaptive":
        spent = table["cost"]["oracle"]
        lines.append(
            f"Adaptive search: {spent['trainings']:,} of {spent['full_grid_trainings']:,} "
            "trainings of the full grid; what was not tried is judged by its neighbours."
        )
    lines += cell_search_reports.notes(table)
    if any(
        c["feasible"] and (c["feasible"]["cut_low"] or c["feasible"]["cut_high"]) for c in cycles
    ):
        lines.append("< or >: cut off; the region touches the end of the grid and may go on.")
    told = evidence_reports.flat_cycles(cycles)
    if flat := [c["cycle"] for c in cycles if _is_flat(c) and c["cycle"] not in told]:
        lines.append(
            f"Flat as measured at cycle {', '.join(map(str, flat))}: every max_lr that was tried "
            "lies within the tolerance, so none is better than another there."
        )
    if any(c["feasible"] and not c["feasible"]["contiguous"] for c in cycles):
        lines.append("*: with gaps; some max_lr between the ends lies outside.")
    if table.get("peak", 1.0) < REACHED:
        lines.append(
            f"The highest rate that a training run reaches is {100 * table['peak']:.1f} % of "
            "max_lr: the schedule drops, or ends, before. Compare reached rates, not max_lr."
        )
    lines += plateau_reports.notes(cycles, f"{table['tolerance']:g} {unit}")
    lines += evidence_reports.notes(cycles)
    if len(counts) > 1:
        lines.append(
            "S-Cyc's run has the least number of replicates in every cycle; the paired differences "
            "are over those, the oracle's means over all of the cycle."
        )
    if table["fit"]:
        lines.append(region_fit.note(table["fit"]))
    if any(entry["diverged"] for c in cycles for entry in c["grid"]):
        count = sum(entry["diverged"] for c in cycles for entry in c["grid"])
        lines.append(
            f"{count} max_lr diverged in at least one replicate; such a replicate scores 0, and "
            "its max_lr cannot be the well-tuned one."
        )
    if any(c["feasible"] is None for c in cycles):
        lines.append("none: every max_lr of that cycle diverged, and the search ended there.")
    if not table["complete"]:
        finished = (
            "these are the cycles that are finished" if cycles else "no cycle is finished yet"
        )
        lines.append(f"The run is not complete; {finished}.")
    return lines


def _is_flat(cycle: OracleCycleRow) -> bool:
    """Whether all of several max_lr of a cycle are members of its measured region."""
    members = len(cycle["feasible"]["members"]) if cycle["feasible"] else 0
    return len(cycle["grid"]) == members > 1


def verdict(table: OracleTable) -> str:
    """What is decided of S-Cyc's max_lr, and then what was measured."""
    if not has_s_cyc(table):
        return "The study has no S-Cyc parameters: only the regions are given."
    judged = [c for c in table["cycles"] if c["s_cyc"]["inside"] is not None]
    by_kind: dict[str, list[OracleCycleRow]] = {}
    for cycle in judged:
        given = cycle["evidence"] and cycle["evidence"]["s_cyc"]
        assert given is not None  # where a region is, so is what is known of it
        by_kind.setdefault(given["verdict"], []).append(cycle)
    outside = by_kind.get("outside", [])
    line = (
        f"S-Cyc's max_lr is inside the region in {len(by_kind.get('inside', []))} of {len(judged)} "
        f"cycles and outside in {len(outside)}"
    )
    if outside:
        line += " (" + ", ".join(f"{_weights(c)} {_side(c)}" for c in outside) + ")"
    line += f"; {len(by_kind.get('undecided', []))} undecided"
    if unknown := by_kind.get("unknown", []):
        line += f", {len(unknown)} unknown beyond the end of the grid"
    measured = sum(bool(c["s_cyc"]["inside"]) for c in judged)
    return f"{line}. As measured, noise and all, it is inside in {measured}."


def _weights(cycle: OracleCycleRow) -> str:
    return f"{cycle['weights_remaining']:.1f} %"


def _rows(cycle: OracleCycleRow, printed: bool, own: bool) -> list[list[str]]:
    """A cycle's line, and below it how certain that is."""
    best, s_cyc = winner(cycle), cycle["s_cyc"]
    mean_std = metric.mean_std if own else format_mean_std
    first = [
        str(cycle["cycle"]),
        str(cycle["replicates"]),
        f"{cycle['weights_remaining']:.2f}",
        format_lr(cycle["well_tuned"]),
        format_region(cycle["feasible"]) + plateau_reports.beside_region(cycle),
        evidence_reports.estimated_region(cycle),
        format_lr(s_cyc["max_lr"]),
        evidence_reports.verdict(cycle),
        mean_std(best["val_accuracy"] if best else None),
        mean_std(s_cyc["val_accuracy"]) + ("!" if s_cyc["diverged"] else ""),
        mean_std(best["test_accuracy"] if best else None),
        mean_std(s_cyc["test_accuracy"]),
        *(_printed(cycle["paper"]) if printed else ()),
    ]
    second = [""] * len(first)
    second[3] = evidence_reports.estimated(cycle)
    second[5], second[7] = evidence_reports.ends(cycle), evidence_reports.chance(cycle)
    second[8] = metric.again(cycle) if own else evidence_reports.cross_validated(cycle)
    paired = metric.paired if own else _paired
    second[9], second[11] = paired(cycle, "validation"), paired(cycle, "test")
    return [first, second] if any(second) else [first]


def _paired(cycle: OracleCycleRow, part: Part) -> str:
    """The oracle less S-Cyc."""
    differences = cycle.get("oracle_less_s_cyc")
    found = Difference.from_json(differences[part]) if differences else None
    if found is None or found.standard_error is None:
        return ""
    return signed(found)


def _printed(column: PaperColumn | None) -> tuple[str, str]:
    """The paper's values for a cycle, where it prints that one."""
    if column is None:
        return "", ""
    return format_lr(
        column["well_tuned"]
    ), f"[{format_lr(column['low'])}, {format_lr(column['high'])}]"


def _side(cycle: OracleCycleRow) -> str:
    """Above or below the estimated region; the measured one in tables of older versions."""
    estimated = cycle["evidence"] and cycle["evidence"].get("estimated")
    region = estimated or cycle["feasible"]
    rate = cycle["s_cyc"]["max_lr"]
    assert region is not None  # of a cycle that is judged
    assert rate is not None
    middle = (region["low"] * region["high"]) ** 0.5
    return "above" if rate > middle else "below"
