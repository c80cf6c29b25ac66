"""Drivers killed at named moments, again and again, also while a killed run is taken up again."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from factories import create_database
from faults import failpoints, invariants, journal
from faults.drivers import Victim

from oracle.runs import execute as runs
from oracle.storage.result_store import ResultStore

SEED = 7
PACK = 4  # training runs that are under way at a kill
OFTEN = 9  # a first kill comes at the latest at this passing of its point
SOON = 3  # and one of the recovery at this one
SELDOM = (
    "lease", "registered", "results are read", "note", "cleared", "annotated", "unused checkpoint",
)  # fmt: skip


@dataclass
class Killed:
    """What became of runs that were killed."""

    kills: int = 0
    runs: int = 0
    missed: int = 0  # moments that a run did not come to: it has ended before
    points: set[str] = field(default_factory=set)
    broken: list[str] = field(default_factory=list)


def moments(chance: random.Random) -> Iterator[tuple[str, int]]:
    """Points and passings without end: each point once before any comes again."""
    while True:
        points = sorted(failpoints.POINTS)
        chance.shuffle(points)
        for point in points:
            once = any(word in point for word in SELDOM)
            yield point, chance.randint(1, 2 if once else OFTEN)


def armed(file: Path, point: str | None, count: int = 1) -> Callable[[], None]:
    """What is done in a driver before it begins: keep the journal, die at a point."""

    def arm() -> None:
        journal.keep(file)
        if point is None or not ("note" in point or "annotated" in point):
            runs.publish = lambda *_: None  # half a second of figures
        if point is not None:
            failpoints.arm(point, count)

    return arm


def killed(
    kills: int,
    make: Callable[[int], Victim],
    reference: Victim,
    seed: int = SEED,
    on_run: Callable[[int, int], None] = lambda kills, broken: None,
) -> Killed:
    """Kill runs so often in all, each up to three times in a row before it may end.

    The second and third kill hit the recovery from the one before, most often early in it.
    on_run: called after each run with its kills, and how many invariants they broke.
    """
    chance = random.Random(seed)
    ahead, outcome = moments(chance), Killed()
    while outcome.kills < kills and not outcome.broken:
        victim, before = make(outcome.runs), outcome.kills
        file = victim.runs_folder.parent / f"journal-{outcome.runs}"
        outcome.runs += 1
        story: list[str] = []
        for number in range(min(chance.randint(1, 3), kills - outcome.kills)):
            point, count = next(ahead)
            if number:
                count = min(count, SOON)
            code = victim.drive(armed(file, point, count))
            story.append(f"{point}, {count}: {code}")
            if code == -9:
                outcome.kills += 1
                outcome.points.add(point)
            elif code == 0:
                outcome.missed += 1
                break
            else:
                outcome.broken.append(f"{story}: ended with {code}: {victim.errors[-600:]}")
                on_run(outcome.kills - before, 1)
                return outcome
        else:
            if code := victim.drive(armed(file, None)):
                outcome.broken.append(f"{story}: taken up, {code}: {victim.errors[-600:]}")
                on_run(outcome.kills - before, 1)
                return outcome
        again = PACK * len(story)
        faults = invariants.broken(victim, reference, file, again)
        outcome.broken += [f"{story}: {each}" for each in faults]
        on_run(outcome.kills - before, len(faults))
    print(f"seed {seed}: {outcome}")  # noqa: T201  # what a failure is repeated with
    return outcome


@pytest.fixture
def on_sqlite(shm: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Victim]:
    folder = shm / tmp_path_factory.mktemp("kills").name
    return lambda number: Victim(folder / str(number) / "runs", save_every=1e-9)


@pytest.fixture
def on_postgresql(
    shm: Path, tmp_path_factory: pytest.TempPathFactory, postgresql_server: str
) -> Callable[[int], Victim]:
    """Each run has a database of its own."""
    name = tmp_path_factory.mktemp("kills").name

    def make(number: int) -> Victim:
        database = f"{name}_{number}"
        runs_folder = shm / database / "runs"
        return Victim(runs_folder, create_database(postgresql_server, database), save_every=1e-9)

    return make


def test_runs_that_are_killed_at_twelve_moments_end_as_if_they_were_not(
    on_sqlite: Callable[[int], Victim], reference: Victim
) -> None:
    outcome = killed(12, on_sqlite, reference)
    assert outcome.broken == []
    assert outcome.kills == 12
    assert len(outcome.points) >= 9


@pytest.mark.slow
def test_two_kills_on_postgresql(on_postgresql: Callable[[int], Victim], reference: Victim) -> None:
    outcome = killed(2, on_postgresql, reference)
    assert (outcome.broken, outcome.kills) == ([], 2)


@pytest.mark.slow
def test_200_kills_on_sqlite(
    on_sqlite: Callable[[int], Victim], reference: Victim, counted: Callable[..., None]
) -> None:
    on_kill = telling("SQLite", counted)
    outcome = killed(200, on_sqlite, reference, seed=11, on_run=on_kill)
    assert outcome.broken == []
    assert outcome.points == set(failpoints.POINTS)


@pytest.mark.slow
def test_100_kills_on_postgresql(
    on_postgresql: Callable[[int], Victim], reference: Victim, counted: Callable[..., None]
) -> None:
    on_kill = telling("PostgreSQL", counted)
    outcome = killed(100, on_postgresql, reference, seed=13, on_run=on_kill)
    assert outcome.broken == []
    assert outcome.points == set(failpoints.POINTS)


def telling(where: str, counted: Callable[..., None]) -> Callable[[int, int], None]:
    """Counts kills of drivers on one kind of database."""

    def on_run(kills: int, broken: int) -> None:
        counted(
            f"driver killed at named moments, {where}",
            injected=kills,
            survived=0 if broken else kills,
            broken=broken,
        )

    return on_run


def test_a_driver_that_acknowledges_before_it_stores_is_detected(
    victim: Victim, reference: Victim
) -> None:
    """The kit sees a store that keeps the last result for later."""
    file = victim.runs_folder.parent / "journal"

    def late() -> None:
        add, delayed = ResultStore.add, []

        def adding(*arguments: object) -> None:
            delayed.append(arguments)
            if len(delayed) > 1:
                add(*delayed.pop(0))  # type: ignore[arg-type]

        ResultStore.add = adding  # type: ignore[assignment, method-assign]
        armed(file, "before a pack lands", 2)()

    assert victim.drive(late) == -9, victim.errors
    assert victim.drive(armed(file, None)) == 0, victim.errors
    problems = invariants.broken(victim, reference, file, PACK)
    assert [each[:2] for each in problems] == ["I2"]
