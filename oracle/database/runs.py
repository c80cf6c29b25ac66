"""The way into our tables: runs and their plans here, leases, jobs and the rest from here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from oracle.database.contents.names import RunNames
from oracle.database.engine import URL, Database, storable
from oracle.database.jobs import Jobs
from oracle.database.leases import Lease, LeaseClaim, Leases, require
from oracle.database.observations import Observations
from oracle.database.schema import bring_up_to_date
from oracle.database.tables import PLANS, RUNS
from oracle.database.tokens import Sessions, Tokens
from oracle.errors import StorageError
from scyc.tuning.plan import Plan

_RECORD = (RUNS.c.run_id, RUNS.c.graph, RUNS.c.fingerprint, RUNS.c.study, RUNS.c.state)


@dataclass(frozen=True)
class RunRecord:
    """One run, as the database knows it."""

    run_id: str
    graph: str
    fingerprint: str  # of the images
    study: str  # JSON
    state: str  # running, done, stopped or no winner


class RunDatabase:
    """Our tables in one database with Optuna's. Its methods may be called by many threads."""

    def __init__(self, url: URL) -> None:
        """Open a database; its schema is made or brought up to date where need be.

        Raises BadInput where its schema is newer than this version's, StorageError where the
        database fails.
        """
        self._database = Database(url)
        self._leases = Leases(self._database)
        try:
            bring_up_to_date(self._database)
        except BaseException:
            self._database.close()
            raise

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    def jobs(self) -> Jobs:
        """Open the queue of jobs."""
        return Jobs(self._database)

    def names(self) -> RunNames:
        """Return the way to the names that users gave runs."""
        return RunNames(self._database)

    def tokens(self) -> Tokens:
        """Open the tokens, which say who may call the server."""
        return Tokens(self._database)

    def sessions(self) -> Sessions:
        """Open the sessions of those who are signed in."""
        return Sessions(self._database)

    def observations(self) -> Observations:
        """Open the observations that external runs have reported."""
        return Observations(self._database)

    def register(self, run: RunRecord, claim: LeaseClaim | None = None) -> None:
        """Store a run, or set its state if it is there already.

        Args:
            run: Row of the run.
            claim: The lease that must hold; None: none is needed.

        Raises:
            LeaseLost: The lease does not hold.
        """
        insert = self._insertion(run)
        with self._database.writing() as connection:
            if claim is not None:
                require(connection, claim)
            connection.execute(
                insert.on_conflict_do_update(index_elements=["run_id"], set_={"state": run.state})
            )

    def register_first(
        self,
        run: RunRecord,
        ids: Sequence[str],
        is_same: Callable[[RunRecord, RunRecord], bool],
        claim: LeaseClaim,
    ) -> RunRecord:
        """Write a run down under the first of its ids that no other run has.

        One transaction, so that of two runs which start at once, and whose ids collide, exactly
        one has the shorter id.

        Args:
            run: What is written; the id is replaced.
            ids: Ids that the run may have, in the order to try them.
            is_same: Whether two records are of the same run.
            claim: The lease that must hold.

        Returns:
            The record with its id.

        Raises:
            LeaseLost: The lease is another's.
            StorageError: Other runs have all of the ids, or the database fails.
        """
        with self._database.writing() as connection:
            require(connection, claim)
            for run_id in ids:
                named = replace(run, run_id=run_id)
                insert = self._insertion(named).on_conflict_do_nothing(index_elements=["run_id"])
                if connection.execute(insert.returning(RUNS.c.number)).first() is not None:
                    return named
                mine = RUNS.c.run_id == run_id
                there = RunRecord(*connection.execute(sa.select(*_RECORD).where(mine)).one())
                if is_same(there, named):
                    connection.execute(sa.update(RUNS).where(mine).values(state=run.state))
                    return named
        raise StorageError(f"other runs have the ids {', '.join(ids)}; give the study another name")

    def _insertion(self, run: RunRecord) -> Any:
        return self._database.insert(RUNS).values(
            run_id=run.run_id,
            graph=run.graph,
            fingerprint=run.fingerprint,
            study=run.study,
            state=run.state,
        )

    def runs(self) -> list[RunRecord]:
        """Return all runs, the oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(sa.select(*_RECORD).order_by(RUNS.c.number))
            return [RunRecord(*row) for row in rows]

    def page(self, before: int | None, limit: int) -> list[tuple[int, RunRecord]]:
        """Return runs with their numbers, the newest first.

        Args:
            before: Only those with a lower number; None: the newest.
            limit: Runs of the page at most.

        Returns:
            Pairs of number and run; pass the last number as the next `before`.
        """
        select = sa.select(RUNS.c.number, *_RECORD).order_by(RUNS.c.number.desc()).limit(limit)
        if before is not None:
            select = select.where(RUNS.c.number < before)
        with self._database.reading() as connection:
            return [(row[0], RunRecord(*row[1:])) for row in connection.execute(select)]

    def run(self, run_id: str) -> RunRecord | None:
        """Return one run; None where there is none.

        Args:
            run_id: Id of the run.

        Returns:
            Its row.
        """
        select = sa.select(*_RECORD).where(RUNS.c.run_id == storable(run_id))
        with self._database.reading() as connection:
            row = connection.execute(select).first()
        return None if row is None else RunRecord(*row)

    def plan(self, run_id: str, device: str) -> Plan | None:
        """Return how a run's packs are trained on a device of this type, if that was measured.

        Args:
            run_id: Id of the run.
            device: Type of the device that a worker trains on, such as "cpu".

        Returns:
            Engine and largest pack; None where it was not measured.
        """
        mine = (PLANS.c.run_id == run_id) & (PLANS.c.device == device)
        with self._database.reading() as connection:
            select = sa.select(PLANS.c.engine, PLANS.c.most).where(mine)
            row = connection.execute(select).one_or_none()
        return Plan(row.engine, row.most) if row is not None else None

    def keep_plan(self, run_id: str, device: str, plan: Plan) -> None:
        """Store a run's plan; it replaces an earlier one.

        Args:
            run_id: Id of the run.
            device: What a worker trains on.
            plan: Engine and members a pack.
        """
        new = {"engine": plan.engine, "most": plan.most}
        insert = self._database.insert(PLANS).values(run_id=run_id, device=device, **new)
        with self._database.writing() as connection:
            connection.execute(
                insert.on_conflict_do_update(index_elements=["run_id", "device"], set_=new)
            )

    def lease(self, graph: str, waiting: Callable[[str], None]) -> AbstractContextManager[Lease]:
        """Hold the sole right to write results of one graph.

        A dead driver's lease is taken over: at once when it ran on this host, and after half a
        minute without a sign of life when it ran elsewhere. No clocks are compared.

        Args:
            graph: Id of the graph of cells.
            waiting: Called with the reason where it has to wait.

        Returns:
            A context manager that gives the lease, and releases it at the end of the block.

        Raises:
            LeaseHeld: Another driver that lives holds it.
        """
        return self._leases.lease(graph, waiting)

    def beat(self, graph: str, holder: str) -> bool:
        """Give a sign of life for a lease.

        Args:
            graph: Id of the graph of cells.
            holder: Name of the holder.

        Returns:
            False where the lease is another's by now.
        """
        return self._leases.beat(graph, holder)

    def held(self, graph: str) -> bool:
        """Return whether a driver that may live holds this graph.

        Args:
            graph: Id of the graph of cells.

        Returns:
            As :meth:`oracle.database.leases.Leases.held`.
        """
        return self._leases.held(graph)
