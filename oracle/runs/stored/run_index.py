"""Which runs there are, without their studies, which take half a second of imports to parse.

A home keeps what was read of the studies of its runs, ``studies.json``, by a hash of the study's
JSON and of the code that read it: either may change, and the study is read again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from oracle.database import URL, RunDatabase, RunRecord, parse_url, probe, sqlite_url
from oracle.errors import SettingProblem
from oracle.host.source_hash import source_hash
from oracle.settings import Settings
from oracle.study.aliases import shown_reductions
from scyc.errors import BadInput

_FILE = "studies.json"


@dataclass(frozen=True)
class StudyName:
    """What is to be known of a study in order to find its runs."""

    name: str
    folder_name: str
    shrunk: Mapping[str, str]  # what options reduced


@dataclass(frozen=True)
class IndexedRun:
    """A run that is in a database."""

    record: RunRecord
    study: StudyName
    url: URL
    folder: Path  # the folder of its files
    state: str  # see :func:`state_of`
    name: str | None = None  # that a user gave it


class _Named(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def shrunk(self) -> Mapping[str, str]: ...


class _Findable(Protocol):
    @property
    def record(self) -> RunRecord: ...
    @property
    def study(self) -> _Named: ...
    @property
    def folder(self) -> Path: ...
    @property
    def name(self) -> str | None: ...


_Run = TypeVar("_Run", bound=_Findable)


def databases(settings: Settings) -> Iterator[tuple[RunDatabase, URL, Path | None]]:
    """Open the databases that runs are in, one after the other: the one named, or the home's.

    A home may have databases of earlier versions, which are read where they lie.

    Args:
        settings: Names a database, or the home.

    Yields:
        An open database, its URL, and the folder of its runs' files where that is not the one
        named like their study.

    Raises:
        BadInput: A database cannot be used.
    """
    if settings.storage is not None:
        databases: list[tuple[URL, Path | None]] = [(parse_url(settings.storage), None)]
    else:
        databases = [(sqlite_url(settings.database_file), None)]
        databases += [
            (sqlite_url(file), file.parent if file.parent != settings.folder else None)
            for file in settings.old_databases()
        ]
    for url, folder in databases:
        problems = probe(url)
        if problems:
            raise BadInput("storage", problems)
        if url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists():
            continue
        with contextlib.closing(RunDatabase(url)) as database:
            yield database, url, folder


def state_of(database: RunDatabase, record: RunRecord) -> str:
    """Return the state of a run: running, done, stopped, no winner, or deleting.

    A stopped run goes on with the same command.

    Args:
        database: An open database that has the run.
        record: The run's row.

    Returns:
        The row's state, but stopped where it says running and no driver lives.
    """
    if record.state == "running" and not database.held(record.graph):
        return "stopped"  # its driver was killed
    return record.state


def indexed(settings: Settings) -> tuple[list[IndexedRun], list[str]]:
    """Return all runs of the storage that is named, or of the home.

    Args:
        settings: Names a database, or the home.

    Returns:
        The runs, and the ids of those whose studies another version of this project declared.

    Raises:
        BadInput: A database cannot be used.
    """
    names = _StudyNames(settings)
    runs: list[IndexedRun] = []
    unread: list[str] = []
    for database, url, old_folder in databases(settings):
        given = database.names().all()
        for record in database.runs():
            study = names.of(record)
            if study is None:
                unread.append(record.run_id)
                continue
            folder = old_folder or settings.study_folder(study.folder_name)
            state, name = state_of(database, record), given.get(record.run_id)
            runs.append(IndexedRun(record, study, url, folder, state, name))
    names.keep()
    return runs, unread


def choose(text: str, runs: Sequence[_Run], settings: Settings) -> _Run:
    """Return the run that a user means; ``settings.chosen`` is called where there are several.

    Args:
        text: Id of a run, the name that a user gave it, or name or folder of a study. The last two
            mean the latest run of the study as written, or, where there is none, the latest of
            those that options scaled down.
        runs: All that there are, the oldest first.
        settings: Whom to tell.

    Returns:
        One of `runs`.

    Raises:
        BadInput: There is none.
    """
    exact = [run for run in runs if text in (run.record.run_id, run.name)]
    if exact:
        return exact[-1]
    of_study = [run for run in runs if text in (run.study.name, str(run.folder))]
    if not of_study:
        known = ", ".join(run.record.run_id for run in runs) or "none yet; start one: oracle run"
        raise BadInput("run", [SettingProblem("run", f"no such run; known: {known}", text)])
    chosen = ([run for run in of_study if not run.study.shrunk] or of_study)[-1]
    others = [_described(run) for run in reversed(of_study) if run is not chosen]
    if others:
        settings.chosen(
            f"{text} has {len(of_study)} runs; this is {_described(chosen)}. "
            f"Name another by its id: {', '.join(others)}"
        )
    return chosen


def _described(run: _Findable) -> str:
    scaled = ", ".join(shown_reductions(run.study.shrunk))
    return f"{run.record.run_id} ({scaled})" if scaled else run.record.run_id


class _StudyNames:
    """The names of studies, parsed once by each version of the code."""

    def __init__(self, settings: Settings) -> None:
        self._file = settings.program_folder / _FILE
        self._code = source_hash()
        self._known = self._read()
        self._used: dict[str, StudyName | None] = {}

    def of(self, record: RunRecord) -> StudyName | None:
        """Return the name of a run's study; None where another version declared it."""
        key = hashlib.sha256(record.study.encode()).hexdigest()
        if key not in self._used:
            self._used[key] = self._known[key] if key in self._known else _parsed(record)
        return self._used[key]

    def keep(self) -> None:
        """Write the names down, where there are new ones and the home can be written to."""
        if self._used.keys() <= self._known.keys() or not self._file.parent.parent.is_dir():
            return
        from scyc.storage.blob_store import write_whole  # noqa: PLC0415  # only where it is new

        studies = {key: each and asdict(each) for key, each in self._used.items()}
        content = json.dumps({"code": self._code, "studies": studies})
        with contextlib.suppress(OSError):  # it is parsed again next time
            self._file.parent.mkdir(exist_ok=True)
            write_whole(self._file, content.encode())

    def _read(self) -> dict[str, StudyName | None]:
        try:
            content = json.loads(self._file.read_bytes())
            if content["code"] != self._code:
                return {}
            studies = content["studies"]
            return {key: each and StudyName(**each) for key, each in studies.items()}
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            return {}  # there is none, or it is not ours: studies are parsed


def _parsed(record: RunRecord) -> StudyName | None:
    from oracle.runs.catalog import stored_study  # noqa: PLC0415  # half a second

    study = stored_study(record)
    if study is None:
        return None
    return StudyName(study.name, study.folder_name, dict(study.shrunk))
