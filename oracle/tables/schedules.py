"""Schedules against each other: the table of a run (Liu et al. 2021, Tables 2, 5, 6, 9 to 11)."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from oracle.search.graph import CellResult
from oracle.search.greedy import OracleCycle
from oracle.search.pruning_run import RunCycle
from oracle.stats.region import ROUNDING, ahead
from oracle.study.oracle import TOGETHER, Entry, SchedulesStudy
from oracle.tables import majority
from oracle.tables.oracle import Table, table_header, training_cost
from scyc.specs.base import as_json


@dataclass
class EntryFound:
    """What has been found of one schedule."""

    entry: Entry
    tuning: OracleCycle | None = None  # of max_lr, on the unpruned network
    path: list[RunCycle] = field(default_factory=list)

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
        **table_header(study, "schedules", run_id, complete),
        "paper_table": study.paper.table if study.paper else None,
        "split": majority.split(every),
        "columns": [
            {**_column(study, rows, cycle), "at_chance": _at_chance(found, cycle)}
            for cycle in cycles
            if cycle <= study.cycles
        ],
        "schedules": rows,
        "cost": {
            **{each.entry.label: _cost(each) for each in found},
            TOGETHER: training_cost(every),
        },
    }


def _at_chance(found: Sequence[EntryFound], cycle: int) -> bool | None:
    """Whether no schedule's network of a cycle is better than always naming the largest class."""
    there = [done.results for each in found for done in each.path if done.cycle == cycle]
    return majority.at_chance(there, "test")


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


def _cycle(study: SchedulesStudy, entry: Entry, done: RunCycle) -> Table:
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
    cells = {row["label"]: column_of(row, cycle) for row in rows}
    sound = {
        label: cell for label, cell in cells.items() if cell is not None and not cell["diverged"]
    }
    means = {label: statistics.fmean(cell["test_accuracy"]) for label, cell in sound.items()}
    s_cyc = next((row["label"] for row in rows if row["s_cyc"] is not None), None)
    others = {label: mean for label, mean in means.items() if label != s_cyc}
    some = next((cell for cell in cells.values() if cell is not None), None)
    against = None
    if s_cyc in sound and others:
        top = max(others.values())
        best = next(label for label, mean in others.items() if not ahead(top, mean))
        against = _against(sound[s_cyc]["test_accuracy"], best, sound[best]["test_accuracy"])
    return {
        "cycle": cycle,
        "weights_remaining": some["weights_remaining"] if some else None,
        "best": [label for label in means if not ahead(max(means.values()), means[label])],
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
        p = float(ttest_rel(mine, theirs).pvalue) if deviation > ROUNDING else None
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
    return training_cost([*path, *_tuning_results(found)])


def _tuning_results(found: EntryFound) -> list[CellResult]:
    if found.tuning is None:
        return []
    return [result for row in found.tuning.results.values() for result in row]


def column_of(row: Mapping[str, Any], cycle: int) -> Mapping[str, Any] | None:
    """Return a row's entry of a pruning cycle, None where it has none."""
    return next((each for each in row["cycles"] if each["cycle"] == cycle), None)
