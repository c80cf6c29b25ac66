"""Tiny-ImageNet (Le and Yang 2015) in the layout of its archive.

    train/<class>/images/*.JPEG     500 images of each of 200 classes, named by WordNet ids
    val/images/*.JPEG               10,000 images
    val/val_annotations.txt         file, class and a box of each, tab-separated

Both parts are joined; without val/ the training images are taken alone. test/ has no labels and
is left out. The other files of the archive are not needed.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from scyc.data.image_folder import hidden, irregular, is_image, one_part, passed_over_notices
from scyc.data.source import Listed, bad, folder_of
from scyc.errors import BadInput, Problem
from scyc.specs.datasets import TinyImageNetSpec

_ARCHIVE = "tiny-imagenet-200"


def source(spec: TinyImageNetSpec, root: Path | None) -> Listed:
    """List the labelled images: the training part class by class, then the other by file name.

    The folder is what the archive unpacked to, or the one around it. Classes are the folders in
    train/, sorted.

    Args:
        spec: The declared data set.
        root: Folder of the images, instead of the spec's own.

    Returns:
        Files with their labels.

    Raises:
        BadInput: With every problem found.
    """
    folder = folder_of(spec.name, spec.root, root)
    top = folder if (folder / "train").is_dir() else folder / _ARCHIVE
    if not (top / "train").is_dir():
        rule = "holds no train/ folder; give the folder to which Tiny-ImageNet's archive unpacks"
        raise bad("dataset.root", rule, str(folder))
    train, left, problems = one_part(top / "train")
    if (top / "val").is_dir():
        val, refused = _annotated(top / "val", train.classes)
        problems += refused
        parts = (("train", len(train.files)), ("val", len(val.files)))
        train = Listed(train.files + val.files, train.labels + val.labels, train.classes, parts)
    if problems:
        raise BadInput("dataset", problems)
    notices = passed_over_notices(top, left)
    return replace(train, size=spec.size, notices=notices)


def _annotated(folder: Path, classes: list[str]) -> tuple[Listed, list[Problem]]:
    """Read the images of val/ by file name, with their labels, and what is wrong there."""
    listed = Listed([], [], classes)
    annotations, images = folder / "val_annotations.txt", folder / "images"
    if not annotations.is_file() or not images.is_dir():
        missing = annotations if not annotations.is_file() else images
        rule = (
            "is missing; unpack the archive again, or, where val/ holds class folders, use "
            "dataset.name image_folder with parts [train, val]"
        )
        return listed, [Problem("dataset.root", rule, str(missing))]
    named, problems = _lines(annotations)
    present = {file.name for file in images.iterdir() if is_image(file) and not hidden(file.name)}
    labels = {name: label for label, name in enumerate(classes)}
    for file in sorted(present - named.keys()):
        rule = f"has no line in {annotations.name}; unpack the archive again"
        problems.append(Problem("dataset.root", rule, str(images / file)))
    for file, name in sorted(named.items()):
        if file not in present:
            rule = f"is listed in {annotations.name}, but missing; unpack the archive again"
            problems.append(Problem("dataset.root", rule, str(images / file)))
        if name not in labels:
            rule = f"is of class {name}, which is missing in train/; unpack the archive again"
            problems.append(Problem("dataset.root", rule, str(images / file)))
        else:
            listed.files.append(images / file)
            listed.labels.append(labels[name])
    named_files = [images / file for file in sorted(present)]
    return listed, problems + irregular(named_files)


def _lines(annotations: Path) -> tuple[dict[str, str], list[Problem]]:
    """Read the class that each file's line gives, and what is wrong with the lines."""
    named: dict[str, str] = {}
    problems = []
    text = annotations.read_text(encoding="utf-8", errors="replace")
    for number, line in enumerate(text.splitlines(), start=1):
        file, _, rest = line.partition("\t")
        name = rest.partition("\t")[0]
        if file and name and file not in named:
            named[file] = name
        elif line.strip():
            rule = "lists a file twice" if file in named else "needs a file, a tab and a class"
            position = f"{annotations}, line {number}"
            problems.append(Problem("dataset.root", f"{rule}; unpack the archive again", position))
    return named, problems
