"""Whether greed costs accuracy: the beam's part of an oracle run's table."""

from __future__ import annotations

from collections.abc import Sequence

from oracle.search.beam import BeamCycle, History
from oracle.search.graph import CellResult
from oracle.search.greedy import OracleCycle
from oracle.stats.paired_difference import (
    Difference,
    difference,
)
from oracle.tables.oracle import Table, training_cost


def part(width: int, greedy: Sequence[OracleCycle], beam: Sequence[BeamCycle]) -> Table | None:
    """What a beam found beside the greedy oracle, as far as both have come; None without a beam.

    Of each cycle the best of the networks that were kept, with all the max_lr that led to it, and
    its paired difference to greed's own network (see
    :class:`oracle.stats.paired_difference.Difference`; above 0 where the beam is ahead). `parent`:
    the rank, from 1, of the network that it was pruned from, among those kept at the cycle before.
    `greedy_rank`: that of greed's own network among those kept at this cycle, null where it is
    none of them. Accuracies in percent.
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


def _cycle(greedy: OracleCycle | None, beam: BeamCycle) -> Table:
    best = beam.kept[0] if beam.kept else None
    won = greedy.region.well_tuned if greedy is not None and greedy.region is not None else None
    rank = None
    found: dict[str, Difference | None] = {"validation": None, "test": None}
    if greedy is not None and won is not None:
        cells = {cell.id for cell in greedy.cells[won]}
        ranks = [at for at, each in enumerate(beam.kept, 1) if _ids(each) == cells]
        rank = ranks[0] if ranks else None
        if best is not None:
            mine, theirs = best.last.results, greedy.results[won]
            found["validation"] = difference(
                [result.val_accuracy for result in mine],
                [result.val_accuracy for result in theirs],
            )
            found["test"] = difference(
                [result.test_accuracy for result in mine],
                [result.test_accuracy for result in theirs],
            )
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
        **{name: each.to_json() if each else None for name, each in found.items()},
        "kept": [list(each.max_lr) for each in beam.kept],
    }


def _ids(history: History) -> set[str]:
    return {cell.id for cell in history.last.cells}


def _accuracies(history: History | None, name: str) -> list[float] | None:
    if history is None:
        return None
    return [getattr(result, name) for result in history.last.results]
