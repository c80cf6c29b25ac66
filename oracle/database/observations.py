"""What training runs outside of the oracle report, and the runs that they belong to."""

from __future__ import annotations

import sqlalchemy as sa

from oracle.database.engine import Database, storable
from oracle.database.tables import OBSERVATIONS, OUTSIDE, aware, now
from oracle.errors import ConflictingObservation
from oracle.records.observations import Declared, Observation

_SUFFIX = 9  # characters that follow the name in a run's id: - and a short hash
_RUN = (OUTSIDE.c.run_id, OUTSIDE.c.spec, OUTSIDE.c.owner, OUTSIDE.c.declared)
_TRAINING = (
    OBSERVATIONS.c.cycle,
    OBSERVATIONS.c.max_lr,
    OBSERVATIONS.c.replicate,
    OBSERVATIONS.c.accuracy,
    OBSERVATIONS.c.owner,
    OBSERVATIONS.c.reported,
)


class Observations:
    """All outside runs of one database. Every method raises StorageError where it fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def declare(self, run_id: str, spec: str, owner: str) -> bool:
        """Store an external run.

        Args:
            run_id: Its id, a hash of the spec.
            spec: JSON of every field; it never changes.
            owner: Who declared it.

        Returns:
            False where it is there already.
        """
        new = {"run_id": run_id, "spec": spec, "owner": owner, "declared": now()}
        insert = self._database.insert(OUTSIDE).values(new)
        insert = insert.on_conflict_do_nothing(index_elements=["run_id"])
        with self._database.writing() as connection:
            return connection.execute(insert.returning(OUTSIDE.c.run_id)).first() is not None

    def declared(self, run_id: str) -> Declared | None:
        """Read a run as it was declared; None where there is none.

        Args:
            run_id: Id of the run.

        Returns:
            The run with its spec and owner.
        """
        rows = self._declared(OUTSIDE.c.run_id == storable(run_id))
        return rows[0] if rows else None

    def all_declared(self) -> list[Declared]:
        """Return all runs, the oldest first."""
        return self._declared()

    def page(self, after: int, limit: int) -> list[tuple[int, Declared]]:
        """Return external runs with their numbers, the oldest first.

        Args:
            after: Only those with a higher number.
            limit: Runs of the page at most.

        Returns:
            Pairs of number and run; pass the last number as the next `after`.
        """
        select = sa.select(OUTSIDE.c.number, *_RUN).where(OUTSIDE.c.number > after)
        with self._database.reading() as connection:
            rows = connection.execute(select.order_by(OUTSIDE.c.number).limit(limit))
            return [(row[0], Declared(*row[1:-1], declared=aware(row.declared))) for row in rows]

    def latest(self, name: str) -> Declared | None:
        """Return the latest run with a name; None where there is none.

        Args:
            name: The part of the run's id before the hash.

        Returns:
            The run that was declared last.
        """
        mine = OUTSIDE.c.run_id.startswith(f"{storable(name)}-", autoescape=True)
        exact = sa.func.length(OUTSIDE.c.run_id) == len(name) + _SUFFIX
        declared = self._declared(mine & exact)
        return declared[-1] if declared else None

    def count(self) -> int:
        """Count the runs."""
        with self._database.reading() as connection:
            return connection.execute(sa.select(sa.func.count()).select_from(OUTSIDE)).scalar_one()

    def add(
        self,
        run_id: str,
        cycle: int,
        max_lr: float,
        replicate: int,
        accuracy: float | None,
        owner: str,
    ) -> bool:
        """Store what a training run gave.

        Args:
            run_id: Id of the run.
            cycle: Completed pruning cycles.
            max_lr: As the run requested it.
            replicate: Counted from 0.
            accuracy: Of validation, percent; None: it diverged.
            owner: Who reported it.

        Returns:
            False where the same is there already.

        Raises:
            ConflictingObservation: The same training run gave another accuracy.
        """
        training = {"run_id": run_id, "cycle": cycle, "max_lr": max_lr, "replicate": replicate}
        new = training | {"accuracy": accuracy, "owner": owner, "reported": now()}
        insert = self._database.insert(OBSERVATIONS).values(new)
        insert = insert.on_conflict_do_nothing(index_elements=list(training))
        with self._database.writing() as connection:
            if connection.execute(insert.returning(OBSERVATIONS.c.number)).first() is not None:
                return True
            same = (OBSERVATIONS.c[name] == value for name, value in training.items())
            seen = connection.execute(sa.select(OBSERVATIONS.c.accuracy).where(*same)).scalar_one()
        if seen == accuracy:
            return False
        raise ConflictingObservation(
            f"{run_id}: cycle {cycle}, max_lr {max_lr!r}, replicate {replicate} was observed with "
            f"{_shown(seen)} before, and now with {_shown(accuracy)}"
        )

    def of(self, run_id: str) -> list[Observation]:
        """Read what was observed of a run, in the order in which it came.

        Args:
            run_id: Id of the run.

        Returns:
            Observations; [] where there are none or no such run.
        """
        select = sa.select(*_TRAINING).where(OBSERVATIONS.c.run_id == storable(run_id))
        with self._database.reading() as connection:
            rows = connection.execute(select.order_by(OBSERVATIONS.c.number))
            return [Observation(*row[:-1], reported=aware(row.reported)) for row in rows]

    def _declared(self, *conditions: sa.ColumnElement[bool]) -> list[Declared]:
        select = sa.select(*_RUN).where(*conditions).order_by(OUTSIDE.c.number)
        with self._database.reading() as connection:
            rows = connection.execute(select)
            return [Declared(*row[:-1], declared=aware(row.declared)) for row in rows]


def _shown(accuracy: float | None) -> str:
    return "divergence" if accuracy is None else f"{accuracy!r} %"
