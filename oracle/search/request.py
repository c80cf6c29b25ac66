"""What a search is: a generator that requests cells and is sent their results.

It trains nothing and stores nothing: in a run Ray trains the cells, in a test a known
curve answers.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NotRequired, TypedDict

from oracle.search.graph import Cell, CellResult, Tree
from scyc.json_types import JsonObject
from scyc.specs.schedules import ScheduleSpec

Results = Mapping[str, CellResult]  # by cell id


@dataclass(frozen=True)
class StudyKey:
    """The Optuna study in which a search's cells are recorded."""

    # "oracle": the cells of one cycle, below one path; "path": those of all cycles of one path;
    # "candidates": those of all cycles of a search's candidates; "search": the candidates;
    # "summary": the answer of each cycle of one run
    kind: str
    cycle: int | None  # None where one study holds all cycles
    node: str  # hash that tells it from its like


class StudyRole(TypedDict):
    """What an Optuna study is in a run: its attribute ``run:<run id>``."""

    role: str
    cycle: NotRequired[int]
    """Completed pruning cycles, of the cells of one cycle."""
    grid: NotRequired[list[float]]
    """Its max_lr, rising."""
    replicates: NotRequired[int]
    label: NotRequired[str]
    """Of an entry of a comparison."""
    rival: NotRequired[JsonObject]
    """A rival's name and options."""


@dataclass(frozen=True)
class CellRequest:
    """Cells that a search wants, in the order in which they are packed."""

    cells: tuple[Cell, ...]
    study_key: StudyKey


Search = Generator[CellRequest, Results, None]


def replicate_cells(
    graph: Tree,
    parents: Sequence[Cell | None],
    schedule: ScheduleSpec,
    max_lr: float,
    first: int = 0,
) -> tuple[Cell, ...]:
    """Return a training run below each parent: of the replicates from `first` on, in order.

    Args:
        graph: Names the training runs.
        parents: Cells that are pruned, one a replicate; None: the unpruned network.
        schedule: Of the learning rate within the cycle.
        max_lr: Upper learning-rate bound of the pruning cycle.
        first: Number of the first replicate.

    Returns:
        One cell a parent, in their order.
    """
    return tuple(
        graph.child(parent, schedule, max_lr) if parent else graph.root(replicate, schedule, max_lr)
        for replicate, parent in enumerate(parents, first)
    )


def requests(search: Search, known: Results) -> Iterator[CellRequest]:
    """Yield what a search requests, to the first request that the known results do not answer.

    Args:
        search: One that has not begun; it is left where it waits, or at its end.
        known: Results of any cells, by cell id.

    Yields:
        Requests in order; the last is the first that is not answered, or the search's last one.
    """
    with contextlib.suppress(StopIteration):
        request = next(search)
        yield request
        while answered(request, known):
            request = search.send(known)
            yield request


def replay(search: Search, known: Results) -> CellRequest | None:
    """Let a search go as far as the known results carry it.

    Args:
        search: One that has not begun.
        known: Results of any cells, by cell id.

    Returns:
        The request that the results do not answer; None where the search has ended.
    """
    last = None
    for request in requests(search, known):
        last = request
    return last if last is not None and not answered(last, known) else None


def answered(request: CellRequest, known: Results) -> bool:
    """Return whether every cell of a request is known.

    Args:
        request: What a search wants.
        known: Results of any cells, by cell id.

    Returns:
        True where the search can go on.
    """
    return all(cell.id in known for cell in request.cells)
