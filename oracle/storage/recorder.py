"""Writing down what a run finds, by the one who holds the lease."""

from __future__ import annotations

from dataclasses import dataclass

from oracle.database import Lease
from oracle.records.candidates import CandidateTrial
from oracle.search.graph import Cell, CellResult, Graph
from oracle.search.request import StudyKey
from oracle.storage.result_store import ResultStore
from oracle.storage.retry import DatabaseRetry


@dataclass(frozen=True)
class Recorder:
    """Writes results of one graph, once each; a database that is away is waited for.

    name: the study's. Its methods raise LeaseLost and StorageError.
    """

    store: ResultStore
    lease: Lease
    graph: Graph
    name: str
    patience: DatabaseRetry

    def cell(self, cell: Cell, result: CellResult, where: StudyKey) -> None:
        """Write a cell down that is not there yet."""
        tried = False

        def add() -> None:
            nonlocal tried
            again, tried = tried, True  # the answer to the first COMMIT may have been lost
            self.store.add(self.graph, self.name, where, cell, result, self.lease.claim, again)

        self.patience(add)

    def candidate(self, trial: CandidateTrial) -> None:
        """Write a candidate of a search down, unless it is there."""

        def add() -> None:
            self.store.add_candidate(self.graph, self.name, trial, self.lease.claim)

        self.patience(add)
