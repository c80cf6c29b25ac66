"""The cycle that an oracle run is in: which of its training runs are finished so far."""

from __future__ import annotations

from collections.abc import Sequence

from typing_extensions import TypedDict

from oracle.search.graph import Cell
from oracle.search.request import CellRequest, Results


class CurrentValue(TypedDict):
    """One max_lr of a cycle that is not finished."""

    max_lr: float
    asked: int
    """Replicates that are wanted so far."""
    val_accuracy: list[float]
    """Percent; of the replicates that are finished, in no order."""
    diverged: bool
    """Whether a finished replicate did."""


class CurrentCycle(TypedDict):
    """A cycle of the greedy oracle that is not finished."""

    cycle: int
    """Completed pruning cycles."""
    weights_remaining: float | None
    """Null before its first training run is finished."""
    asked: int
    """Training runs that are wanted so far; the grid may grow yet."""
    finished: int
    grid: list[CurrentValue]


def part(requests: Sequence[CellRequest], known: Results) -> CurrentCycle | None:
    """Return the cycle that a greedy search is in; None where all that it asked for is known.

    Args:
        requests: What the search has asked for so far, in order.
        known: The results that are there, by cell id.

    Returns:
        The part `current` of the table: every max_lr that was asked for, rising.
    """
    if not requests or all(cell.id in known for cell in requests[-1].cells):
        return None
    cycles = [request.study_key.cycle for request in requests if request.study_key.kind == "oracle"]
    number = max(cycle for cycle in cycles if cycle is not None)
    cells: dict[float, list[Cell]] = {}
    seen: set[str] = set()
    for request in requests:
        if request.study_key.kind == "oracle" and request.study_key.cycle == number:
            for cell in request.cells:
                if cell.id not in seen:
                    seen.add(cell.id)
                    cells.setdefault(cell.max_lr, []).append(cell)
    some = next((known[cell] for cell in seen if cell in known), None)
    return {
        "cycle": number,
        "weights_remaining": some.weights_remaining if some else None,
        "asked": len(seen),
        "finished": sum(cell in known for cell in seen),
        "grid": [_value(rate, cells[rate], known) for rate in sorted(cells)],
    }


def _value(rate: float, cells: Sequence[Cell], known: Results) -> CurrentValue:
    results = [known[cell.id] for cell in cells if cell.id in known]
    return {
        "max_lr": rate,
        "asked": len(cells),
        "val_accuracy": [each.val_accuracy for each in results],
        "diverged": any(each.diverged for each in results),
    }
