"""Networks that are kept: content-addressed, checked before they are read, never half-written."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import torch
from torch import Tensor

from scyc.pruning.pruned_network import Network
from scyc.storage import folder_archive
from scyc.storage.blob_store import Blobs, Folder


class CheckpointError(Exception):
    """A checkpoint that cannot be read, written or deleted; its message says what to do."""


class CheckpointLost(CheckpointError):
    """A checkpoint that is missing or is not what its name says: nothing of it is of use."""


class CheckpointStore:
    """Checkpoints, each named by the sha256 of its content; the same network is kept once."""

    ending = ".pt"

    def __init__(self, location: Path | Blobs) -> None:
        """Open a folder, or another blob store."""
        self.files: Blobs = Folder(location) if isinstance(location, Path) else location

    def has(self, sha256: str) -> bool:
        """Return whether one of this name is there (its content is checked on reading).

        Args:
            sha256: Of the content, in hexadecimal.

        Returns:
            True where a file of this name is there.
        """
        return self.files.has(self.name(sha256))

    def save(self, network: Network) -> str:
        """Write a network, in the place of a damaged one of its name; returns its sha256.

        Args:
            network: A network with its masks.

        Returns:
            sha256 in hexadecimal.

        Raises:
            CheckpointError: Something else has its name.
            OSError: The disk fails.
        """
        return self._save(_serialise(network))

    def load(self, sha256: str) -> Network:
        """Read a network back.

        Only tensors are read (``weights_only``): a checkpoint cannot run code.

        Args:
            sha256: Of the content, in hexadecimal.

        Returns:
            The network, with its masks.

        Raises:
            CheckpointLost: It is missing, its bytes do not have this sum, or they hold something
                else.
            CheckpointError: It cannot be read.
        """
        content = self._load(sha256)
        try:
            both = torch.load(io.BytesIO(content), weights_only=True, map_location="cpu")
            network = Network(state=dict(both["state"]), masks=dict(both["masks"]))
            if not all(
                isinstance(each, Tensor)
                for each in (*network.state.values(), *network.masks.values())
            ):
                raise TypeError("not all of it is tensors")
            return network
        except Exception as error:  # what is no network may raise anything in torch
            reason = str(error).partition("\n")[0][:200]
            name_shown = self.files.shown_name(self.name(sha256))
            raise CheckpointLost(f"{name_shown}: holds no network ({reason})") from error

    def discard(self, sha256: str) -> None:
        """Delete a checkpoint; one that is not there is no error.

        Args:
            sha256: Of the content, in hexadecimal.

        Raises:
            CheckpointError: It cannot be deleted.
        """
        try:
            self.files.delete(self.name(sha256))
        except OSError as error:
            name_shown = self.files.shown_name(self.name(sha256))
            raise CheckpointError(_in_the_way(name_shown, error)) from error

    def name(self, sha256: str) -> str:
        """Return what a checkpoint is called below its store.

        Args:
            sha256: Of the content, in hexadecimal.

        Returns:
            As :func:`name`, with the ending of this store.
        """
        return name(sha256, self.ending)

    def _save(self, content: bytes) -> str:
        """Write bytes, in the place of damaged ones of their name; returns their sha256."""
        sha256 = hashlib.sha256(content).hexdigest()
        file = self.name(sha256)
        if not self._holds(file, content):
            try:
                self.files.write(file, content)
            except (IsADirectoryError, NotADirectoryError, FileExistsError) as error:
                raise CheckpointError(_in_the_way(self.files.shown_name(file), error)) from error
        return sha256

    def _load(self, sha256: str) -> bytes:
        """Read bytes back whose sum is right. Raises CheckpointLost, CheckpointError."""
        name_shown = self.files.shown_name(self.name(sha256))
        try:
            content = self.files.read(self.name(sha256))
        except FileNotFoundError:
            raise CheckpointLost(f"{name_shown}: no such checkpoint") from None
        except OSError as error:
            raise CheckpointError(_in_the_way(name_shown, error)) from error
        digest = hashlib.sha256(content).hexdigest()
        if digest != sha256:
            raise CheckpointLost(f"{name_shown}: damaged, its sha256 is {digest}")
        return content

    def _holds(self, file: str, content: bytes) -> bool:
        """Whether a file is there whole: its name alone promises nothing."""
        try:
            return self.files.has(file) and self.files.read(file) == content
        except OSError:
            return False


class FolderStore(CheckpointStore):
    """Folders that training functions leave, kept as checkpoints are."""

    ending = ".tar"

    def save_folder(self, folder: Path) -> str:
        """Keep a folder's files; returns the sha256 of their archive.

        Args:
            folder: Whose files are meant, at any depth.

        Returns:
            sha256 in hexadecimal.

        Raises:
            NoArchive: The folder holds no file, or what is none.
            CheckpointError: As :meth:`CheckpointStore.save`.
        """
        return self._save(folder_archive.pack(folder))

    def load_folder(self, sha256: str, folder: Path) -> None:
        """Write a stored folder's files into an empty folder.

        Args:
            sha256: Of the content, in hexadecimal.
            folder: Whose files are meant, at any depth.

        Raises:
            CheckpointLost: As :meth:`CheckpointStore.load`.
        """
        content = self._load(sha256)
        try:
            folder_archive.unpack(content, folder)
        except folder_archive.NoArchive as error:
            name_shown = self.files.shown_name(self.name(sha256))
            raise CheckpointLost(f"{name_shown}: {error}") from error


def name(sha256: str, ending: str = ".pt") -> str:
    """Return what a checkpoint is called below its store.

    Args:
        sha256: Of its bytes, in hexadecimal.
        ending: Of the file's name.

    Returns:
        Path below the store: the first two digits are its folder.
    """
    return f"{sha256[:2]}/{sha256}{ending}"


def _in_the_way(name_shown: str, error: OSError) -> str:
    """Why a file is of no use, and what to do about it."""
    reason = error.strerror or str(error) or type(error).__name__
    return (
        f"{name_shown}: {reason}; move it away or change its permissions, and run the study again"
    )


def _serialise(network: Network) -> bytes:
    """Encode a network: the same bytes for the same tensors, in names' order."""
    buffer = io.BytesIO()
    torch.save(
        {
            part: {name: tensors[name].contiguous().clone() for name in sorted(tensors)}
            for part, tensors in (("state", network.state), ("masks", network.masks))
        },
        buffer,
    )
    return buffer.getvalue()
