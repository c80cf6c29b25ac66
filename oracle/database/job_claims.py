"""Jobs as those see them who run them: servers hold jobs, their drivers report.

A driver may write for as long as its server holds the job and the job is running, so one whose job
was cancelled or taken by another learns of it with its next word.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from oracle.database.engine import Database, storable
from oracle.database.job_rows import Values, change, get, problems_text, requeue
from oracle.database.tables import JOBS, now
from oracle.records.jobs import ENDED, EventKind, Held, Holder, Job, JobState
from scyc.errors import Problem

_HELD = (JOBS.c.id, JOBS.c.holder, JOBS.c.process, JOBS.c.beat, JOBS.c.state)
_NOBODYS: Values = {"holder": None, "process": None}


class Holding:
    """The side of the queue that servers and drivers see."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, holder: Holder, passed_over: Sequence[str] = ()) -> Job | None:
        """Take the next job of the queue that nobody holds, by priority, then by age.

        Args:
            holder: Server and process that take it.
            passed_over: Ids of jobs that are not taken now.

        Returns:
            The job, now "running"; None where none is waiting.
        """
        waits = (JOBS.c.state == "queued") & JOBS.c.holder.is_(None)
        if passed_over:
            waits &= JOBS.c.id.not_in(passed_over)
        first = (
            sa.select(JOBS.c.id)
            .where(waits)
            .order_by(JOBS.c.priority.desc(), JOBS.c.number)
            .limit(1)
            .with_for_update(skip_locked=True)  # PostgreSQL; on SQLite there is one writer at most
        )
        mine = {"state": "running", "started": now(), "ended": None, "beat": 0}
        with self._database.reading() as connection:  # a server that idles keeps no writer waiting
            if connection.execute(sa.select(JOBS.c.id).where(waits).limit(1)).first() is None:
                return None
        with self._database.writing() as connection:
            job_id = connection.execute(first).scalar()
            if job_id is None:
                return None
            new = mine | {"holder": holder.name, "process": holder.process}
            change(connection, job_id, new, tell=("state", "running"))
            return get(connection, job_id)

    def beat(self, holder: Holder) -> None:
        """Give a sign of life for all jobs that a server holds.

        Args:
            holder: Server and process that hold the job.
        """
        update = sa.update(JOBS).where(JOBS.c.holder == holder.name).values(beat=JOBS.c.beat + 1)
        with self._database.writing() as connection:
            connection.execute(update)

    def held(self) -> list[Held]:
        """Return all jobs that somebody holds, the oldest first."""
        select = sa.select(JOBS.c.number, *_HELD).where(JOBS.c.holder.is_not(None))
        with self._database.reading() as connection:  # SQLite orders by reading all jobs
            rows = sorted(tuple(row) for row in connection.execute(select))
        return [Held(*fields) for _, *fields in rows]

    def take_back(self, held: Held) -> bool:
        """Take a job from a server that is dead, unless it has shown a sign of life since.

        A running one goes back into the queue; one that was cancelled, or queued again since, stays
        so.

        Args:
            held: The job, and who holds it.

        Returns:
            False where it is no longer held as it was seen.
        """
        with self._database.writing() as connection:
            unchanged = (JOBS.c.holder == held.holder) & (JOBS.c.beat == held.beat)
            freed = change(connection, held.job_id, _NOBODYS, unchanged)
            if freed:
                requeue(connection, held.job_id)
            return freed

    def release(
        self,
        job_id: str,
        holder: Holder,
        state: JobState | None,
        message: str = "",
        problems: Sequence[Problem] = (),
    ) -> Job:
        """Let go of a job whose driver has ended.

        A job that was cancelled meanwhile stays so, and one that is another's by now is left alone.

        Args:
            job_id: Id of the job.
            holder: Server and process that held it.
            state: What it ended as; None puts it back into the queue.
            message: Why, in a sentence for its owner.
            problems: What was wrong with its study.

        Returns:
            The job as it is now.

        Raises:
            UnknownJob: There is no such job.
        """
        assert state is None or state in ENDED
        with self._database.writing() as connection:
            if change(connection, job_id, _NOBODYS, JOBS.c.holder == holder.name):
                if state is None:
                    requeue(connection, job_id)
                else:
                    new = {
                        "state": state,
                        "ended": now(),
                        "seconds_left": None,
                        "message": storable(message),
                        "problems": problems_text(problems),
                    }
                    change(
                        connection, job_id, new, JOBS.c.state == "running", tell=("state", state)
                    )
            return get(connection, job_id)

    def ran_as(self, job_id: str, holder: Holder, run_id: str) -> bool:
        """Write down which run a job is.

        Args:
            job_id: Id of the job.
            holder: Server and process that hold the job.
            run_id: Id of the run.

        Returns:
            False where it is no longer its driver's to run.
        """
        return self._drive(job_id, holder, {"run_id": run_id})

    def progress(
        self, job_id: str, holder: Holder, done: int, known: int, seconds_left: float | None
    ) -> bool:
        """Write down how far a job is.

        Args:
            job_id: Id of the job.
            holder: Server and process that hold the job.
            done: Finished training runs.
            known: All training runs that are known to be needed.
            seconds_left: Estimate; None where there is none.

        Returns:
            False where it is no longer its driver's to run.
        """
        new = {"done": done, "known": known, "seconds_left": seconds_left}
        return self._drive(job_id, holder, new)

    def tell(self, job_id: str, holder: Holder, kind: EventKind, text: str) -> bool:
        """Add an event to a job.

        Args:
            job_id: Id of the job.
            holder: Server and process that hold the job.
            kind: Of the event.
            text: For the job's owner.

        Returns:
            False where it is no longer its driver's to run.
        """
        return self._drive(job_id, holder, {}, tell=(kind, text))

    def _drive(
        self,
        job_id: str,
        holder: Holder,
        new: Values,
        tell: tuple[EventKind, str] | None = None,
    ) -> bool:
        theirs = (JOBS.c.holder == holder.name) & (JOBS.c.state == "running")
        with self._database.writing() as connection:
            return change(connection, job_id, new, theirs, tell=tell)
