"""What S-Cyc is worth against rivals that need no search: their part of an oracle run's table."""

from __future__ import annotations

import bisect
import math
import statistics
from collections.abc import Mapping, Sequence

from oracle.search.greedy import OracleCycle
from oracle.search.pruning_run import RunCycle
from oracle.search.rivals import RivalRun
from oracle.stats.paired_difference import (
    difference,
)
from oracle.stats.region_intervals import RegionPosterior
from oracle.study.oracle import OracleStudy
from oracle.tables import evidence
from oracle.tables.oracle import Table, training_cost

_PARTS = ("validation", "test")


def part(
    study: OracleStudy,
    runs: Sequence[RivalRun],
    greedy: Sequence[OracleCycle],
    s_cyc: Sequence[RunCycle],
) -> list[Table]:
    """What the rivals of a run have found, as far as they have come.

    Of each cycle its max_lr, whether it is inside of the oracle's region and what the replicates
    say of that (:meth:`oracle.stats.region_intervals.RegionPosterior.verdict`), and S-Cyc's paired
    difference to it (see :class:`oracle.stats.paired_difference.Difference`; above 0 where S-Cyc
    is ahead), null where one of the two diverged or is not there yet. ``average``: the same of
    each replicate's mean over all pruned networks that both have. ``cost``: of its own run, and of
    that with all of the oracle's trainings whose answers it uses. ``summary``: see
    :func:`_summary`.
    """
    if not runs:
        return []
    mine = {each.cycle: each for each in s_cyc}
    said = {each.cycle: evidence.infer(study, each) for each in greedy}
    tried = {each.cycle: each for each in greedy}
    return [_rival(run, said, mine) | {"summary": _summary(run, tried, mine)} for run in runs]


def _rival(
    run: RivalRun, said: Mapping[int, RegionPosterior | None], mine: Mapping[int, RunCycle]
) -> Table:
    own = [result for each in run.path for result in each.results]
    used = [result for each in run.oracle for row in each.results.values() for result in row]
    cycles = [_cycle(each, said.get(each.cycle), mine.get(each.cycle)) for each in run.path]
    return {
        "name": run.name,
        "options": run.options,
        "cycles": cycles,
        "average": _average([c for c in cycles if c["cycle"] > 0 and c["test"]], mine),
        "cost": {"run": training_cost(own), "with_search": training_cost([*own, *used])},
    }


def _summary(
    run: RivalRun, tried: Mapping[int, OracleCycle], mine: Mapping[int, RunCycle]
) -> Table:
    """A rival in five numbers, over the pruned networks that the oracle and it both have.

    ``inside``: in how many of ``cycles`` its max_lr is inside of the measured region.
    ``grid_values_off``: how many values of the grid lie between it and the well-tuned max_lr, mean;
    parts of one where it lies between two. ``percent_of_training``: what choosing its max_lr costs,
    the oracle's answers and the tests before a training, in percent of the steps of its own run.
    ``last``: S-Cyc's paired difference of test accuracy at the last cycle that both have.
    """
    pairs = [
        (each.max_lr, tried[each.cycle].region, sorted(tried[each.cycle].cells))
        for each in run.path
        if each.cycle > 0 and each.cycle in tried
    ]
    known = [(rate, region, grid) for rate, region, grid in pairs if region is not None]
    off = [abs(_position(rate, grid) - grid.index(found.well_tuned)) for rate, found, grid in known]
    last = [c.cycle for c in run.path if c.cycle > 0 and c.cycle in mine and _sound(c, mine)]
    own = {result.cell: result.steps for each in run.path for result in each.results}
    used = {
        result.cell: result.steps
        for each in run.oracle
        for row in each.results.values()
        for result in row
        if result.cell not in own
    }
    tested = sum(len(each.results) for each in run.path if each.cycle > 0) * run.tests
    choosing = sum(used.values()) + tested
    return {
        "cycles": len(known),
        "inside": sum(region.contains(rate) for rate, region, _ in known),
        "grid_values_off": statistics.fmean(off) if off else None,
        "percent_of_training": 100 * choosing / sum(own.values()) if own else None,
        "last": _last(run, mine, last[-1]) if last else None,
    }


def _position(rate: float, grid: Sequence[float]) -> float:
    """Where a rate lies among the values of a grid, whose steps go on beyond its ends."""
    logs = [math.log(value) for value in grid]
    if len(logs) == 1:
        return 0.0
    wanted = math.log(rate)
    left = min(max(bisect.bisect_right(logs, wanted) - 1, 0), len(logs) - 2)
    return left + (wanted - logs[left]) / (logs[left + 1] - logs[left])


def _sound(each: RunCycle, mine: Mapping[int, RunCycle]) -> bool:
    return not any(result.diverged for result in (*each.results, *mine[each.cycle].results))


def _last(run: RivalRun, mine: Mapping[int, RunCycle], cycle: int) -> Table:
    ours = [result.test_accuracy for result in mine[cycle].results]
    theirs = [result.test_accuracy for result in run.path[cycle].results]
    return {"cycle": cycle, "test": difference(ours, theirs).to_json()}


def _cycle(each: RunCycle, said: RegionPosterior | None, other: RunCycle | None) -> Table:
    diverged = any(result.diverged for result in each.results)
    sound = other is not None and not diverged and not any(r.diverged for r in other.results)
    compared: dict[str, Table | None] = {"validation": None, "test": None}
    theirs = _accuracies(each)
    if other is not None and sound:
        compared = {
            name: difference(ours, theirs[name]).to_json()
            for name, ours in _accuracies(other).items()
        }
    return {
        "cycle": each.cycle,
        "weights_remaining": each.results[0].weights_remaining,
        "max_lr": each.max_lr,
        "inside": said.region.contains(each.max_lr) if said else None,
        "evidence": _evidence(said, each.max_lr),
        "val_accuracy": theirs["validation"],
        "test_accuracy": theirs["test"],
        "diverged": diverged,
        **compared,
    }


def _evidence(said: RegionPosterior | None, max_lr: float) -> Table | None:
    if said is None:
        return None
    found = said.verdict(max_lr)
    return {"verdict": found.kind, "chance": found.chance, "more": found.replicates_needed}


def _accuracies(each: RunCycle) -> dict[str, list[float]]:
    return {
        "validation": [result.val_accuracy for result in each.results],
        "test": [result.test_accuracy for result in each.results],
    }


def _average(cycles: Sequence[Table], mine: Mapping[int, RunCycle]) -> Table | None:
    """The paired difference of each replicate's mean over the cycles that both have."""
    if not cycles:
        return None
    numbers = [cycle["cycle"] for cycle in cycles]
    found: Table = {"cycles": numbers}
    for name, key in zip(_PARTS, ("val_accuracy", "test_accuracy"), strict=True):
        ours = [_accuracies(mine[number])[name] for number in numbers]
        theirs = [cycle[key] for cycle in cycles]
        found[name] = difference(_by_replicate(ours), _by_replicate(theirs)).to_json()
    return found


def _by_replicate(rows: Sequence[Sequence[float]]) -> list[float]:
    return [statistics.fmean(column) for column in zip(*rows, strict=False)]
