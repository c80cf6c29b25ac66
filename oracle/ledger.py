"""The tables beside Optuna's in the same database: runs, and who is working on what (leases)."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from oracle.failures import LeaseHeld, LeaseLost, StorageError
from oracle.folders import unwritable
from oracle.processes import host_name, lives, on_this_host, pid_of, this_process
from scyc.plan import Plan
from scyc.problems import BadInput, Problem

URL = sa.URL
DatabaseError = sa.exc.SQLAlchemyError
SCHEMA = 1  # of the tables in this module
_OPTUNA_SCHEMA = 12  # of Optuna 3 to 5's relational storage
_BEAT = 5.0  # seconds between two signs of life
_SILENCE = 30.0  # seconds without one after which another host's driver is taken for dead

_metadata = sa.MetaData()
_schema = sa.Table("oracle_schema", _metadata, sa.Column("version", sa.Integer, primary_key=True))
_runs = sa.Table(
    "oracle_runs",
    _metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("run_id", sa.String(80), unique=True, nullable=False),
    sa.Column("graph", sa.String(64), nullable=False),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    sa.Column("study", sa.Text, nullable=False),  # JSON, every field
    sa.Column("state", sa.String(16), nullable=False),
)
_leases = sa.Table(
    "oracle_leases",
    _metadata,
    sa.Column("graph", sa.String(64), primary_key=True),
    sa.Column("holder", sa.String(32), nullable=False),  # a random name for this very acquisition
    sa.Column("process", sa.String(200), nullable=False),  # see oracle.processes
    sa.Column("beat", sa.Integer, nullable=False),  # signs of life so far
)
_plans = sa.Table(
    "oracle_plans",
    _metadata,
    sa.Column("run_id", sa.String(80), primary_key=True),
    sa.Column("device", sa.String(16), primary_key=True),  # its type, such as cuda
    sa.Column("engine", sa.String(32), nullable=False),
    sa.Column("most", sa.Integer, nullable=False),  # members of a pack
)


@dataclass(frozen=True)
class RunRecord:
    """One run, as the database knows it."""

    run_id: str
    graph: str
    fingerprint: str  # of the images
    study: str  # JSON
    state: str  # running, done, stopped or no winner


def engine_options(url: URL) -> dict[str, Any]:
    """How to connect, for our own engine and Optuna's alike.

    SQLite: write-ahead log, so that a reader such as the dashboard never blocks the driver, and
    half a minute of patience with other writers.
    """
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return {}
    path = url.database

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(path, timeout=30, check_same_thread=False)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        return connection

    return {"creator": connect}


def sqlite_url(file: Path) -> URL:
    """The URL of a SQLite file."""
    return URL.create("sqlite", database=str(file))


def parse_url(text: str) -> URL:
    """A storage URL. Raises BadInput; a password is never shown."""
    try:
        url = sa.make_url(text)
        url.get_dialect()
    except Exception as error:
        shown = text if "@" not in text else "(not shown)"
        name = type(error).__name__
        rule = f"is no database URL ({name}); such as sqlite:///runs.db or postgresql://host/name"
        raise BadInput("storage", [Problem("--storage", rule, shown)]) from error
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise BadInput(
            "storage",
            [Problem("--storage", "is neither SQLite nor PostgreSQL; use one", str(url))],
        )
    return url


def probe(url: URL) -> list[Problem]:
    """What is wrong with a database, found without writing to it."""
    file = Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None
    if file is not None and not file.exists():
        rule = unwritable(file.absolute().parent)
    elif file is not None and (file.is_dir() or not os.access(file, os.R_OK | os.W_OK)):
        rule = "is not a file that can be read and written"
    else:
        try:
            rule = _foreign(url)
        except (sa.exc.SQLAlchemyError, ModuleNotFoundError) as error:
            reason = str(getattr(error, "orig", None) or error).splitlines()[0]
            rule = f"does not open: {reason}"
    return [Problem("--storage", rule, url.render_as_string(hide_password=True))] if rule else []


def _foreign(url: URL) -> str:
    """Why the tables in a database are not ours to use; "" when they are, or there are none."""
    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:
            tables = set(sa.inspect(connection).get_table_names())
            if not tables:
                return ""
            if not {"version_info", "studies", "trials"} <= tables:
                return "holds the tables of another application; name another database"
            optuna = connection.execute(sa.text("SELECT schema_version FROM version_info")).scalar()
            if optuna != _OPTUNA_SCHEMA:
                return (
                    f"has Optuna's schema {optuna}, this version reads {_OPTUNA_SCHEMA}; "
                    "run `optuna storage upgrade`, or use the version that wrote it"
                )
            if _schema.name not in tables:
                return ""
            ours = connection.execute(sa.select(_schema.c.version)).scalars().all()
            if ours == [SCHEMA]:
                return ""
            return (
                f"has schema {ours}, this version reads [{SCHEMA}]; use the version that wrote it"
            )
    finally:
        engine.dispose()


class Ledger:
    """Runs and leases in one database."""

    def __init__(self, url: URL) -> None:
        self._engine = sa.create_engine(url, **engine_options(url))
        with self._transaction() as connection:
            _metadata.create_all(connection)
            if connection.execute(sa.select(_schema.c.version)).first() is None:
                connection.execute(
                    self._insert(_schema).values(version=SCHEMA).on_conflict_do_nothing()
                )

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def register(self, run: RunRecord) -> None:
        """Write a run down, or set its state if it is there already."""
        insert = self._insert(_runs).values(
            run_id=run.run_id,
            graph=run.graph,
            fingerprint=run.fingerprint,
            study=run.study,
            state=run.state,
        )
        with self._transaction() as connection:
            connection.execute(
                insert.on_conflict_do_update(index_elements=["run_id"], set_={"state": run.state})
            )

    def runs(self) -> list[RunRecord]:
        """All runs, the oldest first."""
        columns = (_runs.c.run_id, _runs.c.graph, _runs.c.fingerprint, _runs.c.study, _runs.c.state)
        with self._transaction() as connection:
            rows = connection.execute(sa.select(*columns).order_by(_runs.c.number))
            return [RunRecord(*row) for row in rows]

    def plan(self, run_id: str, device: str) -> Plan | None:
        """How a run's packs are trained on a device of this type, if that was measured."""
        mine = (_plans.c.run_id == run_id) & (_plans.c.device == device)
        with self._transaction() as connection:
            select = sa.select(_plans.c.engine, _plans.c.most).where(mine)
            row = connection.execute(select).one_or_none()
        return Plan(row.engine, row.most) if row is not None else None

    def keep_plan(self, run_id: str, device: str, plan: Plan) -> None:
        """Write a run's plan down, in place of an earlier one."""
        new = {"engine": plan.engine, "most": plan.most}
        insert = self._insert(_plans).values(run_id=run_id, device=device, **new)
        with self._transaction() as connection:
            connection.execute(
                insert.on_conflict_do_update(index_elements=["run_id", "device"], set_=new)
            )

    @contextlib.contextmanager
    def lease(self, graph: str, waiting: Callable[[str], None]) -> Iterator[Lease]:
        """Hold the sole right to write results of one graph.

        A dead driver's lease is taken over: at once when it ran on this host, and after half a
        minute without a sign of life when it ran elsewhere (`waiting` is told why). No clocks are
        compared. Raises LeaseHeld when the other driver lives.
        """
        holder = uuid.uuid4().hex
        self._take(graph, holder, waiting)
        lease = Lease(self, graph, holder)
        try:
            yield lease
        finally:
            lease.release()

    def _take(self, graph: str, holder: str, waiting: Callable[[str], None]) -> None:
        mine = _leases.c.graph == graph
        process = this_process()
        new = {"graph": graph, "holder": holder, "process": process, "beat": 0}
        with self._transaction() as connection:
            insert = self._insert(_leases).values(**new).on_conflict_do_nothing()
            if connection.execute(insert.returning(_leases.c.graph)).first() is not None:
                return
            row = connection.execute(sa.select(_leases).where(mine)).one()
        if on_this_host(row.process):
            if lives(row.process):
                raise LeaseHeld(f"process {pid_of(row.process)} on this machine works on it")
        else:
            host = host_name(row.process)
            waiting(f"a driver on {host} holds the lease; waiting for a sign of life")
            self._watch(graph, row.holder, row.beat, host)
        with self._transaction() as connection:
            unchanged = mine & (_leases.c.holder == row.holder) & (_leases.c.beat == row.beat)
            taken = connection.execute(sa.update(_leases).where(unchanged).values(**new))
            if taken.rowcount != 1:
                raise LeaseHeld("another driver was faster")

    def _watch(self, graph: str, holder: str, beat: int, host: str) -> None:
        patience = time.monotonic() + _SILENCE
        while time.monotonic() < patience:
            time.sleep(1.0)
            with self._transaction() as connection:
                row = connection.execute(
                    sa.select(_leases).where(_leases.c.graph == graph)
                ).one_or_none()
            if row is None:
                return
            if (row.holder, row.beat) != (holder, beat):
                raise LeaseHeld(f"a driver on {host} works on it")

    def beat(self, graph: str, holder: str) -> bool:
        """Give a sign of life; False when the lease is another's by now."""
        still = (_leases.c.graph == graph) & (_leases.c.holder == holder)
        with self._transaction() as connection:
            update = sa.update(_leases).where(still).values(beat=_leases.c.beat + 1)
            return connection.execute(update).rowcount == 1

    def give_back(self, graph: str, holder: str) -> None:
        """End a lease; one that is another's by now is left alone."""
        still = (_leases.c.graph == graph) & (_leases.c.holder == holder)
        with self._transaction() as connection:
            connection.execute(sa.delete(_leases).where(still))

    def held(self, graph: str) -> bool:
        """Whether a driver that may live holds this graph."""
        with self._transaction() as connection:
            row = connection.execute(
                sa.select(_leases).where(_leases.c.graph == graph)
            ).one_or_none()
        return row is not None and (not on_this_host(row.process) or lives(row.process))

    def _insert(self, table: sa.Table) -> Any:
        dialects = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
        return dialects[self._engine.dialect.name](table)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except sa.exc.SQLAlchemyError as error:
            raise StorageError(str(getattr(error, "orig", error))) from error


class Lease:
    """The right to write, renewed by a thread for as long as it is held."""

    def __init__(self, ledger: Ledger, graph: str, holder: str) -> None:
        self._ledger, self._graph, self._holder = ledger, graph, holder
        self._lost = False
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._keep_alive, name="lease", daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Raise LeaseLost when another driver has taken over. Call before every write."""
        if self._lost:
            raise LeaseLost("another driver has taken this run over; this one stops")

    def release(self) -> None:
        """Stop renewing and give the lease back."""
        self._end.set()
        self._thread.join()
        with contextlib.suppress(StorageError):
            self._ledger.give_back(self._graph, self._holder)

    def _keep_alive(self) -> None:
        while not self._end.wait(_BEAT):
            with contextlib.suppress(StorageError):  # a database that is away is asked again
                self._lost = not self._ledger.beat(self._graph, self._holder)
            if self._lost:
                return
