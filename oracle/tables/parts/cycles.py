"""One pruning cycle of an oracle run's table."""

from __future__ import annotations

from typing import NotRequired

from typing_extensions import TypedDict

from oracle.search import chance
from oracle.search.grid_search import OracleCycle
from oracle.search.pruning_run import RunCycle
from oracle.search.selection.next_cells import StopReason
from oracle.stats.region import Region
from oracle.study.oracle import OracleStudy
from oracle.study.parts.grid import reaches_zero
from oracle.study.parts.grid_spec import GridSpec
from oracle.tables.base import Differences, paired_differences
from oracle.tables.parts import evidence, plateau


class CellSearchEnd(TypedDict):
    """What ended the search of single cells at a cycle."""

    ended_by: StopReason
    rounds: int
    trainings: int
    budget: int
    """Training runs that were allowed."""
    grid_values: int
    """Of the whole grid."""


class GridValue(TypedDict):
    """One max_lr of a cycle's grid."""

    max_lr: float
    val_accuracy: list[float | None]
    test_accuracy: list[float | None]
    diverged: bool
    """Whether a replicate did."""


class FeasibleRegion(TypedDict):
    """The max_lr whose mean validation accuracy is within the tolerance of the best, measured."""

    low: float
    high: float
    cut_low: bool
    """Whether it touches this end of the grid, and may go on."""
    cut_high: bool
    contiguous: bool
    """False where it has gaps."""
    members: list[float]


class SCycCycle(TypedDict):
    """S-Cyc's own run at a cycle; null where it has not come so far, or diverged before."""

    max_lr: float | None
    """Null where the study has no S-Cyc parameters."""
    inside: bool | None
    """Of the measured region."""
    val_accuracy: list[float | None] | None
    test_accuracy: list[float | None] | None
    diverged: bool | None


class PaperColumn(TypedDict):
    """What the paper prints for a cycle."""

    weights_remaining: float
    well_tuned: float
    low: float
    high: float
    s_cyc: float | None


class OracleCycleRow(TypedDict):
    """One pruning cycle of the greedy oracle, and S-Cyc held against it."""

    cycle: int
    """Completed pruning cycles."""
    weights_remaining: float
    replicates: int
    """Of this cycle."""
    grid: list[GridValue]
    well_tuned: float | None
    """The max_lr with the best mean; null where every max_lr diverged."""
    feasible: FeasibleRegion | None
    at_chance: NotRequired[bool | None]
    """No max_lr is better than naming the largest class."""
    evidence: evidence.Evidence | None
    plateau: NotRequired[plateau.Plateau | None]
    search: NotRequired[CellSearchEnd | None]
    """Of a search of single cells."""
    s_cyc: SCycCycle
    oracle_less_s_cyc: NotRequired[Differences | None]
    """Null where a replicate diverged, or one is missing."""
    paper: PaperColumn | None


def cycle_row(study: OracleStudy, cycle: OracleCycle, path: RunCycle | None) -> OracleCycleRow:
    """Return a finished cycle of the oracle, and S-Cyc's where its run has come so far.

    Args:
        study: The oracle study.
        cycle: The finished cycle.
        path: S-Cyc's own run at this cycle.

    Returns:
        The row of the cycle; accuracies and weights remaining in percent.
    """
    some = next(iter(cycle.results.values()))[0]
    return {
        "cycle": cycle.cycle,
        "weights_remaining": some.weights_remaining,
        "replicates": cycle.replicates,
        "grid": [
            {
                "max_lr": rate,
                "val_accuracy": [result.val_accuracy for result in row],
                "test_accuracy": [result.test_accuracy for result in row],
                "diverged": any(result.diverged for result in row),
            }
            for rate, row in cycle.results.items()
        ],
        "well_tuned": cycle.region.well_tuned if cycle.region else None,
        "feasible": _feasible(study.grid, cycle.region),
        "at_chance": chance.at_chance(list(cycle.results.values()), "validation"),
        "evidence": evidence.part(
            evidence.infer(study, cycle),
            study.s_cyc_max_lr(cycle.cycle),
            evidence.at_fixed_evaluation(cycle),
        ),
        "plateau": plateau.part(study, cycle),
        "search": _ended(cycle),
        "s_cyc": _s_cyc(study, cycle, path),
        "oracle_less_s_cyc": _paired(cycle, path),
        "paper": _printed(study, cycle.cycle),
    }


def _ended(cycle: OracleCycle) -> CellSearchEnd | None:
    """Say what ended a search of single cells; None of other searches."""
    if cycle.end is None:
        return None
    end = cycle.end
    return {
        "ended_by": end.reason,
        "rounds": end.rounds,
        "trainings": end.trained,
        "budget": end.budget,
        "grid_values": cycle.grid_size,
    }


def _paired(cycle: OracleCycle, path: RunCycle | None) -> Differences | None:
    """Paired differences of the well-tuned max_lr less S-Cyc, over the replicates of both.

    None where a replicate of either diverged, or one is missing.
    """
    if cycle.region is None or path is None:
        return None
    mine, theirs = cycle.results[cycle.region.well_tuned], path.results
    if any(result.diverged for result in (*mine, *theirs)):
        return None
    return paired_differences(mine, theirs)


def _printed(study: OracleStudy, cycle: int) -> PaperColumn | None:
    """Return the paper's column for this cycle, where the study names a table that has one."""
    paper = study.paper
    if paper is None or cycle not in paper.cycles:
        return None
    column = paper.cycles.index(cycle)
    return {
        "weights_remaining": paper.weights_remaining[column],
        "well_tuned": paper.well_tuned[column],
        "low": paper.feasible_low[column],
        "high": paper.feasible_high[column],
        "s_cyc": float(paper.s_cyc[column]) if paper.s_cyc else None,
    }


def _feasible(grid: GridSpec, region: Region | None) -> FeasibleRegion | None:
    if region is None:
        return None
    return {
        "low": region.low,
        "high": region.high,
        "cut_low": region.touches_low and not reaches_zero(grid, region.low),
        "cut_high": region.touches_high,
        "contiguous": region.contiguous,
        "members": list(region.members),
    }


def _s_cyc(study: OracleStudy, cycle: OracleCycle, path: RunCycle | None) -> SCycCycle:
    rate = study.s_cyc_max_lr(cycle.cycle)
    results = path.results if path else None
    return {
        "max_lr": rate,
        "inside": cycle.region.contains(rate) if cycle.region and rate is not None else None,
        "val_accuracy": [result.val_accuracy for result in results] if results else None,
        "test_accuracy": [result.test_accuracy for result in results] if results else None,
        "diverged": any(result.diverged for result in results) if results else None,
    }


def winner(cycle: OracleCycleRow) -> GridValue | None:
    """Return the grid entry of a cycle's well-tuned max_lr.

    Args:
        cycle: Of the table.

    Returns:
        The entry; None where every max_lr diverged.
    """
    return next((each for each in cycle["grid"] if each["max_lr"] == cycle["well_tuned"]), None)
