"""Running jobs: one thread that claims them, starts a driver for each, and looks after these."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from oracle.failures import RunFailed, StorageError
from oracle.jobs import Held, Holder, Job
from oracle.ledger import Jobs
from oracle.processes import lives, on_this_host, this_process
from oracle.service import ServerSettings

_LOOK = 0.25  # seconds between two looks
_BEAT = 5.0  # seconds between two signs of life
SILENCE = 30.0  # seconds without one after which another host's server is taken for dead
_GRACE = 30.0  # seconds that an interrupted driver gets to end
_LIVES = 3  # times that a job's driver may die before the job has failed
log = logging.getLogger("oracle.scheduler")


@dataclass
class _Driver:
    """A driver process."""

    process: subprocess.Popen[bytes]
    interrupted: float | None = None  # when, by the monotonic clock


@dataclass
class Scheduler:
    """Runs the queue of one database, as many jobs at a time as the settings say.

    Several servers may do so for one database: a job is held by one of them. One that dies is
    found out, by its process on this host, by its silence on another, and its jobs are queued
    again.
    """

    jobs: Jobs
    settings: ServerSettings
    holder: Holder = field(default_factory=lambda: Holder(uuid.uuid4().hex, this_process()))
    now: Callable[[], float] = time.monotonic
    start_driver: Callable[[Job, ServerSettings, Holder], subprocess.Popen[bytes]] | None = None

    def __post_init__(self) -> None:
        self._drivers: dict[str, _Driver] = {}
        self._deaths: dict[str, int] = {}
        self._seen: dict[str, tuple[Held, float]] = {}  # other hosts' jobs, and since when
        self._beaten = -_BEAT
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="scheduler", daemon=True)

    def start(self) -> None:
        """Begin to look after the queue."""
        self._thread.start()

    def stop(self) -> None:
        """Interrupt all drivers, wait for their ends, and put their jobs back into the queue."""
        self._end.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def alive(self) -> bool:
        """Whether the queue is looked after."""
        return self._thread.is_alive()

    def look(self) -> None:
        """Everything there is to do now. Raises StorageError when the database is away."""
        self._reap()
        if self.now() - self._beaten >= _BEAT:
            self._beaten = self.now()
            if self._drivers:
                self.jobs.beat(self.holder)
        held = self.jobs.held()
        self._interrupt({each.job_id for each in held if self._runs(each)})
        self._take_back(held)
        while len(self._drivers) < self.settings.running:
            job = self.jobs.claim(self.holder)
            if job is None:
                return
            start = self.start_driver or started
            self._drivers[job.id] = _Driver(start(job, self.settings, self.holder))

    def _run(self) -> None:
        while not self._end.wait(_LOOK):
            try:
                self.look()
            except StorageError as error:  # a database that is away is asked again
                log.warning("%s", error)
            except Exception:
                log.exception("the scheduler goes on after")
        self._wind_down()

    def _runs(self, held: Held) -> bool:
        return held.holder == self.holder.name and held.state == "running"

    def _reap(self) -> None:
        """Let go of the jobs whose drivers have ended; one that died is started again."""
        for job_id, driver in list(self._drivers.items()):
            code = driver.process.poll()
            if code is None:
                continue
            _end_group(driver.process)  # what it may have left behind
            if code == 0 or driver.interrupted is not None:
                self._deaths.pop(job_id, None)
                self.jobs.release(job_id, self.holder, None)
            else:
                deaths = self._deaths[job_id] = self._deaths.get(job_id, 0) + 1
                again = deaths < _LIVES
                why = f"its driver died {deaths} times ({_ending(code)}); see its log, then resume"
                self.jobs.release(
                    job_id, self.holder, None if again else "failed", "" if again else why
                )
                if not again:
                    del self._deaths[job_id]
            del self._drivers[job_id]

    def _interrupt(self, mine: set[str]) -> None:
        """End the drivers of jobs that are no longer theirs: politely, then by force."""
        for job_id, driver in self._drivers.items():
            if job_id not in mine:
                self._end_one(driver)

    def _end_one(self, driver: _Driver) -> None:
        if driver.interrupted is None:
            driver.interrupted = self.now()
            with contextlib.suppress(ProcessLookupError):
                driver.process.send_signal(signal.SIGINT)
        elif self.now() - driver.interrupted > _GRACE:
            _end_group(driver.process)

    def _take_back(self, held: list[Held]) -> None:
        """Queue the jobs of dead servers again."""
        others = {each.job_id: each for each in held if each.holder != self.holder.name}
        self._seen = {job_id: seen for job_id, seen in self._seen.items() if job_id in others}
        for job_id, each in others.items():
            if on_this_host(each.process):
                if not lives(each.process):
                    self.jobs.take_back(each)
                continue
            last, since = self._seen.get(job_id, (None, 0.0))
            if last is None or (last.holder, last.beat) != (each.holder, each.beat):
                self._seen[job_id] = (each, self.now())
            elif self.now() - since > SILENCE:
                self.jobs.take_back(each)

    def _wind_down(self) -> None:
        while self._drivers:
            for driver in self._drivers.values():
                self._end_one(driver)
            try:
                self._reap()
            except RunFailed as error:
                log.warning("%s", error)
                if all(each.process.poll() is not None for each in self._drivers.values()):
                    return  # the next server finds this one dead, and takes its jobs back
            time.sleep(_LOOK)


def started(
    job: Job,
    settings: ServerSettings,
    holder: Holder,
    command: Sequence[str] = (sys.executable, "-m", "oracle.driver"),
) -> subprocess.Popen[bytes]:
    """A process that runs a job; how it is to be run, passwords included, goes to its input."""
    log_file = log_path(settings.folder, job.id)
    log_file.parent.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    if settings.ray_address is not None:
        environment["RAY_ADDRESS"] = settings.ray_address
    with log_file.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603  # our own module
            [*command, job.id],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,  # a terminal's Ctrl-C is for the server
        )
    assert process.stdin is not None  # it is a pipe
    with contextlib.suppress(BrokenPipeError), process.stdin as pipe:
        pipe.write(json.dumps(_orders(settings, holder)).encode())
    return process


def log_path(folder: Path, job_id: str) -> Path:
    """Where a job's drivers write what they have to say to whoever runs the server."""
    return folder / "logs" / f"{job_id}.log"


def _orders(settings: ServerSettings, holder: Holder) -> Mapping[str, Any]:
    """What a driver needs to know, as JSON values."""
    return {
        "url": settings.url.render_as_string(hide_password=False),
        "folder": str(settings.folder),
        "data": {name: str(path) for name, path in settings.data.items()},
        "workers": settings.workers,
        "device": settings.device,
        "backend": settings.backend,
        "save_every": settings.save_every,
        "holder": [holder.name, holder.process],
        "server": os.getpid(),
    }


def _end_group(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
