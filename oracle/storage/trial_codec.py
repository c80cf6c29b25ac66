"""Cells, observations and candidates as Optuna's trials, and back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    FloatDistribution,
    IntDistribution,
    distribution_to_json,
    json_to_distribution,
)
from optuna.trial import FrozenTrial, TrialState

from oracle.database.contents.trial_rows import Fate, NewTrial
from oracle.database.contents.trials import RUNNING_CELL
from oracle.database.tables import now
from oracle.records.candidates import Axis, CandidateTrial
from oracle.records.observations import Observation
from oracle.search.graph import Cell, CellResult, Graph
from oracle.search.request import StudyKey
from oracle.study.parts.metric import MetricSpec
from scyc.specs.base import as_json

_MOST_REPLICATES = 1000
_LOWEST, _HIGHEST = 1e-8, 1e4  # of the max_lr axis where no grid is known, widened where needed


def new_trial(trial: FrozenTrial) -> NewTrial:
    """Return a trial that Optuna has checked as its tables keep it.

    Args:
        trial: An ended trial, with Optuna's local times.

    Returns:
        Its values in Optuna's internal forms, times in UTC.
    """
    assert trial.datetime_start is not None
    assert trial.datetime_complete is not None  # it has ended
    params = {}
    for name, value in trial.params.items():
        axis = trial.distributions[name]
        params[name] = (axis.to_internal_repr(value), distribution_to_json(axis))
    # Local times that are subtracted are a duration, also where the clocks change in between.
    ended = _utc(trial.datetime_complete)
    return NewTrial(
        fate=_FATE_NAMES[trial.state],
        started=ended - (trial.datetime_complete - trial.datetime_start),
        ended=ended,
        values=tuple(trial.values or ()),
        params=params,
        curve=trial.intermediate_values,
        attributes=trial.user_attrs,
    )


def _utc(local: datetime) -> datetime:
    return local.astimezone(UTC).replace(tzinfo=None)


def metric_of(graph: Graph) -> MetricSpec | None:
    """Return what a training function's values are; None of accuracies in percent.

    Args:
        graph: Names the training runs of the system.

    Returns:
        Name, unit and direction of the metric.
    """
    return getattr(graph.system, "metric", None)


def _value(result: CellResult, metric: MetricSpec | None) -> float:
    """Return a trial's value: the worst there is where a metric of one's own diverged."""
    if metric is None or not result.diverged:
        return result.val_accuracy
    return math.inf if metric.mode == "min" else -math.inf


def cell_trial(
    key: StudyKey,
    cell: Cell,
    result: CellResult,
    metric: MetricSpec | None,
    axis: FloatDistribution | None = None,
) -> FrozenTrial:
    """Return the trial of a finished cell.

    The replicate is an attribute: as a parameter, importance would rank it with max_lr.

    Args:
        key: The Optuna study that the trial goes into; where it holds several cycles, the cycle is
            a parameter of the trial.
        cell: What was trained.
        result: What it gave.
        metric: What a training function's values are; None of accuracies in percent.
        axis: Of max_lr in that study; the widest where it is not known.

    Returns:
        A complete trial, whose value is validation accuracy in percent or the metric's.
    """
    params, distributions = _parameters(key, cell, axis)
    optional = {"kept": result.kept, "recorded": result.recorded, "split": result.split}
    trial = optuna.create_trial(
        state=TrialState.COMPLETE,
        value=_value(result, metric),
        params=params,
        distributions=distributions,
        intermediate_values=dict(result.curve),
        user_attrs={
            "cell": result.cell,
            "replicate": cell.replicate,
            "test_accuracy": result.test_accuracy,
            "diverged": result.diverged,
            "weights_remaining": result.weights_remaining,
            "checkpoint": result.checkpoint,
            "schedule": as_json(cell.schedule),
            "cost": {
                "steps": result.steps,
                "seconds": result.seconds,
                "device": result.device,
                "engine": result.engine,
                "members": result.members,
            },
            **{name: value for name, value in optional.items() if value is not None},
        },
    )
    assert trial.datetime_complete is not None  # it is COMPLETE
    trial.datetime_start = trial.datetime_complete - timedelta(seconds=result.seconds)
    return trial


def running_trial(
    key: StudyKey, cell: Cell, curve: Mapping[int, float], axis: FloatDistribution | None = None
) -> NewTrial:
    """Return the trial of a cell that is being trained.

    Args:
        key: The Optuna study that the trial goes into.
        cell: What is trained.
        curve: Validation values by completed iterations.
        axis: Of max_lr in that study; the widest where it is not known.

    Returns:
        A running trial, without a value.
    """
    values, axes = _parameters(key, cell, axis)
    params = {
        name: (axes[name].to_internal_repr(value), distribution_to_json(axes[name]))
        for name, value in values.items()
    }
    return NewTrial(
        fate="RUNNING",
        started=now(),
        ended=None,
        values=(),
        params=params,
        curve=curve,
        attributes={RUNNING_CELL: cell.id, "replicate": cell.replicate},
    )


def _parameters(
    key: StudyKey, cell: Cell, axis: FloatDistribution | None
) -> tuple[dict[str, Any], dict[str, BaseDistribution]]:
    """Return the parameters of a cell's trial, and their distributions."""
    params: dict[str, Any] = {"max_lr": cell.max_lr}
    distributions: dict[str, BaseDistribution] = {"max_lr": _max_lr_axis(cell.max_lr, axis)}
    if key.cycle is None:
        params["cycle"] = cell.cycle
        distributions["cycle"] = IntDistribution(0, _MOST_REPLICATES)
    return params, distributions


def observed_trial(observation: Observation) -> FrozenTrial:
    """Return the trial of a training run that another program reported; one that diverged is FAIL.

    Args:
        observation: What was observed.

    Returns:
        A trial with the time of the report.
    """
    accuracy = observation.accuracy
    trial = optuna.create_trial(
        state=TrialState.FAIL if accuracy is None else TrialState.COMPLETE,
        value=accuracy,
        params={"max_lr": observation.max_lr, "cycle": observation.cycle},
        distributions={
            "max_lr": _max_lr_axis(observation.max_lr),
            "cycle": IntDistribution(0, _MOST_REPLICATES),
        },
        user_attrs={
            "owner": observation.owner,
            "diverged": accuracy is None,
            "replicate": observation.replicate,
        },
    )
    # when it was trained is not known; Optuna's times are local ones
    reported = observation.reported.astimezone().replace(tzinfo=None)
    trial.datetime_start = trial.datetime_complete = reported
    return trial


def replicate_of(trial: FrozenTrial) -> int:
    """Return a trial's replicate; earlier versions stored it as a parameter.

    Args:
        trial: Of a training run.

    Returns:
        Counted from 0.
    """
    replicate = trial.user_attrs.get("replicate", trial.params.get("replicate"))
    assert isinstance(replicate, int)  # every version keeps it
    return replicate


def max_lr_axis(stored: str | None, bounds: tuple[float, float] | None) -> FloatDistribution | None:
    """Return the axis of max_lr in a study, the same for all its trials where it can be.

    Args:
        stored: The distribution of its first trial, as JSON; None where it has none.
        bounds: Learning rates that the grid never passes; None where no grid is known.

    Returns:
        The stored distribution, else one over `bounds`; None where neither is known.
    """
    if stored is not None:
        axis = json_to_distribution(stored)
        return axis if isinstance(axis, FloatDistribution) else None
    return None if bounds is None else FloatDistribution(*bounds, log=True)


def _max_lr_axis(max_lr: float, axis: FloatDistribution | None = None) -> FloatDistribution:
    low, high = (axis.low, axis.high) if axis is not None else (_LOWEST, _HIGHEST)
    if axis is not None and low <= max_lr <= high:
        return axis
    return FloatDistribution(min(low, max_lr), max(high, max_lr), log=True)


_FATES = MappingProxyType(
    {
        "finished": TrialState.COMPLETE,
        "stopped": TrialState.PRUNED,
        "diverged": TrialState.FAIL,
    }
)


_FATE_NAMES: Mapping[TrialState, Fate] = MappingProxyType(
    {TrialState.COMPLETE: "COMPLETE", TrialState.PRUNED: "PRUNED", TrialState.FAIL: "FAIL"}
)


def candidate_trial(candidate: CandidateTrial) -> FrozenTrial:
    """Return the trial of a candidate of a search that has ended.

    Args:
        candidate: Parameters and result of a candidate of S-Cyc's search.

    Returns:
        A trial that is COMPLETE, PRUNED or FAIL, with one value an objective where it is COMPLETE.
    """
    trial = optuna.create_trial(
        state=_FATES[candidate.fate],
        values=candidate.values or None,
        params=dict(candidate.params),
        distributions={name: _distribution(axis) for name, axis in candidate.axes.items()},
        intermediate_values=dict(candidate.curve),
        user_attrs=dict(candidate.attributes),
    )
    assert trial.datetime_complete is not None  # its state is one of those that end
    trial.datetime_start = trial.datetime_complete - timedelta(seconds=candidate.seconds)
    return trial


def _distribution(axis: Axis) -> BaseDistribution:
    if axis.whole:
        return IntDistribution(int(axis.low), int(axis.high))
    return FloatDistribution(axis.low, axis.high, log=axis.log)
