"""What a server answers, as its Python client tells it. Pure data; light to import."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from oracle.records.jobs import ENDED, Event, JobState
from scyc.errors import Problem
from scyc.json_types import JsonObject

__all__ = [
    "Answer",
    "CycleRegion",
    "DeletedRun",
    "Event",
    "Job",
    "JobPage",
    "MaxLr",
    "Region",
    "Run",
    "RunList",
    "RunSummary",
    "Training",
]


@dataclass(frozen=True)
class Job:
    """A submitted study, and how far it is."""

    id: str
    owner: str  # name of the token that submitted it; "local" where none is required
    study: str  # the study's name
    run: str | None  # its run, once it has begun
    state: JobState
    done: int  # training runs that are finished
    known: int  # training runs in all, as far as known; 0: not counted yet
    seconds_left: float | None
    priority: int  # -100 to 100, higher first
    data: str | None  # one of the server's data folders
    message: str  # why it failed, or ""
    errors: tuple[Problem, ...]  # where its study was refused
    revision: int  # rises with every change
    submitted: datetime
    started: datetime | None
    ended: datetime | None

    @property
    def over(self) -> bool:
        """Whether it is done, failed or cancelled."""
        return self.state in ENDED


@dataclass(frozen=True)
class JobPage:
    """Jobs, the newest first."""

    items: tuple[Job, ...]
    next: int | None  # give it as `before` for the page after this one
    count: dict[JobState, int]  # of all jobs


@dataclass(frozen=True)
class Run:
    """What the storage has of a study."""

    id: str
    study: str
    kind: str  # oracle, schedules, distributions or search
    state: str  # running, done, stopped or no winner
    cycles: int  # pruning cycles after the unpruned network
    shrunk: dict[str, str]


@dataclass(frozen=True)
class RunSummary:
    """What a run is and what it takes."""

    id: str
    name: str | None  # that a user gave it
    study: str
    kind: str  # oracle, schedules, distributions or search
    state: str  # running, done, stopped, no winner or deleting
    done: int  # training runs that are finished
    expected: int  # training runs that it comes to, as far as that is known
    ended: datetime | None  # when the latest training run ended
    bytes: int  # of its networks, images and report on disk
    owners: tuple[str, ...]  # of its jobs
    shrunk: dict[str, str]


@dataclass(frozen=True)
class DeletedRun:
    """What went with a run."""

    id: str
    trainings: int  # training runs that no other run needs
    bytes: int  # of files


@dataclass(frozen=True)
class RunList:
    """Runs in a storage, the newest first."""

    items: tuple[Run, ...]
    next: int | None = None  # None: these are the last


@dataclass(frozen=True)
class Region:
    """The max_lr that are as good as the best."""

    low: float
    high: float
    members: tuple[float, ...]
    contiguous: bool  # no value that was tried between two members is outside
    cut_low: bool  # the lowest value that was tried is a member; lower ones could be
    cut_high: bool


@dataclass(frozen=True)
class CycleRegion:
    """The region of one pruning cycle of a run that the server trains, as in its table."""

    run: str
    cycle: int
    weights_remaining: float  # percent
    well_tuned: float | None
    feasible: Region | None
    s_cyc: JsonObject | None


@dataclass(frozen=True)
class MaxLr:
    """max_lr of one pruning cycle of a run."""

    run: str
    cycle: int
    s_cyc: float | None  # Eq. 2's, where the run has its parameters
    well_tuned: float | None  # None while the cycle is open, or had no winner
    region: Region | None
    inside: bool | None  # whether S-Cyc's max_lr lies in the region
    complete: bool  # every training run of the cycle is known
    evidence: JsonObject | None = None  # intervals and verdict, as in an oracle run's table


@dataclass(frozen=True)
class Training:
    """A training run that the oracle requests of an external trainer."""

    cycle: int
    max_lr: float
    replicate: int
    parent_max_lr: float | None  # prune what the cycle before trained with it; None: unpruned


@dataclass(frozen=True)
class ExternalRun:
    """How far a run of an external training loop has come."""

    run: str
    state: str  # "open", "done" or "no winner"
    done: int  # training runs that were requested and observed
    known: int  # training runs in all, as far as is known now
    cycle: int | None  # the cycle that is under way; None where the run has ended


@dataclass(frozen=True)
class Answer(ExternalRun):
    """How far a run has come, and what to train next."""

    added: int  # observations that were new
    next: Training | None  # None where the run has ended, and where others train what is missing
    retry_after: float | None = None  # seconds after which to ask again, where others train it
    conflicts: tuple[str, ...] = ()  # observations that differ from the first ones, which are kept
