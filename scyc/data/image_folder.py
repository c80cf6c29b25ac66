"""Folders of class folders: which of the files below are images, and of which class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from scyc import torchvision_compat
from scyc.data import cifar10
from scyc.data.source import Arrays, Listed, bad, folder_of
from scyc.errors import BadInput, Problem
from scyc.specs.datasets import ImageFolderSpec

_PARTS = frozenset({"train", "val", "valid", "validation", "test"})
# Folders that programs and file systems make for themselves; so are those that start with a dot.
_SYSTEM = frozenset({"@eadir", "#recycle", "$recycle.bin", "__macosx", "lost+found"})
# Suffixes of images that are not read, but may be meant to be.
_NOT_READ = frozenset(
    {".avif", ".gif", ".heic", ".heif", ".jfif", ".jp2", ".jpe", ".jxl", ".pbm", ".pnm", ".tga"}
    | {".apng", ".cr2", ".dng", ".ico", ".j2k", ".jpx", ".nef", ".npy", ".pfm", ".psd", ".svg"}
)


def source(spec: ImageFolderSpec, root: Path | None) -> Arrays | Listed:
    """List the images of a folder of class folders, or read CIFAR-10 as torchvision keeps it.

    Args:
        spec: The declared data set.
        root: Folder of the images, instead of the spec's own.

    Returns:
        All images as arrays, or a list of files.

    Raises:
        BadInput: With every problem found.
    """
    folder = folder_of(spec.name, spec.root, root)
    try:
        arrays = cifar10.as_image_folder(folder, spec.parts, spec.size)
    except Exception as error:  # a damaged file may raise anything
        reason = str(error) or type(error).__name__
        raise bad("dataset.root", f"holds no complete CIFAR10 ({reason})", str(folder)) from error
    return arrays or replace(class_folders(folder, spec.parts), size=spec.size)


def class_folders(folder: Path, parts: Sequence[str]) -> Listed:
    """List the images of a folder of class folders, or of the named parts of it, joined.

    As torchvision's ImageFolder does, it takes every image at any depth below a class's folder; but
    hidden files and folders are passed over, and a folder that is a part of a data set, such as
    "train", is not taken for a class.

    Args:
        folder: Holds the class folders, or the parts that do.
        parts: Names of the parts that are joined; empty: the folder itself has the class folders.

    Returns:
        Files with their labels.

    Raises:
        BadInput: With every problem found.
    """
    if not folder.is_dir():
        raise bad(
            "dataset.root",
            "no such folder; give the folder that contains the class folders",
            str(folder),
        )
    problems = _repeated(folder, parts)
    if problems:
        raise BadInput("dataset", problems)
    whole = Listed([], [], [])
    passed_over: list[Path] = []
    for part in parts or ("",):
        listed, left, refused = one_part(folder / part)
        passed_over += left
        problems += refused
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
    whole.notices.extend(passed_over_notices(folder, passed_over))
    return whole


def _repeated(folder: Path, parts: Sequence[str]) -> list[Problem]:
    """Parts that are the folder of an earlier one: their images would be taken twice."""
    first: dict[Path, str] = {}
    problems = []
    for index, part in enumerate(parts):
        earlier = first.setdefault((folder / part).resolve(), part)
        if earlier is not part or part in parts[:index]:
            rule = f'is the folder of part "{earlier}" again; remove one'
            problems.append(Problem(f"dataset.parts[{index}]", rule, part))
    return problems


def one_part(folder: Path) -> tuple[Listed, list[Path], list[Problem]]:
    """List the images of one folder of class folders.

    Args:
        folder: Holds the class folders, or the parts that do.

    Returns:
        The images; the files that look like images and are passed over; what is wrong.
    """
    listed = Listed([], [], [])
    left: list[Path] = []
    if folder.is_dir():
        for each in sorted(folder.iterdir(), key=lambda each: each.name):
            if each.is_dir() and not hidden(each.name):
                listed.classes.append(each.name)
            elif each.is_dir():
                left += [file for file in each.rglob("*") if is_image(file)]
    if not listed.classes:
        return listed, left, [Problem("dataset.root", "holds no class folders", str(folder))]
    problems: list[Problem] = []
    for label, name in enumerate(listed.classes):
        files, passed_over, wrong = _class(folder / name)
        listed.files.extend(files)
        listed.labels.extend([label] * len(files))
        left += passed_over
        problems += wrong
    return listed, left, problems


def _class(folder: Path) -> tuple[list[Path], list[Path], list[Problem]]:
    """List the images below a class's folder, in order; those passed over; and what is wrong."""
    if folder.name.lower() in _PARTS and any(each.is_dir() for each in folder.iterdir()):
        rule = f'is a part, not a class; join the parts: dataset.parts: ["{folder.name}", ...]'
        return [], [], [Problem("dataset.root", rule, str(folder))]
    files, left = [], []
    for each in sorted(folder.rglob("*")):
        seen = not any(hidden(name) for name in each.relative_to(folder).parts)
        if is_image(each) and seen:
            files.append(each)
        elif is_image(each) or (seen and each.suffix.lower() in _NOT_READ and each.is_file()):
            left.append(each)
    if files:
        return files, left, irregular(files)
    rule = "the folder of a class has no images; remove it or add images"
    if left:
        rule += f" ({_counted(left)} skipped)"
    return [], left, [Problem("dataset.root", rule, str(folder))]


def is_image(file: Path) -> bool:
    """Return whether a file's name ends as an image's does, by torchvision's list.

    Args:
        file: Path of a file, which is not opened.

    Returns:
        True for the endings .jpg, .png and so on, in any case; False for a folder.
    """
    named = file.suffix.lower() in torchvision_compat.torchvision().datasets.folder.IMG_EXTENSIONS
    return named and not file.is_dir()


def passed_over_notices(folder: Path, files: Sequence[Path]) -> list[str]:
    """Describe the files below a folder that look like images and are passed over.

    Args:
        folder: Root of the data set.
        files: The files that are read.

    Returns:
        One sentence for each reason.
    """
    unseen: list[Path] = []
    unread: list[Path] = []
    for file in files:
        names = file.relative_to(folder).parts
        (unseen if any(hidden(name) for name in names) else unread).append(file)
    notices = []
    if unseen:
        folders = Counter(
            next(name for name in file.relative_to(folder).parts if hidden(name)) for file in unseen
        )
        shown = ", ".join(sorted(folders)[:3]) + (", ..." if len(folders) > 3 else "")
        notices.append(f"{len(unseen):,} hidden files are skipped ({shown})")
    if unread:
        notices.append(
            f"{_counted(unread)} skipped, in formats that are not supported "
            f"({unread[0].relative_to(folder).as_posix()}); convert them to PNG to use them"
        )
    return notices


def irregular(files: Sequence[Path]) -> list[Problem]:
    """Find files that must not be opened: a pipe or a device, which may never end.

    Args:
        files: All files that are to be read.

    Returns:
        One problem for each of them.
    """
    rule = "is not a regular file, or a broken link; remove it"
    return [Problem("dataset.root", rule, str(each)) for each in files if not each.is_file()]


def hidden(name: str) -> bool:
    """Return whether a file or folder of this name is no part of a data set.

    Args:
        name: Of a file or folder.

    Returns:
        True where it starts with a dot or is one that operating systems and file servers make, such
        as ``__MACOSX``.
    """
    return name.startswith(".") or name.lower() in _SYSTEM


def _counted(files: Iterable[Path]) -> str:
    """How many files of which suffix, and a verb: "12 .avif and 3 .gif files are"."""
    count = Counter(file.suffix.lower() for file in files)
    named = [f"{many:,} {suffix}" for suffix, many in sorted(count.items())]
    one = sum(count.values()) == 1
    return f"{' and '.join(named)} {'file is' if one else 'files are'}"
