"""The greedy oracle: at each pruning cycle, the best max_lr of a grid."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field

from oracle.search.adaptive_grid import SELECTION_RULES, Choice, GridState, coarse_step, whole_grid
from oracle.search.graph import Cell, CellResult, Graph, Tree
from oracle.search.replication import AdaptiveReplication
from oracle.search.request import CellRequest, Results, Search, StudyKey, replicate_cells
from oracle.stats.region import MaxLrScores, Region, ToleranceKind, feasible_region
from oracle.study import grid
from oracle.study.grid_spec import GridSpec
from oracle.study.oracle import OracleStudy
from scyc.specs.schedules import ScheduleSpec


@dataclass(frozen=True)
class OracleCycle:
    """One finished cycle of a grid search."""

    cycle: int
    cells: Mapping[float, tuple[Cell, ...]]  # by max_lr, rising; in the replicates' order
    results: Mapping[float, tuple[CellResult, ...]]
    region: Region | None  # None: every max_lr diverged, and the search ends
    place: StudyKey
    grid_size: int  # values of the grid as far as it has grown, tried or not
    passed: tuple[CellResult, ...] = ()  # trainings that brought added replicates to this cycle

    @property
    def replicates(self) -> int:
        """How many each max_lr has."""
        return len(next(iter(self.results.values())))

    @property
    def tried(self) -> dict[float, MaxLrScores]:
        """What the region is computed from."""
        return scores_by_max_lr(self.results)

    @property
    def losers(self) -> list[CellResult]:
        """The results of all but the well-tuned max_lr."""
        won = self.region.well_tuned if self.region else None
        return [result for rate, row in self.results.items() if rate != won for result in row]


@dataclass(frozen=True)
class GridSearch:
    """What a grid search of one cycle needs to know beside the networks it starts from.

    `choice` says which of the grid's values are tried; all of them, or those that should tell what
    the whole grid would.
    """

    graph: Tree
    schedule: ScheduleSpec
    grid: GridSpec
    tolerance: float
    tolerance_kind: ToleranceKind
    choice: Choice = whole_grid

    def cycle(
        self,
        parents: Sequence[Cell | None],
        last: Region | None = None,
        growth: AdaptiveReplication | None = None,
    ) -> Generator[CellRequest, Results, OracleCycle]:
        """Every chosen max_lr and every replicate, below the parents, one a replicate.

        The grid grows where the best value or the region touches its end, and then the number of
        replicates, where `growth` wants more: all that was tried is tried with these, too. last:
        the region of the cycle before, where there was one.
        """
        number = parents[0].cycle + 1 if parents[0] is not None else 0
        place = StudyKey("oracle", number, self.graph.study_key(parents, self.schedule))
        every = grid.grid_values(self.grid)
        step = coarse_step(len(every))
        start = last.well_tuned if last else every[len(every) // 2]
        found = _CycleState(self, place, list(parents))
        passed: list[CellResult] = []
        while True:
            known = scores_by_max_lr(found.results)
            sought = GridState(every, known, self.tolerance, self.tolerance_kind, step, start)
            if wanted := self.choice(sought):
                yield from found.train(found.parents, wanted)
                continue
            region = feasible_region(known, self.tolerance, self.tolerance_kind)
            low, high = (region.touches_low, region.touches_high) if region else (True, False)
            if more := grid.extend_grid(self.grid, every, low, high):
                every = sorted([*every, *more])
                continue
            if count := growth.more(known) if growth else 0:
                have = len(found.parents)
                assert growth is not None
                new, way = yield from growth.parents(range(have, have + count))
                passed += way
                if new:
                    yield from found.train(new, sorted(found.cells), have)
                    found.parents += new
                    continue
            cells, results = dict(sorted(found.cells.items())), dict(sorted(found.results.items()))
            size = len(every)
            return OracleCycle(number, cells, results, region, place, size, tuple(passed))


@dataclass
class _CycleState:
    """What a cycle's search has trained so far, all of it with the same replicates."""

    search: GridSearch
    place: StudyKey
    parents: list[Cell | None]
    cells: dict[float, tuple[Cell, ...]] = field(default_factory=dict)
    results: dict[float, tuple[CellResult, ...]] = field(default_factory=dict)

    def train(
        self, parents: Sequence[Cell | None], rates: Sequence[float], first: int = 0
    ) -> Generator[CellRequest, Results, None]:
        """Train every rate below every parent; these are replicates from `first` on."""
        graph, schedule = self.search.graph, self.search.schedule
        new = {rate: replicate_cells(graph, parents, schedule, rate, first) for rate in rates}
        by_replicate = tuple(
            new[rate][replicate] for replicate in range(len(parents)) for rate in rates
        )
        answers = yield CellRequest(by_replicate, self.place)
        for rate, trained in new.items():
            self.cells[rate] = self.cells.get(rate, ()) + trained
            answered = tuple(answers[cell.id] for cell in trained)
            self.results[rate] = self.results.get(rate, ()) + answered


def greedy_oracle(study: OracleStudy, graph: Graph, done: Callable[[OracleCycle], None]) -> Search:
    """The greedy oracle of a study: see :func:`descent`.

    Every cycle begins with the least number of replicates, and may grow.
    """
    search = GridSearch(
        graph,
        study.schedule,
        study.grid,
        study.tolerance,
        study.tolerance_kind,
        SELECTION_RULES[study.search],
    )

    def growth(way: tuple[float, ...]) -> AdaptiveReplication:
        return AdaptiveReplication(study, graph, way)

    return run_greedy(search, study.cycles, study.least_replicates, done, growth)


def run_greedy(
    search: GridSearch,
    cycles: int,
    replicates: int,
    done: Callable[[OracleCycle], None],
    growth: Callable[[tuple[float, ...]], AdaptiveReplication] | None = None,
) -> Search:
    """The greedy oracle (Liu et al. 2021, Section 5.3).

    At each cycle: a search of the grid; the max_lr with the best mean validation accuracy is kept,
    and its networks are pruned next. Ends early where every max_lr diverged. Calls `done` with each
    finished cycle. growth: how a cycle comes to more replicates, from the well-tuned max_lr of the
    cycles before.
    """
    parents: Sequence[Cell | None] = [None] * replicates
    last: Region | None = None
    way: tuple[float, ...] = ()
    for _ in range(cycles + 1):
        found = yield from search.cycle(parents, last, growth(way) if growth else None)
        done(found)
        if found.region is None:
            return
        parents = found.cells[found.region.well_tuned][:replicates]
        last, way = found.region, (*way, found.region.well_tuned)


def scores_by_max_lr(results: Mapping[float, Sequence[CellResult]]) -> dict[float, MaxLrScores]:
    """Validation accuracies by max_lr."""
    return {
        rate: MaxLrScores(
            tuple(result.val_accuracy for result in row), any(result.diverged for result in row)
        )
        for rate, row in results.items()
    }
