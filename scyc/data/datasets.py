"""The data sets by name: from where they lie to one uint8 tensor, checked on the way.

A data set is a module with a function that gives all its images in arrays or a list of image files,
and a line here; its fields are declared in :mod:`scyc.specs.datasets`. It is decoded once, in one
process. Its fingerprint is a hash of its content, so a result belongs to the images themselves and
not to the folder they lay in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import torch

from scyc import seeds
from scyc.data import (
    digits,
    image_files,
    image_folder,
    own,
    splits,
    tiny_imagenet,
    torchvision,
)
from scyc.data.images import Images, equal_groups
from scyc.data.source import Array, Arrays, Listed, bad
from scyc.data.splits import NamedParts
from scyc.specs.base import content_hash
from scyc.specs.datasets import DatasetSpec
from scyc.specs.factory import FactorySpec, is_given_array
from scyc.specs.system import SubsetSpec

_PIECE = 1024  # images copied at once

# By the name in the spec: gives all images of a spec; the second argument is the folder that goes
# before the spec's own, or None.
DATASETS: Mapping[str, Callable[..., Arrays | Listed]] = MappingProxyType(
    {
        "digits": digits.source,
        "cifar10": torchvision.source,
        "fashion_mnist": torchvision.source,
        "image_folder": image_folder.source,
        "tiny_imagenet": tiny_imagenet.source,
    }
)


def load(
    spec: DatasetSpec,
    subset: SubsetSpec | None = None,
    root: Path | None = None,
    cache: Path | None = None,
    test_part: str | None = None,
) -> Images:
    """Read a data set. Nothing is written.

    Args:
        spec: Which data set.
        subset: The share of its images that is taken; None takes all.
        root: The data's folder, instead of the spec's own.
        cache: A folder where decoded images may lie (:func:`scyc.data.cache.keep`); then they are
            not decoded again.
        test_part: The name of the part that is to be the test part; the images then have `parts`
            and a fingerprint that says where these begin.

    Returns:
        Pixels uint8 [images, channels, height, width], labels and the fingerprint.

    Raises:
        BadInput: With every problem loaded: a missing folder, a class with no image, images that
            cannot be read or have different sizes, a factory that gives something else, more
            classes asked for than there are.
    """
    share = subset or SubsetSpec()
    if isinstance(spec, FactorySpec):
        loaded: Arrays | Listed = own.source(spec, root)
    else:
        loaded = DATASETS[spec.name](spec, root)
    named = loaded.parts if isinstance(loaded, Listed) else loaded.named
    check_part(named, test_part)
    indices = stratified(np.array(loaded.labels), share)
    if isinstance(loaded, Listed):
        return image_files.read(loaded.part(indices.tolist(), share.classes), cache, test_part)
    images = _chosen(loaded, indices, share, test_part)
    images = replace(images, fingerprint=_fingerprint(images))
    if not isinstance(spec, FactorySpec):
        return images
    sums = (hashlib.sha256(image.data).digest() for image in images.pixels.numpy())
    return replace(images, copies=equal_groups(sums))


def is_given_again(
    spec: FactorySpec,
    images: Images,
    subset: SubsetSpec | None = None,
    test_part: str | None = None,
) -> bool:
    """Return whether a user's factory gives the same images when it is called once more.

    The pixels are compared and not hashed again, unless the factory has given the memory that it
    gave before, where it may have changed them.

    Args:
        spec: The factory.
        images: What :func:`load` has made of it, with the same `subset` and `test_part`.
        subset: That of :func:`load`.
        test_part: That of :func:`load`.

    Returns:
        True where pixels, labels, names of the classes and parts are the same.

    Raises:
        BadInput: It gives no images this time.
    """
    if is_given_array(spec.factory):  # nothing is called: it is in memory
        return True
    source, share = own.source(spec, None), subset or SubsetSpec()
    check_part(source.named, test_part)
    again = _chosen(source, stratified(np.array(source.labels), share), share, test_part)
    if np.may_share_memory(images.pixels.numpy(), again.pixels.numpy()):
        return _fingerprint(again) == images.fingerprint
    same = (again.classes, again.parts) == (images.classes, images.parts)
    return (
        same
        and torch.equal(again.labels, images.labels)
        and torch.equal(again.pixels, images.pixels)
    )


def _chosen(arrays: Arrays, indices: Array, share: SubsetSpec, test_part: str | None) -> Images:
    """Return the images with these indices, without their fingerprint."""
    named = splits.parts_of_subset(arrays.named, indices) if test_part is not None else ()
    pixels, labels = _taken(arrays.parts, indices), arrays.labels[indices].astype(np.int64)
    classes = tuple(arrays.classes[: share.classes])
    return Images(torch.from_numpy(pixels), torch.from_numpy(labels), classes, "", named)


def _fingerprint(images: Images) -> str:
    """Return the hash of the content of images that were given as arrays."""
    sha256 = hashlib.sha256(images.pixels.numpy().data).hexdigest()
    content = [tuple(images.pixels.shape), list(images.classes), images.labels.tolist(), sha256]
    return splits.fingerprint_with(content_hash(content), images.parts)


def check_part(named: NamedParts, wanted: str | None) -> None:
    """Refuse a test part that a data set does not come in.

    Args:
        named: Parts that the data set comes in, with their sizes.
        wanted: Name of the part that is to be the test part.

    Raises:
        BadInput: There is no such part.
    """
    if rule := splits.part_rule(named, wanted):
        raise bad("split.test", rule, wanted)


def stratified(labels: Array, subset: SubsetSpec) -> Array:
    """Return indices, in order, of a stratified subset: the same share of each class, at least one.

    A class's part is the same however many classes are taken.

    Args:
        labels: Integers [images], from 0.
        subset: The share and the number of classes.

    Returns:
        Indices int64 [chosen], rising; of each class round(share * images), at least 1.

    Raises:
        BadInput: When there are fewer classes than the subset takes.
    """
    present = np.unique(labels)
    if subset.classes is not None and subset.classes > len(present):
        rule = f"the data set has {len(present)} classes; lower classes"
        raise bad("classes", rule, subset.classes)
    present = present[: subset.classes]
    if subset.share == 1.0:
        return np.flatnonzero(labels <= present[-1])
    chosen = []
    for label in present:
        members = np.flatnonzero(labels == label)
        wanted = max(1, round(subset.share * len(members)))
        order = torch.randperm(
            len(members), generator=seeds.generator(subset.seed, "subset", int(label))
        )
        chosen.append(members[order[:wanted].numpy()])
    return np.sort(np.concatenate(chosen))


def _taken(parts: Sequence[Array], indices: Array) -> Array:
    """Return the kept images of all parts in one contiguous array, where it is one without a copy.

    Args:
        parts: Uint8 [images, channels, height, width] each.
        indices: Indices into all, in order.
    """
    count = sum(len(part) for part in parts)
    only = parts[0]
    if len(indices) == count == len(only) and only.flags.c_contiguous and only.flags.writeable:
        return only
    pixels = np.empty((len(indices), *only.shape[1:]), dtype=np.uint8)
    first = 0
    for part in parts:
        begin, end = np.searchsorted(indices, [first, first + len(part)])
        for at in range(begin, end, _PIECE):
            piece = indices[at : min(at + _PIECE, end)]
            pixels[at : at + len(piece)] = part[piece - first]
        first += len(part)
    return pixels
