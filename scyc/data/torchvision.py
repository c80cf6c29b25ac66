"""Data sets as torchvision keeps, downloads and checks them."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scyc import torchvision_compat
from scyc.data import cifar10, decoding, image_folder
from scyc.data.source import Array, Arrays, Listed, bad, folder_of
from scyc.errors import BadInput, Problem
from scyc.specs.datasets import TorchvisionDataSpec
from scyc.storage.blob_store import make_folder

_CIFAR10_CLASSES = 10
_Content = tuple[list[Array], list[Array], list[str]]


@dataclass(frozen=True)
class _Dataset:
    """One data set of torchvision's."""

    title: str  # torchvision's name
    read: Callable[[Path], _Content]  # pixels and labels of each part, and the classes
    download: Callable[[Path], None]  # into an empty folder
    class_folders: Callable[[Path], Listed | None] | None = None  # read in place of its files


def source(spec: TorchvisionDataSpec, root: Path | None) -> Arrays | Listed:
    """Read all images of a data set of torchvision's, and download it where the spec says so.

    Args:
        spec: The declared data set.
        root: Folder of the images, instead of the spec's own.

    Returns:
        All images as arrays, or a list of files.

    Raises:
        BadInput: The folder does not hold the whole data set, or the download fails.
    """
    folder = folder_of(spec.name, spec.root, root)
    dataset = _KNOWN[spec.name]
    if dataset.class_folders and (listed := dataset.class_folders(folder)):
        return listed
    try:
        return _arrays(*dataset.read(folder))
    except Exception as error:  # a damaged file may raise anything in torchvision
        if not spec.download:
            others = ", class folders in train/ and test/," if dataset.class_folders else ""
            rule = (
                f"holds no complete {dataset.title} ({_reason(error)}); set dataset.download "
                f"(--download) to fetch it into this folder,{others} or use dataset.name "
                "image_folder for a folder of images"
            )
            raise bad("dataset.root", rule, str(folder)) from error
    try:
        with _staged(folder) as staging:
            dataset.download(staging)
        return _arrays(*dataset.read(folder))
    except Exception as error:  # likewise
        rule = (
            f"{dataset.title} could not be downloaded into it ({_reason(error)}); try again, or "
            "copy torchvision's folder from another machine"
        )
        raise bad("dataset.root", rule, str(folder)) from error


def _arrays(pixels: list[Array], labels: list[Array], classes: list[str]) -> Arrays:
    """Join the parts. The last is the official test part; CIFAR-10 has several training files."""
    if [len(part) for part in pixels] != [len(part) for part in labels]:
        raise ValueError("the numbers of images and of labels differ")
    count, test = sum(len(part) for part in labels), len(labels[-1])
    named = (("train", count - test), ("test", test))
    return Arrays(pixels, np.concatenate(labels), classes, named)


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


@contextlib.contextmanager
def _staged(folder: Path) -> Iterator[Path]:
    """Give an empty folder whose files are moved into `folder` at the end, each at once.

    A download that stops halfway leaves nothing behind.
    """
    make_folder(folder)
    with tempfile.TemporaryDirectory(prefix=".download-", dir=folder) as name:
        staging = Path(name)
        yield staging
        for file in sorted(each for each in staging.rglob("*") if each.is_file()):
            target = folder / file.relative_to(staging)
            make_folder(target.parent)
            file.replace(target)


def _cifar10_folders(folder: Path) -> Listed | None:
    """List CIFAR-10's images in class folders in train/ and test/ of a folder.

    Returns None where the folder has no such parts, or holds torchvision's files. Raises BadInput
    where there are other than ten classes, or images of another size.
    """
    parts = [folder / part for part in cifar10.PARTS]
    if cifar10.is_in(folder) or not all(part.is_dir() for part in parts):
        return None
    listed = image_folder.class_folders(folder, cifar10.PARTS)
    if len(listed.classes) != _CIFAR10_CLASSES:
        rule = f"has {len(listed.classes)} class folders; CIFAR-10 has {_CIFAR10_CLASSES}"
        raise bad("dataset.root", rule, str(parts[0]))
    first = decoding.decode(listed.files[0], None)
    if isinstance(first, Problem):
        raise BadInput("dataset", [first])
    height, width = first.shape[:2]
    if (height, width) != (cifar10.SIDE, cifar10.SIDE):
        rule = (
            f"has {width} x {height} pixels; CIFAR-10's images have {cifar10.SIDE} x "
            f"{cifar10.SIDE}; use dataset.name image_folder for others"
        )
        raise bad("dataset.root", rule, str(listed.files[0]))
    return listed


def _read_fashion_mnist(folder: Path) -> _Content:
    dataset = torchvision_compat.torchvision().datasets.FashionMNIST
    parts = [dataset(str(folder), train=train) for train in (True, False)]
    pixels = [np.asarray(part.data)[:, np.newaxis] for part in parts]
    return pixels, [np.asarray(part.targets) for part in parts], list(parts[0].classes)


def _download_fashion_mnist(folder: Path) -> None:
    torchvision_compat.torchvision().datasets.FashionMNIST(str(folder), download=True)
    for archive in folder.rglob("*.gz"):
        archive.unlink()


_KNOWN = {
    "cifar10": _Dataset("CIFAR10", cifar10.read, cifar10.download, _cifar10_folders),
    "fashion_mnist": _Dataset("FashionMNIST", _read_fashion_mnist, _download_fashion_mnist),
}
