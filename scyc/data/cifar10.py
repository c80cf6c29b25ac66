"""CIFAR-10 (Krizhevsky 2009) as torchvision keeps it, read without running what it holds.

Its files are pickles. torchvision compares their MD5 and then unpickles whatever is there by that
time; here the bytes that were compared are read, and arrays alone are built from them.
"""

from __future__ import annotations

import hashlib
import io
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from scyc import torchvision_compat
from scyc.data import decoding
from scyc.data.source import Array, Arrays

SIDE = 32  # pixels
PARTS = ("train", "test")
_NAMES = frozenset(  # what a pickled array of numbers is built with
    {("numpy", "ndarray"), ("numpy", "dtype"), ("_codecs", "encode")}
    | {(f"numpy.{core}.multiarray", "_reconstruct") for core in ("core", "_core")}
)


def read(root: Path) -> tuple[list[Array], list[Array], list[str]]:
    """Read pixels and labels of each file of CIFAR-10, and the names of the classes.

    Args:
        root: Folder above torchvision's ``cifar-10-batches-py``.

    Returns:
        Pixels of each file, uint8 [images, 3, 32, 32], the training files first; their labels,
        int64 [images]; the names of the classes.

    Raises:
        OSError: A file is missing or cannot be read.
        ValueError: A file is not the one that torchvision downloads.
    """
    kind = _kind()
    held = [_plain(root / kind.base_folder / name, md5) for name, md5 in _files()]
    pixels = [np.asarray(each["data"]).reshape(-1, 3, SIDE, SIDE) for each in held]
    labels = [np.asarray(each["labels"]) for each in held]
    meta = _plain(root / kind.base_folder / kind.meta["filename"], kind.meta["md5"])
    return pixels, labels, [str(name) for name in meta[kind.meta["key"]]]


def download(folder: Path) -> None:
    """Download and unpack CIFAR-10, as torchvision does. Raises where its checksum is wrong.

    Args:
        folder: Above torchvision's own.
    """
    kind = _kind()
    torchvision_compat.torchvision().datasets.utils.download_and_extract_archive(
        kind.url, str(folder), filename=kind.filename, md5=kind.tgz_md5, remove_finished=True
    )


def is_in(folder: Path) -> bool:
    """Return whether a folder holds torchvision's folder of CIFAR-10, complete or not.

    Args:
        folder: Above torchvision's own.

    Returns:
        True where the folder is there; its files are not looked at.
    """
    base: str = _kind().base_folder
    return (folder / base).is_dir()


def as_image_folder(folder: Path, parts: Sequence[str], size: int | None) -> Arrays | None:
    """Read CIFAR-10 as torchvision keeps it where a study names class folders of its parts.

    Args:
        folder: The images' folder.
        parts: The parts that the study joins: "train", "test" or both.
        size: Pixels a side after resizing, as for image files; None leaves images as they are.

    Returns:
        None where the folder has no files of torchvision's, or the parts are others.

    Raises:
        OSError: A file is missing.
        ValueError: A file is damaged.
    """
    if not is_in(folder) or not parts or not set(parts) <= set(PARTS):
        return None
    pixels, labels, classes = read(folder)
    of_part = {"train": range(len(pixels) - 1), "test": range(len(pixels) - 1, len(pixels))}
    order = [index for part in parts for index in of_part[part]]
    named = tuple((part, sum(len(labels[index]) for index in of_part[part])) for part in parts)
    resized = [decoding.resized(pixels[index], size) for index in order]
    return Arrays(resized, np.concatenate([labels[index] for index in order]), classes, named)


def _kind() -> Any:
    return torchvision_compat.torchvision().datasets.CIFAR10


def _files() -> list[tuple[str, str]]:
    """Names and MD5 sums of the files of images, the test part last."""
    kind = _kind()
    return [*kind.train_list, *kind.test_list]


class _Arrays(pickle.Unpickler):
    """Builds arrays of numbers, and calls nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        """Return what a pickle calls. Raises UnpicklingError for all but an array's parts."""
        if (module, name) not in _NAMES:
            raise pickle.UnpicklingError(f"it wants to call {module}.{name}")
        return super().find_class(module, name)


def _plain(file: Path, md5: str) -> dict[str, Any]:
    """Unpickle a file whose bytes have this MD5 sum."""
    if not file.is_file():
        raise FileNotFoundError(f"{file.parent.name}/{file.name} is missing")
    content = file.read_bytes()
    if _sum(content) != md5:
        raise ValueError(f"{file.name} is damaged")
    arrays: dict[str, Any] = _Arrays(io.BytesIO(content), encoding="latin1").load()
    return arrays


def _sum(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
