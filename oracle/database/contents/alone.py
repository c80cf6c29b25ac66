"""A SQLite file that nobody else has open."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

import sqlalchemy as sa

from oracle.database.engine import URL
from oracle.database.errors import failed
from oracle.errors import StorageError


@contextlib.contextmanager
def exclusively(url: URL) -> Iterator[sa.Connection]:
    """Hold a SQLite file, closed by everybody else and in one piece, so that it may be renamed.

    It leaves its write-ahead log, which only the last who has it open can make it do; whoever opens
    it next takes that up again.

    Args:
        url: Of the database.

    Yields:
        The connection, within the exclusive transaction; what it changes is rolled back.

    Raises:
        StorageError: Somebody has it open, or it fails.
    """

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(str(url.database), timeout=1.0, isolation_level=None)

    engine = sa.create_engine(url, creator=connect, poolclass=sa.pool.NullPool)
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode=DELETE")
            connection.exec_driver_sql("BEGIN EXCLUSIVE")
            try:
                yield connection
            finally:
                connection.exec_driver_sql("ROLLBACK")
    except sa.exc.OperationalError as error:
        if getattr(error.orig, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
            raise StorageError("it is in use; end what uses it, and run oracle migrate") from error
        raise failed(error) from error
    except sa.exc.SQLAlchemyError as error:
        raise failed(error) from error
    finally:
        engine.dispose()
