"""The driver of one job, in a process of its own: ``python -m oracle.service.driver JOB``.

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
import traceback
from collections.abc import Sequence
from typing import Any

from oracle.database import Jobs, RunDatabase
from oracle.errors import (
    DiskError,
    JobWithdrawn,
    LeaseHeld,
    LeaseLost,
    OracleError,
    RayUnavailable,
    StorageError,
    StorageProblem,
    StorageUnavailable,
)
from oracle.host.processes import end_forks_with_this_process
from oracle.records.jobs import Holder
from oracle.runs import execute, html_report, prepare
from oracle.service import admission
from oracle.service.driver_process import BUSY, understood
from oracle.service.progress import Reporter
from oracle.service.settings import ServerSettings
from oracle.storage.retry import DatabaseRetry
from oracle.study.validation import parse
from oracle.tables.registry import Table
from scyc.errors import BadInput, Problem

_PR_SET_PDEATHSIG = 1
_WATCH = 1.0  # seconds between two checks of the server
_GRACE = 20.0  # seconds to end in after the server's death
_PATIENCE = 15.0  # seconds for a lease: a driver that got a signal to end releases it by then


def run_job(job_id: str, settings: ServerSettings, holder: Holder) -> int:
    """Run a job, and store how it ended.

    Nothing is stored where the job is to go on later: where it was withdrawn or interrupted, or
    another driver has its training runs, or the database or Ray's cluster is away.

    Args:
        job_id: Id of the job.
        settings: Of the server.
        holder: Server and process that hold the job.

    Returns:
        Exit code of the process: 0, or BUSY where the job is to be tried again later.

    Raises:
        StorageError: The database fails.
        LeaseLost: Another driver has taken over.
    """
    failure: tuple[str, Sequence[Problem]] | None = None
    with contextlib.closing(RunDatabase(settings.url)) as database:
        jobs = database.jobs()
        try:
            with Reporter(jobs, job_id, holder) as reporter:
                _run(jobs, job_id, settings, reporter)
        except (JobWithdrawn, KeyboardInterrupt):
            return 0
        except (LeaseHeld, StorageUnavailable):  # it is no fault of the job's
            return BUSY
        except RayUnavailable as error:
            if error.cluster:  # as a database that is away
                return BUSY
            failure = str(error), ()
        except (StorageError, LeaseLost):
            raise
        except BadInput as error:
            if any(isinstance(problem, StorageProblem) for problem in error.problems):
                raise StorageError(str(error)) from error  # it was open a moment ago
            failure = "its study was refused", error.problems
        except OracleError as error:
            failure = str(error), ()
        except Exception as error:
            traceback.print_exc()
            failure = f"{type(error).__name__}: {error}; the server has its log", ()
        patience = DatabaseRetry(settings.of_job(None).database_wait, print)
        if failure is None:
            patience(lambda: jobs.release(job_id, holder, "done"))
        else:
            why = failure
            patience(lambda: jobs.release(job_id, holder, "failed", *why))
    return 0


def _run(jobs: Jobs, job_id: str, settings: ServerSettings, reporter: Reporter) -> None:
    job = jobs.get(job_id)
    content = json.loads(job.study)
    study = parse(content, job.study_name, stored=True)
    # Another server may have taken it in, which lists other code and folders than this one.
    if refused := admission.problems(content, settings.allow, settings.data, job.data):
        raise BadInput(study.name, refused)
    prepared = prepare.prepare(study, settings.of_job(job.data))
    table = _executed(prepared, reporter)
    target = prepared.settings.study_folder(study.folder_name) / f"{table['run_id']}.html"
    try:
        html_report.save(html_report.page(table, study), target)
    except DiskError as error:  # the run is finished all the same; the server draws it, too
        reporter.say(f"the report was not written: {error}")


def _executed(prepared: prepare.PreparedRun, reporter: Reporter) -> Table:
    """Run a study; return its table.

    Raises LeaseHeld when another driver has its lease, and RayUnavailable when Ray's cluster is
    away, or when a local Ray does not start.
    """
    patience = time.monotonic() + _PATIENCE
    while True:
        try:
            return execute.execute(prepared, reporter.progress())
        except LeaseHeld as error:
            if time.monotonic() > patience:
                reporter.say(f"{error}; it is tried again later")
                raise
            time.sleep(_WATCH)
        except RayUnavailable as error:
            if error.cluster:
                reporter.say(f"{error}; it is tried again later")
            raise


def _die_with(server: int) -> None:
    """Interrupt this process when its server dies; end it by force if that takes long."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)

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


def main() -> int:
    """Run the job that is named on the command line; returns the exit code."""
    settings, holder, server = understood(sys.stdin.read())
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, _interrupt)
    _die_with(server)
    end_forks_with_this_process()
    return run_job(sys.argv[1], settings, holder)


if __name__ == "__main__":
    sys.exit(main())
