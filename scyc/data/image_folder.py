"""Image files: their list from folders of class folders, their pixels in one array."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError

from scyc import torchvision_compat
from scyc.data import splits
from scyc.data.images import Images, cached
from scyc.data.splits import NamedParts
from scyc.errors import BadInput, Problem
from scyc.specs.base import content_hash

Array = np.ndarray[Any, Any]
_PARTS = frozenset({"train", "val", "valid", "validation", "test"})
_DECODER = 1  # raised when the same files would give other pixels
_TASK = 256  # files that one thread takes at once
# Pillow looks at a file's first bytes, not at its name; some of what it knows, such as PostScript,
# it has drawn by other programs.
_FORMATS = ("BMP", "DIB", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")


@dataclass(frozen=True)
class Listed:
    """Image files, in order, before they are read."""

    files: list[Path]
    labels: list[int]  # of each file, in [0, len(classes))
    classes: list[str]
    parts: NamedParts = ()  # in which the files come, where these have names

    def part(self, indices: Sequence[int], classes: int | None) -> Listed:
        """The files with these indices, and the first so many classes (None: all)."""
        files = [self.files[index] for index in indices]
        labels = [self.labels[index] for index in indices]
        parts = splits.kept_parts(self.parts, np.asarray(indices))
        return Listed(files, labels, self.classes[:classes], parts)


def class_folders(folder: Path, parts: Sequence[str]) -> Listed:
    """The images of a folder of class folders, or of the named parts of it, joined.

    As torchvision's ImageFolder does, it takes every image at any depth below a class's folder; but
    a folder that is a part of a data set, such as "train", is not taken for a class.
    Raises BadInput with every problem found.
    """
    if not folder.is_dir():
        raise bad("dataset.root", "no such folder; name the folder of class folders", str(folder))
    problems: list[Problem] = []
    whole = Listed([], [], [])
    for part in parts or ("",):
        listed, found = one_part(folder / part)
        problems += found
        if whole.classes and listed.classes and listed.classes != whole.classes:
            rule = f"its classes differ from those of {parts[0]}; every part needs the same"
            problems.append(Problem("dataset.parts", rule, part))
        whole = Listed(
            whole.files + listed.files,
            whole.labels + listed.labels,
            whole.classes or listed.classes,
            (*whole.parts, (part, len(listed.files))),
        )
    if problems:
        raise BadInput("dataset", problems)
    return whole


def one_part(folder: Path) -> tuple[Listed, list[Problem]]:
    """The images of one folder of class folders, and what is wrong with it."""
    listed = Listed([], [], [])
    if folder.is_dir():
        listed.classes.extend(sorted(each.name for each in folder.iterdir() if each.is_dir()))
    if not listed.classes:
        return listed, [Problem("dataset.root", "holds no class folders", str(folder))]
    problems: list[Problem] = []
    for label, name in enumerate(listed.classes):
        found, wrong = _class(folder / name)
        listed.files.extend(found)
        listed.labels.extend([label] * len(found))
        problems += wrong
    return listed, problems


def _class(folder: Path) -> tuple[list[Path], list[Problem]]:
    """The images below a class's folder, in order, and what is wrong with it."""
    if folder.name.lower() in _PARTS and any(each.is_dir() for each in folder.iterdir()):
        rule = f'is a part, not a class; join the parts: dataset.parts: ["{folder.name}", ...]'
        return [], [Problem("dataset.root", rule, str(folder))]
    found = sorted(each for each in folder.rglob("*") if is_image(each))
    if found:
        return found, irregular(found)
    rule = "a class with no image; remove the folder or add images"
    return [], [Problem("dataset.root", rule, str(folder))]


def is_image(file: Path) -> bool:
    """Whether a file's name ends as an image's does, by torchvision's list."""
    named = file.suffix.lower() in torchvision_compat.torchvision().datasets.folder.IMG_EXTENSIONS
    return named and not file.is_dir()


def irregular(files: Sequence[Path]) -> list[Problem]:
    """What among images is none to be opened: a pipe or a device, which may never end."""
    rule = "is no regular file, or a link to nothing; remove it"
    return [Problem("dataset.root", rule, str(each)) for each in files if not each.is_file()]


def read(
    listed: Listed, size: int | None, cache: Path | None, test_part: str | None = None
) -> Images:
    """Read image files, unless a cache holds their pixels.

    size: pixels a side after resizing; None leaves images as they are. cache, test_part: see
    :func:`scyc.data.datasets.load`. Raises BadInput with every file that is unreadable or, where
    none is resized, of another size than the first.
    """
    sums = _sums(listed.files)
    fingerprint = content_hash([_DECODER, size, listed.classes, listed.labels, sums])
    parts = listed.parts if test_part is not None else ()
    fingerprint = splits.fingerprint_with(fingerprint, parts)
    found = cached(cache, fingerprint) if cache is not None else None
    if found is not None:
        return found
    pixels = torch.from_numpy(_decoded(listed.files, size))
    labels = torch.tensor(listed.labels, dtype=torch.int64)
    return Images(pixels, labels, tuple(listed.classes), fingerprint, parts)


def _tasks(files: Sequence[Path]) -> list[range]:
    """Indices of the files, in pieces: a future for each file would take memory of its own."""
    return [range(at, min(at + _TASK, len(files))) for at in range(0, len(files), _TASK)]


def _sums(files: Sequence[Path]) -> list[str]:
    """The sha256 of each file's content. Raises BadInput naming what is unreadable."""

    def summed(task: range) -> list[str | Problem]:
        return [_sum(files[index]) for index in task]

    with ThreadPoolExecutor(4) as pool:
        found = [each for sums in pool.map(summed, _tasks(files)) for each in sums]
    problems = [each for each in found if isinstance(each, Problem)]
    if problems:
        raise BadInput("dataset", problems)
    return [each for each in found if isinstance(each, str)]


def _sum(file: Path) -> str | Problem:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        rule = f"cannot be read ({error.strerror}); repair or remove it"
        return Problem("dataset.root", rule, str(file))


def _decoded(files: Sequence[Path], size: int | None) -> Array:
    """All images, uint8 [images, 3, height, width]. Raises BadInput naming what is unreadable.

    Each image is decoded into its place, so beside the array only a few images are in memory.
    """
    first = next(
        (image for file in files if isinstance(image := _image(file, size), np.ndarray)), None
    )
    height, width = (0, 0) if first is None else first.shape[:2]
    pixels = np.empty((len(files), 3, height, width), dtype=np.uint8)

    def decode(task: range) -> list[Problem]:
        problems = []
        for index in task:
            image = _image(files[index], size)
            if isinstance(image, Problem):
                problems.append(image)
            elif image.shape[:2] != (height, width):
                rule = (
                    f"is {image.shape[1]} x {image.shape[0]} pixels, the first image "
                    f"{width} x {height}; set dataset.size"
                )
                problems.append(Problem("dataset.root", rule, str(files[index])))
            else:
                pixels[index] = image.transpose(2, 0, 1)
        return problems

    with ThreadPoolExecutor(2) as pool:
        problems = [each for found in pool.map(decode, _tasks(files)) for each in found]
    if problems:
        raise BadInput("dataset", sorted(problems, key=lambda problem: str(problem.value)))
    return pixels


def _image(file: Path, size: int | None) -> Array | Problem:
    """One image, uint8 [height, width, 3], or why it cannot be read."""
    try:
        with Image.open(file, formats=_FORMATS) as image:
            colour = image.convert("RGB")
            if size is not None and colour.size != (size, size):
                colour = colour.resize((size, size), Image.Resampling.BILINEAR)
            return np.asarray(colour)
    except Exception as error:  # a damaged file may raise anything in Pillow
        unknown = isinstance(error, UnidentifiedImageError)  # whose text has the path once more
        reason = type(error).__name__ if unknown else error
        rule = f"cannot be read as an image ({reason}); repair or remove it"
        return Problem("dataset.root", rule, str(file))


def bad(path: str, rule: str, value: object = None) -> BadInput:
    """The refusal of a data set for one problem."""
    return BadInput("dataset", [Problem(path, rule, value)])
