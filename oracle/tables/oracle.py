"""The oracle against S-Cyc: the table of a run, as plain data that other tools read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NotRequired

from typing_extensions import TypedDict

from oracle.search.graph import CellResult
from oracle.search.grid_search import OracleCycle
from oracle.search.pruning_run import RunCycle
from oracle.stats.region import ToleranceKind
from oracle.study.oracle import OracleStudy
from oracle.study.parts.cell_search import CellSearch
from oracle.study.parts.grid import grid_values
from oracle.tables.base import (
    MetricFields,
    TableHeader,
    TrainingCost,
    table_header,
    training_cost,
)
from oracle.tables.parts import majority
from oracle.tables.parts.beam import BeamPart
from oracle.tables.parts.current import CurrentCycle
from oracle.tables.parts.cycles import OracleCycleRow, cycle_row
from oracle.tables.parts.fit import CurveFit
from oracle.tables.parts.rivals import Rival


class SearchBounds(TypedDict):
    """Where a search of single cells ends: :class:`oracle.study.parts.cell_search.CellSearch`."""

    name: Literal["adaptive"]
    regret: float
    """Expected points below the best at which a cycle may end."""
    budget: float | None
    """Share of the whole grid's training runs in a cycle."""
    batch: int
    """Training runs that are requested together."""
    verdict: bool
    """Whether a certain verdict on S-Cyc's max_lr ends a cycle, too."""


class OracleSearchCost(TrainingCost):
    """What the oracle's search cost."""

    full_grid_trainings: NotRequired[int]
    """What whole grids would take; of an adaptive search."""


class OracleCost(TypedDict):
    """What an oracle run cost, part by part."""

    oracle: OracleSearchCost
    adaptive: NotRequired[TrainingCost]
    """Replayed; of a run that tried whole grids."""
    s_cyc: TrainingCost


class OracleTable(TableHeader):
    """The greedy oracle against S-Cyc.

    Keys that are not required are absent from tables that earlier versions wrote.
    """

    kind: Literal["oracle"]
    most_replicates: NotRequired[int]
    """To which those of a cycle may grow."""
    tolerance: float
    tolerance_kind: ToleranceKind
    search: Literal["grid", "adaptive"]
    search_bounds: NotRequired[SearchBounds | None]
    """Of a search of single cells."""
    peak: NotRequired[float]
    """The highest rate that a training run reaches, in shares of max_lr."""
    split: NotRequired[majority.Split | None]
    """Null where a result was stored without it."""
    metric: NotRequired[MetricFields]
    """Of a function of the user's own; accuracies in percent where it is absent."""
    cycles: list[OracleCycleRow]
    current: NotRequired[CurrentCycle]
    """The cycle after these, of a run that is not complete."""
    paper_table: int | None
    cost: OracleCost
    beam: BeamPart | None
    rivals: list[Rival]
    fit: CurveFit | None
    """Of a complete run."""


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

    Returns:
        A table of kind "oracle".
    """
    method, bounds = _search(study)
    header = table_header(study, run_id, complete)
    by_cycle = {each.cycle: each for each in path}
    return {
        "kind": "oracle",
        "study": header["study"],
        "run_id": header["run_id"],
        "shrunk": header["shrunk"],
        "replicates": header["replicates"],
        "complete": header["complete"],
        "most_replicates": study.most_replicates,
        "tolerance": study.tolerance,
        "tolerance_kind": study.tolerance_kind,
        "search": method,
        "search_bounds": bounds,
        "peak": _peak(study),
        "split": majority.split(_results(oracle)),
        "cycles": [cycle_row(study, each, by_cycle.get(each.cycle)) for each in oracle],
        "paper_table": study.paper.table if study.paper else None,
        "cost": {
            "oracle": _search_cost(study, oracle),
            "s_cyc": training_cost(result for each in path for result in each.results),
        },
        "beam": None,
        "rivals": [],
        "fit": None,
    }


def _peak(study: OracleStudy) -> float:
    """Return the highest rate that a training run reaches, in shares of max_lr."""
    some = study.s_cyc.epsilon if study.s_cyc is not None else grid_values(study.grid)[0]
    return study.schedule.peak(some, study.training.steps) / some


def _search_cost(study: OracleStudy, cycles: Sequence[OracleCycle]) -> OracleSearchCost:
    """Sum what the oracle's cycles cost, and, of an adaptive search, what whole grids would."""
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
