"""The optimizers by name.

An optimizer is a module with the functions of :class:`OptimizerModule` and a line here; its fields
are declared in :mod:`scyc.specs.optimizers`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol

from torch import nn
from torch.optim import Optimizer

from scyc.optimizers import adam, rmsprop, sgd
from scyc.optimizers.flat import Flat
from scyc.optimizers.stacked import StackedOptimizer
from scyc.specs.optimizers import OptimizerSpec


class OptimizerModule(Protocol):
    """What an optimizer's module holds."""

    def make(self, spec: Any, parameters: Iterable[nn.Parameter]) -> Optimizer:
        """Return PyTorch's optimizer with learning rate 0, for parameters or groups of them.

        Args:
            spec: Its declaration.
            parameters: What is optimised.

        Returns:
            The optimizer; a schedule sets its learning rate before every step.
        """

    def Stacked(self, spec: Any, weights: Flat, masks: Flat | None) -> StackedOptimizer:  # noqa: N802
        """Make the same optimizer for many members.

        Args:
            spec: Its declaration.
            weights: Weights of all members [members, weights].
            masks: Of all members; None: nothing is pruned.

        Returns:
            An optimizer that updates `weights` in place, a learning rate for each member.
        """


OPTIMIZERS: Mapping[str, OptimizerModule] = MappingProxyType(
    {"sgd": sgd, "adam": adam, "adamw": adam, "rmsprop": rmsprop}
)


def make_optimizer(spec: OptimizerSpec, parameters: Iterable[nn.Parameter]) -> Optimizer:
    """Return PyTorch's optimizer, with learning rate 0 until a schedule sets one.

    Fused where PyTorch has it on CPU and CUDA, which is everywhere but in RMSProp.

    Args:
        spec: The declared optimizer.
        parameters: What is optimised.

    Returns:
        The optimizer that `OPTIMIZERS` has under the name of the spec.
    """
    return OPTIMIZERS[spec.name].make(spec, parameters)


def make_stacked(
    spec: OptimizerSpec,
    weights: Flat,
    masks: Flat | None = None,
    decays: Sequence[float] | None = None,
) -> StackedOptimizer:
    """Return the same optimizer as :func:`make_optimizer`, for many members.

    Args:
        spec: The optimizer.
        weights: Of all members; axis 0 of every part is the member. Updated in place.
        masks: Like `weights`, 1 where a weight remains and 0 where it is pruned; None where nothing
            is pruned.
        decays: Weight decay of each part of `weights`; None: the optimizer's own.

    Returns:
        An optimizer that updates `weights` in place; its steps equal those of PyTorch's.
    """
    made = OPTIMIZERS[spec.name].Stacked(spec, weights, masks)
    if decays is not None:
        made.set_weight_decays(decays)
    return made
