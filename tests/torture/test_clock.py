"""A clock that is moved by an hour or a day, either way: no decision depends on it."""

import ast
import itertools
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

import pytest
from faults import failpoints, invariants, journal
from faults.drivers import Victim

import oracle
import scyc
from oracle.database import RunDatabase, parse_url, tables
from oracle.records.jobs import Holder, NewJob

HOUR, DAY = 3600.0, 86400.0
MOVES = (HOUR, -HOUR, DAY, -DAY)
SHOWN = {
    "database/tables.py",
    "service/external_runs.py",
}  # times that are shown to people, and ends of sessions


def read_clock(file: Path) -> list[int]:
    """Lines of a module that read the wall clock."""
    calls = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)]
    names = {"time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "datetime.today"}
    return [call.lineno for call in calls if ast.unparse(call.func) in names]


def moved(seconds: float) -> None:
    """Move the wall clock, as far as this process sees it; the monotonic one stays."""
    real, day = time.time, datetime

    class Moved(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return day.now(tz) + timedelta(seconds=seconds)

    time.time = lambda: real() + seconds
    for name, module in list(sys.modules.items()):
        ours = name.partition(".")[0] in ("oracle", "optuna")
        if ours and vars(module).get("datetime") is datetime:
            vars(module)["datetime"] = Moved


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Moves the clock."""

    def move(seconds: float) -> None:
        class Moved(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
                return datetime.now(tz) + timedelta(seconds=seconds)

        monkeypatch.setattr(tables, "datetime", Moved)

    return move


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[RunDatabase]:
    with closing(RunDatabase(parse_url(f"sqlite:///{tmp_path}/oracle.db"))) as opened:
        yield opened


def test_only_times_that_are_shown_are_read_from_the_wall_clock(tmp_path: Path) -> None:
    reading = set()
    for package in (oracle, scyc):
        folder = Path(package.__file__ or "").parent
        files = (file for file in folder.rglob("*.py") if read_clock(file))
        reading |= {str(file.relative_to(folder)) for file in files}
    assert reading == SHOWN
    (tmp_path / "late.py").write_text("import time\n\nlate = time.time() > 3\n")
    assert read_clock(tmp_path / "late.py") == [3]


@pytest.mark.parametrize(
    "seconds", [-DAY, *(pytest.param(each, marks=pytest.mark.slow) for each in MOVES[:3])]
)
def test_a_run_whose_clock_is_moved_ends_as_any_other(
    victim: Victim,
    reference: Victim,
    tmp_path: Path,
    counted: Callable[..., None],
    seconds: float,
) -> None:
    log = tmp_path / "journal"

    def armed() -> None:
        journal.keep(log)
        failpoints.arm("between result and commit", 5, lambda: moved(seconds))

    assert victim.drive(armed) == 0, victim.errors
    assert invariants.broken(victim, reference, log) == []
    counted("clock moved in a run", injected=1, survived=1, broken=0)


@pytest.mark.parametrize("seconds", MOVES)
def test_a_token_outlives_every_move_of_the_clock(
    ledger: RunDatabase, clock: Callable[[float], None], seconds: float
) -> None:
    secret = ledger.tokens().create("me", "submit")
    clock(seconds)
    token = ledger.tokens().find(secret)
    assert token is not None
    assert token.name == "me"


def test_a_session_ends_by_the_clock_and_comes_back_with_it(
    ledger: RunDatabase, clock: Callable[[float], None]
) -> None:
    ledger.tokens().create("me", "read")
    secret = ledger.sessions().open("me", timedelta(hours=12))
    seen = []
    for seconds in (0.0, HOUR, -HOUR, DAY, -DAY):
        clock(seconds)
        seen.append(ledger.sessions().find(secret) is not None)
    assert seen == [True, True, True, False, True]


def test_a_lease_is_held_and_taken_independently_of_the_clock(
    ledger: RunDatabase, clock: Callable[[float], None]
) -> None:
    with ledger.lease("g", print) as lease:
        for seconds in MOVES:
            clock(seconds)
            assert ledger.held("g")
            lease.check()
    assert not ledger.held("g")


def test_the_clock_does_not_change_who_is_served_first(
    ledger: RunDatabase, clock: Callable[[float], None]
) -> None:
    jobs, holder, ids = ledger.jobs(), Holder("h", "p"), []
    for index, seconds in enumerate(itertools.chain((0.0,), MOVES)):
        clock(seconds)
        new = NewJob(f"job-{index}", "me", "tiny", "{}", "")
        ids.append(jobs.submit(new)[0].id)
    claimed = [jobs.claim(holder) for _ in ids]
    assert [job.id for job in claimed if job is not None] == ids
