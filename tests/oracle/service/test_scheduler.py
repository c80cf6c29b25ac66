"""What the scheduler makes of its drivers' ends; the drivers are small processes that only end."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from oracle.database import Jobs, RunDatabase, parse_url
from oracle.errors import StorageError
from oracle.host.processes import process_id_string
from oracle.records.jobs import Held, Holder, Job, NewJob
from oracle.service import driver_process
from oracle.service.driver_process import BUSY, GRACE
from oracle.service.scheduler import SILENCE, Scheduler
from oracle.service.settings import ServerSettings

FOREVER = "exec sleep 600"


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


class Stage:
    """A scheduler whose drivers run a shell script for each job; and its clock."""

    def __init__(self, jobs: Jobs, folder: Path, running: int) -> None:
        self.jobs, self.clock = jobs, Clock()
        self.scripts: dict[str, str] = {}
        self.started: list[str] = []
        self.processes: list[subprocess.Popen[bytes]] = []
        settings = ServerSettings(
            url=parse_url("sqlite:///unused.db"), folder=folder, running=running
        )
        self.scheduler = Scheduler(jobs, settings, now=self.clock, start_driver=self.start)
        self.holder = self.scheduler.holder

    def start(self, job: Job, settings: ServerSettings, holder: Holder) -> subprocess.Popen[bytes]:
        self.started.append(job.id)
        assert holder == self.holder
        script = self.scripts.get(job.id, FOREVER)
        if script == "nothing":
            raise OSError("no process left")
        process = subprocess.Popen(["sh", "-c", script], start_new_session=True)
        self.processes.append(process)
        return process

    def submit(self, *names: str, script: str = FOREVER, **changes: Any) -> None:
        for name in names:
            fields = {"owner": "ann", "study_name": "a", "study": "{}", "source": ""}
            self.jobs.submit(NewJob(**{"id": name, **fields, **changes}))
            self.scripts[name] = script

    def tick(self) -> None:
        """One poll, after every driver that was about to end has ended."""
        for each in self.processes:
            script = str(each.args[2])  # type: ignore[index]  # a list
            if script != FOREVER or each.returncode is not None:
                until(lambda each=each: ended(each))
        self.scheduler.tick()

    def states(self) -> dict[str, str]:
        return {job.id: job.state for job in self.jobs.page()}


def ended(process: subprocess.Popen[bytes]) -> bool:
    if process.returncode is not None:
        return True
    options = os.WEXITED | os.WNOHANG | os.WNOWAIT
    return os.waitid(os.P_PID, process.pid, options) is not None


def until(true: Callable[[], Any]) -> None:
    patience = time.monotonic() + 120
    while not true():
        assert time.monotonic() < patience
        time.sleep(0.005)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Callable[..., Stage]]:
    ledger = RunDatabase(parse_url(f"sqlite:///{tmp_path}/oracle.db"))
    stages: list[Stage] = []

    def make(running: int = 1) -> Stage:
        stages.append(Stage(ledger.jobs(), tmp_path, running))
        return stages[-1]

    yield make
    for each in stages:
        for process in each.processes:
            if not ended(process):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    ledger.close()


Make = Callable[..., Stage]


def test_as_many_jobs_run_as_the_server_may_by_priority(stage: Make) -> None:
    here = stage(running=2)
    here.submit("a-1", "b-1", "c-1")
    here.submit("d-1", priority=1)
    here.tick()
    here.tick()
    assert here.started == ["d-1", "a-1"]
    assert here.states() == {"a-1": "running", "b-1": "queued", "c-1": "queued", "d-1": "running"}


def test_a_driver_that_wrote_its_end_makes_room_for_the_next(stage: Make) -> None:
    here = stage()
    here.submit("a-1", script="exit 0")
    here.submit("b-1")
    here.tick()
    here.jobs.release("a-1", here.holder, "done")  # as the driver does
    here.tick()
    assert here.states() == {"a-1": "done", "b-1": "running"}
    assert [held.job_id for held in here.jobs.held()] == ["b-1"]


def test_a_job_whose_driver_ended_without_a_message_is_queued_again(stage: Make) -> None:
    here = stage()
    here.submit("a-1", script="exit 0")
    here.tick()
    here.tick()
    assert here.started == ["a-1", "a-1"]


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("exit 3", "exit code 3"),
        ("kill -9 $$", "signal 9"),
        ("nothing", "could not be started: no process left"),
    ],
)
def test_a_job_fails_when_its_driver_has_died_three_times(
    stage: Make, script: str, message: str
) -> None:
    here = stage()
    here.submit("a-1", script=script)
    for waits in (5, 10):
        here.tick()
        here.tick()
        assert here.states() == {"a-1": "queued"}
        here.clock.seconds += waits - 0.1
        here.tick()
        assert here.states() == {"a-1": "queued"}
        here.clock.seconds += 0.2
    here.tick()
    here.tick()
    job = here.jobs.get("a-1")
    assert job.state == "failed"
    assert "died 3 times" in job.message
    assert message in job.message
    assert len(here.started) == 3
    here.jobs.resume("a-1")
    here.tick()
    assert len(here.started) == 4  # at once, and with three lives again
    here.tick()
    assert here.states() == {"a-1": "queued"}


def test_a_job_whose_training_runs_another_has_lets_the_others_go_first(stage: Make) -> None:
    here = stage()
    here.submit("a-1", script=f"exit {BUSY}")
    here.submit("b-1", script="exit 0")
    for waits in (5, 10, 20, 40, 80, 160, 300, 300):
        before = len(here.started)
        here.tick()  # starts a-1
        here.tick()  # b-1 has its turn
        assert here.started[before:] == ["a-1", "b-1"]
        here.jobs.release("b-1", here.holder, None)
        here.tick()
        here.jobs.cancel("b-1")
        here.clock.seconds += waits - 0.1
        here.tick()
        assert here.states() == {"a-1": "queued", "b-1": "cancelled"}
        here.jobs.resume("b-1")
        here.jobs.reprioritise("b-1", -1)
        here.clock.seconds += 0.2


def test_the_driver_of_a_cancelled_job_is_interrupted(stage: Make) -> None:
    here = stage()
    here.submit("a-1")
    here.tick()
    here.jobs.cancel("a-1")
    here.tick()
    until(lambda: ended(here.processes[0]))
    here.tick()
    assert here.processes[0].returncode == -signal.SIGINT
    assert here.states() == {"a-1": "cancelled"}
    assert here.jobs.held() == []
    here.jobs.resume("a-1")
    here.tick()
    assert here.started == ["a-1", "a-1"]


def test_a_job_that_is_resumed_at_once_gets_a_new_driver_after_the_old_one(stage: Make) -> None:
    here = stage(running=2)
    here.submit("a-1")
    here.tick()
    here.jobs.cancel("a-1")
    here.jobs.resume("a-1")
    here.tick()
    assert here.started == ["a-1"]
    until(lambda: ended(here.processes[0]))
    here.tick()
    assert here.started == ["a-1", "a-1"]
    assert here.states() == {"a-1": "running"}


def test_a_driver_that_does_not_heed_is_killed_with_all_it_started(
    stage: Make, tmp_path: Path
) -> None:
    here = stage()
    ready = tmp_path / "ready"
    script = f"trap '' INT; sleep 600 & echo $! > {ready}; while :; do sleep 0.01; done"
    here.submit("a-1", script=script)
    here.scheduler.tick()
    until(lambda: ready.exists() and ready.read_text().endswith("\n"))
    here.jobs.cancel("a-1")
    here.scheduler.tick()
    here.clock.seconds += GRACE - 1
    here.scheduler.tick()
    assert not ended(here.processes[0])
    here.clock.seconds += 2
    here.scheduler.tick()
    until(lambda: ended(here.processes[0]))
    here.scheduler.tick()
    assert here.processes[0].returncode == -signal.SIGKILL
    assert here.states() == {"a-1": "cancelled"}
    sleeper = Path(f"/proc/{ready.read_text().strip()}/stat")
    until(lambda: not sleeper.exists() or sleeper.read_text().rpartition(")")[2].split()[0] == "Z")


def test_what_a_driver_leaves_behind_ends_with_it(stage: Make, tmp_path: Path) -> None:
    here = stage()
    left = tmp_path / "left"
    here.submit("a-1", script=f"sleep 600 & echo $! > {left}; exit 0")
    here.tick()
    here.scripts["a-1"] = FOREVER
    here.tick()
    sleeper = Path(f"/proc/{left.read_text().strip()}/stat")
    until(lambda: not sleeper.exists() or sleeper.read_text().rpartition(")")[2].split()[0] == "Z")


def test_the_jobs_of_a_dead_server_of_this_host_are_taken_back_at_once(stage: Make) -> None:
    here = stage()
    here.submit("a-1")
    host, pid, started, name = process_id_string().split()
    dead = Holder("dead", f"{host} {pid} {int(started) + 1} {name}")  # its pid is ours by now
    here.jobs.claim(dead)
    here.tick()
    assert here.started == ["a-1"]
    assert [held.holder for held in here.jobs.held()] == [here.holder.name]


def test_the_jobs_of_a_living_server_are_left_alone(stage: Make) -> None:
    here = stage()
    here.submit("a-1")
    here.jobs.claim(Holder("other", process_id_string()))
    for _ in range(3):
        here.tick()
        here.clock.seconds += 10 * SILENCE
    assert here.started == []


def test_a_server_of_another_host_is_dead_after_half_a_minute_of_silence(stage: Make) -> None:
    here = stage()
    there = Holder("there", "boot/ns 1 2 that-host")
    here.submit("a-1", "b-1")
    here.jobs.claim(there)
    here.jobs.reprioritise("b-1", -1)
    here.jobs.cancel("b-1")
    for _ in range(3):
        here.tick()
        here.clock.seconds += SILENCE - 1
        here.tick()
        here.jobs.beat(there)
        here.clock.seconds += 2
    here.tick()
    here.clock.seconds += SILENCE + 1
    assert here.started == []
    here.tick()
    assert here.started == ["a-1"]


def test_no_silence_is_counted_while_the_database_is_away(
    stage: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = stage()
    here.submit("a-1")
    here.jobs.claim(Holder("there", "boot/ns 1 2 that-host"))
    here.tick()

    def away() -> list[Held]:
        raise StorageError("away")

    with monkeypatch.context() as broken:
        broken.setattr(here.jobs, "held", away)
        with pytest.raises(StorageError):
            here.tick()
    here.clock.seconds += SILENCE + 1
    here.tick()
    assert here.started == []
    here.clock.seconds += SILENCE + 1
    here.tick()
    assert here.started == ["a-1"]


def test_a_server_gives_signs_of_life_while_it_has_jobs(stage: Make) -> None:
    here = stage()
    here.tick()
    here.submit("a-1")
    here.tick()
    for _ in range(4):
        here.tick()
        here.clock.seconds += 2.5
    assert [held.beat for held in here.jobs.held()] == [2]


def test_a_job_that_was_claimed_without_the_server_knowing_is_let_go(stage: Make) -> None:
    here = stage()
    here.submit("a-1")
    here.jobs.claim(here.holder)  # the connection broke before the answer came
    here.tick()
    assert here.started == ["a-1"]


def test_a_scheduler_that_stops_queues_its_jobs_again(stage: Make) -> None:
    here = stage(running=2)
    here.submit("a-1", "b-1", "c-1")
    here.scheduler.start()
    until(lambda: len(here.processes) == 2)
    assert here.scheduler.alive
    here.scheduler.stop()
    assert not here.scheduler.alive
    assert here.states() == {"a-1": "queued", "b-1": "queued", "c-1": "queued"}
    assert here.jobs.held() == []
    assert [each.returncode for each in here.processes] == [-signal.SIGINT] * 2


def test_a_driver_gets_its_settings_on_its_input_alone(
    stage: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = stage()
    here.submit("a-1")
    job = here.jobs.get("a-1")
    monkeypatch.setenv("ORACLE_TOKEN", "secret-token")
    monkeypatch.setenv("ORACLE_STORAGE", "secret-storage")
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    settings = ServerSettings(
        url=parse_url("postgresql://ann:secret-word@host/db"),
        folder=tmp_path / "runs",
        data={"images": tmp_path},
        allow={"mine": "os.path:join"},
        workers=3,
        device="cpu",
        backend="inline",
        ray_address="head:6379",
    )
    script = 'echo "$RAY_ADDRESS $1"; env; tr "\\0" " " < /proc/$$/cmdline; cat > "$0"'
    file = tmp_path / "settings"
    process = driver_process.started(job, settings, here.holder, ("sh", "-c", script, str(file)))
    assert process.wait(120) == 0
    log = driver_process.log_path(settings, job.id).read_text()
    assert log.startswith("head:6379 a-1\n")
    assert "secret" not in log
    known, holder, server = driver_process.understood(file.read_text())
    assert (holder, server) == (here.holder, os.getpid())
    for field in ("url", "folder", "data", "allow", "workers", "device", "backend", "save_every"):
        assert getattr(known, field) == getattr(settings, field), field
