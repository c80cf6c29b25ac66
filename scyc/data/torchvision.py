"""Data sets as torchvision keeps, downloads and checks them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np

from scyc import torchvision_compat
from scyc.data import cifar10
from scyc.data.source import Array, Arrays, bad, folder_of
from scyc.specs.datasets import TorchvisionDataSpec

_Read = Callable[[Path, bool], tuple[list[Array], list[Array], list[str]]]


def source(spec: TorchvisionDataSpec, root: Path | None) -> Arrays:
    """Read all images of a data set of torchvision's. Raises BadInput where it is not complete."""
    folder = folder_of(spec.name, spec.root, root)
    title, read = _KNOWN[spec.name]
    try:
        pixels, labels, classes = read(folder, spec.download)
        if [len(part) for part in pixels] != [len(part) for part in labels]:
            raise ValueError("the numbers of images and of labels differ")
    except Exception as error:  # a damaged file may raise anything in torchvision
        reason = str(error) or type(error).__name__
        rule = (
            f"holds no complete {title} ({reason}); set dataset.download, or use "
            "dataset.name image_folder for a folder of images"
        )
        raise bad("dataset.root", rule, str(folder)) from error
    # The last is the official test part; CIFAR-10's training images come in several files.
    count, test = sum(len(part) for part in labels), len(labels[-1])
    named = (("train", count - test), ("test", test))
    return Arrays(pixels, np.concatenate(labels), classes, named)


def _fashion_mnist(folder: Path, download: bool) -> tuple[list[Array], list[Array], list[str]]:
    dataset = torchvision_compat.torchvision().datasets.FashionMNIST
    parts = [dataset(str(folder), train=train, download=download) for train in (True, False)]
    pixels = [np.asarray(part.data)[:, np.newaxis] for part in parts]
    return pixels, [np.asarray(part.targets) for part in parts], list(parts[0].classes)


# By name: torchvision's name, and what reads pixels and labels of each part, and the classes.
_KNOWN: Mapping[str, tuple[str, _Read]] = MappingProxyType(
    {"cifar10": ("CIFAR10", cifar10.read), "fashion_mnist": ("FashionMNIST", _fashion_mnist)}
)
