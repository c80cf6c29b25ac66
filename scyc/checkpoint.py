"""Networks that are kept: content-addressed, checked before they are read, never half-written."""

from __future__ import annotations

import hashlib
import io
import pickle
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from scyc.blobs import Blobs, Folder


@dataclass(frozen=True)
class Network:
    """A network between two trainings: weights and buffers, and the masks of its pruned weights."""

    state: dict[str, Tensor]  # state_dict, on the CPU
    masks: dict[str, Tensor]  # bool, True where a weight remains; by the weight's name


class CheckpointError(Exception):
    """A checkpoint that is missing or is not what its name says."""


class CheckpointStore:
    """Checkpoints, each named by the sha256 of its content; the same network is kept once."""

    def __init__(self, place: Path | Blobs) -> None:
        """A folder, or another place for bytes."""
        self.files: Blobs = Folder(place) if isinstance(place, Path) else place

    def has(self, sha256: str) -> bool:
        """Whether one of this name is there (its content is checked on reading)."""
        return self.files.has(name(sha256))

    def save(self, network: Network) -> str:
        """Write a network; returns its sha256."""
        content = _serialise(network)
        sha256 = hashlib.sha256(content).hexdigest()
        if not self.has(sha256):
            self.files.write(name(sha256), content)
        return sha256

    def load(self, sha256: str) -> Network:
        """Read a network back.

        Raises CheckpointError when it is missing, its bytes do not have this sum, or they
        hold something else. Only tensors are read (``weights_only``): a checkpoint cannot run code.
        """
        told = self.files.told(name(sha256))
        try:
            content = self.files.read(name(sha256))
        except FileNotFoundError:
            raise CheckpointError(f"{told}: no such checkpoint") from None
        found = hashlib.sha256(content).hexdigest()
        if found != sha256:
            raise CheckpointError(f"{told}: damaged, its sha256 is {found}; delete it")
        try:
            both = torch.load(io.BytesIO(content), weights_only=True, map_location="cpu")
            return Network(state=dict(both["state"]), masks=dict(both["masks"]))
        except (pickle.UnpicklingError, RuntimeError, KeyError, TypeError, ValueError) as error:
            raise CheckpointError(f"{told}: holds no network ({error})") from error

    def discard(self, sha256: str) -> None:
        """Delete a checkpoint; one that is not there is no error."""
        self.files.delete(name(sha256))


def name(sha256: str) -> str:
    """What a checkpoint is called below its store."""
    return f"{sha256[:2]}/{sha256}.pt"


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
