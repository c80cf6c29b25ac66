"""What S-Cyc is worth against rivals that need no search: their part of an oracle run's table."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from oracle.search.greedy import OracleCycle
from oracle.search.pruning_run import RunCycle
from oracle.search.rivals import RivalRun, starting_max_lr
from oracle.stats.paired_difference import DifferenceJson, difference
from oracle.stats.region_intervals import RegionPosterior
from oracle.study.oracle import OracleStudy
from oracle.study.rivals import ConstantRival, GradientSpreadRival
from oracle.tables import evidence
from oracle.tables.base import Differences, TrainingCost, paired_differences, training_cost


class ConstantOptions(TypedDict):
    """The same max_lr at every cycle."""

    name: Literal["constant"]
    max_lr: float | None
    """Null: the well-tuned one of the unpruned network."""


class WarmStartOptions(TypedDict):
    """The oracle's well-tuned max_lr of the cycle before."""

    name: Literal["warm_start"]


class GradientSpreadOptions(TypedDict):
    """max_lr grows as the weight gradients shrink: see :func:`oracle.search.spreads.max_lr`."""

    name: Literal["gradient_spread"]
    epsilon: float
    """max_lr of the unpruned network."""
    scale: Literal["std", "quantiles"]
    bound: float
    """max_lr stays within epsilon / bound and epsilon * bound."""


RivalOptions = Annotated[
    ConstantOptions | WarmStartOptions | GradientSpreadOptions, Field(discriminator="name")
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


class Rival(TypedDict):
    """A schedule of max_lr that needs no search of its own, against S-Cyc."""

    name: str
    options: RivalOptions
    cycles: list[RivalCycle]
    average: RivalAverage | None
    """Null where they have no pruned network to compare."""
    cost: RivalCost


def part(
    study: OracleStudy,
    runs: Sequence[RivalRun],
    greedy: Sequence[OracleCycle],
    s_cyc: Sequence[RunCycle],
) -> list[Rival]:
    """Return what the rivals of a run have found, as far as they have come.

    Args:
        study: The oracle study that names them.
        runs: The rivals' runs.
        greedy: The oracle's finished cycles, whose regions the rivals' max_lr are held against.
        s_cyc: S-Cyc's run, whose accuracies theirs are compared with.
    """
    if not runs:
        return []
    mine = {each.cycle: each for each in s_cyc}
    posteriors = {each.cycle: evidence.infer(study, each) for each in greedy}
    return [_rival(run, posteriors, mine) for run in runs]


def _rival(
    run: RivalRun, posteriors: Mapping[int, RegionPosterior | None], mine: Mapping[int, RunCycle]
) -> Rival:
    own = [result for each in run.path for result in each.results]
    used = [result for each in run.oracle for row in each.results.values() for result in row]
    cycles = [_cycle(each, posteriors.get(each.cycle), mine.get(each.cycle)) for each in run.path]
    return {
        "name": run.name,
        "options": _options(run),
        "cycles": cycles,
        "average": _average([c for c in cycles if c["cycle"] > 0 and c["test"]], mine),
        "cost": {"run": training_cost(own), "with_search": training_cost([*own, *used])},
    }


def _options(run: RivalRun) -> ConstantOptions | WarmStartOptions | GradientSpreadOptions:
    spec = run.spec
    if isinstance(spec, ConstantRival):
        return {"name": "constant", "max_lr": spec.max_lr}
    if isinstance(spec, GradientSpreadRival):
        return {
            "name": "gradient_spread",
            "epsilon": starting_max_lr(spec, run.study),
            "scale": spec.scale,
            "bound": spec.bound,
        }
    return {"name": "warm_start"}


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
    """The paired difference of each replicate's mean over the cycles that both have."""
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
