"""Rows of jobs: every change of one goes through this module.

The same UPDATE raises the job's revision, and an event is inserted in the same transaction.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from oracle.database.engine import storable
from oracle.database.tables import EVENTS, JOBS, aware
from oracle.errors import UnknownJob
from oracle.records.jobs import EventKind, Job
from scyc.errors import Problem

Values = Mapping[str, Any]  # of a row, by column
REQUEUED: Values = {  # fields that are reset when a job goes back into the queue
    "state": "queued",
    "started": None,
    "ended": None,
    "seconds_left": None,
    "message": "",
    "problems": "[]",
}


def change(
    connection: sa.Connection,
    job_id: str,
    new: Values,
    *conditions: sa.ColumnElement[bool],
    tell: tuple[EventKind, str] | None = None,
) -> bool:
    """Change a job where conditions hold, raise its revision, and add an event.

    The row that the UPDATE locks is what numbers events one after the other.

    Args:
        connection: Within a transaction that writes.
        job_id: Id of the job.
        new: Values by column.
        conditions: All must hold.
        tell: Kind and text of an event; None: no event.

    Returns:
        False where there is no such job or a condition does not hold; then nothing changes.
    """
    values = {**new, "revision": JOBS.c.revision + 1}
    if tell is not None:
        values["told"] = JOBS.c.told + 1
    update = sa.update(JOBS).where(named(job_id), *conditions).values(values)
    row = connection.execute(update.returning(JOBS.c.number, JOBS.c.told)).one_or_none()
    if row is not None and tell is not None:
        kind, text = tell
        event = {"job": row.number, "number": row.told, "kind": kind, "text": storable(text)}
        connection.execute(sa.insert(EVENTS).values(event))
    return row is not None


def named(job_id: str) -> sa.ColumnElement[bool]:
    """Select the row of one job.

    Args:
        job_id: Id of the job.

    Returns:
        A condition on the table of jobs.
    """
    return JOBS.c.id == storable(job_id)


def requeue(connection: sa.Connection, job_id: str) -> None:
    """Put a job back into the queue if it is running.

    Args:
        connection: Within a transaction.
        job_id: Id of the job.
    """
    change(connection, job_id, REQUEUED, JOBS.c.state == "running", tell=("state", "queued"))


def get(connection: sa.Connection, job_id: str) -> Job:
    """Return one job.

    Args:
        connection: Within a transaction.
        job_id: Id of the job.

    Returns:
        The job as it is now.

    Raises:
        UnknownJob: There is no such job.
    """
    row = connection.execute(sa.select(JOBS).where(named(job_id))).one_or_none()
    if row is None:
        raise unknown(job_id)
    return job(row)


def unknown(job_id: str) -> UnknownJob:
    """Make the error for a job that does not exist.

    Args:
        job_id: Id of the job.

    Returns:
        The error, for the caller to raise.
    """
    return UnknownJob(f"job {job_id} not found; `oracle status` lists all jobs")


def job(row: Any) -> Job:
    """Convert a row of the database to a job.

    Args:
        row: With every column of the table of jobs.

    Returns:
        The job; times are in UTC.
    """
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


def problems_text(problems: Sequence[Problem]) -> str:
    """Format problems as they are stored: JSON.

    Args:
        problems: Why a study was refused.

    Returns:
        A JSON list; a value that JSON has no form for as text.
    """
    fields = [{"path": each.path, "rule": each.rule, "value": each.value} for each in problems]
    return json.dumps(fields, default=str)
