"""What a data set's module gives: all its images in arrays, or a list of image files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from scyc.data.splits import NamedParts, parts_of_subset
from scyc.errors import BadInput, Problem

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Arrays:
    """Images in memory, one after another."""

    parts: Sequence[Array]  # uint8 [images, channels, height, width] each
    labels: Array  # integers [images of all parts], in [0, len(classes))
    classes: list[str]
    named: NamedParts = ()  # the data set's own division, where it has one


@dataclass(frozen=True)
class Listed:
    """Image files, in order, before they are read."""

    files: list[Path]
    labels: list[int]  # of each file, in [0, len(classes))
    classes: list[str]
    parts: NamedParts = ()  # in which the files come, where these have names
    size: int | None = None  # pixels a side after resizing; None leaves images as they are
    notices: list[str] = field(default_factory=list)  # what was passed over, a line each

    def part(self, indices: Sequence[int], classes: int | None) -> Listed:
        """Return the files with these indices, and the first so many classes (None: all).

        Args:
            indices: Of the images, rising.
            classes: How many; None: all.

        Returns:
            A new list, with the sizes of the named parts counted anew; nothing is decoded.
        """
        files = [self.files[index] for index in indices]
        labels = [self.labels[index] for index in indices]
        parts = parts_of_subset(self.parts, np.asarray(indices))
        return Listed(files, labels, self.classes[:classes], parts, self.size, self.notices)


def folder_of(name: str, own: str | None, root: Path | None) -> Path:
    """Return the folder in which a data set lies.

    Args:
        name: The data set's.
        own: The folder that its spec names.
        root: The folder that is named elsewhere, which goes before.

    Returns:
        `root` where it is given, else `own`; it need not exist.

    Raises:
        BadInput: Where neither is named.
    """
    if root is not None:
        return root
    if own is None:
        rule = (
            f"{name} needs the folder of its images; set dataset.root in the study, or give "
            "--data FOLDER"
        )
        if name in ("cifar10", "fashion_mnist"):
            rule += "; with --download it is downloaded there first"
        raise bad("dataset.root", rule)
    return Path(own)


def bad(path: str, rule: str, value: object = None) -> BadInput:
    """Return the refusal of a data set for one problem.

    Args:
        path: Of the field in the study.
        rule: What is broken, and the remedy.
        value: What was given.

    Returns:
        The error, for the caller to raise.
    """
    return BadInput("dataset", [Problem(path, rule, value)])
