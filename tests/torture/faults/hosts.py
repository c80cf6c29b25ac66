"""Drivers in threads of this process, on hosts that are made up, one step at a time.

Each is the real `runs.execute`, with a toy trainer. A driver that was killed runs its way out like
any Python program, but whatever it still wants to write on that way is refused: nothing of it is
seen in the database or in the files. Time is made up, too: whoever watches a lease passes it.
"""

from __future__ import annotations

import contextlib
import functools
import queue
import sqlite3
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal
from unittest import mock

import sqlalchemy as sa
from optuna.storages import RDBStorage
from optuna.storages._rdb.storage import _VersionManager
from sqlalchemy.engine.default import DefaultDialect

from faults import toys
from faults.failpoints import POINTS
from oracle.database import leases
from oracle.execution.pack_queue import Pack, PackQueue
from oracle.execution.worker import WorkerConfig
from oracle.runs import execute, prepare, workspace
from oracle.search.graph import Cell
from oracle.storage.result_store import ResultStore
from oracle.storage.retry import DatabaseRetry
from oracle.tables.registry import Table
from scyc.storage.blob_store import sweep
from scyc.storage.checkpoint_store import CheckpointLost, CheckpointStore

FAILPOINTS = (
    "before the lease",
    "before a run is registered",
    "after a run is registered",
    "before the results are read",
    "after the results are read",
    "between result and commit",
    "between commit and acknowledgement",
    "before a pack is done",
    "between cycles",
    "before a checkpoint",
    "after a checkpoint",
    "before a pack lands",
    "after a pack has landed",
    "before an unused checkpoint is deleted",
    "after an unused checkpoint is deleted",
    "before the folder is cleared",
    "after the folder is cleared",
)
Act = Literal["kill", "stop"]
Refusal = Literal["away", "damaged", "answer lost"]
_WATCH = 5.0  # seconds between two signs of life
_SQLITE_CODES = {"away": sqlite3.SQLITE_BUSY, "damaged": sqlite3.SQLITE_IOERR}
_here = threading.local()


class Killed(BaseException):
    """The process of this driver is no more."""


@dataclass
class Journal:
    """What was started, attempted and acknowledged, by cell id, in all drivers together."""

    broken: list[str] = field(default_factory=list)
    stored: Callable[[], Counter[str]] = Counter
    attempted: set[str] = field(default_factory=set)
    acknowledged: set[str] = field(default_factory=set)
    killed: Counter[str] = field(default_factory=Counter)  # by failpoint

    def start(self, pack: Pack, again: set[str]) -> None:
        """Packs with a cell that is trained for its checkpoint may start once more."""
        cells = {cell.id for cell in pack.cells}
        if not cells & again and (twice := cells & self.acknowledged):
            self.broken.append(f"I2: {len(twice)} cells trained after they were stored")


class Driver:
    """A driver; between two of its steps it waits for an order."""

    def __init__(
        self, number: int, host: int, prepared: prepare.PreparedRun, journal: Journal
    ) -> None:
        self.host, self.prepared, self.journal = host, prepared, journal
        self.process = f"host-{host} {number} {number} name-{host}"
        self.state: Literal["ready", "stopped", "ended"] = "ready"
        self.dead = False  # killed
        self.end: BaseException | None = None
        self.table: Table | None = None
        self.lease: Any = None
        self.out: list[Pack] = []
        self.armed: tuple[str, int, Act] | None = None
        self.refusal: tuple[int, Refusal] | None = None
        self._orders: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._states: queue.SimpleQueue[Literal["ready", "stopped", "ended"]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def lives(self) -> bool:
        """Whether its process is still there."""
        return not self.dead and self.state != "ended"

    def start(self) -> None:
        """Run to the first step, or to where something is armed."""
        self._thread.start()
        self.state = self._states.get(timeout=240)

    def order(self, act: Callable[[], None] = lambda: None) -> None:
        """Do something in the driver's thread, and go on to its next step."""
        self._orders.put(act)
        self.state = self._states.get(timeout=240)

    def finish(self, index: int) -> None:
        """A worker has finished one of the packs that are out."""
        self.order(lambda: self._finish(self.out.pop(index % len(self.out))))

    def cancel(self) -> None:
        """A user interrupts it."""
        self.order(_interrupt)

    def kill(self) -> None:
        """End it as SIGKILL does."""
        self.order(self.die)

    def die(self) -> None:
        """In its own thread: be no more."""
        self.dead = True
        raise Killed

    def pause(self) -> None:
        """In its own thread: be stopped until there is an order."""
        self._park("stopped")

    def passing(self, failpoint: str) -> None:
        """In its own thread: do what is armed at a failpoint."""
        if self.dead:
            raise Killed
        if self.armed is None or self.armed[0] != failpoint:
            return
        _, count, act = self.armed
        self.armed = (failpoint, count - 1, act) if count > 1 else None
        if count == 1:
            self.journal.killed[f"{act}: {failpoint}"] += 1
            self.die() if act == "kill" else self.pause()

    def train(self, worker_spec: WorkerConfig, work: PackQueue, workers: int) -> None:
        """A backend, whose workers finish on an order."""
        self._work, self._spec = work, worker_spec
        while not work.finished:
            while (pack := work.next()) is not None:
                self.journal.start(pack, work._again)
                toys.begin(pack.cells, Path(worker_spec.in_flight))
                self.out.append(pack)
            self._park("ready")

    def _finish(self, pack: Pack) -> None:
        checkpoints = CheckpointStore(Path(self._spec.checkpoints))
        try:
            results = toys.train(pack.cells, self._work.known, checkpoints)
        except CheckpointLost as lost:
            self._work.requeue(pack, str(lost))
        else:
            self._work.complete(pack, results)

    def _park(self, state: Literal["ready", "stopped"]) -> None:
        self._states.put(state)
        self._orders.get()()

    def _run(self) -> None:
        _here.driver = self
        try:
            self.table = execute.execute(self.prepared)
        except BaseException as error:
            self.end = error
        self._states.put("ended")


@functools.cache
def _head() -> str:
    """The latest version of Optuna's schema, which it reads from 20 files for each driver."""
    with tempfile.TemporaryDirectory() as scratch:
        storage = RDBStorage(f"sqlite:///{scratch}/optuna.db")
        version = storage.get_head_version()
        storage.remove_session()
        storage.engine.dispose()
        return version


def current() -> Driver | None:
    """The driver whose thread this is."""
    return getattr(_here, "driver", None)


@dataclass
class World:
    """Made-up hosts with their drivers, and made-up time."""

    drivers: list[Driver] = field(default_factory=list)
    journal: Journal = field(default_factory=Journal)
    now: float = 0.0

    def driver(self, host: int, prepared: prepare.PreparedRun) -> Driver:
        """A driver that has not started."""
        self.drivers.append(Driver(len(self.drivers) + 1, host, prepared, self.journal))
        return self.drivers[-1]

    def monotonic(self) -> float:
        """Seconds."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass, in which every driver gives its signs of life that is not stopped."""
        before, self.now = self.now, self.now + seconds
        if self.now // _WATCH > before // _WATCH:
            for each in self.drivers:
                if each.lives and each.state == "ready" and each.lease is not None:
                    each.lease._renew()

    @contextlib.contextmanager
    def real(self) -> Iterator[None]:
        """In this context drivers can be started."""
        with contextlib.ExitStack() as stack:
            patch = mock.patch.object
            this = lambda: _process(current())  # noqa: E731
            stack.enter_context(patch(leases, "process_id_string", this))
            stack.enter_context(patch(leases, "on_this_host", _on_this_host))
            stack.enter_context(patch(leases, "is_alive", self._lives))
            clock = SimpleNamespace(monotonic=self.monotonic, sleep=self.sleep)
            stack.enter_context(patch(leases, "time", clock))
            stack.enter_context(patch(leases, "Lease", _Lease))
            soon = functools.partial(DatabaseRetry, nap=0.0, sleep=lambda _: None)
            stack.enter_context(patch(execute, "DatabaseRetry", soon))
            stack.enter_context(patch(execute, "BACKENDS", {"inline": _backend}))
            stack.enter_context(patch(execute, "publish", lambda *_: None))
            stack.enter_context(patch(workspace, "sweep", _unless_dead(sweep)))
            stack.enter_context(patch(ResultStore, "add", _journaled(ResultStore.add)))
            for failpoint in FAILPOINTS:
                point = POINTS[failpoint]
                wrapped = _watched(getattr(point.owner, point.name), failpoint, point.side)
                stack.enter_context(patch(point.owner, point.name, wrapped))
            stack.enter_context(
                patch(DefaultDialect, "do_commit", _answered(DefaultDialect.do_commit))
            )
            stack.enter_context(_statements())
            _head()
            stack.enter_context(patch(_VersionManager, "get_head_version", lambda _: _head()))
            yield

    def _lives(self, process: str) -> bool:
        return any(each.process == process and each.lives for each in self.drivers)


class _Lease(leases.Lease):
    """A lease whose signs of life the world gives."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        if (driver := current()) is not None:
            driver.lease = self

    def _keep_alive(self) -> None:
        self._end.wait()


def _backend(worker_spec: WorkerConfig, work: PackQueue, workers: int) -> None:
    driver = current()
    assert driver is not None
    driver.train(worker_spec, work, workers)


def _process(driver: Driver | None) -> str:
    assert driver is not None
    return driver.process


def _on_this_host(process: str) -> bool:
    driver = current()
    return process.split(maxsplit=1)[0] == f"host-{driver.host if driver else 0}"


def _interrupt() -> None:
    raise KeyboardInterrupt


def _watched(original: Any, failpoint: str, side: str) -> Any:
    def call(*arguments: Any, **named: Any) -> Any:
        driver = current()
        if driver is not None and side == "before":
            driver.passing(failpoint)
        result = original(*arguments, **named)
        if driver is not None and side == "after":
            driver.passing(failpoint)
        return result

    return call


def _unless_dead(original: Any) -> Any:
    def call(*arguments: Any) -> None:
        driver = current()
        if driver is None or not driver.dead:
            original(*arguments)

    return call


def _journaled(original: Any) -> Any:
    def add(
        self: Any, graph: Any, name: Any, study_key: Any, cell: Cell, result: Any, *more: Any
    ) -> None:
        driver = current()
        if driver is not None:
            driver.journal.attempted.add(cell.id)
        original(self, graph, name, study_key, cell, result, *more)
        if driver is not None:
            driver.journal.acknowledged.add(cell.id)

    return add


@contextlib.contextmanager
def _statements() -> Iterator[None]:
    """Let nothing of the dead into the database, and refuse a statement where that is wanted."""

    def statement(connection: sa.Connection, *_: Any) -> None:
        driver = current()
        if driver is None:
            return
        if driver.dead:
            raise Killed
        if driver.refusal is not None and driver.refusal[1] != "answer lost":
            count, how = driver.refusal
            driver.refusal = (count - 1, how) if count > 1 else None
            if count == 1:
                raise sa.exc.OperationalError("", {}, _error(connection.dialect, how))

    def commit(connection: sa.Connection) -> None:
        if (driver := current()) is not None and driver.dead:
            raise Killed

    sa.event.listen(sa.Engine, "before_cursor_execute", statement)
    sa.event.listen(sa.Engine, "commit", commit)
    try:
        yield
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", statement)
        sa.event.remove(sa.Engine, "commit", commit)


def _answered(original: Any) -> Any:
    """Commit, and where that is wanted, lose the answer."""

    def do_commit(self: Any, connection: Any) -> None:
        original(self, connection)
        driver = current()
        if driver is None or driver.refusal is None or driver.refusal[1] != "answer lost":
            return
        count, how = driver.refusal
        driver.refusal = (count - 1, how) if count > 1 else None
        if count == 1:
            raise _error(self, how)

    return do_commit


def _error(dialect: Any, how: Refusal) -> Exception:
    error: Exception = dialect.dbapi.OperationalError(f"made up: {how}")
    if isinstance(error, sqlite3.Error):
        error.sqlite_errorcode = _SQLITE_CODES.get(how, sqlite3.SQLITE_BUSY)
    elif how == "damaged":
        error.sqlstate = "53100"  # type: ignore[attr-defined]
    return error


def outcomes(drivers: Sequence[Driver]) -> Counter[str]:
    """How drivers have ended."""
    return Counter(
        "done" if each.table is not None else type(each.end).__name__
        for each in drivers
        if each.state == "ended"
    )
