"""Any order of wishes, claims, deaths and words, against a model of the queue in a few lines."""

import shutil
import tempfile
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from oracle.database import RunDatabase, sqlite_url
from oracle.errors import WrongState
from oracle.records.jobs import ENDED, Held, Holder, JobState, NewJob

NAMES = st.sampled_from(["a-1", "b-1", "c-1"])
HOLDERS = st.sampled_from([Holder("one", "boot/ns 1 2 h"), Holder("two", "boot/ns 3 4 h")])
ENDS = st.sampled_from([None, "done", "failed"])


@dataclass
class Row:
    number: int
    priority: int
    state: JobState = "queued"
    holder: str | None = None
    beat: int = 0


class Queue(RuleBasedStateMachine):
    @initialize()
    def open(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.ledger = RunDatabase(sqlite_url(self.folder / "oracle.db"))
        self.jobs = self.ledger.jobs()
        self.rows: dict[str, Row] = {}
        self.seen: list[Held] = []
        self.revisions: dict[str, int] = {}

    def teardown(self) -> None:
        self.ledger.close()
        shutil.rmtree(self.folder)

    @rule(name=NAMES, priority=st.integers(-1, 1))
    def submit(self, name: str, priority: int) -> None:
        _, created = self.jobs.submit(NewJob(name, "ann", "a", "{}", "", priority=priority))
        assert created == (name not in self.rows)
        if created:
            self.rows[name] = Row(len(self.rows), priority)

    @rule(name=NAMES, resume=st.booleans())
    def wish(self, name: str, resume: bool) -> None:
        row = self.rows.get(name)
        if row is None:
            return
        refusing = {"done"} if resume else {"done", "failed"}
        try:
            job = self.jobs.resume(name) if resume else self.jobs.cancel(name)
        except WrongState:
            assert row.state in refusing
            return
        assert row.state not in refusing
        if not resume:
            row.state = "cancelled"
        elif row.state in {"cancelled", "failed"}:
            row.state = "queued"
        assert job.state == row.state

    @rule(holder=HOLDERS)
    def claim(self, holder: Holder) -> None:
        free = [name for name, row in self.rows.items() if row.state == "queued" and not row.holder]
        first = min(
            free, key=lambda name: (-self.rows[name].priority, self.rows[name].number), default=None
        )
        job = self.jobs.claim(holder)
        assert (job and job.id) == first
        if first is not None:
            row = self.rows[first]
            row.state, row.holder, row.beat = "running", holder.name, 0

    @rule(holder=HOLDERS)
    def beat(self, holder: Holder) -> None:
        self.jobs.beat(holder)
        for row in self.rows.values():
            row.beat += row.holder == holder.name

    @rule(name=NAMES, holder=HOLDERS, state=ENDS)
    def release(self, name: str, holder: Holder, state: JobState | None) -> None:
        row = self.rows.get(name)
        if row is None:
            return
        if row.holder == holder.name:
            row.holder = None
            row.state = (state or "queued") if row.state == "running" else row.state
        assert self.jobs.release(name, holder, state).state == row.state

    @rule(name=NAMES, holder=HOLDERS)
    def speak(self, name: str, holder: Holder) -> None:
        row = self.rows.get(name)
        theirs = row is not None and row.state == "running" and row.holder == holder.name
        assert self.jobs.tell(name, holder, "line", "a word") == theirs
        assert self.jobs.progress(name, holder, 1, 2, None) == theirs
        assert self.jobs.ran_as(name, holder, "run") == theirs

    @rule()
    def read_held(self) -> None:
        self.seen = self.jobs.held()

    @rule()
    def bury(self) -> None:
        for held in self.seen:
            row = self.rows[held.job_id]
            unchanged = (row.holder, row.beat) == (held.holder, held.beat)
            assert self.jobs.take_back(held) == unchanged
            if unchanged:
                row.holder = None
                row.state = "queued" if row.state == "running" else row.state

    @invariant()
    def the_rows_are_as_the_model_says(self) -> None:
        if not hasattr(self, "jobs"):
            return
        jobs = {job.id: job for job in self.jobs.page()}
        assert {name: job.state for name, job in jobs.items()} == {
            name: row.state for name, row in self.rows.items()
        }
        assert {held.job_id: (held.holder, held.beat) for held in self.jobs.held()} == {
            name: (row.holder, row.beat) for name, row in self.rows.items() if row.holder
        }
        for name, job in jobs.items():
            events = self.jobs.events(name)
            assert [event.number for event in events] == list(range(1, len(events) + 1))
            states = [event.text for event in events if event.kind == "state"]
            assert states[-1] == job.state
            assert all(before != after for before, after in pairwise(states))
            assert (job.ended is not None) == (job.state in ENDED)
            assert job.revision >= self.revisions.get(name, 0)
            self.revisions[name] = job.revision


Queue.TestCase.settings = settings(
    max_examples=15,
    stateful_step_count=25,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
TestAnyOrder = Queue.TestCase
