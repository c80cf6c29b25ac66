"""Whether greed costs accuracy: the beam's part of an oracle run's table."""

from __future__ import annotations

from collections.abc import Sequence

from typing_extensions import TypedDict

from oracle.search.beam import BeamCycle, History
from oracle.search.graph import CellResult
from oracle.search.grid_search import OracleCycle
from oracle.stats.paired_difference import DifferenceJson
from oracle.tables.base import Differences, TrainingCost, paired_differences, training_cost


class BeamCycleRow(TypedDict):
    """The best network that the beam kept at a cycle, next to that of greedy search."""

    cycle: int
    weights_remaining: float
    greedy_max_lr: float | None
    """The oracle's well-tuned one; null where that has not come so far."""
    max_lr: list[float] | None
    """That led to it, cycle by cycle; null where none was kept."""
    parent: int | None
    """Rank, from 1, of the network that it was pruned from."""
    greedy_rank: int | None
    """Of greedy search's network among those that were kept."""
    same: bool
    """Whether greed's own network is the best one."""
    val_accuracy: list[float] | None
    test_accuracy: list[float] | None
    validation: DifferenceJson | None
    """Beam less greed."""
    test: DifferenceJson | None
    kept: list[list[float]]
    """max_lr that led to each network that was kept, the best first."""


class BeamCost(TypedDict):
    """What the searches cost, and how much of it both have."""

    greedy: TrainingCost
    beam: TrainingCost
    shared: TrainingCost


class BeamPart(TypedDict):
    """A beam search in addition to the greedy oracle."""

    width: int
    cycles: list[BeamCycleRow]
    cost: BeamCost


def part(width: int, greedy: Sequence[OracleCycle], beam: Sequence[BeamCycle]) -> BeamPart | None:
    """Return the results of a beam so far, compared with the greedy oracle; None without a beam.

    Of each cycle the best of the networks that were kept, with all the max_lr that led to it, and
    its paired difference to greed's own network (see
    :class:`oracle.stats.paired_difference.Difference`; above 0 where the beam is ahead). `parent`:
    the rank, from 1, of the network that it was pruned from, among those kept at the cycle before.
    `greedy_rank`: that of greedy search's network among those kept at this cycle, null where it is
    none of them. Accuracies in percent.

    Args:
        width: Histories that the beam keeps.
        greedy: Finished cycles of the greedy oracle.
        beam: Finished cycles of the beam.

    Returns:
        The part `beam` of the table.
    """
    if width == 1:
        return None
    ways = {each.cycle: each for each in greedy}
    mine = {result.cell: result for each in greedy for result in _results(each)}
    theirs = {cell: result for each in beam for cell, result in each.results.items()}
    shared = [result for cell, result in theirs.items() if cell in mine]
    return {
        "width": width,
        "cycles": [_cycle(ways.get(each.cycle), each) for each in beam],
        "cost": {
            "greedy": training_cost(mine.values()),
            "beam": training_cost(theirs.values()),
            "shared": training_cost(shared),
        },
    }


def _results(cycle: OracleCycle) -> list[CellResult]:
    return [result for row in cycle.results.values() for result in row]


def _cycle(greedy: OracleCycle | None, beam: BeamCycle) -> BeamCycleRow:
    best = beam.histories[0] if beam.histories else None
    won = greedy.region.well_tuned if greedy is not None and greedy.region is not None else None
    rank = None
    differences: Differences | None = None
    if greedy is not None and won is not None:
        cells = {cell.id for cell in greedy.cells[won]}
        ranks = [at for at, each in enumerate(beam.histories, 1) if _ids(each) == cells]
        rank = ranks[0] if ranks else None
        if best is not None:
            differences = paired_differences(best.last.results, greedy.results[won])
    some = next(iter(beam.results.values()))
    return {
        "cycle": beam.cycle,
        "weights_remaining": some.weights_remaining,
        "greedy_max_lr": won,
        "max_lr": list(best.max_lr) if best else None,
        "parent": best.parent + 1 if best else None,
        "greedy_rank": rank,
        "same": rank == 1,
        "val_accuracy": _accuracies(best, "val_accuracy"),
        "test_accuracy": _accuracies(best, "test_accuracy"),
        "validation": differences and differences["validation"],
        "test": differences and differences["test"],
        "kept": [list(each.max_lr) for each in beam.histories],
    }


def _ids(history: History) -> set[str]:
    return {cell.id for cell in history.last.cells}


def _accuracies(history: History | None, name: str) -> list[float] | None:
    if history is None:
        return None
    return [getattr(result, name) for result in history.last.results]
