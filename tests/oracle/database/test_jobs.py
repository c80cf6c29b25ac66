"""One contract for the queue of jobs, on every kind of database."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from oracle.database import Jobs, RunDatabase, parse_url
from oracle.errors import KeyReused, UnknownJob, WrongState
from oracle.records.jobs import Held, Holder, Job, NewJob
from scyc.errors import Problem

HERE = Holder("here", "boot/ns 1 2 this-host")
THERE = Holder("there", "boot/ns 3 4 that-host")


@pytest.fixture
def jobs(storage: str) -> Iterator[Jobs]:
    ledger = RunDatabase(parse_url(storage))
    yield ledger.jobs()
    ledger.close()


def new(name: str, **changes: Any) -> NewJob:
    fields = {"owner": "ann", "study_name": name.partition("-")[0], "study": "{}", "source": "a: 1"}
    return NewJob(**{"id": name, **fields, **changes})


def submitted(jobs: Jobs, *names: str) -> None:
    for name in names:
        jobs.submit(new(name))


def claimed(jobs: Jobs, holder: Holder = HERE) -> Job:
    job = jobs.claim(holder)
    assert job is not None
    return job


def texts(jobs: Jobs, job_id: str) -> list[str]:
    return [event.text for event in jobs.events(job_id)]


def test_a_job_comes_back_as_it_was_submitted(jobs: Jobs) -> None:
    submission = new(
        "digits-1", data="images", priority=7, source="name: digits\n# µ", study='{"a": 1}'
    )
    job, created = jobs.submit(submission)
    assert created
    assert jobs.get("digits-1") == job
    assert {name: getattr(job, name) for name in vars(submission)} == vars(submission)
    assert (job.state, job.run_id, job.done, job.known, job.seconds_left) == (
        ("queued", None, 0, 0, None)
    )
    assert (job.message, job.problems, job.started, job.ended) == ("", (), None, None)
    assert timedelta(0) <= datetime.now(UTC) - job.submitted < timedelta(minutes=1)


def test_the_same_study_is_the_same_job_for_every_owner(jobs: Jobs) -> None:
    first, _ = jobs.submit(new("digits-1"))
    again, created = jobs.submit(new("digits-1", owner="bob", priority=9))
    assert not created
    assert again == first


def test_a_key_identifies_one_job_of_its_owner(jobs: Jobs) -> None:
    _, created = jobs.submit(new("digits-1"), "key")
    assert created
    assert jobs.submit(new("digits-1"), "key") == (jobs.get("digits-1"), False)
    with pytest.raises(KeyReused, match="digits-1"):
        jobs.submit(new("digits-2"), "key")
    with pytest.raises(UnknownJob):
        jobs.get("digits-2")
    assert jobs.submit(new("digits-2", owner="bob"), "key")[1]
    assert jobs.submit(new("digits-3"), "k" * 10_000)[1]


def test_an_unknown_job_is_an_error(jobs: Jobs) -> None:
    for act in (jobs.get, jobs.cancel, jobs.resume):
        with pytest.raises(UnknownJob, match=r"job nowhere.* not found"):
            act("nowhere\x00")
    with pytest.raises(UnknownJob):
        jobs.reprioritise("nowhere", 1)
    with pytest.raises(UnknownJob):
        jobs.release("nowhere", HERE, "done")
    assert jobs.events("nowhere\x00") == []
    assert not jobs.tell("nowhere", HERE, "say", "hello")


def test_jobs_are_claimed_by_priority_and_then_by_age(jobs: Jobs) -> None:
    for name, priority in (("a-1", 0), ("b-1", 5), ("c-1", -100), ("d-1", 5), ("e-1", 0)):
        jobs.submit(new(name, priority=priority))
    jobs.reprioritise("e-1", 6)
    assert [claimed(jobs).id for _ in range(5)] == ["e-1", "b-1", "d-1", "a-1", "c-1"]
    assert jobs.claim(HERE) is None


def test_jobs_that_are_passed_over_stay_for_others(jobs: Jobs) -> None:
    submitted(jobs, "a-1", "b-1")
    assert claimed(jobs).id == "a-1"
    jobs.release("a-1", HERE, None)
    job = jobs.claim(HERE, ["a-1", "no-1"])
    assert job is not None
    assert job.id == "b-1"
    assert jobs.claim(HERE, ["a-1"]) is None
    assert claimed(jobs, THERE).id == "a-1"


def test_a_claimed_job_is_held_by_who_claimed_it(jobs: Jobs) -> None:
    submitted(jobs, "a-1", "b-1")
    job = claimed(jobs)
    assert job.state == "running"
    assert job.started is not None
    assert job.submitted <= job.started
    assert jobs.held() == [Held("a-1", HERE.name, HERE.process, 0, "running")]
    claimed(jobs, THERE)
    jobs.beat(HERE)
    jobs.beat(HERE)
    assert [(held.holder, held.beat) for held in jobs.held()] == [("here", 2), ("there", 0)]


def test_a_driver_reports_its_progress(jobs: Jobs) -> None:
    submitted(jobs, "a-1")
    claimed(jobs)
    assert jobs.ran_as("a-1", HERE, "a-77")
    assert jobs.progress("a-1", HERE, 3, 12, 4.5)
    assert jobs.tell("a-1", HERE, "line", "cycle 0: µ = \x00 \udc80")
    job = jobs.get("a-1")
    assert (job.run_id, job.done, job.known, job.seconds_left) == ("a-77", 3, 12, 4.5)
    (line,) = jobs.events("a-1", after=2)
    assert (line.number, line.kind, line.text) == (3, "line", "cycle 0: µ = \ufffd ?")
    assert jobs.release("a-1", HERE, "done").state == "done"
    assert jobs.get("a-1").seconds_left is None


def test_a_revision_rises_with_every_change_and_with_nothing_else(jobs: Jobs) -> None:
    submitted(jobs, "a-1", "b-1")
    seen = [jobs.revisions(["a-1"])["a-1"]]
    for change in (
        lambda: jobs.reprioritise("a-1", 1),
        lambda: jobs.claim(HERE),
        lambda: jobs.progress("a-1", HERE, 1, 2, None),
        lambda: jobs.tell("a-1", HERE, "say", "hello"),
        lambda: jobs.cancel("a-1"),
        lambda: jobs.resume("a-1"),
        lambda: jobs.release("a-1", HERE, "cancelled"),
    ):
        change()
        seen.append(jobs.revisions(["a-1"])["a-1"])
    assert seen == sorted(set(seen))
    for no_change in (
        lambda: jobs.reprioritise("a-1", 1),
        lambda: jobs.beat(HERE),
        lambda: jobs.resume("a-1"),
        lambda: jobs.progress("a-1", HERE, 1, 2, None),
    ):
        no_change()
    assert jobs.revisions(["a-1", "b-1", "no-1"]) == {"a-1": seen[-1], "b-1": 2}


def test_a_queued_job_that_is_cancelled_is_not_claimed(jobs: Jobs) -> None:
    submitted(jobs, "a-1")
    job = jobs.cancel("a-1")
    assert job.state == "cancelled"
    assert job.ended is not None
    assert jobs.claim(HERE) is None
    assert jobs.cancel("a-1") == job


def test_a_cancelled_drivers_words_are_refused_and_its_end_changes_nothing(jobs: Jobs) -> None:
    submitted(jobs, "a-1")
    claimed(jobs)
    jobs.progress("a-1", HERE, 1, 2, 3.0)
    cancelled = jobs.cancel("a-1")
    assert not jobs.progress("a-1", HERE, 2, 2, 0.0)
    assert not jobs.tell("a-1", HERE, "line", "too late")
    assert not jobs.ran_as("a-1", HERE, "a-77")
    assert jobs.get("a-1") == cancelled
    assert [held.state for held in jobs.held()] == ["cancelled"]
    job = jobs.release("a-1", HERE, "done", "all well")
    assert (job.state, job.message, job.ended) == ("cancelled", "", cancelled.ended)
    assert jobs.held() == []
    assert texts(jobs, "a-1") == ["queued", "running", "cancelled"]


def test_a_resumed_job_waits_until_its_last_driver_has_ended(jobs: Jobs) -> None:
    submitted(jobs, "a-1")
    claimed(jobs)
    jobs.cancel("a-1")
    job = jobs.resume("a-1")
    assert (job.state, job.ended) == ("queued", None)
    assert jobs.claim(THERE) is None
    assert not jobs.tell("a-1", HERE, "line", "from the cancelled one")
    assert jobs.release("a-1", HERE, "failed", "killed").state == "queued"
    assert claimed(jobs, THERE).id == "a-1"
    assert not jobs.tell("a-1", HERE, "line", "still from the cancelled one")
    assert jobs.tell("a-1", THERE, "line", "from the new one")


def test_a_failed_job_shows_its_error_until_it_is_resumed(jobs: Jobs) -> None:
    submitted(jobs, "a-1")
    claimed(jobs)
    refused = (Problem("cycles", "at least 1", 0), Problem("images", "no such folder"))
    job = jobs.release("a-1", HERE, "failed", "bad \x00 study", refused)
    assert (job.state, job.message, job.problems) == ("failed", "bad \ufffd study", refused)
    with pytest.raises(WrongState, match="a-1 is failed"):
        jobs.cancel("a-1")
    job = jobs.resume("a-1")
    assert (job.state, job.message, job.problems, job.ended) == ("queued", "", (), None)


def test_a_done_job_is_neither_cancelled_nor_resumed(jobs: Jobs) -> None:
    submitted(jobs, "a-1")
    claimed(jobs)
    done = jobs.release("a-1", HERE, "done")
    for act, word in ((jobs.cancel, "cancelled"), (jobs.resume, "resumed")):
        with pytest.raises(WrongState, match=f"a-1 is done.*can be {word}"):
            act("a-1")
    assert jobs.get("a-1") == done


def test_a_job_that_is_released_without_an_end_returns_to_its_old_position_in_the_queue(
    jobs: Jobs,
) -> None:
    submitted(jobs, "a-1", "b-1")
    claimed(jobs)
    job = jobs.release("a-1", HERE, None)
    assert (job.state, job.started) == ("queued", None)
    assert claimed(jobs).id == "a-1"


def test_a_job_is_released_by_its_holder_alone(jobs: Jobs) -> None:
    submitted(jobs, "a-1")
    job = claimed(jobs)
    assert jobs.release("a-1", THERE, "failed", "not mine") == job


def test_a_dead_servers_job_goes_back_into_the_queue(jobs: Jobs) -> None:
    submitted(jobs, "a-1", "b-1", "c-1")
    for _ in range(3):
        claimed(jobs)
    jobs.cancel("b-1")
    jobs.cancel("c-1")
    jobs.resume("c-1")
    assert [jobs.take_back(held) for held in jobs.held()] == [True] * 3
    assert jobs.held() == []
    assert [jobs.get(name).state for name in ("a-1", "b-1", "c-1")] == [
        "queued",
        "cancelled",
        "queued",
    ]
    assert not jobs.tell("a-1", HERE, "line", "from the dead")
    assert [claimed(jobs, THERE).id for _ in range(2)] == ["a-1", "c-1"]


def test_a_server_that_shows_a_sign_of_life_keeps_its_jobs(jobs: Jobs) -> None:
    submitted(jobs, "a-1")
    claimed(jobs)
    (seen,) = jobs.held()
    jobs.beat(HERE)
    assert not jobs.take_back(seen)
    assert jobs.get("a-1").state == "running"
    (seen,) = jobs.held()
    assert jobs.take_back(seen)
    claimed(jobs, THERE)
    assert not jobs.take_back(seen)  # what was seen is gone
    assert [held.holder for held in jobs.held()] == ["there"]


def test_jobs_are_paged_newest_first(jobs: Jobs) -> None:
    submitted(jobs, *(f"a-{index}" for index in range(7)))
    pages: list[list[str]] = []
    before: int | None = None
    while page := jobs.page(before=before, limit=3):
        pages.append([job.id for job in page])
        before = page[-1].number
        jobs.submit(new(f"late-{before}"))  # newer ones do not shift the pages that follow
    assert pages == [["a-6", "a-5", "a-4"], ["a-3", "a-2", "a-1"], ["a-0"]]
    assert len(jobs.page(before=10**30)) == 10


def test_jobs_are_filtered(jobs: Jobs) -> None:
    jobs.submit(new("digits-1"))
    jobs.submit(new("digits-2", owner="bob"))
    jobs.submit(new("fashion_50%-1"))
    jobs.cancel("digits-2")

    def listed(**filters: Any) -> list[str]:
        return [job.id for job in jobs.page(**filters)]

    assert listed(states=["queued"]) == ["fashion_50%-1", "digits-1"]
    assert listed(states=["cancelled", "done"]) == ["digits-2"]
    assert listed(study="digits") == ["digits-2", "digits-1"]
    assert listed(study="digits", owner="ann") == ["digits-1"]
    assert listed(text="DIGITS") == ["digits-2", "digits-1"]
    assert listed(text="BO") == ["digits-2"]
    assert listed(text="%") == ["fashion_50%-1"]
    assert listed(text="\x00") == []
    assert jobs.count() == {"queued": 2, "running": 0, "done": 0, "failed": 0, "cancelled": 1}


def test_events_are_read_from_where_one_left_off(jobs: Jobs) -> None:
    submitted(jobs, "a-1", "b-1")
    claimed(jobs)
    for index in range(5):
        jobs.tell("a-1", HERE, "line", f"cycle {index}")
    jobs.release("a-1", HERE, "done")
    first = jobs.events("a-1", limit=4)
    rest = jobs.events("a-1", after=first[-1].number)
    assert [event.number for event in first + rest] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [event.text for event in rest] == ["cycle 2", "cycle 3", "cycle 4", "done"]
    assert [event.kind for event in rest] == ["line", "line", "line", "state"]
    assert jobs.events("a-1", after=10**30) == []
    assert texts(jobs, "b-1") == ["queued"]


def test_jobs_outlive_the_server(jobs: Jobs, storage: str) -> None:
    submitted(jobs, "a-1")
    claimed(jobs)
    jobs.tell("a-1", HERE, "say", "hello")
    ledger = RunDatabase(parse_url(storage))
    later = ledger.jobs()
    assert later.get("a-1") == jobs.get("a-1")
    assert later.events("a-1") == jobs.events("a-1")
    assert later.held() == jobs.held()
    ledger.close()


def test_another_study_whose_short_hash_is_the_same_is_another_job(jobs: Jobs) -> None:
    first, _ = jobs.submit(new("digits-1f0c9a2e", study='{"seed": 1}'), "key")
    other = new("digits-1f0c9a2e", study='{"seed": 2}')
    longer = ("digits-1f0c9a2e00000001", "digits-1f0c9a2e00000001ff")
    assert jobs.find(other, longer) is None
    with pytest.raises(KeyReused, match="was given to digits-1f0c9a2e; take a new one for digits"):
        jobs.submit(other, "key", longer)
    assert jobs.find(other, longer) is None  # refused, so nothing was queued
    second, created = jobs.submit(other, "another key", longer)
    assert (second.id, second.study, created) == (longer[0], '{"seed": 2}', True)
    for study, job in (('{"seed":1}', first), ('{"seed":2}', second)):
        again = new("digits-1f0c9a2e", study=study)
        assert jobs.find(again, longer) == job
        assert jobs.submit(again, None, longer) == (job, False)
    third, created = jobs.submit(new("digits-1f0c9a2e", data="images"), None, longer)
    assert (third.id, created) == (longer[1], True)
    with pytest.raises(WrongState, match="give this one another name"):
        jobs.submit(new("digits-1f0c9a2e", data="more"), None, longer)
