"""Changing the training runs of a graph while nobody trains them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from oracle.database import Lease, RunDatabase
from oracle.errors import LeaseHeld, WrongState


@contextlib.contextmanager
def idle_graph(ledger: RunDatabase, graph_id: str, run_id: str) -> Iterator[Lease]:
    """Hold the lease of a graph, so that no run of it starts meanwhile.

    Args:
        ledger: Has the leases.
        graph_id: Of the graph.
        run_id: Run that an error names.

    Yields:
        The lease.

    Raises:
        WrongState: The graph's training runs are under way.
    """
    try:
        with ledger.lease(graph_id, lambda _: None) as lease:
            yield lease
    except LeaseHeld as error:
        raise WrongState(f"{run_id} is running: {error}; end it first") from error
