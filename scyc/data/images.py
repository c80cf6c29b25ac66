"""Images as one uint8 tensor, their random split, and the order in which they are trained on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from scyc.data import splits
from scyc.data.splits import NamedParts
from scyc.errors import Problem
from scyc.specs.system import SplitSpec

_CHUNK = 2**22  # pixel values, a byte each, counted at once


@dataclass(frozen=True)
class Images:
    """A whole data set, before it is split."""

    pixels: Tensor  # uint8 [images, channels, height, width]
    labels: Tensor  # int64 [images], in [0, len(classes))
    classes: tuple[str, ...]
    fingerprint: str  # sha256 of pixels' source, labels and classes
    parts: NamedParts = ()  # in which they come, where one of these is to stay the test part
    notices: tuple[str, ...] = ()  # what is worth knowing of how they were read, a line each
    copies: tuple[tuple[int, ...], ...] = ()  # indices of equal images, two or more of each
    copy_paths: Mapping[int, str] = field(default_factory=dict)  # of these, where they are files

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


def equal_groups(contents: Iterable[Hashable]) -> tuple[tuple[int, ...], ...]:
    """Return the indices of equal contents, two or more of each.

    Args:
        contents: In the order of the indices.

    Returns:
        Groups of indices, each rising, in the order of their first; () where all contents differ.
    """
    alike: dict[Hashable, list[int]] = defaultdict(list)
    for index, content in enumerate(contents):
        alike[content].append(index)
    return tuple(tuple(group) for group in alike.values() if len(group) > 1)


def split(images: Images, shares: SplitSpec, seed: int, replicate: int) -> Split:
    """Split the whole data set at random into training, validation and test part (Section 5.1).

    Args:
        images: Pixels and labels of the data set.
        shares: Sizes of the parts.
        seed: Of the study.
        replicate: Number of the replicate, from 0.

    Returns:
        Indices of each part, with mean and deviation of the pixels.
    """
    drawn = splits.draw(images.labels, images.parts, shares, seed, replicate)
    mean, std = _statistics(images.pixels, drawn.train)
    return Split(*drawn, mean, std)


def batches(images: int, batch: int, steps: int, generator: torch.Generator) -> Tensor:
    """Draw the images of every iteration, without replacement.

    Every image is seen once before any is seen again; a batch may span two such rounds.

    Args:
        images: How many there are to draw from.
        batch: Images of an iteration.
        steps: Iterations.
        generator: Random state, on the CPU.

    Returns:
        Indices, int64 [steps, batch].
    """
    rounds = -(-steps * batch // images)
    stream = torch.cat([torch.randperm(images, generator=generator) for _ in range(rounds)])
    return stream[: steps * batch].reshape(steps, batch)


def split_problems(images: Images, shares: SplitSpec) -> list[Problem]:
    """Check whether these images can be split in these shares.

    Args:
        images: A data set.
        shares: Shares of training, validation and test images.

    Returns:
        One problem for each share that is refused.
    """
    count = len(images.labels)
    return [
        Problem(
            "dataset",
            f"{count} images are too few: none is left for the {name} part; use more images",
        )
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
