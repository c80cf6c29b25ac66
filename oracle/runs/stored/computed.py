"""What was computed from a finished run, cached in its folder until anything changes.

A table takes a second or more to compute, most of it to import what computes it. Its text and its
JSON are cached in the run's folder, in ``computed/``, each with a hash of all that it is a function
of: the run, every result of its system, the code, and the request. A run without a folder, such as
one that was imported without its networks, has them in the program's folder of the home.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import astuple, replace
from pathlib import Path

from oracle.database import URL, RunRecord
from oracle.database.contents.studies import results_hash
from oracle.host.source_hash import source_hash
from oracle.runs.stored.run_index import choose, indexed
from oracle.settings import PROGRAM_FOLDER, Settings
from scyc.errors import BadInput

_FOLDER = "computed"
_FINISHED = ("done", "no winner")  # a run under way has other results each time


def of_run(
    text: str, settings: Settings, what: Sequence[object], compute: Callable[[str], str]
) -> str:
    """Return what a command computes from a run, computed once for all requests.

    Args:
        text: RUN, as a command is given it; a file is computed from each time.
        settings: Where runs are.
        what: What is computed, with all options: JSON values.
        compute: Computes it, given the id of the run, or the file.

    Returns:
        The text, of now or of an earlier time.

    Raises:
        BadInput: There is no such run, or what `compute` raises.
        StorageError: The database fails.
    """
    if text.endswith((".json", ".zip")):
        return compute(text)
    run = choose(text, indexed(settings)[0], settings)

    def of_this() -> str:
        run_id = run.record.run_id
        try:
            return compute(run_id)
        except BadInput as error:  # as the user named it
            problems = [
                replace(each, value=text) if each.value == run_id else each
                for each in error.problems
            ]
            raise BadInput(error.source, problems) from error

    return of_record(run.record, run.state, run.url, run.folder, what, of_this)


def of_record(
    record: RunRecord,
    state: str,
    url: URL,
    folder: Path,
    what: Sequence[object],
    compute: Callable[[], str],
) -> str:
    """Return what :func:`of_run` does, of a run that is known.

    Args:
        record: The run's row.
        state: Its state by now.
        url: Of its database.
        folder: Of its files.
        what: What is computed, with all options: JSON values.
        compute: Computes it.

    Returns:
        The text, of now or of an earlier time.
    """
    if state not in _FINISHED:
        return compute()
    request = _hash(what)
    basis = _basis(record, state, url)
    parent = folder if folder.is_dir() else _of_home(folder)
    file = parent / _FOLDER / f"{record.run_id}.{basis[:16]}.{request[:16]}"
    cached = _read(file, basis + request)
    if cached is not None:
        return cached
    text = compute()
    if basis == _basis(record, state, url):  # nothing was written meanwhile
        _keep(file, basis + request, text, f"{record.run_id}.{basis[:16]}.", folder)
    return text


def files(run_id: str, folder: Path) -> set[Path]:
    """Return the cache files of a run.

    Args:
        run_id: Id of the run.
        folder: Of its files.

    Returns:
        Paths; none where nothing is cached.
    """
    parents = (folder, _of_home(folder))
    cached = [file for parent in parents for file in (parent / _FOLDER).glob("*")]
    return {file for file in cached if file.name.rsplit(".", 2)[0] == run_id}


def _of_home(folder: Path) -> Path:
    return folder.parent / PROGRAM_FOLDER


def _basis(record: RunRecord, state: str, url: URL) -> str:
    results = results_hash(url, "graph", record.graph)
    return _hash([source_hash(), *astuple(record), state, results])


def _hash(content: Sequence[object]) -> str:
    return hashlib.sha256(json.dumps(list(content)).encode()).hexdigest()


def _read(file: Path, key: str) -> str | None:
    """Return the text of a file that is whole and has this key."""
    try:
        content = json.loads(file.read_bytes())
        text = content["text"]
        right = content["key"] == key and content["sha256"] == _hash([text])
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return str(text) if right else None


def _keep(file: Path, key: str, text: str, valid: str, folder: Path) -> None:
    """Write a text down, and delete those of the run that are of no use any more."""
    from scyc.storage.blob_store import write_whole  # noqa: PLC0415  # only where it is new

    if not file.parent.parent.is_dir():  # such as a run of a database whose files lie elsewhere
        return
    content = json.dumps({"key": key, "sha256": _hash([text]), "text": text})
    with contextlib.suppress(OSError):  # it is computed again next time
        file.parent.mkdir(exist_ok=True)
        write_whole(file, content.encode())
        for each in files(file.name.rsplit(".", 2)[0], folder):
            if not each.name.startswith(valid):
                each.unlink(missing_ok=True)
