"""Whether a database is intact, checked without writing to it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa

from oracle.database.tables import METADATA, SCHEMA, VERSION

COPY = "it is damaged: put a copy of it back, or name another database"
_OPTUNA_TABLES = frozenset(  # tables that are read; Optuna does not create them in one transaction
    {
        "studies", "study_directions", "study_system_attributes", "study_user_attributes",
        "trial_intermediate_values", "trial_params", "trial_system_attributes",
        "trial_user_attributes", "trial_values", "trials", "version_info",
    }
)  # fmt: skip


def read_only_engine(url: sa.URL) -> sa.Engine:
    """Make an engine that only reads: it does not write to a SQLite file.

    The exception is a transaction that was cut short in SQLite's older journal mode: it is rolled
    back.

    Args:
        url: Of the database.

    Returns:
        An engine; the caller disposes of it.
    """
    file = Path(str(url.database)).absolute()
    if url.get_backend_name() != "sqlite" or file.with_name(f"{file.name}-journal").exists():
        return sa.create_engine(url)
    name = f"file:{quote(str(file))}?mode=ro"
    return sa.create_engine(url, creator=lambda: sqlite3.connect(name, uri=True))


def corruption(connection: sa.Connection) -> str:
    """Return why the pages of a SQLite file are damaged; "" where they are not.

    Args:
        connection: Within a transaction.

    Returns:
        The first damage and the remedy as text; always "" for PostgreSQL.
    """
    if connection.dialect.name != "sqlite":
        return ""
    report = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    reason = str(report).replace("\n", " ")
    return "" if report == "ok" else f"is corrupt ({reason}); {COPY}"


def missing_tables(tables: set[str], optuna: int | None, ours: int | None) -> str:
    """Return why a database lacks tables; "" where it does not.

    Args:
        tables: Names of the tables it has.
        optuna: Version of Optuna's schema; None where its tables are not yet made.
        ours: Version of our schema; None where our tables are not yet made.

    Returns:
        Names of the missing tables and the remedy, as text.
    """
    expected = _OPTUNA_TABLES if optuna is not None else frozenset()
    if ours == SCHEMA:
        expected |= METADATA.tables.keys()
    elif ours is not None:
        expected |= {VERSION.name}
    lacking = sorted(expected - tables)
    return f"lacks the tables {', '.join(lacking)}; {COPY}" if lacking else ""
