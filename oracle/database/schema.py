"""Bringing a database's schema up to date, one process at a time."""

from __future__ import annotations

import threading
from pathlib import Path

import sqlalchemy as sa

from oracle.database.engine import URL, Database
from oracle.database.probe import stored_version, too_new
from oracle.database.tables import SCHEMA
from oracle.errors import StorageProblem
from scyc.errors import BadInput

_LOCK = 0x0AC1E  # PostgreSQL's name for the right to migrate: any number that is ours alone
_one_at_a_time = threading.Lock()  # what Alembic is doing is global to a process


def migrate(url: URL) -> tuple[int | None, int]:
    """Bring a database up to date; where that fails, nothing has changed.

    Args:
        url: Of the database.

    Returns:
        Its schema before (None: it was empty) and after.

    Raises:
        BadInput: Its schema is newer than this version's.
        StorageError: The database fails.
    """
    database = Database(url)
    try:
        return bring_up_to_date(database), SCHEMA
    finally:
        database.close()


def bring_up_to_date(database: Database) -> int | None:
    """Migrate a database that is open already.

    Args:
        database: That is open.

    Returns:
        Its schema before; None: it was empty.
    """
    with database.reading() as connection:
        before = _checked(connection)
    if before == SCHEMA:
        return before
    with _one_at_a_time, database.alone(_LOCK) as connection:
        before = _checked(connection)  # another may have been faster
        if before != SCHEMA:
            _upgrade(connection)
    return before


def _checked(connection: sa.Connection) -> int | None:
    version = stored_version(connection)
    if version is not None and version > SCHEMA:
        shown = connection.engine.url.render_as_string(hide_password=True)
        raise BadInput("storage", [StorageProblem("storage", too_new(version), shown)])
    return version


def _upgrade(connection: sa.Connection) -> None:
    from alembic import command  # noqa: PLC0415  # a quarter of a second, needed once a database
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
