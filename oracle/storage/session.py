"""Where a database is, and our tables and Optuna's in it, opened together."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from oracle.database import URL, RunDatabase, parse_url, sqlite_url
from oracle.settings import DATABASE, Settings
from oracle.storage.result_store import ResultStore
from scyc.storage.blob_store import make_folder


def study_url(settings: Settings, study_name: str) -> URL:
    """Return the URL of the database that a study's runs are in.

    That is the home's; of a study that an earlier version gave a database of its own, that one,
    until ``oracle migrate`` moves its runs into the home's.

    Args:
        settings: Names a database, or the home.
        study_name: The name of the study's folder.

    Returns:
        Its URL; nothing is opened.

    Raises:
        BadInput: The storage is no URL of a database that we can use.
    """
    if settings.storage is not None:
        return parse_url(settings.storage)
    own = own_database(settings, study_name)
    return home_url(settings) if own is None else sqlite_url(own)


def own_database(settings: Settings, study_name: str) -> Path | None:
    """Return the SQLite file that an earlier version gave a study; None where there is none.

    Args:
        settings: Where runs are kept and how they are trained.
        study_name: Of the study's folder.

    Returns:
        Path of a file that exists.
    """
    file = settings.study_folder(study_name) / DATABASE
    return file if settings.storage is None and file.exists() else None


def home_url(settings: Settings) -> URL:
    """Return the URL of the home's database: of jobs, tokens and runs.

    Args:
        settings: Names a database, or the home.

    Returns:
        Its URL; nothing is opened.

    Raises:
        BadInput: The storage is no URL of a database that we can use.
    """
    if settings.storage is not None:
        return parse_url(settings.storage)
    return sqlite_url(settings.database_file)


def make_place(url: URL) -> None:
    """Make the folder of a SQLite file, to last also after a crash.

    Args:
        url: Of the database.

    Raises:
        OSError: The folder cannot be made.
    """
    if url.get_backend_name() == "sqlite":
        make_folder(Path(str(url.database)).absolute().parent)


@contextlib.contextmanager
def opened(url: URL) -> Iterator[tuple[RunDatabase, ResultStore]]:
    """Open our tables and Optuna's in one database, and close them afterwards.

    Args:
        url: Of the database; its folder and its tables are made if there are none.

    Yields:
        Our tables, and the results in Optuna's.

    Raises:
        BadInput: The database cannot be used.
        StorageError: The database fails.
    """
    make_place(url)
    # Ours are made in one transaction; by them a database is known as whose Optuna's are half made.
    database = RunDatabase(url)
    try:
        store = ResultStore(url)
        try:
            yield database, store
        finally:
            store.close()
    finally:
        database.close()
