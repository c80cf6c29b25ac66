"""The graph of cells: what has to be trained, named by everything that shapes it.

A cell is one training: (parent cell, max_lr, replicate). Its id is a hash of its parent's id and
of everything that shapes the training, so whoever asks for the same training asks for the same
cell, and nothing in the graph is trained twice. The root of a replicate is its initial weights.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from scyc.spec import SystemSpec, as_json, content_hash

NUMERICS = 1  # raised when the same spec would give other numbers: old results are not reused


@dataclass(frozen=True)
class Graph:
    """All cells of one system on one data set."""

    system: SystemSpec
    fingerprint: str  # of the images

    @cached_property
    def id(self) -> str:
        """Hash of what all cells share, the unpruned network's included (so not the pruning)."""
        shared = as_json(self.system)
        del shared["pruning"]
        return content_hash(["graph", NUMERICS, shared, self.fingerprint])

    @cached_property
    def _pruning(self) -> str:
        return content_hash(["pruning", as_json(self.system.pruning)])

    def root(self, replicate: int, max_lr: float) -> Cell:
        """The training of a replicate's unpruned network."""
        parent = content_hash(["root", self.id, replicate])
        return _cell(parent, None, "", (max_lr,), replicate)

    def child(self, parent: Cell, max_lr: float) -> Cell:
        """The training of what is left of a cell's network after one more pruning cycle."""
        path = (*parent.path, max_lr)
        return _cell(parent.id, parent, self._pruning, path, parent.replicate)

    def node(self, path: tuple[float, ...]) -> str:
        """Hash of the place in the graph below a path of max_lr, the same for all replicates."""
        return content_hash(["node", self.id, self._pruning if path else "", list(path)])


@dataclass(frozen=True)
class Cell:
    """One training. Equal where the id is, which says all."""

    id: str  # sha256
    parent: Cell | None = field(compare=False)  # None for the unpruned network
    path: tuple[float, ...] = field(compare=False)  # max_lr of every cycle up to this one
    replicate: int = field(compare=False)

    @property
    def cycle(self) -> int:
        """Completed pruning cycles, 0 for the unpruned network."""
        return len(self.path) - 1

    @property
    def max_lr(self) -> float:
        """The upper learning-rate bound of this training."""
        return self.path[-1]


@dataclass(frozen=True)
class Result:
    """A finished cell. Accuracies and weights remaining in percent."""

    cell: str
    curve: tuple[tuple[int, float], ...]  # (completed iterations, validation accuracy)
    val_accuracy: float
    test_accuracy: float
    diverged: bool
    weights_remaining: float
    steps: int
    seconds: float
    checkpoint: str | None  # sha256; None for a diverged network, which nothing can follow
    device: str


def _cell(
    parent_id: str, parent: Cell | None, pruning: str, path: tuple[float, ...], replicate: int
) -> Cell:
    return Cell(content_hash(["cell", parent_id, pruning, path[-1]]), parent, path, replicate)
