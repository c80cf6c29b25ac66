"""Drivers that are killed, stopped, cancelled and refused, in any order, on hosts that are made up.

Hypothesis chooses what happens next; after each step, and at the end, the invariants must hold.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import sqlalchemy as sa
from factories import create_database
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from faults.drivers import TINY, Victim
from faults.hosts import FAILPOINTS, Driver, World, outcomes
from oracle.database.tables import LEASES, RUNS
from oracle.errors import LeaseHeld, LeaseLost, StorageError
from oracle.runs import prepare
from scyc.storage.checkpoint_store import CheckpointStore

STUDIES = (  # each requests all that the ones before it request
    {**TINY, "cycles": 1, "replicates": 1, "pack": 2},
    {**TINY, "cycles": 2, "replicates": 1, "pack": 2},
    {**TINY, "cycles": 2, "replicates": 2, "pack": 4},
)
_CELLS = """
SELECT CASE WHEN t.state IN ('RUNNING', 'WAITING') THEN NULL ELSE a.value_json END
FROM trials t LEFT JOIN trial_user_attributes a ON a.trial_id = t.trial_id AND a.key = 'cell'
WHERE t.trial_id NOT IN (
    SELECT trial_id FROM trial_user_attributes WHERE key IN ('summary_of_cycle', 'running_cell')
)
"""
counts: Counter[str] = Counter()


@cache
def prepared(variant: int) -> prepare.PreparedRun:
    """A study that has been checked, in no folder yet."""
    with tempfile.TemporaryDirectory() as scratch:
        victim = Victim(Path(scratch), declared=STUDIES[variant])
        victim.folder.mkdir(parents=True)
        return prepare.prepare(victim.study, victim.settings)


def at(variant: int, folder: Path, url: str) -> prepare.PreparedRun:
    """The same study in a folder and a database."""
    run = prepared(variant)
    return replace(run, settings=replace(run.settings, folder=folder, storage=url))


@cache
def reference(variant: int) -> tuple[Any, frozenset[str]]:
    """The table of a run that nothing happened to, and the files of its checkpoints."""
    with tempfile.TemporaryDirectory() as scratch:
        folder, world = Path(scratch), World()
        victim = Victim(folder, declared=STUDIES[variant])
        victim.folder.mkdir(parents=True)
        with world.real():
            driver = world.driver(0, at(variant, folder, f"sqlite:///{scratch}/oracle.db"))
            to_the_end(driver)
        assert driver.table is not None, driver.end
        return driver.table, files(victim.folder / "checkpoints")


def files(folder: Path) -> frozenset[str]:
    return frozenset(path.name for path in folder.rglob("*") if path.is_file())


def to_the_end(driver: Driver) -> None:
    driver.start()
    while driver.state == "ready":
        driver.finish(0)


def memory() -> str | None:
    """A folder in memory, where there is one: nothing here loses its power."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108


class Drivers(RuleBasedStateMachine):
    """One graph, its database, and whoever drives it.

    database: gives the URL of a new one in a folder.
    """

    database: Callable[[Path], str] = staticmethod(lambda folder: f"sqlite:///{folder}/oracle.db")

    @initialize()
    def begin(self) -> None:
        self.scratch = Path(tempfile.mkdtemp(dir=memory()))
        self.url = self.database(self.scratch)
        self.stack = contextlib.ExitStack()
        self.world = World()
        self.stack.enter_context(self.world.real())
        self.victim = Victim(self.scratch, url=self.url, declared=STUDIES[0])
        self.victim.folder.mkdir(parents=True)
        self.engine = sa.create_engine(self.url)
        self.variants = {0}
        self.hurt = False  # whether checkpoints were lost or damaged
        self.woken = False

    # --- what happens

    @rule(
        host=st.integers(0, 1),
        armed=st.none()
        | st.tuples(
            st.sampled_from(FAILPOINTS),
            st.integers(1, 3),
            st.sampled_from(["kill", "kill", "stop"]),
        ),
    )
    def start(self, host: int, armed: Any) -> None:
        """A driver starts; I10: it is refused where another one works."""
        keeper, silent = self.keeper()
        driver = self.world.driver(host, at(max(self.variants), self.scratch, self.url))
        driver.armed = armed
        driver.start()
        refused = isinstance(driver.end, LeaseHeld)
        killed = driver.dead or driver.state == "stopped"
        works = keeper is not None and keeper.lives and (keeper.host == host or not silent)
        counts["a driver starts"] += 1
        counts["a second driver"] += works
        assert refused == works or (killed and not refused), (works, driver.end)

    @precondition(lambda self: self.ready())
    @rule(which=st.integers(0, 5), order=st.lists(st.integers(0, 5), min_size=1, max_size=5))
    def finish_packs(self, which: int, order: list[int]) -> None:
        """Workers finish, in any order."""
        driver = self.pick(which)
        for index in order:
            if driver.state == "ready":
                driver.finish(index)

    @precondition(lambda self: self.ready())
    @rule(
        which=st.integers(0, 5),
        armed=st.tuples(
            st.sampled_from(FAILPOINTS),
            st.integers(1, 3),
            st.sampled_from(["kill", "stop", "stop"]),
        ),
    )
    def arm(self, which: int, armed: Any) -> None:
        """The driver is killed, or stopped, at a failpoint."""
        driver = self.pick(which)
        driver.armed = armed
        driver.finish(which)

    @precondition(lambda self: self.ready())
    @rule(which=st.integers(0, 5))
    def kill(self, which: int) -> None:
        driver = self.pick(which)
        driver.kill()
        counts["killed while training"] += 1
        assert driver.state == "ended"

    @precondition(lambda self: self.stopped())
    @rule(which=st.integers(0, 5), beats_first=st.booleans())
    def wake(self, which: int, beats_first: bool) -> None:
        """A driver that was stopped goes on, whether another has taken over or not."""
        stopped = self.stopped()
        driver = stopped[which % len(stopped)]
        counts["stopped, and goes on"] += 1
        self.woken = True
        driver.state = "ready"
        if beats_first:
            self.world.sleep(5.0)
        driver.order()

    @precondition(lambda self: self.ready())
    @rule(which=st.integers(0, 5))
    def cancel(self, which: int) -> None:
        """I9: what was cancelled stays so until somebody starts it again."""
        driver = self.pick(which)
        driver.armed = driver.refusal = None
        (keeper, _), before = self.keeper(), self.states()
        driver.cancel()
        counts["cancelled"] += 1
        assert isinstance(driver.end, KeyboardInterrupt)
        if keeper is driver:
            assert self.keeper() == (None, False)
            assert self.states()[driver.prepared.run_id] == "stopped"
        else:
            assert self.states() == before, "what another driver runs was called stopped"

    @precondition(lambda self: self.ready())
    @rule(
        which=st.integers(0, 5),
        count=st.integers(1, 12),
        how=st.sampled_from(["away", "damaged", "answer lost"]),
    )
    def refuse(self, which: int, count: int, how: Any) -> None:
        """The database refuses a statement, or its answer to a COMMIT is lost."""
        driver = self.pick(which)
        driver.refusal = (count, how)
        driver.finish(which)
        counts[f"the database: {how}"] += driver.refusal is None

    @precondition(lambda self: self.checkpoints())
    @rule(which=st.integers(0, 50), how=st.sampled_from(["lost", "truncated", "flipped", "empty"]))
    def hurt_a_checkpoint(self, which: int, how: str) -> None:
        files = self.checkpoints()
        file = files[which % len(files)]
        content = file.read_bytes()
        if how == "lost":
            file.unlink()
        else:
            flipped = content[:50] + bytes([content[50] ^ 1]) + content[51:] if content else b""
            file.write_bytes({"truncated": content[:60], "flipped": flipped, "empty": b""}[how])
        self.hurt = True
        counts["checkpoints hurt"] += 1

    @precondition(lambda self: self.checkpoints() and max(self.variants) < len(STUDIES) - 1)
    @rule()
    def grow(self) -> None:
        """From now on a larger study is run, on the same graph."""
        self.variants.add(max(self.variants) + 1)
        counts["grown"] += 1

    # --- what must hold

    @invariant()
    def nothing_is_lost_or_doubled(self) -> None:
        if not hasattr(self, "engine") or not self.world.drivers:
            return
        stored = self.stored()
        journal = self.world.journal
        assert [cell for cell, count in stored.items() if count > 1] == [], "I3"
        assert stored["unfinished"] == 0, "I4"
        assert journal.acknowledged <= set(stored), "I6: acknowledged, yet not stored"
        assert set(stored) <= journal.attempted, "I6: stored, yet never attempted"
        assert journal.broken == []
        for driver in self.world.drivers:
            expected = (KeyboardInterrupt, LeaseHeld, LeaseLost, StorageError)
            if driver.end is not None and not driver.dead:
                assert isinstance(driver.end, expected), driver.end

    def teardown(self) -> None:
        """Everybody is killed; one more driver takes the run to its end."""
        if not hasattr(self, "engine"):
            return
        try:
            self.take_up()
        finally:
            for driver in self.alive():
                driver.kill()
            self.stack.close()
            self.engine.dispose()
            counts.update(self.world.journal.killed)
            counts.update(f"end: {how}" for how in outcomes(self.world.drivers).elements())
            counts["examples"] += 1
            shutil.rmtree(self.scratch)

    def take_up(self) -> None:
        for driver in self.alive():
            driver.kill()
        variant = max(self.variants)
        last = self.world.driver(0, at(variant, self.scratch, self.url))
        to_the_end(last)
        assert last.table is not None, last.end
        table, expected = reference(variant)
        assert last.table == table, "I1"
        self.nothing_is_lost_or_doubled()
        assert self.keeper() == (None, False), "I4: a lease is left"
        assert self.states()[last.prepared.run_id] == "done"
        assert not (self.victim.folder / "in-flight").exists(), "I5"
        self.check_files(expected)

    def check_files(self, expected: frozenset[str]) -> None:
        folder = self.victim.folder / "checkpoints"
        store = CheckpointStore(folder)
        there = files(folder)
        if not self.hurt:
            assert expected <= there, "I5: checkpoints are gone"
            for name in there:
                network = store.load(Path(name).stem)
                assert not network.state["w"][~network.masks["w"]].any(), "I5"
        if not self.hurt and self.variants == {0}:
            assert there == expected, "I5: checkpoints are left over"

    # --- how it stands

    def checkpoints(self) -> list[Path]:
        return sorted((self.victim.folder / "checkpoints").rglob("*.pt"))

    def alive(self) -> list[Driver]:
        return [each for each in self.world.drivers if each.lives]

    def ready(self) -> list[Driver]:
        return [each for each in self.alive() if each.state == "ready"]

    def stopped(self) -> list[Driver]:
        return [each for each in self.alive() if each.state == "stopped"]

    def pick(self, which: int) -> Driver:
        ready = self.ready()
        return ready[which % len(ready)]

    def stored(self) -> Counter[str]:
        """Trials of each cell; an unfinished one counts as one of the cell "unfinished".

        Training runs under way, which a killed driver may leave, do not count.
        """
        if not sa.inspect(self.engine).has_table("trial_user_attributes"):
            return Counter()
        with self.engine.connect() as connection:
            cells = connection.execute(sa.text(_CELLS)).scalars()
            return Counter("unfinished" if cell is None else json.loads(cell) for cell in cells)

    def keeper(self) -> tuple[Driver | None, bool]:
        """Whose lease it is, and whether they give no sign of life."""
        if not sa.inspect(self.engine).has_table("oracle_leases"):
            return None, False
        with self.engine.connect() as connection:
            row = connection.execute(sa.select(LEASES)).one_or_none()
        if row is None:
            return None, False
        (driver,) = (each for each in self.world.drivers if each.process == row.process)
        return driver, driver.state != "ready"

    def states(self) -> dict[str, str]:
        with self.engine.connect() as connection:
            return {row.run_id: row.state for row in connection.execute(sa.select(RUNS))}


def machine(examples: int, steps: int, kind: type[Drivers] = Drivers) -> None:
    """Let Hypothesis play."""
    counts.clear()
    run_state_machine_as_test(
        kind,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
            phases=[Phase.generate],  # to shrink takes minutes
        ),
    )


def injected() -> int:
    """How many faults there were."""
    quiet = ("a driver starts", "examples", "grown", "end: ")
    return sum(count for what, count in counts.items() if not what.startswith(quiet))


def on_server(server: str) -> Callable[[Path], str]:
    """Makes databases on a PostgreSQL server."""

    def make(folder: Path) -> str:
        return create_database(server, f"t{uuid.uuid4().hex}")

    return make
