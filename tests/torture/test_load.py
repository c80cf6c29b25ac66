"""Much work, for long, by many at once: nothing grows, nothing is lost."""

import contextlib
import http.client
import json
import mmap
import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from faults.drivers import Victim, ended, forked, until
from faults.loads import Meter, declared, descriptors, drive, metered
from optuna_trials import TRAINED

from oracle.database import RunDatabase, sqlite_url
from oracle.records.jobs import Holder, NewJob
from oracle.rest.settings import WebSettings
from oracle.service.service import Service
from oracle.service.settings import ServerSettings
from oracle.web.app import create_app
from oracle.web.listener import listen, listening

GROWTH = 50.0  # MB that a driver of 20,000 cells, or a server of as many requests, may grow by
LARGE = 20_000
FLOOR = 6.0  # MB: the system's own bookkeeping, and pages that a fork copies when it writes to them
WRITERS = 8
CONNECTIONS = 20  # to the database and to clients: how many are open changes from time to time


def allowed(share: float) -> float:
    """MB that a share of the large load may take."""
    return GROWTH * share + (FLOOR if share < 1 else 0)


def held(
    folder: Path, cells: int, warm: int, leak: Callable[[], None] = lambda: None
) -> dict[str, float]:
    """By what a driver of so many cells grew, once it was warm."""
    folder.mkdir()
    pid = forked(lambda: metered(declared(cells), folder, warm, leak), folder / "errors")
    assert ended(pid, 7200) == 0, (folder / "errors").read_text()
    content: dict[str, float] = json.loads((folder / "held.json").read_text())
    assert content["cells"] >= cells
    return content


@pytest.mark.parametrize(
    ("cells", "warm"), [(300, 100), pytest.param(LARGE, 2000, marks=pytest.mark.slow)]
)
def test_a_driver_holds_no_more_after_many_cells(
    tmp_path: Path, reference: Victim, counted: Callable[..., None], cells: int, warm: int
) -> None:
    growth = held(tmp_path / "runs", cells, warm)
    counted(f"{cells} cells", **growth)
    assert growth["MB"] < allowed((growth["cells"] - warm) / LARGE)
    assert growth["files"] == 0


def test_a_driver_that_leaks_memory_would_be_detected(tmp_path: Path, reference: Victim) -> None:
    leaked: list[mmap.mmap] = []
    files: list[int] = []

    def leak() -> None:
        leaked.append(mmap.mmap(-1, 200_000))  # new memory, not what this process has had before
        leaked[-1].write(bytes(200_000))
        files.append(os.dup(1))

    growth = held(tmp_path / "runs", 100, 40, leak)
    assert growth["MB"] > allowed((growth["cells"] - 40) / LARGE)
    assert growth["files"] >= 50


def write_on(folder: Path, url: str, number: int, seconds: float) -> None:
    """Drive studies of one's own, and the queue of jobs, till the time is up; write down what."""
    end = time.monotonic() + seconds
    cells = 0
    failed: list[BaseException] = []

    def queue() -> None:
        ledger = RunDatabase(sqlite_url(folder / "oracle.db"))
        jobs, me = ledger.jobs(), Holder("load", f"host {number} 1")
        made: list[str] = []
        try:
            while time.monotonic() < end:
                name = f"job-{number}-{len(made)}"
                jobs.submit(NewJob(name, "local", name, "{}", "{}"))
                made.append(name)
                claimed = jobs.claim(me)
                if claimed is not None:
                    assert jobs.tell(claimed.id, me, "line", "a line")
                    jobs.release(claimed.id, me, "done")
                time.sleep(0.02)
        except BaseException as error:
            failed.append(error)
        (folder / f"jobs-{number}.json").write_text(json.dumps(made))
        ledger.close()

    def check() -> None:
        if time.monotonic() > end and cells:
            raise KeyboardInterrupt

    queueing = threading.Thread(target=queue)
    queueing.start()
    seed = 0
    with contextlib.suppress(KeyboardInterrupt):
        while time.monotonic() < end or not cells:
            study = declared(
                300 if seconds < 60 else 2000, name=f"of-{number}", seed=100 * seed + number
            )
            first = True

            def on_progress(done: int) -> None:
                nonlocal first, cells
                cells += not first  # the first call reports stored cells
                first = False

            drive(study, folder, url, on_progress, check)
            seed += 1
    queueing.join()
    if failed:
        raise failed[0]
    (folder / f"cells-{number}.json").write_text(json.dumps(cells))


@pytest.mark.parametrize("seconds", [3, pytest.param(600, marks=pytest.mark.slow)])
def test_eight_writers_of_one_sqlite_database_never_find_it_locked_and_lose_nothing(
    tmp_path: Path, reference: Victim, counted: Callable[..., None], seconds: float
) -> None:
    folder = tmp_path / "runs"
    folder.mkdir()
    location = sqlite_url(folder / "oracle.db")
    url = location.render_as_string(hide_password=False)
    Service(ServerSettings(url=location, folder=folder)).close()  # makes the tables
    pids = [
        forked(partial(write_on, folder, url, each, seconds), folder / "errors")
        for each in range(WRITERS)
    ]
    ends = [ended(pid, seconds + 300) for pid in pids]
    output = (folder / "errors").read_text()
    assert "locked" not in output
    assert ends == [0] * WRITERS, output
    cells = [json.loads((folder / f"cells-{each}.json").read_text()) for each in range(WRITERS)]
    jobs = [
        name
        for each in range(WRITERS)
        for name in json.loads((folder / f"jobs-{each}.json").read_text())
    ]
    with contextlib.closing(sqlite3.connect(folder / "oracle.db")) as database:
        states = database.execute(
            f"SELECT state, COUNT(*) FROM trials WHERE {TRAINED} GROUP BY state"  # noqa: S608
        ).fetchall()
        stored = {name for (name,) in database.execute("SELECT id FROM oracle_jobs")}
        ((sound,),) = database.execute("PRAGMA integrity_check")
    counted(f"8 writers, {seconds} s", cells=sum(cells), jobs=len(jobs), locked=0)
    assert dict(states) == {"COMPLETE": sum(cells)}
    assert stored == set(jobs)
    assert len(jobs) == len(stored)
    assert min(cells) > 0
    assert sound == "ok"


PATHS = (
    "/v1/jobs",
    "/v1/jobs/{job}",
    "/v1/runs",
    "/v1/runs/{run}/table",
    "/v1/runs/{run}/table?format=text",
    "/v1/runs/{run}/figure",
    "/metrics",
    "/",
    "/jobs/{job}",
    "/readyz",
    "/nowhere",
)


@pytest.mark.parametrize(
    ("requests", "warm"), [(600, 300), pytest.param(LARGE, 2000, marks=pytest.mark.slow)]
)
def test_a_server_holds_no_more_after_many_requests_and_streams(
    tmp_path: Path, reference: Victim, counted: Callable[..., None], requests: int, warm: int
) -> None:
    folder = tmp_path / "runs"
    shutil.copytree(reference.runs_folder, folder)
    location = sqlite_url(folder / "_oracle" / "oracle.db")
    settings = ServerSettings(url=location, folder=folder)
    service = Service(settings)
    (run,) = [each.record.run_id for each in service.runs()]
    job, _ = service.jobs.submit(NewJob("waits", "local", "waits", "{}", "{}"))
    service.close()
    bound = listening("127.0.0.1", 0)
    port = bound.getsockname()[1]

    def serve() -> None:
        """A server without a scheduler: its job waits, and is watched, for ever."""
        within = Service(settings)
        listen(create_app(within, WebSettings(rate=1e6, burst=10**6)), bound)

    pid = forked(serve, tmp_path / "errors")
    bound.close()
    meter = Meter(warm, every=20, pid=pid)
    paths = [each.format(job=job.id, run=run) for each in PATHS]

    def ask(path: str, lines: int = -1) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        connection.request("GET", path)
        answer = connection.getresponse()
        assert answer.read() if lines < 0 else answer.readline()
        connection.close()
        return answer.status

    try:
        for number in range(requests):
            if number % 5 == 0:
                assert ask(f"/v1/jobs/{job.id}/events", 1) == 200  # and leave in the middle
            path = paths[number % len(paths)]
            assert ask(path) == (404 if path == "/nowhere" else 200)
            meter.count()
        # streams that were left end when they speak; at the first count fewer may have been open
        most = meter.held[0][1] + CONNECTIONS
        until(lambda: descriptors(pid) <= most, 900)
    finally:
        os.kill(pid, 15)
        assert ended(pid, 60) in (0, 130)
    counted(f"{requests} requests", MB=round(meter.grown["MB"]), files=round(meter.grown["files"]))
    assert meter.grown["MB"] < allowed((requests - warm) / LARGE)
