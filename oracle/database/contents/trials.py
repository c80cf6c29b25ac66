"""Optuna trials that are running, and trials that are deleted, in a transaction of the caller's."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from oracle.database.contents.optuna_tables import (
    ATTRIBUTES,
    CURVES,
    HEARTBEATS,
    OF_STUDIES,
    PARAMS,
    STUDIES,
    SYSTEM_ATTRIBUTES,
    TRIALS,
    VALUES,
)
from oracle.errors import OptunaStudyGone

# Attribute of a running trial: the id of its cell. A finished one has it as `cell`, by which all
# that looks for results goes, so that a running trial is never taken for one.
RUNNING_CELL = "running_cell"

_OF_TRIALS = (VALUES, PARAMS, CURVES, ATTRIBUTES, SYSTEM_ATTRIBUTES, HEARTBEATS)
_CHUNK = 500  # ids in one statement


def has_text(key: str, value: str) -> sa.ColumnElement[bool]:
    """Return the condition that an attribute of a study is a text.

    Args:
        key: Of the attribute.
        value: The text.

    Returns:
        A condition on the table of study attributes.
    """
    return (OF_STUDIES.c.key == key) & (OF_STUDIES.c.value_json == json.dumps(value))


def studies_of(graph: str) -> sa.Select[Any]:
    """Return the query for the numbers of a graph's Optuna studies.

    Args:
        graph: Id of the graph of cells.

    Returns:
        A select of one column.
    """
    return sa.select(OF_STUDIES.c.study_id).where(has_text("graph", graph))


def is_running() -> sa.ColumnElement[bool]:
    """Return the condition that a trial is running."""
    return sa.type_coerce(TRIALS.c.state, sa.String) == sa.literal_column("'RUNNING'")


def running_cells(connection: sa.Connection, study: int) -> dict[str, int]:
    """Read the running trials of a study.

    Args:
        connection: Within a transaction.
        study: Its number.

    Returns:
        Ids of trials in their table, by the ids of their cells.
    """
    select = (
        sa.select(ATTRIBUTES.c.value_json, TRIALS.c.trial_id)
        .join(TRIALS, TRIALS.c.trial_id == ATTRIBUTES.c.trial_id)
        .where(TRIALS.c.study_id == study, is_running(), ATTRIBUTES.c.key == RUNNING_CELL)
    )
    return {json.loads(text): int(trial_id) for text, trial_id in connection.execute(select)}


def lock_study(connection: sa.Connection, study: int) -> None:
    """Let nobody else write to a study in this transaction.

    Args:
        connection: In a transaction that writes.
        study: Its number.

    Raises:
        OptunaStudyGone: There is no such study.
    """
    locked = sa.select(STUDIES.c.study_id).where(STUDIES.c.study_id == study)
    if connection.execute(locked.with_for_update()).one_or_none() is None:
        raise OptunaStudyGone(f"the Optuna study {study} was deleted")


def next_number(study: int) -> sa.ScalarSelect[int]:
    """Return the expression for the number of a study's next trial.

    Args:
        study: Its number.

    Returns:
        A scalar subquery, for an insert.
    """
    select = sa.select(sa.func.count()).where(TRIALS.c.study_id == study)
    return select.scalar_subquery()


def delete_running(connection: sa.Connection, graph: str) -> None:
    """Delete the running trials of a graph; the caller holds its lease, so that none trains.

    Args:
        connection: Within a transaction.
        graph: Id of the graph of cells.
    """
    select = (
        sa.select(TRIALS.c.study_id)
        .distinct()
        .join(ATTRIBUTES, ATTRIBUTES.c.trial_id == TRIALS.c.trial_id)
        .where(TRIALS.c.study_id.in_(studies_of(graph)), is_running())
        .where(ATTRIBUTES.c.key == RUNNING_CELL)
    )
    for study in list(connection.execute(select).scalars()):
        delete_trials(connection, study, set(running_cells(connection, study).values()))


def delete_trials(connection: sa.Connection, study: int, deleted: Collection[int]) -> None:
    """Delete some of a study's trials, and number those that are left anew.

    The next trial's number is how many there are, so no number may be left out.

    Args:
        connection: Within a transaction.
        study: Its number.
        deleted: Ids of trials.
    """
    for chunk in _chunks(sorted(deleted)):
        for table in (*_OF_TRIALS, TRIALS):
            connection.execute(sa.delete(table).where(table.c.trial_id.in_(chunk)))
    select = sa.select(TRIALS.c.trial_id, TRIALS.c.number).where(TRIALS.c.study_id == study)
    left = connection.execute(select.order_by(TRIALS.c.number)).all()
    for number, (trial_id, before) in enumerate(left):
        if number != before:
            here = TRIALS.c.trial_id == trial_id
            connection.execute(sa.update(TRIALS).where(here).values(number=number))


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for first in range(0, len(ids), _CHUNK):
        yield ids[first : first + _CHUNK]
