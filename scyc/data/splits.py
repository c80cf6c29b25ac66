"""Which images are for training, validation and testing, and what such a split lacks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from scyc import seeds
from scyc.errors import unknown
from scyc.specs.base import content_hash
from scyc.specs.system import SplitSpec

PARTS = ("training", "validation", "test")
_SHOWN = 5  # names of classes in a line
_ROUNDING = 1e-9  # 5 x 0.2 is one image, whatever rounding says

Array = np.ndarray[Any, Any]
# Names of the consecutive parts in which a data set comes, and how many images each has.
NamedParts = tuple[tuple[str, int], ...]


class Indices(NamedTuple):
    """Indices of the images of each part, int64 [images in the part]."""

    train: Tensor
    validation: Tensor
    test: Tensor


@dataclass(frozen=True)
class PartCounts:
    """One part of one replicate's split."""

    images: int
    largest: int  # images of the class that has most of them
    missing: int  # classes without an image

    @property
    def majority(self) -> float:
        """The accuracy, in percent, of always naming the class that has most images."""
        return 100 * self.largest / self.images


def draw(labels: Tensor, named: NamedParts, spec: SplitSpec, seed: int, replicate: int) -> Indices:
    """Draw one replicate's split.

    Args:
        labels: int64 [images].
        named: The parts of the data set; needed where `spec.test` names one of them.
        spec: What is drawn.
        seed: Of the study.
        replicate: Whose split.

    Returns:
        Indices in random order; those of a named test part in the order of the images.
    """
    everything = torch.arange(len(labels))
    first, end = (0, 0) if spec.test is None else _span(named, spec.test)
    free = torch.cat([everything[:first], everything[end:]])
    generator = seeds.generator(seed, "split", replicate)
    order = free[torch.randperm(len(free), generator=generator)]
    shares = _shares(spec)
    if spec.stratified:
        part = _stratified(labels[order], shares)
        train, validation, test = (order[part == number] for number in range(len(PARTS)))
    else:
        middle = round(len(order) * shares[0])
        last = middle + round(len(order) * shares[1]) if spec.test is None else len(order)
        train, validation, test = order[:middle], order[middle:last], order[last:]
    return Indices(train, validation, test if spec.test is None else everything[first:end])


def sizes(labels: Tensor, named: NamedParts, spec: SplitSpec) -> dict[str, int]:
    """Return how many images each part has, the same in every replicate.

    Args:
        labels: Integer classes [images].
        named: Parts that the data set comes in, with their sizes.
        spec: Sizes of the parts.

    Returns:
        Number of images by the name of the part, one of `PARTS`.
    """
    drawn = draw(labels, named, spec, 0, 0)
    return {name: len(indices) for name, indices in zip(PARTS, drawn, strict=True)}


def counts(labels: Tensor, classes: int, indices: Sequence[Tensor]) -> dict[str, PartCounts]:
    """Count the images and the classes of each part; every part has at least one image.

    Args:
        labels: Integer classes [images] of the whole data set.
        classes: How many classes there are.
        indices: Of the images of each part, in the order of `PARTS`.

    Returns:
        Counts by the name of the part.
    """
    counted = {}
    for name, each in zip(PARTS, indices, strict=True):
        by_class = torch.bincount(labels[each], minlength=classes)
        counted[name] = PartCounts(len(each), int(by_class.max()), int((by_class == 0).sum()))
    return counted


def remarks(
    labels: Tensor, classes: Sequence[str], replicates: Iterable[Mapping[str, PartCounts]]
) -> list[str]:
    """Say what the splits of a study lack: classes of one image, and classes that a part misses.

    Args:
        labels: Integer classes [images].
        classes: Names of the classes.
        replicates: Counts of each replicate, by part.

    Returns:
        Lines for the user, at most one on single images and one a part; [] where nothing is
        lacking.
    """
    lines = []
    by_class = torch.bincount(labels, minlength=len(classes))
    single = [classes[index] for index in torch.nonzero(by_class == 1).flatten().tolist()]
    if single:
        names = ", ".join(single[:_SHOWN]) + (", ..." if len(single) > _SHOWN else "")
        has = "has" if len(single) == 1 else "have"
        lines.append(
            f"{len(single)} of {len(classes)} classes {has} one image, which is in one part only: "
            f"{names}"
        )
    every = list(replicates)
    for part in PARTS:
        missing = [each[part].missing for each in every]
        lacking = sum(1 for count in missing if count)
        if lacking:
            lines.append(
                f"the {part} part has no image of {_range(missing)} of {len(classes)} classes in "
                f"{lacking} of {len(every)} replicates; {_MEANING[part]}"
            )
    return lines


_MEANING = {
    "training": "these cannot be learned: more images, or split.stratified: true",
    "validation": "max_lr is chosen without these: more images, or split.stratified: true",
    "test": "accuracy says nothing of these: more images, or split.stratified: true",
}


def _range(missing: Sequence[int]) -> str:
    some = [count for count in missing if count]
    return str(some[0]) if min(some) == max(some) else f"{min(some)} to {max(some)}"


def divided_copies(copies: Sequence[Sequence[int]], indices: Indices) -> list[tuple[int, int]]:
    """Return the validation and test images that are equal to a training image.

    Args:
        copies: Indices of equal images, two or more of each.
        indices: Of the images of each part.

    Returns:
        The index of each such image, and that of the first training image that it is equal to.
    """
    training = set(indices.train.tolist()) if copies else set()
    divided = []
    for group in copies:
        learned = [index for index in group if index in training]
        divided += [(index, learned[0]) for index in group if learned and index not in training]
    return divided


def parts_of_subset(named: NamedParts, indices: Array) -> NamedParts:
    """Return the parts of a subset of a data set that comes in parts.

    Args:
        named: Names and sizes of the parts of the whole data set, in the order of the images.
        indices: Rising indices of the images that are in the subset.

    Returns:
        The same names with the number of images of each that are in the subset, which may be 0.
    """
    ends = np.cumsum([count for _, count in named])
    until = [0, *np.searchsorted(indices, ends).tolist()]
    return tuple(
        (name, int(until[index + 1] - until[index])) for index, (name, _) in enumerate(named)
    )


def fingerprint_with(fingerprint: str, parts: NamedParts) -> str:
    """Return the fingerprint of images whose parts matter; that of the images alone without.

    Args:
        fingerprint: Hash of the images.
        parts: Names and sizes of the parts.

    Returns:
        Hexadecimal hash; `fingerprint` itself where there are no parts.
    """
    return content_hash(["parts", fingerprint, parts]) if parts else fingerprint


def part_rule(named: NamedParts, wanted: str | None) -> str | None:
    """Return why this part cannot be the test part, and the remedy; None where it can.

    Args:
        named: Parts that the data set comes in, with their sizes.
        wanted: Name of the part that is to be the test part.

    Returns:
        Rule and remedy as text, with a suggestion for a misspelt name.
    """
    if wanted is None:
        return None
    names = [name for name, _ in named]
    if not names:
        return "the data set comes in no parts; leave split.test out"
    if wanted not in names:
        return unknown(wanted, names)
    return None


def _span(named: NamedParts, wanted: str) -> tuple[int, int]:
    """First index and end of a named part."""
    first = 0
    for name, count in named:
        if name == wanted:
            return first, first + count
        first += count
    raise ValueError(f'the data set has no part "{wanted}"')


def _shares(spec: SplitSpec) -> tuple[float, float, float]:
    """Shares of the images that are drawn for training, validation and testing; their sum is 1."""
    if spec.test is None:
        return spec.train, spec.validation, 1 - spec.train - spec.validation
    train = spec.train / (spec.train + spec.validation)
    return train, 1 - train, 0.0


def _stratified(labels: Tensor, shares: Sequence[float]) -> Tensor:
    """Choose a part, 0 to 2, for each image, so that each class has nearly the shares.

    labels: in the order in which the images are drawn. A class's first image is for training, and
    one with as many images as there are parts has one in each. What does not divide evenly goes to
    the part that is furthest behind over all classes so far, so that the parts have the sizes of
    an unstratified split.
    """
    part = torch.empty_like(labels)
    wanted = [number for number, share in enumerate(shares) if share > 0]
    behind = [0.0 for _ in shares]  # images that each part should have and has not
    for label in labels.unique().tolist():
        members = torch.nonzero(labels == label).flatten()
        count = len(members)
        taken = [0 for _ in shares]
        for number in wanted:
            behind[number] += count * shares[number]
            least = 1 if number == 0 or count >= len(wanted) else 0
            taken[number] = max(least, math.floor(count * shares[number] + _ROUNDING))
        while sum(taken) > count:  # by the least of each
            taken[taken.index(max(taken))] -= 1
        for _ in range(count - sum(taken)):
            taken[max(wanted, key=lambda each: behind[each] - taken[each])] += 1
        behind = [due - has for due, has in zip(behind, taken, strict=True)]
        part[members] = torch.repeat_interleave(torch.arange(len(shares)), torch.tensor(taken))
    return part
