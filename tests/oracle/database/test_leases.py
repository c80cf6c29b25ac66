"""Leases on a graph: one driver writes its results, on every kind of database."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from oracle.database import RunDatabase, leases, parse_url
from oracle.errors import LeaseHeld, LeaseLost


@pytest.fixture
def ledger(storage: str) -> Iterator[RunDatabase]:
    opened = RunDatabase(parse_url(storage))
    yield opened
    opened.close()


def test_a_second_driver_is_refused_while_the_first_lives(
    ledger: RunDatabase, storage: str
) -> None:
    other = RunDatabase(parse_url(storage))
    with (
        ledger.lease("g", print),
        pytest.raises(LeaseHeld, match=f"process {os.getpid()}"),
        other.lease("g", print),
    ):
        pass
    with other.lease("g", print), ledger.lease("another", print):
        pass
    other.close()


HOLD = """
import sys, time
from oracle.database import RunDatabase, parse_url
with RunDatabase(parse_url(sys.argv[1])).lease("g", print):
    time.sleep(1000)
"""


def test_a_killed_drivers_lease_is_taken_over_at_once(ledger: RunDatabase, storage: str) -> None:
    process = subprocess.Popen([sys.executable, "-c", HOLD, storage])
    patience = time.monotonic() + 120
    while not ledger.held("g"):
        assert time.monotonic() < patience
        time.sleep(0.05)
    process.kill()
    process.wait()
    assert not ledger.held("g")
    with ledger.lease("g", print):
        assert ledger.held("g")


def from_elsewhere(ledger: RunDatabase, storage: str) -> sa.Engine:
    """Make the lease on "g" look like another host's."""
    engine = sa.create_engine(storage)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE oracle_leases SET process = 'boot/ns 7 99 far-host'"))
    return engine


def test_another_hosts_lease_is_watched_and_taken_over_when_it_is_silent(
    ledger: RunDatabase, storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "_BEAT", 600.0)
    now, messages = [0.0], list[str]()

    def sleep(seconds: float) -> None:
        now[0] += seconds

    monkeypatch.setattr(leases, "time", SimpleNamespace(monotonic=lambda: now[0], sleep=sleep))
    with ledger.lease("g", print) as first:
        engine = from_elsewhere(ledger, storage)
        with RunDatabase(parse_url(storage)).lease("g", messages.append) as second:
            assert now == [leases._SILENCE]
            assert "far-host" in messages[0]
            assert not ledger.beat("g", first._holder)  # the first one has lost it
            assert ledger.beat("g", second._holder)
    engine.dispose()


def test_another_hosts_lease_that_beats_is_left_alone(
    ledger: RunDatabase, storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "_BEAT", 600.0)
    with ledger.lease("g", print) as first:
        engine = from_elsewhere(ledger, storage)
        beats = iter([False, False, True])  # at the polls of the driver that waits

        def sleep(_: float) -> None:
            if next(beats):
                assert ledger.beat("g", first._holder)

        monkeypatch.setattr(leases, "time", SimpleNamespace(monotonic=lambda: 0.0, sleep=sleep))
        with (
            pytest.raises(LeaseHeld, match="far-host"),
            RunDatabase(parse_url(storage)).lease("g", print),
        ):
            pass
        assert list(beats) == []
    engine.dispose()


def test_a_driver_that_lost_its_lease_may_not_write(
    ledger: RunDatabase, storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "_BEAT", 0.1)
    with ledger.lease("g", print) as lease:
        lease.check()
        engine = sa.create_engine(storage)
        with engine.begin() as connection:
            connection.execute(sa.text("UPDATE oracle_leases SET holder = 'another'"))
        lease._thread.join(120)  # it ends after its check
        assert not lease._thread.is_alive()
        with pytest.raises(LeaseLost):
            lease.check()
    with engine.begin() as connection:  # what is another's is not given back
        assert connection.execute(sa.text("SELECT count(*) FROM oracle_leases")).scalar() == 1
    engine.dispose()


def test_a_driver_without_recent_heartbeats_checks_its_lease_before_it_continues(
    ledger: RunDatabase, storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "_BEAT", 600.0)
    clock = [0.0]
    monkeypatch.setattr(leases, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    with ledger.lease("g", print) as lease:
        engine = sa.create_engine(storage)
        beats = sa.text("SELECT beat FROM oracle_leases")
        lease.check()
        clock[0] = 20.0  # it was stopped; nobody has taken over
        lease.check()
        lease.check()
        with engine.begin() as connection:
            assert connection.execute(beats).scalar_one() == 1
            connection.execute(sa.text("UPDATE oracle_leases SET holder = 'another'"))
        lease.check()  # it was just confirmed
        clock[0] = 40.0
        for _ in range(2):
            with pytest.raises(LeaseLost):
                lease.check()
        engine.dispose()
