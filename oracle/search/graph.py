"""The graph of cells: what has to be trained, named by everything that shapes it.

A cell is one training run: (parent cell, learning rates of this cycle, replicate). Its id is a hash
of its parent's id and of everything that shapes the training run, so equal requests name the same
cell, and nothing in the graph is trained twice. The root of a replicate is its initial weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol, cast

from scyc.pruning.criteria import scores_updates
from scyc.recording.stored import Recording
from scyc.specs.base import Spec, as_json, content_hash
from scyc.specs.schedules import ScheduleSpec
from scyc.specs.system import PruningSpec

NUMERICS = 3  # raised when the same spec would give other numbers: old results are not reused


class Tree(Protocol):
    """What names the training runs of a search, each by what it comes from; a graph is one."""

    def root(self, replicate: int, schedule: ScheduleSpec, max_lr: float) -> Cell:
        """Name the training run of a replicate's unpruned network.

        Args:
            replicate: Number of the replicate, from 0.
            schedule: Of the learning rate within the cycle.
            max_lr: Upper learning-rate bound of the pruning cycle.

        Returns:
            A cell of cycle 0, without a parent.
        """

    def child(self, parent: Cell, schedule: ScheduleSpec, max_lr: float) -> Cell:
        """Name the training run of a cell's network after one more pruning cycle.

        Args:
            parent: Whose network is pruned.
            schedule: Of the learning rate within the cycle.
            max_lr: Upper learning-rate bound of the pruning cycle.

        Returns:
            A cell of the next cycle, of the same replicate.
        """

    def study_key(self, parents: Sequence[Cell | None], schedule: ScheduleSpec) -> str:
        """Return the name of the Optuna study that holds the training runs below these cells.

        Args:
            parents: Cells that are pruned, one a replicate; None: the unpruned network.
            schedule: Of the learning rate within the cycle.

        Returns:
            The same name for any number of replicates.
        """


class System(Protocol):
    """What shapes a training run besides its parent: a spec, of our trainer or of a function."""

    @property
    def pruning(self) -> PruningSpec:
        """How a network becomes the next one."""


@dataclass(frozen=True)
class Graph:
    """All cells of one system on one data set."""

    system: System
    fingerprint: str  # of the images

    @cached_property
    def id(self) -> str:
        """Hash of what all cells share, the unpruned network's included.

        So not the pruning, but for what is kept of the unpruned network's training beside its end,
        to rewind to or to score by, and for the weights that are missing from the start.
        """
        shared = as_json(cast("Spec", self.system))
        pruning = self.system.pruning
        shared["pruning"] = pruning.rewind if isinstance(pruning.rewind, int) else None
        if scores_updates(pruning.criterion):
            shared["pruning"] = "before the last epoch"
        if pruning.start_density is not None:
            shared["start_density"] = pruning.start_density
            # What some may be missing of.
            more = {"prune_last": pruning.prune_last, "prune_norms": pruning.prune_norms}
            shared |= {name: True for name, may in more.items() if may}
        return content_hash(["graph", NUMERICS, shared, self.fingerprint])

    @cached_property
    def _pruning(self) -> str:
        return content_hash(["pruning", as_json(self.system.pruning)])

    def root(self, replicate: int, schedule: ScheduleSpec, max_lr: float) -> Cell:
        """Name a training run by a hash of all that determines it (as :meth:`Tree.root`)."""
        start = content_hash(["root", self.id, replicate])
        node = content_hash(["node", self.id])
        return _cell(None, start, node, "", schedule, max_lr, replicate)

    def child(self, parent: Cell, schedule: ScheduleSpec, max_lr: float) -> Cell:
        """Name a training run by a hash, its parent's id included (as :meth:`Tree.child`)."""
        replicate = parent.replicate
        return _cell(parent, parent.id, parent.node, self._pruning, schedule, max_lr, replicate)

    def study_key(self, parents: Sequence[Cell | None], schedule: ScheduleSpec) -> str:
        """Name an Optuna study by a hash of the cells above it (as :meth:`Tree.study_key`)."""
        above = parents[0].node if parents[0] else content_hash(["node", self.id])
        return content_hash(
            ["place", above, self._pruning if parents[0] else "", as_json(schedule)]
        )


@dataclass(frozen=True)
class Cell:
    """One training run. Equal where the id is, which says all."""

    id: str  # sha256
    parent: Cell | None = field(compare=False)  # None for the unpruned network
    schedule: ScheduleSpec = field(compare=False)
    max_lr: float = field(compare=False)  # upper learning-rate bound of this training run
    replicate: int = field(compare=False)
    node: str = field(compare=False)  # hash of its place in the graph, the same for all replicates

    @cached_property
    def cycle(self) -> int:
        """Completed pruning cycles, 0 for the unpruned network."""
        return sum(1 for _ in self._above())

    @property
    def root(self) -> Cell:
        """The training of the unpruned network that this one comes from."""
        return [self, *self._above()][-1]

    def _above(self) -> Iterator[Cell]:
        """Its parent, that one's, and so on: a loop, for there may be a thousand."""
        above = self.parent
        while above is not None:
            yield above
            above = above.parent


@dataclass(frozen=True)
class CellResult:
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
    # sha256 of the network before its end: where the study rewinds to an iteration, the unpruned
    # one then; where it scores by the change over the last epoch, each one before it.
    kept: str | None = None
    recorded: Recording | None = None  # distributions, by what is recorded
    engine: str | None = None  # that trained it
    members: int | None = None  # trained together with it, itself included
    # Of each part of the replicate's split, by name: images, largest (class), missing (classes).
    split: Mapping[str, Mapping[str, int]] | None = None


def keeper(cell: Cell, known: Mapping[str, CellResult]) -> Cell | None:
    """Return the cell whose early network pruning needs besides the parent's last one, if any.

    Args:
        cell: Not an unpruned one.
        known: The results of the cells above it, by id.

    Returns:
        The parent before the root; None where none of them has left a second network.
    """
    above = [each for each in (cell.parent, cell.root) if each is not None]
    return next((each for each in above if known[each.id].kept is not None), None)


def _cell(
    parent: Cell | None,
    above: str,
    node: str,
    pruning: str,
    schedule: ScheduleSpec,
    max_lr: float,
    replicate: int,
) -> Cell:
    """Make a cell below a parent's id and node, or below those of a root."""
    rates = [as_json(schedule), max_lr]
    return Cell(
        id=content_hash(["cell", above, pruning, rates]),
        parent=parent,
        schedule=schedule,
        max_lr=max_lr,
        replicate=replicate,
        node=content_hash(["node", node, pruning, rates]),
    )
