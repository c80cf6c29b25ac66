"""The grouped engine: all members of a pack as one network with as many groups of channels.

For networks of known layers (see :mod:`scyc.vectorized.layer_rules`): those of this project, and
one's own made of the same. On a GPU, a step of all members is recorded once and replayed; that has
not been run on one yet. On a CPU grouped convolutions lose against one member after another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from scyc.specs.system import TrainingSpec
from scyc.training.job import Job, Outcome
from scyc.training.memory_format import layout
from scyc.training.resume import Flight
from scyc.vectorized import member_group, training_loop
from scyc.vectorized.dropout import Dropouts
from scyc.vectorized.layer_rules import Run, Unfit
from scyc.vectorized.lowering import Lowering

_CLOSE = 1e-2  # how far two ways to the same logits may lie apart, relative to the largest


def fits(network: nn.Module, device: torch.device) -> bool:
    """Whether every layer and call of the network is known."""
    try:
        Lowering(network, alike=True)
    except Unfit:
        return False
    return True


def train(
    network: nn.Module, jobs: Sequence[Job], training: TrainingSpec, flight: Flight | None = None
) -> list[Outcome]:
    """Train all jobs from their starts, side by side.

    network: left alone. Raises ValueError for one that does not fit, or whose calls have been
    followed wrongly: a few logits of the first job are held against the network's own.
    """
    try:
        Lowering(network, alike=True)
    except Unfit as rule:
        raise ValueError(f"{type(network).__name__}: {rule}; use the solo engine") from rule

    def bodies(places: Tensor, dropouts: Dropouts) -> member_group.Body:
        return _Grouped(network, places, dropouts)

    _hold_against(network, bodies, jobs[0])
    return training_loop.train(network, jobs, training, bodies, flight)


class _Grouped:
    def __init__(self, network: nn.Module, places: Tensor, dropouts: Dropouts) -> None:
        alike = len(set(places.tolist())) == 1 and len(dropouts.generators) == 1
        self._lowered = Lowering(network, alike)
        self._places, self._dropouts = places, dropouts
        self._alone = layout(network)
        self._form = training_loop.form(network)

    def __call__(self, values: Mapping[str, Tensor], images: Tensor, training: bool) -> Tensor:
        run = Run(values, len(self._places), self._dropouts, training, self._alone)
        return self._lowered(run, images, self._places, self._form)


@torch.no_grad()
def _hold_against(network: nn.Module, bodies: member_group.Bodies, job: Job) -> None:
    """Raise ValueError where two members give other logits than the network by itself."""
    network.load_state_dict(job.start.state)
    images = job.feed.batch(job.order[0][:2])
    expected = network.eval()(images)
    device = job.order.device
    values = {name: torch.stack([value, value]) for name, value in network.state_dict().items()}
    body = bodies(torch.zeros(2, dtype=torch.int64, device=device), Dropouts([0, 0], device))
    found = body(values, images.unsqueeze(0), False)
    scale = float(expected.abs().max())
    if not bool(((found - expected).abs().max() <= _CLOSE * scale) | (scale == 0)):
        name = type(network).__name__
        raise ValueError(f"{name}: its calls are not what they seem; use the solo engine")
