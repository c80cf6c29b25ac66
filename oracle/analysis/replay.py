"""The adaptive oracle on the results of a full grid: what it would have answered and trained.

Nothing is trained. Each cycle is replayed below the full grid's own winner, so that every cycle
counts; and the whole path, below the adaptive oracle's own winners, as far as it is recorded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from oracle.search.graph import CellResult, Graph
from oracle.search.greedy import greedy_oracle
from oracle.search.grid_search import GridSearch, OracleCycle
from oracle.search.request import Results, Search, replay, requests
from oracle.search.selection.adaptive_grid import SELECTION_RULES
from oracle.stats.paired_difference import Difference, difference
from oracle.stats.region import Region, ToleranceKind
from oracle.study.oracle import OracleStudy
from oracle.study.parts.grid_spec import GridSpec, ListGrid
from scyc.specs.schedules import ScheduleSpec


@dataclass(frozen=True)
class Replay:
    """The result of one cycle on the whole grid, and that of the adaptive oracle.

    Both have a region: the adaptive oracle tries the whole grid before it gives up.
    """

    full: OracleCycle
    adaptive: OracleCycle
    rounds: int  # of training runs, one after another

    @property
    def share(self) -> float:
        """Of the full grid's training runs."""
        return len(self.adaptive.cells) / len(self.full.cells)

    @property
    def same_best(self) -> bool:
        """Whether the well-tuned max_lr is the full grid's."""
        return self._full.well_tuned == self._adaptive.well_tuned

    @property
    def best_inside(self) -> bool:
        """Whether the well-tuned max_lr lies in the full grid's region."""
        return self._full.contains(self._adaptive.well_tuned)

    @property
    def behind(self) -> Difference:
        """The full grid's best over the adaptive one's, replicate by replicate."""
        tried = self.full.tried
        best, adaptive = self._full.well_tuned, self._adaptive.well_tuned
        return difference(tried[best].accuracies, tried[adaptive].accuracies)

    @property
    def best_as_good(self) -> bool:
        """Whether the well-tuned max_lr is the full grid's, or not significantly different from it.

        With one replicate nothing is significant; there only the same one is as good.
        """
        if self.same_best:
            return True
        behind = self.behind
        return behind.replicates > 1 and not behind.told_apart

    @property
    def low_error(self) -> int:
        """Steps of the grid between the lower ends."""
        return self._steps(self._full.low, self._adaptive.low)

    @property
    def high_error(self) -> int:
        """Steps of the grid between the upper ends."""
        return self._steps(self._full.high, self._adaptive.high)

    @property
    def ends_near(self) -> bool:
        """Whether both ends lie within one step of the full grid's."""
        return max(self.low_error, self.high_error) <= 1

    def _steps(self, one: float, other: float) -> int:
        every = sorted({*self.full.cells, *self.adaptive.cells})
        return abs(every.index(one) - every.index(other))

    @property
    def _full(self) -> Region:
        assert self.full.region is not None
        return self.full.region

    @property
    def _adaptive(self) -> Region:
        assert self.adaptive.region is not None
        return self.adaptive.region


@dataclass(frozen=True)
class Judge:
    """By what a cycle's region is found. The fields are those of an oracle study."""

    graph: Graph
    schedule: ScheduleSpec
    tolerance: float
    tolerance_kind: ToleranceKind

    def replay(self, full: OracleCycle, last: Region | None = None) -> Replay | None:
        """Replay one cycle with the adaptive search.

        The grid is that to which the full one has grown, in the same replicates.

        Args:
            full: The cycle of the whole grid, whose results answer the search.
            last: Region of the full grid's cycle before; None: there is none to start from.

        Returns:
            The cycle as the search finds it, next to the full one; None where the full one has no
            winner.
        """
        if full.region is None:
            return None
        adaptive, rounds = self.search(ListGrid(max_lr=tuple(full.cells), extend=False), full, last)
        return Replay(full, adaptive, rounds)

    def search(
        self, grid: GridSpec, full: OracleCycle, last: Region | None
    ) -> tuple[OracleCycle, int]:
        """Run the adaptive search of a grid on a cycle that has all its values.

        Args:
            grid: Which max_lr may be tried.
            full: The cycle whose results answer.
            last: Region of the cycle before, if there is one.

        Returns:
            The cycle's result in the search, and the number of rounds.
        """
        choice = SELECTION_RULES["adaptive"]
        search = GridSearch(
            self.graph, self.schedule, grid, self.tolerance, self.tolerance_kind, choice
        )
        parents = [cell.parent for cell in next(iter(full.cells.values()))]
        cycles: list[OracleCycle] = []

        def whole() -> Search:
            cycles.append((yield from search.cycle(parents, last)))

        known = {
            cell.id: result
            for max_lr, cells in full.cells.items()
            for cell, result in zip(cells, full.results[max_lr], strict=True)
        }
        rounds = sum(1 for _ in requests(whole(), known))
        return cycles[0], rounds


def replays(study: OracleStudy, graph: Graph, cycles: Sequence[OracleCycle]) -> list[Replay]:
    """Return every cycle of a full grid that has a winner, each below the full grid's own.

    Args:
        study: The oracle study.
        graph: Names the training runs of the system.
        cycles: Finished cycles of the full grid.

    Returns:
        Replays in the order of the cycles.
    """
    judge = Judge(graph, study.schedule, study.tolerance, study.tolerance_kind)
    before: list[Region | None] = [None, *(each.region for each in cycles)]
    each = [judge.replay(full, last) for full, last in zip(cycles, before, strict=False)]
    return [replay for replay in each if replay is not None]


def path(study: OracleStudy, graph: Graph, known: Results) -> list[OracleCycle]:
    """Replay the adaptive oracle below its own winners, as far as its cells are recorded.

    Args:
        study: An oracle study.
        graph: Names the training runs.
        known: Recorded results, by cell id.

    Returns:
        The finished cycles.
    """
    cycles: list[OracleCycle] = []
    adaptive = study.model_copy(update={"search": "adaptive"})
    replay(greedy_oracle(adaptive, graph, cycles.append), known)
    return cycles


def trained(replayed: Sequence[Replay]) -> list[CellResult]:
    """Collect the results that the adaptive oracle would have requested.

    Args:
        replayed: The replayed cycles.

    Returns:
        Results, cycle by cycle.
    """
    return [result for each in replayed for row in each.adaptive.results.values() for result in row]


def agreement_shares(replayed: Sequence[Replay]) -> Mapping[str, float]:
    """Return how often the replays agree with the full grid.

    Args:
        replayed: The replayed cycles.

    Returns:
        `cycles`, their number; shares of them, 0 to 1, with the same well-tuned max_lr, one not
        told apart from it, ends within a step, and both; `share`, of the training runs. {} without
        a cycle.
    """
    count = len(replayed)
    if not count:
        return {}
    return {
        "cycles": count,
        "same_best": sum(each.same_best for each in replayed) / count,
        "best_as_good": sum(each.best_as_good for each in replayed) / count,
        "ends_near": sum(each.ends_near for each in replayed) / count,
        "both": sum(each.same_best and each.ends_near for each in replayed) / count,
        "share": sum(len(each.adaptive.cells) for each in replayed)
        / sum(len(each.full.cells) for each in replayed),
    }
