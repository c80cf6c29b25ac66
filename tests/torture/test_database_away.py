"""A database that is away for a while: waited for, or the run ends and goes on later."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from factories import create_database
from faults import away, failpoints, invariants, journal
from faults.drivers import ENDS, Victim

from oracle.database import engine as database
from oracle.errors import StorageError, StorageUnavailable
from oracle.storage.result_store import ResultStore
from oracle.storage.retry import DatabaseRetry
from scyc.errors import BadInput

LONG = [pytest.param(seconds, marks=pytest.mark.slow) for seconds in (5.0, 30.0, 100.0)]
POINTS = ("between result and commit", "before training", "after a run is registered")
AT = {"between result and commit": 5, "before training": 3, "after a run is registered": 1}


@pytest.fixture(params=["sqlite", "postgresql"])
def hurt(
    request: pytest.FixtureRequest, tmp_path: Path, storage_url: Callable[[str], str | None]
) -> tuple[Victim, Callable[[float], None]]:
    """A run, and what takes its database away for so many seconds."""
    url = storage_url(request.param)
    victim = Victim(tmp_path / "runs", url)
    if url is None:
        return victim, lambda seconds: away.locked(victim.settings.database_file, seconds)
    control = away.server_control(url)
    return victim, lambda seconds: away.stopped(control, seconds)


@pytest.fixture
def storage_url(request: pytest.FixtureRequest) -> Callable[[str], str | None]:
    """The URL of a new database: None for the file of the run's own folder."""

    def make(kind: str) -> str | None:
        if kind == "sqlite":
            return None
        server = request.getfixturevalue("postgresql_server")
        name = f"a{abs(hash(request.node.nodeid))}"
        return create_database(server, name)

    return make


def drive(
    victim: Victim, log: Path, act: Callable[[], None], point: str, busy: float, **more: Any
) -> int:
    def armed() -> None:
        away.patient(busy)()
        journal.keep(log)
        failpoints.arm(point, AT[point], act)

    return victim.drive(armed, **more)


@pytest.mark.parametrize("seconds", [0.4, *LONG])
@pytest.mark.parametrize(
    "point", [POINTS[0], *(pytest.param(each, marks=pytest.mark.slow) for each in POINTS[1:])]
)
def test_a_database_that_comes_back_is_waited_for(
    hurt: tuple[Victim, Callable[[float], None]],
    reference: Victim,
    tmp_path: Path,
    counted: Callable[..., None],
    point: str,
    seconds: float,
) -> None:
    victim, take_away = hurt
    log, busy = tmp_path / "journal", 0.05 if seconds < 1 else 30.0
    began = time.monotonic()
    end = drive(victim, log, lambda: take_away(seconds), point, busy, timeout=240 + 2 * seconds)
    assert end == 0, victim.errors
    assert time.monotonic() - began > seconds
    if point == POINTS[0] and seconds < 1:
        assert "waiting for it, 120 s at most" in victim.errors
        assert "the database is back" in victim.errors
    assert invariants.broken(victim, reference, log) == []
    counted(f"database away for {seconds:g} s", injected=1, survived=1, broken=0)


def test_a_run_that_gave_up_on_its_database_continues_later(
    hurt: tuple[Victim, Callable[[float], None]], reference: Victim, tmp_path: Path
) -> None:
    victim, take_away = hurt
    victim.keeps["database_wait"] = 0.2
    log = tmp_path / "journal"
    assert drive(victim, log, lambda: take_away(2.0), POINTS[0], 0.05) == ENDS[StorageError]
    output = victim.errors.rpartition("errors.StorageUnavailable: ")[2]
    assert "waited for 0.2 s; what is finished is kept: run the same command again\n" in output
    ends: list[int] = []
    while not ends or ends[-1] in (ENDS[BadInput], ENDS[StorageError]):  # still away
        time.sleep(0.2)
        ends.append(victim.drive(lambda: journal.keep(log)))
        assert len(ends) < 100
    assert ends[-1] == 0, victim.errors
    assert invariants.broken(victim, reference, log, again=4) == []


def test_a_cell_whose_acknowledgement_was_lost_is_stored_once(
    hurt: tuple[Victim, Callable[[float], None]], reference: Victim
) -> None:
    victim, _ = hurt
    victim.keeps["database_wait"] = 5.0

    def armed() -> None:
        add, adding = ResultStore.add, iter(range(1000))

        def unanswered(*arguments: Any) -> None:
            add(*arguments)
            if next(adding) in (2, 3, 7):
                raise StorageUnavailable("the answer is lost")

        ResultStore.add = unanswered  # type: ignore[method-assign, assignment]

    assert victim.drive(armed) == 0, victim.errors
    assert invariants.broken(victim, reference) == []


def test_waiting_ends_when_the_patience_does() -> None:
    clock, messages = [0.0], list[str]()

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    def act() -> None:
        raise StorageUnavailable("no answer")

    patience = DatabaseRetry(120.0, messages.append, now=lambda: clock[0], sleep=sleep)
    with pytest.raises(
        StorageUnavailable, match=r"no answer; waited for 120 s; what is finished is kept"
    ):
        patience(act)
    assert clock[0] == 120.0
    assert messages == ["no answer; waiting for it, 120 s at most"]


def test_a_permanent_failure_is_not_waited_for() -> None:
    tries = []

    def act() -> None:
        tries.append(1)
        raise StorageError("disk image is malformed")

    with pytest.raises(StorageError):
        DatabaseRetry(120.0, print)(act)
    assert len(tries) == 1


def test_sqlite_itself_waits_for_half_a_minute() -> None:
    assert database._PATIENCE == 30.0
