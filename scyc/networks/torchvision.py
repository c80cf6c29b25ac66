"""VGG, AlexNet and ResNet-50: as torchvision has them, and in a form for small images.

torchvision's networks are made for 224 x 224 pixels. Their small forms keep the convolutions behind
the first, with torchvision's names, and change what presupposes large images: the strides and pools
in front, and the linear layers behind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import cast

from torch import Tensor, nn

from scyc import torchvision_compat
from scyc.errors import BadInput, Problem
from scyc.networks.initialization import he_initialise
from scyc.specs.networks import AlexNetSpec, ResNet50Spec, VggSpec

SPECS = (VggSpec, AlexNetSpec, ResNet50Spec)
TorchvisionNetworkSpec = VggSpec | AlexNetSpec | ResNet50Spec

# Convolutions of each stage, all of 3 x 3 pixels (Simonyan and Zisserman 2015, Table 1, D and E).
_VGG_STAGES: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {"vgg16": (2, 2, 3, 3, 3), "vgg19": (2, 2, 4, 4, 4)}
)
_SMALLEST: Mapping[str, int] = MappingProxyType(  # pixels a side that torchvision's network takes
    {"vgg16": 32, "vgg19": 32, "alexnet": 63, "resnet50": 1}
)


class SmallVgg(nn.Module):
    """VGG with batch norm for small images (Simonyan and Zisserman 2015).

    torchvision's feature layers, of which the first has `width` channels (64 there, and all others
    in proportion), then the average over what is left of the image and one linear layer in place of
    three. A pool keeps the last row and column of an odd size, so images of any size pass; sizes
    divisible by 32 pass as they do through torchvision's.
    With 3 channels, 10 classes and width 64 VGG-16 has 14,728,266 parameters and VGG-19 20,040,522.
    Input [batch, channels, height, width], output logits [batch, classes].
    """

    def __init__(self, name: str, channels: int, classes: int, width: int = 64) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = channels
        for stage, convolutions in enumerate(_VGG_STAGES[name]):
            after = width * min(2**stage, 8)
            for _ in range(convolutions):
                layers.append(nn.Conv2d(before, after, 3, padding=1))
                layers += [nn.BatchNorm2d(after), nn.ReLU(inplace=True)]
                before = after
            layers.append(nn.MaxPool2d(2, ceil_mode=True))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(before, classes)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits of a batch of images.

        Args:
            images: [batch, channels, height, width].

        Returns:
            [batch, classes].
        """
        return cast("Tensor", self.classifier(self.avgpool(self.features(images)).flatten(1)))


class SmallAlexNet(nn.Module):
    """AlexNet for small images (Krizhevsky 2014).

    The first convolution has 3 x 3 pixels and stride 2 (11 x 11 and 4 in torchvision's), the pools
    2 x 2 pixels (3 x 3); the other convolutions are torchvision's. The last pool of 32 x 32 pixels
    is 2 x 2, and so many values are kept of larger images (6 x 6). Two linear layers of 1,024
    neurons (4,096) behind torchvision's dropout, then the logits. Images of any size pass.
    With 3 channels and 10 classes it has 4,557,642 parameters.
    Input [batch, channels, height, width], output logits [batch, classes].
    """

    def __init__(self, channels: int, classes: int, neurons: int = 1024) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(channels, 64, 3, stride=2, padding=1),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2, ceil_mode=True),
            nn.Conv2d(64, 192, 5, padding=2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2, ceil_mode=True),
            nn.Conv2d(192, 384, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(384, 256, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(256, 256, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2, ceil_mode=True),
        )
        self.avgpool = nn.AdaptiveAvgPool2d(2)
        self.classifier = nn.Sequential(
            nn.Dropout(0.5),
            nn.Linear(256 * 2 * 2, neurons),
            nn.ReLU(inplace=True),
            nn.Dropout(0.5),
            nn.Linear(neurons, neurons),
            nn.ReLU(inplace=True),
            nn.Linear(neurons, classes),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Return logits of a batch of images.

        Args:
            images: [batch, channels, height, width].

        Returns:
            [batch, classes].
        """
        return cast("Tensor", self.classifier(self.avgpool(self.features(images)).flatten(1)))


def small_resnet50(channels: int, classes: int, width: int = 64) -> nn.Module:
    """Return ResNet-50 for small images (He et al. 2016).

    torchvision's network, but its first convolution has 3 x 3 pixels and stride 1 (7 x 7 and 2) and
    no pool follows. With 3 channels, 200 classes and width 64 it has 23,910,152 parameters; `width`
    narrows the inner convolutions of every bottleneck in proportion. Images of any size pass.
    Input [batch, channels, height, width], output logits [batch, classes].

    Args:
        channels: Of an image.
        classes: Number of classes.
        width: Channels of the first stage.

    Returns:
        torchvision's module with those two layers replaced.
    """
    models = torchvision_compat.torchvision().models
    network = cast("nn.Module", models.resnet50(num_classes=classes, width_per_group=width))
    network.conv1 = nn.Conv2d(channels, 64, 3, padding=1, bias=False)
    network.maxpool = nn.Identity()
    return network


def build(spec: TorchvisionNetworkSpec, shape: Sequence[int], classes: int) -> nn.Module:
    """Build a network of torchvision, in its small form or unchanged.

    The small forms have He initialisation. The unchanged networks carry torchvision's own
    initialisation; with 3 channels they have, for 10 classes, 134,309,962 (vgg16), 139,622,218
    (vgg19), 57,044,810 (alexnet) and, for 200 classes, 23,917,832 (resnet50) parameters.

    Args:
        spec: Which network, and its form.
        shape: Channels, height and width of an image.
        classes: Number of classes.

    Returns:
        The network.

    Raises:
        BadInput: :func:`problems` finds any.
    """
    refused = problems(spec, shape)
    if refused:
        raise BadInput("network", refused)
    if spec.form == "torchvision":
        name = f"{spec.name}_bn" if isinstance(spec, VggSpec) else spec.name
        models = torchvision_compat.torchvision().models
        options = {"width_per_group": spec.width} if isinstance(spec, ResNet50Spec) else {}
        return cast("nn.Module", getattr(models, name)(num_classes=classes, **options))
    network: nn.Module
    if isinstance(spec, VggSpec):
        network = SmallVgg(spec.name, shape[0], classes, spec.width)
    elif isinstance(spec, AlexNetSpec):
        network = SmallAlexNet(shape[0], classes)
    else:
        network = small_resnet50(shape[0], classes, spec.width)
    return network.apply(he_initialise)


def problems(spec: TorchvisionNetworkSpec, shape: Sequence[int]) -> list[Problem]:
    """Return why torchvision's network does not fit a spec or the shape of the images.

    Args:
        spec: The declared network.
        shape: Channels, height and width of an image.

    Returns:
        Problems of the fields `network.width` and `network.form`; [] for the form "small", which
        takes any image here.
    """
    if spec.form == "small":
        return []
    refused = []
    if isinstance(spec, VggSpec) and spec.width != 64:
        rule = 'torchvision\'s network has width 64; use that, or form "small"'
        refused.append(Problem("network.width", rule, spec.width))
    channels, height, width = shape
    if channels != 3:
        rule = f'torchvision\'s network takes 3 channels, these images have {channels}; use "small"'
        refused.append(Problem("network.form", rule, spec.form))
    smallest = _SMALLEST[spec.name]
    if min(height, width) < smallest:
        rule = (
            f"torchvision's {spec.name} takes images from {smallest} x {smallest} pixels, these "
            f'have {width} x {height}; use "small", or a larger dataset.size'
        )
        refused.append(Problem("network.form", rule, spec.form))
    return refused
