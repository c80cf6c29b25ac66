"""A folder of files as bytes, the same for the same files, and back."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path


class NoArchive(ValueError):
    """A folder that cannot be stored, or bytes that are no such folder."""


def pack(folder: Path) -> bytes:
    """Return a folder's files as a tar archive; names and contents alone shape its bytes.

    Args:
        folder: Whose files are meant, at any depth.

    Returns:
        The archive: entries sorted by path, without times and owners.

    Raises:
        NoArchive: The folder holds no file, or something that is neither a file nor a folder.
    """
    buffer = io.BytesIO()
    files = 0
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in sorted(folder.rglob("*")):
            entry = tarfile.TarInfo(str(path.relative_to(folder)))
            entry.mode = 0o644
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                raise NoArchive(f"{entry.name} is neither a file nor a folder; leave files")
            if path.is_dir():
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                archive.addfile(entry)
                continue
            files += 1
            entry.size = path.stat().st_size
            with path.open("rb") as content:
                archive.addfile(entry, content)
    if not files:
        raise NoArchive("holds no file")
    return buffer.getvalue()


def unpack(content: bytes, folder: Path) -> None:
    """Write an archive's files below an empty folder; none can lead out of it.

    Args:
        content: Of the archive.
        folder: Whose files are meant, at any depth.

    Raises:
        NoArchive: The bytes are no archive, or one that holds more than files and folders.
    """
    try:
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            archive.extractall(folder, filter="data")
    except tarfile.TarError as error:
        raise NoArchive(f"holds no folder ({error})") from error
