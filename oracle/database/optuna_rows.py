"""Optuna's trials, each written in one transaction in which its writer's lease holds.

Optuna itself takes some fifty statements of its ORM for a trial, and checks no lease; it
reads a trial in a millisecond. The tables are those of the schema that `oracle.database.probe` asks
for; a test holds the rows against those that Optuna writes.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from oracle.database.contents.optuna_tables import (
    ATTRIBUTES,
    CURVES,
    OF_STUDIES,
    PARAMS,
    STATES,
    TRIALS,
    VALUES,
    read_number,
)
from oracle.database.contents.trial_rows import NewTrial, insert_rows, insert_trial, trial_rows
from oracle.database.contents.trials import lock_study, next_number, running_cells
from oracle.database.engine import URL, Database
from oracle.database.leases import LeaseClaim, require
from scyc.json_types import JsonObject


@dataclass
class StoredTrial:
    """A complete trial as it is read back."""

    value: float | None = None  # of the first objective
    curve: dict[int, float] = field(default_factory=dict)
    attributes: JsonObject = field(default_factory=dict)


class Trials:
    """The trials of one database's Optuna studies."""

    def __init__(self, url: URL) -> None:
        self._database = Database(url)

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    def add(
        self, study: int, trial: NewTrial, claim: LeaseClaim | None, unless: str | None = None
    ) -> None:
        """Store a trial as the next one of a study, or in place of the running one of its cell.

        `unless` is looked for behind the study's lock, so that a COMMIT under way, whose answer was
        lost, is seen.

        Args:
            study: Optuna's number of the study.
            trial: What is stored.
            claim: The lease that must hold until the trial is there; None: none is needed.
            unless: Key of one of the trial's attributes; nothing is stored where a trial of the
                study has the same value there.

        Raises:
            LeaseLost: The lease does not hold.
            OptunaStudyGone: There is no such study.
            StorageError: The database fails.
        """
        with self._writing_in(study, claim) as connection:
            if unless is not None and _like(connection, study, unless, trial) is not None:
                return
            cell = trial.attributes.get("cell")
            running = running_cells(connection, study).get(cell) if cell else None
            if running is None:
                insert_trial(connection, study, next_number(study), trial)
            else:
                times = {"datetime_start": trial.started, "datetime_complete": trial.ended}
                _replace(connection, running, trial, times)

    def put(self, study: int, trial: NewTrial, claim: LeaseClaim | None, key: str) -> None:
        """Write a trial in place of the one of its study that has one attribute the same.

        One that says all that this one does, and perhaps more, stays as it is; the times are those
        of the first. Raises as :meth:`add`.

        Args:
            study: Its number.
            trial: What it is to say.
            claim: The lease that must hold, until the trial is there.
            key: The attribute by which it is found.
        """
        with self._writing_in(study, claim) as connection:
            there = _like(connection, study, key, trial)
            if there is None:
                insert_trial(connection, study, next_number(study), trial)
            elif not _says(connection, there, trial):
                _replace(connection, there, trial)

    @contextlib.contextmanager
    def _writing_in(self, study: int, claim: LeaseClaim | None) -> Iterator[sa.Connection]:
        """Open a transaction that holds a study's lock. Raises LeaseLost, OptunaStudyGone."""
        with self._database.writing() as connection:
            if claim is not None:
                require(connection, claim)
            lock_study(connection, study)
            yield connection

    def distribution(self, study: int, name: str) -> str | None:
        """Return a parameter's distribution, as JSON, in a study's first trial that has it.

        Args:
            study: Its number.
            name: Of the parameter.

        Returns:
            JSON; None where no trial has the parameter.
        """
        select = (
            sa.select(PARAMS.c.distribution_json)
            .join(TRIALS, TRIALS.c.trial_id == PARAMS.c.trial_id)
            .where(TRIALS.c.study_id == study, PARAMS.c.param_name == name)
            .order_by(TRIALS.c.number)
            .limit(1)
        )
        with self._database.reading() as connection:
            return connection.execute(select).scalar()

    def complete(self, key: str, value: str) -> list[StoredTrial]:
        """Read all complete trials of studies with this text as a user attribute, in their order.

        Args:
            key: Of the user attribute.
            value: Of the user attribute.

        Returns:
            Trials by study and number, with value, curve by step and user attributes.

        Raises:
            StorageError: The database fails.
            ValueError: A row makes no sense.
            TypeError: A row makes no sense.
        """
        state = sa.type_coerce(TRIALS.c.state, sa.String)
        mine = (OF_STUDIES.c.key == key) & (OF_STUDIES.c.value_json == json.dumps(value))
        same = TRIALS.c.study_id == OF_STUDIES.c.study_id
        ids = sa.select(TRIALS.c.trial_id).join(OF_STUDIES, same).where(mine)
        order = ids.add_columns(state).order_by(TRIALS.c.study_id, TRIALS.c.number)
        ids = ids.where(state == sa.literal_column("'COMPLETE'"))
        curve = (CURVES.c.step, CURVES.c.intermediate_value)
        with self._database.reading() as connection:

            def of_each(table: sa.Table, *columns: Any) -> Iterable[Any]:
                select = sa.select(table.c.trial_id, *columns)
                return connection.execute(select.where(table.c.trial_id.in_(ids)))

            trials = {}
            for trial, its_state in connection.execute(order):
                if its_state not in STATES:
                    raise ValueError(f"a trial that is {its_state!r}")
                if its_state == "COMPLETE":
                    trials[trial] = StoredTrial()
            kind = sa.type_coerce(VALUES.c.value_type, sa.String)
            first = of_each(VALUES, VALUES.c.value, kind, VALUES.c.objective)
            for trial, number, how, objective in first:
                if objective == 0:
                    trials[trial].value = read_number(number, how)
            kind = sa.type_coerce(CURVES.c.intermediate_value_type, sa.String)
            for trial, step, number, how in of_each(CURVES, *curve, kind):
                trials[trial].curve[step] = read_number(number, how)
            columns = (ATTRIBUTES.c.key, ATTRIBUTES.c.value_json)
            for trial, name, text in of_each(ATTRIBUTES, *columns):
                trials[trial].attributes[name] = json.loads(text)
        return list(trials.values())

    def attributes(self, key: str, value: str, name: str) -> set[str]:
        """Read one attribute of the complete trials of some studies.

        Args:
            key: User attribute of a study.
            value: Text that the studies have there.
            name: User attribute of the trials.

        Returns:
            Its values, texts.
        """
        state = sa.type_coerce(TRIALS.c.state, sa.String)
        mine = (OF_STUDIES.c.key == key) & (OF_STUDIES.c.value_json == json.dumps(value))
        select = (
            sa.select(ATTRIBUTES.c.value_json)
            .join(TRIALS, TRIALS.c.trial_id == ATTRIBUTES.c.trial_id)
            .join(OF_STUDIES, OF_STUDIES.c.study_id == TRIALS.c.study_id)
            .where(mine, ATTRIBUTES.c.key == name, state == sa.literal_column("'COMPLETE'"))
        )
        with self._database.reading() as connection:
            return {json.loads(text) for text in connection.execute(select).scalars()}


def _like(connection: sa.Connection, study: int, key: str, trial: NewTrial) -> int | None:
    """Find the trial of a study that has an attribute of this one, the same."""
    mine = ATTRIBUTES.join(TRIALS, TRIALS.c.trial_id == ATTRIBUTES.c.trial_id)
    value = json.dumps(trial.attributes[key])
    same = (ATTRIBUTES.c.key == key) & (ATTRIBUTES.c.value_json == value)
    select = sa.select(TRIALS.c.trial_id).select_from(mine).where(TRIALS.c.study_id == study, same)
    trial_id: int | None = connection.execute(select.limit(1)).scalar()
    return trial_id


def _says(connection: sa.Connection, trial_id: int, trial: NewTrial) -> bool:
    """Return whether a stored trial says all that this one does."""
    state = sa.select(sa.type_coerce(TRIALS.c.state, sa.String))
    if connection.execute(state.where(TRIALS.c.trial_id == trial_id)).scalar() != trial.fate:
        return False
    for table, rows in trial_rows(trial):
        columns = [table.c[name] for name in rows[0]] if rows else []
        select = sa.select(*columns).where(table.c.trial_id == trial_id)
        there = [row._asdict() for row in connection.execute(select)] if rows else []
        if any(row not in there for row in rows):
            return False
    return True


def _replace(
    connection: sa.Connection, trial_id: int, trial: NewTrial, own: Mapping[str, Any] | None = None
) -> None:
    """Replace all rows of a stored trial but its own, of which the state and `own`."""
    mine = TRIALS.c.trial_id == trial_id
    connection.execute(sa.update(TRIALS).where(mine).values(state=trial.fate, **(own or {})))
    for table, _ in trial_rows(trial):
        connection.execute(sa.delete(table).where(table.c.trial_id == trial_id))
    insert_rows(connection, trial_id, trial)
