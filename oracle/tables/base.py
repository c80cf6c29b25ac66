"""What the tables of all kinds of study have: their header, their costs, rows of pruning runs.

A table is plain data that other tools read, and what ``oracle table --format json`` prints. Its
types are in the module of its kind, and :mod:`oracle.tables.registry` has them all. Where nothing
else is said, accuracies and weights remaining are in percent, by replicate; learning rates are in
units of 1; and null stands where there is no value yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NotRequired

from typing_extensions import TypedDict  # pydantic reads typing's own from Python 3.12 on

from oracle.search.graph import CellResult
from oracle.search.pruning_run import RunCycle
from oracle.stats.paired_difference import DifferenceJson, difference
from oracle.study.base import Study
from scyc.specs.base import SCyc


class TableHeader(TypedDict):
    """The fields that the table of every kind of study has in addition to its kind."""

    study: str
    run_id: str
    shrunk: dict[str, str]
    """What was reduced, and how."""
    replicates: int
    """The least number of a cell."""
    complete: bool
    missing: NotRequired[list[str]]
    """Optuna studies in which a run that was done now lacks training runs; only where it does."""


class TrainingCost(TypedDict):
    """What some training runs cost; each counts once, whichever search requested it."""

    trainings: int
    steps: int
    """Iterations of all of them."""
    seconds: float
    """Of worker time."""


class SCycParameters(TypedDict):
    """S-Cyc's parameters (Liu et al. 2021, Section 4.3)."""

    epsilon: float
    delta: float
    q: int
    beta: float


class RunCycleRow(TypedDict):
    """One network of an iterative pruning run."""

    cycle: int
    """Completed pruning cycles."""
    max_lr: float
    weights_remaining: float
    val_accuracy: list[float]
    test_accuracy: list[float]
    diverged: bool
    """Whether a replicate did."""


class MetricFields(TypedDict):
    """What the values of a run are, where a function of the user's own trains."""

    name: str
    mode: Literal["max", "min"]
    """Whether more or less is better."""
    unit: str | None
    """Of the values, such as "%"; null where there is none."""


class Differences(TypedDict):
    """Paired differences between two runs over the replicates that both have."""

    validation: DifferenceJson
    test: DifferenceJson


def table_header(study: Study, run_id: str, complete: bool) -> TableHeader:
    """Return what the table of every kind of study says first.

    Args:
        study: What was declared.
        run_id: Id of the run.
        complete: Whether the run is complete.

    Returns:
        Keys of every table; `replicates` is the least number.
    """
    return {
        "study": study.name,
        "run_id": run_id,
        "shrunk": dict(study.shrunk),
        "replicates": study.least_replicates,
        "complete": complete,
    }


def training_cost(results: Iterable[CellResult]) -> TrainingCost:
    """Return what training runs cost; a cell that is named twice counts once.

    Args:
        results: Results of training runs.

    Returns:
        Number of training runs, iterations, and seconds of workers' devices.
    """
    unique = {result.cell: result for result in results}.values()
    return {
        "trainings": len(unique),
        "steps": sum(result.steps for result in unique),
        "seconds": round(sum(result.seconds for result in unique), 1),
    }


def s_cyc_parameters(curve: SCyc) -> SCycParameters:
    """Return S-Cyc's parameters as JSON values.

    Args:
        curve: S-Cyc's parameters.

    Returns:
        epsilon, delta, q and beta.
    """
    return {"epsilon": curve.epsilon, "delta": curve.delta, "q": curve.q, "beta": curve.beta}


def run_cycle_row(done: RunCycle) -> RunCycleRow:
    """Return a finished cycle of an iterative pruning run.

    Args:
        done: The finished cycle.

    Returns:
        Accuracies in percent, one a replicate; weights remaining in percent.
    """
    return {
        "cycle": done.cycle,
        "max_lr": done.max_lr,
        "weights_remaining": done.results[0].weights_remaining,
        "val_accuracy": [result.val_accuracy for result in done.results],
        "test_accuracy": [result.test_accuracy for result in done.results],
        "diverged": any(result.diverged for result in done.results),
    }


def finite(values: Sequence[float | None]) -> list[float]:
    """Return the values that are there: a diverged replicate has none in a metric of one's own.

    Args:
        values: One a replicate; None where it diverged.

    Returns:
        Values in order; [] where every replicate diverged.
    """
    return [value for value in values if value is not None]


def paired_differences(mine: Sequence[CellResult], theirs: Sequence[CellResult]) -> Differences:
    """Return the paired differences mine - theirs, each in the replicates' order.

    Args:
        mine: One run's, in the order of the replicates.
        theirs: The other's.

    Returns:
        Mean and standard error of validation and test, in points of accuracy.
    """
    return {
        "validation": difference(
            [result.val_accuracy for result in mine], [result.val_accuracy for result in theirs]
        ).to_json(),
        "test": difference(
            [result.test_accuracy for result in mine], [result.test_accuracy for result in theirs]
        ).to_json(),
    }
