"""A search of S-Cyc's parameters: the table of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NotRequired

from typing_extensions import TypedDict

from oracle.search import chance
from oracle.search.s_cyc.candidates import Candidate, Stop
from oracle.stats.paired_difference import mean_difference
from oracle.stats.region import ROUNDING
from oracle.stats.region import ahead as is_ahead
from oracle.study.search import SearchStudy
from oracle.tables.base import (
    RunCycleRow,
    SCycParameters,
    TableHeader,
    TrainingCost,
    run_cycle_row,
    s_cyc_parameters,
    table_header,
    training_cost,
)
from oracle.tables.parts import majority

_CERTAIN = 2  # standard errors by which a candidate differs significantly from the best


class CandidateRow(SCycParameters):
    """One S-Cyc curve, and its run as far as it came."""

    candidate: int
    """Its number."""
    steps: list[str]
    """Of the search in which it is compared."""
    stopped: Stop | None
    """Null: it goes on, or is through."""
    last_cycle: int
    """That is finished; -1 before the first."""
    best: bool
    objectives: list[list[float]] | None
    """Percent, by replicate; null of one that was stopped."""
    max_lr: list[float]
    """Cycle by cycle."""
    cycles: list[RunCycleRow]


class ObjectiveFields(TypedDict):
    """What makes a candidate better: mean validation accuracy, of these cycles."""

    name: Literal["target", "mean", "pareto"]
    cycles: list[list[int]]
    """Of each objective."""


class TrainingCounts(TypedDict):
    """How many training runs candidates come to."""

    named: int
    """Every candidate's whole run alone; of one that lost its first step, that one."""
    asked: int
    """What would have been trained without sharing."""
    made: int
    """Each training run once, those included that were there before."""


class SearchCost(TypedDict):
    """What the search cost."""

    search: TrainingCost
    unshared: TrainingCost
    """What it would have cost if no two candidates shared a network."""
    best: TrainingCost
    """Of the best candidate's run alone."""


class SearchTable(TableHeader):
    """A search of S-Cyc's parameters, candidates in order of merit.

    Keys that are not required are absent from tables that earlier versions wrote.
    """

    kind: Literal["search"]
    search: Literal["paper", "optuna", "grid"]
    objective: ObjectiveFields
    resolution: int | None
    """Significant digits of max_lr."""
    networks: int
    """Of a whole run: the unpruned one, and one for each pruning cycle."""
    split: NotRequired[majority.Split | None]
    """Null where a result was stored without it."""
    at_chance: NotRequired[bool | None]
    """At the last cycle."""
    candidates: list[CandidateRow]
    best: list[int]
    """Numbers; several on a Pareto front."""
    undecided: list[int] | None
    """Candidates that replicates do not tell from the best one."""
    trainings: TrainingCounts
    cost: SearchCost


@dataclass(frozen=True)
class SearchResults:
    """The results of a search so far."""

    candidates: Sequence[Candidate]
    chosen: Candidate | None  # by the paper's recipe
    objectives: tuple[tuple[int, ...], ...]  # cycles of each
    complete: bool

    @property
    def best(self) -> list[Candidate]:
        """The recipe's choice, or the best by the objective, of equal ones the first.

        Of several objectives the Pareto front.
        """
        if self.chosen is not None:
            return [self.chosen] if self.chosen.whole else []
        whole = [each for each in self.candidates if each.whole]
        if len(self.objectives) == 1:
            scores = [each.score(self.objectives[0]) for each in whole]
            top = max(scores, default=0.0)
            pairs = zip(whole, scores, strict=True)
            return [each for each, score in pairs if not is_ahead(top, score)][:1]
        return [each for each in whole if not any(self._beats(other, each) for other in whole)]

    def by_merit(self) -> list[Candidate]:
        """Return those that are through, the best first; the Pareto front before all others.

        Then those that were stopped, the latest first.
        """
        best = self.best
        front = best if len(self.objectives) > 1 else []

        def key(each: Candidate) -> tuple[bool, bool, int, int, bool, int]:
            total = round(sum(self._scores(each)) / ROUNDING) if each.whole else 0
            fallen = each.stopped == "diverged"
            return fallen, each not in front, -each.last, -total, each not in best, each.number

        return sorted(self.candidates, key=key)

    def _scores(self, candidate: Candidate) -> list[float]:
        return [candidate.score(cycles) for cycles in self.objectives]

    def _beats(self, one: Candidate, other: Candidate) -> bool:
        """Whether one is as good in every objective and better in some."""
        pairs = list(zip(self._scores(one), self._scores(other), strict=True))
        behind = any(is_ahead(b, a) for a, b in pairs)
        return not behind and any(is_ahead(a, b) for a, b in pairs)


def table(study: SearchStudy, run_id: str, results: SearchResults) -> SearchTable:
    """Return the table of a run as far as it has come.

    All of it but ``seconds`` is the same whoever computed it and however often that was
    interrupted.

    Args:
        study: The declared search.
        run_id: Id of the run.
        results: The candidates, as far as they have come.

    Returns:
        A table of kind "search", the best candidate first.
    """
    every = [
        result for each in results.candidates for done in each.cycles for result in done.results
    ]
    best = results.best
    of_best = [result for each in best[:1] for done in each.cycles for result in done.results]
    shared = training_cost(every)
    return {
        "kind": "search",
        **table_header(study, run_id, results.complete),
        "search": study.search.name,
        "objective": {"name": study.objective.name, "cycles": [*map(list, results.objectives)]},
        "resolution": study.resolution,
        "networks": study.cycles + 1,
        "split": majority.split(every),
        "at_chance": _at_chance(results.candidates, study.cycles),
        "candidates": [_candidate(results, each) for each in results.by_merit()],
        "best": [each.number for each in best],
        "undecided": _undecided(results),
        "trainings": {
            "named": _named(study, results.candidates),
            "asked": len(every),
            "made": shared["trainings"],
        },
        "cost": {
            "search": shared,
            "unshared": {
                "trainings": len(every),
                "steps": sum(result.steps for result in every),
                "seconds": round(sum(result.seconds for result in every), 1),
            },
            "best": training_cost(of_best),
        },
    }


def _at_chance(candidates: Sequence[Candidate], last: int) -> bool | None:
    """Whether none of the last cycle's networks is better than naming the largest class."""
    ended = [done.results for c in candidates for done in c.cycles if done.cycle == last]
    return chance.at_chance(ended, "test")


def line(study: SearchStudy, candidate: Candidate) -> str:
    """Format a candidate that is through, in a line.

    Args:
        study: Which search.
        candidate: A candidate whose training runs have all ended.

    Returns:
        One line without an end; objectives in percent.
    """
    curve, objectives = candidate.curve, study.objective.each(study.cycles)
    scores = " / ".join(f"{candidate.score(cycles):.2f} %" for cycles in objectives)
    return (
        f"candidate {candidate.number:>2}  epsilon {curve.epsilon:<8.4g} delta {curve.delta:<8.4g} "
        f"q {curve.q}  beta {curve.beta:<6.4g} {scores}"
    )


def metric(name: str, cycles: Sequence[int]) -> str:
    """Name an objective in words; accuracies are those of validation.

    Args:
        name: Of the objective.
        cycles: That it is averaged over.

    Returns:
        Such as "mean accuracy of cycles 0 to 5, %".
    """
    if name != "mean":
        return f"accuracy after cycle {cycles[0]}, %"
    if len(cycles) > 1 and list(cycles) == list(range(cycles[0], cycles[-1] + 1)):
        return f"mean accuracy of cycles {cycles[0]} to {cycles[-1]}, %"
    return f"mean accuracy of cycles {', '.join(map(str, cycles))}, %"


def _candidate(results: SearchResults, candidate: Candidate) -> CandidateRow:
    objectives = [candidate.accuracies(cycles) for cycles in results.objectives]
    return {
        "candidate": candidate.number,
        **s_cyc_parameters(candidate.curve),
        "steps": list(candidate.steps),
        "stopped": candidate.stopped,
        "last_cycle": candidate.last,
        "best": candidate in results.best,
        "objectives": objectives if candidate.whole else None,
        "max_lr": list(candidate.path.max_lr),
        "cycles": [run_cycle_row(done) for done in candidate.cycles],
    }


def _undecided(results: SearchResults) -> list[int] | None:
    """Return the candidates that paired replicates do not tell from the best one.

    Those whose mean paired difference to it is at most twice its standard error. None where one
    replicate hides the noise, or where several are the best.
    """
    if len(results.best) != 1 or len(results.objectives) != 1:
        return None
    (best,), (cycles,) = results.best, results.objectives
    if best.path.replicates < 2:
        return None
    mine, near = best.accuracies(cycles), []
    for each in results.candidates:
        if each.whole and each is not best:
            points, error = mean_difference(mine, each.accuracies(cycles))
            if error is not None and abs(points) <= _CERTAIN * error:
                near.append(each.number)
    return near


def _named(study: SearchStudy, candidates: Sequence[Candidate]) -> int:
    networks = (1 if each.steps == ["epsilon"] else study.cycles + 1 for each in candidates)
    return sum(networks) * study.least_replicates
