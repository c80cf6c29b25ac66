"""The greedy oracle: at each pruning cycle, the best max_lr of a grid."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass

from oracle import grid
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
    """What a grid search of one cycle needs to know beside the networks it starts from."""

    graph: Graph
    schedule: ScheduleSpec
    grid: GridSpec
    tolerance: float
    tolerance_kind: ToleranceKind

    def cycle(self, parents: Sequence[Cell | None]) -> Generator[Ask, Results, OracleCycle]:
        """Every max_lr of the grid and every replicate, below the parents, one a replicate.

        The grid grows where the best value or the region touches its end.
        """
        number = parents[0].cycle + 1 if parents[0] is not None else 0
        place = Place("oracle", number, self.graph.place(parents, self.schedule))
        cells: dict[float, tuple[Cell, ...]] = {}
        results: dict[float, tuple[Result, ...]] = {}
        wanted = grid.values(self.grid)
        while True:
            new = {rate: row(self.graph, parents, self.schedule, rate) for rate in wanted}
            by_replicate = tuple(
                new[rate][replicate] for replicate in range(len(parents)) for rate in wanted
            )
            answers = yield Ask(by_replicate, place)
            for rate, trained in new.items():
                cells[rate] = trained
                results[rate] = tuple(answers[cell.id] for cell in trained)
            cells, results = dict(sorted(cells.items())), dict(sorted(results.items()))
            region = feasible(tried(results), self.tolerance, self.tolerance_kind)
            low, high = (region.touches_low, region.touches_high) if region else (True, False)
            wanted = grid.extension(self.grid, list(cells), low, high)
            if not wanted:
                return OracleCycle(number, cells, results, region, place)


def oracle(study: OracleStudy, graph: Graph, done: Callable[[OracleCycle], None]) -> Search:
    """The greedy oracle (Liu et al. 2021, Section 5.3).

    At each cycle: a grid search; the max_lr with the best mean validation accuracy is kept, and its
    networks are pruned next. Calls `done` with each finished cycle.
    """
    search = GridSearch(graph, study.schedule, study.grid, study.tolerance, study.tolerance_kind)
    parents: Sequence[Cell | None] = [None] * study.replicates
    for _ in range(study.cycles + 1):
        found = yield from search.cycle(parents)
        done(found)
        if found.region is None:
            return
        parents = found.cells[found.region.well_tuned]


def tried(results: Mapping[float, Sequence[Result]]) -> dict[float, Tried]:
    """Validation accuracies by max_lr."""
    return {
        rate: Tried(
            tuple(result.val_accuracy for result in row), any(result.diverged for result in row)
        )
        for rate, row in results.items()
    }
