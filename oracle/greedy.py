"""The searches: which cells to train next, decided from results alone.

A search is a generator. It yields an :class:`Ask` and is sent the results of its cells; what it
returns is its outcome. It trains nothing and stores nothing: in a run Ray trains the cells, in a
test a known curve answers.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass

from oracle import grid
from oracle.cells import Cell, Graph, Result
from oracle.regions import Region, Tried, feasible
from oracle.spec import Study
from scyc import scurve

Results = Mapping[str, Result]  # by cell id


@dataclass(frozen=True)
class Place:
    """The Optuna study in which a search's cells are recorded."""

    kind: str  # "oracle" or "s_cyc"
    cycle: int | None  # None where one study holds all cycles
    node: str  # hash that tells it from its like


@dataclass(frozen=True)
class Ask:
    """Cells that a search wants, in the order in which they are packed."""

    cells: tuple[Cell, ...]
    place: Place


@dataclass(frozen=True)
class OracleCycle:
    """One finished cycle of the greedy oracle."""

    cycle: int
    cells: Mapping[float, tuple[Cell, ...]]  # by max_lr, rising; in the replicates' order
    results: Mapping[float, tuple[Result, ...]]
    region: Region | None  # None: every max_lr diverged, and the search ends
    place: Place

    @property
    def tried(self) -> dict[float, Tried]:
        """What the region is computed from."""
        return tried(self.results)


@dataclass(frozen=True)
class PathCycle:
    """One finished cycle of a path with a given max_lr for each cycle."""

    cycle: int
    max_lr: float
    cells: tuple[Cell, ...]
    results: tuple[Result, ...]


Search = Generator[Ask, Results, None]


def oracle(study: Study, graph: Graph, done: Callable[[OracleCycle], None]) -> Search:
    """The greedy oracle (Liu et al. 2021, Section 5.3).

    At each cycle: every max_lr of the grid and every replicate; the grid grows where the best
    value or the region touches its end; the max_lr with the best mean validation accuracy is kept,
    and its networks are pruned next. Calls `done` with each finished cycle.
    """
    parents: Sequence[Cell | None] = [None] * study.replicates
    for cycle in range(study.cycles + 1):
        path = parents[0].path if parents[0] is not None else ()
        place = Place("oracle", cycle, graph.node(path))
        cells: dict[float, tuple[Cell, ...]] = {}
        results: dict[float, tuple[Result, ...]] = {}
        wanted = grid.values(study.grid)
        while wanted:
            new = {rate: _below(graph, parents, rate) for rate in wanted}
            by_replicate = tuple(
                new[rate][replicate] for replicate in range(study.replicates) for rate in wanted
            )
            answers = yield Ask(by_replicate, place)
            for rate, row in new.items():
                cells[rate] = row
                results[rate] = tuple(answers[cell.id] for cell in row)
            cells, results = dict(sorted(cells.items())), dict(sorted(results.items()))
            region = feasible(tried(results), study.tolerance, study.tolerance_kind)
            low, high = (region.touches_low, region.touches_high) if region else (True, False)
            wanted = grid.extension(study.grid, list(cells), low, high)
        done(OracleCycle(cycle, cells, results, region, place))
        if region is None:
            return
        parents = cells[region.well_tuned]


def s_cyc_path(study: Study, graph: Graph, done: Callable[[PathCycle], None]) -> Search:
    """S-Cyc's own iterative pruning run (Liu et al. 2021, Algorithm 1), all replicates together.

    Calls `done` with each finished cycle. Ends early when a replicate diverges.
    """
    rates = [scurve.max_lr(study.s_cyc, m, study.pruning.rate) for m in range(study.cycles + 1)]
    place = Place("s_cyc", None, graph.node(tuple(rates)))
    parents: Sequence[Cell | None] = [None] * study.replicates
    for cycle, rate in enumerate(rates):
        row = _below(graph, parents, rate)
        answers = yield Ask(row, place)
        results = tuple(answers[cell.id] for cell in row)
        done(PathCycle(cycle, rate, row, results))
        if any(result.diverged for result in results):
            return
        parents = row


def s_cyc_cells(study: Study, graph: Graph) -> list[Cell]:
    """All cells of S-Cyc's path, which need no result to be known."""
    found: list[Cell] = []
    for replicate in range(study.replicates):
        parent: Cell | None = None
        for cycle in range(study.cycles + 1):
            rate = scurve.max_lr(study.s_cyc, cycle, study.pruning.rate)
            parent = graph.child(parent, rate) if parent else graph.root(replicate, rate)
            found.append(parent)
    return found


def tried(results: Mapping[float, Sequence[Result]]) -> dict[float, Tried]:
    """Validation accuracies by max_lr."""
    return {
        rate: Tried(
            tuple(result.val_accuracy for result in row), any(result.diverged for result in row)
        )
        for rate, row in results.items()
    }


def _below(graph: Graph, parents: Sequence[Cell | None], rate: float) -> tuple[Cell, ...]:
    return tuple(
        graph.child(parent, rate) if parent else graph.root(replicate, rate)
        for replicate, parent in enumerate(parents)
    )
