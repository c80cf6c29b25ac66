"""Jobs: submitted studies, as all layers see them. Their rows are in `oracle.database`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from scyc.errors import Problem

JobState = Literal["queued", "running", "done", "failed", "cancelled"]
EventKind = Literal["state", "line", "say"]

STATES: tuple[JobState, ...] = ("queued", "running", "done", "failed", "cancelled")
ENDED: frozenset[JobState] = frozenset({"done", "failed", "cancelled"})
PRIORITIES = range(-100, 101)

# What a caller's wish makes of a state; a state that is not here refuses the wish.
CANCELLED: Mapping[JobState, JobState] = MappingProxyType(
    {"queued": "cancelled", "running": "cancelled", "cancelled": "cancelled"}
)
RESUMED: Mapping[JobState, JobState] = MappingProxyType(
    {"cancelled": "queued", "failed": "queued", "queued": "queued", "running": "running"}
)


@dataclass(frozen=True)
class NewJob:
    """A job to be submitted."""

    id: str  # name and the first digits of a hash of `study` and `data`
    owner: str  # name of the token that submits it; "local" where none is required
    study_name: str
    study: str  # JSON of every field (declared, and the study beside which it lies)
    source: str  # the text as submitted
    data: str | None = None  # name of one of the server's data folders
    priority: int = 0  # -100 to 100, higher first


@dataclass(frozen=True)
class Job:
    """One submitted study, run by one driver process at a time."""

    id: str
    owner: str  # name of the token that submitted it; "local" where none is required
    study_name: str
    study: str  # JSON of every field, what the driver parses
    source: str  # the text as submitted, for the page
    data: str | None  # name of one of the server's data folders
    priority: int  # -100 to 100, higher first
    state: JobState
    run_id: str | None  # once its driver has prepared it
    done: int  # cells that are finished
    known: int  # cells in all; 0 before the driver has counted them
    seconds_left: float | None
    message: str  # why it failed, or ""
    problems: tuple[Problem, ...]  # where its driver refused its study
    revision: int  # rises with every change of the job or its events
    number: int  # order of submission
    submitted: datetime  # UTC
    started: datetime | None  # when its latest driver began, UTC
    ended: datetime | None  # UTC


@dataclass(frozen=True)
class Event:
    """Something that happened to a job."""

    number: int  # rises within a job, from 1
    kind: str  # an EventKind: its new state, a line of its run, or what its driver says
    text: str


@dataclass(frozen=True)
class Holder:
    """One start of a server, which holds the jobs that its drivers run."""

    name: str  # random
    process: str  # see oracle.host.processes


@dataclass(frozen=True)
class Held:
    """A job that somebody holds, or held when they died."""

    job_id: str
    holder: str
    process: str  # see oracle.host.processes
    beat: int  # signs of life so far
    state: JobState
