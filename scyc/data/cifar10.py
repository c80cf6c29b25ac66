"""CIFAR-10 (Krizhevsky 2009) as torchvision keeps it, read without running what it holds.

Its files are pickles. torchvision compares their MD5 and then unpickles whatever is there by that
time; here the bytes that were compared are read, and arrays alone are built from them.
"""

from __future__ import annotations

import hashlib
import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np

from scyc import torchvision_compat

Array = np.ndarray[Any, Any]
_SIDE = 32  # pixels
_NAMES = frozenset(  # what a pickled array of numbers is built with
    {("numpy", "ndarray"), ("numpy", "dtype"), ("_codecs", "encode")}
    | {(f"numpy.{core}.multiarray", "_reconstruct") for core in ("core", "_core")}
)


def read(root: Path, download: bool) -> tuple[list[Array], list[Array], list[str]]:
    """Pixels, uint8 [images, 3, 32, 32], and labels of each file, and the names of the classes.

    The training files come first. Raises OSError and ValueError for what is not CIFAR-10.
    """
    kind = torchvision_compat.torchvision().datasets.CIFAR10
    folder = root / kind.base_folder
    files = [*kind.train_list, *kind.test_list]
    if download and not all(_whole(folder / name, md5) for name, md5 in files):
        utils = torchvision_compat.torchvision().datasets.utils
        utils.download_and_extract_archive(
            kind.url, str(root), filename=kind.filename, md5=kind.tgz_md5
        )
    held = [_plain(folder / name, md5) for name, md5 in files]
    pixels = [np.asarray(each["data"]).reshape(-1, 3, _SIDE, _SIDE) for each in held]
    labels = [np.asarray(each["labels"]) for each in held]
    named = _plain(folder / kind.meta["filename"], kind.meta["md5"])[kind.meta["key"]]
    return pixels, labels, [str(name) for name in named]


class _Arrays(pickle.Unpickler):
    """Builds arrays of numbers, and calls nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        """Return what a pickle calls. Raises UnpicklingError for all but an array's parts."""
        if (module, name) not in _NAMES:
            raise pickle.UnpicklingError(f"it wants to call {module}.{name}")
        return super().find_class(module, name)


def _plain(file: Path, md5: str) -> dict[str, Any]:
    """Unpickle a file whose bytes have this MD5 sum."""
    content = file.read_bytes()
    if _sum(content) != md5:
        raise ValueError(f"{file.name} is damaged")
    arrays: dict[str, Any] = _Arrays(io.BytesIO(content), encoding="latin1").load()
    return arrays


def _whole(file: Path, md5: str) -> bool:
    return file.is_file() and _sum(file.read_bytes()) == md5


def _sum(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
