"""Optimisers that a study may name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from scyc.specs.base import (
    NonNegativeFloat,
    PositiveFloat,
    Spec,
    UnsignedZero,
    chosen,
    tag,
)

_Decay = Annotated[float, Field(ge=0, lt=1), UnsignedZero]


class SgdSpec(Spec):
    """Stochastic gradient descent with momentum."""

    name: Literal["sgd"] = "sgd"
    momentum: _Decay = 0.9
    weight_decay: NonNegativeFloat = 1e-4


class AdamSpec(Spec):
    """Adam (Kingma and Ba 2015), or, with decoupled weight decay, AdamW (Loshchilov 2019)."""

    name: Literal["adam", "adamw"]
    beta1: _Decay = 0.9
    beta2: _Decay = 0.999
    eps: PositiveFloat = 1e-8
    weight_decay: NonNegativeFloat = 1e-4


class RmsPropSpec(Spec):
    """RMSProp (Tieleman and Hinton 2012)."""

    name: Literal["rmsprop"]
    alpha: _Decay = 0.99
    momentum: _Decay = 0.0
    eps: PositiveFloat = 1e-8
    weight_decay: NonNegativeFloat = 1e-4


OPTIMIZERS: Mapping[str, type[Spec]] = MappingProxyType(
    {"sgd": SgdSpec, "adam": AdamSpec, "adamw": AdamSpec, "rmsprop": RmsPropSpec}
)
OptimizerSpec = Annotated[
    Annotated[SgdSpec, Tag("<sgd>")]
    | Annotated[AdamSpec, Tag("<adam>")]
    | Annotated[AdamSpec, Tag("<adamw>")]
    | Annotated[RmsPropSpec, Tag("<rmsprop>")],
    Discriminator(tag),
    BeforeValidator(chosen(OPTIMIZERS, default="sgd")),
]
