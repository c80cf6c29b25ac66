"""Images: from where they lie to one uint8 tensor, checked on the way.

A data set is decoded once, in one process. Its fingerprint is a hash of its content, so a result
belongs to the images themselves and not to the folder they lay in.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from scyc import seeds, vision
from scyc.checkpoint import write_whole
from scyc.networks import load_factory
from scyc.problems import BadInput, Problem
from scyc.spec import (
    Cifar10Spec,
    DatasetSpec,
    DigitsSpec,
    FactorySpec,
    ImageFolderSpec,
    SplitSpec,
    SubsetSpec,
    content_hash,
)

_DECODER = 1  # raised when the same files would give other pixels


@dataclass(frozen=True)
class Images:
    """A whole data set, before it is split."""

    pixels: Tensor  # uint8 [images, channels, height, width]
    labels: Tensor  # int64 [images], in [0, len(classes))
    classes: tuple[str, ...]
    fingerprint: str  # sha256 of pixels' source, labels and classes

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


def load(
    spec: DatasetSpec,
    subset: SubsetSpec | None = None,
    root: Path | None = None,
    cache: Path | None = None,
) -> Images:
    """Read a data set.

    root: the data's folder, instead of the spec's own. cache: a folder where decoded images may
    lie (:func:`keep`); then they are not decoded again. Nothing is written.
    Raises BadInput, with every problem found: a missing folder, a class with no image, images that
    cannot be read or have different sizes, a factory that gives something else.
    """
    share = subset or SubsetSpec()
    if isinstance(spec, ImageFolderSpec):
        return _image_folder(spec, share, root, cache)
    pixels, labels, classes = _ARRAYS[type(spec)](spec, root)
    kept = _stratified(labels, share)
    pixels, labels = pixels[kept], labels[kept]
    digest = hashlib.sha256(pixels.tobytes())
    digest.update(labels.tobytes())
    digest.update(json.dumps(classes).encode())
    return _as_images(pixels, labels, classes, digest.hexdigest())


def keep(cache: Path, images: Images) -> None:
    """Write decoded images into a cache folder, by fingerprint, unless they are there."""
    if _cached(cache, images.fingerprint) is None:
        _keep(cache, images)


def read_cache(cache: Path, fingerprint: str) -> Images:
    """The data set with this fingerprint, memory-mapped, from a folder that :func:`keep` filled.

    Raises FileNotFoundError when it is not there.
    """
    found = _cached(cache, fingerprint)
    if found is None:
        raise FileNotFoundError(f"{cache}: holds no data set with fingerprint {fingerprint}")
    return found


def split(images: Images, shares: SplitSpec, seed: int, replicate: int) -> Split:
    """Split the whole data set at random into training, validation and test part (Section 5.1)."""
    count = len(images.labels)
    order = torch.randperm(count, generator=seeds.generator(seed, "split", replicate))
    first = round(count * shares.train)
    second = first + round(count * shares.validation)
    train = order[:first].clone()
    mean, std = _statistics(images.pixels, train)
    return Split(train, order[first:second].clone(), order[second:].clone(), mean, std)


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
    first = round(count * shares.train)
    second = round(count * shares.validation)
    parts = {"training": first, "validation": second, "test": count - first - second}
    return [
        Problem("dataset", f"{count} images leave none for the {name} part; use more images")
        for name, size in parts.items()
        if size < 1
    ]


def _statistics(pixels: Tensor, indices: Tensor) -> tuple[Tensor, Tensor]:
    channels = pixels.shape[1]
    total = torch.zeros(channels, dtype=torch.int64)
    squares = torch.zeros(channels, dtype=torch.int64)
    for part in indices.split(4096):
        chunk = pixels[part].to(torch.int64)
        total += chunk.sum(dim=(0, 2, 3))
        squares += (chunk * chunk).sum(dim=(0, 2, 3))
    count = len(indices) * pixels.shape[2] * pixels.shape[3]
    mean = total.double() / count
    std = (squares.double() / count - mean * mean).clamp(min=0).sqrt()
    return mean, torch.where(std > 0, std, torch.ones_like(std))


def _stratified(labels: np.ndarray[Any, Any], subset: SubsetSpec) -> np.ndarray[Any, Any]:
    """Indices, in order, of a stratified subset: the same share of each class, at least one."""
    if subset.share == 1.0:
        return np.arange(len(labels))
    kept = []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        wanted = max(1, round(subset.share * len(members)))
        order = torch.randperm(
            len(members), generator=seeds.generator(subset.seed, "subset", int(label))
        )
        kept.append(members[order[:wanted].numpy()])
    return np.sort(np.concatenate(kept))


def _as_images(
    pixels: np.ndarray[Any, Any],
    labels: np.ndarray[Any, Any],
    classes: Sequence[str],
    fingerprint: str,
) -> Images:
    return Images(
        torch.from_numpy(np.ascontiguousarray(pixels)),
        torch.from_numpy(labels.astype(np.int64)),
        tuple(classes),
        fingerprint,
    )


# --- arrays that a library or a user's code holds ------------------------------------------------

_Arrays = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], list[str]]


def _digits(spec: DigitsSpec, root: Path | None) -> _Arrays:
    from sklearn.datasets import load_digits  # noqa: PLC0415  # half a second, digits only

    bunch = load_digits()
    pixels = bunch.images.astype(np.uint8)[:, np.newaxis]  # values 0..16
    return pixels, bunch.target, [str(name) for name in bunch.target_names]


def _cifar10(spec: Cifar10Spec, root: Path | None) -> _Arrays:
    folder = root or (Path(spec.root) if spec.root else None)
    if folder is None:
        raise _bad("dataset.root", "cifar10 needs a folder; name one here or with --data")
    cifar10 = vision.torchvision().datasets.CIFAR10
    try:
        parts = [cifar10(str(folder), train=train, download=spec.download) for train in (True, False)]
    except (RuntimeError, OSError) as error:
        rule = (
            f"holds no complete CIFAR-10 ({error}); set dataset.download, or use "
            "dataset.name image_folder for a folder of images"
        )
        raise _bad("dataset.root", rule, str(folder)) from error
    pixels = np.concatenate([part.data for part in parts]).transpose(0, 3, 1, 2)
    labels = np.concatenate([np.asarray(part.targets) for part in parts])
    return pixels, labels, list(parts[0].classes)


def _factory(spec: FactorySpec, root: Path | None) -> _Arrays:
    try:
        pixels, labels = load_factory(spec.factory)(**spec.options)  # type: ignore[misc]
        pixels, labels = np.asarray(pixels), np.asarray(labels)
    except (ValueError, TypeError) as error:
        raise _bad("dataset.factory", f"gave no (pixels, labels): {error}", spec.factory) from error
    problems = []
    if pixels.dtype != np.uint8 or pixels.ndim != 4:
        rule = f"pixels are {pixels.dtype} {pixels.shape}; give uint8 [images, channels, height, width]"
        problems.append(Problem("dataset.factory", rule, spec.factory))
    if labels.ndim != 1 or labels.dtype.kind not in "iu" or len(labels) != len(pixels):
        rule = f"labels are {labels.dtype} {labels.shape}; give integers [images]"
        problems.append(Problem("dataset.factory", rule, spec.factory))
    elif len(labels) == 0 or labels.min() < 0 or len(np.unique(labels)) != labels.max() + 1:
        rule = "labels must run from 0, with at least one image of each class"
        problems.append(Problem("dataset.factory", rule, spec.factory))
    if problems:
        raise BadInput("dataset", problems)
    return pixels, labels, [str(label) for label in range(int(labels.max()) + 1)]


_ARRAYS: Mapping[type, Callable[[Any, Path | None], _Arrays]] = MappingProxyType(
    {DigitsSpec: _digits, Cifar10Spec: _cifar10, FactorySpec: _factory}
)


# --- a folder of class folders ---------------------------------------------------------------------


def _image_folder(
    spec: ImageFolderSpec, subset: SubsetSpec, root: Path | None, cache: Path | None
) -> Images:
    folder = root or (Path(spec.root) if spec.root else None)
    if folder is None:
        raise _bad("dataset.root", "image_folder needs a folder; name one here or with --data")
    files, classes = _listed(folder, spec.parts)
    labels = np.array([classes.index(file.parent.name) for file in files])
    kept = _stratified(labels, subset)
    files, labels = [files[index] for index in kept], labels[kept]
    with ThreadPoolExecutor(4) as pool:
        sums = list(pool.map(lambda file: hashlib.sha256(file.read_bytes()).hexdigest(), files))
    fingerprint = content_hash([_DECODER, spec.size, classes, labels.tolist(), sums])
    found = _cached(cache, fingerprint) if cache is not None else None
    if found is not None:
        return found
    return _as_images(_decoded(files, spec.size), labels, classes, fingerprint)


def _listed(folder: Path, parts: Sequence[str]) -> tuple[list[Path], list[str]]:
    """The image files, in order, and the classes. Raises BadInput with every problem found."""
    endings = tuple(vision.torchvision().datasets.folder.IMG_EXTENSIONS)
    if not folder.is_dir():
        raise _bad("dataset.root", "no such folder; name the folder of class folders", str(folder))
    problems: list[Problem] = []
    files: list[Path] = []
    classes: list[str] = []
    for part in parts or ("",):
        top = folder / part
        names = sorted(each.name for each in top.iterdir() if each.is_dir()) if top.is_dir() else []
        if not names:
            problems.append(Problem("dataset.root", "holds no class folders", str(top)))
            continue
        if classes and names != classes:
            rule = f"its classes differ from those of {parts[0]}; every part needs the same"
            problems.append(Problem("dataset.parts", rule, part))
        classes = classes or names
        for name in names:
            found = sorted(
                each for each in (top / name).iterdir() if each.suffix.lower() in endings
            )
            if not found:
                nested = any(each.is_dir() for each in (top / name).iterdir())
                rule = "a class with no image; remove the folder or add images"
                if nested:
                    rule += f', or join parts of the data set: dataset.parts: ["{name}", ...]'
                problems.append(Problem("dataset.root", rule, str(top / name)))
            files += found
    if problems:
        raise BadInput("dataset", problems)
    return files, classes


def _decoded(files: Sequence[Path], size: int | None) -> np.ndarray[Any, Any]:
    """All images as uint8 [images, 3, height, width]. Raises BadInput naming what cannot be read."""
    problems: list[Problem] = []

    def decode(file: Path) -> np.ndarray[Any, Any] | None:
        try:
            with Image.open(file) as image:
                colour = image.convert("RGB")
                if size is not None and colour.size != (size, size):
                    colour = colour.resize((size, size), Image.Resampling.BILINEAR)
                return np.asarray(colour)
        except (OSError, UnidentifiedImageError, ValueError, Image.DecompressionBombError) as error:
            reason = type(error).__name__ if isinstance(error, UnidentifiedImageError) else error
            rule = f"cannot be read as an image ({reason}); repair or remove it"
            problems.append(Problem("dataset.root", rule, str(file)))
            return None

    pixels: np.ndarray[Any, Any] | None = None
    with ThreadPoolExecutor(2) as pool:
        for index, (file, image) in enumerate(zip(files, pool.map(decode, files), strict=True)):
            if image is None:
                continue
            if pixels is None:
                pixels = np.empty((len(files), *image.shape), dtype=np.uint8)
            if image.shape != pixels.shape[1:]:
                rule = (
                    f"is {image.shape[1]} x {image.shape[0]} pixels, the first image "
                    f"{pixels.shape[2]} x {pixels.shape[1]}; set dataset.size"
                )
                problems.append(Problem("dataset.root", rule, str(file)))
                continue
            pixels[index] = image
    if problems or pixels is None:
        problems.sort(key=lambda problem: str(problem.value))
        raise BadInput("dataset", problems)
    return np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))


def _bad(path: str, rule: str, value: object = None) -> BadInput:
    return BadInput("dataset", [Problem(path, rule, value)])


# --- the cache of decoded images --------------------------------------------------------------------


def _keep(cache: Path, images: Images) -> None:
    """Write a data set into the cache; its description is written last and makes it whole."""
    cache.mkdir(parents=True, exist_ok=True)
    for kind, array in (("pixels", images.pixels), ("labels", images.labels)):
        scratch = cache / f".{images.fingerprint}.{kind}.npy"
        np.save(scratch, array.numpy())
        scratch.replace(cache / f"{images.fingerprint}.{kind}.npy")
    text = json.dumps({"classes": images.classes, "images": len(images.labels)})
    write_whole(cache / f"{images.fingerprint}.json", text.encode())


def _cached(cache: Path, fingerprint: str) -> Images | None:
    description = cache / f"{fingerprint}.json"
    if not description.is_file():
        return None
    pixels = np.load(cache / f"{fingerprint}.pixels.npy", mmap_mode="c", allow_pickle=False)
    labels = np.load(cache / f"{fingerprint}.labels.npy", allow_pickle=False)
    classes = json.loads(description.read_text())["classes"]
    return Images(torch.from_numpy(pixels), torch.from_numpy(labels), tuple(classes), fingerprint)
