"""Images as one uint8 tensor, their random split, and the order in which they are trained on."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from scyc.data import splits
from scyc.data.splits import NamedParts
from scyc.errors import Problem
from scyc.specs.base import content_hash
from scyc.specs.system import SplitSpec
from scyc.storage.blob_store import Blobs, make_folder, read_file, whole, write_whole

_CHUNK = 2**22  # pixel values, a byte each, counted at once


@dataclass(frozen=True)
class Images:
    """A whole data set, before it is split."""

    pixels: Tensor  # uint8 [images, channels, height, width]
    labels: Tensor  # int64 [images], in [0, len(classes))
    classes: tuple[str, ...]
    fingerprint: str  # sha256 of pixels' source, labels and classes
    parts: NamedParts = ()  # in which they come, where one of these is to stay the test part

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width of an image."""
        channels, height, width = self.pixels.shape[1:]
        return channels, height, width


@dataclass(frozen=True)
class Split:
    """One replicate's random split of the images, as indices, and its training statistics."""

    train: Tensor  # int64 [images in the part]
    validation: Tensor
    test: Tensor
    mean: Tensor  # float64 [channels], of the training part's pixels, in 0..255
    std: Tensor  # float64 [channels]; 1 where a channel is constant


_KINDS = ("pixels", "labels")
_ENDINGS = ("pixels.npy", "labels.npy", "json")


class ImagesLost(FileNotFoundError, ValueError):
    """Decoded images that are gone or damaged; its message names them and says what to do."""


def keep(cache: Path, images: Images) -> None:
    """Write decoded images into a cache folder, by fingerprint, unless they are there."""
    if cached(cache, images.fingerprint) is None:
        _keep(cache, images)


def share(cache: Path, fingerprint: str, blobs: Blobs) -> None:
    """Put a data set of a cache folder where other machines get it, unless it is there.

    The sums of its files are written last and make it whole.
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

    Raises ImagesLost when it was not shared, or what is there is damaged; it is shared again then.
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
            rule = "is gone or damaged; start the run again, which puts it there anew"
            raise ImagesLost(f"{blobs.told(name)} {rule}")
        write_whole(cache / name, content)


def read_cache(cache: Path, fingerprint: str) -> Images:
    """The data set with this fingerprint, memory-mapped, from a folder that :func:`keep` filled.

    Raises ImagesLost when it is not there whole.
    """
    found = cached(cache, fingerprint)
    if found is None:
        rule = "is gone or damaged; start the run again, which decodes the images anew"
        raise ImagesLost(f"{cache / fingerprint}.json, or a file beside it, {rule}")
    return found


def split(images: Images, shares: SplitSpec, seed: int, replicate: int) -> Split:
    """Split the whole data set at random into training, validation and test part (Section 5.1)."""
    drawn = splits.draw(images.labels, images.parts, shares, seed, replicate)
    mean, std = _statistics(images.pixels, drawn.train)
    return Split(*drawn, mean, std)


def batches(images: int, batch: int, steps: int, generator: torch.Generator) -> Tensor:
    """Indices of the images of every iteration, int64 [steps, batch].

    Every image is seen once before any is seen again; a batch may span two such rounds.
    """
    rounds = -(-steps * batch // images)
    stream = torch.cat([torch.randperm(images, generator=generator) for _ in range(rounds)])
    return stream[: steps * batch].reshape(steps, batch)


def split_problems(images: Images, shares: SplitSpec) -> list[Problem]:
    """What is wrong with splitting these images so."""
    count = len(images.labels)
    return [
        Problem("dataset", f"{count} images leave none for the {name} part; use more images")
        for name, size in splits.sizes(images.labels, images.parts, shares).items()
        if size < 1
    ]


def _statistics(pixels: Tensor, indices: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each channel, float64 [channels], from exact integer sums."""
    channels = pixels.shape[1]
    seen = torch.zeros(channels, 256, dtype=torch.int64)  # how often each value occurs
    in_order = indices.sort().values  # a memory-mapped file is read from front to back
    for part in in_order.split(max(1, _CHUNK // pixels[0].numel())):
        chunk = pixels[part].transpose(0, 1).flatten(1)
        seen += torch.stack([torch.bincount(values, minlength=256) for values in chunk])
    each = torch.arange(256)
    total, squares = seen @ each, seen @ each.square()
    count = len(indices) * pixels.shape[2] * pixels.shape[3]
    mean = total.double() / count
    std = (squares.double() / count - mean * mean).clamp(min=0).sqrt()
    return mean, torch.where(std > 0, std, torch.ones_like(std))


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
    told: dict[str, Any] = {"classes": images.classes, "images": len(images.labels), "sums": sums}
    if images.parts:
        told["parts"] = images.parts
    text = json.dumps(told | {"sum": content_hash(told)})
    write_whole(cache / f"{images.fingerprint}.json", text.encode())


def cached(cache: Path, fingerprint: str) -> Images | None:
    """The data set with this fingerprint, memory-mapped, or None where it is not there whole.

    All of it is read, since a file that was damaged since would give other results unseen.
    """
    files = {kind: cache / f"{fingerprint}.{kind}.npy" for kind in _KINDS}
    try:
        told = json.loads(read_file(cache / f"{fingerprint}.json"))
        if told.pop("sum") != content_hash(told):
            return None
        if any(
            not file.is_file() or _sum(file) != told["sums"][kind] for kind, file in files.items()
        ):
            return None
        pixels = np.load(files["pixels"], mmap_mode="c", allow_pickle=False)
        labels = np.load(files["labels"], allow_pickle=False)
        return Images(
            torch.from_numpy(pixels),
            torch.from_numpy(labels),
            tuple(told["classes"]),
            fingerprint,
            tuple((name, count) for name, count in told.get("parts", ())),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError):
        return None


def _sum(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
