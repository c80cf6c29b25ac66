"""What S-Cyc is worth against rivals that need no search: their part of an oracle run's table."""

from __future__ import annotations

import bisect
import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, NotRequired, cast

from pydantic import Field
from typing_extensions import TypedDict

from oracle.search.grid_search import OracleCycle
from oracle.search.pruning_run import RunCycle
from oracle.search.rivals.rival_run import RivalRun
from oracle.search.rivals.rules import RULES
from oracle.stats.paired_difference import DifferenceJson, difference
from oracle.stats.region_intervals import RegionPosterior
from oracle.study.oracle import OracleStudy
from oracle.tables.base import Differences, TrainingCost, paired_differences, training_cost
from oracle.tables.parts import evidence


class ConstantOptions(TypedDict):
    """The same max_lr at every cycle."""

    name: Literal["constant"]
    max_lr: float | None
    """Null: the well-tuned one of the unpruned network."""


class WarmStartOptions(TypedDict):
    """The oracle's well-tuned max_lr of the cycle before."""

    name: Literal["warm_start"]


class GradientSpreadOptions(TypedDict):
    """max_lr grows as the gradients shrink: see :func:`oracle.search.rivals.spreads.max_lr`."""

    name: Literal["gradient_spread"]
    epsilon: float
    """max_lr of the unpruned network."""
    scale: Literal["std", "quantiles"]
    bound: float
    """max_lr stays within epsilon / bound and epsilon * bound."""


class PowerLawOptions(TypedDict):
    """max_lr = epsilon / density^alpha: see :func:`oracle.search.rivals.sizes.power_law`."""

    name: Literal["power_law"]
    alpha: float | None
    """null: fitted, with epsilon, to the oracle's first cycles."""
    epsilon: float | None
    cycles: int
    """Of the oracle, that they are fitted to."""


class LinearRewindingOptions(TypedDict):
    """From the same max_lr linearly to 0 in every retraining."""

    name: Literal["linear_rewinding"]
    max_lr: float | None
    """null: the well-tuned one of the unpruned network."""


class AllrOptions(TypedDict):
    """Adaptive linear learning rate: see :func:`oracle.search.rivals.sizes.allr`."""

    name: Literal["allr"]
    epsilon: float
    """max_lr of the unpruned network."""
    retraining: float
    """Its length, as a share of the first training's."""


class LrRangeTestOptions(TypedDict):
    """The rate that a range test suggests before each retraining."""

    name: Literal["lr_range_test"]
    epsilon: float
    """max_lr of the unpruned network."""


RivalOptions = Annotated[
    ConstantOptions
    | WarmStartOptions
    | GradientSpreadOptions
    | PowerLawOptions
    | LinearRewindingOptions
    | AllrOptions
    | LrRangeTestOptions,
    Field(discriminator="name"),
]


class RivalCycle(TypedDict):
    """One network of a rival's run, and S-Cyc's paired difference to it."""

    cycle: int
    weights_remaining: float
    max_lr: float
    inside: bool | None
    """Of the oracle's region; null where there is none."""
    evidence: evidence.VerdictJson | None
    """What the oracle's replicates say of that."""
    val_accuracy: list[float]
    test_accuracy: list[float]
    diverged: bool
    validation: DifferenceJson | None
    """S-Cyc less rival; null where one diverged or is missing."""
    test: DifferenceJson | None


class RivalAverage(TypedDict):
    """Paired differences of each replicate's mean over all pruned networks that both have."""

    cycles: list[int]
    validation: DifferenceJson
    test: DifferenceJson


class RivalCost(TypedDict):
    """What a rival's run cost."""

    run: TrainingCost
    with_search: TrainingCost
    """With the oracle's training runs whose answers it uses."""


class LastCycle(TypedDict):
    """The last cycle that a rival and S-Cyc both have."""

    cycle: int
    test: DifferenceJson
    """S-Cyc less rival."""


class RivalSummary(TypedDict):
    """A rival in five numbers, over the pruned networks that the oracle and it both have."""

    cycles: int
    inside: int
    """Of these cycles, in how many its max_lr is inside of the measured region."""
    grid_values_off: float | None
    """Values of the grid between it and the well-tuned max_lr, mean; parts of one between two."""
    percent_of_training: float | None
    """What choosing its max_lr costs, in percent of the steps of its own run."""
    last: LastCycle | None


class Rival(TypedDict):
    """A schedule of max_lr that needs no search of its own, against S-Cyc."""

    name: str
    options: RivalOptions
    cycles: list[RivalCycle]
    average: RivalAverage | None
    """Null where they have no pruned network to compare."""
    cost: RivalCost
    summary: NotRequired[RivalSummary]


def part(
    study: OracleStudy,
    runs: Sequence[RivalRun],
    greedy: Sequence[OracleCycle],
    s_cyc: Sequence[RunCycle],
) -> list[Rival]:
    """Return the results of a run's rivals so far.

    Args:
        study: The oracle study that names them.
        runs: The rivals' runs.
        greedy: The oracle's finished cycles, whose regions the rivals' max_lr are held against.
        s_cyc: S-Cyc's run, whose accuracies theirs are compared with.

    Returns:
        One part a rival, in the study's order.
    """
    if not runs:
        return []
    mine = {each.cycle: each for each in s_cyc}
    posteriors = {each.cycle: evidence.infer(study, each) for each in greedy}
    tried = {each.cycle: each for each in greedy}
    return [_rival(run, posteriors, tried, mine) for run in runs]


def _rival(
    run: RivalRun,
    posteriors: Mapping[int, RegionPosterior | None],
    tried: Mapping[int, OracleCycle],
    mine: Mapping[int, RunCycle],
) -> Rival:
    own = [result for each in run.path for result in each.results]
    used = [result for each in run.oracle for row in each.results.values() for result in row]
    cycles = [_cycle(each, posteriors.get(each.cycle), mine.get(each.cycle)) for each in run.path]
    return {
        "name": run.name,
        "options": cast("RivalOptions", run.options),  # as the study declares them
        "cycles": cycles,
        "average": _average([c for c in cycles if c["cycle"] > 0 and c["test"]], mine),
        "cost": {"run": training_cost(own), "with_search": training_cost([*own, *used])},
        "summary": _summary(run, tried, mine),
    }


def _summary(
    run: RivalRun, tried: Mapping[int, OracleCycle], mine: Mapping[int, RunCycle]
) -> RivalSummary:
    """Sum a rival up in five numbers, over the pruned networks that the oracle and it both have."""
    pairs = [
        (each.max_lr, tried[each.cycle].region, sorted(tried[each.cycle].cells))
        for each in run.path
        if each.cycle > 0 and each.cycle in tried
    ]
    known = [(rate, region, grid) for rate, region, grid in pairs if region is not None]
    off = [abs(_position(rate, grid) - grid.index(best.well_tuned)) for rate, best, grid in known]
    last = [c.cycle for c in run.path if c.cycle > 0 and c.cycle in mine and _sound(c, mine)]
    own = {result.cell: result.steps for each in run.path for result in each.results}
    used = {
        result.cell: result.steps
        for each in run.oracle
        for row in each.results.values()
        for result in row
        if result.cell not in own
    }
    tested = sum(len(each.results) for each in run.path if each.cycle > 0)
    tested *= RULES[type(run.spec)].tests
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
    log_rate = math.log(rate)
    left = min(max(bisect.bisect_right(logs, log_rate) - 1, 0), len(logs) - 2)
    return left + (log_rate - logs[left]) / (logs[left + 1] - logs[left])


def _sound(each: RunCycle, mine: Mapping[int, RunCycle]) -> bool:
    return not any(result.diverged for result in (*each.results, *mine[each.cycle].results))


def _last(run: RivalRun, mine: Mapping[int, RunCycle], cycle: int) -> LastCycle:
    ours = [result.test_accuracy for result in mine[cycle].results]
    theirs = [result.test_accuracy for result in run.path[cycle].results]
    return {"cycle": cycle, "test": difference(ours, theirs).to_json()}


def _cycle(done: RunCycle, posterior: RegionPosterior | None, s_cyc: RunCycle | None) -> RivalCycle:
    diverged = any(result.diverged for result in done.results)
    differences: Differences | None = None
    if s_cyc is not None and not diverged and not any(r.diverged for r in s_cyc.results):
        differences = paired_differences(s_cyc.results, done.results)
    return {
        "cycle": done.cycle,
        "weights_remaining": done.results[0].weights_remaining,
        "max_lr": done.max_lr,
        "inside": posterior.region.contains(done.max_lr) if posterior else None,
        "evidence": evidence.verdict(posterior, done.max_lr) if posterior else None,
        "val_accuracy": [result.val_accuracy for result in done.results],
        "test_accuracy": [result.test_accuracy for result in done.results],
        "diverged": diverged,
        "validation": differences and differences["validation"],
        "test": differences and differences["test"],
    }


def _average(cycles: Sequence[RivalCycle], mine: Mapping[int, RunCycle]) -> RivalAverage | None:
    """Average the paired difference of each replicate over the cycles that both have."""
    if not cycles:
        return None
    ours = [mine[cycle["cycle"]].results for cycle in cycles]
    return {
        "cycles": [cycle["cycle"] for cycle in cycles],
        "validation": difference(
            _by_replicate([[result.val_accuracy for result in row] for row in ours]),
            _by_replicate([cycle["val_accuracy"] for cycle in cycles]),
        ).to_json(),
        "test": difference(
            _by_replicate([[result.test_accuracy for result in row] for row in ours]),
            _by_replicate([cycle["test_accuracy"] for cycle in cycles]),
        ).to_json(),
    }


def _by_replicate(rows: Sequence[Sequence[float]]) -> list[float]:
    return [statistics.fmean(column) for column in zip(*rows, strict=False)]
