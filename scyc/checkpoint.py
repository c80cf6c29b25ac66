"""Networks on disk: content-addressed, checked before they are read, never half-written."""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import tempfile
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor


@dataclass(frozen=True)
class Network:
    """A network between two trainings: weights and buffers, and the masks of its pruned weights."""

    state: dict[str, Tensor]  # state_dict, on the CPU
    masks: dict[str, Tensor]  # bool, True where a weight remains; by the weight's name


class CheckpointError(Exception):
    """A checkpoint that is missing or is not what its name says."""


class CheckpointStore:
    """A folder of checkpoints, each named by the sha256 of its content.

    Writing the same network twice writes one file. A file is complete once it has its name: it is
    written beside, flushed, and renamed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str) -> Path:
        """Where the checkpoint with this sum lies, or would lie."""
        return self.folder / sha256[:2] / f"{sha256}.pt"

    def has(self, sha256: str) -> bool:
        """Whether a file with this name is there (its content is checked on reading)."""
        return self.path(sha256).is_file()

    def save(self, network: Network) -> str:
        """Write a network; returns its sha256."""
        content = _serialise(network)
        sha256 = hashlib.sha256(content).hexdigest()
        target = self.path(sha256)
        if not target.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            write_whole(target, content)
        return sha256

    def load(self, sha256: str) -> Network:
        """Read a network back.

        Raises CheckpointError when the file is missing, its bytes do not have this sum, or they
        hold something else. Only tensors are read (``weights_only``): a checkpoint cannot run code.
        """
        target = self.path(sha256)
        try:
            content = target.read_bytes()
        except FileNotFoundError:
            raise CheckpointError(f"{target}: no such checkpoint") from None
        found = hashlib.sha256(content).hexdigest()
        if found != sha256:
            raise CheckpointError(f"{target}: damaged, its sha256 is {found}; delete it")
        try:
            both = torch.load(io.BytesIO(content), weights_only=True, map_location="cpu")
            return Network(state=dict(both["state"]), masks=dict(both["masks"]))
        except (pickle.UnpicklingError, RuntimeError, KeyError, TypeError, ValueError) as error:
            raise CheckpointError(f"{target}: holds no network ({error})") from error

    def discard(self, sha256: str) -> None:
        """Delete a checkpoint; one that is not there is no error."""
        self.path(sha256).unlink(missing_ok=True)


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


def _serialise(network: Network) -> bytes:
    """The bytes of a network: the same for the same tensors, in names' order."""
    buffer = io.BytesIO()
    torch.save(
        {
            part: {name: tensors[name].contiguous().clone() for name in sorted(tensors)}
            for part, tensors in (("state", network.state), ("masks", network.masks))
        },
        buffer,
    )
    return buffer.getvalue()
