"""Folders of class folders of images."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError

from scyc import vision
from scyc.data import Images, cached
from scyc.problems import BadInput, Problem
from scyc.spec import ImageFolderSpec, content_hash

Array = np.ndarray[Any, Any]
_PARTS = frozenset({"train", "val", "valid", "validation", "test"})
_DECODER = 1  # raised when the same files would give other pixels


def load(
    spec: ImageFolderSpec,
    folder: Path | None,
    subset: Callable[[Array], Array],
    cache: Path | None,
) -> Images:
    """Read a folder of class folders, or the parts of it that the spec names, joined.

    subset: from the labels of all images to the indices of those that are used; the others are
    not read. cache: see :func:`scyc.sources.load`. Raises BadInput with every problem found.
    """
    if folder is None:
        raise bad("dataset.root", "image_folder needs a folder; name one here or with --data")
    files, numbers, classes = _listed(folder, spec.parts)
    labels = np.array(numbers, dtype=np.int64)
    kept = subset(labels)
    files, labels = [files[index] for index in kept], labels[kept]
    with ThreadPoolExecutor(4) as pool:
        sums = list(pool.map(lambda file: hashlib.sha256(file.read_bytes()).hexdigest(), files))
    fingerprint = content_hash([_DECODER, spec.size, classes, labels.tolist(), sums])
    found = cached(cache, fingerprint) if cache is not None else None
    if found is not None:
        return found
    pixels = torch.from_numpy(_decoded(files, spec.size))
    return Images(pixels, torch.from_numpy(labels), tuple(classes), fingerprint)


def _listed(folder: Path, parts: Sequence[str]) -> tuple[list[Path], list[int], list[str]]:
    """The image files, in order, their labels, and the classes. Raises BadInput, all at once.

    As torchvision's ImageFolder does, it takes every image at any depth below a class's folder; but
    a folder that is a part of a data set, such as "train", is not taken for a class.
    """
    if not folder.is_dir():
        raise bad("dataset.root", "no such folder; name the folder of class folders", str(folder))
    problems: list[Problem] = []
    files: list[Path] = []
    labels: list[int] = []
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
        for label, name in enumerate(names):
            found, problem = _class(top / name)
            files += found
            labels += [label] * len(found)
            problems += problem
    if problems:
        raise BadInput("dataset", problems)
    return files, labels, classes


def _class(folder: Path) -> tuple[list[Path], list[Problem]]:
    """The images below a class's folder, in order, and what is wrong with it."""
    if folder.name.lower() in _PARTS and any(each.is_dir() for each in folder.iterdir()):
        rule = f'is a part, not a class; join the parts: dataset.parts: ["{folder.name}", ...]'
        return [], [Problem("dataset.root", rule, str(folder))]
    endings = tuple(vision.torchvision().datasets.folder.IMG_EXTENSIONS)
    found = sorted(each for each in folder.rglob("*") if each.suffix.lower() in endings)
    if found:
        return found, []
    rule = "a class with no image; remove the folder or add images"
    return [], [Problem("dataset.root", rule, str(folder))]


def _decoded(files: Sequence[Path], size: int | None) -> Array:
    """All images, uint8 [images, 3, height, width]. Raises BadInput naming what is unreadable."""
    problems: list[Problem] = []

    def decode(file: Path) -> Array | None:
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

    pixels: Array | None = None
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


def bad(path: str, rule: str, value: object = None) -> BadInput:
    """The refusal of a data set for one problem."""
    return BadInput("dataset", [Problem(path, rule, value)])
