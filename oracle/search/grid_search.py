"""The search of one pruning cycle: the best max_lr of a grid, and the region around it."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from oracle.search.graph import Cell, CellResult, Tree
from oracle.search.request import CellRequest, Results, StudyKey, replicate_cells
from oracle.search.selection import adaptive_grid, cell_search
from oracle.search.selection.adaptive_grid import Choice, GridState, coarse_step, whole_grid
from oracle.search.selection.cell_search import CellRule, SearchEnd
from oracle.search.selection.next_cells import FIRST_REPLICATES
from oracle.search.selection.replication import AdaptiveReplication
from oracle.stats.region import MaxLrScores, Region, ToleranceKind, feasible_region
from oracle.study.parts import grid
from oracle.study.parts.cell_search import CellSearch, CycleSearchSpec
from oracle.study.parts.grid_spec import GridSpec
from scyc.specs.schedules import ScheduleSpec


@dataclass(frozen=True)
class OracleCycle:
    """One finished cycle of a grid search."""

    cycle: int
    cells: Mapping[float, tuple[Cell, ...]]  # by max_lr, rising; in the replicates' order
    results: Mapping[float, tuple[CellResult, ...]]
    region: Region | None  # None: every max_lr diverged, and the search ends
    study_key: StudyKey
    grid: tuple[float, ...]  # as far as it has grown, tried or not
    passed: tuple[CellResult, ...] = ()  # training runs that brought added replicates to this cycle
    end: SearchEnd | None = None  # of a search of single cells, which leaves some out

    @property
    def replicates(self) -> int:
        """How many a max_lr has; where single cells were searched, the well-tuned one at least."""
        return max(len(row) for row in self.results.values())

    @property
    def grid_size(self) -> int:
        """Values of the grid as far as it has grown, tried or not."""
        return len(self.grid)

    @property
    def tried(self) -> dict[float, MaxLrScores]:
        """What the region is computed from."""
        return scores_by_max_lr(self.results)

    @property
    def discarded(self) -> list[CellResult]:
        """The results of all but the well-tuned max_lr."""
        won = self.region.well_tuned if self.region else None
        return [result for rate, row in self.results.items() if rate != won for result in row]


@dataclass(frozen=True)
class GridSearch:
    """What a grid search of one cycle needs to know besides the networks it starts from.

    `choice` says which of the grid's values are tried; all of them, or those that should tell what
    the whole grid would. With a `rule` single (max_lr, replicate) are chosen instead.
    """

    graph: Tree
    schedule: ScheduleSpec
    grid: GridSpec
    tolerance: float
    tolerance_kind: ToleranceKind
    choice: Choice = whole_grid
    rule: CellRule | None = None

    def cycle(
        self,
        parents: Sequence[Cell | None],
        last: Region | None = None,
        growth: AdaptiveReplication | None = None,
        verdict_for: float | None = None,
    ) -> Generator[CellRequest, Results, OracleCycle]:
        """Search the grid of one cycle, below the parents.

        The grid grows where the best value or the region touches its end, and then the number of
        replicates, where `growth` wants more: all that was tried is tried with these, too.

        Args:
            parents: Cells that are pruned, one a replicate; None: the unpruned network.
            last: Region of the cycle before, where there was one.
            growth: How the cycle comes to more replicates; None: it does not.
            verdict_for: A max_lr whose verdict is wanted, which may end a search of single cells.

        Yields:
            Requests for cells; the generator returns the finished cycle.
        """
        number = parents[0].cycle + 1 if parents[0] is not None else 0
        study_key = StudyKey("oracle", number, self.graph.study_key(parents, self.schedule))
        every = grid.grid_values(self.grid)
        step = coarse_step(len(every))
        start = last.well_tuned if last else every[len(every) // 2]
        state = _CycleState(self, study_key, list(parents))
        if self.rule is not None:
            return (yield from self._by_cells(self.rule, state, every, verdict_for))
        passed: list[CellResult] = []
        while True:
            known = scores_by_max_lr(state.results)
            grid_state = GridState(every, known, self.tolerance, self.tolerance_kind, step, start)
            if chosen := self.choice(grid_state):
                yield from state.train(state.parents, chosen)
                continue
            region = feasible_region(known, self.tolerance, self.tolerance_kind)
            low, high = (region.touches_low, region.touches_high) if region else (True, False)
            if more := grid.extend_grid(self.grid, every, low, high):
                every = sorted([*every, *more])
                continue
            if count := growth.more(known, list(state.results.values())) if growth else 0:
                have = len(state.parents)
                assert growth is not None
                new, results = yield from growth.parents(range(have, have + count))
                passed += results
                if new:
                    yield from state.train(new, sorted(state.cells), have)
                    state.parents += new
                    continue
            return state.finished(region, every, tuple(passed))

    def _by_cells(
        self, rule: CellRule, state: _CycleState, every: list[float], verdict_for: float | None
    ) -> Generator[CellRequest, Results, OracleCycle]:
        """Train the cells that tell most, until enough is known or the budget is spent.

        The grid grows where the region is likelier than not to reach its end; of what is added the
        outermost value is trained at once.
        """
        rounds, replicates = 0, len(state.parents)
        while True:
            search = rule.search(every, replicates, verdict_for)
            decision = cell_search.choose(search, state.results)
            chosen = [(search.grid[value], replicate) for value, replicate in decision.cells]
            if decision.reason is not None:
                low, high = cell_search.reached_ends(search, state.results)
                more = grid.extend_grid(self.grid, every, low, high)
                every = sorted([*every, *more])
                outer = [rate for rate in (every[0], every[-1]) if rate in more]
                first = range(min(FIRST_REPLICATES, replicates))
                chosen = [(rate, replicate) for replicate in first for rate in outer]
            if not chosen:
                assert decision.reason is not None
                trained = sum(len(row) for row in state.results.values())
                end = SearchEnd(decision.reason, rounds, trained, search.budget)
                return state.finished(
                    cell_search.read_region(search, state.results), every, end=end
                )
            rounds += 1
            yield from state.train_cells(chosen)


@dataclass
class _CycleState:
    """What a cycle's search has trained so far, all of it with the same replicates."""

    search: GridSearch
    study_key: StudyKey
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
        answers = yield CellRequest(by_replicate, self.study_key)
        for rate, trained in new.items():
            self.cells[rate] = self.cells.get(rate, ()) + trained
            answered = tuple(answers[cell.id] for cell in trained)
            self.results[rate] = self.results.get(rate, ()) + answered

    def train_cells(
        self, chosen: Sequence[tuple[float, int]]
    ) -> Generator[CellRequest, Results, None]:
        """Train single (max_lr, replicate), those of each max_lr in the replicates' order."""
        graph, schedule = self.search.graph, self.search.schedule
        new = [
            (rate, replicate_cells(graph, [self.parents[r]], schedule, rate, r)[0])
            for rate, r in chosen
        ]
        answers = yield CellRequest(tuple(cell for _, cell in new), self.study_key)
        for rate, cell in new:
            self.cells[rate] = (*self.cells.get(rate, ()), cell)
            self.results[rate] = (*self.results.get(rate, ()), answers[cell.id])

    def finished(
        self,
        region: Region | None,
        every: Sequence[float],
        passed: tuple[CellResult, ...] = (),
        end: SearchEnd | None = None,
    ) -> OracleCycle:
        """Return the cycle, with all that was trained."""
        number = self.study_key.cycle
        assert number is not None
        cells, results = dict(sorted(self.cells.items())), dict(sorted(self.results.items()))
        return OracleCycle(
            number, cells, results, region, self.study_key, tuple(every), passed, end
        )


class Declared(Protocol):
    """What a study, or a run of another program's training runs, declares of its grid search."""

    @property
    def grid(self) -> GridSpec:
        """The max_lr of each cycle."""

    @property
    def search(self) -> CycleSearchSpec:
        """How the cells of a cycle are chosen."""

    @property
    def tolerance(self) -> float:
        """Of the feasible region."""

    @property
    def tolerance_kind(self) -> ToleranceKind:
        """Points, or percent of the best."""


def grid_search(
    graph: Tree, schedule: ScheduleSpec, declared: Declared, seed: int = 0
) -> GridSearch:
    """Make the search of a cycle's grid that a study declares.

    Args:
        graph: What names the training runs.
        schedule: Of each cycle.
        declared: The grid, the tolerance, and how cells are chosen.
        seed: Of the draws of a search of single cells.

    Returns:
        A search that is used for every cycle.
    """
    how = declared.search
    shared = (graph, schedule, declared.grid, declared.tolerance, declared.tolerance_kind)
    if isinstance(how, CellSearch):
        rule = CellRule(how, declared.tolerance, declared.tolerance_kind, seed)
        return GridSearch(*shared, rule=rule)
    return GridSearch(*shared, choice=adaptive_grid.SELECTION_RULES[how])


def scores_by_max_lr(results: Mapping[float, Sequence[CellResult]]) -> dict[float, MaxLrScores]:
    """Collect the validation accuracies, in percent, by max_lr.

    Args:
        results: Results by max_lr, in the order of the replicates.

    Returns:
        By max_lr: one accuracy a replicate, and whether one of them diverged.
    """
    return {
        rate: MaxLrScores(
            tuple(result.val_accuracy for result in row), any(result.diverged for result in row)
        )
        for rate, row in results.items()
    }
