"""A worker whose training runs are a user's own function's."""

from __future__ import annotations

import contextlib
import json
import math
import os
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from types import FrameType

from pydantic import TypeAdapter

from oracle.errors import PackFailed
from oracle.execution.curves.reporter import CurveReporter
from oracle.execution.functions.task import Outcome, Stop, Task, Trainable, as_trainable
from oracle.execution.pack_state import in_flight_folder
from oracle.execution.worker import CellTask, Worker, WorkerConfig
from oracle.search.graph import CellResult
from oracle.study.function import FunctionSystem
from scyc import seeds
from scyc.specs.factory import load_factory, register
from scyc.specs.schedules import ScheduleSpec
from scyc.specs.source_code import change_rule
from scyc.storage.blob_store import blobs
from scyc.storage.checkpoint_store import CheckpointLost, FolderStore
from scyc.storage.folder_archive import NoArchive
from scyc.tuning.plan import Plan

_SCHEDULE: TypeAdapter[ScheduleSpec] = TypeAdapter(ScheduleSpec)
_GRACE = 10.0  # seconds between asking a function to end and ending its process


class _TimedOut(BaseException):
    """Raised in a training function that is over its time; `except Exception` lets it pass."""


class FunctionWorker:
    """Runs a training function, one training run at a time.

    messages, curves: as :class:`oracle.execution.worker.Worker` has them.
    """

    def __init__(self, config: WorkerConfig) -> None:
        sys.path[:0] = [path for path in config.import_from if path not in sys.path]
        for path, made in config.objects.items():
            register(path, made)
        self._config = config
        self._system = FunctionSystem.model_validate_json(json.dumps(config.system))
        self._folders = FolderStore(blobs(config.checkpoints))
        self._marks = in_flight_folder(config.in_flight)  # of training runs that were ended
        trainer = self._system.trainer
        if rule := change_rule(trainer.function, trainer.source):
            raise PackFailed(rule)
        self._trainable = load_trainable(trainer.function)
        self.messages: list[str] = []
        self.curves = CurveReporter()

    def plan(self, most: int | None) -> Plan:
        """Refuse to measure packs: a training function has one training run a pack.

        Args:
            most: Is not used.

        Returns:
            Never: it raises.

        Raises:
            PackFailed: Always.
        """
        raise PackFailed("a training function has one training run a pack")

    def train(self, tasks: Sequence[CellTask], engine: str | None = None) -> list[CellResult]:
        """Run the function once for each task; each folder that it leaves is stored by then.

        Args:
            tasks: Of one pack.
            engine: Is not used: the function trains as it likes.

        Returns:
            Results in the order of the tasks.

        Raises:
            PackFailed: The function raises, hangs, leaves nothing, or returns what is no outcome.
            CheckpointLost: The folder to start from is gone or damaged.
        """
        return [self._train(task) for task in tasks]

    def _train(self, given: CellTask) -> CellResult:
        called = f"cycle {given.cycle}, max_lr {given.max_lr:.4g}, replicate {given.replicate}"
        with tempfile.TemporaryDirectory(prefix="oracle-task-") as scratch:
            task = self._task(given, Path(scratch))
            started = time.perf_counter()
            try:
                outcome = self._outcome(task, given, called)
            except Stop:
                outcome = Outcome(math.nan)
            seconds = time.perf_counter() - started
            return self._result(given, task, outcome, seconds, called)

    def _task(self, given: CellTask, scratch: Path) -> Task:
        parent = None
        if given.parent is not None:
            parent = scratch / "parent"
            parent.mkdir()
            try:
                self._folders.load_folder(given.parent, parent)
            except CheckpointLost:
                self._folders.discard(given.parent)  # so that it is seen to be gone
                raise
        folder = scratch / "folder"
        folder.mkdir()
        system = self._system
        return Task(
            max_lr=given.max_lr,
            cycle=given.cycle,
            replicate=given.replicate,
            seed=seeds.seed(system.seed, "function", given.replicate, given.cycle),
            pruning_rate=system.pruning.rate,
            parent=parent,
            folder=folder,
            options=dict(system.trainer.options),
            steps=system.steps,
            schedule=_SCHEDULE.validate_json(json.dumps(given.schedule)),
            on_report=partial(self.curves.add, given.cell),
        )

    def _outcome(self, task: Task, given: CellTask, called: str) -> Outcome:
        """Run the function. Raises PackFailed, and Stop where it lets that pass."""
        limit = self._trainable.timeout
        try:
            with self._limited(given.cell, called):
                outcome = self._trainable(task)
        except Stop:
            raise
        except _TimedOut:
            raise PackFailed(_late(called, limit)) from None
        except (Exception, SystemExit):  # the user's code may raise anything
            raise PackFailed(
                f"the training function failed ({called}):\n{traceback.format_exc()}"
            ) from None
        return _checked(outcome, called)

    @contextlib.contextmanager
    def _limited(self, cell: str, called: str) -> Iterator[None]:
        """End a function that is over its time: by an exception, or else with its process."""
        limit = self._trainable.timeout
        if limit is None:
            yield
            return
        mark = self._marks / f"{cell[:32]}.late"
        if mark.exists():
            mark.unlink(missing_ok=True)
            raise PackFailed(f"{_late(called, limit)}; its process had to be ended")
        in_main = threading.current_thread() is threading.main_thread()
        before = signal.signal(signal.SIGALRM, _ring) if in_main else None
        ended = threading.Event()
        if self._config.disposable:
            watch = threading.Thread(target=_end, args=(limit + _GRACE, ended, mark), daemon=True)
            watch.start()
        if in_main:
            signal.setitimer(signal.ITIMER_REAL, limit)
        try:
            yield
        finally:
            ended.set()
            if in_main:
                signal.setitimer(signal.ITIMER_REAL, 0)
                signal.signal(signal.SIGALRM, before or signal.SIG_DFL)

    def _result(
        self, given: CellTask, task: Task, outcome: Outcome, seconds: float, called: str
    ) -> CellResult:
        test = outcome.validation if outcome.test is None else outcome.test
        diverged = not (math.isfinite(outcome.validation) and math.isfinite(test))
        remaining = outcome.weights_remaining
        if remaining is None:
            remaining = 100 * (1 - self._system.pruning.rate) ** given.cycle
        return CellResult(
            cell=given.cell,
            curve=tuple(task.curve),
            val_accuracy=0.0 if diverged else float(outcome.validation),
            test_accuracy=0.0 if diverged else float(test),
            diverged=diverged,
            weights_remaining=float(remaining),
            steps=task.curve[-1][0] if task.curve else self._system.steps,
            seconds=seconds,
            checkpoint=None if diverged else self._saved(task.folder, called),
            device="gpu" if self._trainable.gpu else "cpu",
            engine="function",
            members=1,
        )

    def _saved(self, folder: Path, called: str) -> str:
        try:
            return self._folders.save_folder(folder)
        except NoArchive as error:
            raise PackFailed(
                f"the training function left no network ({called}): task.folder {error}; save the "
                "trained network there, to be pruned next"
            ) from None


AnyWorker = Worker | FunctionWorker


def make_worker(config: WorkerConfig) -> AnyWorker:
    """Return the worker for a run's system.

    Args:
        config: What all workers of a run share.

    Returns:
        A worker of this process.

    Raises:
        PackFailed: The network cannot be built, or there is no such training function.
        ImagesLost: The decoded images of the run are gone.
    """
    return FunctionWorker(config) if "trainer" in config.system else Worker(config)


def load_trainable(path: str) -> Trainable:
    """Return the training function behind a path.

    Args:
        path: ``module:name``, or one that was registered.

    Returns:
        The function, with its resources and timeout.

    Raises:
        PackFailed: There is none.
    """
    try:
        return as_trainable(load_factory(path))
    except ValueError as error:
        raise PackFailed(str(error)) from error


def _checked(outcome: object, called: str) -> Outcome:
    """Return what a function returned, if it is an outcome. Raises PackFailed."""
    if not isinstance(outcome, Outcome):
        given = type(outcome).__name__
        rule = "return oracle.Outcome(validation=..., test=..., weights_remaining=...)"
        raise PackFailed(f"the training function returned {given} ({called}); {rule}")
    for name in ("validation", "test", "weights_remaining"):
        value = getattr(outcome, name)
        if value is None and name != "validation":
            continue
        try:
            number = float(value)
        except (TypeError, ValueError):
            given = type(value).__name__
            raise PackFailed(f"Outcome.{name} is {given}, not a number ({called})") from None
        if name == "weights_remaining" and not 0 < number <= 100:
            rule = "must be a percentage above 0 and at most 100"
            raise PackFailed(f"Outcome.weights_remaining = {value!r} {rule} ({called})")
    return outcome


def _late(called: str, limit: float | None) -> str:
    return (
        f"a training run did not end within its timeout of {limit:g} s ({called}); raise the "
        "timeout of @oracle.trainable, or fix the function, and run the study again"
    )


def _ring(number: int, frame: FrameType | None) -> None:
    raise _TimedOut


def _end(limit: float, ended: threading.Event, mark: Path) -> None:
    """End this process where a function does not end: it may hang where Python cannot reach it."""
    if not ended.wait(limit):
        with contextlib.suppress(OSError):
            mark.parent.mkdir(parents=True, exist_ok=True)
            mark.touch()
        os._exit(1)
