"""Where bytes are stored by name: a folder, or what fsspec reaches, such as S3."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Protocol

SCHEMES = ("file", "s3", "gs", "az", "abfs", "memory")  # of URLs that are taken
_SCRATCH = re.compile(r"\..+\.[0-9a-f]{16}")


class Blobs(Protocol):
    """Bytes by name, such as ``ab/abcd.pt``. What is there is there whole."""

    def has(self, name: str) -> bool:
        """Return whether there is something of this name.

        Args:
            name: Path below the store, with slashes.

        Returns:
            True where it is there.
        """

    def read(self, name: str) -> bytes:
        """Return the bytes of a name.

        Args:
            name: Path below the store, with slashes.

        Returns:
            All of its content.

        Raises:
            FileNotFoundError: There is nothing of this name.
        """

    def write(self, name: str, content: bytes) -> None:
        """Write the bytes of a name, in the place of what is there.

        Args:
            name: Path below the store, with slashes.
            content: All of it.
        """

    def delete(self, name: str) -> None:
        """Delete something; what is not there is no error.

        Args:
            name: Path below the store, with slashes.
        """

    def shown_name(self, name: str) -> str:
        """Return a name as a user finds it.

        Args:
            name: Path below the store, with slashes.

        Returns:
            A path, or a URL.
        """


class Folder:
    """A folder of files, each written to a temporary file, flushed, and renamed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def has(self, name: str) -> bool:
        """Return whether there is a file of this name (as :meth:`Blobs.has`)."""
        return (self.folder / name).is_file()

    def read(self, name: str) -> bytes:
        """Return a file's content (as :meth:`Blobs.read`)."""
        return read_file(self.folder / name)

    def write(self, name: str, content: bytes) -> None:
        """Write a file, whole or not at all (as :meth:`Blobs.write`)."""
        target = self.folder / name
        make_folder(target.parent)
        write_whole(target, content)

    def delete(self, name: str) -> None:
        """Delete a file (as :meth:`Blobs.delete`)."""
        (self.folder / name).unlink(missing_ok=True)

    def shown_name(self, name: str) -> str:
        """Return the file's path (as :meth:`Blobs.shown_name`)."""
        return str(self.folder / name)


class Bucket:
    """An object store below a URL: an object is put whole, so there is nothing to rename."""

    def __init__(self, url: str) -> None:
        """Open a bucket. Raises ImportError without its library, ValueError for other URLs."""
        from fsspec.core import url_to_fs  # noqa: PLC0415  # only where there is a store

        self.url = url.rstrip("/")
        self._files: Any
        self._files, self._root = url_to_fs(self.url)

    def has(self, name: str) -> bool:
        """Return whether there is an object; requested anew each time (as :meth:`Blobs.has`)."""
        self._files.invalidate_cache()
        return bool(self._files.isfile(f"{self._root}/{name}"))

    def read(self, name: str) -> bytes:
        """Return an object's content (as :meth:`Blobs.read`)."""
        return bytes(self._files.cat_file(f"{self._root}/{name}"))

    def write(self, name: str, content: bytes) -> None:
        """Put an object (as :meth:`Blobs.write`)."""
        self._files.pipe_file(f"{self._root}/{name}", content)

    def delete(self, name: str) -> None:
        """Delete an object (as :meth:`Blobs.delete`)."""
        if self.has(name):
            self._files.rm_file(f"{self._root}/{name}")

    def shown_name(self, name: str) -> str:
        """Return the object's URL (as :meth:`Blobs.shown_name`)."""
        return f"{self.url}/{name}"


def blobs(location: str) -> Blobs:
    """Open what a path or a URL names; a URL of files is the folder itself.

    Args:
        location: A folder, or the URL of a bucket.

    Returns:
        The store; nothing is made or read before it is used.

    Raises:
        ImportError: The store's library is not installed.
        ValueError: The URL is of no known kind.
    """
    scheme, sign, rest = location.partition("://")
    if not sign:
        return Folder(Path(location))
    if scheme == "file":
        return Folder(Path(rest))
    if "::" in location:
        raise ValueError("a chain of places is not read; name one")
    if scheme not in SCHEMES:
        raise ValueError(f"the scheme {scheme} is not read; use one of {', '.join(SCHEMES)}")
    return Bucket(location)


def read_file(path: Path) -> bytes:
    """Read a file. What is neither a file nor a folder counts as missing.

    Reading a pipe would wait for ever, and a device may have no end.

    Args:
        path: Of the file.

    Returns:
        Its content.

    Raises:
        FileNotFoundError: There is no file.
        IsADirectoryError: It is a folder.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "it is no file", str(path))
    if not path.is_file():
        raise FileNotFoundError(errno.ENOENT, "there is no file", str(path))
    return path.read_bytes()


def write_whole(target: Path, content: bytes, mode: int = 0o600) -> None:
    """Write a file so that it is there whole or not at all, also after a crash.

    Args:
        target: The file; its folder exists.
        content: All of it.
        mode: Permissions of the file.
    """
    with whole(target, mode) as file:
        file.write(content)


@contextlib.contextmanager
def whole(target: Path, mode: int = 0o600) -> Iterator[BinaryIO]:
    """Open a file to write, which takes its target's place when all is written and flushed.

    Args:
        target: Path that the file gets in the end.
        mode: Its permissions, less what the umask takes away.

    Yields:
        A temporary binary file next to the target.

    Raises:
        OSError: It could not be written; the error names the target.
    """
    scratch = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    try:
        with _in_use(target.parent, fcntl.LOCK_SH) as folder:
            descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    yield file
                    file.flush()
                    os.fsync(file.fileno())
                scratch.replace(target)
            except BaseException:
                scratch.unlink(missing_ok=True)
                raise
            os.fsync(folder)
    except OSError as error:
        error.filename, error.filename2 = str(target), None
        raise


def make_folder(folder: Path) -> None:
    """Make a folder and those above it that are missing, to last also after a crash.

    Args:
        folder: Its path; it may exist.
    """
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for each in missing:
        descriptor = os.open(each.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def sweep(folder: Path) -> None:
    """Delete what killed writers have left of unfinished files, in a folder and in those in it.

    A folder in which somebody writes just now is left alone, and so is one that cannot be locked.

    Args:
        folder: That of a store; where it is missing, nothing is done.
    """
    with contextlib.suppress(OSError):
        _swept(folder)
        for each in folder.iterdir():
            if each.is_dir():
                _swept(each)


def _swept(folder: Path) -> None:
    left = [each for each in folder.iterdir() if _SCRATCH.fullmatch(each.name)]
    if not left:
        return
    with contextlib.suppress(OSError), _in_use(folder, fcntl.LOCK_EX | fcntl.LOCK_NB, sure=True):
        for each in left:
            each.unlink(missing_ok=True)


@contextlib.contextmanager
def _in_use(folder: Path, lock: int, sure: bool = False) -> Iterator[int]:
    """Open a folder and lock it: shared by all who write in it, or alone by who sweeps it.

    sure: whether to raise OSError where it cannot be locked, as on some file systems of a network.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.nullcontext() if sure else contextlib.suppress(OSError):
            fcntl.flock(descriptor, lock)
        yield descriptor
    finally:
        os.close(descriptor)
