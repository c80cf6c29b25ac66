"""Streams of a job's events: what they tell, where they go on, when they end, what they cost."""

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from oracle.records.jobs import Holder, Job
from oracle.rest import events
from oracle.rest.events import Watcher
from oracle.service.service import Service

YAML = {"Content-Type": "application/yaml"}
Submit = Callable[..., Job]
HOLDER = Holder("test", "host 1 1")


@pytest.fixture
def submit(service: Service, study_yaml: Callable[..., str]) -> Submit:
    def submitted(**changes: Any) -> Job:
        return service.submit(study_yaml(**changes), form="yaml", owner="local")[0]

    return submitted


def parsed(text: str) -> list[tuple[str, int | None, dict[str, Any]]]:
    """Kind, id and data of each event; comments and retry are left out."""
    messages = []
    for block in text.strip().split("\n\n"):
        fields = dict(
            line.split(": ", 1)
            for line in block.splitlines()
            if not line.startswith((":", "retry"))
        )
        if fields:
            number = int(fields["id"]) if "id" in fields else None
            messages.append((fields["event"], number, json.loads(fields["data"])))
    return messages


async def some(stream: AsyncIterator[str], count: int) -> list[tuple[str, int | None, Any]]:
    """The next so many events of a stream."""
    messages: list[tuple[str, int | None, Any]] = []
    async with asyncio.timeout(120):
        while len(messages) < count:
            messages += parsed(await anext(stream))
    return messages


def test_all_events_of_an_ended_job_are_sent_and_the_stream_ends(
    client: TestClient, submit: Submit, drive: Callable[..., Job]
) -> None:
    job = submit()
    drive("done", cells=(12, 12), lines=("cycle 0", "cycle 1"))
    answer = client.get(f"/v1/jobs/{job.id}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    messages = parsed(answer.text)
    assert [kind for kind, _, _ in messages] == ["state", "state", "line", "line", "state", "job"]
    assert [number for _, number, _ in messages] == [1, 2, 3, 4, 5, None]
    assert [data["text"] for _, _, data in messages[:-1]] == [
        "queued", "running", "cycle 0", "cycle 1", "done",
    ]  # fmt: skip
    assert messages[-1][2] == client.get(f"/v1/jobs/{job.id}").json()


def test_a_stream_resumes_after_the_last_received_event(
    client: TestClient, submit: Submit, drive: Callable[..., Job]
) -> None:
    path = f"/v1/jobs/{submit().id}/events"
    drive("failed", lines=("one", "two"))

    def after(number: str) -> list[int | None]:
        return [
            each for _, each, _ in parsed(client.get(path, headers={"Last-Event-ID": number}).text)
        ]

    assert after("3") == [4, 5, None]
    assert after("5") == [None]
    assert after("4000") == [None]
    for wrong in ("-1", "three", "99999999999"):
        answer = client.get(path, headers={"Last-Event-ID": wrong})
        assert answer.status_code == 422


def test_a_stream_sends_changes_as_they_happen(service: Service, submit: Submit) -> None:
    job = submit()

    async def watch() -> None:
        stream = Watcher(service.jobs, poll=0.01).stream(job.id, 0)
        assert [kind for kind, _, _ in await some(stream, 2)] == ["state", "job"]
        service.jobs.claim(HOLDER)
        (_, number, state), (_, _, shown) = await some(stream, 2)
        assert (number, state["text"], shown["state"]) == (2, "running", "running")
        service.jobs.progress(job.id, HOLDER, 3, 12, 9.0)
        ((kind, _, shown),) = await some(stream, 1)
        assert (kind, shown["done"], shown["known"]) == ("job", 3, 12)
        service.jobs.cancel(job.id)
        assert [kind for kind, _, _ in await some(stream, 2)] == ["state", "job"]
        with pytest.raises(StopAsyncIteration):
            await anext(stream)

    asyncio.run(watch())


def test_a_silent_stream_sends_heartbeats(service: Service, submit: Submit) -> None:
    job = submit()

    async def watch() -> None:
        stream = Watcher(service.jobs, poll=0.01, alive=0.05).stream(job.id, 0)
        await some(stream, 2)
        assert await anext(stream) == ": alive\n\n"
        assert await anext(stream) == ": alive\n\n"

    asyncio.run(watch())


def test_events_that_are_no_longer_shared_are_read_again(
    service: Service, submit: Submit, drive: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "_BUFFERED", 2)
    job = submit()
    drive(lines=tuple(f"line {number}" for number in range(6)))

    async def watch() -> None:
        watcher = Watcher(service.jobs, poll=0.01)
        early, late = watcher.stream(job.id, 0), watcher.stream(job.id, 5)
        numbers = [number for _, number, _ in await some(early, 9)]
        assert numbers == [1, 2, 3, 4, 5, 6, 7, 8, None]
        assert [number for _, number, _ in await some(late, 4)] == [6, 7, 8, None]

    asyncio.run(watch())


def test_a_thousand_streams_of_a_hundred_jobs_are_one_question_and_no_threads(
    service: Service, submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = [submit(name=f"s{number}") for number in range(100)]
    calls = {"revisions": 0, "get": 0, "events": 0}

    def counted(name: str) -> None:
        original = getattr(service.jobs, name)

        def call(*given: Any) -> Any:
            calls[name] += 1
            return original(*given)

        monkeypatch.setattr(service.jobs, name, call)

    for name in calls:
        counted(name)

    async def watch() -> None:
        watcher = Watcher(service.jobs, poll=0.05)
        streams = [watcher.stream(job.id, 0) for job in jobs for _ in range(10)]
        assert all(len(each) == 2 for each in await asyncio.gather(*(some(s, 2) for s in streams)))
        assert calls["get"] == 100
        waiting = [asyncio.create_task(some(stream, 2)) for stream in streams[:10]]
        before, polls, began = threading.active_count(), calls["revisions"], time.monotonic()
        while calls["revisions"] < polls + 3:
            await asyncio.sleep(0.01)
        assert threading.active_count() <= before
        assert calls["get"] == 100
        seconds = time.monotonic() - began
        assert calls["revisions"] - polls <= seconds / 0.05 + 1  # one query a poll, for all streams
        service.jobs.claim(HOLDER)
        states = await asyncio.gather(*waiting)
        assert {shown["state"] for (_, _, _), (_, _, shown) in states} == {"running"}
        assert calls["get"] == 101

    asyncio.run(watch())


def test_streams_end_when_the_server_stops_and_nothing_is_watched_without_them(
    service: Service, submit: Submit
) -> None:
    job = submit()

    async def watch() -> None:
        watcher = Watcher(service.jobs, poll=0.01)
        stream = watcher.stream(job.id, 0)
        await some(stream, 2)
        waiting = asyncio.create_task(some(stream, 1))
        await asyncio.sleep(0.05)
        threading.Thread(target=watcher.close).start()
        with pytest.raises(StopAsyncIteration):
            await waiting
        assert watcher._task is not None
        await asyncio.wait([watcher._task], timeout=120)
        assert watcher._task.done()

    asyncio.run(watch())


def test_more_streams_than_the_server_holds_are_refused(
    client: TestClient, submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "_MOST", 0)
    answer = client.get(f"/v1/jobs/{submit().id}/events")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "30"
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_stream_ends_soon_after_its_token_is_revoked(service: Service, submit: Submit) -> None:
    job = submit()
    secret = service.tokens.create("ann", "read")

    async def watch() -> None:
        watcher = Watcher(service.jobs, poll=0.01, alive=0.02, recheck=0.05)
        stream = watcher.stream(job.id, 0, lambda: service.tokens.find(secret) is not None)
        await some(stream, 2)
        for _ in range(6):  # well over the time after which it checks
            assert await asyncio.wait_for(anext(stream), 120) == ": alive\n\n"
        service.tokens.revoke("ann")
        rest = [each async for each in stream]
        assert set(rest) <= {": alive\n\n"}
        watcher.close()

    asyncio.run(watch())
