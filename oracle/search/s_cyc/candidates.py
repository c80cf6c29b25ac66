"""The candidates of a search: S-Cyc curves, how far each has come, and what it is worth."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Literal

from oracle.search.graph import Cell, CellResult, Graph
from oracle.search.pruning_run import PruningPath, RunCycle
from oracle.search.request import CellRequest, Results, StudyKey
from oracle.stats.digits import round_digits
from oracle.study.search import SearchStudy
from scyc.schedules import scyc_curve
from scyc.specs.base import SCyc, as_json, content_hash

Stop = Literal["halving", "diverged", "epsilon"]


def curve_rates(
    curve: SCyc, cycles: int, rate: float, resolution: int | None = None
) -> tuple[float, ...]:
    """Return max_lr of the unpruned network and after each of `cycles` pruning cycles (Eq. 2).

    Args:
        curve: S-Cyc's parameters.
        cycles: Pruning cycles after the unpruned network.
        rate: Share of the remaining weights that a cycle prunes, in (0, 1).
        resolution: Significant digits; a value that rounds as epsilon does is epsilon, so that
            candidates share more cells. None: Eq. 2 as it is.

    Returns:
        cycles + 1 learning rates.
    """
    exact = [scyc_curve.max_lr(curve, cycle, rate) for cycle in range(cycles + 1)]
    if resolution is None:
        return tuple(exact)
    start = round_digits(curve.epsilon, resolution)
    near = [round_digits(value, resolution) for value in exact]
    return tuple(curve.epsilon if value == start else value for value in near)


@dataclass(eq=False)
class Candidate:
    """One S-Cyc curve, and its iterative pruning run as far as it has come."""

    number: int
    curve: SCyc
    path: PruningPath
    steps: list[str]  # of the search in which it is compared
    cycles: list[RunCycle] = field(default_factory=list)
    stopped: Stop | None = None  # None: it goes on, or is through

    @property
    def whole(self) -> bool:
        """Whether it has been through all cycles."""
        return self.stopped is None and len(self.cycles) == len(self.path.max_lr)

    @property
    def ended(self) -> bool:
        """Whether it requests nothing more."""
        return self.stopped is not None or self.whole

    @property
    def no_growth(self) -> int:
        """How many networks of its run have epsilon and so may start others; 0 if it lost there."""
        if self.stopped == "epsilon":
            return 0
        steady = (rate == self.curve.epsilon for rate in self.path.max_lr)
        return len(list(takewhile(bool, steady)))

    @property
    def last(self) -> int:
        """The last cycle that is finished; -1 before the first."""
        return len(self.cycles) - 1

    def sound_at(self, cycle: int) -> bool:
        """Return whether it has been through a cycle in which no replicate diverged.

        Args:
            cycle: Completed pruning cycles, 0 for the unpruned network.

        Returns:
            False also for a cycle that is not finished.
        """
        return cycle <= self.last and not any(
            result.diverged for result in self.cycles[cycle].results
        )

    def accuracies(self, cycles: Sequence[int]) -> list[float]:
        """Average validation accuracy over cycles, by replicate.

        Args:
            cycles: Numbers of cycles, at least one.

        Returns:
            Percent, one number a replicate; a cycle that a candidate that diverged did not come to
            counts as 0.
        """
        rows = [
            [result.val_accuracy for result in self.cycles[cycle].results]
            if cycle <= self.last
            else [0.0] * self.path.replicates
            for cycle in cycles
        ]
        return [statistics.fmean(column) for column in zip(*rows, strict=True)]

    def score(self, cycles: Sequence[int]) -> float:
        """Average :meth:`accuracies` over replicates.

        Args:
            cycles: Numbers of cycles, at least one.

        Returns:
            Percent.
        """
        return statistics.fmean(self.accuracies(cycles))

    def score_at(self, cycles: Sequence[int], rung: int) -> float:
        """Return what is known of a score at a rung.

        Args:
            cycles: Cycles of the objective.
            rung: Last cycle that has been trained.

        Returns:
            Mean accuracy in percent over the cycles so far, or else of that cycle.
        """
        return self.score([cycle for cycle in cycles if cycle <= rung] or [rung])


@dataclass(eq=False)
class CandidatePool:
    """All candidates of a search, in the order in which it came to them.

    The order of requests changes nothing: a candidate's results are a function of its curve.
    """

    study: SearchStudy
    graph: Graph
    ended: Callable[[Candidate], None] = lambda candidate: None  # called for each, in order
    candidates: list[Candidate] = field(default_factory=list)
    reported: int = 0  # candidates whose end has been reported

    @property
    def study_key(self) -> StudyKey:
        """Where all candidates' cells are recorded: one Optuna study a system and schedule."""
        roots: list[None] = [None] * self.study.least_replicates
        above = self.graph.study_key(roots, self.study.schedule)
        node = content_hash(["candidates", above, as_json(self.study.pruning)])
        return StudyKey("candidates", None, node)

    def find(self, curve: SCyc) -> Candidate | None:
        """Find the candidate with this curve, if there is one.

        Args:
            curve: S-Cyc's parameters.

        Returns:
            The candidate; None where there is none.
        """
        return next((each for each in self.candidates if each.curve == curve), None)

    def add(self, curve: SCyc, step: str, again: bool = True) -> Candidate:
        """Return the candidate with this curve, which is new unless there is one.

        Args:
            curve: S-Cyc's parameters.
            step: Of the search that wants it, which is noted in the candidate.
            again: False makes a new one in any case.

        Returns:
            The candidate, in the pool.
        """
        candidate = self.find(curve) if again else None
        if candidate is not None:
            if step not in candidate.steps:
                candidate.steps.append(step)
            return candidate
        study = self.study
        rates = curve_rates(curve, study.cycles, study.pruning.rate, study.resolution)
        path = PruningPath(self.graph, study.schedule, rates, study.least_replicates)
        self.candidates.append(Candidate(len(self.candidates), curve, path, [step]))
        return self.candidates[-1]

    def take(self, candidate: Candidate, results: Sequence[CellResult]) -> None:
        """Note a candidate's next cycle; a replicate that diverged ends it.

        Args:
            candidate: One of the pool.
            results: Of that cycle, one a replicate.
        """
        cycle = len(candidate.cycles)
        path = candidate.path
        done = RunCycle(cycle, path.max_lr[cycle], path.rows[cycle], tuple(results))
        candidate.cycles.append(done)
        if any(result.diverged for result in results):
            candidate.stopped = "diverged"
        self.tell()

    def stop(self, candidate: Candidate, why: Stop) -> None:
        """Let a candidate go no further; one that diverged has stopped for that.

        Args:
            candidate: One of the pool.
            why: The reason that is noted.
        """
        candidate.stopped = candidate.stopped or why
        self.tell()

    def tell(self) -> None:
        """Tell of those that have ended, in their order."""
        while self.reported < len(self.candidates) and self.candidates[self.reported].ended:
            self.reported += 1
            self.ended(self.candidates[self.reported - 1])

    def together(self, candidates: Sequence[Candidate]) -> Generator[CellRequest, Results, None]:
        """Take candidates to their ends side by side.

        Args:
            candidates: Those that go on; one that has ended is passed over.

        Yields:
            One request a cycle, for all candidates.
        """
        for cycle in range(self.study.cycles + 1):
            going = [each for each in candidates if not each.ended and each.last < cycle]
            cells: dict[str, Cell] = {
                cell.id: cell for each in going for cell in each.path.rows[cycle]
            }
            if not cells:
                continue
            answers = yield CellRequest(tuple(cells.values()), self.study_key)
            for each in going:
                self.take(each, [answers[cell.id] for cell in each.path.rows[cycle]])
