"""Bodies of requests about external runs, and of the answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, GetJsonSchemaHandler
from pydantic_core import CoreSchema

from oracle.search.ask_tell import State
from oracle.service.external_runs import LEASE
from oracle.tables.parts.cycles import FeasibleRegion
from oracle.tables.parts.evidence import Evidence
from scyc.json_types import JsonObject
from scyc.specs.base import NonNegativeInt, PositiveFloat, Spec

_MOST = 1000  # observations in one request


@dataclass(frozen=True)
class DescribedAs:
    """Describes a body as a spec; it is parsed by our own words for what is wrong with it."""

    spec: type[Spec]

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonObject:
        return handler(self.spec.__pydantic_core_schema__)


class Observed(Spec):
    """One training run of another program, and its result."""

    cycle: Annotated[NonNegativeInt, Field(le=1000)]
    max_lr: PositiveFloat
    replicate: Annotated[NonNegativeInt, Field(le=1000)]
    accuracy: float | None = Field(
        description="Validation accuracy in percent, or the value of the run's `metric`; null "
        "where the training diverged."
    )


class Observations(Spec):
    """Any number of observations; none only asks what to train next."""

    observations: Annotated[
        list[Observed],
        Field(
            max_length=_MOST,
            examples=[[{"cycle": 0, "max_lr": 0.1, "replicate": 0, "accuracy": 91.25}]],
        ),
    ]
    trainer: Annotated[str, Field(min_length=1, max_length=100)] | None = Field(
        default=None,
        description="A name for the caller among the trainers of the run: the same name is given "
        "again what it was given and has not observed.",
    )
    lease: Annotated[float, Field(ge=1, le=7 * 86_400)] = Field(
        default=LEASE,
        description="Seconds after which what is given now is given to another trainer.",
    )


class CycleFound(BaseModel):
    """What is known of max_lr in one pruning cycle."""

    cycle: int
    s_cyc: float | None = Field(description="Eq. 2's, where the run has its parameters.")
    well_tuned: float | None = Field(description="null while the cycle is open, or had no winner.")
    region: FeasibleRegion | None
    inside: bool | None = Field(description="Whether S-Cyc's max_lr lies in the region.")
    evidence: Evidence | None = Field(
        default=None,
        description="The estimated region with its intervals, and the verdict on S-Cyc's max_lr, "
        "as in an oracle run's table; null where `region` is, in lists, and in answers to "
        "observations.",
    )


class MaxLr(CycleFound):
    """max_lr of one pruning cycle of a run."""

    run: str
    complete: bool = Field(description="Every training run of the cycle is known.")


class NextTrainingRun(BaseModel):
    """A training run that the oracle requests."""

    cycle: int
    max_lr: float
    replicate: int
    parent_max_lr: float | None = Field(
        description="Prune the network that the cycle before trained with this max_lr, of the same "
        "replicate, and start from it; null for the unpruned network."
    )


class Progress(BaseModel):
    """How far an outside run has come."""

    run: str
    state: State
    done: int = Field(description="Training runs that were requested and observed.")
    known: int = Field(description="Training runs in all, as far as is known now.")
    cycle: int | None = Field(description="The cycle that is under way; null where it has ended.")
    cycles: list[CycleFound] = Field(description="The complete cycles.")


class Answer(Progress):
    """The answer to a trainer."""

    added: int = Field(description="Observations that were new.")
    next: NextTrainingRun | None = Field(
        description="What to train next; null where the run has ended, and where other trainers "
        "have all that is missing: then `state` is open, and `retry_after` is set."
    )
    retry_after: float | None = Field(
        description="Seconds after which to ask again, where others train all that is missing."
    )
    conflicts: list[str] = Field(
        description="Observations that differ from the first ones, which are kept."
    )


class OutsideFound(Progress):
    """A run of outside training runs."""

    kind: Literal["outside"] = "outside"
    owner: str
    declared: datetime
    declaration: JsonObject = Field(description="Every field of the run, defaults included.")


class OutsideList(BaseModel):
    """All runs of outside training runs, the oldest first."""

    items: list[OutsideFound]
    next: int | None = Field(default=None, description="`after` of the page after this one.")
