"""Jobs as text: a line each, or all that is known of one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from oracle.client.models import Job, JobPage
from oracle.host.durations import format_duration

_HEADS = ("job", "state", "training runs", "left", "priority", "owner", "submitted")


def several(page: JobPage) -> str:
    """Return jobs, the newest first, and how many there are in each state.

    Args:
        page: A page of jobs.

    Returns:
        Lines with an end, columns aligned.
    """
    if not page.items:
        return "no jobs\n"
    rows = [
        (
            job.id,
            job.state,
            _trainings(job),
            _left(job),
            str(job.priority),
            job.owner,
            _time(job.submitted),
        )
        for job in page.items
    ]
    count = ", ".join(f"{number} {state}" for state, number in page.count.items() if number)
    return f"{_columns([_HEADS, *rows])}\ntotal: {count}\n"


def one(job: Job) -> str:
    """Return all that is known of a job.

    Args:
        job: Of any state.

    Returns:
        Lines with an end; fields without a value are left out.
    """
    fields = {
        "job": job.id,
        "study": job.study,
        "state": job.state,
        "training runs": _trainings(job),
        "left": _left(job),
        "run": job.run or "not started",
        "data": job.data or "",
        "priority": str(job.priority),
        "owner": job.owner,
        "submitted": _time(job.submitted),
        "started": _time(job.started),
        "ended": _time(job.ended),
        "message": job.message,
    }
    lines = [f"{name:<13} {value}" for name, value in fields.items() if value]
    return "\n".join([*lines, *(f"  {each}" for each in job.errors)]) + "\n"


def _trainings(job: Job) -> str:
    if job.state == "done":  # perhaps fewer than was estimated
        return str(job.done)
    return f"{job.done} of {job.known}" if job.known else ""


def _left(job: Job) -> str:
    known = job.state == "running" and job.seconds_left is not None
    return format_duration(job.seconds_left or 0.0) if known else ""


def _time(moment: datetime | None) -> str:
    """In the reader's own zone."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S") if moment else ""


def _columns(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = ("  ".join(f"{c:<{w}}" for c, w in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines) + "\n"
