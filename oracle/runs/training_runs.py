"""The finished training runs of a stored run, each once."""

from __future__ import annotations

from dataclasses import dataclass

from oracle.experiments.registry import experiment
from oracle.runs.catalog import StoredRun
from oracle.search.graph import Cell, CellResult, Graph
from oracle.search.request import requests
from oracle.storage.session import opened


@dataclass(frozen=True)
class TrainingRun:
    """A finished cell, and the search that asked for it first."""

    search: str  # kind of the Optuna study that holds it: oracle, path, candidates
    cell: Cell
    result: CellResult


def training_runs(run: StoredRun) -> list[TrainingRun]:
    """Return the finished training runs that a run's searches have asked for, in their order."""
    graph = Graph(run.study.system, run.record.fingerprint)
    with opened(run.url) as (_, store):
        known = store.results(graph)
    rows: dict[str, TrainingRun] = {}
    for search in experiment(run.study, graph).searches():
        for asked in requests(search, known):
            for cell in asked.cells:
                if cell.id in known:
                    row = TrainingRun(asked.place.kind, cell, known[cell.id])
                    rows.setdefault(cell.id, row)
    return list(rows.values())
