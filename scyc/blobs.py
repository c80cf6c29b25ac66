"""Where bytes are kept by name: a folder, or what fsspec reaches, such as S3."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any, Protocol

SCHEMES = ("file", "s3", "gs", "az", "abfs", "memory")  # of URLs that are taken


class Blobs(Protocol):
    """Bytes by name, such as ``ab/abcd.pt``. What is there is there whole."""

    def has(self, name: str) -> bool:
        """Whether there is something of this name."""

    def read(self, name: str) -> bytes:
        """What is there. Raises FileNotFoundError."""

    def write(self, name: str, content: bytes) -> None:
        """Keep something, in the place of what is there."""

    def delete(self, name: str) -> None:
        """Delete something; what is not there is no error."""

    def told(self, name: str) -> str:
        """A name as a user finds it."""


class Folder:
    """A folder of files, each written beside, flushed, and renamed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def has(self, name: str) -> bool:
        """Whether there is a file of this name."""
        return (self.folder / name).is_file()

    def read(self, name: str) -> bytes:
        """A file's content. Raises FileNotFoundError."""
        return (self.folder / name).read_bytes()

    def write(self, name: str, content: bytes) -> None:
        """Write a file, whole or not at all."""
        target = self.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        write_whole(target, content)

    def delete(self, name: str) -> None:
        """Delete a file."""
        (self.folder / name).unlink(missing_ok=True)

    def told(self, name: str) -> str:
        """The file's path."""
        return str(self.folder / name)


class Bucket:
    """An object store below a URL: an object is put whole, so there is nothing to rename."""

    def __init__(self, url: str) -> None:
        """Raises ImportError where the store's library is not installed, ValueError for others."""
        from fsspec.core import url_to_fs  # noqa: PLC0415  # only where there is a store

        self.url = url.rstrip("/")
        self._files: Any
        self._files, self._root = url_to_fs(self.url)

    def has(self, name: str) -> bool:
        """Whether there is an object of this name; asked anew each time."""
        self._files.invalidate_cache()
        return bool(self._files.isfile(f"{self._root}/{name}"))

    def read(self, name: str) -> bytes:
        """An object's content. Raises FileNotFoundError."""
        return bytes(self._files.cat_file(f"{self._root}/{name}"))

    def write(self, name: str, content: bytes) -> None:
        """Put an object."""
        self._files.pipe_file(f"{self._root}/{name}", content)

    def delete(self, name: str) -> None:
        """Delete an object."""
        if self.has(name):
            self._files.rm_file(f"{self._root}/{name}")

    def told(self, name: str) -> str:
        """The object's URL."""
        return f"{self.url}/{name}"


def blobs(place: str) -> Blobs:
    """What a path or a URL names: a URL of files is the folder itself. Raises as Bucket does."""
    scheme, sign, rest = place.partition("://")
    if not sign:
        return Folder(Path(place))
    if scheme == "file":
        return Folder(Path(rest))
    if scheme not in SCHEMES:
        raise ValueError(f"the scheme {scheme} is not read; use one of {', '.join(SCHEMES)}")
    return Bucket(place)


def write_whole(target: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all, also after a crash."""
    descriptor, scratch = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(scratch).replace(target)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
