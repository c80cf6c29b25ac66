"""Images of the size of a known data set, all black: for what a study costs before it is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import torch

from scyc.data import datasets, splits
from scyc.data.images import Images
from scyc.data.splits import NamedParts
from scyc.specs.datasets import DatasetSpec, TinyImageNetSpec
from scyc.specs.system import SubsetSpec


@dataclass(frozen=True)
class Size:
    """What is known of a data set without having it."""

    shape: tuple[int, int, int]  # channels, height, width
    classes: int  # each with the same number of images of every part
    parts: NamedParts


KNOWN: Mapping[str, Size] = MappingProxyType(
    {
        "cifar10": Size((3, 32, 32), 10, (("train", 50_000), ("test", 10_000))),
        "fashion_mnist": Size((1, 28, 28), 10, (("train", 60_000), ("test", 10_000))),
        "tiny_imagenet": Size((3, 64, 64), 200, (("train", 100_000), ("val", 10_000))),
    }
)


def stand_in(spec: DatasetSpec, subset: SubsetSpec, test_part: str | None = None) -> Images | None:
    """Return black images as many and as large as a data set's.

    They take the memory of one image.

    Args:
        spec: The declared data set.
        subset: The share of the images that is taken.
        test_part: Name of the part that is to be the test part.

    Returns:
        Images without a fingerprint; None where the number of images of the data set is not known.

    Raises:
        BadInput: There are fewer classes than the subset takes, or there is no such part.
    """
    known = KNOWN.get(getattr(spec, "name", ""))
    if known is None:
        return None
    datasets.check_part(known.parts, test_part)
    count = sum(each for _, each in known.parts)
    labels = np.arange(count) % known.classes
    indices = datasets.stratified(labels, subset)
    shape = known.shape
    if isinstance(spec, TinyImageNetSpec) and spec.size is not None:
        shape = (shape[0], spec.size, spec.size)
    return Images(
        torch.zeros(1, *shape, dtype=torch.uint8).expand(len(indices), *shape),
        torch.from_numpy(labels[indices]),
        tuple(str(label) for label in range(subset.classes or known.classes)),
        "",
        splits.parts_of_subset(known.parts, indices) if test_part is not None else (),
    )
