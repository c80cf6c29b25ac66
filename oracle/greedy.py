"""The greedy oracle: at each pruning cycle, the best max_lr of a grid."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass

from oracle import grid
from oracle.adaptive import SEARCHES, Choice, Sought, coarse_step, whole_grid
from oracle.asks import Ask, Place, Results, Search, row
from oracle.cells import Cell, Graph, Result
from oracle.grid_spec import GridSpec
from oracle.regions import Region, ToleranceKind, Tried, feasible
from oracle.spec import OracleStudy
from scyc.choices import ScheduleSpec


@dataclass(frozen=True)
class OracleCycle:
    """One finished cycle of a grid search."""

    cycle: int
    cells: Mapping[float, tuple[Cell, ...]]  # by max_lr, rising; in the replicates' order
    results: Mapping[float, tuple[Result, ...]]
    region: Region | None  # None: every max_lr diverged, and the search ends
    place: Place
    grid_size: int  # values of the grid as far as it has grown, tried or not

    @property
    def tried(self) -> dict[float, Tried]:
        """What the region is computed from."""
        return tried(self.results)

    @property
    def losers(self) -> list[Result]:
        """The results of all but the well-tuned max_lr."""
        won = self.region.well_tuned if self.region else None
        return [result for rate, row in self.results.items() if rate != won for result in row]


@dataclass(frozen=True)
class GridSearch:
    """What a grid search of one cycle needs to know beside the networks it starts from.

    `choice` says which of the grid's values are tried; all of them, or those that should tell what
    the whole grid would.
    """

    graph: Graph
    schedule: ScheduleSpec
    grid: GridSpec
    tolerance: float
    tolerance_kind: ToleranceKind
    choice: Choice = whole_grid

    def cycle(
        self, parents: Sequence[Cell | None], last: Region | None = None
    ) -> Generator[Ask, Results, OracleCycle]:
        """Every chosen max_lr and every replicate, below the parents, one a replicate.

        The grid grows where the best value or the region touches its end. last: the region of the
        cycle before, where there was one.
        """
        number = parents[0].cycle + 1 if parents[0] is not None else 0
        place = Place("oracle", number, self.graph.place(parents, self.schedule))
        every = grid.values(self.grid)
        step = coarse_step(len(every))
        start = last.well_tuned if last else every[len(every) // 2]
        cells: dict[float, tuple[Cell, ...]] = {}
        results: dict[float, tuple[Result, ...]] = {}
        while True:
            sought = Sought(every, tried(results), self.tolerance, self.tolerance_kind, step, start)
            if wanted := self.choice(sought):
                new = {rate: row(self.graph, parents, self.schedule, rate) for rate in wanted}
                by_replicate = tuple(
                    new[rate][replicate] for replicate in range(len(parents)) for rate in wanted
                )
                answers = yield Ask(by_replicate, place)
                cells |= new
                results |= {
                    rate: tuple(answers[cell.id] for cell in trained)
                    for rate, trained in new.items()
                }
                continue
            region = feasible(sought.tried, self.tolerance, self.tolerance_kind)
            low, high = (region.touches_low, region.touches_high) if region else (True, False)
            more = grid.extension(self.grid, every, low, high)
            if not more:
                cells, results = dict(sorted(cells.items())), dict(sorted(results.items()))
                return OracleCycle(number, cells, results, region, place, len(every))
            every = sorted([*every, *more])


def oracle(study: OracleStudy, graph: Graph, done: Callable[[OracleCycle], None]) -> Search:
    """The greedy oracle (Liu et al. 2021, Section 5.3).

    At each cycle: a search of the grid; the max_lr with the best mean validation accuracy is kept,
    and its networks are pruned next. Calls `done` with each finished cycle.
    """
    search = GridSearch(
        graph,
        study.schedule,
        study.grid,
        study.tolerance,
        study.tolerance_kind,
        SEARCHES[study.search],
    )
    parents: Sequence[Cell | None] = [None] * study.least_replicates
    last: Region | None = None
    for _ in range(study.cycles + 1):
        found = yield from search.cycle(parents, last)
        done(found)
        if found.region is None:
            return
        parents, last = found.cells[found.region.well_tuned], found.region


def tried(results: Mapping[float, Sequence[Result]]) -> dict[float, Tried]:
    """Validation accuracies by max_lr."""
    return {
        rate: Tried(
            tuple(result.val_accuracy for result in row), any(result.diverged for result in row)
        )
        for rate, row in results.items()
    }
