"""The printed table of a comparison of schedules."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from oracle.reports.parts.majority import split_notes
from oracle.reports.sheet import (
    Cell,
    CostRow,
    ReportTable,
    cost_rows,
    footnotes,
    format_lr,
    format_mean_std,
    shrunk_lines,
)
from oracle.stats.region import ROUNDING
from oracle.study.schedules import TOGETHER
from oracle.tables.schedules import (
    Against,
    ScheduleColumn,
    ScheduleRow,
    SchedulesTable,
    column_of,
)


def sheet(table: SchedulesTable) -> ReportTable:
    """Make the printed table: a row a schedule, a column for each number of weights remaining.

    Args:
        table: Of the run.

    Returns:
        The printed table; the best of each column is marked.
    """
    columns = table["columns"]
    rows = [line for row in table["schedules"] for line in _lines(row, columns, table)]
    return ReportTable(
        title=f"{table['study']}: schedules compared",
        run_id=table["run_id"],
        headers=("schedule", "max_lr", *(_remaining(column) for column in columns)),
        rows=[*rows, *_comparison(columns, table)],
        verdict=verdict(table),
        notes=footnotes([*shrunk_lines(table), *split_notes(table), *_footnotes(table)]),
        costs=_costs(table),
        flat=[line for row in table["schedules"] for line in _flat(row)],
        flat_heads=_FLAT_HEADS,
        left=frozenset({0, 1}),
    )


def _costs(table: SchedulesTable) -> list[CostRow]:
    together = f"{TOGETHER} (shared ones counted once)"
    return cost_rows(
        {together if name == TOGETHER else name: cost for name, cost in table["cost"].items()}
    )


def verdict(table: SchedulesTable) -> str:
    """Return in how many columns S-Cyc is best, and by how much.

    Args:
        table: Of a run.

    Returns:
        A sentence.
    """
    judged = [column["against"] for column in table["columns"] if column["against"] is not None]
    if not judged:
        return "No column has both S-Cyc and another schedule yet."
    ahead = [against for against in judged if against["difference"] > ROUNDING]
    certain = [a for a in judged if a["p"] is not None and a["p"] < 0.05]
    sure = [a for a in certain if a["difference"] > 0]
    behind = [a for a in certain if a["difference"] < 0]
    line = (
        f"S-Cyc is ahead of the best other schedule in {len(ahead)} of {len(judged)} columns, "
        f"in {len(sure)} of them with p < 0.05"
    )
    return line + (f"; behind with p < 0.05 in {len(behind)}." if behind else ".")


def _remaining(column: ScheduleColumn) -> str:
    left = column["weights_remaining"]
    return f"{left:.2f} %\ncycle {column['cycle']}" if left else f"\ncycle {column['cycle']}"


def _lines(
    row: ScheduleRow, columns: Sequence[ScheduleColumn], table: SchedulesTable
) -> list[list[str]]:
    """Format a schedule's line, and, where the paper prints it, the paper's below."""
    ours, theirs = [], []
    stopped = _stopped(row)
    for column in columns:
        cell = column_of(row, column["cycle"])
        best = row["label"] in column["best"]
        if cell is None or cell["diverged"]:
            ours.append("diverged" if column["cycle"] >= stopped else "-")
        else:
            text = format_mean_std(cell["test_accuracy"])
            ours.append(Cell(f"{text}*", "best") if best else text)
        paper = cell["paper"] if cell else None
        theirs.append(f"{paper[0]:g} ± {paper[1]:g}" if paper else "")
    lines = [[row["label"], _rates(row), *ours]]
    return [*lines, [f"  Table {table['paper_table']}", "", *theirs]] if any(theirs) else lines


def _stopped(row: ScheduleRow) -> float:
    """Return the cycle at which a schedule diverged: 0 where its grid did, infinity if none."""
    if row["tuned"] and all(each["diverged"] for each in row["tuned"]):
        return 0
    return next((cell["cycle"] for cell in row["cycles"] if cell["diverged"]), math.inf)


def _rates(row: ScheduleRow) -> str:
    if row["s_cyc"] is not None:
        s = row["s_cyc"]
        return f"({s['epsilon']:g}, {s['delta']:g}, {s['q']}, {s['beta']:g})"
    return format_lr(row["max_lr"]) + (", tuned" if row["tuned"] else "")


def _comparison(columns: Sequence[ScheduleColumn], table: SchedulesTable) -> list[list[str]]:
    """S-Cyc against the best other, below the schedules."""
    if not any(column["against"] for column in columns):
        return []
    against = [column["against"] for column in columns]
    lines = [
        [
            "S-Cyc against",
            "the best other",
            *(each["other"] if each else "-" for each in against),
        ],
        ["", "points", *(_signed(each) for each in against)],
        ["", "p (paired t)", *(_p(each["p"] if each else None) for each in against)],
        ["", "relative, %", *(_number(each["relative"] if each else None) for each in against)],
    ]
    paper = [column["paper"] for column in columns]
    if any(paper):
        printed = [_number(each["relative"] if each else None) for each in paper]
        lines.append(["", f"Table {table['paper_table']}, %", *printed])
    return lines


def _signed(against: Against | None) -> str:
    if against is None:
        return "-"
    error = against["standard_error"]
    return f"{against['difference']:+.2f}" + (f" ± {error:.2f}" if error is not None else "")


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:+.1f}"


def _p(value: float | None) -> str:
    if value is None:
        return "-"
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def _footnotes(table: SchedulesTable) -> list[str]:
    lines = [
        f"Early-stop test accuracy in %, mean ± std over {table['replicates']} "
        f"replicate{'s' * (table['replicates'] > 1)}; *: best of a column.",
    ]
    if any(column["against"] for column in table["columns"]):
        lines.append(
            "Points: mean paired difference ± SE. p is optimistic where replicates re-split the "
            "same images (Nadeau and Bengio 2003); no correction for multiple columns or for "
            "choosing the best other."
        )
        lines.append(
            "Relative: difference / accuracy of the other, as in the paper (72.8 / 71.3 is 2.1 %)."
        )
    if table["replicates"] == 1:
        lines.append("One replicate: no std and no test. Use more replicates.")
    if any(row["tuned"] for row in table["schedules"]):
        lines.append(
            "Tuned: the max_lr of a grid with the best mean validation accuracy on the unpruned "
            "network (Section 5.1)."
        )
    if any(_stopped(row) < math.inf for row in table["schedules"]):
        lines.append(
            "Diverged: a replicate (or every max_lr of the grid) diverged; the schedule ends there."
        )
    if not table["complete"]:
        some = any(row["cycles"] for row in table["schedules"])
        finished = "the table has what is finished so far" if some else "no cycle is finished yet"
        lines.append(f"The run is not complete; {finished}.")
    return lines


_FLAT_HEADS = (
    "schedule",
    "cycle",
    "weights_remaining",
    "max_lr",
    "test_accuracy_mean",
    "test_accuracy_std",
    "val_accuracy_mean",
    "val_accuracy_std",
    "diverged",
    "paper_mean",
    "paper_std",
)


def _flat(row: ScheduleRow) -> list[dict[str, object]]:
    lines = []
    for cell in row["cycles"]:
        test, val, paper = cell["test_accuracy"], cell["val_accuracy"], cell["paper"]
        several = len(test) > 1
        lines.append(
            {
                "schedule": row["label"],
                "cycle": cell["cycle"],
                "weights_remaining": cell["weights_remaining"],
                "max_lr": cell["max_lr"],
                "test_accuracy_mean": statistics.fmean(test),
                "test_accuracy_std": statistics.stdev(test) if several else None,
                "val_accuracy_mean": statistics.fmean(val),
                "val_accuracy_std": statistics.stdev(val) if several else None,
                "diverged": cell["diverged"],
                "paper_mean": paper[0] if paper else None,
                "paper_std": paper[1] if paper else None,
            }
        )
    return lines
