"""Optuna studies and runs of one database, added to another's without repetition."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from oracle.database.contents.optuna_tables import (
    ATTRIBUTES,
    CURVES,
    DIRECTIONS,
    ENDED,
    OF_STUDIES,
    PARAMS,
    STUDIES,
    SUMMARY_KEY,
    SYSTEM_OF_STUDIES,
    TRIALS,
    VALUES,
    read_number,
)
from oracle.database.contents.trial_rows import NewTrial, Row, insert_trial
from oracle.database.engine import URL, Database
from oracle.database.leases import LeaseClaim, require
from oracle.database.tables import OBSERVATIONS, OUTSIDE, PLANS, RUN_NAMES, RUNS
from oracle.errors import StorageError

_ENDED_RUNS = ("done", "no winner")


@dataclass(frozen=True)
class StoredStudy:
    """An Optuna study with its trials that have ended."""

    name: str
    directions: tuple[str, ...]
    user: Mapping[str, str]  # attributes: JSON texts by key
    system: Mapping[str, str]
    trials: tuple[NewTrial, ...]

    @property
    def graph(self) -> str | None:
        """The graph whose training runs it holds; None where it holds none of a graph's."""
        text = self.user.get("graph")
        return None if text is None else str(json.loads(text))


def transfer(
    source: URL, target: URL, claims: Mapping[str, LeaseClaim]
) -> tuple[int, tuple[int, ...]]:
    """Add what a database knows of runs to another.

    Each Optuna study comes in one transaction, and the runs after all of them: whoever is killed
    in between, and does it again, ends with the same. A training run that the target has already
    stays as it is there.

    Args:
        source: Its tables and Optuna's are up to date, and nobody writes to it.
        target: The same.
        claims: The leases of the source's graphs in the target, by graph.

    Returns:
        How many trials were new in the target, and the :func:`size` of the source before.

    Raises:
        LeaseLost: A lease does not hold.
        StorageError: A database fails.
    """
    old, new = Database(source), Database(target)
    try:
        added = 0
        with old.reading() as connection:
            before = size(connection)
            for study in stored_studies(connection):
                claim = claims.get(study.graph) if study.graph is not None else None
                with new.writing() as writing:
                    if claim is not None:
                        require(writing, claim)
                    added += add_study(writing, study)
            rows = {
                table: [row._asdict() for row in connection.execute(sa.select(table))]
                for table in (PLANS, OUTSIDE, OBSERVATIONS, RUN_NAMES, RUNS)
            }
        with new.writing() as writing:
            for table, content in rows.items():
                _add_rows(new, writing, table, content)
        return added, before
    finally:
        old.close()
        new.close()


def size(connection: sa.Connection) -> tuple[int, ...]:
    """Return how much a database holds of all that :func:`transfer` takes.

    Args:
        connection: Within a transaction.

    Returns:
        Rows of each table, in a fixed order; two results are only compared.
    """
    tables = (STUDIES, TRIALS, PLANS, OUTSIDE, OBSERVATIONS, RUN_NAMES, RUNS)
    counts = (sa.select(sa.func.count()).select_from(table) for table in tables)
    return tuple(int(connection.execute(count).scalar_one()) for count in counts)


def stored_studies(connection: sa.Connection) -> Iterator[StoredStudy]:
    """Yield every Optuna study of a database, the oldest first.

    Args:
        connection: Within a transaction.

    Yields:
        Studies with all their attributes and trials.
    """
    select = sa.select(STUDIES.c.study_id, STUDIES.c.study_name).order_by(STUDIES.c.study_id)
    for number, name in connection.execute(select).all():
        order = DIRECTIONS.c.objective
        mine = DIRECTIONS.c.study_id == number
        directions = sa.select(DIRECTIONS.c.direction).where(mine).order_by(order)
        yield StoredStudy(
            name=name,
            directions=tuple(connection.execute(directions).scalars()),
            user=_attributes(connection, OF_STUDIES, number),
            system=_attributes(connection, SYSTEM_OF_STUDIES, number),
            trials=tuple(_trials(connection, number)),
        )


def add_study(connection: sa.Connection, study: StoredStudy) -> int:
    """Add an Optuna study's trials that a database lacks.

    Args:
        connection: Within a transaction.
        study: As it was read.

    Returns:
        How many these are, without the answers of cycles in a run's summary.
    """
    number = _same_study(connection, study)
    if number is None:
        number = _made(connection, study)
    else:
        known = _attributes(connection, OF_STUDIES, number)
        lacking = {key: text for key, text in study.user.items() if key not in known}
        _insert_attributes(connection, OF_STUDIES, number, lacking)
    there = {_key(trial) for trial in _trials(connection, number)}
    if study.graph is not None:
        there |= {("cell", cell) for cell in _cells(connection, study.graph)}
    new = [trial for trial in study.trials if _key(trial) not in there]
    count = sa.select(sa.func.count()).select_from(TRIALS).where(TRIALS.c.study_id == number)
    first = int(connection.execute(count).scalar_one())
    for index, trial in enumerate(new, first):
        insert_trial(connection, number, index, trial)
    return sum(SUMMARY_KEY not in trial.attributes for trial in new)


def _same_study(connection: sa.Connection, study: StoredStudy) -> int | None:
    """Find the study of this name, unless it is of another place or another graph."""
    by_name = sa.select(STUDIES.c.study_id).where(STUDIES.c.study_name == study.name)
    number = connection.execute(by_name).scalar()
    if number is None:
        return None
    known = _attributes(connection, OF_STUDIES, number)
    own = [key for key in ("place", "node", "graph", "outside") if key in study.user]
    if all(json.loads(known.get(key, "null")) == json.loads(study.user[key]) for key in own):
        return int(number)
    return None


def _made(connection: sa.Connection, study: StoredStudy) -> int:
    """Make a study; where its name is another's, with a number after it."""
    name, tries = study.name, 1
    while connection.execute(
        sa.select(STUDIES.c.study_id).where(STUDIES.c.study_name == name)
    ).first():
        tries += 1
        name = f"{study.name} ({tries})"
    insert = sa.insert(STUDIES).values(study_name=name).returning(STUDIES.c.study_id)
    number = int(connection.execute(insert).scalar_one())
    directions = [
        {"study_id": number, "direction": direction, "objective": index}
        for index, direction in enumerate(study.directions)
    ]
    connection.execute(sa.insert(DIRECTIONS), directions)
    _insert_attributes(connection, OF_STUDIES, number, study.user)
    _insert_attributes(connection, SYSTEM_OF_STUDIES, number, study.system)
    return number


def _attributes(connection: sa.Connection, table: sa.Table, study: int) -> dict[str, str]:
    select = sa.select(table.c.key, table.c.value_json).where(table.c.study_id == study)
    return {row.key: row.value_json for row in connection.execute(select)}


def _insert_attributes(
    connection: sa.Connection, table: sa.Table, study: int, attributes: Mapping[str, str]
) -> None:
    rows = [{"study_id": study, "key": key, "value_json": text} for key, text in attributes.items()]
    if rows:
        connection.execute(sa.insert(table), rows)


def _cells(connection: sa.Connection, graph: str) -> set[str]:
    """Return the ids of a graph's cells that are there, in any study."""
    select = (
        sa.select(ATTRIBUTES.c.value_json)
        .join(TRIALS, TRIALS.c.trial_id == ATTRIBUTES.c.trial_id)
        .join(OF_STUDIES, OF_STUDIES.c.study_id == TRIALS.c.study_id)
        .where(ATTRIBUTES.c.key == "cell", OF_STUDIES.c.key == "graph")
        .where(OF_STUDIES.c.value_json == json.dumps(graph))
    )
    return {json.loads(text) for text in connection.execute(select).scalars()}


def _trials(connection: sa.Connection, study: int) -> Iterator[NewTrial]:
    """Yield the trials of a study that have ended, in their order."""
    state = sa.type_coerce(TRIALS.c.state, sa.String)
    mine = sa.select(TRIALS.c.trial_id).where(TRIALS.c.study_id == study)

    def of_each(table: sa.Table, *columns: Any) -> dict[int, list[Any]]:
        by_trial: dict[int, list[Any]] = {}
        select = sa.select(table.c.trial_id, *columns).where(table.c.trial_id.in_(mine))
        for trial_id, *fields in connection.execute(select):
            by_trial.setdefault(trial_id, []).append(fields)
        return by_trial

    kind = sa.type_coerce(VALUES.c.value_type, sa.String)
    values = of_each(VALUES, VALUES.c.objective, VALUES.c.value, kind)
    params = of_each(PARAMS, PARAMS.c.param_name, PARAMS.c.param_value, PARAMS.c.distribution_json)
    kind = sa.type_coerce(CURVES.c.intermediate_value_type, sa.String)
    curves = of_each(CURVES, CURVES.c.step, CURVES.c.intermediate_value, kind)
    attributes = of_each(ATTRIBUTES, ATTRIBUTES.c.key, ATTRIBUTES.c.value_json)
    when = (TRIALS.c.datetime_start, TRIALS.c.datetime_complete)
    select = sa.select(TRIALS.c.trial_id, state, *when).where(TRIALS.c.study_id == study)
    for trial_id, fate, started, ended in connection.execute(select.order_by(TRIALS.c.number)):
        if fate in ENDED:
            yield NewTrial(
                fate=fate,
                started=started,
                ended=ended,
                values=tuple(read_number(n, how) for _, n, how in sorted(values.get(trial_id, ()))),
                params={name: (value, axis) for name, value, axis in params.get(trial_id, ())},
                curve={step: read_number(n, how) for step, n, how in curves.get(trial_id, ())},
                attributes={key: json.loads(text) for key, text in attributes.get(trial_id, ())},
            )


def _key(trial: NewTrial) -> tuple[str, Any]:
    """By what a trial is known to be there."""
    for name in ("cell", "candidate", SUMMARY_KEY):
        if name in trial.attributes:
            return name, trial.attributes[name]
    whole = (trial.fate, trial.values, trial.params, trial.curve, trial.attributes)
    return "trial", json.dumps(whole, sort_keys=True, default=str)


def _add_rows(
    database: Database, connection: sa.Connection, table: sa.Table, content: list[Row]
) -> None:
    """Add rows of one of our tables that are not there."""
    for row in content:
        row.pop("number", None)
        insert = database.insert(table).values(row)
        if table is RUNS:
            _refuse_another(connection, row)
        if table is RUNS and row["state"] in _ENDED_RUNS:  # with its results the run has ended
            insert = insert.on_conflict_do_update(
                index_elements=["run_id"], set_={"state": row["state"]}
            )
        else:
            insert = insert.on_conflict_do_nothing()
        connection.execute(insert)


def _refuse_another(connection: sa.Connection, row: Row) -> None:
    """Raise StorageError where a run's id, a short hash, is that of another run."""
    select = sa.select(RUNS.c.graph, RUNS.c.fingerprint).where(RUNS.c.run_id == row["run_id"])
    there = connection.execute(select).first()
    if there is not None and tuple(there) != (row["graph"], row["fingerprint"]):
        raise StorageError(f"another run has the id {row['run_id']}")
