"""Servers and drivers in processes of their own: killed, doubled, stopped."""

import contextlib
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import optuna_dashboard  # noqa: F401  # two seconds, which every fork is spared
import pytest
import yaml
from factories import tiny_content
from gate import Gate
from optuna_trials import trained

from oracle.database import RunDatabase, parse_url
from oracle.records.jobs import ENDED, Holder, Job
from oracle.records.tokens import Token
from oracle.runs import execute, prepare
from oracle.service import driver
from oracle.service.driver_process import started
from oracle.service.scheduler import Scheduler
from oracle.service.service import Service
from oracle.service.settings import ServerSettings
from oracle.settings import Settings
from oracle.storage import session
from oracle.study.validation import parse

STUDY: dict[str, Any] = tiny_content(
    without=("pruning",),
    training={"steps": 100, "batch": 16, "validate_every": 50},
    s_cyc={"epsilon": 0.07, "delta": 0.1, "q": 0, "beta": 3.0},
    pack=1,
)


class Forked:
    """A driver that has imported everything already; as far as a scheduler knows a process."""

    def __init__(self, job: Job, settings: ServerSettings, holder: Holder) -> None:
        self.returncode: int | None = None
        self.pid = os.fork()
        if self.pid == 0:
            code = 1
            try:
                os.setsid()
                signal.signal(signal.SIGINT, signal.default_int_handler)
                code = driver.run_job(job.id, settings, holder)
            finally:
                os._exit(code)

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def wait(self) -> int:
        if self.returncode is None:
            self.returncode = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.returncode


class Server:
    """A process that runs the jobs of one database: a server without its web side.

    It is forked from the tests' process, which has imported everything.
    """

    def __init__(self, settings: ServerSettings, start_driver: Any) -> None:
        self.pid = os.fork()
        if self.pid == 0:
            code = 1
            try:
                ended = threading.Event()
                signal.signal(signal.SIGTERM, lambda *_: ended.set())
                service = Service(settings)
                scheduler = Scheduler(service.jobs, settings, start_driver=start_driver)
                scheduler.start()
                ended.wait()
                scheduler.stop()
                service.close()
                code = 0
            finally:
                os._exit(code)

    def end(self, number: int) -> int:
        """Send it a signal; returns its exit code, or minus the signal that ended it."""
        os.kill(self.pid, number)
        _, status = os.waitpid(self.pid, 0)
        self.pid = 0
        return os.waitstatus_to_exitcode(status)

    def drivers(self) -> list[int]:
        """Pids of its drivers."""
        return children(self.pid)


def stat(pid: int) -> list[str]:
    """Fields of /proc/PID/stat after the command: state, parent, group, session...; [] of none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def living() -> dict[int, list[str]]:
    pids = [int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit()]
    stats = {pid: stat(pid) for pid in pids}
    return {pid: fields for pid, fields in stats.items() if fields and fields[0] != "Z"}


def children(pid: int) -> list[int]:
    return [each for each, fields in living().items() if int(fields[1]) == pid]


def descendants(pid: int) -> set[int]:
    pids: set[int] = set()
    rest = {pid}
    while rest:
        rest = {each for parent in rest for each in children(parent)} - pids
        pids |= rest
    return pids


def in_session(pid: int) -> list[int]:
    """Processes of the session that a driver leads."""
    return [each for each, fields in living().items() if int(fields[3]) == pid]


def until(true: Callable[[], Any], patience: float = 120) -> Any:
    end = time.monotonic() + patience
    while not (value := true()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)
    return value


@pytest.fixture
def settings(tmp_path: Path) -> ServerSettings:
    url = parse_url(f"sqlite:///{tmp_path}/served/oracle.db")
    (tmp_path / "served").mkdir()
    return ServerSettings(
        url=url, folder=tmp_path / "served", backend="inline", device="cpu", workers=2
    )


@pytest.fixture
def service(settings: ServerSettings) -> Iterator[Service]:
    opened_service = Service(settings)
    yield opened_service
    opened_service.close()


@pytest.fixture
def serve(settings: ServerSettings) -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(start_driver: Any = Forked, **changes: Any) -> Server:
        servers.append(Server(replace(settings, **changes), start_driver))
        return servers[-1]

    yield start
    for each in servers:
        if each.pid:
            drivers = each.drivers()
            each.end(signal.SIGKILL)
            for pid in drivers:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)


def submitted(service: Service, **changes: Any) -> Job:
    text = yaml.safe_dump(STUDY | changes)
    job, _ = service.submit(text, form="yaml", owner="local")
    return job


def ended(service: Service, job: Job) -> Job:
    until(lambda: service.jobs.get(job.id).state in ENDED)
    return service.jobs.get(job.id)


def trials(service: Service) -> list[Any]:
    return trained(service.settings.url.render_as_string(hide_password=False))


def timeless(table: Any) -> dict[str, Any]:
    read_table: dict[str, Any] = json.loads(json.dumps(table))
    for cost in read_table["cost"].values():
        del cost["seconds"]
    return read_table


@pytest.fixture(scope="module", autouse=True)
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], int]:
    """The table of a plain run of the study elsewhere, and the number of its cells.

    For every test, since what it imports is spared to all that they fork.
    """
    where = Settings(folder=tmp_path_factory.mktemp("plain"), backend="inline", device="cpu")
    prepared = prepare.prepare(parse(STUDY, "tiny"), where)
    table = timeless(execute.execute(prepared))
    with session.opened(session.study_url(where, "tiny")) as (_, store):
        return table, len(store.results(prepared.graph))


def test_a_job_ends_with_the_table_of_a_run_though_its_server_is_killed(
    service: Service,
    serve: Callable[..., Server],
    uninterrupted: tuple[dict[str, Any], int],
    gate: Gate,
) -> None:
    expected, cells = uninterrupted
    gate.shut(after=4)
    job = submitted(service)
    server = serve(started)
    until(lambda: len(trials(service)) >= 4)
    (driver,) = server.drivers()
    server.end(signal.SIGKILL)
    gate.open()
    assert service.jobs.get(job.id).state == "running"  # nobody was left to say otherwise
    serve()
    until(lambda: driver not in living())
    done = ended(service, job)
    assert (done.state, done.message) == ("done", "")
    assert done.done == done.known == cells
    assert timeless(service.table(service.run(job.id))) == expected
    stored = trials(service)
    assert {trial.state.name for trial in stored} == {"COMPLETE"}
    ids = [trial.user_attrs["cell"] for trial in stored]
    assert len(ids) == len(set(ids)) == cells
    assert (service.settings.folder / "tiny" / f"{done.run_id}.html").is_file()


def test_two_servers_on_one_database_run_each_job_once(
    storage: str, settings: ServerSettings, serve: Callable[..., Server], gate: Gate
) -> None:
    gate.shut(after=1)
    url = parse_url(storage)
    service = Service(replace(settings, url=url))
    grid = {"max_lr": [0.1], "extend": False}
    jobs = [submitted(service, seed=seed, cycles=1, grid=grid) for seed in range(4)]
    servers = serve(url=url), serve(url=url)
    until(lambda: all(each.drivers() for each in servers))
    gate.open()
    for job in jobs:
        assert ended(service, job).state == "done"
        lines = [event.text for event in service.jobs.events(job.id) if event.kind == "state"]
        assert lines == ["queued", "running", "done"]
    ids = [trial.user_attrs["cell"] for trial in trials(service)]
    assert len(ids) == len(set(ids)) == sum(service.jobs.get(each.id).known for each in jobs)
    service.close()


@pytest.mark.slow
def test_cells_that_jobs_of_two_servers_share_are_trained_once(
    storage: str,
    settings: ServerSettings,
    serve: Callable[..., Server],
    gate: Gate,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    grids = {"one": [0.05, 0.1, 0.2], "two": [0.1, 0.2, 0.4]}
    declared = {
        name: {"name": name, "cycles": 1, "grid": {"max_lr": grid, "extend": False}}
        for name, grid in grids.items()
    }
    alone = Settings(
        folder=tmp_path, storage=f"sqlite:///{tmp_path}/alone.db", backend="inline", device="cpu"
    )
    plain = [prepare.prepare(parse(STUDY | each, "alone"), alone) for each in declared.values()]
    expected = [timeless(execute.execute(each)) for each in plain]
    assert plain[0].graph.id == plain[1].graph.id
    with session.opened(parse_url(str(alone.storage))) as (_, store):
        cells = set(store.results(plain[0].graph))

    gate.shut(after=1)
    monkeypatch.setattr(driver, "_PATIENCE", 0.5)  # so that who waits is queued again soon
    url = parse_url(storage)
    service = Service(replace(settings, url=url))
    jobs = [submitted(service, **each) for each in declared.values()]
    servers = serve(url=url), serve(url=url)
    until(lambda: any(each.drivers() for each in servers))
    until(
        lambda: any(
            "it is tried again later" in event.text
            for job in jobs
            for event in service.jobs.events(job.id)
        )
    )
    gate.open()
    done = [ended(service, job) for job in jobs]
    assert [each.state for each in done] == ["done", "done"]
    assert [timeless(service.table(service.run(job.id))) for job in jobs] == expected
    ids = [trial.user_attrs["cell"] for trial in trials(service)]
    assert len(ids) == len(set(ids))
    assert set(ids) == cells
    assert len(ids) < sum(each.known for each in done)  # some are in both studies
    service.close()


def test_a_cancelled_job_ends_its_driver_and_continues_when_resumed(
    service: Service,
    serve: Callable[..., Server],
    uninterrupted: tuple[dict[str, Any], int],
    gate: Gate,
) -> None:
    expected, cells = uninterrupted
    gate.shut(after=2)
    me = Token("local", "admin", service.jobs.get(submitted(service).id).submitted)
    job = service.jobs.page()[0]
    server = serve()
    until(lambda: len(trials(service)) >= 2)
    (driver,) = server.drivers()
    assert service.cancel(job.id, me).state == "cancelled"
    until(lambda: in_session(driver) == [] and not service.jobs.held())
    stored = len(trials(service))
    assert stored == 2 < cells
    gate.open()
    cancelled = service.jobs.get(job.id)
    assert (cancelled.state, cancelled.message) == ("cancelled", "")
    assert service.run(job.id).state == "stopped"
    assert service.resume(job.id, me).state == "queued"
    assert ended(service, job).state == "done"
    assert timeless(service.table(service.run(job.id))) == expected
    assert len(trials(service)) == cells


def test_a_server_that_is_stopped_puts_its_jobs_back_into_the_queue(
    service: Service, serve: Callable[..., Server], gate: Gate
) -> None:
    gate.shut(after=1)
    job = submitted(service)
    server = serve()
    until(lambda: len(trials(service)) >= 1)
    (driver,) = server.drivers()
    assert server.end(signal.SIGTERM) == 0
    assert in_session(driver) == []
    assert service.jobs.get(job.id).state == "queued"
    assert service.jobs.held() == []
    ledger = RunDatabase(service.settings.url)
    record = ledger.runs()[0]
    assert (record.state, ledger.held(record.graph)) == ("stopped", False)
    ledger.close()


def test_no_secret_is_on_a_drivers_command_line(
    service: Service, serve: Callable[..., Server], gate: Gate
) -> None:
    gate.shut(after=1)
    job = submitted(service)
    server = serve(started)
    (driver,) = until(server.drivers)
    words = Path(f"/proc/{driver}/cmdline").read_bytes().decode().split("\0")[1:-1]
    assert words == ["-m", "oracle.service.driver", job.id]


@pytest.mark.slow
def test_a_higher_priority_goes_first(service: Service, serve: Callable[..., Server]) -> None:
    short = {"steps": 12, "batch": 16, "validate_every": 6}
    grid = {"max_lr": [0.1], "extend": False}
    jobs = [submitted(service, seed=seed, training=short, cycles=1, grid=grid) for seed in range(3)]
    service.reprioritise(jobs[2].id, 5, Token("local", "admin", jobs[0].submitted))
    serve()
    done = [ended(service, job) for job in jobs]
    assert {job.state for job in done} == {"done"}
    assert all(job.started is not None for job in done)
    assert sorted(range(3), key=lambda index: str(done[index].started)) == [2, 0, 1]


def test_a_job_whose_training_runs_all_diverge_fails_with_a_message_and_stores_them(
    service: Service, serve: Callable[..., Server]
) -> None:
    short = {"steps": 12, "batch": 16, "validate_every": 6}
    job = submitted(service, training=short, grid={"max_lr": [1e30, 1e35], "extend": False})
    serve()
    failed = ended(service, job)
    assert failed.state == "failed"
    assert failed.message.startswith("every max_lr of cycle 0 diverged")
    assert service.run(job.id).state == "no winner"
    stored = trials(service)
    assert sum(trial.user_attrs["diverged"] for trial in stored) == 2 * 2  # besides those of S-Cyc
    service.resume(job.id, Token("local", "admin", job.submitted))
    assert ended(service, job).message == failed.message
    assert len(trials(service)) == len(stored)


@pytest.mark.ray
@pytest.mark.slow
def test_a_cancelled_jobs_ray_ends_with_its_driver(
    service: Service, serve: Callable[..., Server], gate: Gate
) -> None:
    gate.shut(after=1)
    job = submitted(service, training={"steps": 3000, "batch": 16, "validate_every": 1000})
    server = serve(started, backend="ray")
    until(lambda: len(trials(service)) >= 1)
    (leader,) = server.drivers()
    rays = descendants(leader)
    assert len(rays) >= 4  # its control store, its node's daemon, two workers
    assert service.jobs.cancel(job.id).state == "cancelled"
    until(lambda: not service.jobs.held())
    until(lambda: not {leader, *rays} & living().keys())
    assert service.jobs.get(job.id).state == "cancelled"
    run = service.run(job.id)
    assert (run.state, service.database.held(run.record.graph)) == ("stopped", False)
