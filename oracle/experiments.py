"""What each kind of study trains: its searches, what they have found, and its table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol

from oracle import adaptive, compare, distribution_tables, grid, schedule_tables
from oracle.asks import Place, Search, row
from oracle.cells import Graph, Result
from oracle.compare import Table
from oracle.greedy import GridSearch, OracleCycle, oracle
from oracle.grid_spec import GridSpec
from oracle.paths import PathCycle, PruningPath
from oracle.schedule_tables import EntryFound
from oracle.sheets import rate
from oracle.spec import (
    DistributionsStudy,
    Entry,
    LearningRates,
    OracleStudy,
    SchedulesStudy,
    Study,
    learning_rates,
)
from scyc.choices import ScheduleSpec


@dataclass
class Hooks:
    """What is told while searches go on."""

    line: Callable[[str], None] = lambda text: None  # of a cycle that is finished
    losers: Callable[[Iterable[Result]], None] = lambda results: None  # no path goes on from these


class Experiment(Protocol):
    """One study's searches, and what they have found so far."""

    def searches(self) -> list[Search]:
        """What is to be trained; the searches named first are served first."""

    def known_cells(self) -> set[str]:
        """Ids of the cells of iterative pruning runs whose max_lr is known."""

    def first_grids(self) -> set[str]:
        """Ids of the cells of the grids that are searched on the unpruned network."""

    def unknown_cells(self) -> int:
        """How many more will be asked for, if no grid grows any more."""

    def table(self, run_id: str) -> Table:
        """What has been found, as plain data."""

    def places(self) -> list[tuple[Place, dict[str, Any]]]:
        """The Optuna studies that hold it, and what each is in this study."""

    def runs(self) -> dict[str, Sequence[PathCycle]]:
        """The iterative pruning runs, by name, as far as they have come."""

    def failure(self) -> str | None:
        """Why the study could not come to its end, if so."""


@dataclass
class OracleExperiment:
    """The greedy oracle, and S-Cyc's own run beside it."""

    study: OracleStudy
    graph: Graph
    hooks: Hooks = field(default_factory=Hooks)
    cycles: list[OracleCycle] = field(default_factory=list)
    s_cyc: list[PathCycle] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._path = path(self.study, self.graph, learning_rates(self.study))
        self._first = _first_grid(self.study, self.graph, self.study.schedule, self.study.grid)
        self._begun = False

    def searches(self) -> list[Search]:
        """The oracle's, then S-Cyc's, which fills the workers while the oracle waits."""
        self._begun = True
        return [
            oracle(self.study, self.graph, self._cycle_done),
            self._path.search(self.s_cyc.append),
        ]

    def known_cells(self) -> set[str]:
        """S-Cyc's."""
        return set(self._path.ids)

    def first_grids(self) -> set[str]:
        """That of cycle 0, where the whole of it is searched."""
        return self._first if self.study.search == "grid" else set()

    def unknown_cells(self) -> int:
        """The grids of the cycles that have not begun; of an adaptive search, a guess at it."""
        whole = self.study.search == "grid"
        begun = len(self.cycles) + (1 if whole or self._begun else 0)
        ahead = max(0, self.study.cycles + 1 - begun)
        count = adaptive.expected(len(grid.values(self.study.grid)), self.study.search)
        return ahead * count * self.study.replicates

    def table(self, run_id: str) -> Table:
        """See :func:`oracle.compare.table`."""
        ended = len(self.cycles) == self.study.cycles + 1 and self._path.ended(self.s_cyc)
        return compare.table(self.study, run_id, self.cycles, self.s_cyc, ended)

    def places(self) -> list[tuple[Place, dict[str, Any]]]:
        """One for each cycle of the oracle, and S-Cyc's."""
        found: list[tuple[Place, dict[str, Any]]] = [
            (each.place, {"role": "oracle", "cycle": each.cycle, "grid": list(each.cells)})
            for each in self.cycles
        ]
        return [*found, (self._path.place, {"role": "s_cyc"})]

    def runs(self) -> dict[str, Sequence[PathCycle]]:
        """The oracle's, which goes on with each cycle's well-tuned max_lr, and S-Cyc's."""
        won = [
            PathCycle(each.cycle, rate, each.cells[rate], each.results[rate])
            for each in self.cycles
            if each.region is not None
            for rate in [each.region.well_tuned]
        ]
        return {"oracle": won, "S-Cyc": self.s_cyc}

    def failure(self) -> str | None:
        """A cycle without a winner."""
        return no_winner(self.cycles[-1]) if self.cycles else None

    def _cycle_done(self, cycle: OracleCycle) -> None:
        self.cycles.append(cycle)
        if cycle.region is not None:
            self.hooks.losers(cycle.losers)
        self.hooks.line(cycle_line(cycle))


@dataclass
class SchedulesExperiment:
    """Every schedule's iterative pruning run, those that are tuned after their grid search."""

    study: SchedulesStudy
    graph: Graph
    hooks: Hooks = field(default_factory=Hooks)

    def __post_init__(self) -> None:
        self.found = {entry.label: EntryFound(entry) for entry in self.study.schedules}
        self._paths = {
            entry.label: path(self.study, self.graph, entry)
            for entry in self.study.schedules
            if entry.tune is None
        }
        self._first = set[str]().union(
            *(
                _first_grid(self.study, self.graph, entry.schedule, entry.tune.max_lr)
                for entry in self.study.schedules
                if entry.tune is not None
            )
        )

    def searches(self) -> list[Search]:
        """One for each entry, in the study's order."""
        return [self._search(entry) for entry in self.study.schedules]

    def known_cells(self) -> set[str]:
        """Those of the runs whose max_lr is known."""
        return set().union(*(each.ids for each in self._paths.values()))

    def first_grids(self) -> set[str]:
        """Those of the entries that are tuned."""
        return self._first

    def unknown_cells(self) -> int:
        """The pruned networks of the entries that are still to be tuned."""
        waiting = [
            entry
            for entry in self.study.schedules
            if entry.tune is not None and self.found[entry.label].tuning is None
        ]
        return len(waiting) * self.study.cycles * self.study.replicates

    def table(self, run_id: str) -> Table:
        """See :func:`oracle.schedule_tables.table`."""
        ended = all(
            found.untunable or (label in self._paths and self._paths[label].ended(found.path))
            for label, found in self.found.items()
        )
        return schedule_tables.table(self.study, run_id, list(self.found.values()), ended)

    def places(self) -> list[tuple[Place, dict[str, Any]]]:
        """One for each run, and one for each grid search."""
        runs: list[tuple[Place, dict[str, Any]]] = [
            (each.place, {"role": "schedule", "label": label})
            for label, each in self._paths.items()
        ]
        tunings: list[tuple[Place, dict[str, Any]]] = [
            (each.tuning.place, {"role": "tuning", "label": label})
            for label, each in self.found.items()
            if each.tuning is not None
        ]
        return runs + tunings

    def runs(self) -> dict[str, Sequence[PathCycle]]:
        """One for each entry, by its label."""
        return {label: found.path for label, found in self.found.items()}

    def failure(self) -> str | None:
        """None: an entry that diverges is a result."""
        return None

    def _search(self, entry: Entry) -> Search:
        found = self.found[entry.label]
        if entry.tune is not None:
            tuner = GridSearch(self.graph, entry.schedule, entry.tune.max_lr, 0.0, "points")
            found.tuning = yield from tuner.cycle([None] * self.study.replicates)
            if found.tuning.region is None:
                self.hooks.line(f"{entry.label}: {no_winner(found.tuning)}")
                return
            best = found.tuning.region.well_tuned
            self.hooks.line(f"{entry.label}: max_lr {rate(best)} is best on the unpruned network")
            tuned = LearningRates(schedule=entry.schedule, max_lr=best)
            self._paths[entry.label] = path(self.study, self.graph, tuned)
            self._drop_losers()
        yield from self._paths[entry.label].search(lambda done: self._cycle_done(found, done))

    def _drop_losers(self) -> None:
        """When all entries are tuned: one's loser may be another's winner."""
        tuned = [each for each in self.found.values() if each.entry.tune is not None]
        if all(each.tuning is not None for each in tuned):
            won = {
                result.cell
                for each in tuned
                if each.tuning is not None and each.tuning.region is not None
                for result in each.tuning.results[each.tuning.region.well_tuned]
            }
            losers = [r for each in tuned if each.tuning is not None for r in each.tuning.losers]
            self.hooks.losers([result for result in losers if result.cell not in won])

    def _cycle_done(self, found: EntryFound, done: PathCycle) -> None:
        found.path.append(done)
        self.hooks.line(f"{found.entry.label}: {path_line(done)}")


@dataclass
class DistributionsExperiment:
    """One iterative pruning run, with the distributions of each cycle."""

    study: DistributionsStudy
    graph: Graph
    hooks: Hooks = field(default_factory=Hooks)
    found: list[PathCycle] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._path = path(self.study, self.graph, self.study)

    def searches(self) -> list[Search]:
        """One run."""
        return [self._path.search(self._cycle_done)]

    def known_cells(self) -> set[str]:
        """All of them."""
        return set(self._path.ids)

    def first_grids(self) -> set[str]:
        """None."""
        return set()

    def unknown_cells(self) -> int:
        """None."""
        return 0

    def table(self, run_id: str) -> Table:
        """See :func:`oracle.distribution_tables.table`."""
        return distribution_tables.table(
            self.study, run_id, self.found, self._path.ended(self.found)
        )

    def places(self) -> list[tuple[Place, dict[str, Any]]]:
        """The run's."""
        return [(self._path.place, {"role": "distributions"})]

    def runs(self) -> dict[str, Sequence[PathCycle]]:
        """The one."""
        return {"training": self.found}

    def failure(self) -> str | None:
        """A replicate that diverged, so that it could not be pruned."""
        if self.found and any(result.diverged for result in self.found[-1].results):
            return f"a replicate of cycle {self.found[-1].cycle} diverged; lower max_lr"
        return None

    def _cycle_done(self, done: PathCycle) -> None:
        self.found.append(done)
        self.hooks.line(path_line(done))


EXPERIMENTS: MappingProxyType[type[Study], Callable[..., Experiment]] = MappingProxyType(
    {
        OracleStudy: OracleExperiment,
        SchedulesStudy: SchedulesExperiment,
        DistributionsStudy: DistributionsExperiment,
    }
)


def experiment(study: Study, graph: Graph, hooks: Hooks | None = None) -> Experiment:
    """A study's experiment, of which nothing has been found yet."""
    return EXPERIMENTS[type(study)](study, graph, hooks or Hooks())


def expected_cells(found: Experiment, asked: AbstractSet[str] = frozenset()) -> int:
    """How many cells a study asks for in all if no grid grows; `asked`: those it has asked for."""
    return len(asked | found.known_cells() | found.first_grids()) + found.unknown_cells()


def path(study: Study, graph: Graph, rates: LearningRates) -> PruningPath:
    """The iterative pruning run of a study with given learning rates."""
    each = tuple(rates.at(cycle, study.pruning.rate) for cycle in range(study.cycles + 1))
    return PruningPath(graph, rates.schedule, each, study.replicates)


def _first_grid(study: Study, graph: Graph, schedule: ScheduleSpec, searched: GridSpec) -> set[str]:
    roots: list[None] = [None] * study.replicates
    return {
        cell.id for max_lr in grid.values(searched) for cell in row(graph, roots, schedule, max_lr)
    }


def no_winner(cycle: OracleCycle) -> str | None:
    """What to say of a cycle of which every max_lr diverged; None where one did not."""
    if cycle.region is not None:
        return None
    return f"every max_lr of cycle {cycle.cycle} diverged; lower the grid, or training's rates"


def cycle_line(cycle: OracleCycle) -> str:
    """A finished cycle of the oracle in a line."""
    remaining = next(iter(cycle.results.values()))[0].weights_remaining
    start = f"cycle {cycle.cycle:>2}  {remaining:6.2f} % remaining  "
    if cycle.region is None:
        return start + "no winner: every max_lr diverged"
    found = cycle.region
    return start + (
        f"well-tuned {rate(found.well_tuned):<8} region [{rate(found.low)}, {rate(found.high)}]"
    )


def path_line(done: PathCycle) -> str:
    """A finished cycle of a path in a line."""
    remaining = done.results[0].weights_remaining
    accuracies = [result.test_accuracy for result in done.results]
    mean = sum(accuracies) / len(accuracies)
    return f"cycle {done.cycle:>2}  {remaining:6.2f} % remaining  test {mean:.2f} %"
