"""Runs whose trainings other programs run: declared, observed, and what to try next.

The rows of the ledger are the authority; the trials in the Optuna storage show them in the
dashboard.
"""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from oracle.database import Observations
from oracle.errors import Forbidden, UnknownJob
from oracle.records.observations import Declared, Observation
from oracle.records.tokens import Token
from oracle.search.ask_tell import ExternalRun, ExternalRunState, Training, standing, suggestion
from oracle.storage.result_store import ResultStore
from oracle.study.validation import parse_as
from scyc.errors import BadInput
from scyc.specs.base import as_json


@dataclass(frozen=True)
class Reported:
    """A training and how it came out."""

    training: Training
    accuracy: float | None  # validation accuracy in percent; None: it diverged


@dataclass(frozen=True)
class Answer:
    """What a trainer is told."""

    added: int  # observations that were new
    standing: ExternalRunState
    next: Training | None  # None where the run has ended


class OutsideRuns:
    """All such runs of one database. For many threads at once."""

    def __init__(self, observations: Observations, store: ResultStore) -> None:
        """Show in the Optuna storage what an earlier server could no longer show."""
        self._observations, self._store = observations, store
        self._lock = threading.Lock()
        self._handed: dict[str, dict[Training, int]] = {}  # by run: what was given out, and when
        self._count = itertools.count()
        self._standings: dict[
            str, tuple[int, ExternalRunState]
        ] = {}  # by run: of so many observations
        for declared in observations.all_declared():
            self._show(declared.run_id)

    def declare(self, run: ExternalRun, owner: str) -> bool:
        """Write a run down; False where it is there already."""
        return self._observations.declare(run.id, json.dumps(as_json(run)), owner)

    def all(self) -> list[tuple[Declared, ExternalRunState]]:
        """All runs, the oldest first."""
        return [(each, self._standing(each)) for each in self._observations.all_declared()]

    def find(self, text: str) -> tuple[Declared, ExternalRunState] | None:
        """The run with this id, or the latest one with this name."""
        every = self._observations.all_declared()
        fitting = [each for each in every if each.run_id == text] or [
            each for each in every if _run(each).name == text
        ]
        return (fitting[-1], self._standing(fitting[-1])) if fitting else None

    def observe(self, text: str, who: Token, reports: Sequence[Reported]) -> Answer:
        """Take observations, any number of them, and say what to try next.

        One that is there already is fine. Raises UnknownJob; Forbidden, where the run is
        another's; BadInput, where a training was not asked for, and nothing is taken; Contradiction
        where another accuracy was observed, and what came before it is taken.
        """
        found = self.find(text)
        if found is None:
            raise UnknownJob(f"no run {text} was declared; declare it with POST /v1/oracle")
        declared, now = found
        if who.scope != "admin" and who.name != declared.owner:
            raise Forbidden(f"{declared.run_id} is {declared.owner}'s; declare a run of your own")
        if problems := now.problems(each.training for each in reports):
            raise BadInput("observations", problems)
        added = sum(self._add(declared.run_id, each, who) for each in reports)
        if reports:
            now = self._standing(declared)
        return Answer(added, now, self._hand_out(declared.run_id, now))

    def _add(self, run_id: str, report: Reported, who: Token) -> bool:
        each = report.training
        values = (each.cycle, each.max_lr, each.replicate, report.accuracy, who.name)
        new = self._observations.add(run_id, *values)
        if new:
            self._store.add_observation(run_id, Observation(*values, datetime.now(UTC)))
        return new

    def _hand_out(self, run_id: str, now: ExternalRunState) -> Training | None:
        with self._lock:
            handed = self._handed.setdefault(run_id, {})
            chosen = suggestion(now.missing, handed)
            if chosen is None:
                del self._handed[run_id]
            else:
                handed[chosen] = next(self._count)
            return chosen

    def _standing(self, declared: Declared) -> ExternalRunState:
        """That of all observations, which are never changed: so many of them, always the same."""
        rows = self._observations.of(declared.run_id)
        with self._lock:
            count, known = self._standings.get(declared.run_id, (-1, None))
        if known is not None and count == len(rows):
            return known
        found = standing(_run(declared), {_training(row): row.accuracy for row in rows})
        with self._lock:
            self._standings[declared.run_id] = (len(rows), found)
        return found

    def _show(self, run_id: str) -> None:
        rows = self._observations.of(run_id)
        shown = self._store.observations(run_id) if rows else set()
        for row in rows:
            if (row.cycle, row.max_lr, row.replicate) not in shown:
                self._store.add_observation(run_id, row)


def _run(declared: Declared) -> ExternalRun:
    return parse_as(ExternalRun, json.loads(declared.spec), declared.run_id)


def _training(row: Observation) -> Training:
    return Training(row.cycle, row.max_lr, row.replicate)
