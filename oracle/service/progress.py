"""What a driver tells of its job while it runs it."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from types import TracebackType

from oracle.database import Jobs
from oracle.errors import JobWithdrawn, StorageError
from oracle.records.jobs import Holder
from oracle.settings import Progress

_PACE = 1.0  # seconds between two notes of how many cells are finished


class Reporter:
    """Writes a driver's progress into its job's row, at most once a second, the last always.

    Every method raises JobWithdrawn once the job is no longer this driver's to run.
    """

    def __init__(
        self, jobs: Jobs, job_id: str, holder: Holder, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._jobs, self._job_id, self._holder, self._now = jobs, job_id, holder, now
        self._first: tuple[float, int] | None = None  # when cells were first reported, and how many
        self._todo: tuple[int, int, float | None] | None = None  # cells and seconds to be written
        self._withdrawn = False
        self._writing = threading.Lock()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._keep_writing, name="reporter", daemon=True)

    def __enter__(self) -> Reporter:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end.set()
        self._thread.join()
        with contextlib.suppress(JobWithdrawn, StorageError):
            self.flush()

    def progress(self) -> Progress:
        """Connect what a run reports with its job."""
        return Progress(registered=self.ran_as, cells=self.cells, line=self.line, say=self.say)

    def cells(self, done: int, known: int) -> None:
        """Note how many cells are finished, of how many.

        Args:
            done: Finished training runs.
            known: All that are known to be needed.
        """
        now = self._now()
        if self._first is None:
            self._first = (now, done)
        since, first = self._first
        new = done - first
        left = (now - since) / new * max(0, known - done) if new > 0 else None
        self._todo = (done, known, left)
        self._check()

    def line(self, text: str) -> None:
        """Note a cycle that is finished.

        Args:
            text: What the run says.
        """
        self.flush()
        self._own(self._jobs.tell(self._job_id, self._holder, "line", text))

    def say(self, text: str) -> None:
        """Note what a user should know.

        Args:
            text: What the run says.
        """
        self._own(self._jobs.tell(self._job_id, self._holder, "say", text))

    def ran_as(self, run_id: str) -> None:
        """Note which run the job is.

        Args:
            run_id: Id of the run.
        """
        self._own(self._jobs.ran_as(self._job_id, self._holder, run_id))

    def flush(self) -> None:
        """Write down how many cells are finished, unless that is written."""
        with self._writing:
            todo = self._todo
            if todo is None:
                return
            self._own(self._jobs.progress(self._job_id, self._holder, *todo))
            if self._todo is todo:
                self._todo = None

    def _keep_writing(self) -> None:
        while not self._end.wait(_PACE):
            with contextlib.suppress(StorageError, JobWithdrawn):  # a database that is away: again
                self.flush()

    def _own(self, written: bool) -> None:
        self._withdrawn = self._withdrawn or not written
        self._check()

    def _check(self) -> None:
        if self._withdrawn:
            raise JobWithdrawn(f"{self._job_id} is no longer this driver's to run")
