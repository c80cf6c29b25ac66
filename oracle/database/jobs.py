"""The queue of jobs: rows that outlive every server and driver that works on them."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

import sqlalchemy as sa

from oracle.database.engine import storable
from oracle.database.job_claims import Holding
from oracle.database.job_rows import REQUEUED, Values, change, get, job, named, unknown
from oracle.database.tables import EVENTS, JOBS, KEYS, now
from oracle.errors import KeyReused, UnknownJob, WrongState
from oracle.records.jobs import CANCELLED, PRIORITIES, RESUMED, STATES, Event, Job, JobState, NewJob

_LARGEST = 2**31 - 1  # number of a job or an event


class Jobs(Holding):
    """All jobs of one database. Every method raises StorageError where the database fails."""

    def submit(
        self, new: NewJob, key: str | None = None, longer_ids: Sequence[str] = ()
    ) -> tuple[Job, bool]:
        """Put a job into the queue, unless it is there already.

        A job is there already where its study and data are the same. Where another study has its
        id, which is a short hash, it gets the first of the longer ids that is free.

        Args:
            new: The job.
            key: The owner's word for this submission, so that a repeated one makes no second job.
            longer_ids: Ids to take where another study has the short one, in this order.

        Returns:
            The job, and whether it is new.

        Raises:
            KeyReused: The same owner has given the key to another job.
            WrongState: Other studies have all of the ids.
        """
        assert new.priority in PRIORITIES
        with self._database.writing() as connection:
            for job_id in (new.id, *longer_ids):
                created = self._insert(connection, replace(new, id=job_id))
                job = get(connection, job_id)
                if created or _same(job, new):
                    break
            else:
                raise WrongState(f"another study has the id {new.id}; give this one another name")
            if key is not None:
                self._keep_key(connection, job, new.owner, key)
            if created:
                change(connection, job.id, {}, tell=("state", "queued"))
                job = get(connection, job.id)
            return job, created

    def find(self, new: NewJob, longer_ids: Sequence[str] = ()) -> Job | None:
        """Find the job that there is already for a study and its data.

        Args:
            new: The job that would be added.
            longer_ids: Ids to look for where another study has the short one.

        Returns:
            The job; None where there is none.
        """
        for job_id in (new.id, *longer_ids):
            with contextlib.suppress(UnknownJob):
                if _same(job := self.get(job_id), new):
                    return job
        return None

    def _insert(self, connection: sa.Connection, new: NewJob) -> bool:
        """Write a job's row; False where its id is taken."""
        insert = self._database.insert(JOBS).values(
            id=new.id,
            owner=new.owner,
            study_name=new.study_name,
            study=new.study,
            source=storable(new.source),
            data=new.data,
            priority=new.priority,
            state="queued",
            submitted=now(),
        )
        insert = insert.on_conflict_do_nothing(index_elements=["id"]).returning(JOBS.c.number)
        return connection.execute(insert).first() is not None

    def get(self, job_id: str) -> Job:
        """Return one job.

        Args:
            job_id: Id of the job.

        Returns:
            The job as it is now.

        Raises:
            UnknownJob: There is no such job.
        """
        with self._database.reading() as connection:
            return get(connection, job_id)

    def of_run(self, run_id: str) -> list[Job]:
        """List the jobs that ran as this run, the oldest first.

        Args:
            run_id: Id of the run.

        Returns:
            Jobs of any state and owner.
        """
        select = sa.select(JOBS).where(JOBS.c.run_id == storable(run_id)).order_by(JOBS.c.number)
        with self._database.reading() as connection:
            return [job(row) for row in connection.execute(select)]

    def page(
        self,
        *,
        states: Sequence[JobState] = (),
        study: str | None = None,
        owner: str | None = None,
        text: str | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> list[Job]:
        """Return jobs, the newest first; conditions that are given must all hold.

        Args:
            states: Any of these; (): of any state.
            study: Name of the study.
            owner: Who submitted it.
            text: A part of its id or owner, in any case.
            before: Number of the last job of the page before this one; None: the first page.
            limit: Jobs of the page at most.

        Returns:
            At most `limit` jobs; fewer on the last page.
        """
        conditions: list[sa.ColumnElement[bool]] = []
        if states:
            conditions.append(JOBS.c.state.in_(states))
        if study is not None:
            conditions.append(JOBS.c.study_name == storable(study))
        if owner is not None:
            conditions.append(JOBS.c.owner == storable(owner))
        if text is not None:
            part = storable(text)
            conditions.append(
                JOBS.c.id.icontains(part, autoescape=True)
                | JOBS.c.owner.icontains(part, autoescape=True)
            )
        if before is not None:
            conditions.append(JOBS.c.number < min(before, _LARGEST))
        select = sa.select(JOBS).where(*conditions).order_by(JOBS.c.number.desc()).limit(limit)
        with self._database.reading() as connection:
            return [job(row) for row in connection.execute(select)]

    def count(self) -> dict[JobState, int]:
        """Return how many jobs there are in each state."""
        select = sa.select(JOBS.c.state, sa.func.count().label("number")).group_by(JOBS.c.state)
        with self._database.reading() as connection:
            counts = {row.state: row.number for row in connection.execute(select)}
        return {state: counts.get(state, 0) for state in STATES}

    def events(self, job_id: str, after: int = 0, limit: int = 1000) -> list[Event]:
        """Read the events of a job.

        Args:
            job_id: Of the job.
            after: Number of an event; only those after it are read.
            limit: How many at most.

        Returns:
            Events in their order; none where there is no such job.
        """
        mine = (JOBS.c.id == storable(job_id)) & (EVENTS.c.number > min(after, _LARGEST))
        select = (
            sa.select(EVENTS.c.number, EVENTS.c.kind, EVENTS.c.text)
            .join_from(EVENTS, JOBS, EVENTS.c.job == JOBS.c.number)
            .where(mine)
            .order_by(EVENTS.c.number)
            .limit(limit)
        )
        with self._database.reading() as connection:
            return [Event(*row) for row in connection.execute(select)]

    def revisions(self, job_ids: Sequence[str]) -> dict[str, int]:
        """Count the changes of each of these jobs, by id; those that do not exist are left out.

        Args:
            job_ids: Ids of jobs.

        Returns:
            Revision by id.
        """
        select = sa.select(JOBS.c.id, JOBS.c.revision).where(
            JOBS.c.id.in_([storable(each) for each in job_ids])
        )
        with self._database.reading() as connection:
            return {row.id: row.revision for row in connection.execute(select)}

    def cancel(self, job_id: str) -> Job:
        """Cancel a job, at once and until it is resumed; its driver ends as soon as it sees it.

        A cancelled one stays as it is.

        Args:
            job_id: Id of the job.

        Returns:
            The job as it is now.

        Raises:
            UnknownJob: There is no such job.
            WrongState: It has ended.
        """
        return self._wish(job_id, CANCELLED, "cancelled", {"ended": now(), "seconds_left": None})

    def resume(self, job_id: str) -> Job:
        """Put a cancelled or failed job back into the queue; a queued or running one stays.

        It is not claimed before its last driver has let go of it.

        Args:
            job_id: Id of the job.

        Returns:
            The job as it is now.

        Raises:
            UnknownJob: There is no such job.
            WrongState: It is done.
        """
        return self._wish(job_id, RESUMED, "resumed", REQUEUED)

    def reprioritise(self, job_id: str, priority: int) -> Job:
        """Give a job another priority, which matters while it is queued.

        Args:
            job_id: Id of the job.
            priority: -100 to 100, higher first.

        Returns:
            The job as it is now.

        Raises:
            UnknownJob: There is no such job.
        """
        assert priority in PRIORITIES
        with self._database.writing() as connection:
            change(connection, job_id, {"priority": priority}, JOBS.c.priority != priority)
            return get(connection, job_id)

    def _wish(
        self, job_id: str, become: Mapping[JobState, JobState], done: str, new: Values
    ) -> Job:
        """Change a job's state as a caller wishes it, where its present state allows that."""
        with self._database.writing() as connection:
            lock = sa.select(JOBS.c.state).where(named(job_id)).with_for_update()
            state: JobState | None = connection.execute(lock).scalar()
            if state is None:
                raise unknown(job_id)
            if state not in become:
                allowed = ", ".join(become)
                raise WrongState(f"{job_id} is {state}; only a job that is {allowed} can be {done}")
            if (target := become[state]) != state:
                changes = {**new, "state": target}
                change(connection, job_id, changes, tell=("state", target))
            return get(connection, job_id)

    def _keep_key(self, connection: sa.Connection, job: Job, owner: str, key: str) -> None:
        digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
        insert = self._database.insert(KEYS).values(owner=owner, key=digest, job_id=job.id)
        connection.execute(insert.on_conflict_do_nothing())
        mine = (KEYS.c.owner == owner) & (KEYS.c.key == digest)
        first = connection.execute(sa.select(KEYS.c.job_id).where(mine)).scalar_one()
        if first != job.id:
            raise KeyReused(
                f"this Idempotency-Key was given to {first}; take a new one for {job.id}"
            )


def _same(job: Job, new: NewJob) -> bool:
    """Whether a job that is there is the same work as a new one: its hash is of these alone."""
    same_study = job.study == new.study or json.loads(job.study) == json.loads(new.study)
    return job.data == new.data and same_study
