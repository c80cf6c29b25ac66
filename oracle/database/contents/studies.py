"""Optuna's studies, looked up by the attributes that we store in them."""

from __future__ import annotations

import contextlib
import hashlib
import json
from typing import Any

import sqlalchemy as sa

from oracle.database.contents.optuna_tables import (
    ATTRIBUTES,
    CURVES,
    OF_STUDIES,
    STUDIES,
    TRIALS,
    VALUES,
)
from oracle.database.contents.trials import has_text, is_running, studies_of
from oracle.database.engine import URL, Database

_ROWS = 1000  # that are read at a time


def studies_with(engine: sa.Engine, key: str, value: str) -> list[tuple[int, str, dict[str, Any]]]:
    """Find the studies of which a user attribute is a text.

    Args:
        engine: Of the database.
        key: Name of the attribute.
        value: Its text.

    Returns:
        Number, as the dashboard's addresses have it, name and user attributes of each.
    """
    mine = sa.select(OF_STUDIES.c.study_id).where(has_text(key, value))
    columns = (STUDIES.c.study_id, STUDIES.c.study_name, OF_STUDIES.c.key, OF_STUDIES.c.value_json)
    select = (
        sa.select(*columns)
        .join(OF_STUDIES, OF_STUDIES.c.study_id == STUDIES.c.study_id)
        .where(STUDIES.c.study_id.in_(mine))
        .order_by(STUDIES.c.study_id)
    )
    with engine.connect() as connection:
        rows = connection.execute(select).all()  # one statement: one state of the database
    studies: dict[int, tuple[int, str, dict[str, Any]]] = {}
    for number, title, name, text in rows:
        attributes = studies.setdefault(number, (int(number), str(title), {}))[2]
        attributes[name] = json.loads(text)
    return list(studies.values())


def study_attributes(engine: sa.Engine, number: int) -> dict[str, Any]:
    """Return a study's user attributes; none where there is no such study.

    Args:
        engine: Of the database.
        number: Optuna's number of the study, as the dashboard's addresses have it.

    Returns:
        JSON values by key; {} where there is no such study.
    """
    select = sa.select(OF_STUDIES.c.key, OF_STUDIES.c.value_json)
    with engine.connect() as connection:
        rows = connection.execute(select.where(OF_STUDIES.c.study_id == number)).all()
    return {row.key: json.loads(row.value_json) for row in rows}


def first_weights_remaining(engine: sa.Engine, graph: str | None = None) -> dict[int, float]:
    """Read the weights that remain after the pruning of the first training run of each study.

    Args:
        engine: Of the database.
        graph: Id of the graph whose studies are wanted; None: all studies.

    Returns:
        Percent, by the study's number; studies without training runs are left out.
    """
    oldest = sa.func.min(TRIALS.c.trial_id).label("trial_id")
    oldest_of = sa.select(TRIALS.c.study_id, oldest).where(~is_running())
    oldest_of = oldest_of.group_by(TRIALS.c.study_id)
    if graph is not None:
        oldest_of = oldest_of.where(TRIALS.c.study_id.in_(studies_of(graph)))
    first = oldest_of.subquery()
    select = (
        sa.select(first.c.study_id, ATTRIBUTES.c.value_json)
        .join(ATTRIBUTES, ATTRIBUTES.c.trial_id == first.c.trial_id)
        .where(ATTRIBUTES.c.key == "weights_remaining")
    )
    with engine.connect() as connection:
        rows = connection.execute(select).all()
    return {int(study): float(json.loads(text)) for study, text in rows}


def trials_with(engine: sa.Engine, key: str, value: str) -> tuple[int, int | None, str | None]:
    """Count the trials of the studies that have a user attribute with a value.

    Args:
        engine: Of the database.
        key: Of the user attribute.
        value: Of the user attribute.

    Returns:
        Trials that have ended, and id and end of the newest.
    """
    same = TRIALS.c.study_id == OF_STUDIES.c.study_id
    newest = sa.func.max(TRIALS.c.trial_id), sa.func.max(TRIALS.c.datetime_complete)
    select = sa.select(sa.func.count(), *newest).select_from(TRIALS).join(OF_STUDIES, same)
    mine = select.where(has_text(key, value), ~is_running())
    with engine.connect() as connection:
        count, number, ended = connection.execute(mine).one()
    return int(count), number, ended and str(ended)


def results_hash(url: URL, key: str, value: str) -> str:
    """Return a hash of all trials of studies of which a user attribute is a text.

    Every column that results are read from is in it, so it changes with any of them.

    Args:
        url: Of the database.
        key: Name of the attribute.
        value: Its text.

    Returns:
        sha256 in hexadecimal.

    Raises:
        StorageError: The database fails.
    """
    same = TRIALS.c.study_id == OF_STUDIES.c.study_id
    ids = sa.select(TRIALS.c.trial_id).join(OF_STUDIES, same).where(has_text(key, value))
    digest = hashlib.sha256()
    with contextlib.closing(Database(url)) as database, database.reading() as connection:
        for table in (TRIALS, VALUES, CURVES, ATTRIBUTES):
            select = sa.select(*table.columns).where(table.c.trial_id.in_(ids))
            cursor = connection.execute(select.order_by(*table.primary_key)).cursor
            while rows := cursor.fetchmany(_ROWS):  # the driver's own: a third of the time
                digest.update(repr([tuple(row) for row in rows]).encode())
    return digest.hexdigest()
