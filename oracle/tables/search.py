"""A search of S-Cyc's parameters: the table of a run."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from oracle.records.candidates import Axis, CandidateTrial, Fate
from oracle.search.candidates import Candidate
from oracle.search.graph import Graph
from oracle.search.request import StudyKey
from oracle.stats.region import ROUNDING, ahead
from oracle.study import grid
from oracle.study.grid_spec import GridSpec
from oracle.study.search import ListedSearch, PaperRecipe, SampledSearch, SearchStudy
from oracle.tables import majority
from oracle.tables.oracle import Table, table_header, training_cost
from scyc.specs.base import as_json, content_hash

_CERTAIN = 2  # standard errors by which a candidate is told from the best


@dataclass(frozen=True)
class Found:
    """What a search has found so far."""

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
            return [each for each, score in pairs if not ahead(top, score)][:1]
        return [each for each in whole if not any(self._beats(other, each) for other in whole)]

    def by_merit(self) -> list[Candidate]:
        """Those that are through, the best first; the Pareto front before all others.

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
        return not any(ahead(b, a) for a, b in pairs) and any(ahead(a, b) for a, b in pairs)


def table(study: SearchStudy, run_id: str, found: Found) -> Table:
    """The table of a run as far as it has come; candidates in order of merit.

    Accuracies in percent, by replicate; ``objectives`` too, null for a candidate that was stopped.
    ``trainings``: ``named`` counts every candidate's whole run alone (of a candidate that was only
    tried on the unpruned network, that one); ``asked`` what candidates came to, and so what would
    have been trained without sharing; ``made`` each training once, those included that were there
    before. All of it but ``seconds`` is the same whoever computed it and however often that was
    interrupted.
    """
    every = [result for each in found.candidates for done in each.cycles for result in done.results]
    best = found.best
    of_best = [result for each in best[:1] for done in each.cycles for result in done.results]
    shared = training_cost(every)
    return {
        **table_header(study, "search", run_id, found.complete),
        "search": study.search.name,
        "objective": {"name": study.objective.name, "cycles": [*map(list, found.objectives)]},
        "resolution": study.resolution,
        "networks": study.cycles + 1,
        "split": majority.split(every),
        "at_chance": _at_chance(found.candidates, study.cycles),
        "candidates": [_candidate(found, each) for each in found.by_merit()],
        "best": [each.number for each in best],
        "undecided": _undecided(found),
        "trainings": {
            "named": _named(study, found.candidates),
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
    return majority.at_chance(ended, "test")


def place(study: SearchStudy, graph: Graph) -> StudyKey:
    """The Optuna study of a whole search: one for each run."""
    node = content_hash(["search", study.identity_fields(), graph.fingerprint])
    return StudyKey("search", None, node)


def trial(study: SearchStudy, graph: Graph, candidate: Candidate) -> CandidateTrial:
    """A candidate that has ended, as the storage keeps it."""
    objectives = study.objective.each(study.cycles)
    fate: Fate = "diverged" if candidate.stopped == "diverged" else "stopped"
    results = [result for done in candidate.cycles for result in done.results]
    return CandidateTrial(
        place=place(study, graph),
        number=candidate.number,
        metrics=tuple(metric(study.objective.name, cycles) for cycles in objectives),
        axes=_axes(study),
        params=as_json(candidate.curve),
        fate="finished" if candidate.whole else fate,
        values=tuple(candidate.score(cycles) for cycles in objectives) if candidate.whole else (),
        curve={
            done.cycle: statistics.fmean(result.val_accuracy for result in done.results)
            for done in candidate.cycles
        },
        attributes={
            "candidate": candidate.number,
            "steps": candidate.steps,
            "stopped": candidate.stopped,
            "last_cycle": candidate.last,
            "max_lr": list(candidate.path.max_lr),
            "test_accuracy": [
                statistics.fmean(result.test_accuracy for result in done.results)
                for done in candidate.cycles
            ],
            "cells": [result.cell for result in results],
        },
        seconds=sum(result.seconds for result in results),
    )


def line(study: SearchStudy, candidate: Candidate) -> str:
    """A candidate that is through, in a line."""
    curve, objectives = candidate.curve, study.objective.each(study.cycles)
    scores = " / ".join(f"{candidate.score(cycles):.2f} %" for cycles in objectives)
    return (
        f"candidate {candidate.number:>2}  epsilon {curve.epsilon:<8.4g} delta {curve.delta:<8.4g} "
        f"q {curve.q}  beta {curve.beta:<6.4g} {scores}"
    )


def metric(name: str, cycles: Sequence[int]) -> str:
    """What an objective is, in words; accuracies are those of validation."""
    if name != "mean":
        return f"accuracy after cycle {cycles[0]}, %"
    if len(cycles) > 1 and list(cycles) == list(range(cycles[0], cycles[-1] + 1)):
        return f"mean accuracy of cycles {cycles[0]} to {cycles[-1]}, %"
    return f"mean accuracy of cycles {', '.join(map(str, cycles))}, %"


def _candidate(found: Found, candidate: Candidate) -> Table:
    objectives = [candidate.accuracies(cycles) for cycles in found.objectives]
    return {
        "candidate": candidate.number,
        **as_json(candidate.curve),
        "steps": list(candidate.steps),
        "stopped": candidate.stopped,
        "last_cycle": candidate.last,
        "best": candidate in found.best,
        "objectives": objectives if candidate.whole else None,
        "max_lr": list(candidate.path.max_lr),
        "cycles": [
            {
                "cycle": done.cycle,
                "max_lr": done.max_lr,
                "weights_remaining": done.results[0].weights_remaining,
                "val_accuracy": [result.val_accuracy for result in done.results],
                "test_accuracy": [result.test_accuracy for result in done.results],
                "diverged": any(result.diverged for result in done.results),
            }
            for done in candidate.cycles
        ],
    }


def _undecided(found: Found) -> list[int] | None:
    """The candidates that paired replicates do not tell from the best one.

    Those whose mean paired difference to it is at most twice its standard error. None where one
    replicate hides the noise, or where several are the best.
    """
    if len(found.best) != 1 or len(found.objectives) != 1:
        return None
    (best,), (cycles,) = found.best, found.objectives
    if best.path.replicates < 2:
        return None
    mine, near = best.accuracies(cycles), []
    for each in found.candidates:
        if each.whole and each is not best:
            pairs = zip(mine, each.accuracies(cycles), strict=True)
            apart = [one - other for one, other in pairs]
            error = statistics.stdev(apart) / math.sqrt(len(apart))
            if not ahead(abs(statistics.fmean(apart)), _CERTAIN * error):
                near.append(each.number)
    return near


def _named(study: SearchStudy, candidates: Sequence[Candidate]) -> int:
    networks = (1 if each.steps == ["epsilon"] else study.cycles + 1 for each in candidates)
    return sum(networks) * study.least_replicates


def _axes(study: SearchStudy) -> Mapping[str, Axis]:
    search = study.search
    if isinstance(search, SampledSearch):
        return {
            "epsilon": Axis(search.epsilon.low, search.epsilon.high, search.epsilon.log),
            "delta": Axis(search.delta.low, search.delta.high, search.delta.log),
            "q": Axis(search.q.low, search.q.high, whole=True),
            "beta": Axis(search.beta.low, search.beta.high, search.beta.log),
        }
    if isinstance(search, PaperRecipe):
        low, high = (
            grid.grid_bounds(search.epsilon) if search.epsilon.extend else _ends(search.epsilon)
        )
    else:
        assert isinstance(search, ListedSearch)
        low, high = search.epsilon[0], search.epsilon[-1]
    return {
        "epsilon": Axis(low, high, log=True),
        "delta": Axis(search.delta[0], search.delta[-1]),
        "q": Axis(search.q[0], search.q[-1], whole=True),
        "beta": Axis(search.beta[0], search.beta[-1]),
    }


def _ends(searched: GridSpec) -> tuple[float, float]:
    every = grid.grid_values(searched)
    return every[0], every[-1]
