"""The grouped engine: all members of a pack as one network with as many groups of channels.

For networks of known layers (see :mod:`scyc.vectorized.layer_rules`): those of this project, and
one's own made of the same. On a GPU, a step of all members is recorded once and replayed; that has
not been run on one yet. On a CPU, grouped convolutions are slower than one member after another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from scyc.engines.custom_code import custom_code
from scyc.specs.system import TrainingSpec
from scyc.storage.pack_state_file import PackStateStore
from scyc.training.job import Job, Outcome
from scyc.training.memory_format import preferred_format
from scyc.vectorized import member_group, training_loop
from scyc.vectorized.dropout import DropoutGenerators
from scyc.vectorized.layer_rules import ForwardPass, UnsupportedNetwork
from scyc.vectorized.lowering import Lowering


def why_unsupported(network: nn.Module, device: torch.device, training: TrainingSpec) -> str | None:
    """Return which layer or call of the network is not known; None if all are.

    Args:
        network: The network as PyTorch has it.
        device: What it would be trained on.
        training: Iterations, batch size, optimizer and precision.

    Returns:
        As :meth:`scyc.engines.registry.Engine.why_unsupported`.
    """
    return _why_not_lowered(network)


def _why_not_lowered(network: nn.Module) -> str | None:
    if (rule := custom_code(network)) is not None:
        return rule
    try:
        Lowering(network, shared_images=True)
    except UnsupportedNetwork as error:
        return str(error)
    return None


def train(
    network: nn.Module,
    jobs: Sequence[Job],
    training: TrainingSpec,
    state_store: PackStateStore | None = None,
) -> list[Outcome]:
    """Train all jobs side by side (see :class:`scyc.engines.registry.Engine`).

    The network is left as it is.

    Args:
        network: The network as PyTorch has it.
        jobs: What is trained, one job a member.
        training: Iterations, batch size, optimizer and precision.
        state_store: Where the pack is saved while it trains.

    Returns:
        Outcomes in the order of the jobs.

    Raises:
        ValueError: A layer or call is not known, or was followed wrongly (see
            :func:`scyc.vectorized.training_loop.train`).
    """
    if (rule := _why_not_lowered(network)) is not None:
        raise ValueError(f"{type(network).__name__}: {rule}; use the solo engine")

    def make_forward(replicates: Tensor, dropouts: DropoutGenerators) -> member_group.Forward:
        return _Grouped(network, replicates, dropouts)

    return training_loop.train(network, jobs, training, make_forward, state_store)


class _Grouped:
    """The forward pass of some members as one network."""

    def __init__(self, network: nn.Module, replicates: Tensor, dropouts: DropoutGenerators) -> None:
        shared = len(set(replicates.tolist())) == 1 and len(dropouts.generators) == 1
        self._lowered = Lowering(network, shared_images=shared)
        self._replicates, self._dropouts = replicates, dropouts
        self._solo_format = preferred_format(network)
        self._memory_format = training_loop.weight_format(network)

    def __call__(self, values: Mapping[str, Tensor], images: Tensor, training: bool) -> Tensor:
        members = len(self._replicates)
        context = ForwardPass(values, members, self._dropouts, training, self._solo_format)
        return self._lowered(context, images, self._replicates, self._memory_format)
