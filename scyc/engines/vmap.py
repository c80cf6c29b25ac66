"""The vmap engine: any network that torch.func can map over its weights, all members at once.

The network is called as it is, under :func:`torch.func.vmap`, with stacked weights and batch-norm
statistics in place of its own. Not run on a GPU yet; on a CPU it is the slowest for convolutions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap
from torch.nn.modules.batchnorm import _BatchNorm

from scyc.engines.custom_code import custom_code
from scyc.specs.system import TrainingSpec
from scyc.storage.pack_state_file import PackStateStore
from scyc.training.job import Job, Outcome
from scyc.training.memory_format import preferred_format
from scyc.vectorized import member_group, training_loop
from scyc.vectorized.dropout import DropoutGenerators, replace_dropout, set_dropout


def why_unsupported(network: nn.Module, device: torch.device, training: TrainingSpec) -> str | None:
    """Return why this engine cannot train the network, as far as its layers show (see `train`).

    Args:
        network: The network as PyTorch has it.
        device: What it would be trained on.
        training: Iterations, batch size, optimizer and precision.

    Returns:
        As :meth:`scyc.engines.registry.Engine.why_unsupported`.
    """
    return why_not_functional(network)


def why_not_functional(network: nn.Module) -> str | None:
    """Return why a network cannot be called with other weights than its own; None if it can.

    Args:
        network: The network as PyTorch has it.

    Returns:
        The layer and what it does, as text; None where :func:`torch.func.functional_call` fits.
    """
    if (rule := custom_code(network)) is not None:
        return rule
    for name, module in network.named_modules():
        if (
            isinstance(module, _BatchNorm)
            and module.track_running_stats
            and module.momentum is None
        ):
            return f"{name}: batch norm without momentum reads its count of batches"
        if isinstance(module, nn.modules.dropout._DropoutNd) and (
            type(module) is not nn.Dropout or module.inplace
        ):
            return f"{name}: of dropout, only nn.Dropout that is not in place is supported"
        if isinstance(module, nn.RNNBase | nn.MultiheadAttention | nn.RReLU):
            return f"{name}: {type(module).__name__} draws random numbers or reads values"
    if not all(isinstance(value, Tensor) for value in network.state_dict().values()):
        return "its state holds more than tensors"
    return None


def train(
    network: nn.Module,
    jobs: Sequence[Job],
    training: TrainingSpec,
    state_store: PackStateStore | None = None,
) -> list[Outcome]:
    """Train all jobs side by side (see :class:`scyc.engines.registry.Engine`).

    Args:
        network: Its code is mapped over the members by :func:`torch.func.vmap`; it is left as it
            is.
        jobs: One a member of the pack.
        training: Iterations, batch size, optimizer and precision.
        state_store: Where the state of the pack is saved from time to time; None: nowhere.

    Returns:
        Outcomes in the order of the jobs.

    Raises:
        ValueError: vmap cannot map the network: its code depends on values, or draws random numbers
            other than by nn.Dropout.
    """
    if (rule := why_not_functional(network)) is not None:
        raise ValueError(f"{type(network).__name__}: {rule}; use the solo engine")
    module = replace_dropout(network)

    def make_forward(replicates: Tensor, dropouts: DropoutGenerators) -> member_group.Forward:
        return _Mapped(module, replicates, dropouts)

    return training_loop.train(network, jobs, training, make_forward, state_store)


class _Mapped:
    """The forward pass of some members under vmap."""

    def __init__(self, network: nn.Module, replicates: Tensor, dropouts: DropoutGenerators) -> None:
        self._network, self._replicates, self._dropouts = network, replicates, dropouts
        self._memory_format = preferred_format(network)

    def __call__(self, values: Mapping[str, Tensor], images: Tensor, training: bool) -> Tensor:
        self._network.train(training)
        set_dropout(self._network, self._dropouts, self._memory_format)
        shared = len(images) == 1 and len(self._dropouts.generators) == 1

        def single(own: dict[str, Tensor], batch: Tensor) -> Tensor:
            return cast("Tensor", functional_call(self._network, own, (batch,)))

        mapped = vmap(single, in_dims=(0, None if shared else 0), randomness="error")
        try:
            return mapped(dict(values), images[0] if shared else images[self._replicates])
        except RuntimeError as error:
            if "vmap" not in str(error):
                raise
            name = type(self._network).__name__
            raise ValueError(f"{name}: {error}; use the solo engine") from error
