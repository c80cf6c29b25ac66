"""The paper's fully connected network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import cast

from torch import Tensor, nn

from scyc.networks.initialization import he_initialise
from scyc.specs.networks import FullyConnectedSpec


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
        """Return logits of a batch of images.

        Args:
            images: [batch, channels, height, width].

        Returns:
            [batch, classes].
        """
        hidden = images.flatten(1)
        for layer, norm, relu in zip(self.layers[:-1], self.norms, self.relus, strict=True):
            hidden = relu(norm(layer(hidden)))
        return cast("Tensor", self.layers[-1](hidden))


def build(spec: FullyConnectedSpec, shape: Sequence[int], classes: int) -> FullyConnected:
    """Return the network of a spec for images of a shape.

    Args:
        spec: Widths of the hidden layers, and whether they have batch norm.
        shape: Channels, height and width of an image.
        classes: How many logits it has.

    Returns:
        The network, its weights drawn from torch's generator.
    """
    return FullyConnected(math.prod(shape), classes, spec.hidden, batch_norm=spec.batch_norm)
