"""Writing down what a run finds, by the one who holds the lease."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from oracle.database import Lease
from oracle.errors import OptunaStudyGone
from oracle.records.candidates import CandidateTrial
from oracle.search.graph import Cell, CellResult, Graph
from oracle.search.request import StudyKey
from oracle.storage.optuna_studies import study_name
from oracle.storage.result_store import ResultStore
from oracle.storage.retry import DatabaseRetry


@dataclass(frozen=True)
class Recorder:
    """Writes results of one graph, once each; a database that is away is waited for.

    An Optuna study that somebody deletes meanwhile, in the dashboard, is made again.

    name: the study's. say: is called for studies that were deleted. Its methods raise LeaseLost and
    StorageError.
    """

    store: ResultStore
    lease: Lease
    graph: Graph
    name: str
    patience: DatabaseRetry
    say: Callable[[str], None]
    bounds: tuple[float, float] | None = None  # learning rates that the study's grid never passes
    _answers: dict[int, CandidateTrial] = field(default_factory=dict)  # by cycle, as written
    _candidates: list[CandidateTrial] = field(default_factory=list)

    def cell(
        self, cell: Cell, result: CellResult, study_key: StudyKey, there: bool = False
    ) -> None:
        """Store a finished cell, waiting for a database that is away.

        Args:
            cell: What was trained.
            result: What it gave.
            study_key: The Optuna study that it goes into.
            there: Whether it may be stored already; then it stays as it is.
        """
        tried = there

        def add() -> None:
            nonlocal tried
            again, tried = tried, True  # the answer to the first COMMIT may have been lost
            claim = self.lease.claim
            self.store.add(
                self.graph, self.name, study_key, cell, result, claim, again, self.bounds
            )

        self.in_study(study_key, add)

    def candidate(self, trial: CandidateTrial) -> None:
        """Write a candidate of a search down, unless it is there.

        Args:
            trial: What is written.
        """

        def add() -> None:
            self.store.add_candidate(self.graph, self.name, trial, self.lease.claim)

        self._candidates.append(trial)
        self.in_study(trial.study_key, add)

    def answer(self, trial: CandidateTrial) -> None:
        """Write the answer of a cycle into the run's summary, unless it was written here before.

        Args:
            trial: What is written.
        """
        if self._answers.get(trial.number) == trial:
            return

        def put() -> None:
            self.store.put_summary(self.graph, self.name, trial, self.lease.claim)

        self.in_study(trial.study_key, put)
        self._answers[trial.number] = trial

    def in_study(self, study_key: StudyKey, act: Callable[[], None]) -> None:
        """Do something in an Optuna study, which is made again if it was deleted.

        Args:
            study_key: The Optuna study that holds the trials.
            act: Writes to the study.
        """
        try:
            self.patience(act)
        except OptunaStudyGone:
            deleted = study_name(self.graph, self.name, study_key)
            self.say(f"the Optuna study {deleted} was deleted; it is made again")
            self.store.forget()
            self.patience(act)

    def restore(self, every: Iterable[tuple[Cell, CellResult, StudyKey]]) -> None:
        """Store again what a run rests on and the storage no longer has, and say so.

        Args:
            every: The cells that the run has requested, their results and studies.
        """
        there = self.patience(lambda: self.store.cells(self.graph))
        missing = [each for each in every if each[0].id not in there]
        if missing:
            self.store.forget()
        counts = Counter(
            study_name(self.graph, self.name, study_key) for _, _, study_key in missing
        )
        for title, count in sorted(counts.items()):
            runs = f"{count} training run{'s' * (count != 1)}"
            self.say(f"{title}: {runs} were deleted from the storage; stored again")
        for cell, result, study_key in missing:
            self.cell(cell, result, study_key, there=True)
        if self._candidates:
            self.store.forget()
            for trial in list(self._candidates):
                self.patience(
                    lambda trial=trial: self.store.add_candidate(  # type: ignore[misc]
                        self.graph, self.name, trial, self.lease.claim
                    )
                )
