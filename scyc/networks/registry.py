"""The networks, and how one is made from its spec and a seed."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from types import MappingProxyType

import numpy as np
import torch
from torch import Tensor, nn

from scyc import seeds
from scyc.errors import Problem, raised
from scyc.networks import fully_connected, resnet20, structure, torchvision
from scyc.pruning import weights as pruning_weights
from scyc.specs.factory import FactorySpec, load_factory
from scyc.specs.networks import (
    FullyConnectedSpec,
    NetworkSpec,
    OwnNetworkSpec,
    ResNet20Spec,
)
from scyc.specs.source_code import change_rule

# By the name in the spec: builds the network of a spec for images of a shape and so many classes,
# with initial weights drawn from torch's generator.
NETWORKS: Mapping[str, Callable[..., object]] = MappingProxyType(
    {
        "fully_connected": fully_connected.build,
        "resnet20": resnet20.build,
        "vgg16": torchvision.build,
        "vgg19": torchvision.build,
        "alexnet": torchvision.build,
        "resnet50": torchvision.build,
    }
)


def build(spec: NetworkSpec, shape: Sequence[int], classes: int, seed: int) -> nn.Module:
    """Build a network with the initial weights of one replicate, on the CPU, in float32.

    Weights have He initialisation, but for torchvision's unchanged networks, which keep
    torchvision's, and for a user's own.

    Args:
        spec: The network as a study declares it.
        shape: Channels, height and width of an image.
        classes: Number of classes.
        seed: See :func:`scyc.seeds.seed`.

    Returns:
        The network.

    Raises:
        ValueError: The network does not take such images, or a user's factory cannot be imported or
            gives something else.
    """
    if isinstance(spec, OwnNetworkSpec) and (rule := change_rule(spec.factory, spec.source)):
        raise ValueError(rule)
    # Importing the user's module may draw random numbers, too, but only once: not from the seed.
    make = load_factory(spec.factory) if isinstance(spec, FactorySpec) else NETWORKS[spec.name]
    with _seeded(seed):
        if isinstance(spec, FactorySpec):
            network = make(tuple(shape), classes, **spec.options)
        else:
            network = make(spec, shape, classes)
    if not isinstance(network, nn.Module):
        given = type(network).__name__
        name = spec.factory if isinstance(spec, FactorySpec) else spec.name
        raise ValueError(f"{name} gave {given}, not a nn.Module")
    return network


def problems(  # noqa: PLR0911  # one a rule
    spec: NetworkSpec,
    shape: Sequence[int],
    classes: int,
    prune_last: bool,
    batch: int | None = None,
) -> list[Problem]:
    """Return what is wrong with a network for images of this shape: it is built and called.

    All but a user's own are tried on torch's meta device, without values: drawing the weights of a
    VGG takes seconds. ResNet-20 and the fully connected networks fit any image, and are not tried:
    on that device torch imports its compiler, two seconds.

    Args:
        spec: which network.
        shape: channels, height and width of an image.
        classes: how many logits are needed.
        prune_last: whether the last linear layer is pruned.
        batch: images of a training step, where one is to be tried that is known to fail.

    Returns:
        Problems of the fields `network` and `training.batch`, from the first rule that is broken;
        [] where the network fits.
    """
    own = isinstance(spec, FactorySpec)
    if isinstance(spec, torchvision.SPECS) and (problems := torchvision.problems(spec, shape)):
        return problems
    fits = isinstance(spec, FullyConnectedSpec | ResNet20Spec)
    network = None
    try:
        with nullcontext() if own or (fits and batch == 1) else torch.device("meta"):
            network = build(spec, shape, classes, seed=0)
            if isinstance(spec, FactorySpec) and (rules := structure.problems(network)):
                return [Problem("network.factory", rule, spec.factory) for rule in rules]
            with torch.no_grad():
                if batch == 1 and not own and (rule := _single_image_rule(network, shape)):
                    return [Problem("training.batch", rule, batch)]
                called = own or not fits
                images = torch.zeros(2, *shape)
                logits = network.eval()(images) if called else torch.empty(2, classes)
    except (Exception, SystemExit) as error:  # the user's code may raise anything
        return [_failure(spec, error, built=network is not None)]
    if not isinstance(logits, Tensor) or logits.shape != (2, classes):
        given = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
        return [Problem("network", f"gives {given} for 2 images; logits (2, {classes}) are needed")]
    if not pruning_weights.prunable_names(network, prune_last):
        rule = "has no weights to prune; add a convolution, or a linear layer before the last one"
        return [Problem("network", rule)]
    return []


def _failure(spec: NetworkSpec, error: BaseException, *, built: bool) -> Problem:
    """Word what was raised while a network was built, or called with two images."""
    what = "fails with a batch of 2 images" if built else "cannot be built"
    if not isinstance(spec, FactorySpec):
        return Problem("network", f"{what}: {raised(error)}", spec.name)
    mend = "call the factory in Python, and its network with such a batch, to see where"
    return Problem("network.factory", f"{what}: {raised(error)}; {mend}", spec.factory)


def _single_image_rule(network: nn.Module, shape: Sequence[int]) -> str | None:
    """Why the network cannot be trained with one image at a time."""
    try:
        with torch.random.fork_rng(devices=[]):
            network.train()(torch.zeros(1, *shape))
    except ValueError as error:
        if "more than 1 value per channel" not in str(error):
            raise
        return (
            "batch norm needs more than one value a channel to train; use a larger batch or larger "
            "images"
        )
    return None


def initial_state(
    spec: NetworkSpec, shape: Sequence[int], classes: int, seed: int, replicate: int
) -> dict[str, Tensor]:
    """Return the state_dict with which a replicate's unpruned network starts.

    Its tensors are no other network's, whatever a user's factory returns.

    Args:
        spec: The declared network.
        shape: Channels, height and width of an image.
        classes: Number of classes.
        seed: Of the study; the weights are drawn from a generator of their own.
        replicate: Number of the replicate, from 0.

    Returns:
        Parameters and buffers by name, on the CPU; the same for equal arguments.
    """
    network = build(spec, shape, classes, seeds.seed(seed, "weights", replicate))
    own = isinstance(spec, FactorySpec)
    return {
        name: value.detach().clone() if own else value.detach()
        for name, value in network.state_dict().items()
    }


def parameter_count(network: nn.Module) -> int:
    """Return how many parameters a network has.

    Args:
        network: The network as PyTorch has it.

    Returns:
        Numbers in all parameters, a shared one counted once, pruned ones included.
    """
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
