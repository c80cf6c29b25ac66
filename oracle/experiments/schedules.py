"""Learning-rate schedules against each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from oracle.experiments.base import ExperimentCallbacks, first_grid, no_winner, path, path_line
from oracle.reports.sheet import format_lr
from oracle.search.graph import Graph
from oracle.search.grid_search import GridSearch
from oracle.search.pruning_run import RunCycle
from oracle.search.request import Search, StudyKey, StudyRole
from oracle.study.base import LearningRates
from oracle.study.schedules import Entry, SchedulesStudy
from oracle.tables import schedules
from oracle.tables.schedules import EntryResults, SchedulesTable


@dataclass
class SchedulesExperiment:
    """Every schedule's iterative pruning run, those that are tuned after their grid search."""

    study: SchedulesStudy
    graph: Graph
    hooks: ExperimentCallbacks = field(default_factory=ExperimentCallbacks)

    def __post_init__(self) -> None:
        self.entries = {entry.label: EntryResults(entry) for entry in self.study.schedules}
        self._paths = {
            entry.label: path(self.study, self.graph, entry)
            for entry in self.study.schedules
            if entry.tune is None
        }
        self._first = set[str]().union(
            *(
                first_grid(self.study, self.graph, entry.schedule, entry.tune.max_lr)
                for entry in self.study.schedules
                if entry.tune is not None
            )
        )

    def searches(self) -> list[Search]:
        """Return one for each entry, in the study's order."""
        return [self._search(entry) for entry in self.study.schedules]

    def known_cells(self) -> set[str]:
        """Return those of the runs whose max_lr is known."""
        return set().union(*(each.ids for each in self._paths.values()))

    def first_grids(self) -> set[str]:
        """Return those of the entries that are tuned."""
        return self._first

    def unknown_cells(self) -> int:
        """Count the pruned networks of the entries that are still to be tuned."""
        waiting = [
            entry
            for entry in self.study.schedules
            if entry.tune is not None and self.entries[entry.label].tuning is None
        ]
        return len(waiting) * self.study.cycles * self.study.least_replicates

    def table(self, run_id: str) -> SchedulesTable:
        """See :func:`oracle.tables.schedules.table`.

        Args:
            run_id: Id of the run.

        Returns:
            As :func:`oracle.tables.schedules.table`.
        """
        ended = all(
            entry.untunable or (label in self._paths and self._paths[label].ended(entry.path))
            for label, entry in self.entries.items()
        )
        return schedules.table(self.study, run_id, list(self.entries.values()), ended)

    def study_keys(self) -> list[tuple[StudyKey, StudyRole]]:
        """Return one for each run, and one for each grid search."""
        runs: list[tuple[StudyKey, StudyRole]] = [
            (each.study_key, {"role": "schedule", "label": label})
            for label, each in self._paths.items()
        ]
        tunings: list[tuple[StudyKey, StudyRole]] = [
            (each.tuning.study_key, {"role": "tuning", "label": label})
            for label, each in self.entries.items()
            if each.tuning is not None
        ]
        return runs + tunings

    def runs(self) -> dict[str, Sequence[RunCycle]]:
        """Return one for each entry, by its label."""
        return {label: entry.path for label, entry in self.entries.items()}

    def failure(self) -> str | None:
        """Return None: an entry that diverges is a result."""
        return None

    def _search(self, entry: Entry) -> Search:
        entry_result = self.entries[entry.label]
        if entry.tune is not None:
            tuner = GridSearch(self.graph, entry.schedule, entry.tune.max_lr, 0.0, "points")
            entry_result.tuning = yield from tuner.cycle([None] * self.study.least_replicates)
            if entry_result.tuning.region is None:
                self.hooks.on_cycle(f"{entry.label}: {no_winner(entry_result.tuning)}")
                return
            best = entry_result.tuning.region.well_tuned
            self.hooks.on_cycle(
                f"{entry.label}: max_lr {format_lr(best)} is best on the unpruned network"
            )
            tuned = LearningRates(schedule=entry.schedule, max_lr=best)
            self._paths[entry.label] = path(self.study, self.graph, tuned)
            self._drop_discarded()
        yield from self._paths[entry.label].search(
            lambda done: self._cycle_done(entry_result, done)
        )

    def _drop_discarded(self) -> None:
        """When all entries are tuned: one's loser may be another's winner."""
        tuned = [each for each in self.entries.values() if each.entry.tune is not None]
        if all(each.tuning is not None for each in tuned):
            won = {
                result.cell
                for each in tuned
                if each.tuning is not None and each.tuning.region is not None
                for result in each.tuning.results[each.tuning.region.well_tuned]
            }
            discarded = [
                r for each in tuned if each.tuning is not None for r in each.tuning.discarded
            ]
            self.hooks.on_discardable([result for result in discarded if result.cell not in won])

    def _cycle_done(self, entry_result: EntryResults, done: RunCycle) -> None:
        entry_result.path.append(done)
        self.hooks.on_cycle(f"{entry_result.entry.label}: {path_line(done)}")
