"""What a study may name: networks, data sets, learning-rate schedules and optimisers."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from scyc.specs.base import (
    Spec,
    chosen,
    tag,
)
from scyc.specs.ranges import Pixels, Width


class FactorySpec(Spec):
    """A user's own network or data set: ``module:callable`` and its keyword arguments."""

    factory: Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_][\w.]*$")]
    options: dict[str, str | int | float | bool | None] = Field(default_factory=dict)


class FullyConnectedSpec(Spec):
    """Fully connected ReLU network (Liu et al. 2021, Section 3.1)."""

    name: Literal["fully_connected"]
    hidden: Annotated[tuple[Width, ...], Field(min_length=1, max_length=1000, strict=False)] = (
        256,
        256,
        256,
    )
    batch_norm: bool = False  # before each ReLU (Section 3.3)


class ResNet20Spec(Spec):
    """ResNet-20 for small images (He et al. 2016, Section 4.2)."""

    name: Literal["resnet20"]
    width: Width = 16  # channels of the first stage; 16 gives 272,474 parameters


class VggSpec(Spec):
    """VGG with batch norm (Simonyan and Zisserman 2015)."""

    name: Literal["vgg16", "vgg19"]
    form: Literal["small", "torchvision"] = "small"  # for 32 and 64 pixels, or unchanged
    width: Width = 64  # channels of the first convolution; "small" only


class AlexNetSpec(Spec):
    """AlexNet (Krizhevsky 2014), without batch norm."""

    name: Literal["alexnet"]
    form: Literal["small", "torchvision"] = "small"


class ResNet50Spec(Spec):
    """ResNet-50 (He et al. 2016)."""

    name: Literal["resnet50"]
    form: Literal["small", "torchvision"] = "small"
    width: Width = 64  # channels of the first bottleneck's inner convolutions


NETWORKS: Mapping[str, type[Spec]] = MappingProxyType(
    {
        "fully_connected": FullyConnectedSpec,
        "resnet20": ResNet20Spec,
        "vgg16": VggSpec,
        "vgg19": VggSpec,
        "alexnet": AlexNetSpec,
        "resnet50": ResNet50Spec,
    }
)
NetworkSpec = Annotated[
    Annotated[FullyConnectedSpec, Tag("<fully_connected>")]
    | Annotated[ResNet20Spec, Tag("<resnet20>")]
    | Annotated[VggSpec, Tag("<vgg16>")]
    | Annotated[VggSpec, Tag("<vgg19>")]
    | Annotated[AlexNetSpec, Tag("<alexnet>")]
    | Annotated[ResNet50Spec, Tag("<resnet50>")]
    | Annotated[FactorySpec, Tag("<factory>")],
    Discriminator(tag),
    BeforeValidator(chosen(NETWORKS)),
]


class DigitsSpec(Spec):
    """scikit-learn's handwritten digits: 1,797 images of 8 x 8 pixels, 10 classes."""

    name: Literal["digits"]


class TorchvisionDataSpec(Spec):
    """A data set as torchvision keeps, downloads and checks it.

    cifar10: 60,000 images of 3 x 32 x 32; fashion_mnist: 70,000 of 1 x 28 x 28; 10 classes each.
    """

    name: Literal["cifar10", "fashion_mnist"]
    root: str | None = None  # folder that holds, or will hold, torchvision's own folder
    download: bool = False


class ImageFolderSpec(Spec):
    """Any folder of class folders of images."""

    name: Literal["image_folder"]
    root: str | None = None  # the folder; may be given on the command line instead
    parts: Annotated[tuple[str, ...], Field(strict=False)] = ()  # subfolders to join
    size: Pixels | None = None  # pixels a side after resizing; None leaves images as they are


class TinyImageNetSpec(Spec):
    """Tiny-ImageNet as its archive unpacks: 110,000 labelled images of 64 x 64, 200 classes."""

    name: Literal["tiny_imagenet"]
    root: str | None = None  # the folder that holds train/ and val/
    size: Pixels | None = None  # pixels a side after resizing


DATASETS: Mapping[str, type[Spec]] = MappingProxyType(
    {
        "digits": DigitsSpec,
        "cifar10": TorchvisionDataSpec,
        "fashion_mnist": TorchvisionDataSpec,
        "image_folder": ImageFolderSpec,
        "tiny_imagenet": TinyImageNetSpec,
    }
)
DatasetSpec = Annotated[
    Annotated[DigitsSpec, Tag("<digits>")]
    | Annotated[TorchvisionDataSpec, Tag("<cifar10>")]
    | Annotated[TorchvisionDataSpec, Tag("<fashion_mnist>")]
    | Annotated[ImageFolderSpec, Tag("<image_folder>")]
    | Annotated[TinyImageNetSpec, Tag("<tiny_imagenet>")]
    | Annotated[FactorySpec, Tag("<factory>")],
    Discriminator(tag),
    BeforeValidator(chosen(DATASETS)),
]
