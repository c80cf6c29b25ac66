"""Optimizers that a study may name.

An optimizer is one class here, with one line in OPTIMIZERS, and one module in scyc/optimizers.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from scyc.specs.base import Spec, one_of
from scyc.specs.ranges import Decay, Guard, WeightDecay


class OptimizerBase(Spec):
    """Base class of the optimizers; a schedule sets their learning rate."""

    name: str


class SgdSpec(OptimizerBase):
    """Stochastic gradient descent with momentum."""

    name: Literal["sgd"] = "sgd"
    momentum: Decay = 0.9
    weight_decay: WeightDecay = 1e-4


class AdamSpec(OptimizerBase):
    """Adam (Kingma and Ba 2015), or, with decoupled weight decay, AdamW (Loshchilov 2019)."""

    name: Literal["adam", "adamw"]
    beta1: Decay = 0.9
    beta2: Decay = 0.999
    eps: Guard = 1e-8
    weight_decay: WeightDecay = 1e-4


class RmsPropSpec(OptimizerBase):
    """RMSProp (Tieleman and Hinton 2012)."""

    name: Literal["rmsprop"]
    alpha: Decay = 0.99
    momentum: Decay = 0.0
    eps: Guard = 1e-8
    weight_decay: WeightDecay = 1e-4


OPTIMIZERS: Mapping[str, type[OptimizerBase]] = MappingProxyType(
    {"sgd": SgdSpec, "adam": AdamSpec, "adamw": AdamSpec, "rmsprop": RmsPropSpec}
)
if TYPE_CHECKING:
    OptimizerSpec = OptimizerBase
else:
    OptimizerSpec = one_of(OPTIMIZERS, default="sgd")
