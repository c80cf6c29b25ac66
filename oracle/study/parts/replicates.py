"""How many replicates a study has: a number, or as many as its verdicts need."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from scyc.specs.base import Spec

_MOST = 1000


class ReplicateRange(Spec):
    """Replicates that are added to a cycle while the verdict on S-Cyc's max_lr is open."""

    least: Annotated[int, Field(ge=2, le=_MOST)] = 3  # one alone says nothing of the noise
    most: Annotated[int, Field(ge=2, le=_MOST)] = 12

    @model_validator(mode="after")
    def _rising(self) -> ReplicateRange:
        if self.most <= self.least:
            rule = f"most, {self.most}, must be above least, {self.least}; or give one number"
            raise PydanticCustomError("rising", "{rule}", {"rule": rule})
        return self


def _auto(value: object) -> object:
    return ReplicateRange() if value == "auto" else value


def _kind(value: object) -> str:
    return "<bounds>" if isinstance(value, dict | ReplicateRange) else "<number>"


Replicates = Annotated[
    Annotated[int, Field(ge=1, le=_MOST), Tag("<number>")]
    | Annotated[ReplicateRange, Tag("<bounds>")],
    Discriminator(_kind),
    BeforeValidator(_auto),
]
