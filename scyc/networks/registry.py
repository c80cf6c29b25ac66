"""The networks, and how one is made from its spec and a seed."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext

import numpy as np
import torch
from torch import Tensor, nn

from scyc import seeds
from scyc.errors import Problem
from scyc.networks import torchvision
from scyc.networks.fully_connected import FullyConnected
from scyc.networks.initialization import he_initialise
from scyc.networks.resnet20 import ResNet20
from scyc.pruning import weights as pruning_weights
from scyc.specs.choices import FactorySpec, FullyConnectedSpec, NetworkSpec, ResNet20Spec
from scyc.specs.factory import load_factory


def build(spec: NetworkSpec, shape: Sequence[int], classes: int, seed: int) -> nn.Module:
    """A network with the initial weights of one replicate, on the CPU, in float32.

    shape: channels, height and width of an image. seed: see :func:`scyc.seeds.seed`.
    He initialisation, but for torchvision's unchanged networks, which keep torchvision's, and for a
    user's own. Raises ValueError when a network does not take such images, or a user's factory
    cannot be imported or gives something else.
    """
    channels, height, width = shape
    # Importing the user's module may draw random numbers, too, but only once: not from the seed.
    factory = load_factory(spec.factory) if isinstance(spec, FactorySpec) else None
    with _seeded(seed):
        if isinstance(spec, FullyConnectedSpec):
            return FullyConnected(
                channels * height * width, classes, spec.hidden, batch_norm=spec.batch_norm
            )
        if isinstance(spec, ResNet20Spec):
            return ResNet20(channels, classes, spec.width)
        if isinstance(spec, FactorySpec):
            assert factory is not None
            network = factory(tuple(shape), classes, **spec.options)
            if not isinstance(network, nn.Module):
                raise ValueError(f"{spec.factory} gave {type(network).__name__}, not a nn.Module")
            return network
        network = torchvision.build(spec, shape, classes)
        return network.apply(he_initialise) if spec.form == "small" else network


def problems(
    spec: NetworkSpec, shape: Sequence[int], classes: int, prune_last: bool
) -> list[Problem]:
    """What is wrong with a network for images of this shape: it is built and tried on two.

    All but a user's own are tried on torch's meta device, without values: drawing the weights of a
    VGG takes seconds. This module's own fit any image, and are not tried: on that device torch
    imports its compiler, two seconds.
    """
    own = isinstance(spec, FactorySpec)
    if isinstance(spec, torchvision.SPECS) and (found := torchvision.problems(spec, shape)):
        return found
    try:
        with nullcontext() if own else torch.device("meta"), torch.no_grad():
            network = build(spec, shape, classes, seed=0).eval()
            fits = isinstance(spec, FullyConnectedSpec | ResNet20Spec)
            logits = torch.empty(2, classes) if fits else network(torch.zeros(2, *shape))
    except Exception as error:  # the user's code may raise anything
        return [Problem("network", f"cannot be built: {type(error).__name__}: {error}")]
    if not isinstance(logits, Tensor) or logits.shape != (2, classes):
        given = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
        return [Problem("network", f"gives {given} for 2 images; logits (2, {classes}) are needed")]
    if not pruning_weights.prunable_names(network, prune_last):
        rule = (
            "has no weights to prune: a convolution, or a linear layer beside the last, is needed"
        )
        return [Problem("network", rule)]
    return []


def initial_state(
    spec: NetworkSpec, shape: Sequence[int], classes: int, seed: int, replicate: int
) -> dict[str, Tensor]:
    """Return the state_dict with which a replicate's unpruned network starts.

    Its tensors are no other network's, whatever a user's factory returns.
    """
    network = build(spec, shape, classes, seeds.seed(seed, "weights", replicate))
    own = isinstance(spec, FactorySpec)
    return {
        name: value.detach().clone() if own else value.detach()
        for name, value in network.state_dict().items()
    }


def parameter_count(network: nn.Module) -> int:
    """How many parameters a network has."""
    return sum(math.prod(parameter.shape) for parameter in network.parameters())


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Seed PyTorch's, NumPy's and Python's generators, and put them back afterwards."""
    of_python, of_numpy = random.getstate(), np.random.get_state()  # noqa: NPY002  # a user may
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            random.seed(seed)
            np.random.seed(seed % 2**32)  # noqa: NPY002
            yield
    finally:
        random.setstate(of_python)
        np.random.set_state(of_numpy)  # noqa: NPY002
