"""The greedy oracle by ask and tell, without a server, for training loops of one's own."""

from __future__ import annotations

import contextlib
import math
import threading
from dataclasses import dataclass
from typing import Literal

from oracle.database import STORAGE_RULE, RunDatabase, parse_url, probe
from oracle.errors import ConflictingObservation, LeaseHeld
from oracle.records.observations import Observation
from oracle.records.tokens import LOCAL
from oracle.search.ask_tell import ExternalRunState, Training, standing
from oracle.service.external_runs import ExternalRuns
from oracle.storage.result_store import ResultStore
from oracle.study.parts.external_run import ExternalRun
from oracle.study.parts.metric import MetricSpec
from oracle.study.validation import parse_as
from oracle.tables import external
from scyc.errors import BadInput, Problem
from scyc.json_types import JsonMapping, JsonObject
from scyc.specs.base import SCyc, content_hash


@dataclass(frozen=True)
class AskedTask:
    """A training run to do.

    Attributes:
        cycle: Completed pruning cycles, 0 for the unpruned network.
        max_lr: The upper learning rate to train with.
        replicate: Counted from 0.
        parent_max_lr: Prune the network that the cycle before trained with this max_lr, of the
            same replicate, and start from it; None for the unpruned network.
    """

    cycle: int
    max_lr: float
    replicate: int
    parent_max_lr: float | None


class GreedyOracle:
    """Says which max_lr to try next, and takes how well it did.

    It is the same run that a server has under ``/v1/oracle``, in the same database and Optuna
    study. Any number of processes may ask at once: each training run is given to one of them, and
    to another when that process has ended without telling.

    Args:
        name: Name of the run; the same declaration in the same database goes on where it stood.
        grid: The max_lr that each cycle tries, as in a study.
        cycles: Pruning cycles after the unpruned network.
        replicates: Training runs of each max_lr.
        storage: Database URL, SQLite or PostgreSQL.
        metric: What is told: ``{"name": "perplexity", "mode": "min"}``, with a `unit` if it has
            one; None: validation accuracy in percent.
        tolerance: How much worse than the best a feasible max_lr may be: in the metric's unit, or
            in percent of the best value where `tolerance_kind` is "relative".
        tolerance_kind: "points" or "relative".
        pruning_rate: Share of the remaining weights that your program prunes in a cycle.
        search: "grid", or ``{"name": "adaptive"}`` for single training runs of it, as in a study.
        s_cyc: S-Cyc's parameters, to compare with the regions.
        description: Free text, shown to users.

    Raises:
        BadInput: With every problem found.

    Example:
        >>> import oracle
        >>> search = oracle.GreedyOracle(
        ...     name="mine", grid={"max_lr": [0.1, 0.2], "extend": False}, cycles=1, replicates=1,
        ...     storage="sqlite:///my.db",
        ... )
        >>> while (task := search.ask()) is not None:
        ...     search.tell(task, 90.0 - task.max_lr)  # validation accuracy in percent
        >>> search.state
        'done'
        >>> [cycle["well_tuned"] for cycle in search.table()["cycles"]]
        [0.1, 0.1]
        >>> search.close()
    """

    def __init__(
        self,
        *,
        name: str,
        grid: JsonMapping,
        cycles: int,
        replicates: int = 3,
        storage: str,
        metric: JsonMapping | MetricSpec | None = None,
        tolerance: float = 0.5,
        tolerance_kind: Literal["points", "relative"] = "points",
        pruning_rate: float = 0.2,
        search: str | JsonMapping = "grid",
        s_cyc: JsonMapping | SCyc | None = None,
        description: str = "",
    ) -> None:
        content = {
            "name": name,
            "description": description,
            "grid": grid,
            "search": search,
            "cycles": cycles,
            "replicates": replicates,
            "metric": metric,
            "tolerance": tolerance,
            "tolerance_kind": tolerance_kind,
            "pruning_rate": pruning_rate,
            "s_cyc": s_cyc,
        }
        self.run = _declared(content, storage)
        url = parse_url(storage)
        if problems := probe(url):
            raise BadInput("storage", problems)
        self._database = RunDatabase(url)
        self._store = ResultStore(url)
        self._observations = self._database.observations()
        ExternalRuns(self._observations, self._store).declare(self.run, LOCAL)
        self._claims: dict[Training, contextlib.ExitStack] = {}
        self._lock = threading.Lock()

    @property
    def state(self) -> str:
        """Return "open" while training runs are missing, "done" or "no winner"."""
        return self._standing().state

    def ask(self) -> AskedTask | None:
        """Return a training run to do, which is this process's until it tells.

        Returns:
            The training run. None where the run has ended (:attr:`state` is not "open"), and where
            other processes or threads have all that is missing: then ask again after a while.
        """
        now = self._standing()
        with self._lock:
            for training in now.missing:
                if not self._database.held(_claim(self.run, training)) and self._taken(training):
                    return self._task(now, training)
            for training in now.missing:  # of other machines': theirs may be dead
                if training not in self._claims and self._taken(training):
                    return self._task(now, training)
        return None

    def tell(self, task: AskedTask, value: float | None) -> None:
        """Say how a training run came out.

        Args:
            task: The requested training run.
            value: Validation accuracy in percent, or the value of the run's metric; None or NaN
                where the training run diverged.

        Raises:
            BadInput: The training run was not requested, or the value is no accuracy in percent,
                and the run has no metric.
            ConflictingObservation: It was told before, with another value; the first one is kept.
        """
        if not isinstance(task, AskedTask):
            raise BadInput("tell", [Problem("task", "must be a task that ask() returned", task)])
        training = Training(task.cycle, task.max_lr, task.replicate)
        accuracy = _told(self.run, value)
        if problems := self._standing().problems([training]):
            raise BadInput(self.run.id, problems)
        values = (task.cycle, task.max_lr, task.replicate, accuracy, LOCAL)
        try:
            if self._observations.add(self.run.id, *values):
                rows = self._observations.of(self.run.id)
                mine = next(row for row in rows if _training(row) == training)
                self._store.add_observation(self.run.id, mine, self.run.metric)
        except ConflictingObservation as error:
            raise ConflictingObservation(f"{error}; the first one is kept") from None
        finally:
            self._release(training)

    def table(self) -> JsonObject:
        """Return how far the run has come, as ``GET /v1/oracle/{run}`` does.

        Returns:
            JSON values; see :func:`oracle.tables.external.table`.
        """
        return external.table(self._standing())

    def close(self) -> None:
        """Return the tasks that were asked and not told, and close the connections."""
        for training in list(self._claims):
            self._release(training)
        self._store.close()
        self._database.close()

    def __enter__(self) -> GreedyOracle:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _standing(self) -> ExternalRunState:
        rows = self._observations.of(self.run.id)
        return standing(self.run, {_training(row): row.accuracy for row in rows})

    def _taken(self, training: Training) -> bool:
        """Claim a training run, by a lease that ends with this process."""
        stack = contextlib.ExitStack()
        lease = self._database.lease(_claim(self.run, training), lambda why: None)
        try:
            stack.enter_context(lease)
        except LeaseHeld:
            return False
        rows = self._observations.of(
            self.run.id
        )  # its result may have been told before it was returned
        if any(_training(row) == training for row in rows):
            stack.close()
            return False
        self._claims[training] = stack
        return True

    def _release(self, training: Training) -> None:
        stack = self._claims.pop(training, None)
        if stack is not None:
            stack.close()

    def _task(self, now: ExternalRunState, training: Training) -> AskedTask:
        parent = now.start(training)
        return AskedTask(training.cycle, training.max_lr, training.replicate, parent)


def _claim(run: ExternalRun, training: Training) -> str:
    """Return the name of a training run's lease."""
    return content_hash(["ask", run.id, training.cycle, training.max_lr, training.replicate])


def _training(row: Observation) -> Training:
    return Training(row.cycle, row.max_lr, row.replicate)


def _declared(content: JsonMapping, storage: object) -> ExternalRun:
    """Return the declared run. Raises BadInput with every problem of it and of the storage."""
    problems = []
    if not isinstance(storage, str):
        problems.append(Problem("storage", STORAGE_RULE, storage))
    source = name if isinstance(name := content["name"], str) else "GreedyOracle"
    try:
        run = parse_as(ExternalRun, content, source)
    except BadInput as error:
        raise BadInput(source, [*error.problems, *problems]) from None
    if problems:
        raise BadInput(source, problems)
    return run


def _told(run: ExternalRun, value: float | None) -> float | None:
    """Return a validation value; None of a diverged training run. Raises BadInput."""
    if value is None:
        return None
    try:
        number = None if isinstance(value, bool | str) else float(value)
    except (TypeError, ValueError, OverflowError, RuntimeError):  # of a tensor, too
        number = None
    if number is None:
        none = "must be a number, or None where the training run diverged"
        raise BadInput("tell", [Problem("value", run.refused(math.inf) or none, value)])
    if math.isnan(number) or (run.metric is not None and math.isinf(number)):
        return None
    if rule := run.refused(number):
        raise BadInput("tell", [Problem("value", rule, number)])
    return number
