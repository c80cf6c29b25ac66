"""The finished training runs of a stored run, each once."""

from __future__ import annotations

from dataclasses import dataclass

from oracle.experiments.registry import experiment
from oracle.runs.catalog import StoredRun
from oracle.search.graph import Cell, CellResult, Graph
from oracle.search.request import requests
from oracle.storage.session import opened

COLUMNS = (
    "search", "cycle", "max_lr", "replicate", "val_accuracy", "test_accuracy", "diverged",
    "weights_remaining", "steps", "seconds", "device", "engine", "checkpoint", "cell",
)  # fmt: skip


@dataclass(frozen=True)
class TrainingRun:
    """A finished cell, and the search that requested it first."""

    search: str  # kind of the Optuna study that holds it: oracle, path, candidates
    cell: Cell
    result: CellResult

    def values(self) -> tuple[object, ...]:
        """Return its values in the order of `COLUMNS`; accuracies and weights in percent."""
        cell, result = self.cell, self.result
        return (
            self.search, cell.cycle, cell.max_lr, cell.replicate,
            result.val_accuracy, result.test_accuracy, result.diverged, result.weights_remaining,
            result.steps, result.seconds, result.device, result.engine, result.checkpoint, cell.id,
        )  # fmt: skip


def training_runs(run: StoredRun) -> list[TrainingRun]:
    """Return the finished training runs that a run's searches have requested, in their order.

    Args:
        run: The stored run.

    Returns:
        One a cell, under the search that requested it first.
    """
    graph = Graph(run.study.system, run.record.fingerprint)
    with opened(run.url) as (_, store):
        known = store.results(graph)
    rows: dict[str, TrainingRun] = {}
    for search in experiment(run.study, graph).searches():
        for request in requests(search, known):
            for cell in request.cells:
                if cell.id in known:
                    row = TrainingRun(request.study_key.kind, cell, known[cell.id])
                    rows.setdefault(cell.id, row)
    return list(rows.values())
