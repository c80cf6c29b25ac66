"""The cycle that an oracle run is in: which of its training runs are finished so far."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NotRequired

from typing_extensions import TypedDict

from oracle.search.graph import Cell
from oracle.search.request import CellRequest, Results
from oracle.stats.region import MaxLrScores, ToleranceKind, feasible_region


class CurrentValue(TypedDict):
    """One max_lr of a cycle that is not finished."""

    max_lr: float
    asked: int
    """Replicates that are wanted so far."""
    val_accuracy: list[float]
    """Percent; of the replicates that are finished, in no order."""
    diverged: bool
    """Whether a finished replicate did."""
    running: NotRequired[int]
    """Replicates that are being trained; absent where no driver trains the run."""


class RegionSoFar(TypedDict):
    """What the finished training runs of a cycle say so far. The others may change it."""

    well_tuned: float
    low: float
    high: float
    max_lr_tried: int
    """Of the grid, with at least one finished replicate."""


class CurrentCycle(TypedDict):
    """A cycle of the greedy oracle that is not finished."""

    cycle: int
    """Completed pruning cycles."""
    weights_remaining: float | None
    """Null before its first training run is finished."""
    expected_remaining: NotRequired[float]
    """What is left by the pruning rate, of which ``weights_remaining`` differs by rounding."""
    so_far: NotRequired[RegionSoFar | None]
    """Null where every max_lr that was tried diverged, or none is finished."""
    asked: int
    """Training runs that are wanted so far; the grid may grow yet."""
    finished: int
    grid: list[CurrentValue]


def part(
    requests: Sequence[CellRequest], known: Results, running: Collection[str] | None = None
) -> CurrentCycle | None:
    """Return the cycle that a greedy search is in; None where all that it requested is known.

    Args:
        requests: What the search has requested so far, in order.
        known: The results that are there, by cell id.
        running: Ids of cells that are being trained; None: no driver trains the run.

    Returns:
        The part `current` of the table: every requested max_lr, rising.
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
        "grid": [_value(rate, cells[rate], known, running) for rate in sorted(cells)],
    }


def so_far(
    grid: Sequence[CurrentValue], tolerance: float, kind: ToleranceKind, minimised: bool
) -> RegionSoFar | None:
    """Return the region of the max_lr that have a finished replicate.

    Args:
        grid: Of the cycle that is not finished.
        tolerance: Of the study, in the unit of the values.
        kind: Of the tolerance.
        minimised: Whether less is better of the values.

    Returns:
        The provisional region; None where there is none.
    """
    sign = -1.0 if minimised else 1.0
    scores = {
        each["max_lr"]: MaxLrScores(
            tuple(sign * value for value in each["val_accuracy"]), each["diverged"]
        )
        for each in grid
        if each["val_accuracy"]
    }
    region = feasible_region(scores, tolerance, kind)
    if region is None:
        return None
    return {
        "well_tuned": region.well_tuned,
        "low": region.low,
        "high": region.high,
        "max_lr_tried": len(scores),
    }


def _value(
    rate: float, cells: Sequence[Cell], known: Results, running: Collection[str] | None
) -> CurrentValue:
    results = [known[cell.id] for cell in cells if cell.id in known]
    value: CurrentValue = {
        "max_lr": rate,
        "asked": len(cells),
        "val_accuracy": [each.val_accuracy for each in results],
        "diverged": any(each.diverged for each in results),
    }
    if running is not None:
        value["running"] = sum(cell.id in running and cell.id not in known for cell in cells)
    return value
