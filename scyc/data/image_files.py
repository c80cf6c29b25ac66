"""Image files: their sums and headers, and their pixels in one array."""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch

from scyc.data import decoding, splits
from scyc.data.cache import cached
from scyc.data.decoding import Traits
from scyc.data.images import Images, equal_groups
from scyc.data.source import Array, Listed
from scyc.errors import BadInput, Problem
from scyc.specs.base import content_hash

# Part of the fingerprint, since decoded images are looked up by it: 1 where every file's pixels are
# what ``convert("RGB")`` gives, as they were from the first version on. Raised where the same files
# would give other pixels.
_PLAIN_DECODER, _DECODER = 1, 2
_TASK = 256  # files that one thread takes at once
_ALIKE = 10  # files with the same problem that are listed one by one


def read(listed: Listed, cache: Path | None, test_part: str | None = None) -> Images:
    """Read image files, unless a cache holds their pixels.

    Args:
        listed: The files.
        cache: As for :func:`scyc.data.datasets.load`.
        test_part: As for :func:`scyc.data.datasets.load`.

    Returns:
        Pixels uint8 [images, channels, height, width], labels and the fingerprint.

    Raises:
        BadInput: With every file that is unreadable, has pixels without a meaning (see
            :mod:`scyc.data.decoding`) or, where none is resized, is of another size.
    """
    headers = _headers(listed.files)
    sums = [each for each, _ in headers]
    traits = [each for _, each in headers]
    decoder = _PLAIN_DECODER if all(each.plain for each in traits) else _DECODER
    fingerprint = content_hash([decoder, listed.size, listed.classes, listed.labels, sums])
    parts = listed.parts if test_part is not None else ()
    fingerprint = splits.fingerprint_with(fingerprint, parts)
    copies = equal_groups(sums)
    notices = (*listed.notices, *_decoding_notices(listed.files, traits))
    notices += tuple(_copy_notices(listed, copies))
    images = cached(cache, fingerprint) if cache is not None else None
    if images is not None:
        pixels, labels = images.pixels, images.labels
    else:
        pixels = torch.from_numpy(_decoded(listed.files, listed.size))
        labels = torch.tensor(listed.labels, dtype=torch.int64)
    paths = _copy_paths(listed.files, copies)
    return Images(pixels, labels, tuple(listed.classes), fingerprint, parts, notices, copies, paths)


def examples(files: Iterable[Path]) -> str:
    """Return two paths at most, from the folder on that they share.

    Args:
        files: At least one.

    Returns:
        Relative paths with a comma between them, for a message.
    """
    shown = list(files)[:2]
    above = os.path.commonpath([file.parent.parent for file in shown])
    return ", ".join(file.relative_to(above).as_posix() for file in shown)


def _copy_paths(files: Sequence[Path], copies: Sequence[Sequence[int]]) -> dict[int, str]:
    """Return the paths of equal files by index, from the folder on that they share."""
    alike = [index for group in copies for index in group]
    above = os.path.commonpath([files[index].parent.parent for index in alike]) if alike else ""
    return {index: files[index].relative_to(above).as_posix() for index in alike}


def _copy_notices(listed: Listed, copies: Sequence[Sequence[int]]) -> list[str]:
    """Return what is said of equal files: those of two classes first."""
    torn = [group for group in copies if len({listed.labels[index] for index in group}) > 1]
    notices = []
    if torn:
        count = sum(len(group) for group in torn)
        of_two = {listed.labels[index]: listed.files[index] for index in torn[0]}
        notices.append(
            f"{count:,} of {len(listed.files):,} images are equal to one of another class "
            f"({examples(of_two.values())}); no network can classify both correctly; remove one of "
            "each"
        )
    return notices


def _decoding_notices(files: Sequence[Path], traits: Sequence[Traits]) -> list[str]:
    """Return what is said of files whose pixels are not taken as they stand."""
    done: tuple[tuple[str, Callable[[Traits], bool]], ...] = (
        ("are rotated upright by their EXIF orientation", lambda each: each.turned),
        ("have transparency and are composed on white", lambda each: each.transparent),
        ("are 16-bit grey and are scaled to 8 bits: v / 257", lambda each: each.deep),
        ("have several frames or pages; the first is used", lambda each: each.frames),
    )
    notices = []
    for what, has in done:
        those = [file for file, each in zip(files, traits, strict=True) if has(each)]
        if those:
            count = f"{len(those):,} of {len(files):,} images"
            notices.append(f"{count} {what} ({examples(those)})")
    return notices


def _tasks(files: Sequence[Path]) -> list[range]:
    """Split the files into ranges of indices: a future for each would take more memory."""
    return [range(at, min(at + _TASK, len(files))) for at in range(0, len(files), _TASK)]


def _headers(files: Sequence[Path]) -> list[tuple[str, Traits]]:
    """Return the sha256 of each file and how it is decoded. Raises BadInput for the unreadable."""

    def looked_at(task: range) -> list[tuple[str, Traits] | Problem]:
        return [_header(files[index]) for index in task]

    with ThreadPoolExecutor(4) as pool:
        headers_or_problems = [
            each for headers in pool.map(looked_at, _tasks(files)) for each in headers
        ]
    problems = [each for each in headers_or_problems if isinstance(each, Problem)]
    if problems:
        raise BadInput("dataset", _gathered(problems))
    return [each for each in headers_or_problems if not isinstance(each, Problem)]


def _header(file: Path) -> tuple[str, Traits] | Problem:
    try:
        content = file.read_bytes()
    except OSError as error:
        rule = f"cannot be read ({error.strerror}); repair or remove it"
        return Problem("dataset.root", rule, str(file))
    return hashlib.sha256(content).hexdigest(), decoding.traits(content)


def _decoded(files: Sequence[Path], size: int | None) -> Array:
    """Return all images, uint8 [images, 3, height, width]. Raises BadInput with what is wrong.

    Each image is decoded into its place, so besides the array only a few images are in memory.
    """
    first = next(
        (image for f in files if isinstance(image := decoding.decode(f, size), np.ndarray)), None
    )
    height, width = (0, 0) if first is None else first.shape[:2]
    pixels = np.empty((len(files), 3, height, width), dtype=np.uint8)
    others: list[tuple[int, int, int]] = []  # index, width and height of images of other sizes

    def decode(task: range) -> list[Problem]:
        problems = []
        for index in task:
            image = decoding.decode(files[index], size)
            if isinstance(image, Problem):
                problems.append(image)
            elif image.shape[:2] != (height, width):
                others.append((index, image.shape[1], image.shape[0]))
            else:
                pixels[index] = image.transpose(2, 0, 1)
        return problems

    with ThreadPoolExecutor(2) as pool:
        problems = _gathered(
            each
            for problems_of_task in pool.map(decode, _tasks(files))
            for each in problems_of_task
        )
    if others:
        index, other_width, other_height = min(others)
        rule = (
            f"{len(others):,} of {len(files):,} images differ from the first's {width} x {height} "
            f"pixels, this one with {other_width} x {other_height}: set dataset.size"
        )
        problems.append(Problem("dataset.root", rule, str(files[index])))
    if problems:
        raise BadInput("dataset", problems)
    return pixels


def _gathered(problems: Iterable[Problem]) -> list[Problem]:
    """Return problems of files by path, those with a rule that many files break as one each."""
    alike: dict[str, list[Problem]] = defaultdict(list)
    for problem in sorted(problems, key=lambda problem: str(problem.value)):
        alike[problem.rule].append(problem)
    refused = []
    for rule, those in alike.items():
        if len(those) > _ALIKE:
            more = f"{rule} ({len(those) - 1:,} more files like this)"
            those = [Problem(those[0].path, more, those[0].value)]  # noqa: PLW2901
        refused += those
    return sorted(refused, key=lambda problem: str(problem.value))
