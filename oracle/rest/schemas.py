"""What the API tells of jobs and runs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from oracle.records.jobs import PRIORITIES, Event, Job, JobState
from oracle.rest.problems import FieldError
from oracle.rest.reference.examples import STUDY
from oracle.runs.catalog import StoredRun
from oracle.settings import ScaleDown
from oracle.tables.parts.cycles import FeasibleRegion, SCycCycle
from scyc.json_types import JsonObject

Priority = Annotated[int, Field(ge=PRIORITIES[0], le=PRIORITIES[-1])]


class Smaller(BaseModel):
    """What to reduce of a study; what is not named stays as the study has it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    scale: Annotated[float, Field(gt=0, le=1)] | None = None
    subset: Annotated[float, Field(gt=0, le=1)] | None = None
    classes: Annotated[int, Field(ge=2, le=1_000_000)] | None = None
    cycles: Annotated[int, Field(ge=1, le=1000)] | None = None
    grid: Annotated[int, Field(ge=2, le=1000)] | None = None
    replicates: Annotated[int, Field(ge=1, le=1000)] | None = None

    def scale_down(self) -> ScaleDown | None:
        """Return what the service takes.

        Returns:
            What to reduce; None where nothing is.
        """
        scale = ScaleDown(**self.model_dump())
        return None if scale == ScaleDown() else scale


class Submission(BaseModel):
    """A study, and how its job is to be queued."""

    model_config = ConfigDict(extra="forbid", strict=True)

    study: JsonObject | str = Field(
        description="The study: its fields, or its YAML as text.", examples=[STUDY]
    )
    shrink: Smaller = Smaller()
    data: Annotated[str, Field(max_length=64)] | None = Field(
        default=None, description="One of the server's data folders, by name.", examples=["cifar10"]
    )
    priority: Priority = Field(default=0, description="Higher comes first.")


class JobShown(BaseModel):
    """A submitted study, and how far it is."""

    id: str = Field(examples=["digits-0fb43313"])
    owner: str = Field(description="The name of the token that submitted it.", examples=["ada"])
    study: str = Field(description="The study's name.", examples=["digits"])
    run: str | None = Field(description="Its run, once it has begun.", examples=["digits-53d35fc3"])
    state: JobState
    done: int = Field(description="Training runs that are finished.", examples=[141])
    known: int = Field(description="Training runs in all, as far as known; 0: not counted yet.")
    seconds_left: float | None = Field(description="Until it is done, if it goes on as it does.")
    priority: int
    data: str | None
    message: str = Field(description='Why it failed, or "".')
    errors: list[FieldError] = Field(description="Where its study was refused.")
    revision: int = Field(description="Rises with every change.")
    submitted: datetime
    started: datetime | None
    ended: datetime | None


class JobPage(BaseModel):
    """Jobs, the newest first."""

    items: list[JobShown]
    next: int | None = Field(description="Give it as `before` for the page after this one.")
    count: dict[JobState, int] = Field(description="How many jobs there are in each state.")


class Change(BaseModel):
    """What of a job is to be changed."""

    model_config = ConfigDict(extra="forbid", strict=True)

    priority: Priority


class EventShown(BaseModel):
    """Something that happened to a job."""

    number: int
    kind: str
    text: str


class RunShown(BaseModel):
    """What the storage has of a study."""

    id: str = Field(examples=["digits-53d35fc3"])
    study: str = Field(examples=["digits"])
    kind: Literal["oracle", "schedules", "distributions", "search"]
    state: str = Field(examples=["done"], description="running, done, stopped or no winner")
    cycles: int = Field(description="Pruning cycles after the unpruned network.")
    shrunk: dict[str, str]


class RunList(BaseModel):
    """Runs, the newest first."""

    items: list[RunShown]
    next: int | None = Field(description="Give it as `before` for the page after this one.")


class CycleRegion(BaseModel):
    """The region of one pruning cycle, as in the run's table."""

    run: str
    cycle: int = Field(description="Completed pruning cycles; 0 is the unpruned network.")
    weights_remaining: float = Field(description="Percent.")
    well_tuned: float | None = Field(description="null where every max_lr diverged.")
    feasible: FeasibleRegion | None
    s_cyc: SCycCycle


def job_shown(job: Job) -> JobShown:
    """Convert a job to the API's schema.

    Args:
        job: From the queue.

    Returns:
        The job of an answer.
    """
    return JobShown(
        id=job.id,
        owner=job.owner,
        study=job.study_name,
        run=job.run_id,
        state=job.state,
        done=job.done,
        known=job.known,
        seconds_left=job.seconds_left,
        priority=job.priority,
        data=job.data,
        message=job.message,
        errors=[
            FieldError(path=each.path, rule=each.rule, value=each.value) for each in job.problems
        ],
        revision=job.revision,
        submitted=job.submitted,
        started=job.started,
        ended=job.ended,
    )


def event_shown(event: Event) -> EventShown:
    """Convert an event to the API's schema.

    Args:
        event: Of a job.

    Returns:
        The event of an answer.
    """
    return EventShown(number=event.number, kind=event.kind, text=event.text)


def run_shown(run: StoredRun) -> RunShown:
    """Convert a run to the API's schema.

    Args:
        run: From the catalog.

    Returns:
        The run of an answer.
    """
    declared = run.study
    return RunShown(
        id=run.record.run_id,
        study=declared.name,
        kind=getattr(declared, "kind", "oracle"),
        state=run.state,
        cycles=declared.cycles,
        shrunk=dict(declared.shrunk),
    )
