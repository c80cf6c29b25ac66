"""One database, SQLite or PostgreSQL: where it is, how to connect, and its transactions."""

from __future__ import annotations

import contextlib
import fcntl
import math
import os
import select
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from oracle.database.errors import failed
from oracle.errors import StorageError, StorageUnavailable

URL = sa.URL
DatabaseError = sa.exc.SQLAlchemyError
_OPENING = 0x0AC1F  # key of the PostgreSQL advisory lock for creating Optuna's tables
_IDLE = 1.0  # seconds after which a connection may have been lost unnoticed
_PATIENCE = 30.0  # seconds that a SQLite writer waits for another


def engine_options(url: URL) -> dict[str, Any]:
    """Return how to connect, for Optuna's engine.

    SQLite: write-ahead log, so that a reader such as the dashboard never blocks the driver, and
    half a minute of patience with other writers. PostgreSQL: reconnects to a restarted server.

    Args:
        url: Of the database.

    Returns:
        Keyword arguments of :func:`sqlalchemy.create_engine`.
    """
    if not _is_sqlite(url):
        return {"pool_pre_ping": True}
    return {"creator": lambda: _connect(str(url.database))}


class Database:
    """Our own connections to a database."""

    def __init__(self, url: URL) -> None:
        options = engine_options(url)
        if "creator" in options:
            options["creator"] = lambda: _connect(str(url.database), isolation_level=None)
        self._sqlite = _is_sqlite(url)
        if not self._sqlite:
            options["pool_pre_ping"] = False
        self.engine = sa.create_engine(url, max_overflow=20, **options)
        self._reading = self.engine
        if not self._sqlite:
            _ping_idle_connections(self.engine)
            # At PostgreSQL's own level, each statement of a transaction sees a state of its own.
            self._reading = self.engine.execution_options(isolation_level="REPEATABLE READ")
        self._turn = threading.Lock()  # SQLite's own queue of writers sleeps and polls
        self._file = Path(str(url.database)).absolute() if self._sqlite else None
        self._opened: tuple[int, int] | None = None  # which file that was: its device and inode

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Open a transaction that reads. All its statements see the same state of the database.

        Yields:
            Its connection, within the transaction.

        Raises:
            StorageError: The database fails, or its file is gone.
        """
        self._check_file()
        with self._storage_errors(), self._reading.connect() as connection:
            if self._sqlite:
                connection.exec_driver_sql("BEGIN")
            try:
                yield connection
            except BaseException:
                if self._sqlite:
                    # The error's traceback may hold a cursor, which would hold the connection to
                    # this state of the database.
                    connection.invalidate()
                raise

    @contextlib.contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Open a transaction that writes; it is rolled back on an error.

        On SQLite it is the only writer from its first statement on: one that began by reading could
        not become a writer once another has written.

        Yields:
            Its connection, within the transaction.

        Raises:
            StorageError: The database fails, or its file is gone.
        """
        turn = self._turn if self._sqlite else contextlib.nullcontext()
        with turn, self._storage_errors(), self.engine.begin() as connection:
            self._check_file()
            if self._sqlite:  # whose driver is set not to begin transactions
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection

    @contextlib.contextmanager
    def alone(self, lock: int) -> Iterator[sa.Connection]:
        """Open a transaction that writes, after all others that hold the same lock.

        Args:
            lock: Number of the lock.

        Yields:
            The connection, in the transaction.

        Raises:
            StorageError: The database fails.
        """
        with self.writing() as connection:
            if not self._sqlite:
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(lock)))
            yield connection

    def insert(self, table: sa.Table) -> Any:
        """Start an INSERT that supports ON CONFLICT.

        Args:
            table: Where to insert.

        Returns:
            The statement, in the database's dialect.
        """
        if self._sqlite:
            return sqlite.insert(table)
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415  # a tenth of `oracle list`

        return postgresql.insert(table)

    def _check_file(self) -> None:
        """Refuse to go on with a SQLite file that is no longer where it was opened.

        An open connection writes to a deleted file without an error, and a new one makes an empty
        file; what is written there is lost.

        Raises:
            StorageUnavailable: There is no file; it may have been moved, and may come back.
            StorageError: There is another one.

        """
        if self._file is None:
            return
        try:
            status = self._file.stat()
        except FileNotFoundError:
            if self._opened is None:  # it is made by the first connection
                return
            raise StorageUnavailable(f"{self._file} is gone; put it back") from None
        except OSError as error:
            raise StorageUnavailable(f"{self._file}: {error.strerror}") from error
        if self._opened is None:
            self._opened = (status.st_dev, status.st_ino)
        elif self._opened != (status.st_dev, status.st_ino):
            raise StorageError(f"{self._file} is another file than was opened; start again")

    @contextlib.contextmanager
    def _storage_errors(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.SQLAlchemyError as error:
            raise failed(error) from error


def _ping_idle_connections(engine: sa.Engine) -> None:
    """Check that a connection is still open before it is used, where it may not be.

    That is, it was idle for a while, or the server has sent something, such as a shutdown notice.
    SQLAlchemy's `pool_pre_ping` does so every time, which costs a round trip for each request.
    """

    @sa.event.listens_for(engine, "checkin")
    def checked_in(connection: Any, record: sa.pool.ConnectionPoolEntry) -> None:
        record.info["used"] = time.monotonic()

    @sa.event.listens_for(engine, "checkout")
    def checked_out(connection: Any, record: sa.pool.ConnectionPoolEntry, _: Any) -> None:
        dialect = engine.dialect
        try:
            if time.monotonic() - record.info.get("used", math.inf) > _IDLE or _has_input(
                connection
            ):
                dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            raise sa.exc.DisconnectionError from error


def _has_input(connection: Any) -> bool:
    """Whether a server has sent something that was not read."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


@contextlib.contextmanager
def optuna_schema_lock(url: URL) -> Iterator[None]:
    """Hold the right to create Optuna's tables: Optuna does not do it safely in two processes.

    Args:
        url: Of the database.

    Yields:
        Nothing; the right is held until the block ends.

    Raises:
        DatabaseError: SQLAlchemy's, where the database does not open.
    """
    if _is_sqlite(url):
        folder = os.open(Path(str(url.database)).absolute().parent, os.O_RDONLY)
        try:  # the file itself has locks of SQLite's, which closing it here would undo
            with contextlib.suppress(OSError):  # some file systems of a network have no such locks
                fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)
    else:
        engine = sa.create_engine(url)
        try:
            with engine.begin() as connection:
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_OPENING)))
                yield
        finally:
            engine.dispose()


def storable(text: str) -> str:
    """Return text without what PostgreSQL refuses: NUL, and halves of a surrogate pair.

    Args:
        text: Text of a user, with any characters.

    Returns:
        The text with U+FFFD for NUL, and "?" for a half pair.
    """
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def sqlite_url(file: Path) -> URL:
    """Return the URL of a SQLite file.

    Args:
        file: Path of the file.

    Returns:
        ``sqlite:///FILE``.
    """
    return URL.create("sqlite", database=str(file))


def _is_sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def _connect(
    path: str, isolation_level: Literal["DEFERRED"] | None = "DEFERRED"
) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=_PATIENCE, isolation_level=isolation_level, check_same_thread=False
    )
    try:
        _write_ahead(connection)
        connection.execute("PRAGMA synchronous=FULL")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _write_ahead(connection: sqlite3.Connection) -> None:
    # SQLite's patience with writers does not hold where several turn a new file to this mode.
    patience = time.monotonic() + _PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > patience:
                raise
            time.sleep(0.05)
        else:
            return
