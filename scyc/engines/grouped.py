"""The grouped engine: all members of a pack as one network with as many groups of channels.

For networks of known layers (see :mod:`scyc.vectorized.layer_rules`): those of this project, and
one's own made of the same. On a GPU, a step of all members is recorded once and replayed; that has
not been run on one yet. On a CPU grouped convolutions lose against one member after another.
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
    """Return which layer or call of the network is not known; None if all are."""
    return _why_not_lowered(network)


def _why_not_lowered(network: nn.Module) -> str | None:
    if (rule := custom_code(network)) is not None:
        return rule
    try:
        Lowering(network, alike=True)
    except UnsupportedNetwork as unfit:
        return str(unfit)
    return None


def train(
    network: nn.Module,
    jobs: Sequence[Job],
    training: TrainingSpec,
    state_store: PackStateStore | None = None,
) -> list[Outcome]:
    """Train all jobs from their starts, side by side.

    network: left alone. Raises ValueError for one that does not fit, or whose calls have been
    followed wrongly (see :func:`scyc.vectorized.training_loop.train`).
    """
    if (rule := _why_not_lowered(network)) is not None:
        raise ValueError(f"{type(network).__name__}: {rule}; use the solo engine")

    def bodies(places: Tensor, dropouts: DropoutGenerators) -> member_group.Forward:
        return _Grouped(network, places, dropouts)

    return training_loop.train(network, jobs, training, bodies, state_store)


class _Grouped:
    def __init__(self, network: nn.Module, places: Tensor, dropouts: DropoutGenerators) -> None:
        alike = len(set(places.tolist())) == 1 and len(dropouts.generators) == 1
        self._lowered = Lowering(network, alike)
        self._places, self._dropouts = places, dropouts
        self._alone = preferred_format(network)
        self._form = training_loop.weight_format(network)

    def __call__(self, values: Mapping[str, Tensor], images: Tensor, training: bool) -> Tensor:
        run = ForwardPass(values, len(self._places), self._dropouts, training, self._alone)
        return self._lowered(run, images, self._places, self._form)
