"""Optimisers that a study may name.

An optimiser is one class here, with one line in OPTIMIZERS, and one module in scyc/optimizers.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from scyc.specs.base import NonNegativeFloat, PositiveFloat, Spec, UnsignedZero, one_of

_Decay = Annotated[float, Field(ge=0, lt=1), UnsignedZero]


class OptimizerBase(Spec):
    """Base class of the optimisers; a schedule sets their learning rate."""

    name: str


class SgdSpec(OptimizerBase):
    """Stochastic gradient descent with momentum."""

    name: Literal["sgd"] = "sgd"
    momentum: _Decay = 0.9
    weight_decay: NonNegativeFloat = 1e-4


class AdamSpec(OptimizerBase):
    """Adam (Kingma and Ba 2015), or, with decoupled weight decay, AdamW (Loshchilov 2019)."""

    name: Literal["adam", "adamw"]
    beta1: _Decay = 0.9
    beta2: _Decay = 0.999
    eps: PositiveFloat = 1e-8
    weight_decay: NonNegativeFloat = 1e-4


class RmsPropSpec(OptimizerBase):
    """RMSProp (Tieleman and Hinton 2012)."""

    name: Literal["rmsprop"]
    alpha: _Decay = 0.99
    momentum: _Decay = 0.0
    eps: PositiveFloat = 1e-8
    weight_decay: NonNegativeFloat = 1e-4


OPTIMIZERS: Mapping[str, type[OptimizerBase]] = MappingProxyType(
    {"sgd": SgdSpec, "adam": AdamSpec, "adamw": AdamSpec, "rmsprop": RmsPropSpec}
)
if TYPE_CHECKING:
    OptimizerSpec = OptimizerBase
else:
    OptimizerSpec = one_of(OPTIMIZERS, default="sgd")
