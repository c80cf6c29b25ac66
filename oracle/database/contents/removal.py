"""Deletion, in one transaction, of everything in a database that belongs to one run alone."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from oracle.database.contents.optuna_tables import (
    ATTRIBUTES,
    DIRECTIONS,
    OF_STUDIES,
    STUDIES,
    SYSTEM_OF_STUDIES,
    TRIALS,
)
from oracle.database.contents.trials import delete_running, delete_trials, studies_of
from oracle.database.engine import URL, Database
from oracle.database.leases import LeaseClaim, require
from oracle.database.tables import EVENTS, JOBS, KEYS, PLANS, RUN_NAMES, RUNS, aware


class Removal:
    """Deletes runs from one database. Every method raises StorageError where it fails."""

    def __init__(self, url: URL) -> None:
        self._database = Database(url)

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    def jobs(self, run_id: str) -> list[tuple[str, str, str]]:
        """Return the id, owner and state of each job that is this run.

        Args:
            run_id: Id of the run.

        Returns:
            Triples, in any order.
        """
        select = sa.select(JOBS.c.id, JOBS.c.owner, JOBS.c.state).where(JOBS.c.run_id == run_id)
        with self._database.reading() as connection:
            return [(row.id, row.owner, row.state) for row in connection.execute(select)]

    def networks(self, without: Collection[str]) -> set[str]:
        """Return the sha256 of all stored networks except those of some cells.

        Args:
            without: Ids of cells that do not count.

        Returns:
            Hexadecimal hashes of checkpoints, of all graphs.
        """
        names = ("cell", "checkpoint", "kept")
        select = sa.select(ATTRIBUTES.c.trial_id, ATTRIBUTES.c.key, ATTRIBUTES.c.value_json)
        trials: dict[int, dict[str, str | None]] = {}
        with self._database.reading() as connection:
            for trial, key, text in connection.execute(select.where(ATTRIBUTES.c.key.in_(names))):
                trials.setdefault(trial, {})[key] = json.loads(text)
        others = (
            each.get(name)
            for each in trials.values()
            if each.get("cell") not in without
            for name in ("checkpoint", "kept")
        )
        return {sha256 for sha256 in others if sha256}

    def ended(self, graph: str) -> datetime | None:
        """Return when the latest training run of a graph ended; None where none has.

        Args:
            graph: Id of the graph of cells.

        Returns:
            Time in UTC.
        """
        mine = studies_of(graph)
        select = sa.select(sa.func.max(TRIALS.c.datetime_complete)).where(
            TRIALS.c.study_id.in_(mine)
        )
        with self._database.reading() as connection:
            return aware(connection.execute(select).scalar())

    def remove(
        self,
        run_id: str,
        graph: str,
        cells: Collection[str],
        nodes: Collection[str],
        claim: LeaseClaim,
    ) -> None:
        """Delete a run, its jobs, and what it alone has of its graph.

        Args:
            run_id: The run's.
            graph: Its graph's id.
            cells: The ids of cells that no other run has requested.
            nodes: The nodes of Optuna studies that are this run's alone, such as its candidates'.
            claim: The graph's lease.

        Raises:
            LeaseLost: The lease does not hold.
            StorageError: The database fails; then nothing has changed.
        """
        with self._database.writing() as connection:
            require(connection, claim)
            delete_running(connection, graph)  # left by a driver that was killed
            studies: list[int] = list(connection.execute(studies_of(graph)).scalars())
            for study in studies:
                known = _attributes(connection, study)
                whole = known.get("node") in nodes
                _delete_trials(connection, study, None if whole else set(cells))
                key = f"run:{run_id}"
                mine = (OF_STUDIES.c.study_id == study) & (OF_STUDIES.c.key == key)
                connection.execute(sa.delete(OF_STUDIES).where(mine))
                others = any(name.startswith("run:") for name in known if name != key)
                if not others and _count(connection, study) == 0:
                    for table in (OF_STUDIES, SYSTEM_OF_STUDIES, DIRECTIONS, STUDIES):
                        connection.execute(sa.delete(table).where(table.c.study_id == study))
            ours = sa.select(JOBS.c.number).where(JOBS.c.run_id == run_id)
            ids = sa.select(JOBS.c.id).where(JOBS.c.run_id == run_id)
            connection.execute(sa.delete(EVENTS).where(EVENTS.c.job.in_(ours)))
            connection.execute(sa.delete(KEYS).where(KEYS.c.job_id.in_(ids)))
            for table in (JOBS, PLANS, RUN_NAMES, RUNS):
                connection.execute(sa.delete(table).where(table.c.run_id == run_id))


def _attributes(connection: sa.Connection, study: int) -> dict[str, object]:
    select = sa.select(OF_STUDIES.c.key, OF_STUDIES.c.value_json)
    rows = connection.execute(select.where(OF_STUDIES.c.study_id == study))
    return {key: json.loads(text) for key, text in rows}


def _count(connection: sa.Connection, study: int) -> int:
    select = sa.select(sa.func.count()).select_from(TRIALS).where(TRIALS.c.study_id == study)
    return int(connection.execute(select).scalar_one())


def _delete_trials(connection: sa.Connection, study: int, cells: set[str] | None) -> None:
    """Delete a study's trials of some cells (None: all)."""
    ids = sa.select(TRIALS.c.trial_id).where(TRIALS.c.study_id == study)
    if cells is None:
        deleted = set(connection.execute(ids).scalars())
    else:
        of_cells = sa.select(ATTRIBUTES.c.trial_id, ATTRIBUTES.c.value_json).where(
            ATTRIBUTES.c.key == "cell", ATTRIBUTES.c.trial_id.in_(ids)
        )
        rows = connection.execute(of_cells)
        deleted = {trial_id for trial_id, text in rows if json.loads(text) in cells}
    delete_trials(connection, study, deleted)
