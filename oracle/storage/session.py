"""Where a database is, and both of its sides opened together: our tables and Optuna's."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from oracle.database import URL, RunDatabase, parse_url, sqlite_url
from oracle.settings import Settings
from oracle.storage.result_store import ResultStore


def study_url(settings: Settings, study_name: str) -> URL:
    """Return the URL of a study's database.

    Args:
        settings: Names a database, or the folder of all runs.
        study_name: The name of the study's folder.

    Raises:
        BadInput: The storage is no URL of a database that we can use.
    """
    if settings.storage is not None:
        return parse_url(settings.storage)
    return sqlite_url(settings.study_folder(study_name) / "oracle.db")


def server_url(settings: Settings) -> URL:
    """Return the URL of a server's database: of jobs, tokens and runs.

    Args:
        settings: Names a database, or the folder of all runs.

    Raises:
        BadInput: The storage is no URL of a database that we can use.
    """
    if settings.storage is not None:
        return parse_url(settings.storage)
    return sqlite_url(settings.folder / "oracle.db")


@contextlib.contextmanager
def opened(url: URL) -> Iterator[tuple[RunDatabase, ResultStore]]:
    """Open the two sides of one database, ours and Optuna's, and close them afterwards.

    Args:
        url: Of the database; its tables are made if there are none.

    Raises:
        BadInput: The database cannot be used.
        StorageError: The database fails.
    """
    # Ours are made in one transaction; by them a database is known as whose Optuna's are half made.
    ledger = RunDatabase(url)
    try:
        store = ResultStore(url)
        try:
            yield ledger, store
        finally:
            store.close()
    finally:
        ledger.close()
