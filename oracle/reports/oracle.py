"""The printed table of an oracle run: its cells and its notes."""

from __future__ import annotations

from oracle.analysis import costs, region_fit
from oracle.reports.parts import beam as beam_reports
from oracle.reports.parts import cell_search as cell_search_reports
from oracle.reports.parts import current, evidence_notes, flat_rows, metric
from oracle.reports.parts import evidence as evidence_reports
from oracle.reports.parts import plateau as plateau_reports
from oracle.reports.parts import rivals as rivals_reports
from oracle.reports.parts.majority import split_notes
from oracle.reports.sheet import (
    CostRow,
    ReportTable,
    cost_rows,
    footnotes,
    format_lr,
    format_mean_std,
    shrunk_lines,
)
from oracle.search.chance import Part
from oracle.stats.paired_difference import Difference, signed
from oracle.tables.oracle import OracleCost, OracleTable
from oracle.tables.parts.cycles import FeasibleRegion, OracleCycleRow, PaperColumn, winner
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
    """Make an oracle run's table, as it is printed.

    Args:
        table: Of the run.

    Returns:
        The printed table; below it those of beam, baselines and the unfinished cycle.
    """
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
        title=f"{table['study']}: greedy oracle" + (" and S-Cyc" if has_s_cyc(table) else ""),
        run_id=table["run_id"],
        headers=tuple(heads),
        rows=rows,
        verdict=verdict(table),
        notes=footnotes([*shrunk_lines(table), *split_notes(table), *_footnotes(table)]),
        costs=_costs(table["cost"]),
        cost_notes=[ratio] if ratio else [],
        flat=[flat_rows.flat_row(cycle) for cycle in table["cycles"]],
        flat_heads=flat_rows.flat_heads(),
        series="oracle and S-Cyc",
        subtables=_more(table),
    )
    return metric.named(printed, table)


def has_s_cyc(table: OracleTable) -> bool:
    """Return whether the study has S-Cyc's parameters; True, too, before the first cycle has ended.

    Args:
        table: Of an oracle run.

    Returns:
        False where a finished cycle has no max_lr of S-Cyc's.
    """
    return all(cycle["s_cyc"]["max_lr"] is not None for cycle in table["cycles"])


def _costs(cost: OracleCost) -> list[CostRow]:
    simulated = {"adaptive (simulated)": cost["adaptive"]} if "adaptive" in cost else {}
    one = {"S-Cyc": cost["s_cyc"]} if cost["s_cyc"]["trainings"] else {}
    return cost_rows({"oracle": cost["oracle"], **simulated, **one})


def _more(table: OracleTable) -> list[ReportTable]:
    """Return the tables below: the unfinished cycle, rivals and beam, of a run with them."""
    unfinished = table.get("current")
    so_far = [current.sheet(table, unfinished)] if unfinished else []
    rivals = [rivals_reports.sheet(table)] if table["rivals"] else []
    beam = [beam_reports.sheet(table, table["beam"])] if table["beam"] else []
    return [*so_far, *rivals, *beam]


def _counts(table: OracleTable) -> list[int]:
    """Return the numbers of replicates that its cycles have, rising."""
    return sorted({cycle["replicates"] for cycle in table["cycles"]} or {table["replicates"]})


def format_region(feasible: FeasibleRegion | None) -> str:
    """Format the feasible region.

    Args:
        feasible: The region, or None.

    Returns:
        ``<`` and ``>`` where the grid cuts it off, ``*`` where it has gaps.
    """
    if feasible is None:
        return "none"
    low = ("<" if feasible["cut_low"] else "") + format_lr(feasible["low"])
    high = format_lr(feasible["high"]) + (">" if feasible["cut_high"] else "")
    return f"[{low}, {high}]" + ("" if feasible["contiguous"] else "*")


def _footnotes(table: OracleTable) -> list[str]:
    """Collect the notes that the table needs."""
    cycles, counts = table["cycles"], _counts(table)
    unit = "points" if table["tolerance_kind"] == "points" else "% (relative)"
    over = f"{counts[0]} to {counts[-1]}" if len(counts) > 1 else str(counts[0])
    replicates = "replicate" if over == "1" else "replicates"
    lines = [
        f"Region: max_lr within {exact(table['tolerance'])} {unit} of the best mean validation "
        f"accuracy, {over} {replicates}"
        + (" (verdict: estimated region)." if has_s_cyc(table) else ".")
    ]
    lines += [*evidence_notes.notes(cycles), *filter(None, (_marks(table), _training(table)))]
    lines += evidence_notes.warnings(cycles)
    if table["search"] == "adaptive":
        spent = table["cost"]["oracle"]
        lines.append(
            f"Adaptive search: {spent['trainings']:,} of the full grid's "
            f"{spent['full_grid_trainings']:,} training runs."
        )
    lines += cell_search_reports.notes(table)
    known = evidence_notes.flat_cycles(cycles)
    if flat := [c["cycle"] for c in cycles if _is_flat(c) and c["cycle"] not in known]:
        lines.append(
            f"Flat as measured at cycle {', '.join(map(str, flat))}: every max_lr of the grid is "
            "within the tolerance."
        )
    if len(counts) > 1 and has_s_cyc(table):
        lines.append(f"S-Cyc has {counts[0]} replicates; paired differences are over these.")
    if table["fit"]:
        lines.append(region_fit.note(table["fit"]))
    if not table["complete"]:
        lines.append(
            "The run is not complete; the table has the cycles finished so far."
            if cycles
            else "The run is not complete; no cycle is finished yet."
        )
    return lines


def _marks(table: OracleTable) -> str:
    """List the marks that occur in the table, each with its meaning."""
    cycles = table["cycles"]
    regions = [c["feasible"] for c in cycles if c["feasible"]]
    marks = [evidence_notes.open_verdicts(cycles)]
    if any(region["cut_low"] or region["cut_high"] for region in regions):
        marks.append("<, >: cut off by the end of the grid")
    if any(not region["contiguous"] for region in regions) or evidence_notes.in_parts(cycles):
        marks.append("*: with gaps")
    if any(c["s_cyc"]["diverged"] for c in cycles):
        marks.append("!: diverged")
    if any(c["feasible"] is None for c in cycles):
        marks.append("none: every max_lr diverged, the search ends")
    shown = "; ".join(mark for mark in marks if mark)
    return f"{shown}." if shown else ""


def _training(table: OracleTable) -> str:
    """Say what is to be known of the training runs: their end, divergence, noise."""
    cycles = table["cycles"]
    parts = plateau_reports.notes(cycles)
    if count := sum(entry["diverged"] for c in cycles for entry in c["grid"]):
        parts.append(f"{count} learning rate{'s' * (count > 1)} diverged (scored 0)")
    if table.get("peak", 1.0) < REACHED:
        parts.append(f"the learning rate reaches only {100 * table['peak']:.1f} % of max_lr")
    parts += [evidence_notes.noise(cycles), evidence_notes.early_stopping(cycles)]
    shown = "; ".join(part for part in parts if part)
    return f"Training: {shown}." if shown else ""


def _is_flat(cycle: OracleCycleRow) -> bool:
    """Whether all of several max_lr of a cycle are members of its measured region."""
    members = len(cycle["feasible"]["members"]) if cycle["feasible"] else 0
    return len(cycle["grid"]) == members > 1


def verdict(table: OracleTable) -> str:
    """Return how many cycles are conclusive for S-Cyc's max_lr, and what was measured.

    Args:
        table: Of an oracle run.

    Returns:
        One or two sentences.
    """
    if not has_s_cyc(table):
        return "The study has no S-Cyc parameters: only the regions are given."
    judged = [c for c in table["cycles"] if c["s_cyc"]["inside"] is not None]
    by_kind: dict[str, list[OracleCycleRow]] = {}
    for cycle in judged:
        given = cycle["evidence"] and cycle["evidence"]["s_cyc"]
        assert given is not None  # where a region is, so is what is known of it
        by_kind.setdefault(given["verdict"], []).append(cycle)
    inside, outside = by_kind.get("inside", []), by_kind.get("outside", [])
    decided = len(inside) + len(outside)
    counts = _counts(table)
    over = f"{counts[0]} to {counts[-1]}" if len(counts) > 1 else str(counts[0])
    sides = ", ".join(f"{c['weights_remaining']:.1f} % {_side(c)}" for c in outside)
    cycles = f": {sides}" if sides else ""
    line = (
        f"S-Cyc verdict: with {over} replicate{'s' * (over != '1')}, "
        f"{decided} of {len(judged)} cycles {'is' if decided == 1 else 'are'} conclusive "
        f"({len(inside)} inside, {len(outside)} outside{cycles})"
    )
    if unknown := by_kind.get("unknown", []):
        line += f"; {len(unknown)} unknown beyond the end of the grid"
    measured = sum(bool(c["s_cyc"]["inside"]) for c in judged)
    return f"{line}. In the measured region: {measured} of {len(judged)}."


def _rows(cycle: OracleCycleRow, printed: bool, own: bool) -> list[list[str]]:
    """Format a cycle's line, and below it how certain that is."""
    best, s_cyc = winner(cycle), cycle["s_cyc"]
    mean_std = metric.mean_std if own else format_mean_std
    first = [
        str(cycle["cycle"]),
        str(cycle["replicates"]),
        f"{cycle['weights_remaining']:.2f}",
        format_lr(cycle["well_tuned"]),
        format_region(cycle["feasible"]),
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
    second[3:5] = evidence_reports.estimated(cycle), plateau_reports.undertrained_mark(cycle)
    second[5], second[7] = evidence_reports.ends(cycle), evidence_reports.chance(cycle)
    second[8] = metric.again(cycle) if own else evidence_reports.cross_validated(cycle)
    paired = metric.paired if own else _paired
    second[9], second[11] = paired(cycle, "validation"), paired(cycle, "test")
    return [first, second] if any(second) else [first]


def _paired(cycle: OracleCycleRow, part: Part) -> str:
    """Format the paired difference, the oracle less S-Cyc."""
    differences = cycle.get("oracle_less_s_cyc")
    difference = Difference.from_json(differences[part]) if differences else None
    if difference is None or difference.standard_error is None:
        return ""
    return signed(difference)


def _printed(column: PaperColumn | None) -> tuple[str, str]:
    """Format the paper's values for a cycle, where it prints that one."""
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
