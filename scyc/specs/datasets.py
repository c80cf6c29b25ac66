"""Data sets that a study may name.

A data set is one class here, with one line in DATASETS, and one module in scyc/data.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from scyc.specs.base import Spec, one_of
from scyc.specs.factory import FactorySpec
from scyc.specs.ranges import Pixels


class DatasetBase(Spec):
    """Base class of the data sets."""

    name: str


class DigitsSpec(DatasetBase):
    """scikit-learn's handwritten digits: 1,797 images of 8 x 8 pixels, 10 classes."""

    name: Literal["digits"]


class TorchvisionDataSpec(DatasetBase):
    """A data set as torchvision keeps, downloads and checks it.

    cifar10: 60,000 images of 3 x 32 x 32; fashion_mnist: 70,000 of 1 x 28 x 28; 10 classes each.
    """

    name: Literal["cifar10", "fashion_mnist"]
    root: str | None = None  # folder that holds, or will hold, torchvision's own folder
    download: bool = False


class ImageFolderSpec(DatasetBase):
    """Any folder of class folders of images."""

    name: Literal["image_folder"]
    root: str | None = None  # the folder; may be given on the command line instead
    parts: Annotated[tuple[str, ...], Field(strict=False)] = ()  # subfolders to join
    size: Pixels | None = None  # pixels a side after resizing; None leaves images as they are


class TinyImageNetSpec(DatasetBase):
    """Tiny-ImageNet as its archive unpacks: 110,000 labelled images of 64 x 64, 200 classes."""

    name: Literal["tiny_imagenet"]
    root: str | None = None  # the folder that holds train/ and val/
    size: Pixels | None = None  # pixels a side after resizing


DATASETS: Mapping[str, type[DatasetBase]] = MappingProxyType(
    {
        "digits": DigitsSpec,
        "cifar10": TorchvisionDataSpec,
        "fashion_mnist": TorchvisionDataSpec,
        "image_folder": ImageFolderSpec,
        "tiny_imagenet": TinyImageNetSpec,
    }
)
if TYPE_CHECKING:
    DatasetSpec = DatasetBase | FactorySpec
else:
    DatasetSpec = one_of(DATASETS, own=FactorySpec)
