"""The oracle against S-Cyc: the table of a run, as plain data that other tools read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from oracle.search.graph import CellResult
from oracle.search.greedy import OracleCycle
from oracle.search.pruning_run import RunCycle
from oracle.stats.paired_difference import difference
from oracle.stats.region import Region
from oracle.study.base import Study
from oracle.study.cell_search import CellSearch
from oracle.study.grid import reaches_zero
from oracle.study.grid_spec import GridSpec
from oracle.study.oracle import OracleStudy
from oracle.tables import evidence, majority, plateau
from scyc.schedules import scyc_curve
from scyc.specs.base import as_json

Table = dict[str, Any]


def table_header(study: Study, kind: str, run_id: str, complete: bool) -> Table:
    """What the table of every kind of study says first."""
    return {
        "kind": kind,
        "study": study.name,
        "run_id": run_id,
        "shrunk": dict(study.shrunk),
        "replicates": study.least_replicates,
        "complete": complete,
    }


def table(
    study: OracleStudy,
    run_id: str,
    oracle: Sequence[OracleCycle],
    path: Sequence[RunCycle],
    complete: bool,
) -> Table:
    """The table of a run as far as it has come: the finished cycles of the oracle.

    Accuracies and weights remaining in percent, learning rates in units of 1. ``s_cyc``'s
    accuracies are null where its own run has not come so far (or has diverged before).
    ``at_chance``: whether no max_lr of a cycle is better than always naming the largest class, null
    where the results were stored without their split. ``fit`` is
    of a complete run: see :func:`oracle.analysis.curve_fit.part`. All of it
    but ``seconds`` is the same whoever computed it and however often that was interrupted. ``beam``
    and ``rivals`` are of a study that has them: see :mod:`oracle.tables.beam`,
    :mod:`oracle.tables.rivals`.
    """
    by_cycle = {each.cycle: each for each in path}
    return {
        **table_header(study, "oracle", run_id, complete),
        "tolerance": study.tolerance,
        "tolerance_kind": study.tolerance_kind,
        **_search(study),
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


def training_cost(results: Iterable[CellResult]) -> dict[str, float | int]:
    """What trainings cost: their number, their iterations, and the seconds they took a worker."""
    every = {result.cell: result for result in results}.values()
    return {
        "trainings": len(every),
        "steps": sum(result.steps for result in every),
        "seconds": round(sum(result.seconds for result in every), 1),
    }


def _search_cost(study: OracleStudy, cycles: Sequence[OracleCycle]) -> dict[str, float | int]:
    """What the oracle's cycles cost, and, of an adaptive search, what whole grids would have."""
    tried = _results(cycles)
    passed = {result.cell for each in cycles for result in each.passed}
    spent = training_cost([*tried, *(result for each in cycles for result in each.passed)])
    if study.search == "grid":
        return spent
    way = len(passed - {result.cell for result in tried})
    whole = sum(each.grid_size * each.replicates for each in cycles)
    return {**spent, "full_grid_trainings": whole + way}


def _results(cycles: Sequence[OracleCycle]) -> list[CellResult]:
    return [result for each in cycles for row in each.results.values() for result in row]


def _cycle(study: OracleStudy, cycle: OracleCycle, path: RunCycle | None) -> Table:
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
        "at_chance": majority.at_chance(list(cycle.results.values()), "validation"),
        "evidence": evidence.part(evidence.infer(study, cycle), _rate(study, cycle)),
        "plateau": plateau.part(study, cycle),
        "search": _ended(cycle),
        "s_cyc": _s_cyc(study, cycle, path),
        "oracle_less_s_cyc": _paired(cycle, path),
        "paper": _printed(study, cycle.cycle),
    }


def _search(study: OracleStudy) -> Table:
    """How the cells of a cycle are chosen; the bounds are of a search of single cells."""
    how = study.search
    if not isinstance(how, CellSearch):
        return {"search": how, "search_bounds": None}
    return {"search": how.name, "search_bounds": as_json(how)}


def _ended(cycle: OracleCycle) -> Table | None:
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


def _paired(cycle: OracleCycle, path: RunCycle | None) -> Table | None:
    """Paired differences of the well-tuned max_lr less S-Cyc, over the replicates of both.

    None where a replicate of either diverged, or one is missing.
    """
    if cycle.region is None or path is None:
        return None
    mine, theirs = cycle.results[cycle.region.well_tuned], path.results
    if any(result.diverged for result in (*mine, *theirs)):
        return None
    return {
        "validation": difference(
            [each.val_accuracy for each in mine], [each.val_accuracy for each in theirs]
        ).to_json(),
        "test": difference(
            [each.test_accuracy for each in mine], [each.test_accuracy for each in theirs]
        ).to_json(),
    }


def _printed(study: OracleStudy, cycle: int) -> Table | None:
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


def _feasible(grid: GridSpec, region: Region | None) -> Table | None:
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


def _rate(study: OracleStudy, cycle: OracleCycle) -> float:
    """S-Cyc's max_lr."""
    return scyc_curve.max_lr(study.s_cyc, cycle.cycle, study.pruning.rate)


def _s_cyc(study: OracleStudy, cycle: OracleCycle, path: RunCycle | None) -> Table:
    rate = _rate(study, cycle)
    results = path.results if path else None
    return {
        "max_lr": rate,
        "inside": cycle.region.contains(rate) if cycle.region else None,
        "val_accuracy": [result.val_accuracy for result in results] if results else None,
        "test_accuracy": [result.test_accuracy for result in results] if results else None,
        "diverged": any(result.diverged for result in results) if results else None,
    }
