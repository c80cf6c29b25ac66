"""Data sets: from where they lie to one uint8 tensor, checked on the way.

A data set is decoded once, in one process. Its fingerprint is a hash of its content, so a result
belongs to the images themselves and not to the folder they lay in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch

from scyc import seeds, torchvision_compat
from scyc.data import cifar10, image_folder, splits, tiny_imagenet
from scyc.data.images import Images
from scyc.data.splits import NamedParts
from scyc.errors import BadInput, Problem
from scyc.specs.base import content_hash
from scyc.specs.choices import (
    DatasetSpec,
    DigitsSpec,
    FactorySpec,
    ImageFolderSpec,
    TinyImageNetSpec,
    TorchvisionDataSpec,
)
from scyc.specs.factory import load_factory
from scyc.specs.system import SubsetSpec

_PIECE = 1024  # images copied at once
_TITLES: Mapping[str, str] = MappingProxyType(
    {"cifar10": "CIFAR10", "fashion_mnist": "FashionMNIST"}
)


def load(
    spec: DatasetSpec,
    subset: SubsetSpec | None = None,
    root: Path | None = None,
    cache: Path | None = None,
    test_part: str | None = None,
) -> Images:
    """Read a data set.

    root: the data's folder, instead of the spec's own. cache: a folder where decoded images may
    lie (:func:`scyc.data.images.keep`); then they are not decoded again. Nothing is written.
    test_part: the name of the part that is to be the test part; the images then have `parts` and a
    fingerprint that says where these begin.
    Raises BadInput, with every problem found: a missing folder, a class with no image, images that
    cannot be read or have different sizes, a factory that gives something else, more classes asked
    for than there are.
    """
    share = subset or SubsetSpec()
    if isinstance(spec, ImageFolderSpec | TinyImageNetSpec):
        folder = _folder(spec, root)
        listed = (
            image_folder.class_folders(folder, spec.parts)
            if isinstance(spec, ImageFolderSpec)
            else tiny_imagenet.listed(folder)
        )
        check_part(listed.parts, test_part)
        kept = stratified(np.array(listed.labels), share)
        listed = listed.part(kept.tolist(), share.classes)
        return image_folder.read(listed, spec.size, cache, test_part)
    parts, labels, classes, named = _ARRAYS[type(spec)](spec, root)
    check_part(named, test_part)
    kept = stratified(labels, share)
    named = splits.kept_parts(named, kept) if test_part is not None else ()
    pixels, labels = _taken(parts, kept), labels[kept].astype(np.int64)
    classes = classes[: share.classes]
    sha256 = hashlib.sha256(pixels.data).hexdigest()
    fingerprint = content_hash([pixels.shape, classes, labels.tolist(), sha256])
    return Images(
        torch.from_numpy(pixels),
        torch.from_numpy(labels),
        tuple(classes),
        splits.fingerprint_with(fingerprint, named),
        named,
    )


def check_part(named: NamedParts, wanted: str | None) -> None:
    """Refuse a test part that a data set does not come in. Raises BadInput."""
    if rule := splits.part_rule(named, wanted):
        raise image_folder.bad("split.test", rule, wanted)


def stratified(labels: image_folder.Array, subset: SubsetSpec) -> image_folder.Array:
    """Indices, in order, of a stratified subset: the same share of each class, at least one.

    labels: integers [images], from 0. A class's part is the same however many classes are taken.
    Raises BadInput when there are fewer classes than the subset takes.
    """
    present = np.unique(labels)
    if subset.classes is not None and subset.classes > len(present):
        rule = f"the data set has {len(present)} classes; take at most so many"
        raise image_folder.bad("classes", rule, subset.classes)
    present = present[: subset.classes]
    if subset.share == 1.0:
        return np.flatnonzero(labels <= present[-1])
    kept = []
    for label in present:
        members = np.flatnonzero(labels == label)
        wanted = max(1, round(subset.share * len(members)))
        order = torch.randperm(
            len(members), generator=seeds.generator(subset.seed, "subset", int(label))
        )
        kept.append(members[order[:wanted].numpy()])
    return np.sort(np.concatenate(kept))


def _taken(parts: Sequence[image_folder.Array], kept: image_folder.Array) -> image_folder.Array:
    """The kept images of all parts in one contiguous array; without a copy where it is one.

    parts: uint8 [images, channels, height, width] each. kept: indices into all, in order.
    """
    count = sum(len(part) for part in parts)
    only = parts[0]
    if len(kept) == count == len(only) and only.flags.c_contiguous and only.flags.writeable:
        return only
    pixels = np.empty((len(kept), *only.shape[1:]), dtype=np.uint8)
    first = 0
    for part in parts:
        begin, end = np.searchsorted(kept, [first, first + len(part)])
        for at in range(begin, end, _PIECE):
            piece = kept[at : min(at + _PIECE, end)]
            pixels[at : at + len(piece)] = part[piece - first]
        first += len(part)
    return pixels


def _folder(
    spec: TorchvisionDataSpec | ImageFolderSpec | TinyImageNetSpec, root: Path | None
) -> Path:
    if root is not None:
        return root
    if spec.root is None:
        rule = (
            f"{spec.name} needs the folder of its images; set dataset.root in the study, or give "
            "--data FOLDER"
        )
        raise image_folder.bad("dataset.root", rule)
    return Path(spec.root)


# Parts [images, channels, height, width], labels [all their images], names of the classes, and
# names and lengths of the data set's own division, () where it has none.
_Arrays = tuple[list[image_folder.Array], image_folder.Array, list[str], NamedParts]


def _digits(_: DigitsSpec, __: Path | None) -> _Arrays:
    from sklearn.datasets import load_digits  # noqa: PLC0415  # half a second, digits only

    bunch = load_digits()
    pixels = bunch.images.astype(np.uint8)[:, np.newaxis]  # values 0..16
    return [pixels], bunch.target, [str(name) for name in bunch.target_names], ()


def _torchvision(spec: TorchvisionDataSpec, root: Path | None) -> _Arrays:
    folder = _folder(spec, root)
    try:
        pixels, labels, classes = _TORCHVISION[spec.name](folder, spec.download)
        if [len(part) for part in pixels] != [len(part) for part in labels]:
            raise ValueError("the numbers of images and of labels differ")
    except Exception as error:  # a damaged file may raise anything in torchvision
        reason = str(error) or type(error).__name__
        rule = (
            f"holds no complete {_TITLES[spec.name]} ({reason}); set dataset.download, or use "
            "dataset.name image_folder for a folder of images"
        )
        raise image_folder.bad("dataset.root", rule, str(folder)) from error
    # The last is the official test part; CIFAR-10's training images come in several files.
    count = sum(len(part) for part in labels)
    test = len(labels[-1])
    return pixels, np.concatenate(labels), classes, (("train", count - test), ("test", test))


def _fashion(
    folder: Path, download: bool
) -> tuple[list[image_folder.Array], list[image_folder.Array], Any]:
    dataset = torchvision_compat.torchvision().datasets.FashionMNIST
    parts = [dataset(str(folder), train=train, download=download) for train in (True, False)]
    pixels = [np.asarray(part.data)[:, np.newaxis] for part in parts]
    return pixels, [np.asarray(part.targets) for part in parts], list(parts[0].classes)


# Pixels [images, channels, height, width] and labels of each part, and the classes.
_TORCHVISION: Mapping[str, Callable[[Path, bool], tuple[list[Any], list[Any], list[str]]]]
_TORCHVISION = MappingProxyType({"cifar10": cifar10.read, "fashion_mnist": _fashion})


def _factory(spec: FactorySpec, _: Path | None) -> _Arrays:
    try:
        made: Any = load_factory(spec.factory)(**spec.options)
        arrays, given = (made[:2], made[2]) if len(made) == 3 else (made, {})
        pixels, labels = (np.asarray(part) for part in arrays)
        named = tuple((str(name), int(count)) for name, count in dict(given).items())
    except Exception as error:  # the user's code may raise anything
        rule = f"gave no (pixels, labels): {type(error).__name__}: {error}"
        raise image_folder.bad("dataset.factory", rule, spec.factory) from error
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
    if named and (min(n for _, n in named) < 1 or sum(n for _, n in named) != len(labels)):
        rule = f"its parts {dict(named)} must be whole numbers whose sum is that of the images"
        problems.append(Problem("dataset.factory", rule, spec.factory))
    if problems:
        raise BadInput("dataset", problems)
    return [pixels], labels, [str(label) for label in range(int(labels.max()) + 1)], named


_ARRAYS: Mapping[type, Callable[[Any, Path | None], _Arrays]] = MappingProxyType(
    {DigitsSpec: _digits, TorchvisionDataSpec: _torchvision, FactorySpec: _factory}
)
