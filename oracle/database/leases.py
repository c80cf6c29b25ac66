"""Leases: who is working on which graph, so that two drivers never write the same results."""

from __future__ import annotations

import contextlib
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from oracle.database.engine import Database
from oracle.database.tables import LEASES
from oracle.errors import LeaseHeld, LeaseLost, StorageError
from oracle.host.processes import host_name, is_alive, on_this_host, pid_of, process_id_string

_BEAT = 5.0  # seconds between two signs of life
_SILENCE = 30.0  # seconds without one after which another host's driver is taken for dead


@dataclass(frozen=True)
class LeaseClaim:
    """Who says to hold a graph's lease."""

    graph: str
    holder: str


def require(connection: sa.Connection, claim: LeaseClaim) -> None:
    """Raise LeaseLost where the lease is another's; nobody takes it over in this transaction.

    PostgreSQL ends the transaction where its process stops in the middle, so that it can be taken.

    Args:
        connection: Within a transaction.
        claim: To a lease.
    """
    mine = (LEASES.c.graph == claim.graph) & (LEASES.c.holder == claim.holder)
    select = sa.select(LEASES.c.beat).where(mine).with_for_update()
    if connection.dialect.name == "postgresql":
        name, patience = "idle_in_transaction_session_timeout", f"{1000 * _SILENCE:.0f}"
        select = select.add_columns(sa.func.set_config(name, patience, True))
    if connection.execute(select).first() is None:
        raise _lost()


class Leases:
    """All leases of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextlib.contextmanager
    def lease(self, graph: str, waiting: Callable[[str], None]) -> Iterator[Lease]:
        """Hold the sole right to write results of one graph; see `Ledger.lease`.

        Args:
            graph: Id of the graph of cells.
            waiting: Called with the reason where it has to wait.

        Yields:
            The lease, which is released when the block ends.
        """
        holder = uuid.uuid4().hex
        self._take(graph, holder, waiting)
        lease = Lease(self, graph, holder)
        try:
            yield lease
        finally:
            lease.release()

    def beat(self, graph: str, holder: str) -> bool:
        """Give a sign of life for a lease.

        Args:
            graph: Id of the graph of cells.
            holder: Name of the holder.

        Returns:
            False where the lease is another's by now.
        """
        still = (LEASES.c.graph == graph) & (LEASES.c.holder == holder)
        with self._database.writing() as connection:
            update = sa.update(LEASES).where(still).values(beat=LEASES.c.beat + 1)
            return connection.execute(update).rowcount == 1

    def give_back(self, graph: str, holder: str) -> None:
        """End a lease; one that is another's by now is left alone.

        Args:
            graph: Id of the graph of cells.
            holder: Name of the holder.
        """
        still = (LEASES.c.graph == graph) & (LEASES.c.holder == holder)
        with self._database.writing() as connection:
            connection.execute(sa.delete(LEASES).where(still))

    def held(self, graph: str) -> bool:
        """Return whether a driver that may live holds this graph.

        Args:
            graph: Id of the graph of cells.

        Returns:
            False where nobody holds it, or a process of this host that is dead; a driver on another
            host counts as living.
        """
        row = self._row(graph)
        return row is not None and (not on_this_host(row.process) or is_alive(row.process))

    def _take(self, graph: str, holder: str, waiting: Callable[[str], None]) -> None:
        mine = LEASES.c.graph == graph
        new = {"graph": graph, "holder": holder, "process": process_id_string(), "beat": 0}
        with self._database.writing() as connection:
            insert = self._database.insert(LEASES).values(**new).on_conflict_do_nothing()
            if connection.execute(insert.returning(LEASES.c.graph)).first() is not None:
                return
            row = connection.execute(sa.select(LEASES).where(mine)).one()
        if on_this_host(row.process):
            if is_alive(row.process):
                raise LeaseHeld(f"process {pid_of(row.process)} on this machine works on it")
        else:
            host = host_name(row.process)
            waiting(f"a driver on {host} holds the lease; waiting for its heartbeat")
            self._watch(graph, row.holder, row.beat, host)
        with self._database.writing() as connection:
            unchanged = mine & (LEASES.c.holder == row.holder) & (LEASES.c.beat == row.beat)
            taken = connection.execute(sa.update(LEASES).where(unchanged).values(**new))
            if taken.rowcount != 1:
                raise LeaseHeld("another driver was faster")

    def _watch(self, graph: str, holder: str, beat: int, host: str) -> None:
        patience = time.monotonic() + _SILENCE
        while time.monotonic() < patience:
            time.sleep(1.0)
            row = self._row(graph)
            if row is None:
                return
            if (row.holder, row.beat) != (holder, beat):
                raise LeaseHeld(f"a driver on {host} works on it")

    def _row(self, graph: str) -> sa.Row[tuple[str, str, str, int]] | None:
        select = sa.select(LEASES).where(LEASES.c.graph == graph)
        with self._database.reading() as connection:
            return connection.execute(select).one_or_none()


class Lease:
    """The right to write, renewed by a thread for as long as it is held."""

    def __init__(self, leases: Leases, graph: str, holder: str) -> None:
        self._leases, self._graph, self._holder = leases, graph, holder
        self._lost = False
        self._confirmed = time.monotonic()  # when it was last known to hold
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._keep_alive, name="lease", daemon=True)
        self._thread.start()

    @property
    def claim(self) -> LeaseClaim:
        """What a transaction that writes must ask for; see :func:`require`."""
        return LeaseClaim(self._graph, self._holder)

    def check(self) -> None:
        """Raise LeaseLost when another driver has taken over, as one may have after a silence.

        Raises StorageError where that cannot be known.
        """
        if not self._lost and time.monotonic() - self._confirmed > _SILENCE / 2:
            self._renew()
        if self._lost:
            raise _lost()

    def release(self) -> None:
        """Stop renewing and give the lease back."""
        self._end.set()
        self._thread.join()
        with contextlib.suppress(StorageError):
            self._leases.give_back(self._graph, self._holder)

    def _keep_alive(self) -> None:
        while not self._end.wait(_BEAT):
            with contextlib.suppress(StorageError):  # retry while the database is away
                self._renew()
            if self._lost:
                return

    def _renew(self) -> None:
        began = time.monotonic()
        self._lost = not self._leases.beat(self._graph, self._holder)
        self._confirmed = began


def _lost() -> LeaseLost:
    return LeaseLost("another driver has taken this run over; this one stops")
