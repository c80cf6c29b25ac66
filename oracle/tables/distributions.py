"""Distributions while a network is pruned: the table of a run (Liu et al. 2021, Figures 1, 3-6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NotRequired

from typing_extensions import TypedDict

from oracle.search.pruning_run import RunCycle
from oracle.study.base import Study
from oracle.study.distributions import DistributionsStudy
from oracle.tables.base import TableHeader, TrainingCost, table_header, training_cost
from scyc.recording.pooling import pooled
from scyc.recording.stored import DistributionJson
from scyc.specs.system import DISTRIBUTIONS, RecordedDistribution, RecordSpec


class FigureOfPaper(TypedDict):
    """What the paper says of a figure of distributions."""

    figure: int
    claim: str


class RecordFields(TypedDict):
    """What is recorded: :class:`scyc.specs.system.RecordSpec`."""

    what: list[RecordedDistribution]
    batches: int
    """Training batches that are looked at."""
    outside: list[float] | None
    """Bounds at which values are counted."""


class DistributionsCycle(TypedDict):
    """The distributions of one network of an iterative pruning run."""

    cycle: int
    weights_remaining: float
    max_lr: float
    val_accuracy: list[float]
    test_accuracy: list[float]
    diverged: bool
    std: dict[RecordedDistribution, list[float | None]]
    """Each replicate's own."""
    outside: dict[RecordedDistribution, list[float]]
    """Percent of each replicate's values; empty without bounds."""
    weight_gradients: NotRequired[DistributionJson]
    """All replicates' values together."""
    activations: NotRequired[DistributionJson]


class DistributionsCost(TypedDict):
    """What the run cost."""

    training: TrainingCost


class DistributionsTable(TableHeader):
    """Distributions while a network is pruned. Of each cycle only what was recorded is there."""

    kind: Literal["distributions"]
    label: str | None
    """Of the study's runs, where it has several."""
    paper: FigureOfPaper | None
    record: RecordFields
    cycles: list[DistributionsCycle]
    cost: DistributionsCost


def table(
    study: Study, run_id: str, cycles: Sequence[RunCycle], complete: bool, label: str | None = None
) -> DistributionsTable:
    """Return the distributions of one iterative pruning run as far as it has come.

    Each distribution is that of all replicates' values together:
    :func:`scyc.recording.pooling.pooled`.

    Args:
        study: A study of any kind that records them.
        run_id: The run's id.
        cycles: The finished cycles of the iterative pruning run.
        complete: Whether these are all there will be.
        label: Which of the study's runs, where it has several.

    Returns:
        A table of kind "distributions".

    Raises:
        ValueError: The study records nothing.
    """
    if study.record is None:
        raise ValueError(f"{study.name} records no distributions; add record to the study")
    paper = study.paper if isinstance(study, DistributionsStudy) else None
    return {
        "kind": "distributions",
        **table_header(study, run_id, complete),
        "label": label,
        "paper": {"figure": paper.figure, "claim": paper.claim} if paper else None,
        "record": _record(study.record),
        "cycles": [_cycle(study.record, each) for each in cycles],
        "cost": {"training": training_cost(result for each in cycles for result in each.results)},
    }


def _record(record: RecordSpec) -> RecordFields:
    return {
        "what": _drawn(record),
        "batches": record.batches,
        "outside": list(record.outside) if record.outside is not None else None,
    }


def _drawn(record: RecordSpec) -> list[RecordedDistribution]:
    return [what for what in DISTRIBUTIONS if what in record.what]


def _cycle(record: RecordSpec, done: RunCycle) -> DistributionsCycle:
    recorded = [result.recorded for result in done.results if result.recorded is not None]
    parts = {what: [each[what] for each in recorded] for what in _drawn(record) if recorded}
    row: DistributionsCycle = {
        "cycle": done.cycle,
        "weights_remaining": done.results[0].weights_remaining,
        "max_lr": done.max_lr,
        "val_accuracy": [result.val_accuracy for result in done.results],
        "test_accuracy": [result.test_accuracy for result in done.results],
        "diverged": any(result.diverged for result in done.results),
        "std": {what: [part["std"] for part in each] for what, each in parts.items()},
        "outside": {
            what: [_outside(part) for part in each]
            for what, each in parts.items()
            if record.outside is not None
        },
    }
    for what, each in parts.items():
        row[what] = pooled(each)
    return row


def _outside(part: DistributionJson) -> float:
    """Return the share of values outside the bounds, in percent."""
    beyond = (part["below"] or 0) + (part["above"] or 0)
    return 100 * float(beyond) / part["count"] if part["count"] else 0.0
