"""A disk that fails a run, as it is reported to the user."""

import errno
import json
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from factories import tiny_content
from search_fixtures import KeptEvents

from oracle.cli import main
from oracle.errors import DiskError, PackFailed
from oracle.execution import ray_searcher
from oracle.execution.pack_queue import Pack, PackQueue
from oracle.execution.pack_state import PackStates, pack_state_name
from oracle.execution.worker import Worker
from oracle.host import disk as folders
from oracle.runs import catalog, execute, html_report, prepare
from oracle.search.graph import Graph
from oracle.search.request import StudyKey
from oracle.settings import Settings
from oracle.storage import session
from oracle.study.base import Study
from scyc.storage import blob_store

SMALL = tiny_content(grid={"max_lr": [0.05, 0.2]}, cycles=1, replicates=1, pack=2)


def full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/disk/file")


def settings(tmp_path: Path) -> Settings:
    return Settings(folder=tmp_path, backend="inline", device="cpu", workers=1)


def test_only_errors_of_the_disk_are_reported_as_such() -> None:
    error = folders.disk_failed(OSError(errno.EROFS, "Read-only file system", "/disk/file"))
    assert str(error) == (
        "/disk/file: Read-only file system; make it writable, then run the same command again; "
        "what is finished is kept"
    )
    for other in (BrokenPipeError(errno.EPIPE, "Broken pipe"), FileNotFoundError(), OSError("?")):
        assert folders.disk_failed(other) is None
        with pytest.raises(type(other)), folders.raise_disk_errors():
            raise other


def test_a_worker_that_finds_the_disk_full_ends_the_run_without_a_traceback(
    tmp_path: Path, study: Callable[..., Study], monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = prepare.prepare(study(), settings(tmp_path))
    with monkeypatch.context() as disk:
        disk.setattr(Worker, "train", full)
        with pytest.raises(DiskError, match=r"^/disk/file: No space left on device; make room"):
            execute.execute(prepared)
    (known,) = catalog.find(settings(tmp_path))
    assert known.state == "stopped"
    assert execute.execute(prepared)["kind"] == "oracle"


def test_a_ray_worker_reports_a_full_disk_as_one(tmp_path: Path) -> None:
    events = KeptEvents()
    queue = PackQueue(4, {}, events)
    reported = json.dumps({"disk": "/disk/file: full", "said": ["not saved"]})
    with pytest.raises(DiskError, match="/disk/file: full"):
        ray_searcher._reported({"reported": reported}, error=False, queue=queue)
    assert events.lines == ["not saved"]
    with pytest.raises(PackFailed):
        ray_searcher._reported({"reported": json.dumps({"failed": "x"})}, error=False, queue=queue)


def test_a_report_that_cannot_be_written_comes_after_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "tiny.yaml"
    file.write_text(json.dumps(SMALL))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        "sys.argv",
        ["oracle", "run", str(file), "--backend", "inline", "--device", "cpu", "--workers", "1"],
    )
    monkeypatch.setattr(html_report, "write_whole", full)
    with pytest.raises(SystemExit) as ended:
        main.entry()
    printed = capsys.readouterr()
    assert ended.value.code == 1
    assert "well-tuned" in printed.out
    assert printed.err.splitlines()[-1].startswith("DiskError: /disk/file: No space left")
    (known,) = catalog.find(Settings(folder=tmp_path / "runs"))
    assert known.state == "done"


def test_a_report_is_written_whole_and_may_be_read_by_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mask = os.umask(0o022)
    try:
        html_report.save("<p>", tmp_path / "report.html")
    finally:
        os.umask(mask)
    assert (tmp_path / "report.html").stat().st_mode & 0o777 == 0o644
    monkeypatch.setattr(blob_store.os, "fsync", full)
    with pytest.raises(DiskError):
        html_report.save("<p>new", tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text() == "<p>"
    assert {path.name for path in tmp_path.iterdir()} == {"report.html"}


def test_a_pack_that_lands_takes_its_unfinished_files_with_it(
    tmp_path: Path, study: Callable[..., Study]
) -> None:
    declared = study()
    graph = Graph(declared.system, "0" * 64)
    in_flight = PackStates(tmp_path, graph)
    pack = Pack((), StudyKey("oracle", 0, ""))
    name = pack_state_name([])
    in_flight.folder.mkdir(parents=True)
    for left in (f"{name}.0-2.pt", f".{name}.0-2.pt.0123456789abcdef", "another.0-2.pt"):
        (in_flight.folder / left).write_bytes(b"")
    in_flight.land(pack)
    assert [path.name for path in in_flight.folder.iterdir()] == ["another.0-2.pt"]


@pytest.mark.parametrize("made", [1, 5, 100])
def test_tables_that_a_killed_driver_has_half_made_are_completed(
    tmp_path: Path, study: Callable[..., Study], made: int
) -> None:
    prepared = prepare.prepare(study(), settings(tmp_path))
    folder = prepared.settings.study_folder(prepared.study.folder_name)
    folder.mkdir(parents=True)
    url = session.study_url(prepared.settings, prepared.study.folder_name)
    with session.opened(url):
        pass
    with sqlite3.connect(prepared.settings.database_file) as database:
        listed = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'oracle_%'"
        tables = [name for (name,) in database.execute(f"{listed} ORDER BY rootpage")]
        assert len(tables) > 5
        for name in tables[made:]:
            database.execute(f"DROP TABLE {name}")
        if "version_info" in tables[:made]:
            database.execute("DELETE FROM version_info")
        if "alembic_version" in tables[:made]:
            database.execute("DELETE FROM alembic_version")
    database.close()
    again = prepare.prepare(study(), settings(tmp_path))
    with session.opened(url) as (_, store):
        assert store.results(again.graph) == {}
