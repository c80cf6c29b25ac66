"""Iterative pruning runs with given learning rates: paths through the graph of cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from oracle.search.graph import Cell, CellResult, Graph
from oracle.search.request import CellRequest, Search, StudyKey, replicate_cells
from scyc.specs.schedules import ScheduleSpec


@dataclass(frozen=True)
class RunCycle:
    """One finished cycle of a path with a given max_lr for each cycle."""

    cycle: int
    max_lr: float
    cells: tuple[Cell, ...]  # in the replicates' order
    results: tuple[CellResult, ...]


@dataclass(frozen=True)
class PruningPath:
    """An iterative pruning run: a schedule that restarts at each cycle, and max_lr of each."""

    graph: Graph
    schedule: ScheduleSpec
    max_lr: tuple[float, ...]  # one for each cycle, that of the unpruned network first
    replicates: int

    @cached_property
    def study_key(self) -> StudyKey:
        """Where its cells are recorded, all cycles together.

        The last cycle's place in the graph says all: the schedule, every max_lr, the pruning.
        """
        return StudyKey("path", None, self.rows[-1][0].node)

    @cached_property
    def rows(self) -> tuple[tuple[Cell, ...], ...]:
        """Its cells, cycle by cycle; they need no result to be known."""
        rows: list[tuple[Cell, ...]] = []
        parents: Sequence[Cell | None] = [None] * self.replicates
        for max_lr in self.max_lr:
            rows.append(replicate_cells(self.graph, parents, self.schedule, max_lr))
            parents = rows[-1]
        return tuple(rows)

    @cached_property
    def ids(self) -> frozenset[str]:
        """The ids of its cells."""
        return frozenset(cell.id for cells in self.rows for cell in cells)

    def search(self, done: Callable[[RunCycle], None]) -> Search:
        """Train, prune, train again (Liu et al. 2021, Algorithm 1), all replicates together.

        Ends early when a replicate diverges.

        Args:
            done: Called with each finished cycle.

        Yields:
            One request a cycle.
        """
        for cycle, (max_lr, cells) in enumerate(zip(self.max_lr, self.rows, strict=True)):
            answers = yield CellRequest(cells, self.study_key)
            results = tuple(answers[cell.id] for cell in cells)
            done(RunCycle(cycle, max_lr, cells, results))
            if any(result.diverged for result in results):
                return

    def ended(self, finished: Sequence[RunCycle]) -> bool:
        """Return whether these finished cycles are all there will be.

        Args:
            finished: Finished cycles.

        Returns:
            True after the last cycle, and after one in which a replicate diverged.
        """
        if not finished:
            return False
        return len(finished) == len(self.max_lr) or any(
            each.diverged for each in finished[-1].results
        )
