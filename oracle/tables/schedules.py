"""Schedules against each other: the table of a run (Liu et al. 2021, Tables 2, 5, 6, 9 to 11)."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NotRequired

from typing_extensions import TypedDict

from oracle.search import chance
from oracle.search.graph import CellResult
from oracle.search.grid_search import OracleCycle
from oracle.search.pruning_run import RunCycle
from oracle.stats.paired_difference import difference
from oracle.stats.region import ROUNDING
from oracle.study.schedules import TOGETHER, Entry, SchedulesStudy
from oracle.tables.base import (
    RunCycleRow,
    SCycParameters,
    TableHeader,
    TrainingCost,
    run_cycle_row,
    s_cyc_parameters,
    table_header,
    training_cost,
)
from oracle.tables.parts import majority
from scyc.json_types import JsonObject
from scyc.specs.base import as_json


class ScheduleCycle(RunCycleRow):
    """One network of a schedule's run."""

    paper: list[float] | None
    """The paper's mean and standard deviation."""


class TunedMaxLr(TypedDict):
    """One max_lr of the grid that an entry is tuned on, on the unpruned network."""

    max_lr: float
    val_accuracy: list[float]
    diverged: bool


class ScheduleRow(TypedDict):
    """One schedule, and its run."""

    label: str
    schedule: JsonObject
    """Its fields, as a study declares them."""
    s_cyc: SCycParameters | None
    """Null of a schedule with one max_lr."""
    max_lr: float | None
    """The one it keeps; null for S-Cyc, and while it is not tuned."""
    tuned: list[TunedMaxLr] | None
    """Null where max_lr is given."""
    cycles: list[ScheduleCycle]


class Against(TypedDict):
    """S-Cyc against the best other schedule of a column, by mean test accuracy."""

    other: str
    """Its label."""
    difference: float
    """Points; mean paired difference, above 0 where S-Cyc is ahead."""
    standard_error: float | None
    p: float | None
    """Of a two-sided paired t-test."""
    relative: float | None
    """Percent of the other's accuracy, as the paper computes it."""


class PaperAgainst(TypedDict):
    """The same by the accuracies that the paper prints."""

    weights_remaining: float
    other: str
    difference: float
    relative: float | None


class ScheduleColumn(TypedDict):
    """One pruning cycle, all schedules side by side."""

    cycle: int
    weights_remaining: float | None
    """Null before any schedule has come so far."""
    best: list[str]
    """Labels of the schedules with the best mean test accuracy."""
    against: Against | None
    paper: PaperAgainst | None
    at_chance: NotRequired[bool | None]
    """No schedule is better than naming the largest class."""


class SchedulesTable(TableHeader):
    """Schedules against each other. Test accuracy is the early-stop test accuracy.

    Keys that are not required are absent from tables that earlier versions wrote.
    """

    kind: Literal["schedules"]
    paper_table: str | None
    split: NotRequired[majority.Split | None]
    """Null where a result was stored without it."""
    columns: list[ScheduleColumn]
    schedules: list[ScheduleRow]
    cost: dict[str, TrainingCost]
    """By label, and of all together."""


@dataclass
class EntryResults:
    """The results of one schedule."""

    entry: Entry
    tuning: OracleCycle | None = None  # of max_lr, on the unpruned network
    path: list[RunCycle] = field(default_factory=list)

    @property
    def untunable(self) -> bool:
        """Whether every max_lr of its grid diverged."""
        return self.tuning is not None and self.tuning.region is None


def table(
    study: SchedulesStudy, run_id: str, entries: Sequence[EntryResults], complete: bool
) -> SchedulesTable:
    """Return the table of a run as far as it has come.

    Args:
        study: A study that compares schedules.
        run_id: The run's id.
        entries: The results of each schedule, in the study's order.
        complete: Whether that is all there will be.

    Returns:
        A table of kind "schedules".
    """
    rows = [_entry(study, each) for each in entries]
    cycles = study.columns or (study.paper.cycles if study.paper else range(study.cycles + 1))
    every = [result for each in entries for cycle in each.path for result in cycle.results]
    every += [result for each in entries for result in _tuning_results(each)]
    return {
        "kind": "schedules",
        **table_header(study, run_id, complete),
        "paper_table": study.paper.table if study.paper else None,
        "split": majority.split(every),
        "columns": [
            _column(study, rows, cycle, _at_chance(entries, cycle))
            for cycle in cycles
            if cycle <= study.cycles
        ],
        "schedules": rows,
        "cost": {
            **{each.entry.label: _cost(each) for each in entries},
            TOGETHER: training_cost(every),
        },
    }


def _at_chance(entries: Sequence[EntryResults], cycle: int) -> bool | None:
    """Whether no schedule's network of a cycle is better than always naming the largest class."""
    there = [done.results for each in entries for done in each.path if done.cycle == cycle]
    return chance.at_chance(there, "test")


def _entry(study: SchedulesStudy, results: EntryResults) -> ScheduleRow:
    entry = results.entry
    return {
        "label": entry.label,
        "schedule": as_json(entry.schedule),
        "s_cyc": s_cyc_parameters(entry.s_cyc) if entry.s_cyc else None,
        "max_lr": _max_lr(results),
        "tuned": _tuned(results.tuning) if results.tuning else None,
        "cycles": [_cycle(study, entry, each) for each in results.path],
    }


def _max_lr(results: EntryResults) -> float | None:
    """Return the max_lr of an entry that keeps one; None for S-Cyc, and while it is not tuned."""
    if results.tuning is not None and results.tuning.region is not None:
        return results.tuning.region.well_tuned
    return results.entry.max_lr


def _tuned(tuning: OracleCycle) -> list[TunedMaxLr]:
    return [
        {
            "max_lr": rate,
            "val_accuracy": [result.val_accuracy for result in row],
            "diverged": any(result.diverged for result in row),
        }
        for rate, row in tuning.results.items()
    ]


def _cycle(study: SchedulesStudy, entry: Entry, done: RunCycle) -> ScheduleCycle:
    return {**run_cycle_row(done), "paper": _printed(study, entry, done.cycle)}


def _printed(study: SchedulesStudy, entry: Entry, cycle: int) -> list[float] | None:
    """Return the paper's mean and std, in percent, where it prints this entry and cycle."""
    paper = study.paper
    if paper is None or entry.label not in paper.accuracy or cycle not in paper.cycles:
        return None
    return list(paper.accuracy[entry.label][paper.cycles.index(cycle)])


def _column(
    study: SchedulesStudy, rows: Sequence[ScheduleRow], cycle: int, at_chance: bool | None
) -> ScheduleColumn:
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
        best = next(label for label, mean in others.items() if mean >= top - ROUNDING)
        against = _against(sound[s_cyc]["test_accuracy"], best, sound[best]["test_accuracy"])
    return {
        "cycle": cycle,
        "weights_remaining": some["weights_remaining"] if some else None,
        "best": [label for label in means if means[label] >= max(means.values()) - ROUNDING],
        "against": against,
        "paper": _paper_column(study, cycle, s_cyc),
        "at_chance": at_chance,
    }


def _against(mine: Sequence[float], label: str, theirs: Sequence[float]) -> Against:
    ahead, other = difference(mine, theirs), statistics.fmean(theirs)
    return {
        "other": label,
        "difference": ahead.points,
        "standard_error": ahead.standard_error,
        "p": ahead.p,
        "relative": 100 * ahead.points / other if other else None,
    }


def _paper_column(study: SchedulesStudy, cycle: int, s_cyc: str | None) -> PaperAgainst | None:
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


def _cost(results: EntryResults) -> TrainingCost:
    path = [result for cycle in results.path for result in cycle.results]
    return training_cost([*path, *_tuning_results(results)])


def _tuning_results(results: EntryResults) -> list[CellResult]:
    if results.tuning is None:
        return []
    return [result for row in results.tuning.results.values() for result in row]


def column_of(row: ScheduleRow, cycle: int) -> ScheduleCycle | None:
    """Return a row's entry of a pruning cycle, None where it has none.

    Args:
        row: Of a schedule.
        cycle: Completed pruning cycles, 0 for the unpruned network.

    Returns:
        The entry, or None.
    """
    return next((each for each in row["cycles"] if each["cycle"] == cycle), None)
