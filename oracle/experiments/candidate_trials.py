"""The candidates of a search as Optuna trials of one study."""

from __future__ import annotations

import statistics
from collections.abc import Mapping

from oracle.records.candidates import Axis, CandidateTrial, Fate
from oracle.search.graph import Graph
from oracle.search.request import StudyKey
from oracle.search.s_cyc.candidates import Candidate
from oracle.study.parts import grid
from oracle.study.parts.grid_spec import GridSpec
from oracle.study.search import ListedSearch, PaperRecipe, SampledSearch, SearchStudy
from oracle.tables.search import metric
from scyc.specs.base import as_json, content_hash


def study_key(study: SearchStudy, graph: Graph) -> StudyKey:
    """Name the Optuna study of a whole search: one for each run.

    Args:
        study: Which search.
        graph: Names the training runs.

    Returns:
        Its key, whose node is a hash of the study and of the images.
    """
    node = content_hash(["search", study.identity_fields(), graph.fingerprint])
    return StudyKey("search", None, node)


def trial(study: SearchStudy, graph: Graph, candidate: Candidate) -> CandidateTrial:
    """Make the trial of a candidate that has ended, as the storage keeps it.

    Args:
        study: Which search.
        graph: Names the training runs.
        candidate: Its parameters and its training runs.

    Returns:
        The trial; without values where the candidate diverged or was stopped.
    """
    objectives = study.objective.each(study.cycles)
    fate: Fate = "diverged" if candidate.stopped == "diverged" else "stopped"
    results = [result for done in candidate.cycles for result in done.results]
    return CandidateTrial(
        study_key=study_key(study, graph),
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
