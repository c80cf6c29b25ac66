"""Stores of packs under way that end a training where a test says so."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

NEVER = 10**9  # steps between two saves


class Killed(BaseException):
    """Ends a training as a signal would."""


@dataclass
class InMemoryStore:
    """Saves after every so many steps, as it would lie in a file, and is killed after some.

    Of what a killed training saves only the last is ever read, so that it alone is saved.
    """

    every: int = 1
    killed_after: int | None = None  # steps since this process started
    content: bytes | None = None
    steps: int = 0
    saves: int = 0

    def load(self) -> Mapping[str, Any] | None:
        if self.content is None:
            return None
        state: Mapping[str, Any] = torch.load(io.BytesIO(self.content), weights_only=True)
        return state

    def due(self) -> bool:
        if self.steps == self.killed_after:
            raise Killed
        self.steps += 1
        if self.steps % self.every:
            return False
        return self.killed_after is None or self.steps + self.every > self.killed_after

    def save(self, state: Mapping[str, Any]) -> None:
        buffer = io.BytesIO()
        torch.save(dict(state), buffer)
        self.content = buffer.getvalue()
        self.saves += 1

    def next(self, every: int = NEVER) -> InMemoryStore:
        """The store of the process that continues."""
        return InMemoryStore(every=every, content=self.content)
