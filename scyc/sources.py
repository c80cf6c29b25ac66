"""Data sets: from where they lie to one uint8 tensor, checked on the way.

A data set is decoded once, in one process. Its fingerprint is a hash of its content, so a result
belongs to the images themselves and not to the folder they lay in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch

from scyc import folders, seeds, vision
from scyc.data import Images
from scyc.networks import load_factory
from scyc.problems import BadInput, Problem
from scyc.spec import (
    Cifar10Spec,
    DatasetSpec,
    DigitsSpec,
    FactorySpec,
    ImageFolderSpec,
    SubsetSpec,
    content_hash,
)


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
        folder = root or (Path(spec.root) if spec.root else None)
        return folders.load(spec, folder, lambda labels: stratified(labels, share), cache)
    pixels, labels, classes = _ARRAYS[type(spec)](spec, root)
    kept = stratified(labels, share)
    pixels, labels = np.ascontiguousarray(pixels[kept]), labels[kept].astype(np.int64)
    content = [
        pixels.shape,
        classes,
        labels.tolist(),
        hashlib.sha256(pixels.tobytes()).hexdigest(),
    ]
    return Images(
        torch.from_numpy(pixels), torch.from_numpy(labels), tuple(classes), content_hash(content)
    )


def stratified(labels: np.ndarray[Any, Any], subset: SubsetSpec) -> np.ndarray[Any, Any]:
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


_Arrays = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], list[str]]


def _digits(_: DigitsSpec, __: Path | None) -> _Arrays:
    from sklearn.datasets import load_digits  # noqa: PLC0415  # half a second, digits only

    bunch = load_digits()
    pixels = bunch.images.astype(np.uint8)[:, np.newaxis]  # values 0..16
    return pixels, bunch.target, [str(name) for name in bunch.target_names]


def _cifar10(spec: Cifar10Spec, root: Path | None) -> _Arrays:
    folder = root or (Path(spec.root) if spec.root else None)
    if folder is None:
        raise folders.bad("dataset.root", "cifar10 needs a folder; name one here or with --data")
    cifar10 = vision.torchvision().datasets.CIFAR10
    try:
        parts = [
            cifar10(str(folder), train=train, download=spec.download) for train in (True, False)
        ]
    except (RuntimeError, OSError) as error:
        rule = (
            f"holds no complete CIFAR-10 ({error}); set dataset.download, or use "
            "dataset.name image_folder for a folder of images"
        )
        raise folders.bad("dataset.root", rule, str(folder)) from error
    pixels = np.concatenate([part.data for part in parts]).transpose(0, 3, 1, 2)
    labels = np.concatenate([np.asarray(part.targets) for part in parts])
    return pixels, labels, list(parts[0].classes)


def _factory(spec: FactorySpec, _: Path | None) -> _Arrays:
    try:
        made: Any = load_factory(spec.factory)(**spec.options)
        pixels, labels = (np.asarray(part) for part in made)
    except Exception as error:  # the user's code may raise anything
        rule = f"gave no (pixels, labels): {type(error).__name__}: {error}"
        raise folders.bad("dataset.factory", rule, spec.factory) from error
    problems = []
    if pixels.dtype != np.uint8 or pixels.ndim != 4:
        rule = f"pixels are {pixels.dtype} {pixels.shape}; give uint8 [n, channels, height, width]"
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
