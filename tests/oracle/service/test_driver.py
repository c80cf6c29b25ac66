"""A job's driver, in this process; and what it reports."""

import errno
import json
import queue
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from factories import tiny_content

from oracle.database import Jobs, sqlite_url
from oracle.errors import (
    JobWithdrawn,
    LeaseLost,
    RayUnavailable,
    StorageError,
    StorageProblem,
)
from oracle.host.processes import process_id_string
from oracle.records.jobs import Holder, Job
from oracle.runs import execute, prepare
from oracle.search.graph import Graph
from oracle.service import driver
from oracle.service.driver_process import BUSY
from oracle.service.progress import Reporter
from oracle.service.service import Service
from oracle.service.settings import ServerSettings
from oracle.settings import Settings
from oracle.storage import session
from oracle.study.validation import parse
from scyc.errors import BadInput

ME = Holder("me", process_id_string())
STUDY: dict[str, Any] = tiny_content(
    without=("pruning",),
    grid={"max_lr": [0.05, 0.1, 0.2], "extend": False},
    cycles=1,
    replicates=1,
    pack=1,
)


@pytest.fixture
def settings(tmp_path: Path) -> ServerSettings:
    url = sqlite_url(tmp_path / "oracle.db")
    return ServerSettings(url=url, folder=tmp_path, backend="inline", device="cpu")


@pytest.fixture
def service(settings: ServerSettings) -> Iterator[Service]:
    opened_service = Service(settings)
    yield opened_service
    opened_service.close()


@pytest.fixture
def claimed(service: Service) -> Callable[..., Job]:
    def submit(**changes: Any) -> Job:
        text = yaml.safe_dump(STUDY | changes)
        service.submit(text, form="yaml", owner="ann")
        job = service.jobs.claim(ME)
        assert job is not None
        return job

    return submit


Claim = Callable[..., Job]


def timeless(table: Any) -> dict[str, Any]:
    read_table: dict[str, Any] = json.loads(json.dumps(table))
    for cost in read_table["cost"].values():
        del cost["seconds"]
    return read_table


def test_a_job_ends_as_its_run_does(
    service: Service, settings: ServerSettings, claimed: Claim, tmp_path: Path
) -> None:
    job = claimed()
    assert driver.run_job(job.id, settings, ME) == 0
    done = service.jobs.get(job.id)
    plain = Settings(folder=tmp_path / "plain", backend="inline", device="cpu")
    prepared = prepare.prepare(parse(STUDY, "tiny"), plain)
    assert timeless(service.table(service.run(job.id))) == timeless(execute.execute(prepared))
    assert (done.state, done.run_id, done.message) == ("done", prepared.run_id, "")
    with session.opened(session.study_url(plain, "tiny")) as (_, store):
        assert done.done == done.known == len(store.results(prepared.graph)) > 0
    events = [(event.kind, event.text.split()[:2]) for event in service.jobs.events(job.id)]
    assert events == [
        ("state", ["queued"]),
        ("state", ["running"]),
        ("say", ["note:", "tolerance"]),  # of its small validation part
        ("line", ["cycle", "0"]),
        ("line", ["cycle", "1"]),
        ("state", ["done"]),
    ]
    report = tmp_path / "tiny" / f"{done.run_id}.html"
    assert prepared.run_id in report.read_text()
    assert service.jobs.held() == []


def test_a_study_that_cannot_run_fails_with_its_problems(
    service: Service, settings: ServerSettings, claimed: Claim, tmp_path: Path
) -> None:
    (tmp_path / "tiny").write_text("where the study's folder would lie")
    job = claimed(classes=11, subset=1.0)
    assert driver.run_job(job.id, settings, ME) == 0
    failed = service.jobs.get(job.id)
    assert (failed.state, failed.message) == ("failed", "its study was refused")
    assert [each.path for each in failed.problems] == ["classes", "runs"]
    assert failed.problems[0].value == 11
    assert service.jobs.held() == []


def test_a_server_runs_nothing_that_another_one_lists(
    service: Service, settings: ServerSettings, tmp_path: Path
) -> None:
    """Two servers on one database, and only the other one lists the code and the folder."""
    (tmp_path / "images").mkdir()
    other = ServerSettings(
        settings.url, tmp_path, {"images": tmp_path / "images"}, {"mine": "os.path:join"}
    )
    there = Service(other)
    text = yaml.safe_dump(STUDY | {"network": "mine"})
    job, _ = there.submit(text, form="yaml", owner="ann", data="images")
    there.close()
    service.jobs.claim(ME)
    assert driver.run_job(job.id, settings, ME) == 0
    failed = service.jobs.get(job.id)
    assert failed.state == "failed"
    assert {each.path for each in failed.problems} == {"network", "data"}
    assert service.database.runs() == []


def test_a_job_without_a_winner_fails_with_that_message(
    service: Service, settings: ServerSettings, claimed: Claim
) -> None:
    job = claimed(grid={"max_lr": [1e30, 1e31], "extend": False})
    assert driver.run_job(job.id, settings, ME) == 0
    failed = service.jobs.get(job.id)
    assert failed.state == "failed"
    assert failed.message.startswith("every max_lr of cycle 0 diverged")


def test_a_job_whose_report_cannot_be_written_is_done(
    service: Service,
    settings: ServerSettings,
    claimed: Claim,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/disk/report.html")

    monkeypatch.setattr(driver.html_report, "write_whole", full)
    job = claimed()
    assert driver.run_job(job.id, settings, ME) == 0
    assert service.jobs.get(job.id).state == "done"
    lines = [event.text for event in service.jobs.events(job.id) if "report" in event.text]
    assert len(lines) == 1
    assert lines[0].startswith(
        "the report was not written: /disk/report.html: No space left on device; make room there"
    )


def test_an_unexpected_error_fails_the_job_with_a_message(
    service: Service,
    settings: ServerSettings,
    claimed: Claim,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def broken(*_: Any) -> str:
        raise OSError("no space left")

    monkeypatch.setattr(driver.html_report, "page", broken)
    job = claimed()
    assert driver.run_job(job.id, settings, ME) == 0
    failed = service.jobs.get(job.id)
    assert failed.state == "failed"
    assert failed.message == "OSError: no space left; the server has its log"
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    "error",
    [StorageError("away"), LeaseLost("away"), BadInput("", [StorageProblem("storage", "away")])],
    ids=lambda error: type(error).__name__,
)
def test_a_driver_dies_of_what_may_pass_and_its_job_stays(
    service: Service,
    settings: ServerSettings,
    claimed: Claim,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    def broken(*_: Any) -> None:
        raise error

    monkeypatch.setattr(driver.execute, "execute", broken)
    job = claimed()
    with pytest.raises((StorageError, LeaseLost), match="away"):
        driver.run_job(job.id, settings, ME)
    assert service.jobs.get(job.id).state == "running"


def test_a_driver_waits_a_little_for_the_training_runs_of_another_and_then_gives_up(
    service: Service, settings: ServerSettings, claimed: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "_WATCH", 0.01)
    monkeypatch.setattr(driver, "_PATIENCE", 0.1)
    job = claimed()
    prepared = prepare.prepare(parse(STUDY, "tiny"), settings.of_job(None))
    with service.database.lease(prepared.graph.id, lambda text: None):
        assert driver.run_job(job.id, settings, ME) == BUSY
    assert service.jobs.get(job.id).state == "running"  # its server puts it back
    last = service.jobs.events(job.id)[-1]
    assert last.kind == "say"
    assert last.text.endswith("it is tried again later")
    monkeypatch.setattr(driver, "_PATIENCE", 600)
    lease = service.database.lease(prepared.graph.id, lambda text: None)
    lease.__enter__()
    monkeypatch.setattr(driver.time, "sleep", lambda _: lease.__exit__(None, None, None))
    assert driver.run_job(job.id, settings, ME) == 0
    assert service.jobs.get(job.id).state == "done"


@pytest.mark.parametrize(
    ("cluster", "code", "state"),
    [(True, BUSY, "running"), (False, 0, "failed")],  # its server puts a running one back
)
def test_a_job_waits_for_a_cluster_and_fails_where_a_local_ray_does_not_start(
    service: Service,
    settings: ServerSettings,
    claimed: Claim,
    monkeypatch: pytest.MonkeyPatch,
    cluster: bool,
    code: int,
    state: str,
) -> None:
    def unavailable(*_: Any) -> Any:
        raise RayUnavailable("no Ray", cluster)

    monkeypatch.setattr(driver.execute, "execute", unavailable)
    job = claimed()
    assert driver.run_job(job.id, settings, ME) == code
    ended = service.jobs.get(job.id)
    assert (ended.state, ended.message) == (state, "" if cluster else "no Ray")
    events = [event.text for event in service.jobs.events(job.id) if "no Ray" in event.text]
    assert events == (["no Ray; it is tried again later"] if cluster else [])


@pytest.mark.parametrize("end", ["cancelled", "taken", "interrupted"])
def test_a_driver_stops_when_its_job_is_no_longer_its_own(
    service: Service,
    settings: ServerSettings,
    claimed: Claim,
    monkeypatch: pytest.MonkeyPatch,
    end: str,
) -> None:
    job = claimed()
    other = Holder("other", process_id_string())
    original = Reporter.cells

    def cells(self: Reporter, done: int, known: int) -> None:
        original(self, done, known)
        if done == 2:
            if end == "interrupted":
                raise KeyboardInterrupt
            if end == "cancelled":
                service.jobs.cancel(job.id)
            else:
                service.jobs.take_back(service.jobs.held()[0])
                assert service.jobs.claim(other) is not None
            self.flush()

    monkeypatch.setattr(Reporter, "cells", cells)
    assert driver.run_job(job.id, settings, ME) == 0
    after = service.jobs.get(job.id)
    assert after.state == ("cancelled" if end == "cancelled" else "running")
    holder = service.jobs.held()[0].holder
    assert holder == ("other" if end == "taken" else "me")
    run = service.run("tiny")
    assert run.state == "stopped"
    graph = Graph(run.study.system, run.record.fingerprint)
    assert len(service.store.results(graph)) == 2


class Row:
    """A job's row that takes down what is written to it."""

    def __init__(self) -> None:
        self.written: list[tuple[int, int, float | None]] = []
        self.mine = True
        self.away = False

    def progress(self, job_id: str, holder: Holder, *values: Any) -> bool:
        if self.away:
            raise StorageError("away")
        self.written.append(values)  # type: ignore[arg-type]  # cells and seconds
        return self.mine

    def tell(self, *_: Any) -> bool:
        return self.mine


def reporter(row: Row, now: Callable[[], float] = time.monotonic) -> Reporter:
    jobs: Jobs = row  # type: ignore[assignment]  # as far as a reporter knows it
    return Reporter(jobs, "a-1", ME, now)


class Pauses(threading.Event):
    """The end of a reporter, whose pauses last until the test ends them, whatever their length."""

    def __init__(self) -> None:
        super().__init__()
        self._begun: queue.SimpleQueue[float | None] = queue.SimpleQueue()
        self._over = threading.Semaphore(0)

    def wait(self, timeout: float | None = None) -> bool:
        self._begun.put(timeout)
        assert self._over.acquire(timeout=300)
        return self.is_set()

    def set(self) -> None:
        super().set()
        self._over.release()

    def begun(self) -> float | None:
        """Wait until the reporter pauses; return for how many seconds it would."""
        return self._begun.get(timeout=300)

    def end(self) -> None:
        """End one pause."""
        self._over.release()


def test_cells_are_written_once_a_second_and_at_the_end() -> None:
    row, pauses = Row(), Pauses()
    unstarted = reporter(row)
    unstarted._end = pauses
    with unstarted as job_reporter:
        for second in range(3):
            assert pauses.begun() == 1.0
            for done in range(1000 * second + 1, 1000 * second + 1001):
                job_reporter.cells(done, 10**9)
            assert [done for done, _, _ in row.written] == [1000, 2000][:second]
            if second < 2:
                pauses.end()
    assert [done for done, _, _ in row.written] == [1000, 2000, 3000]


def test_nothing_is_written_where_no_cell_came() -> None:
    row, pauses = Row(), Pauses()
    unstarted = reporter(row)
    unstarted._end = pauses
    with unstarted as job_reporter:
        job_reporter.cells(1, 9)
        for _ in range(3):
            pauses.begun()
            pauses.end()
        pauses.begun()
    assert [each[:2] for each in row.written] == [(1, 9)]


@pytest.mark.costly
def test_cells_that_came_in_a_burst_are_written_though_no_more_come() -> None:
    row = Row()
    with reporter(row) as job_reporter:
        job_reporter.cells(1, 9)
        job_reporter.cells(2, 9)
        patience = time.monotonic() + 120
        while not row.written:
            assert time.monotonic() < patience
            time.sleep(0.01)
        assert [each[:2] for each in row.written] == [(2, 9)]


def test_the_time_left_is_estimated_from_this_drivers_own_training_runs() -> None:
    row, times = Row(), iter([100.0, 130.0, 160.0, 161.0])
    job_reporter = reporter(row, lambda: next(times))
    for done, known in ((50, 100), (60, 100), (80, 100), (100, 100)):
        job_reporter.cells(done, known)
        job_reporter.flush()
    assert row.written == [(50, 100, None), (60, 100, 120.0), (80, 100, 40.0), (100, 100, 0.0)]


def test_a_report_that_could_not_be_written_is_written_again() -> None:
    row = Row()
    row.away = True
    with reporter(row) as job_reporter:
        job_reporter.cells(1, 9)
        with pytest.raises(StorageError):
            job_reporter.flush()
        row.away = False
    assert [each[:2] for each in row.written] == [(1, 9)]


def test_a_withdrawn_reporter_raises_on_every_call() -> None:
    row = Row()
    job_reporter = reporter(row)
    job_reporter.cells(1, 9)
    row.mine = False
    with pytest.raises(JobWithdrawn):
        job_reporter.flush()
    row.mine = True
    for word in (
        lambda: job_reporter.cells(2, 9),
        lambda: job_reporter.line("cycle 0"),
        lambda: job_reporter.say("hi"),
    ):
        with pytest.raises(JobWithdrawn):
            word()


def test_a_job_whose_name_the_program_needs_is_refused(service: Service, tmp_path: Path) -> None:
    text = yaml.safe_dump(STUDY | {"name": "oracle.db-journal"})
    with pytest.raises(BadInput, match="name of the program's own files"):
        service.submit(text, form="yaml", owner="ann")
    assert not (tmp_path / "oracle.db-journal").exists()
    assert service.jobs.claim(ME) is None
