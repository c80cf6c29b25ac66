"""Running jobs: one thread that claims them, starts a driver for each, and monitors these."""

from __future__ import annotations

import logging
import subprocess
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from oracle.database import Jobs
from oracle.errors import OracleError, StorageError
from oracle.host.processes import is_alive, on_this_host, process_id_string
from oracle.records.jobs import Held, Holder, Job
from oracle.service.driver_process import BUSY, Driver, started
from oracle.service.settings import ServerSettings

SILENCE = 30.0  # seconds without a sign of life after which another host's server is dead
_POLL = 0.25  # seconds between two polls
_BEAT = 5.0  # seconds between two signs of life
_LIVES = 3  # times that a job's driver may die before the job has failed
_PAUSE, _LONGEST = 5.0, 300.0  # seconds for which a job is put off, doubled each time
ROUNDS_LOG = "oracle.service.scheduler.rounds"  # of what every poll may find again
log = logging.getLogger("oracle.service.scheduler")
rounds_log = logging.getLogger(ROUNDS_LOG)


@dataclass
class Scheduler:
    """Runs the queue of one database, as many jobs at a time as the settings say.

    Several servers may do so for one database: a job is held by one of them. One that dies is
    found out, by its process on this host, by its silence on another, and its jobs are queued
    again.
    """

    jobs: Jobs
    settings: ServerSettings
    holder: Holder = field(default_factory=lambda: Holder(uuid.uuid4().hex, process_id_string()))
    now: Callable[[], float] = time.monotonic
    start_driver: Callable[[Job, ServerSettings, Holder], subprocess.Popen[bytes]] | None = None

    def __post_init__(self) -> None:
        self._drivers: dict[str, Driver] = {}
        self._deaths: dict[str, int] = {}  # of a job's drivers, in a row
        self._put_off: dict[str, tuple[float, float]] = {}  # jobs: until when, and for how long
        self._seen: dict[str, tuple[Held, float]] = {}  # other hosts' jobs, and since when
        self._beaten = -_BEAT
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="scheduler", daemon=True)

    def start(self) -> None:
        """Begin to process the queue."""
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

    def tick(self) -> None:
        """Do everything there is to do now.

        Raises:
            StorageError: The database is away.
        """
        try:
            self._reap()
            self._beat()
            held = self.jobs.held()
            self._mind(held)
            self._take_back(held)
            self._claim()
        except StorageError:
            self._seen.clear()  # nobody can show a sign of life to a database that is away
            raise

    def _run(self) -> None:
        # A driver gets a signal when the thread that started it ends: this one outlives them.
        while not self._end.wait(_POLL):
            try:
                self.tick()
            except StorageError as error:  # retry while the database is away
                rounds_log.warning("%s", error)
            except Exception:
                rounds_log.exception("the scheduler goes on after")
        self._wind_down()

    def _reap(self) -> None:
        """Let go of the jobs whose drivers have ended."""
        for job_id, driver in list(self._drivers.items()):
            code = driver.code()
            if code is None:
                continue
            if code == 0 or driver.interrupted is not None:  # it has written down how it ended
                self._forget(job_id)
                self.jobs.release(job_id, self.holder, None)
            elif code == BUSY:
                self._deaths.pop(job_id, None)
                self.jobs.release(job_id, self.holder, None)
                self._delay(job_id)
            else:
                ending = f"signal {-code}" if code < 0 else f"exit code {code}"
                self._died(job_id, ending)
            del self._drivers[job_id]

    def _died(self, job_id: str, ending: str) -> None:
        """Start the job of a driver that died again, later, but not for ever."""
        deaths = self._deaths.get(job_id, 0) + 1
        log.warning("a driver of %s died: %s", job_id, ending)
        if deaths < _LIVES:
            self.jobs.release(job_id, self.holder, None)
            self._deaths[job_id] = deaths
            self._delay(job_id)
        else:
            why = f"its driver died {deaths} times ({ending}); the server has its log"
            self.jobs.release(job_id, self.holder, "failed", why)
            self._forget(job_id)

    def _delay(self, job_id: str) -> None:
        """Let the others of the queue go first for a while."""
        _, before = self._put_off.get(job_id, (0.0, _PAUSE / 2))
        pause = min(2 * before, _LONGEST)
        self._put_off[job_id] = (self.now() + pause, pause)

    def _forget(self, job_id: str) -> None:
        self._deaths.pop(job_id, None)
        self._put_off.pop(job_id, None)

    def _beat(self) -> None:
        if self._drivers and self.now() - self._beaten >= _BEAT:
            self._beaten = self.now()
            self.jobs.beat(self.holder)

    def _mind(self, held: list[Held]) -> None:
        """End the drivers of jobs that are no longer theirs, such as cancelled ones."""
        mine = {each.job_id: each.state for each in held if each.holder == self.holder.name}
        for job_id, driver in self._drivers.items():
            if mine.get(job_id) != "running":
                driver.end(self.now())
        for job_id in mine.keys() - self._drivers.keys():  # the answer to its claim was lost
            self.jobs.release(job_id, self.holder, None)

    def _take_back(self, held: list[Held]) -> None:
        """Queue the jobs of dead servers again."""
        others = {each.job_id: each for each in held if each.holder != self.holder.name}
        self._seen = {job_id: seen for job_id, seen in self._seen.items() if job_id in others}
        for job_id, each in others.items():
            if on_this_host(each.process):
                if not is_alive(each.process):
                    self.jobs.take_back(each)
                continue
            last, since = self._seen.get(job_id, (None, 0.0))
            if last is None or (last.holder, last.beat) != (each.holder, each.beat):
                self._seen[job_id] = (each, self.now())
            elif self.now() - since > SILENCE:
                self.jobs.take_back(each)

    def _claim(self) -> None:
        while len(self._drivers) < self.settings.running:
            late = [job_id for job_id, (until, _) in self._put_off.items() if until > self.now()]
            job = self.jobs.claim(self.holder, late)
            if job is None:
                return
            start = self.start_driver or started
            try:
                self._drivers[job.id] = Driver(start(job, self.settings, self.holder))
            except OSError as error:
                self._died(job.id, f"it could not be started: {error}")

    def _wind_down(self) -> None:
        while self._drivers:
            for driver in self._drivers.values():
                driver.end(self.now())
            try:
                self._reap()
            except OracleError as error:
                rounds_log.warning("%s", error)
                if all(driver.code() is not None for driver in self._drivers.values()):
                    return  # the next server finds this one dead, and takes its jobs back
            time.sleep(_POLL)
