"""Names that users give runs in addition to their ids, which never change."""

from __future__ import annotations

import sqlalchemy as sa

from oracle.database.engine import Database, storable
from oracle.database.tables import RUN_NAMES


class RunNames:
    """The names of one database's runs. Every method raises StorageError where it fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> dict[str, str]:
        """Return the names, by run id."""
        select = sa.select(RUN_NAMES.c.run_id, RUN_NAMES.c.name)
        with self._database.reading() as connection:
            return {row.run_id: row.name for row in connection.execute(select)}

    def find(self, name: str) -> str | None:
        """Return the id of the run with a name; None where there is none.

        Args:
            name: A name that a user gave a run.

        Returns:
            Id of the run.
        """
        select = sa.select(RUN_NAMES.c.run_id).where(RUN_NAMES.c.name == storable(name))
        with self._database.reading() as connection:
            return connection.execute(select).scalar()

    def give(self, run_id: str, name: str | None) -> bool:
        """Give a run a name, which replaces an earlier one.

        Args:
            run_id: Id of the run.
            name: The new name; None removes the present one.

        Returns:
            False where another run has the name; then nothing changes.
        """
        with self._database.writing() as connection:
            mine = RUN_NAMES.c.run_id == run_id
            if name is None:
                connection.execute(sa.delete(RUN_NAMES).where(mine))
                return True
            insert = self._database.insert(RUN_NAMES).values(name=name, run_id=run_id)
            insert = insert.on_conflict_do_nothing(index_elements=["name"])
            others = sa.select(RUN_NAMES.c.run_id).where(RUN_NAMES.c.name == name)
            owner: str | None = connection.execute(others).scalar()
            if owner is not None:
                return owner == run_id
            connection.execute(sa.delete(RUN_NAMES).where(mine))
            return connection.execute(insert.returning(RUN_NAMES.c.name)).first() is not None
