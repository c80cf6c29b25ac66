"""What a search is: a generator that asks for cells and is sent their results.

It trains nothing and stores nothing: in a run Ray trains the cells, in a test a known
curve answers.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass

from oracle.search.graph import Cell, CellResult, Tree
from scyc.specs.schedules import ScheduleSpec

Results = Mapping[str, CellResult]  # by cell id


@dataclass(frozen=True)
class StudyKey:
    """The Optuna study in which a search's cells are recorded."""

    # "oracle": the cells of one cycle, below one path; "path": those of all cycles of one path;
    # "candidates": those of all cycles of a search's candidates; "search": the candidates
    kind: str
    cycle: int | None  # None where one study holds all cycles
    node: str  # hash that tells it from its like


@dataclass(frozen=True)
class CellRequest:
    """Cells that a search wants, in the order in which they are packed."""

    cells: tuple[Cell, ...]
    place: StudyKey


Search = Generator[CellRequest, Results, None]


def replicate_cells(
    graph: Tree,
    parents: Sequence[Cell | None],
    schedule: ScheduleSpec,
    max_lr: float,
    first: int = 0,
) -> tuple[Cell, ...]:
    """One training below each of the parents: those of the replicates from `first` on, in order."""
    return tuple(
        graph.child(parent, schedule, max_lr) if parent else graph.root(replicate, schedule, max_lr)
        for replicate, parent in enumerate(parents, first)
    )
