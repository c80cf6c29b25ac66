"""Learning-rate schedules that a study may name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from scyc.specs.base import (
    NonNegativeFloat,
    NonNegativeInt,
    PositiveInt,
    Share,
    Spec,
    chosen,
    tag,
)


class WarmupSpec(Spec):
    """LR warm-up (Liu et al. 2021, Table 1): rise to max_lr, hold, a tenth at each drop."""

    name: Literal["warmup"] = "warmup"
    warmup: NonNegativeInt  # iterations of the linear rise from 0 to max_lr
    # Iterations at each of which the rate is divided by 10.
    drops: Annotated[tuple[PositiveInt, ...], Field(max_length=100, strict=False)] = ()

    @model_validator(mode="after")
    def _drops_rise(self) -> WarmupSpec:
        if list(self.drops) != sorted(set(self.drops)):
            raise ValueError("drops must rise from one to the next; sort them and remove repeats")
        return self


class ConstantSpec(Spec):
    """Constant LR (Table 1): max_lr, always."""

    name: Literal["constant"]


class LrDecaySpec(Spec):
    """LR decay (Table 1): linearly from max_lr to 0."""

    name: Literal["lr_decay"]
    iterations: PositiveInt  # of the decay; 0 afterwards


class CyclicalSpec(Spec):
    """Cyclical LR (Table 1; Smith 2017): linearly between `low` and max_lr, up first."""

    name: Literal["cyclical"]
    low: NonNegativeFloat = 0.0  # learning rate at which each cycle starts and ends
    step: PositiveInt  # iterations from `low` to max_lr, half a cycle


class CosineSpec(Spec):
    """Linear warm-up, then half a cosine from max_lr to 0 at the budget's end."""

    name: Literal["cosine"]
    warmup: NonNegativeInt = 0  # iterations of the linear rise from 0 to max_lr


class OneCycleSpec(Spec):
    """One-cycle (Smith and Topin 2019), with PyTorch's cosine shape and its defaults."""

    name: Literal["one_cycle"]
    rise: Share = 0.3  # share of the iterations until max_lr
    start: Annotated[float, Field(ge=1)] = 25.0  # max_lr / start is the first rate
    end: Annotated[float, Field(ge=1)] = 1e4  # the first rate / end is the last rate


class LinearSpec(Spec):
    """Linear warm-up, then linearly from max_lr to 0 at the budget's end (Li et al. 2020)."""

    name: Literal["linear"]
    warmup: NonNegativeInt = 0  # iterations of the linear rise from 0 to max_lr


SCHEDULES: Mapping[str, type[Spec]] = MappingProxyType(
    {
        "warmup": WarmupSpec,
        "constant": ConstantSpec,
        "lr_decay": LrDecaySpec,
        "cyclical": CyclicalSpec,
        "cosine": CosineSpec,
        "one_cycle": OneCycleSpec,
        "linear": LinearSpec,
    }
)
ScheduleSpec = Annotated[
    Annotated[WarmupSpec, Tag("<warmup>")]
    | Annotated[ConstantSpec, Tag("<constant>")]
    | Annotated[LrDecaySpec, Tag("<lr_decay>")]
    | Annotated[CyclicalSpec, Tag("<cyclical>")]
    | Annotated[CosineSpec, Tag("<cosine>")]
    | Annotated[OneCycleSpec, Tag("<one_cycle>")]
    | Annotated[LinearSpec, Tag("<linear>")],
    Discriminator(tag),
    BeforeValidator(chosen(SCHEDULES, default="warmup")),
]
