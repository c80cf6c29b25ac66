"""ResNet-20 for small images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from torch import Tensor, nn

from scyc.networks.initialization import he_initialise
from scyc.specs.networks import ResNet20Spec


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
        """Return logits of a batch of images.

        Args:
            images: [batch, channels, height, width].

        Returns:
            [batch, classes].
        """
        hidden = self.relu(self.bn(self.conv(images)))
        hidden = self.blocks(hidden)
        return cast("Tensor", self.output(hidden.mean(dim=(2, 3))))


def build(spec: ResNet20Spec, shape: Sequence[int], classes: int) -> ResNet20:
    """Return the network of a spec for images of a shape.

    Args:
        spec: Channels of the first stage.
        shape: Channels, height and width of an image; ResNet-20 takes any height and width.
        classes: How many logits it has.

    Returns:
        The network, its weights drawn from torch's generator.
    """
    return ResNet20(shape[0], classes, spec.width)
