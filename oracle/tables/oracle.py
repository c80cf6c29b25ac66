"""The oracle against S-Cyc: the table of a run, as plain data that other tools read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NotRequired

from typing_extensions import TypedDict

from oracle.search.graph import CellResult
from oracle.search.greedy import OracleCycle
from oracle.search.next_cells import StopReason
from oracle.search.pruning_run import RunCycle
from oracle.stats.region import Region, ToleranceKind
from oracle.study.cell_search import CellSearch
from oracle.study.oracle import OracleStudy
from oracle.tables import evidence, majority, plateau
from oracle.tables.base import (
    Differences,
    TableHeader,
    TrainingCost,
    paired_differences,
    table_header,
    training_cost,
)
from oracle.tables.beam import BeamPart
from oracle.tables.fit import CurveFit
from oracle.tables.rivals import Rival
from scyc.schedules import scyc_curve


class SearchBounds(TypedDict):
    """Where a search of single cells ends: :class:`oracle.study.cell_search.CellSearch`."""

    name: Literal["adaptive"]
    regret: float  # expected points below the best at which a cycle may end
    budget: float | None  # share of the whole grid's training runs in a cycle
    batch: int  # training runs that are asked for together
    verdict: bool  # whether a certain verdict on S-Cyc's max_lr ends a cycle, too


class CellSearchEnd(TypedDict):
    """What ended the search of single cells at a cycle."""

    ended_by: StopReason
    rounds: int
    trainings: int
    budget: int  # training runs that were allowed
    grid_values: int  # of the whole grid


class GridValue(TypedDict):
    """One max_lr of a cycle's grid."""

    max_lr: float
    val_accuracy: list[float]
    test_accuracy: list[float]
    diverged: bool  # whether a replicate did


class FeasibleRegion(TypedDict):
    """The max_lr whose mean validation accuracy is within the tolerance of the best, measured."""

    low: float
    high: float
    cut_low: bool  # whether it touches this end of the grid, and may go on
    cut_high: bool
    contiguous: bool  # false where it has gaps
    members: list[float]


class SCycCycle(TypedDict):
    """S-Cyc's own run at a cycle; null where it has not come so far, or diverged before."""

    max_lr: float
    inside: bool | None  # of the measured region
    val_accuracy: list[float] | None
    test_accuracy: list[float] | None
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

    cycle: int  # completed pruning cycles
    weights_remaining: float
    replicates: int  # of this cycle
    grid: list[GridValue]
    well_tuned: float | None  # the max_lr with the best mean; null where every max_lr diverged
    feasible: FeasibleRegion | None
    at_chance: NotRequired[bool | None]  # no max_lr is better than naming the largest class
    evidence: evidence.Evidence | None
    plateau: NotRequired[plateau.Plateau | None]
    search: NotRequired[CellSearchEnd | None]  # of a search of single cells
    s_cyc: SCycCycle
    oracle_less_s_cyc: Differences | None  # null where a replicate diverged, or one is missing
    paper: PaperColumn | None


class OracleSearchCost(TrainingCost):
    """What the oracle's search cost."""

    full_grid_trainings: NotRequired[int]  # what whole grids would take; of an adaptive search


class OracleCost(TypedDict):
    """What an oracle run cost, part by part."""

    oracle: OracleSearchCost
    adaptive: NotRequired[TrainingCost]  # replayed; of a run that tried whole grids
    s_cyc: TrainingCost


class OracleTable(TableHeader):
    """The greedy oracle against S-Cyc.

    Keys that are not required are absent from tables that earlier versions wrote.
    """

    kind: Literal["oracle"]
    tolerance: float
    tolerance_kind: ToleranceKind
    search: Literal["grid", "adaptive"]
    search_bounds: NotRequired[SearchBounds | None]  # of a search of single cells
    split: NotRequired[majority.Split | None]  # null where a result was stored without it
    cycles: list[OracleCycleRow]
    paper_table: int | None
    cost: OracleCost
    beam: BeamPart | None
    rivals: list[Rival]
    fit: CurveFit | None  # of a complete run


def table(
    study: OracleStudy,
    run_id: str,
    oracle: Sequence[OracleCycle],
    path: Sequence[RunCycle],
    complete: bool,
) -> OracleTable:
    """Return the table of a run as far as it has come: the finished cycles of the oracle.

    All of it but ``seconds`` is the same whoever computed it and however often that was
    interrupted. ``beam``, ``rivals`` and ``fit`` are left empty: the experiment fills them in.

    Args:
        study: The oracle study.
        run_id: The run's id.
        oracle: The finished cycles of the greedy oracle.
        path: The finished cycles of S-Cyc's own run.
        complete: Whether that is all there will be.
    """
    method, bounds = _search(study)
    by_cycle = {each.cycle: each for each in path}
    return {
        "kind": "oracle",
        **table_header(study, run_id, complete),
        "tolerance": study.tolerance,
        "tolerance_kind": study.tolerance_kind,
        "search": method,
        "search_bounds": bounds,
        "split": majority.split(_results(oracle)),
        "cycles": [_cycle(study, each, by_cycle.get(each.cycle)) for each in oracle],
        "paper_table": study.paper.table if study.paper else None,
        "cost": {
            "oracle": _search_cost(study, oracle),
            "s_cyc": training_cost(result for each in path for result in each.results),
        },
        "beam": None,
        "rivals": [],
        "fit": None,
    }


def _search_cost(study: OracleStudy, cycles: Sequence[OracleCycle]) -> OracleSearchCost:
    """What the oracle's cycles cost, and, of an adaptive search, what whole grids would have."""
    tried = _results(cycles)
    passed = {result.cell for each in cycles for result in each.passed}
    spent = training_cost([*tried, *(result for each in cycles for result in each.passed)])
    if study.search == "grid":
        return {
            "trainings": spent["trainings"],
            "steps": spent["steps"],
            "seconds": spent["seconds"],
        }
    way = len(passed - {result.cell for result in tried})
    whole = sum(each.grid_size * each.replicates for each in cycles)
    return {**spent, "full_grid_trainings": whole + way}


def _results(cycles: Sequence[OracleCycle]) -> list[CellResult]:
    return [result for each in cycles for row in each.results.values() for result in row]


def _cycle(study: OracleStudy, cycle: OracleCycle, path: RunCycle | None) -> OracleCycleRow:
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
        "feasible": _feasible(cycle.region),
        "at_chance": majority.at_chance(list(cycle.results.values()), "validation"),
        "evidence": evidence.part(evidence.infer(study, cycle), _rate(study, cycle)),
        "plateau": plateau.part(study, cycle),
        "search": _ended(cycle),
        "s_cyc": _s_cyc(study, cycle, path),
        "oracle_less_s_cyc": _paired(cycle, path),
        "paper": _printed(study, cycle.cycle),
    }


def _search(study: OracleStudy) -> tuple[Literal["grid", "adaptive"], SearchBounds | None]:
    """How the cells of a cycle are chosen; the bounds are of a search of single cells."""
    how = study.search
    if not isinstance(how, CellSearch):
        return how, None
    return how.name, {
        "name": how.name,
        "regret": how.regret,
        "budget": how.budget,
        "batch": how.batch,
        "verdict": how.verdict,
    }


def _ended(cycle: OracleCycle) -> CellSearchEnd | None:
    """What ended a search of single cells; None of other searches."""
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
    """The paper's column for this cycle, where the study names a table that has one."""
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


def _feasible(region: Region | None) -> FeasibleRegion | None:
    if region is None:
        return None
    return {
        "low": region.low,
        "high": region.high,
        "cut_low": region.touches_low,
        "cut_high": region.touches_high,
        "contiguous": region.contiguous,
        "members": list(region.members),
    }


def _rate(study: OracleStudy, cycle: OracleCycle) -> float:
    """S-Cyc's max_lr."""
    return scyc_curve.max_lr(study.s_cyc, cycle.cycle, study.pruning.rate)


def _s_cyc(study: OracleStudy, cycle: OracleCycle, path: RunCycle | None) -> SCycCycle:
    rate = _rate(study, cycle)
    results = path.results if path else None
    return {
        "max_lr": rate,
        "inside": cycle.region.contains(rate) if cycle.region else None,
        "val_accuracy": [result.val_accuracy for result in results] if results else None,
        "test_accuracy": [result.test_accuracy for result in results] if results else None,
        "diverged": any(result.diverged for result in results) if results else None,
    }
