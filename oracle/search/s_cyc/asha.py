"""Candidates that a sampler suggests, stopped early by asynchronous successive halving.

A function of the study and of results alone, however training runs are scheduled. A candidate is
suggested from those at least `parallel` before it, all of which have ended by then, and its fate at
a rung is decided against those before it that came so far. So `parallel` candidates are under way
at once, and each waits for given results, never for whichever is faster.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field

from oracle.search.request import CellRequest, Results, Search
from oracle.search.s_cyc.candidates import Candidate, CandidatePool
from oracle.stats.region import ahead
from oracle.study.search import SampledSearch
from scyc.specs.base import SCyc

Suggest = Callable[[int, Sequence[Candidate], Sequence[Candidate]], SCyc]
Steps = Generator[CellRequest, Results, None]


@dataclass(eq=False)
class Sampled:
    """A sampler's candidates, as far as they have come.

    suggest: the curve of a candidate, from its number, those before it that have ended, and those
    that are under way.
    """

    board: CandidatePool
    search: SampledSearch
    suggest: Suggest
    line: Callable[[str], None]
    _passed: set[tuple[int, int]] = field(default_factory=set)  # (candidate, rung)

    def __post_init__(self) -> None:
        study, halving = self.board.study, self.search.halving
        self._rungs = halving.rungs(study.cycles) if halving else ()

    def searches(self) -> list[Search]:
        """Return one for each candidate."""
        return [self._to_the_end(number) for number in range(self.search.trials)]

    def _to_the_end(self, number: int) -> Search:
        yield from self._follow(number, self.board.study.cycles)

    def _follow(self, number: int, until: int) -> Steps:
        """Take a candidate through a cycle, or as far as it comes; others may have done so."""
        candidate = yield from self._candidate(number)
        for cycle in range(until + 1):
            if cycle <= candidate.last:
                continue
            if cycle - 1 in self._rungs and not candidate.ended:
                yield from self._judge(candidate, cycle - 1)
            if candidate.ended:
                return
            if cycle <= candidate.last:
                continue
            cells = candidate.path.rows[cycle]
            answers = yield CellRequest(cells, self.board.study_key)
            if cycle > candidate.last and not candidate.ended:
                self.board.take(candidate, [answers[cell.id] for cell in cells])

    def _candidate(self, number: int) -> Generator[CellRequest, Results, Candidate]:
        """Run a candidate, suggested from those that its number says."""
        candidates = self.board.candidates
        if number < len(candidates):
            return candidates[number]
        for before in range(number):
            if before <= number - self.search.parallel:
                yield from self._follow(before, self.board.study.cycles)
            else:
                yield from self._candidate(before)
        if number == len(candidates):
            split = max(0, number - self.search.parallel + 1)
            curve = self.suggest(number, candidates[:split], candidates[split:number])
            self.board.add(curve, "sampled", again=False)
        return candidates[number]

    def _judge(self, candidate: Candidate, rung: int) -> Steps:
        """Let one of `factor` go on: the best of those with lower numbers that came so far."""
        for before in range(candidate.number):
            other = self.board.candidates[before]
            if other.last < rung and not other.ended:
                yield from self._follow(before, rung)
        key = (candidate.number, rung)
        if candidate.ended or key in self._passed:
            return
        assert self.search.halving is not None
        (cycles,) = self.board.study.objective.each(self.board.study.cycles)
        others = [
            each.score_at(cycles, rung)
            for each in self.board.candidates[: candidate.number]
            if each.sound_at(rung)
        ]
        mine = candidate.score_at(cycles, rung)
        promoted = -(-(len(others) + 1) // self.search.halving.factor)
        if sum(ahead(other, mine) for other in others) < promoted:
            self._passed.add(key)
        else:
            self.board.stop(candidate, "halving")
            self.line(f"candidate {candidate.number}: stopped after cycle {rung}")
