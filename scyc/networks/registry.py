"""The networks, and how one is made from its spec and a seed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import nullcontext
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn

from scyc import seeds
from scyc.errors import Problem
from scyc.networks import torchvision
from scyc.pruning import unstructured
from scyc.specs.choices import FactorySpec, FullyConnectedSpec, NetworkSpec, ResNet20Spec
from scyc.specs.factory import load_factory


class FullyConnected(nn.Module):
    """Fully connected ReLU network (Liu et al. 2021, Section 3.1).

    inputs: values of one flattened image. hidden: neurons of each hidden layer. batch_norm: before
    each ReLU (Section 3.3). He initialisation, biases 0.
    Input [batch, ...], output logits [batch, classes].
    """

    def __init__(
        self,
        inputs: int,
        classes: int,
        hidden: Sequence[int] = (256, 256, 256),
        batch_norm: bool = False,
    ) -> None:
        super().__init__()
        widths = [inputs, *hidden, classes]
        self.batch_norm = batch_norm
        self.layers = nn.ModuleList(nn.Linear(before, after) for before, after in pairwise(widths))
        self.norms = nn.ModuleList(
            nn.BatchNorm1d(width) if batch_norm else nn.Identity() for width in hidden
        )
        self.relus = nn.ModuleList(nn.ReLU() for _ in hidden)
        self.apply(he_initialise)

    def forward(self, images: Tensor) -> Tensor:
        """Logits of a batch of images."""
        hidden = images.flatten(1)
        for layer, norm, relu in zip(self.layers[:-1], self.norms, self.relus, strict=True):
            hidden = relu(norm(layer(hidden)))
        return cast("Tensor", self.layers[-1](hidden))


class _Block(nn.Module):
    """Two 3 x 3 convolutions and a shortcut (He et al. 2016, Figure 2)."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(after)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(after, after, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(after)
        self.relu2 = nn.ReLU()
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or before != after:
            self.shortcut = nn.Sequential(
                nn.Conv2d(before, after, 1, stride=stride, bias=False), nn.BatchNorm2d(after)
            )

    def forward(self, images: Tensor) -> Tensor:
        hidden = self.relu1(self.bn1(self.conv1(images)))
        return cast("Tensor", self.relu2(self.bn2(self.conv2(hidden)) + self.shortcut(images)))


class ResNet20(nn.Module):
    """ResNet-20 for small images (He et al. 2016, Section 4.2), with projection shortcuts.

    With 3 channels, 10 classes and width 16 it has 272,474 parameters, the paper's network
    ("227K" there is a slip). Any image size from 4 x 4 pixels: the last stage is averaged.
    He initialisation. Input [batch, channels, height, width], output logits [batch, classes].
    """

    def __init__(self, channels: int, classes: int, width: int = 16) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, width, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(width)
        self.relu = nn.ReLU()
        stages = [(width, 1), (2 * width, 2), (4 * width, 2)]
        blocks: list[nn.Module] = []
        before = width
        for after, stride in stages:
            for index in range(3):
                blocks.append(_Block(before, after, stride if index == 0 else 1))
                before = after
        self.blocks = nn.Sequential(*blocks)
        self.output = nn.Linear(before, classes)
        self.apply(he_initialise)

    def forward(self, images: Tensor) -> Tensor:
        """Logits of a batch of images."""
        hidden = self.relu(self.bn(self.conv(images)))
        hidden = self.blocks(hidden)
        return cast("Tensor", self.output(hidden.mean(dim=(2, 3))))


def he_initialise(module: nn.Module) -> None:
    """He initialisation (He et al. 2015) of one convolution or linear layer, biases 0.

    A layer without values is left alone: torch imports its compiler, two seconds, to draw none.
    """
    if isinstance(module, nn.Conv2d | nn.Linear) and not module.weight.is_meta:
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def build(spec: NetworkSpec, shape: Sequence[int], classes: int, seed: int) -> nn.Module:
    """A network with the initial weights of one replicate, on the CPU, in float32.

    shape: channels, height and width of an image. seed: see :func:`scyc.seeds.seed`.
    He initialisation, but for torchvision's unchanged networks, which keep torchvision's, and for a
    user's own. Raises ValueError when a network does not take such images, or a user's factory
    cannot be imported or gives something else.
    """
    channels, height, width = shape
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if isinstance(spec, FullyConnectedSpec):
            return FullyConnected(
                channels * height * width, classes, spec.hidden, batch_norm=spec.batch_norm
            )
        if isinstance(spec, ResNet20Spec):
            return ResNet20(channels, classes, spec.width)
        if isinstance(spec, FactorySpec):
            made = load_factory(spec.factory)(tuple(shape), classes, **spec.options)
            if not isinstance(made, nn.Module):
                raise ValueError(f"{spec.factory} gave {type(made).__name__}, not a nn.Module")
            return made
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
    if not unstructured.prunable_names(network, prune_last):
        rule = (
            "has no weights to prune: a convolution, or a linear layer beside the last, is needed"
        )
        return [Problem("network", rule)]
    return []


def initial_state(
    spec: NetworkSpec, shape: Sequence[int], classes: int, seed: int, replicate: int
) -> dict[str, Tensor]:
    """The state_dict with which a replicate's unpruned network starts."""
    network = build(spec, shape, classes, seeds.seed(seed, "weights", replicate))
    return {name: value.detach() for name, value in network.state_dict().items()}


def parameter_count(network: nn.Module) -> int:
    """How many parameters a network has."""
    return sum(math.prod(parameter.shape) for parameter in network.parameters())
