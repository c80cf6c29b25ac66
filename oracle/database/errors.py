"""What a database's error comes to: whether it may come back, and what a user can do."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from types import MappingProxyType

import sqlalchemy as sa

from oracle.database.integrity import COPY
from oracle.errors import StorageError, StorageUnavailable

_WRITABLE = "make it writable"
_SQLITE: Mapping[int, str] = MappingProxyType(  # by primary error code
    {
        sqlite3.SQLITE_CORRUPT: COPY,
        sqlite3.SQLITE_NOTADB: COPY,
        sqlite3.SQLITE_READONLY: _WRITABLE,
        sqlite3.SQLITE_PERM: _WRITABLE,
        sqlite3.SQLITE_BUSY: "another program keeps it locked",
        sqlite3.SQLITE_CANTOPEN: "see to its folder",
        sqlite3.SQLITE_FULL: "make room there",
        sqlite3.SQLITE_IOERR: "see to the disk",
    }
)
_POSTGRESQL: Mapping[str, str] = MappingProxyType(  # by SQLSTATE, or its class
    {
        "42501": "grant the role the right to write there",
        "25006": _WRITABLE,
        "42P01": COPY,
        "42703": COPY,
        "53100": "make room there",
        "XX": COPY,
    }
)
_PASSING = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_CANTOPEN,
    }
)
_LASTING = frozenset({"53100"})  # waiting makes no room


def failed(error: BaseException, what: str = "") -> StorageError:
    """Return a database's error as one of ours, for the caller to raise.

    Args:
        error: SQLAlchemy's, or one that was raised from it.
        what: What could not be done, as the beginning of the message; "": nothing is said of it.

    Returns:
        StorageUnavailable where the database may come back by itself, else StorageError.
    """
    cause = _cause(error)
    origin = getattr(cause, "orig", None) or cause
    reason = (str(origin).strip() or type(origin).__name__).partition("\n")[0]
    remedy = _remedy(origin)
    parts = [*([what] if what else []), f"{reason}; {remedy}" if remedy else reason]
    return (StorageUnavailable if _passing(cause, origin) else StorageError)(": ".join(parts))


def _cause(error: BaseException) -> BaseException:
    """Return the database's own error behind another."""
    behind: BaseException | None = error
    while behind is not None and not isinstance(behind, sa.exc.DBAPIError | sqlite3.Error):
        behind = behind.__cause__
    return error if behind is None else behind


def _remedy(origin: BaseException) -> str:
    if isinstance(origin, sqlite3.Error):
        return _SQLITE.get(_code(origin), "")
    state: str = getattr(origin, "sqlstate", None) or ""
    return _POSTGRESQL.get(state) or _POSTGRESQL.get(state[:2], "")


def _passing(cause: BaseException, origin: BaseException) -> bool:
    if isinstance(origin, sqlite3.Error):
        return _code(origin) in _PASSING
    if getattr(origin, "sqlstate", None) in _LASTING:
        return False
    return isinstance(
        cause, sa.exc.OperationalError | sa.exc.InterfaceError | sa.exc.TimeoutError
    ) or bool(getattr(cause, "connection_invalidated", False))


def _code(origin: sqlite3.Error) -> int:
    return getattr(origin, "sqlite_errorcode", 0) & 0xFF
