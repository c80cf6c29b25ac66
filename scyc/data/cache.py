"""Decoded images in a folder, by fingerprint, and where other machines get them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import torch

from scyc.data.images import Images
from scyc.json_types import JsonObject
from scyc.specs.base import content_hash
from scyc.storage.blob_store import Blobs, make_folder, read_file, whole, write_whole

_KINDS = ("pixels", "labels")
_ENDINGS = ("pixels.npy", "labels.npy", "json")


class ImagesLost(FileNotFoundError, ValueError):
    """Decoded images that are gone or damaged; its message names them and says what to do."""


def keep(cache: Path, images: Images) -> None:
    """Write decoded images into a cache folder, by fingerprint, unless they are there.

    Args:
        cache: Folder of decoded images.
        images: Pixels and labels of the data set.
    """
    if cached(cache, images.fingerprint) is None:
        _keep(cache, images)


def share(cache: Path, fingerprint: str, blobs: Blobs) -> None:
    """Put a data set of a cache folder where other machines get it, unless it is there.

    The sums of its files are written last and make it whole.

    Args:
        cache: Folder of decoded images.
        fingerprint: Hash of the images.
        blobs: What all machines reach.
    """
    if blobs.has(f"{fingerprint}.sums"):
        return
    sums = {}
    for ending in _ENDINGS:
        content = read_file(cache / f"{fingerprint}.{ending}")
        sums[ending] = hashlib.sha256(content).hexdigest()
        blobs.write(f"{fingerprint}.{ending}", content)
    blobs.write(f"{fingerprint}.sums", json.dumps(sums).encode())


def fetch(cache: Path, fingerprint: str, blobs: Blobs) -> None:
    """Get a data set that was shared into a cache folder, unless it is there.

    Args:
        cache: Folder of decoded images.
        fingerprint: Hash of the images.
        blobs: What all machines reach.

    Raises:
        ImagesLost: It was not shared, or what is there is damaged; it is shared again then.
    """
    if cached(cache, fingerprint) is not None:
        return
    make_folder(cache)
    for ending in _ENDINGS:
        name = f"{fingerprint}.{ending}"
        try:
            sums = json.loads(blobs.read(f"{fingerprint}.sums"))
            content = blobs.read(name)
            sound = hashlib.sha256(content).hexdigest() == sums[ending]
        except (OSError, ValueError, KeyError, TypeError):
            sound = False
        if not sound:
            blobs.delete(f"{fingerprint}.sums")
            rule = "is missing or damaged; run the study again to restore it"
            raise ImagesLost(f"{blobs.shown_name(name)} {rule}")
        write_whole(cache / name, content)


def read_cache(cache: Path, fingerprint: str) -> Images:
    """Read a data set from a folder that :func:`keep` filled, memory-mapped.

    Args:
        cache: The folder.
        fingerprint: Of the data set.

    Returns:
        All images, uint8 [images, channels, height, width], and their labels.

    Raises:
        ImagesLost: The data set is not there whole.
    """
    images = cached(cache, fingerprint)
    if images is None:
        rule = "is missing or damaged; run the study again to decode the images again"
        raise ImagesLost(f"{cache / fingerprint}.json, or a file beside it, {rule}")
    return images


def cached(cache: Path, fingerprint: str) -> Images | None:
    """Read a data set from a folder if it is there whole.

    All of it is read: a file that was damaged since would give other results unseen.

    Args:
        cache: A folder that :func:`keep` filled.
        fingerprint: Of the data set.

    Returns:
        The data set, memory-mapped; None where it is missing or damaged.
    """
    files = {kind: cache / f"{fingerprint}.{kind}.npy" for kind in _KINDS}
    try:
        description = json.loads(read_file(cache / f"{fingerprint}.json"))
        if description.pop("sum") != content_hash(description):
            return None
        if any(
            not file.is_file() or _sum(file) != description["sums"][kind]
            for kind, file in files.items()
        ):
            return None
        pixels = np.load(files["pixels"], mmap_mode="c", allow_pickle=False)
        labels = np.load(files["labels"], allow_pickle=False)
        return Images(
            torch.from_numpy(pixels),
            torch.from_numpy(labels),
            tuple(description["classes"]),
            fingerprint,
            tuple((name, count) for name, count in description.get("parts", ())),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError):
        return None


def _keep(cache: Path, images: Images) -> None:
    """Write a data set into the cache; its description is written last and makes it whole."""
    make_folder(cache)
    for kind, tensor in (("pixels", images.pixels), ("labels", images.labels)):
        array = np.ascontiguousarray(tensor.numpy())
        header = np.lib.format.header_data_from_array_1_0(array)
        with whole(cache / f"{images.fingerprint}.{kind}.npy") as file:
            np.lib.format.write_array_header_1_0(file, header)
            file.write(array.data)  # NumPy's own way does not say that it was a full disk
    sums = {kind: _sum(cache / f"{images.fingerprint}.{kind}.npy") for kind in _KINDS}
    description: JsonObject = {
        "classes": images.classes,
        "images": len(images.labels),
        "sums": sums,
    }
    if images.parts:
        description["parts"] = images.parts
    text = json.dumps(description | {"sum": content_hash(description)})
    write_whole(cache / f"{images.fingerprint}.json", text.encode())


def _sum(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
