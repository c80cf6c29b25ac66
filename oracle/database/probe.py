"""Whether we can use a database, checked without writing to it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import parse_qs

import sqlalchemy as sa

from oracle.database.engine import URL
from oracle.database.errors import failed
from oracle.database.integrity import corruption, missing_tables, read_only_engine
from oracle.database.tables import LEASES, RUNS, SCHEMA, VERSION
from oracle.errors import StorageProblem
from oracle.host.disk import why_not_writable
from scyc.errors import BadInput, Problem

_SECRET = frozenset({"password", "sslpassword"})  # of what PostgreSQL takes after ?
_OPTUNA_SCHEMA = 12  # of Optuna 3 to 5's relational storage
STORAGE_RULE = "must be the URL of a database, such as sqlite:///my.db"


def parse_url(text: str) -> URL:
    """Parse a storage URL; a password is never shown.

    Args:
        text: As the user gave it.

    Returns:
        The URL; the database is not opened.

    Raises:
        BadInput: It is no URL of SQLite or PostgreSQL.
    """
    try:
        url = sa.make_url(text)
        url.get_dialect()
    except Exception as error:
        shown = text if "@" not in text else "(not shown)"
        name = type(error).__name__
        rule = f"is no database URL ({name}); such as sqlite:///runs.db or postgresql://host/name"
        raise BadInput("storage", [StorageProblem("storage", rule, shown)]) from error
    if rule := _bares_password(url):
        raise BadInput("storage", [StorageProblem("storage", rule, "(not shown)")])
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        rule = "is neither SQLite nor PostgreSQL; use one"
    elif url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:"):
        rule = "keeps nothing; name a file, such as sqlite:///runs.db"
    elif url.get_backend_name() == "sqlite":
        rule = _unfit_file(url, text)
    else:
        rule = _without_value(url, text)
    if rule:
        raise BadInput("storage", [StorageProblem("storage", rule, str(url))])
    return url


def _bares_password(url: URL) -> str:
    """Why a URL is refused whose password is not where it is kept from being shown."""
    if _SECRET & {name.lower() for name in url.query}:
        return "has a password after ?; write it before the host, as user:password@host"
    values = [each for value in url.query.values() for each in (value, *value)]
    split = (url.host, url.database, *values)
    if url.get_backend_name() != "sqlite" and any("@" in (part or "") for part in split):
        return "has more than one @; in a password, write it as %40"
    return ""


def _without_value(url: URL, text: str) -> str:
    """Why a URL is refused that has an option without a value, which SQLAlchemy leaves out."""
    given = parse_qs(text.partition("?")[2], keep_blank_values=True)
    if left := sorted(set(given) - set(url.query)):
        return f"has {left[0]!r} after ?, which is no option with a value; write name=value"
    return ""


def _unfit_file(url: URL, text: str) -> str:
    """Why a SQLite URL is refused that names a file; "" where it is not."""
    if url.drivername not in ("sqlite", "sqlite+pysqlite"):
        return "names a driver that is not used here; write sqlite:///runs.db"
    if "?" in text:
        return "has options after ?, which are not read; leave them out (a ? in a name is %3F)"
    if "\x00" in str(url.database):
        return "holds a NUL, which no file's name can; remove it"
    return ""


def probe(url: URL) -> list[Problem]:
    """Examine a database without writing to it.

    Args:
        url: Of the database.

    Returns:
        One problem for each thing that is wrong.
    """
    file = Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None
    if file is not None and not file.exists():
        rule = why_not_writable(file.absolute().parent)
    elif file is not None and (not file.is_file() or not os.access(file, os.R_OK | os.W_OK)):
        rule = "is not a file that can be read and written"
    else:
        try:
            rule = _foreign(url)
        except (sa.exc.SQLAlchemyError, ModuleNotFoundError) as error:
            rule = f"does not open: {failed(error)}"
    return (
        [StorageProblem("storage", rule, url.render_as_string(hide_password=True))] if rule else []
    )


def stored_runs(url: URL, run_ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return the fingerprint and the study of those runs that there are, without writing.

    Args:
        url: Of the database.
        run_ids: Ids of runs.

    Returns:
        Fingerprint of the images and JSON of the study, by id; {} where there is no database yet.

    Raises:
        StorageError: The database fails.
    """
    file = Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None
    if file is not None and not file.exists():
        return {}
    engine = read_only_engine(url)
    try:
        with engine.connect() as connection:
            if not sa.inspect(connection).has_table(RUNS.name):
                return {}
            select = sa.select(RUNS.c.run_id, RUNS.c.fingerprint, RUNS.c.study)
            rows = connection.execute(select.where(RUNS.c.run_id.in_(list(run_ids))))
            return {row.run_id: (row.fingerprint, row.study) for row in rows}
    except sa.exc.SQLAlchemyError as error:
        raise failed(error) from error
    finally:
        engine.dispose()


def stored_version(connection: sa.Connection) -> int | None:
    """Read the schema version of our tables; None where there are none.

    Args:
        connection: Within a transaction.

    Returns:
        A version, from 1.
    """
    if not sa.inspect(connection).has_table(VERSION.name):
        return None
    return connection.execute(sa.select(sa.func.max(VERSION.c.version))).scalar()


def too_new(version: int) -> str:
    """Return why a database of a newer schema is refused.

    Args:
        version: Of the schema.

    Returns:
        Rule and remedy as text.
    """
    return f"has schema {version}, this version reads 1 to {SCHEMA}; use the version that wrote it"


def _foreign(url: URL) -> str:
    """Why the tables in a database are not ours to use; "" when they are, or there are none."""
    engine = read_only_engine(url)
    try:
        with engine.connect() as connection:
            if rule := corruption(connection):
                return rule
            tables = set(sa.inspect(connection).get_table_names())
            has_optuna = {"version_info", "studies", "trials"} <= tables
            has_ours = {VERSION.name, RUNS.name, LEASES.name} <= tables
            if tables and not has_optuna and not has_ours:
                return "holds the tables of another application; name another database"
            known = "version_info" in tables
            optuna = _optuna_schema(connection) if known else None  # None: half made, or not at all
            if optuna not in (_OPTUNA_SCHEMA, None):
                return (
                    f"has Optuna's schema {optuna}, this version reads {_OPTUNA_SCHEMA}; "
                    "run `optuna storage upgrade`, or use the version that wrote it"
                )
            version = stored_version(connection)
            if version is not None and version > SCHEMA:
                return too_new(version)
            return missing_tables(tables, optuna, version)
    finally:
        engine.dispose()


def _optuna_schema(connection: sa.Connection) -> int | None:
    return connection.execute(sa.text("SELECT schema_version FROM version_info")).scalar()
