"""Beam search next to the greedy oracle: the B best networks of each cycle are kept, not one.

The oracle keeps one, which may be wrong in the end: a max_lr that is second best now may leave the
better network to prune. The beam tells whether it is. Its cells are the oracle's wherever both want
the same, and those are trained once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from oracle.search.graph import Cell, CellResult, Graph
from oracle.search.grid_search import OracleCycle, grid_search
from oracle.search.pruning_run import RunCycle
from oracle.search.request import Search
from oracle.stats.region import ROUNDING, Region
from oracle.study.oracle import OracleStudy


@dataclass(frozen=True)
class History:
    """One way of choosing max_lr so far, and the networks that it ends in."""

    path: tuple[RunCycle, ...]  # at least one cycle, that of the unpruned network first
    region: Region  # of the grid that its last max_lr comes from
    parent: int  # rank, from 0, of the history that it goes on from; 0 for an unpruned network

    @property
    def last(self) -> RunCycle:
        """Its last cycle, whose networks are pruned next."""
        return self.path[-1]

    @property
    def max_lr(self) -> tuple[float, ...]:
        """One for each cycle."""
        return tuple(each.max_lr for each in self.path)

    @property
    def mean(self) -> float:
        """Mean validation accuracy of its last networks, in percent."""
        accuracies = [result.val_accuracy for result in self.last.results]
        return math.fsum(accuracies) / len(accuracies)


@dataclass(frozen=True)
class BeamCycle:
    """One finished cycle of a beam."""

    cycle: int
    expanded: tuple[OracleCycle, ...]  # below each history of the cycle before, in their order
    histories: tuple[History, ...]  # best first; empty: every max_lr diverged, and the search ends

    @property
    def results(self) -> Mapping[str, CellResult]:
        """All of its cells' results, by the cells' ids."""
        return {
            result.cell: result
            for each in self.expanded
            for row in each.results.values()
            for result in row
        }

    @property
    def beam_cells(self) -> frozenset[str]:
        """The ids of the cells that the next cycle prunes."""
        return frozenset(cell.id for history in self.histories for cell in history.last.cells)


@dataclass
class Beam:
    """The beam search of a study, as far as it has come.

    The histories of a cycle are searched side by side: there are as many searches as histories, and
    each of them goes through all, beginning with its own. What another one has requested is not
    trained again, so all of them find the same; the first one tells it.
    """

    study: OracleStudy
    graph: Graph
    done: Callable[[BeamCycle], None] = lambda cycle: None  # with each finished cycle
    cycles: list[BeamCycle] = field(default_factory=list)
    ended: bool = False

    def searches(self) -> list[Search]:
        """Return as many searches as the beam is wide; none for 1, which is the oracle itself."""
        if self.study.beam == 1:
            self.ended = True
            return []
        return [self._search(rank) for rank in range(self.study.beam)]

    @property
    def best(self) -> History | None:
        """The best history of the last cycle that has one."""
        lasting = [each.histories for each in self.cycles if each.histories]
        return lasting[-1][0] if lasting else None

    def _search(self, rank: int) -> Search:
        grid = grid_search(self.graph, self.study.schedule, self.study, self.study.seed)
        histories: tuple[History, ...] = ()
        for cycle in range(self.study.cycles + 1):
            expanded: dict[int, OracleCycle] = {}
            for turn in range(max(1, len(histories))):
                at = (rank + turn) % max(1, len(histories))
                parents: Sequence[Cell | None] = [None] * self.study.least_replicates
                last = None
                if histories:
                    parents, last = histories[at].last.cells, histories[at].region
                expanded[at] = yield from grid.cycle(parents, last)
            rows = tuple(each for _, each in sorted(expanded.items()))
            histories = best(histories, rows, self.study.beam)
            if rank == 0:
                self.cycles.append(BeamCycle(cycle, rows, histories))
                self.done(self.cycles[-1])
            if not histories:
                break
        self.ended = self.ended or rank == 0


def best(
    before: Sequence[History], expanded: Sequence[OracleCycle], width: int
) -> tuple[History, ...]:
    """Choose which histories to keep: those of the highest mean validation accuracy.

    Equal means go to the lower max_lr, then to the better parent; a max_lr of which a replicate
    diverged is never kept.

    Args:
        before: Histories that were kept, best first; empty before the unpruned network.
        expanded: The cycle below each of them.
        width: How many to keep.

    Returns:
        At most `width` histories, best first.
    """
    candidates = [
        History(
            (*(before[rank].path if before else ()), RunCycle(cycle.cycle, rate, cells, results)),
            cycle.region,
            rank,
        )
        for rank, cycle in enumerate(expanded)
        if cycle.region is not None
        for rate, cells, results in (
            (rate, cycle.cells[rate], cycle.results[rate]) for rate in cycle.results
        )
        if not any(result.diverged for result in results)
    ]
    ranked = sorted(
        candidates, key=lambda each: (-round(each.mean / ROUNDING), each.last.max_lr, each.parent)
    )
    return tuple(ranked[:width])
