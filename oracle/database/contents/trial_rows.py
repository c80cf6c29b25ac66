"""The rows of a trial in Optuna's tables, as they are written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from oracle.database.contents.optuna_tables import (
    ATTRIBUTES,
    CURVES,
    PARAMS,
    TRIALS,
    VALUES,
    finite,
    number_kind,
)
from scyc.json_types import JsonMapping

Fate = Literal["COMPLETE", "PRUNED", "FAIL", "RUNNING"]

Row = dict[str, Any]  # of a table, by column


@dataclass(frozen=True)
class NewTrial:
    """A trial as Optuna keeps it."""

    fate: Fate
    started: datetime  # UTC, without a time zone
    ended: datetime | None  # None: it is running
    values: Sequence[float]
    params: Mapping[str, tuple[float, str]]  # value as Optuna keeps it, and distribution as JSON
    curve: Mapping[int, float] = field(default_factory=dict)  # intermediate values, by step
    attributes: JsonMapping = field(default_factory=dict)  # JSON values


def insert_trial(
    connection: sa.Connection, study: int, number: int | sa.ScalarSelect[int], trial: NewTrial
) -> None:
    """Insert a trial with all its rows.

    Args:
        connection: In a transaction that writes.
        study: The study's id in its table.
        number: Of the trial in its study, or an expression that counts those that there are.
        trial: What to write.
    """
    insert = sa.insert(TRIALS).values(
        number=number,
        study_id=study,
        state=trial.fate,
        datetime_start=trial.started,
        datetime_complete=trial.ended,
    )
    trial_id = connection.execute(insert.returning(TRIALS.c.trial_id)).scalar_one()
    insert_rows(connection, trial_id, trial)


def insert_rows(connection: sa.Connection, trial_id: int, trial: NewTrial) -> None:
    """Insert the rows that belong to a trial whose own row is there.

    Args:
        connection: In a transaction that writes.
        trial_id: Of the trial, in Optuna's table.
        trial: What to write.
    """
    for table, rows in trial_rows(trial):
        if rows:
            connection.execute(sa.insert(table), [{"trial_id": trial_id, **row} for row in rows])


def trial_rows(trial: NewTrial) -> list[tuple[sa.Table, list[Row]]]:
    """Make the rows that belong to a trial, for each of Optuna's tables.

    Args:
        trial: What is written.

    Returns:
        Tables with their rows, without the trial's id.
    """
    values: list[Row] = [
        {"objective": index, "value": finite(value), "value_type": number_kind(value)}
        for index, value in enumerate(trial.values)
    ]
    params: list[Row] = [
        {"param_name": name, "param_value": value, "distribution_json": distribution}
        for name, (value, distribution) in trial.params.items()
    ]
    attributes: list[Row] = [
        {"key": key, "value_json": json.dumps(value)} for key, value in trial.attributes.items()
    ]
    curve = curve_rows(trial.curve)
    return [(VALUES, values), (PARAMS, params), (CURVES, curve), (ATTRIBUTES, attributes)]


def curve_rows(curve: Mapping[int, float]) -> list[Row]:
    """Make the rows of a curve.

    Args:
        curve: Intermediate values by step.

    Returns:
        Rows without the trial's id.
    """
    return [
        {
            "step": step,
            "intermediate_value": finite(value),
            "intermediate_value_type": number_kind(value),
        }
        for step, value in curve.items()
    ]
