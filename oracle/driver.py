"""The driver of one job, in a process of its own: ``python -m oracle.driver JOB``.

Its server tells it on its standard input how to run. It dies with its server.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from oracle import report, runs
from oracle.compare import Table
from oracle.failures import LeaseHeld, RunFailed
from oracle.jobs import EventKind, Holder, JobState
from oracle.ledger import Jobs, Ledger, parse_url
from oracle.parse import parse
from oracle.service import ServerSettings
from oracle.settings import Progress
from scyc.problems import BadInput, Problem

_PR_SET_PDEATHSIG = 1
_WATCH = 1.0  # seconds between two looks at the parent
_GRACE = 20.0  # seconds to end in after the parent's death
_PACE = 1.0  # seconds between two notes of progress
_PATIENCE = 2.0  # seconds between two tries to get a lease that another has


class Withdrawn(RunFailed):
    """The job was cancelled, or is another server's by now."""


@dataclass
class Reporter:
    """Writes a driver's progress into its job's row, at most once a second. Raises Withdrawn."""

    jobs: Jobs
    job_id: str
    holder: Holder
    now: Callable[[], float] = time.monotonic
    _written: float | None = None
    _first: tuple[float, int] | None = None  # when the first cells were told, and how many
    _last: tuple[int, int] = field(default=(0, 0))

    def progress(self) -> Progress:
        """What a run tells."""
        return Progress(cells=self.cells, line=self.line, say=self.say)

    def cells(self, done: int, known: int) -> None:
        """Note how many cells are finished."""
        now = self.now()
        self._last = (done, known)
        if self._first is None:
            self._first = (now, done)
        if self._written is None or now - self._written >= _PACE or done >= known:
            self._write(now)

    def line(self, text: str) -> None:
        """Note a cycle that is finished."""
        self._write(self.now())
        self._told("line", text)

    def say(self, text: str) -> None:
        """Note what a user should know."""
        self._told("say", text)

    def check(self) -> None:
        """Raise Withdrawn where the job is no longer this driver's to run."""
        self._mine(self.jobs.progress(self.job_id, self.holder, *self._last, None))

    def _write(self, now: float) -> None:
        self._written = now
        done, known = self._last
        assert self._first is not None  # cells are told before lines
        since, found = self._first
        new = done - found
        left = (now - since) / new * max(0, known - done) if new else None
        self._mine(self.jobs.progress(self.job_id, self.holder, done, known, left))

    def _told(self, kind: EventKind, text: str) -> None:
        self._mine(self.jobs.tell(self.job_id, self.holder, kind, text))

    def _mine(self, written: bool) -> None:
        if not written:
            raise Withdrawn(f"{self.job_id} is no longer this driver's to run")


def drive(job_id: str, settings: ServerSettings, holder: Holder) -> None:
    """Run a job to its end, and write down how it ended."""
    ledger = Ledger(settings.url)
    jobs = ledger.jobs()
    state: JobState | None = "failed"
    message = ""
    problems: tuple[Problem, ...] = ()
    try:
        job = jobs.get(job_id)
        study = parse(json.loads(job.study), job.study_name)
        prepared = runs.prepare(study, settings.of_job(job.data))
        if not jobs.ran_as(job_id, holder, prepared.run_id):
            raise Withdrawn(job_id)
        table = _executed(prepared, Reporter(jobs, job_id, holder))
        target = prepared.settings.place(study.home) / f"{prepared.run_id}.html"
        target.write_text(report.page(table, study), encoding="utf-8")
        state = "done"
    except (Withdrawn, KeyboardInterrupt):
        state = None  # where it is still this server's, the next driver goes on
    except BadInput as error:
        message, problems = "its study was refused", error.problems
    except RunFailed as error:
        message = f"{type(error).__name__}: {error}"
    finally:
        if state is not None:
            jobs.release(job_id, holder, state, message, problems)
        ledger.close()


def _executed(prepared: runs.Prepared, reporter: Reporter) -> Table:
    """The table of a run; another driver of the same trainings is waited for."""
    told = False
    while True:
        try:
            return runs.execute(prepared, reporter.progress())
        except LeaseHeld as error:
            if not told:
                reporter.say(f"waiting: {error}")
            told = True
            reporter.check()
            time.sleep(_PATIENCE)


def _die_with(server: int) -> None:
    """Interrupt this process when its server dies; end it by force if that takes long."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)

    def watch() -> None:
        while os.getppid() == server:
            time.sleep(_WATCH)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(_GRACE)
        os.killpg(os.getpgrp(), signal.SIGKILL)

    threading.Thread(target=watch, name="server", daemon=True).start()


def _interrupt(number: int, frame: Any) -> None:
    for each in (signal.SIGINT, signal.SIGTERM):  # once is enough; what follows must not be cut
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


def main() -> None:
    """Run the job that is named on the command line."""
    orders = json.load(sys.stdin)
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, _interrupt)
    _die_with(orders["server"])
    settings = ServerSettings(
        url=parse_url(orders["url"]),
        folder=Path(orders["folder"]),
        data={name: Path(path) for name, path in orders["data"].items()},
        workers=orders["workers"],
        device=orders["device"],
        backend=orders["backend"],
        save_every=orders["save_every"],
    )
    drive(sys.argv[1], settings, Holder(*orders["holder"]))


if __name__ == "__main__":
    main()
