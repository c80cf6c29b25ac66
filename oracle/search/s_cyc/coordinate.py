"""The paper's way to S-Cyc's parameters, one after the other (Liu et al. 2021, Section 4.3)."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any

from oracle.search.grid_search import GridSearch, OracleCycle
from oracle.search.request import CellRequest, Results, Search
from oracle.search.s_cyc.candidates import Candidate, CandidatePool
from oracle.stats.region import ahead
from oracle.study.search import PaperRecipe
from scyc.specs.base import SCyc

Cycles = tuple[int, ...]


@dataclass(eq=False)
class Recipe:
    """The search of one parameter after the other, as far as it has come.

    epsilon: the best on the unpruned network, of a grid that may grow, as in the oracle's first
    cycle. delta: the best at the last cycle, with q and beta at their declared starts. Then q, then
    beta, by the study's objective. Of equal values the one that won before stays, else the lowest
    wins.
    """

    board: CandidatePool
    search: PaperRecipe
    line: Callable[[str], None]
    best: Candidate | None = None  # what has won so far
    grid: OracleCycle | None = None  # epsilon's, once it is finished
    begun: int = 0  # steps
    failed: str | None = None  # why nothing can win

    def run(self) -> Search:
        """Run all four steps: epsilon, delta, q and beta (Liu et al. 2021, Section 4.3).

        Yields:
            Requests for cells; none after epsilon's where every max_lr diverged.
        """
        study, start = self.board.study, self.search.start
        target: Cycles = (study.cycles,)
        (chosen,) = study.objective.each(study.cycles)
        yield from self._epsilon()
        if self.best is None:
            return
        yield from self._step("delta", self.search.delta, target, q=start.q, beta=start.beta)
        yield from self._step("q", self.search.q, chosen)
        yield from self._step("beta", self.search.beta, chosen)

    def _epsilon(self) -> Generator[CellRequest, Results, None]:
        self.begun = 1
        study, search = self.board.study, self.search
        searched = GridSearch(self.board.graph, study.schedule, search.epsilon, 0.0, "points")
        self.grid = yield from searched.cycle([None] * study.least_replicates)
        region = self.grid.region
        for epsilon, results in self.grid.results.items():
            first = self.board.add(self._curve(epsilon), "epsilon")
            self.board.take(first, results)
            if region is not None and epsilon == region.well_tuned:
                self.best = first
        for each in self.board.candidates:
            if each is not self.best:
                self.board.stop(each, "epsilon")
        if self.best is None:
            self.failed = "every epsilon diverged; lower search.epsilon"
        else:
            self.line(f"epsilon {self.best.curve.epsilon:g}: best on the unpruned network")

    def _curve(self, epsilon: float) -> SCyc:
        start = self.search.start
        return SCyc(epsilon=epsilon, delta=self.search.delta[0], q=start.q, beta=start.beta)

    def _step(
        self, name: str, values: Sequence[float], cycles: Cycles, **changes: Any
    ) -> Generator[CellRequest, Results, None]:
        if self.best is None:
            return
        self.begun += 1
        before = self.best.curve
        tried = [
            self.board.add(before.model_copy(update={**changes, name: value}), name)
            for value in values
        ]
        yield from self.board.together(tried)
        whole = sorted((e for e in tried if e.whole), key=lambda each: each is not self.best)
        if not whole:
            self.best, self.failed = None, f"every {name} diverged; lower epsilon or delta"
            return
        scores = [each.score(cycles) for each in whole]
        top = max(scores)
        self.best = next(
            each for each, score in zip(whole, scores, strict=True) if not ahead(top, score)
        )
        self.line(f"{name} {getattr(self.best.curve, name):g}: best with {max(scores):.2f} %")
