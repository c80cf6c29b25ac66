"""Drivers in any order of mishaps, and what becomes of one that slept through its lease."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import pytest
from faults.hosts import Driver
from faults.lives import Drivers, at, counts, injected, machine, on_server, reference, to_the_end

from oracle.database import leases, optuna_rows
from oracle.errors import LeaseLost


def test_whatever_happens_to_its_drivers_a_run_ends_as_if_nothing_had(
    counted: Callable[..., None],
) -> None:
    machine(8, 12)
    assert counts["examples"] >= 8
    assert injected() >= 20
    counted("state machine, SQLite", injected=injected(), survived=injected(), broken=0)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["SQLite", "PostgreSQL"])
def test_whatever_happens_in_200_lives_of_30_steps(
    kind: str, request: pytest.FixtureRequest, counted: Callable[..., None]
) -> None:
    made: type[Drivers] = Drivers
    if kind == "PostgreSQL":
        server = request.getfixturevalue("postgresql_server")
        made = type("OnPostgreSQL", (Drivers,), {"database": staticmethod(on_server(server))})
    machine(200, 30, made)
    assert counts["examples"] >= 200
    counted(f"state machine, {kind}", injected=injected(), survived=injected(), broken=0)


def wake(driver: Driver) -> None:
    driver.order()
    assert isinstance(driver.end, LeaseLost), driver.end


def cancel(driver: Driver) -> None:
    driver.cancel()
    assert isinstance(driver.end, KeyboardInterrupt), driver.end


def overtaken(
    failpoint: str,
    database: Callable[[Path], str] | None = None,
    then: Callable[[Driver], None] = wake,
) -> None:
    """A driver stops at a failpoint, one of another host ends the run, then the first goes on."""
    play = Drivers()
    if database is not None:
        play.database = database
    play.begin()
    try:
        first, second = (play.world.driver(host, at(0, play.scratch, play.url)) for host in (0, 1))
        first.start()
        first.armed = (failpoint, 1, "stop")
        while first.state == "ready":
            first.finish(0)
        assert first.state == "stopped"
        to_the_end(second)
        assert second.table == reference(0)[0]
        then(first)
        play.nothing_is_lost_or_doubled()
        assert play.states()[first.prepared.run_id] == "done"
    finally:
        play.stack.close()
        play.engine.dispose()
        shutil.rmtree(play.scratch)


def test_a_driver_that_slept_through_the_loss_of_its_lease_writes_nothing() -> None:
    overtaken("between result and commit")


def test_nor_does_it_on_postgresql(postgresql_server: str) -> None:
    overtaken("between result and commit", on_server(postgresql_server))


def test_a_driver_that_is_cancelled_after_it_lost_its_lease_calls_nothing_stopped() -> None:
    overtaken("between result and commit", then=cancel)


def test_a_driver_that_slept_at_its_end_changes_nothing() -> None:
    overtaken("before the folder is cleared")


def test_without_the_fence_a_cell_is_doubled_and_that_is_seen() -> None:
    with mock.patch.object(optuna_rows, "require"), pytest.raises(AssertionError):
        overtaken("between result and commit")


def test_a_result_that_is_acknowledged_and_not_stored_is_seen() -> None:
    with (
        mock.patch.object(optuna_rows.Trials, "add"),
        pytest.raises(AssertionError, match="I6: acknowledged"),
    ):
        machine(5, 6)


def test_a_second_driver_that_is_let_in_is_seen() -> None:
    play = Drivers()
    play.begin()
    try:
        play.start(host=0, armed=None)
        play.start(host=0, armed=None)
        play.world._lives = lambda process: False  # type: ignore[method-assign]
        with (
            mock.patch.object(leases, "is_alive", return_value=False),
            pytest.raises(AssertionError),
        ):
            play.start(host=0, armed=None)
    finally:
        play.teardown()
