"""The graph engine: each member's step is one CUDA graph, several at a time on streams.

For any network whose step can be recorded. Its graphs and streams have not been run on a GPU yet;
without one the same code goes without them, member after member, which is how it is tested.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.func import functional_call

from scyc.engines import vmap
from scyc.specs.system import TrainingSpec
from scyc.storage.pack_state_file import PackStateStore
from scyc.training.job import Job, Outcome
from scyc.training.memory_format import as_format, preferred_format
from scyc.vectorized import member_group, training_loop
from scyc.vectorized.dropout import DropoutGenerators, replace_dropout, set_dropout


def why_unsupported(network: nn.Module, device: torch.device, training: TrainingSpec) -> str | None:
    """Return why this engine is not worth a try; None on a GPU where no layer is known to fail.

    Args:
        network: The network as PyTorch has it.
        device: What it would be trained on.
        training: Iterations, batch size, optimizer and precision.

    Returns:
        As :meth:`scyc.engines.registry.Engine.why_unsupported`.
    """
    if device.type != "cuda":
        return "only a GPU records graphs"
    return vmap.why_not_functional(network)


def train(
    network: nn.Module,
    jobs: Sequence[Job],
    training: TrainingSpec,
    state_store: PackStateStore | None = None,
) -> list[Outcome]:
    """Train all jobs, each with a graph of its own (see :class:`scyc.engines.registry.Engine`).

    The network is left as it is.

    Args:
        network: The network as PyTorch has it.
        jobs: What is trained, one job a member.
        training: Iterations, batch size, optimizer and precision.
        state_store: Where the pack is saved while it trains.

    Returns:
        Outcomes in the order of the jobs.

    Raises:
        ValueError: The network cannot be trained so on any device.
    """
    if (rule := vmap.why_not_functional(network)) is not None:
        raise ValueError(f"{type(network).__name__}: {rule}; use the solo engine")
    module, memory_format = replace_dropout(network), preferred_format(network)
    if _uses_random_numbers(module, jobs[0]):
        raise ValueError(
            f"{type(network).__name__}: draws random numbers other than by nn.Dropout; "
            "use the solo engine"
        )

    def make_forward(replicates: Tensor, dropouts: DropoutGenerators) -> member_group.Forward:
        return _SingleMember(module, memory_format, dropouts)

    return training_loop.train(network, jobs, training, make_forward, state_store, together=False)


@torch.no_grad()
def _uses_random_numbers(network: nn.Module, job: Job) -> bool:
    """Return whether a call of the network changes the state of PyTorch's own generator."""
    device = job.order.device
    set_dropout(network, DropoutGenerators([job.seed], device))
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        before = _generator_state(device)
        network.train()(job.feed.batch(job.order[0][:4]))
        return not torch.equal(before, _generator_state(device))


def _generator_state(device: torch.device) -> Tensor:
    if device.type == "cuda":
        return torch.cuda.get_rng_state(device)
    return torch.get_rng_state()


class _SingleMember:
    """The forward pass of a group of one member."""

    def __init__(
        self, network: nn.Module, memory_format: torch.memory_format, dropouts: DropoutGenerators
    ) -> None:
        self._network, self._memory_format, self._dropouts = network, memory_format, dropouts

    def __call__(self, values: Mapping[str, Tensor], images: Tensor, training: bool) -> Tensor:
        self._network.train(training)
        set_dropout(self._network, self._dropouts)
        own = {name: value.squeeze(0) for name, value in values.items()}
        batch = as_format(images[0], self._memory_format)
        return cast("Tensor", functional_call(self._network, own, (batch,))).unsqueeze(0)
