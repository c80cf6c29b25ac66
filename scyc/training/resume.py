"""A pack in flight: what an engine saves every few minutes, to go on from bit for bit.

An engine asks :meth:`Flight.due` between two steps and saves all that the steps to come depend on:
weights, buffers, the optimiser's state, the states of PyTorch's generators, the curves so far. The
clock is the flight's; an engine sees none.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import torch

from scyc.pruning.pruned_network import Network
from scyc.storage.blob_store import make_folder, read_file, write_whole
from scyc.training.job import Job, Outcome

State = Mapping[str, Any]  # tensors, numbers, texts and None; dicts, lists and tuples of them


class Flight(Protocol):
    """Where an engine's state is kept while it trains."""

    def resumed(self) -> State | None:
        """What an earlier process saved of the same pack, on the CPU; None if it starts anew."""

    def due(self) -> bool:
        """Whether it is time to save. Cheap: asked after every step."""

    def save(self, state: State) -> None:
        """Keep a state; it replaces the one before."""


class FlightFile:
    """A state in a file: whole or not at all, and checked before it is read.

    stamp: says what the state belongs to, such as pack, engine and numerics; a file with another
    stamp is not read. every: seconds between two saves, by `clock`. say: is told of a file that was
    refused, and, once, of one that cannot be written: its pack is trained all the same.
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

    def resumed(self) -> State | None:
        """The state in the file; None where there is none, or it is damaged or another's."""
        try:
            content = read_file(self.file)
        except FileNotFoundError:
            if os.path.lexists(self.file):
                self._say(f"{self.file}: it is no file; its pack starts anew")
            return None
        except OSError as error:
            self._say(f"{self.file}: cannot be read ({error.strerror}); its pack starts anew")
            return None
        found = _read(content)
        if found is None:
            self._say(f"{self.file}: damaged; its pack starts anew")
            return None
        if found.get("stamp") != self._stamp:
            self._say(f"{self.file}: of another version or device; its pack starts anew")
            return None
        state: State = found["state"]
        return state

    def due(self) -> bool:
        """Whether `every` seconds have gone by since the last save, or the start."""
        return self._clock() - self._saved >= self._every

    def save(self, state: State) -> None:
        """Write the state; the file that was there stays until the new one is whole.

        Where it cannot be written, as on a full disk, it is tried again when it is due again.
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


def outcome_state(outcome: Outcome) -> State:
    """A finished member as an engine saves it; its masks are those of its job."""
    return {
        "curve": outcome.curve,
        "accuracies": (outcome.val_accuracy, outcome.test_accuracy),
        "diverged": outcome.diverged,
        "network": dict(outcome.network.state),
        "kept": None if outcome.kept is None else dict(outcome.kept.state),
    }


def outcome_of(state: State, job: Job) -> Outcome:
    """The finished member that :func:`outcome_state` was given."""
    masks, kept = job.start.masks, state["kept"]
    val, test = state["accuracies"]
    return Outcome(
        state["curve"],
        val,
        test,
        state["diverged"],
        Network(state["network"], masks),
        None if kept is None else Network(kept, masks),
    )


def _read(content: bytes) -> Mapping[str, Any] | None:
    """What a file holds after its sha256; None if it is not that. Only tensors and plain values."""
    size = hashlib.sha256().digest_size
    if hashlib.sha256(content[size:]).digest() != content[:size]:
        return None
    try:
        found: Mapping[str, Any] = torch.load(
            io.BytesIO(content[size:]), weights_only=True, map_location="cpu"
        )
    except Exception:  # what is no state may raise anything in torch's reader
        return None
    return found if isinstance(found, dict) and "state" in found else None
