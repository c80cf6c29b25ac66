"""One database, SQLite or PostgreSQL: where it is, how to connect, and its transactions."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from oracle.failures import StorageError
from oracle.folders import unwritable
from oracle.ledger.tables import LEASES, RUNS, SCHEMA, VERSION
from scyc.problems import BadInput, Problem

URL = sa.URL
DatabaseError = sa.exc.SQLAlchemyError
_OPTUNA_SCHEMA = 12  # of Optuna 3 to 5's relational storage
_PATIENCE = 30.0  # seconds that a SQLite writer waits for another


def engine_options(url: URL) -> dict[str, Any]:
    """How to connect, for Optuna's engine.

    SQLite: write-ahead log, so that a reader such as the dashboard never blocks the driver, and
    half a minute of patience with other writers.
    """
    if not _is_file(url):
        return {}
    return {"creator": lambda: _connect(str(url.database))}


class Database:
    """Our own connections to a database."""

    def __init__(self, url: URL) -> None:
        options: dict[str, Any]
        if _is_file(url):
            path = str(url.database)

            def connect() -> sqlite3.Connection:
                connection = _connect(path)
                connection.isolation_level = None  # transactions begin where `writing` says
                return connection

            options = {"creator": connect}
        else:
            options = {"pool_pre_ping": True}  # a server that came back is found again
        self.engine = sa.create_engine(url, max_overflow=20, **options)
        self._sqlite = url.get_backend_name() == "sqlite"
        self._turn = threading.Lock()  # SQLite's own queue of writers sleeps and polls

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that reads. Raises StorageError."""
        with self._told(), self.engine.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction that writes. Raises StorageError.

        On SQLite it is the only writer from its first statement on: one that began by reading
        could not become a writer once another has written.
        """
        turn = self._turn if self._sqlite else contextlib.nullcontext()
        with turn, self._told(), self.engine.begin() as connection:
            if self._sqlite:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection

    @contextlib.contextmanager
    def alone(self, lock: int) -> Iterator[sa.Connection]:
        """A transaction that writes, after all others that hold the same lock."""
        with self.writing() as connection:
            if not self._sqlite:
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(lock)))
            yield connection

    def insert(self, table: sa.Table) -> Any:
        """An INSERT that can tell what to do where the row is there already."""
        return (sqlite.insert if self._sqlite else postgresql.insert)(table)

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.SQLAlchemyError as error:
            raise StorageError(str(getattr(error, "orig", None) or error)) from error


def storable(text: str) -> str:
    """Text without what PostgreSQL refuses: NUL, and halves of a surrogate pair."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


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


def stored_version(connection: sa.Connection) -> int | None:
    """The schema of our tables in a database; None where there are none."""
    if not sa.inspect(connection).has_table(VERSION.name):
        return None
    return connection.execute(sa.select(sa.func.max(VERSION.c.version))).scalar()


def too_new(version: int) -> str:
    """Why a database of a newer schema is refused."""
    return f"has schema {version}, this version reads 1 to {SCHEMA}; use the version that wrote it"


def _foreign(url: URL) -> str:
    """Why the tables in a database are not ours to use; "" when they are, or there are none."""
    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:
            tables = set(sa.inspect(connection).get_table_names())
            has_optuna = {"version_info", "studies", "trials"} <= tables
            has_ours = {VERSION.name, RUNS.name, LEASES.name} <= tables
            if tables and not has_optuna and not has_ours:
                return "holds the tables of another application; name another database"
            optuna = has_optuna and _optuna_schema(connection)
            if has_optuna and optuna != _OPTUNA_SCHEMA:
                return (
                    f"has Optuna's schema {optuna}, this version reads {_OPTUNA_SCHEMA}; "
                    "run `optuna storage upgrade`, or use the version that wrote it"
                )
            version = stored_version(connection)
            return too_new(version) if version is not None and version > SCHEMA else ""
    finally:
        engine.dispose()


def _optuna_schema(connection: sa.Connection) -> int | None:
    return connection.execute(sa.text("SELECT schema_version FROM version_info")).scalar()


def _is_file(url: URL) -> bool:
    named = bool(url.database) and url.database != ":memory:"
    return url.get_backend_name() == "sqlite" and named


def _connect(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_PATIENCE, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    return connection
