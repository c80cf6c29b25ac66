"""Schedules against each other: the table of a run (Liu et al. 2021, Tables 2, 5, 6, 9 to 11)."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from oracle.cells import Result
from oracle.compare import Table, cost, head
from oracle.greedy import OracleCycle
from oracle.paths import PathCycle
from oracle.sheets import Sheet, cost_lines, rate, shrunk_lines, spread
from oracle.spec import TOGETHER, Entry, SchedulesStudy
from scyc.spec import as_json

_ROUNDING = 1e-9  # points; accuracies are shares of images, which differ by more or not at all


@dataclass
class EntryFound:
    """What has been found of one schedule."""

    entry: Entry
    tuning: OracleCycle | None = None  # of max_lr, on the unpruned network
    path: list[PathCycle] = field(default_factory=list)

    @property
    def untunable(self) -> bool:
        """Whether every max_lr of its grid diverged."""
        return self.tuning is not None and self.tuning.region is None


def table(study: SchedulesStudy, run_id: str, found: Sequence[EntryFound], complete: bool) -> Table:
    """The table of a run as far as it has come.

    Accuracies in percent, by replicate: test accuracy is the early-stop test accuracy. ``against``
    compares S-Cyc (the first entry that has it) with the best other of each cycle by mean test
    accuracy: the mean paired difference over replicates and its standard error in points, a
    two-sided paired t-test's p, and the relative improvement in percent of the other's accuracy, as
    the paper computes it.
    """
    rows = [_entry(study, each) for each in found]
    cycles = study.columns or (study.paper.cycles if study.paper else range(study.cycles + 1))
    every = [result for each in found for cycle in each.path for result in cycle.results]
    every += [result for each in found for result in _tuning_results(each)]
    return {
        **head(study, "schedules", run_id, complete),
        "paper_table": study.paper.table if study.paper else None,
        "columns": [_column(study, rows, cycle) for cycle in cycles if cycle <= study.cycles],
        "schedules": rows,
        "cost": {**{each.entry.label: _cost(each) for each in found}, TOGETHER: cost(every)},
    }


def sheet(table: Table) -> Sheet:
    """The printed table: a row a schedule, a column for each number of weights remaining."""
    columns = table["columns"]
    rows = [line for row in table["schedules"] for line in _lines(row, columns, table)]
    return Sheet(
        title=f"{table['study']}: schedules compared",
        run_id=table["run_id"],
        heads=("schedule", "max_lr", *(_remaining(column) for column in columns)),
        rows=[*rows, *_comparison(columns, table)],
        verdict=verdict(table),
        notes=[*shrunk_lines(table), *_footnotes(table)],
        costs=cost_lines(table["cost"], {TOGETHER: f"{TOGETHER} (shared ones counted once)"}),
        flat=[line for row in table["schedules"] for line in _flat(row)],
        flat_heads=_FLAT_HEADS,
        left=frozenset({0, 1}),
    )


def verdict(table: Table) -> str:
    """In how many columns S-Cyc is best, and by how much."""
    judged = [column for column in table["columns"] if column["against"] is not None]
    if not judged:
        return "No column has both S-Cyc and another schedule yet."
    ahead = [column for column in judged if column["against"]["difference"] > _ROUNDING]
    certain = [c for c in judged if (p := c["against"]["p"]) is not None and p < 0.05]
    sure = [c for c in certain if c["against"]["difference"] > 0]
    behind = [c for c in certain if c["against"]["difference"] < 0]
    line = (
        f"S-Cyc is ahead of the best other schedule in {len(ahead)} of {len(judged)} columns, "
        f"in {len(sure)} of them with p < 0.05"
    )
    return line + (f"; behind with p < 0.05 in {len(behind)}." if behind else ".")


def _entry(study: SchedulesStudy, found: EntryFound) -> Table:
    entry = found.entry
    return {
        "label": entry.label,
        "schedule": as_json(entry.schedule),
        "s_cyc": as_json(entry.s_cyc) if entry.s_cyc else None,
        "max_lr": _max_lr(found),
        "tuned": _tuned(found.tuning) if found.tuning else None,
        "cycles": [_cycle(study, entry, each) for each in found.path],
    }


def _max_lr(found: EntryFound) -> float | None:
    """The max_lr of an entry that keeps one; None for S-Cyc, and while it is not tuned."""
    if found.tuning is not None and found.tuning.region is not None:
        return found.tuning.region.well_tuned
    return found.entry.max_lr


def _tuned(tuning: OracleCycle) -> list[Table]:
    return [
        {
            "max_lr": rate,
            "val_accuracy": [result.val_accuracy for result in row],
            "diverged": any(result.diverged for result in row),
        }
        for rate, row in tuning.results.items()
    ]


def _cycle(study: SchedulesStudy, entry: Entry, done: PathCycle) -> Table:
    return {
        "cycle": done.cycle,
        "max_lr": done.max_lr,
        "weights_remaining": done.results[0].weights_remaining,
        "val_accuracy": [result.val_accuracy for result in done.results],
        "test_accuracy": [result.test_accuracy for result in done.results],
        "diverged": any(result.diverged for result in done.results),
        "paper": _printed(study, entry, done.cycle),
    }


def _printed(study: SchedulesStudy, entry: Entry, cycle: int) -> list[float] | None:
    """The paper's mean and std for an entry and a cycle, in percent, where it prints them."""
    paper = study.paper
    if paper is None or entry.label not in paper.accuracy or cycle not in paper.cycles:
        return None
    return list(paper.accuracy[entry.label][paper.cycles.index(cycle)])


def _column(study: SchedulesStudy, rows: Sequence[Table], cycle: int) -> Table:
    cells = {row["label"]: _at(row, cycle) for row in rows}
    sound = {
        label: cell for label, cell in cells.items() if cell is not None and not cell["diverged"]
    }
    means = {label: statistics.fmean(cell["test_accuracy"]) for label, cell in sound.items()}
    s_cyc = next((row["label"] for row in rows if row["s_cyc"] is not None), None)
    others = {label: mean for label, mean in means.items() if label != s_cyc}
    some = next((cell for cell in cells.values() if cell is not None), None)
    against = None
    if s_cyc in sound and others:
        best = max(others, key=lambda label: others[label])
        against = _against(sound[s_cyc]["test_accuracy"], best, sound[best]["test_accuracy"])
    return {
        "cycle": cycle,
        "weights_remaining": some["weights_remaining"] if some else None,
        "best": [label for label in means if means[label] >= max(means.values()) - _ROUNDING],
        "against": against,
        "paper": _paper_column(study, cycle, s_cyc),
    }


def _against(mine: Sequence[float], label: str, theirs: Sequence[float]) -> Table:
    differences = [a - b for a, b in zip(mine, theirs, strict=True)]
    difference, other = statistics.fmean(differences), statistics.fmean(theirs)
    error = p = None
    if len(differences) > 1:
        from scipy.stats import ttest_rel  # noqa: PLC0415  # a second, which most commands are spared

        deviation = statistics.stdev(differences)
        error = deviation / math.sqrt(len(differences))
        p = float(ttest_rel(mine, theirs).pvalue) if deviation > _ROUNDING else None
    return {
        "other": label,
        "difference": difference,
        "standard_error": error,
        "p": p,
        "relative": 100 * difference / other if other else None,
    }


def _paper_column(study: SchedulesStudy, cycle: int, s_cyc: str | None) -> Table | None:
    paper = study.paper
    if paper is None or s_cyc not in paper.accuracy or cycle not in paper.cycles:
        return None
    column = paper.cycles.index(cycle)
    means = {label: row[column][0] for label, row in paper.accuracy.items()}
    mine = means.pop(s_cyc)
    if not means:
        return None
    best = max(means, key=lambda label: means[label])
    return {
        "weights_remaining": paper.weights_remaining[column],
        "other": best,
        "difference": mine - means[best],
        "relative": 100 * (mine - means[best]) / means[best] if means[best] else None,
    }


def _cost(found: EntryFound) -> Table:
    path = [result for cycle in found.path for result in cycle.results]
    return cost([*path, *_tuning_results(found)])


def _tuning_results(found: EntryFound) -> list[Result]:
    if found.tuning is None:
        return []
    return [result for row in found.tuning.results.values() for result in row]


def _at(row: Mapping[str, Any], cycle: int) -> Mapping[str, Any] | None:
    return next((each for each in row["cycles"] if each["cycle"] == cycle), None)


def _remaining(column: Mapping[str, Any]) -> str:
    left = column["weights_remaining"]
    return f"{left:.2f} %\ncycle {column['cycle']}" if left else f"\ncycle {column['cycle']}"


def _lines(row: Table, columns: Sequence[Table], table: Table) -> list[list[str]]:
    """A schedule's line, and, where the paper prints it, the paper's below."""
    ours, theirs = [], []
    stopped = _stopped(row)
    for column in columns:
        cell = _at(row, column["cycle"])
        best = "*" if row["label"] in column["best"] else ""
        if cell is None or cell["diverged"]:
            ours.append("diverged" if column["cycle"] >= stopped else "-")
        else:
            ours.append(spread(cell["test_accuracy"]) + best)
        paper = cell["paper"] if cell else None
        theirs.append(f"{paper[0]:g} ± {paper[1]:g}" if paper else "")
    lines = [[row["label"], _rates(row), *ours]]
    return [*lines, [f"  Table {table['paper_table']}", "", *theirs]] if any(theirs) else lines


def _stopped(row: Table) -> float:
    """The cycle at which a schedule diverged: 0 where all of its grid did, infinity where none."""
    if row["tuned"] and all(each["diverged"] for each in row["tuned"]):
        return 0
    return next((cell["cycle"] for cell in row["cycles"] if cell["diverged"]), math.inf)


def _rates(row: Table) -> str:
    if row["s_cyc"] is not None:
        s = row["s_cyc"]
        return f"({s['epsilon']:g}, {s['delta']:g}, {s['q']}, {s['beta']:g})"
    return rate(row["max_lr"]) + (", tuned" if row["tuned"] else "")


def _comparison(columns: Sequence[Table], table: Table) -> list[list[str]]:
    """S-Cyc against the best other, below the schedules."""
    if not any(column["against"] for column in columns):
        return []
    found = [column["against"] or {} for column in columns]
    lines = [
        ["S-Cyc against", "the best other", *(each.get("other", "-") for each in found)],
        ["", "points", *(_signed(each.get("difference"), each) for each in found)],
        ["", "p (paired t)", *(_p(each.get("p")) for each in found)],
        ["", "relative, %", *(_number(each.get("relative")) for each in found)],
    ]
    paper = [column["paper"] or {} for column in columns]
    if any(paper):
        printed = [_number(each.get("relative")) for each in paper]
        lines.append(["", f"Table {table['paper_table']}, %", *printed])
    return lines


def _signed(difference: float | None, against: Table) -> str:
    if difference is None:
        return "-"
    error = against.get("standard_error")
    return f"{difference:+.2f}" + (f" ± {error:.2f}" if error is not None else "")


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:+.1f}"


def _p(value: float | None) -> str:
    if value is None:
        return "-"
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def _footnotes(table: Table) -> list[str]:
    lines = [
        f"Early-stop test accuracy in percent, mean ± std over {table['replicates']} replicate(s), "
        "by weights remaining; *: the best of a column.",
    ]
    if any(column["against"] for column in table["columns"]):
        lines.append(
            "Points: the mean paired difference over replicates ± its standard error. p is smaller "
            "than it should be where replicates split the same images anew, for they are not "
            "independent (Nadeau and Bengio 2003); the best other is chosen by the same test "
            "accuracies, which flatters that one; nothing is corrected for the number of columns."
        )
        lines.append(
            "Relative: the difference as a share of the other's accuracy, as the paper computes "
            "its improvements (72.8 / 71.3 is 2.1 %)."
        )
    if table["replicates"] == 1:
        lines.append("One replicate: no spread and no test. Raise replicates.")
    if any(row["tuned"] for row in table["schedules"]):
        lines.append(
            "Tuned: max_lr has the best mean validation accuracy of a grid on the unpruned network "
            "(Section 5.1)."
        )
    if any(_stopped(row) < math.inf for row in table["schedules"]):
        lines.append(
            "Diverged: a replicate did, or one of every max_lr of a grid; its network cannot be "
            "pruned, and the run ends."
        )
    if not table["complete"]:
        lines.append("The run is not complete; this is what is finished.")
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


def _flat(row: Table) -> list[dict[str, object]]:
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
