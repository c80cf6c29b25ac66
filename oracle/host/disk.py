"""Folders that cannot be written to: detected before a run starts, or reported when one fails."""

from __future__ import annotations

import contextlib
import errno
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from oracle.errors import DiskError

_REMEDIES: Mapping[int, str] = MappingProxyType(
    {
        errno.ENOSPC: "make room there",
        errno.EDQUOT: "make room there, or have the quota raised",
        errno.EFBIG: "have the limit on files raised",
        errno.EROFS: "make it writable",
        errno.EACCES: "make it writable",
        errno.EPERM: "make it writable",
        errno.EIO: "see to the disk",
    }
)


def why_not_writable(folder: Path) -> str:
    """Say why nothing can be written to a folder, made first if need be; "" if it can.

    Args:
        folder: It may be missing.

    Returns:
        Rule and remedy as text; the disk is tried with a temporary file.
    """
    absolute = folder.absolute()
    nearest = next(each for each in (absolute, *absolute.parents) if each.exists())
    try:
        with tempfile.TemporaryFile(dir=nearest):
            return ""
    except OSError as error:
        return f"{nearest} is not a folder that can be written to ({error.strerror}); name another"


def disk_failed(error: OSError) -> DiskError | None:
    """Explain an error to the user if it is the disk's.

    Args:
        error: As the system raised it.

    Returns:
        The error with a remedy; None where it is not the disk's.
    """
    remedy = _REMEDIES.get(error.errno or 0)
    if remedy is None:
        return None
    file = f"{error.filename}: " if error.filename else ""
    advice = "then run the same command again; what is finished is kept"
    return DiskError(f"{file}{error.strerror}; {remedy}, {advice}")


@contextlib.contextmanager
def raise_disk_errors() -> Iterator[None]:
    """Raise DiskError instead of an OSError of the disk.

    Yields:
        Nothing.

    Raises:
        DiskError: The disk is full, read-only or fails.
    """
    try:
        yield
    except OSError as error:
        failure = disk_failed(error)
        if failure is None:
            raise
        raise failure from error
