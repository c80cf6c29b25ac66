"""Databases of earlier versions, moved into the home's: nothing finished is lost on the way.

What a database holds is added to the home's, whole Optuna studies and then the runs; only then is
its file renamed. Whoever is killed in between does it again, and ends with the same.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from oracle.database import URL, probe, sqlite_url
from oracle.database.contents.alone import exclusively
from oracle.database.contents.transfer import size, transfer
from oracle.errors import LeaseHeld, StorageError
from oracle.settings import DATABASE, Settings
from oracle.storage.session import home_url, opened
from scyc.errors import BadInput
from scyc.storage.blob_store import make_folder

MOVED = ".moved"  # ends the name of a database that is in the home's by now
_TRIES = 3  # times that a database is read again which somebody wrote to meanwhile


def move(settings: Settings, say: Callable[[str], None], servers: bool = True) -> None:
    """Move databases of earlier versions into the home's; one that is in use or damaged stays.

    Args:
        settings: The home. Where it names a database, nothing is moved.
        say: Called with each line on what was moved, and why something was not.
        servers: Whether to move that of a server, too, which lies in the home itself.

    Raises:
        BadInput: The home's database cannot be used.
        StorageError: It fails.
        OSError: The disk does.
    """
    if settings.storage is not None or not (settings.old_databases() or _of_server(settings)):
        return
    with _one_at_a_time(settings):
        if servers and _of_server(settings):
            _rename(settings, say)
        for file in settings.old_databases():
            _add(file, home_url(settings), say)


def _of_server(settings: Settings) -> bool:
    """Whether the home's database is where servers of earlier versions kept it."""
    return settings.database_file.parent == settings.folder


def _rename(settings: Settings, say: Callable[[str], None]) -> None:
    file, target = settings.database_file, settings.program_folder / DATABASE
    try:
        with exclusively(sqlite_url(file)):
            _renamed(file, target)
        say(f"{file}  moved to {target}")
    except StorageError as error:
        say(_stays(file, error))


def _add(file: Path, target: URL, say: Callable[[str], None]) -> None:
    """Add what a database holds to the home's, and rename it."""
    source = sqlite_url(file)
    try:
        if problems := probe(source):
            raise BadInput("storage", problems)
        for _ in range(_TRIES):
            trials, before = copied(source, target)
            with exclusively(source) as connection:
                if size(connection) == before:
                    _renamed(file, _free(file.with_name(file.name + MOVED)))
                    say(f"{file}  {trials} new trials moved to {target.database}")
                    return
        raise StorageError("somebody writes to it")
    except (BadInput, LeaseHeld, StorageError) as error:
        say(_stays(file, error))


def copied(source: URL, target: URL) -> tuple[int, tuple[int, ...]]:
    """Copy as :func:`transfer` does, holding the leases of all graphs in both databases.

    Args:
        source: Of the database that is read.
        target: Of the database that is written.

    Returns:
        As :func:`transfer`.

    Raises:
        LeaseHeld: A driver trains what would be copied.
    """
    with opened(source) as (old, _), opened(target) as (new, _), contextlib.ExitStack() as held:
        claims = {}
        for graph in dict.fromkeys(record.graph for record in old.runs()):
            held.enter_context(old.lease(graph, lambda _: None))
            claims[graph] = held.enter_context(new.lease(graph, lambda _: None)).claim
        return transfer(source, target, claims)


def _renamed(file: Path, target: Path) -> None:
    """Rename a file, to last also after a crash."""
    make_folder(target.parent)
    file.rename(target)
    for folder in {file.parent, target.parent}:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _free(file: Path) -> Path:
    """Return a name that no file has: this one, or with a number."""
    number, free = 1, file
    while free.exists():
        number += 1
        free = file.with_name(f"{file.name}-{number}")
    return free


def _stays(file: Path, error: Exception) -> str:
    reason = str(error).replace("\n", " ")
    return f"{file}  is read in place, not moved: {reason}"


@contextlib.contextmanager
def _one_at_a_time(settings: Settings) -> Iterator[None]:
    make_folder(settings.program_folder)
    with (settings.program_folder / "moving").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
