"""A pack under way: what an engine saves every few minutes, to go on from bit for bit.

An engine asks :meth:`PackStateStore.due` between two steps and saves all that later steps depend
on: weights, buffers, the optimizer's state, the states of PyTorch's generators, the curves so far.
The clock belongs to the store; an engine has none.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import torch

from scyc.storage.blob_store import make_folder, read_file, write_whole

State = Mapping[str, Any]  # tensors, numbers, texts and None; dicts, lists and tuples of them


class PackStateStore(Protocol):
    """Where an engine's state is kept while it trains."""

    def load(self) -> State | None:
        """Return what an earlier process saved of the same pack, on the CPU; None to start anew."""

    def due(self) -> bool:
        """Return whether it is time to save. Cheap: called after every step."""

    def save(self, state: State) -> None:
        """Keep a state in place of the one before.

        Args:
            state: What :meth:`load` returns later.
        """


class PackStateFile:
    """A state in a file, written whole or not at all, with a checksum.

    Only tensors and plain values are read (``torch.load`` with ``weights_only=True``).

    Args:
        file: Path of the file that holds the state.
        stamp: What the state belongs to, such as pack, engine and numerics; a file with another
            stamp is not read.
        every: Seconds between two saves.
        clock: Gives the time in seconds.
        say: Gets a line about a file that was refused and, once, about one that cannot be written;
            its pack is trained all the same.
    """

    def __init__(
        self,
        file: Path,
        stamp: str,
        every: float,
        clock: Callable[[], float],
        say: Callable[[str], None],
    ) -> None:
        self.file = file
        self._stamp, self._every, self._clock, self._say = stamp, every, clock, say
        self._saved = clock()
        self._fails = False

    def load(self) -> State | None:
        """Return the state in the file; None where there is none, or it is damaged or another's."""
        try:
            content = read_file(self.file)
        except FileNotFoundError:
            if os.path.lexists(self.file):
                self._say(f"{self.file}: it is no file; its pack starts anew")
            return None
        except OSError as error:
            self._say(f"{self.file}: cannot be read ({error.strerror}); its pack starts anew")
            return None
        saved = _read(content)
        if saved is None:
            self._say(f"{self.file}: damaged; its pack starts anew")
            return None
        if saved.get("stamp") != self._stamp:
            self._say(f"{self.file}: of another version or device; its pack starts anew")
            return None
        state: State = saved["state"]
        return state

    def due(self) -> bool:
        """Return whether `every` seconds have passed since the last save, or the start."""
        return self._clock() - self._saved >= self._every

    def save(self, state: State) -> None:
        """Write the state; the old file stays until the new one is complete.

        Where it cannot be written, as on a full disk, the next save tries again.

        Args:
            state: What :meth:`load` returns later.
        """
        buffer = io.BytesIO()
        torch.save({"stamp": self._stamp, "state": dict(state)}, buffer)
        content = buffer.getvalue()
        try:
            make_folder(self.file.parent)
            write_whole(self.file, hashlib.sha256(content).digest() + content)
            self._fails = False
        except OSError as error:
            if not self._fails:
                self._say(
                    f"{self.file}: not saved ({error.strerror}); after a crash its pack "
                    "starts anew, or from an earlier state"
                )
            self._fails = True
        self._saved = self._clock()


def _read(content: bytes) -> State | None:
    """Return what a file holds after its sha256; None if it is damaged."""
    size = hashlib.sha256().digest_size
    if hashlib.sha256(content[size:]).digest() != content[:size]:
        return None
    try:
        saved: State = torch.load(io.BytesIO(content[size:]), weights_only=True, map_location="cpu")
    except Exception:  # torch's reader may raise anything for other content
        return None
    return saved if isinstance(saved, dict) and "state" in saved else None
