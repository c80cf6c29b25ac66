"""Runs whose training runs other programs run: declared, observed, and what to try next.

The rows of the database are the authority; the trials in the Optuna storage show them in the
dashboard.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from oracle.database import Observations
from oracle.errors import ConflictingObservation, Forbidden, QueueFull, UnknownJob
from oracle.records.observations import Declared, Observation
from oracle.records.tokens import Token
from oracle.search.ask_tell import ExternalRunState, Training, standing, suggestion
from oracle.service.limits import Limits
from oracle.storage.result_store import ResultStore
from oracle.study.declared import RESERVED_RULE, is_reserved
from oracle.study.parts.external_run import ExternalRun
from oracle.study.parts.grid import growth_problems
from oracle.study.validation import parse_as
from scyc.errors import BadInput, Problem
from scyc.specs.base import as_json


@dataclass(frozen=True)
class Reported:
    """A training run and its result."""

    training: Training
    accuracy: float | None  # validation accuracy in percent, or the run's metric; None: it diverged


@dataclass(frozen=True)
class Answer:
    """The answer to a trainer."""

    added: int  # observations that were new
    standing: ExternalRunState
    next: Training | None  # None where the run has ended, or all that is missing is leased
    retry_after: float | None = None  # seconds to wait where the run is open and next is None
    conflicts: tuple[str, ...] = ()  # observations that differ from the ones that are kept


@dataclass(frozen=True)
class _Lease:
    """A training run that one trainer was given."""

    until: float  # seconds of the runs' clock
    trainer: str | None


LEASE = 600.0  # seconds for which a training run is given to one trainer, unless it requests others
_CACHED = 200_000  # training runs of the states that are cached, some 500 bytes each
_RETRY = 10.0  # seconds after which an idle trainer asks again, at most


class ExternalRuns:
    """All such runs of one database. For many threads at once."""

    def __init__(
        self,
        observations: Observations,
        store: ResultStore,
        limits: Limits | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Show in the Optuna storage what an earlier server could no longer show."""
        self._observations, self._store = observations, store
        self._limits, self._now = limits or Limits(), now
        self._lock = threading.Lock()
        self._leases: dict[str, dict[Training, _Lease]] = {}  # by run
        # By run: of so many observations. The one that was requested last is the last.
        self._standings: dict[str, tuple[int, ExternalRunState]] = {}
        for declared in observations.all_declared():
            self._show(declared)

    def declare(self, run: ExternalRun, owner: str) -> bool:
        """Store an external run.

        Args:
            run: The declared run.
            owner: Name of the token that owns it.

        Returns:
            False where it is there already.

        Raises:
            BadInput: It is larger than the server accepts, has a name that the program needs, or a
                grid that cannot grow.
            QueueFull: The server keeps no more runs.
        """
        if self._is_declared(run):
            return False
        if is_reserved(run.name):
            raise BadInput("run", [Problem("name", RESERVED_RULE, run.name)])
        if problems := self._limits.external_run_problems(run):  # first: nothing is computed for it
            raise BadInput("run", problems)
        if problems := growth_problems(run.grid, "grid"):
            raise BadInput("run", problems)
        most = self._limits.external_runs
        if self._observations.count() >= most:
            raise QueueFull(
                f"{most:,} external runs are declared already, as many as this server keeps; ask "
                "whoever runs it for a higher --limit external-runs"
            )
        new = self._observations.declare(run.id, json.dumps(as_json(run)), owner)
        return new or not self._is_declared(run)  # somebody else may have been faster

    def _is_declared(self, run: ExternalRun) -> bool:
        """Return whether a run is there. Raises BadInput where another one has its id."""
        there = self._observations.declared(run.id)
        if there is None:
            return False
        if _run(there) != run:  # the id is a short hash
            rule = "another run has this id; choose another name, or change the description"
            raise BadInput("run", [Problem("name", rule, run.name)])
        return True

    def all(self) -> list[tuple[Declared, ExternalRunState]]:
        """Return all runs, the oldest first."""
        return [(each, self._standing(each)) for each in self._observations.all_declared()]

    def page(
        self, after: int, limit: int
    ) -> tuple[list[tuple[Declared, ExternalRunState]], int | None]:
        """Return external runs with their states, the oldest first.

        Args:
            after: Only those with a higher number.
            limit: Runs of the page at most.

        Returns:
            The runs, and `after` for the next page; None where this is the last.
        """
        records = self._observations.page(after, limit + 1)
        runs = [(each, self._standing(each)) for _, each in records[:limit]]
        return runs, records[limit - 1][0] if len(records) > limit else None

    def find(self, text: str) -> tuple[Declared, ExternalRunState] | None:
        """Find the run with this id, or the latest one with this name.

        Args:
            text: Id or name.

        Returns:
            The run as declared, and how far it is; None where there is none.
        """
        record = self._observations.declared(text) or self._observations.latest(text)
        return (record, self._standing(record)) if record else None

    def observe(
        self,
        text: str,
        who: Token,
        reports: Sequence[Reported],
        *,
        trainer: str | None = None,
        lease: float = LEASE,
    ) -> Answer:
        """Take observations, any number of them, and say what to train next.

        An observation that is there already is fine. Of one that differs from it the first is
        kept, and the answer says so: two trainers may have run it.

        Args:
            text: Id or name of the run.
            who: The caller's token.
            reports: Observations, none to ask only.
            trainer: Names the caller among the trainers of a run: it is given again what it has a
                lease of, such as after it was started anew.
            lease: Seconds after which what is given is given to another trainer.

        Returns:
            The state of the run, the training run to do next, and conflicts.

        Raises:
            UnknownJob: There is no such run.
            Forbidden: The run is another's.
            BadInput: A training run was not requested; nothing is stored.
        """
        record = self.find(text)
        if record is None:
            raise UnknownJob(f"no run {text} was declared; declare it with POST /v1/oracle")
        declared, now = record
        if who.scope != "admin" and who.name != declared.owner:
            raise Forbidden(f"{declared.run_id} is {declared.owner}'s; declare a run of your own")
        problems = [
            Problem(f"observations[{index}].accuracy", rule, each.accuracy)
            for index, each in enumerate(reports)
            if each.accuracy is not None and (rule := now.run.refused(each.accuracy))
        ]
        if problems := problems + now.problems(each.training for each in reports):
            raise BadInput("observations", problems)
        added, conflicts = 0, []
        for report in reports:
            try:
                added += self._add(now.run, report, who)
            except ConflictingObservation as error:
                conflicts.append(str(error))
        if reports:
            now = self._standing(declared)
        chosen, wait = self._hand_out(declared.run_id, now, trainer, lease)
        return Answer(added, now, chosen, wait, tuple(conflicts))

    def _add(self, run: ExternalRun, report: Reported, who: Token) -> bool:
        each = report.training
        values = (each.cycle, each.max_lr, each.replicate, report.accuracy, who.name)
        new = self._observations.add(run.id, *values)
        if new:
            observation = Observation(*values, datetime.now(UTC))
            self._store.add_observation(run.id, observation, run.metric)
        return new

    def _hand_out(
        self, run_id: str, state: ExternalRunState, trainer: str | None, lease: float
    ) -> tuple[Training | None, float | None]:
        """Choose what a trainer trains now; else the seconds after which to ask again."""
        if not state.missing:
            return None, None
        with self._lock:
            now, missing = self._now(), set(state.missing)
            leases = self._leases.setdefault(run_id, {})
            # Leases of what was observed stay: a state read just before an observation misses it.
            own = [
                each
                for each, given in leases.items()
                if trainer and given.trainer == trainer and each in missing
            ]
            until = {each: given.until for each, given in leases.items()}
            chosen = own[0] if own else suggestion(state.missing, until, now)
            if chosen is None:
                return None, min(_RETRY, max(1.0, min(until[each] for each in missing) - now))
            leases[chosen] = _Lease(now + lease, trainer)
            return chosen, None

    def _standing(self, declared: Declared) -> ExternalRunState:
        """Compute a run's state from its observations, once for each number of them."""
        rows = self._observations.of(declared.run_id)
        with self._lock:
            count, known = self._standings.get(declared.run_id, (-1, None))
        if known is None or count != len(rows):
            known = standing(_run(declared), {_training(row): row.accuracy for row in rows})
        with self._lock:
            self._standings.pop(declared.run_id, None)
            self._standings[declared.run_id] = (len(rows), known)
            sizes = {run_id: len(each.requested) for run_id, (_, each) in self._standings.items()}
            for run_id in list(sizes)[:-1]:
                if sum(sizes.values()) <= _CACHED:
                    break
                del sizes[run_id], self._standings[run_id]
        return known

    def _show(self, declared: Declared) -> None:
        rows = self._observations.of(declared.run_id)
        if not rows:
            return
        metric = _run(declared).metric
        shown = self._store.observations(declared.run_id, metric)
        for row in rows:
            if (row.cycle, row.max_lr, row.replicate) not in shown:
                self._store.add_observation(declared.run_id, row, metric)


def _run(declared: Declared) -> ExternalRun:
    return parse_as(ExternalRun, json.loads(declared.spec), declared.run_id, stored=True)


def _training(row: Observation) -> Training:
    return Training(row.cycle, row.max_lr, row.replicate)
