"""The queue of jobs: rows that outlive every server and driver that works on them.

Whatever changes a job raises its revision, in the statement that makes the change; each wish is
told as an event in the same transaction.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from oracle.failures import KeyReused, UnknownJob, WrongState
from oracle.jobs import (
    CANCELLED,
    ENDED,
    RESUMED,
    STATES,
    Event,
    EventKind,
    Held,
    Holder,
    Job,
    JobState,
    NewJob,
)
from oracle.ledger.database import Database, storable
from oracle.ledger.tables import EVENTS, JOBS, KEYS
from oracle.ledger.times import aware, now
from scyc.problems import Problem

_HELD = (JOBS.c.id, JOBS.c.holder, JOBS.c.process, JOBS.c.beat, JOBS.c.state)
_NOBODYS: Mapping[str, Any] = {"holder": None, "process": None}
_AGAIN: Mapping[str, Any] = {  # what a job forgets when it goes back into the queue
    "state": "queued",
    "started": None,
    "ended": None,
    "seconds_left": None,
    "message": "",
    "problems": "[]",
}


class Jobs:
    """All jobs of one database. Every method raises StorageError where the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def submit(self, new: NewJob, key: str | None = None) -> tuple[Job, bool]:
        """Put a job into the queue, unless it is there already; returns it, and whether it is new.

        key: the owner's word for this submission. Raises KeyReused when the same owner has given
        it to another job.
        """
        with self._database.writing() as connection:
            if key is not None:
                self._keep_key(connection, new, key)
            insert = self._database.insert(JOBS).values(
                id=new.id,
                owner=new.owner,
                study_name=new.study_name,
                study=new.study,
                source=new.source,
                data=new.data,
                priority=new.priority,
                state="queued",
                submitted=now(),
            )
            insert = insert.on_conflict_do_nothing(index_elements=["id"]).returning(JOBS.c.number)
            created = connection.execute(insert).first() is not None
            if created:
                _changed(connection, new.id, {}, tell=("state", "queued"))
            return _get(connection, new.id), created

    def get(self, job_id: str) -> Job:
        """One job. Raises UnknownJob."""
        with self._database.reading() as connection:
            return _get(connection, job_id)

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
        """Jobs, the newest first.

        study: the name of its study. text: a part of its id or owner, in any case. before: the
        number of the last job of the page before this one.
        """
        where: list[sa.ColumnElement[bool]] = []
        if states:
            where.append(JOBS.c.state.in_(states))
        if study is not None:
            where.append(JOBS.c.study_name == study)
        if owner is not None:
            where.append(JOBS.c.owner == owner)
        if text is not None:
            part = storable(text)
            where.append(
                JOBS.c.id.icontains(part, autoescape=True)
                | JOBS.c.owner.icontains(part, autoescape=True)
            )
        if before is not None:
            where.append(JOBS.c.number < before)
        select = sa.select(JOBS).where(*where).order_by(JOBS.c.number.desc()).limit(limit)
        with self._database.reading() as connection:
            return [_job(row) for row in connection.execute(select)]

    def count(self) -> dict[JobState, int]:
        """How many jobs there are in each state."""
        select = sa.select(JOBS.c.state, sa.func.count().label("number")).group_by(JOBS.c.state)
        with self._database.reading() as connection:
            found = {row.state: row.number for row in connection.execute(select)}
        return {state: found.get(state, 0) for state in STATES}

    def events(self, job_id: str, after: int = 0, limit: int = 1000) -> list[Event]:
        """The events of a job after the one with a number; [] where there is no such job."""
        mine = (JOBS.c.id == job_id) & (EVENTS.c.number > after)
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
        """The revisions of those jobs that there are, by id."""
        select = sa.select(JOBS.c.id, JOBS.c.revision).where(JOBS.c.id.in_(job_ids))
        with self._database.reading() as connection:
            return {row.id: row.revision for row in connection.execute(select)}

    def cancel(self, job_id: str) -> Job:
        """Cancel a job, at once and until it is resumed; its driver ends as soon as it sees it.

        A cancelled one stays as it is. Raises UnknownJob, and WrongState for one that has ended.
        """
        return self._wish(job_id, CANCELLED, "cancelled", {"ended": now(), "seconds_left": None})

    def resume(self, job_id: str) -> Job:
        """Put a cancelled or failed job back into the queue; a queued or running one stays.

        It is not claimed before its last driver has let go of it. Raises UnknownJob, and
        WrongState for one that is done.
        """
        return self._wish(job_id, RESUMED, "resumed", _AGAIN)

    def reprioritise(self, job_id: str, priority: int) -> Job:
        """Give a job another priority, which matters while it is queued. Raises UnknownJob."""
        with self._database.writing() as connection:
            _changed(connection, job_id, {"priority": priority}, JOBS.c.priority != priority)
            return _get(connection, job_id)

    def claim(self, holder: Holder) -> Job | None:
        """Take the next job of the queue that nobody holds, by priority, then by age."""
        waits = (JOBS.c.state == "queued") & JOBS.c.holder.is_(None)
        first = (
            sa.select(JOBS.c.id)
            .where(waits)
            .order_by(JOBS.c.priority.desc(), JOBS.c.number)
            .limit(1)
            .with_for_update(skip_locked=True)  # PostgreSQL; on SQLite there is one writer at most
        )
        mine = {"state": "running", "started": now(), "ended": None, "beat": 0}
        with self._database.writing() as connection:
            job_id = connection.execute(first).scalar()
            if job_id is None:
                return None
            new = mine | {"holder": holder.name, "process": holder.process}
            _changed(connection, job_id, new, tell=("state", "running"))
            return _get(connection, job_id)

    def beat(self, holder: Holder) -> None:
        """Give a sign of life for all jobs that a server holds."""
        update = sa.update(JOBS).where(JOBS.c.holder == holder.name).values(beat=JOBS.c.beat + 1)
        with self._database.writing() as connection:
            connection.execute(update)

    def held(self) -> list[Held]:
        """All jobs that somebody holds, the oldest first."""
        select = sa.select(*_HELD).where(JOBS.c.holder.is_not(None)).order_by(JOBS.c.number)
        with self._database.reading() as connection:
            return [Held(*row) for row in connection.execute(select)]

    def take_back(self, held: Held) -> bool:
        """Take a job from a server that is dead, unless it has shown a sign of life since.

        A running one goes back into the queue; one that was cancelled, or queued again since,
        stays so. False where it is no longer held as it was seen.
        """
        with self._database.writing() as connection:
            unchanged = (JOBS.c.holder == held.holder) & (JOBS.c.beat == held.beat)
            freed = _changed(connection, held.job_id, _NOBODYS, unchanged)
            if freed:
                _requeue(connection, held.job_id)
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

        state: what it ended as; None puts it back into the queue. A job that was cancelled
        meanwhile stays so, and one that is another's by now is left alone. Raises UnknownJob.
        """
        assert state is None or state in ENDED
        with self._database.writing() as connection:
            if _changed(connection, job_id, _NOBODYS, JOBS.c.holder == holder.name):
                if state is None:
                    _requeue(connection, job_id)
                else:
                    new = {
                        "state": state,
                        "ended": now(),
                        "seconds_left": None,
                        "message": storable(message),
                        "problems": _problems_text(problems),
                    }
                    _changed(
                        connection, job_id, new, JOBS.c.state == "running", tell=("state", state)
                    )
            return _get(connection, job_id)

    def ran_as(self, job_id: str, holder: Holder, run_id: str) -> bool:
        """Write down which run a job is; False where it is no longer its driver's to run."""
        return self._drive(job_id, holder, {"run_id": run_id})

    def progress(
        self, job_id: str, holder: Holder, done: int, known: int, seconds_left: float | None
    ) -> bool:
        """Write down how far a job is; False where it is no longer its driver's to run."""
        new = {"done": done, "known": known, "seconds_left": seconds_left}
        return self._drive(job_id, holder, new)

    def tell(self, job_id: str, holder: Holder, kind: EventKind, text: str) -> bool:
        """Add an event to a job; False where it is no longer its driver's to run."""
        return self._drive(job_id, holder, {}, tell=(kind, text))

    def _drive(
        self,
        job_id: str,
        holder: Holder,
        new: Mapping[str, Any],
        tell: tuple[EventKind, str] | None = None,
    ) -> bool:
        theirs = (JOBS.c.holder == holder.name) & (JOBS.c.state == "running")
        with self._database.writing() as connection:
            return _changed(connection, job_id, new, theirs, tell=tell)

    def _wish(
        self, job_id: str, become: Mapping[JobState, JobState], done: str, new: Mapping[str, Any]
    ) -> Job:
        """Change a job's state as a caller wishes it, where its present state allows that."""
        with self._database.writing() as connection:
            lock = sa.select(JOBS.c.state).where(JOBS.c.id == job_id).with_for_update()
            state: JobState | None = connection.execute(lock).scalar()
            if state is None:
                raise _unknown(job_id)
            if state not in become:
                allowed = ", ".join(become)
                raise WrongState(f"{job_id} is {state}; only a job that is {allowed} can be {done}")
            if (target := become[state]) != state:
                changes = {**new, "state": target}
                _changed(connection, job_id, changes, tell=("state", target))
            return _get(connection, job_id)

    def _keep_key(self, connection: sa.Connection, new: NewJob, key: str) -> None:
        digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
        insert = self._database.insert(KEYS).values(owner=new.owner, key=digest, job_id=new.id)
        connection.execute(insert.on_conflict_do_nothing())
        mine = (KEYS.c.owner == new.owner) & (KEYS.c.key == digest)
        first = connection.execute(sa.select(KEYS.c.job_id).where(mine)).scalar_one()
        if first != new.id:
            raise KeyReused(
                f"this Idempotency-Key was given to {first}; take a new one for {new.id}"
            )


def _changed(
    connection: sa.Connection,
    job_id: str,
    new: Mapping[str, Any],
    *where: sa.ColumnElement[bool],
    tell: tuple[EventKind, str] | None = None,
) -> bool:
    """Change a job where it is as told, raise its revision, and add an event.

    The row that the UPDATE locks is what numbers events one after the other.
    """
    values = {**new, "revision": JOBS.c.revision + 1}
    if tell is not None:
        values["told"] = JOBS.c.told + 1
    update = sa.update(JOBS).where(JOBS.c.id == job_id, *where).values(values)
    row = connection.execute(update.returning(JOBS.c.number, JOBS.c.told)).one_or_none()
    if row is not None and tell is not None:
        kind, text = tell
        event = {"job": row.number, "number": row.told, "kind": kind, "text": storable(text)}
        connection.execute(sa.insert(EVENTS).values(event))
    return row is not None


def _requeue(connection: sa.Connection, job_id: str) -> None:
    _changed(connection, job_id, _AGAIN, JOBS.c.state == "running", tell=("state", "queued"))


def _get(connection: sa.Connection, job_id: str) -> Job:
    row = connection.execute(sa.select(JOBS).where(JOBS.c.id == job_id)).one_or_none()
    if row is None:
        raise _unknown(job_id)
    return _job(row)


def _unknown(job_id: str) -> UnknownJob:
    return UnknownJob(f"there is no job {job_id}; `oracle status` lists those that there are")


def _job(row: Any) -> Job:
    return Job(
        id=row.id,
        owner=row.owner,
        study_name=row.study_name,
        study=row.study,
        source=row.source,
        data=row.data,
        priority=row.priority,
        state=row.state,
        run_id=row.run_id,
        done=row.done,
        known=row.known,
        seconds_left=row.seconds_left,
        message=row.message,
        problems=tuple(Problem(**each) for each in json.loads(row.problems)),
        revision=row.revision,
        number=row.number,
        submitted=aware(row.submitted),
        started=aware(row.started),
        ended=aware(row.ended),
    )


def _problems_text(problems: Sequence[Problem]) -> str:
    fields = [{"path": each.path, "rule": each.rule, "value": each.value} for each in problems]
    return json.dumps(fields, default=str)
