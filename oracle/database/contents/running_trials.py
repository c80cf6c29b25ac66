"""Running trials: training runs that are under way, with their curves so far.

They are for those who watch. A trial of its own number stays when its training run ends: see
`oracle.database.optuna_rows.Trials.add`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from oracle.database.contents.optuna_tables import (
    ATTRIBUTES,
    CURVES,
    PARAMS,
    TRIALS,
    read_number,
)
from oracle.database.contents.trial_rows import NewTrial, curve_rows, insert_trial
from oracle.database.contents.trials import (
    RUNNING_CELL,
    delete_running,
    is_running,
    lock_study,
    next_number,
    running_cells,
    studies_of,
)
from oracle.database.engine import URL, Database
from oracle.database.leases import LeaseClaim, require


@dataclass(frozen=True)
class RunningTrial:
    """A training run that is under way.

    Attributes:
        cell: Its id.
        study: Number of its Optuna study.
        max_lr: Learning rate.
        replicate: From 0.
        curve: Validation metric by completed iterations, so far.
    """

    cell: str
    study: int
    max_lr: float
    replicate: int
    curve: dict[int, float]


class RunningTrials:
    """The running trials of one database. Every method raises StorageError where it fails."""

    def __init__(self, url: URL) -> None:
        self._database = Database(url)

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    def show(self, study: int, trials: Sequence[NewTrial], claim: LeaseClaim) -> None:
        """Add running trials that are not there yet, and to those that are the rest of their curve.

        Args:
            study: Its number.
            trials: Running ones, with the values that have come so far or since the last time.
            claim: The lease that must hold.

        Raises:
            LeaseLost: It does not hold.
            OptunaStudyGone: The study was deleted.
        """
        with self._database.writing() as connection:
            require(connection, claim)
            lock_study(connection, study)
            there = running_cells(connection, study)
            steps = _steps(connection, there.values())
            for trial in trials:
                trial_id = there.get(trial.attributes[RUNNING_CELL])
                if trial_id is None:
                    insert_trial(connection, study, next_number(study), trial)
                    continue
                rows = [
                    {"trial_id": trial_id, **row}
                    for row in curve_rows(trial.curve)
                    if row["step"] not in steps.get(trial_id, ())
                ]
                if rows:
                    connection.execute(sa.insert(CURVES), rows)

    def restart(self, study: int, cells: Sequence[str], claim: LeaseClaim) -> None:
        """Delete the curves of running trials whose worker died: they are trained again.

        Args:
            study: Its number.
            cells: Ids of cells.
            claim: The lease that must hold.

        Raises:
            LeaseLost: It does not hold.
        """
        with self._database.writing() as connection:
            require(connection, claim)
            there = running_cells(connection, study)
            lost = [there[cell] for cell in cells if cell in there]
            connection.execute(sa.delete(CURVES).where(CURVES.c.trial_id.in_(lost)))

    def delete(self, graph: str, claim: LeaseClaim) -> None:
        """Delete all running trials of a graph: its driver starts or ends.

        Args:
            graph: Id of the graph of cells.
            claim: The lease that must hold.

        Raises:
            LeaseLost: It does not hold.
        """
        with self._database.writing() as connection:
            require(connection, claim)
            delete_running(connection, graph)

    def cells(self, graph: str) -> frozenset[str]:
        """Return the ids of the cells of which a graph has running trials.

        Args:
            graph: Id of the graph of cells.

        Returns:
            Ids of cells.
        """
        select = (
            sa.select(ATTRIBUTES.c.value_json)
            .join(TRIALS, TRIALS.c.trial_id == ATTRIBUTES.c.trial_id)
            .where(TRIALS.c.study_id.in_(studies_of(graph)), is_running())
            .where(ATTRIBUTES.c.key == RUNNING_CELL)
        )
        with self._database.reading() as connection:
            return frozenset(json.loads(text) for text in connection.execute(select).scalars())

    def of_graph(self, graph: str) -> list[RunningTrial]:
        """Return the running trials of a graph.

        Args:
            graph: Id of the graph of cells.

        Returns:
            In the order in which they began.
        """
        kind = sa.type_coerce(CURVES.c.intermediate_value_type, sa.String)
        replicate = ATTRIBUTES.alias()
        select = (
            sa.select(
                TRIALS.c.trial_id, TRIALS.c.study_id, ATTRIBUTES.c.value_json.label("cell"),
                PARAMS.c.param_value, replicate.c.value_json.label("replicate"),
                CURVES.c.step, CURVES.c.intermediate_value, kind.label("kind"),
            )
            .select_from(TRIALS)
            .join(ATTRIBUTES, ATTRIBUTES.c.trial_id == TRIALS.c.trial_id)
            .join(replicate, replicate.c.trial_id == TRIALS.c.trial_id)
            .join(PARAMS, PARAMS.c.trial_id == TRIALS.c.trial_id)
            .outerjoin(CURVES, CURVES.c.trial_id == TRIALS.c.trial_id)
            .where(TRIALS.c.study_id.in_(studies_of(graph)), is_running())
            .where(ATTRIBUTES.c.key == RUNNING_CELL, replicate.c.key == "replicate")
            .where(PARAMS.c.param_name == "max_lr")
            .order_by(TRIALS.c.trial_id, CURVES.c.step)
        )  # fmt: skip
        running: dict[int, RunningTrial] = {}
        with self._database.reading() as connection:
            for row in connection.execute(select):
                if row.trial_id not in running:
                    running[row.trial_id] = RunningTrial(
                        json.loads(row.cell), row.study_id, row.param_value,
                        json.loads(row.replicate), {},
                    )  # fmt: skip
                if row.step is not None:
                    value = read_number(row.intermediate_value, row.kind)
                    running[row.trial_id].curve[row.step] = value
        return list(running.values())


def _steps(connection: sa.Connection, trials: Collection[int]) -> dict[int, set[int]]:
    """Return the steps of which trials have values."""
    select = sa.select(CURVES.c.trial_id, CURVES.c.step)
    steps: dict[int, set[int]] = {}
    for trial_id, step in connection.execute(select.where(CURVES.c.trial_id.in_(list(trials)))):
        steps.setdefault(trial_id, set()).add(step)
    return steps
