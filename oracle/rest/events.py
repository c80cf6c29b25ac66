"""Changes of jobs as server-sent events: one poll of the database serves all streams."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from starlette.concurrency import run_in_threadpool

from oracle.database import Jobs
from oracle.errors import StorageError, UnknownJob
from oracle.records.jobs import ENDED, Event, Job
from oracle.rest.problems import HttpProblem
from oracle.rest.schemas import event_shown, job_shown

_POLL = 0.5  # seconds between two polls
_ALIVE = 15.0  # seconds after which a silent stream says that it is alive
_RECHECK = 30.0  # seconds after which a stream checks whether its caller may still see it
_MOST = 2000  # streams at a time
_BUFFERED = 1000  # events of a job that its streams share; older ones are read by who wants them
_AGAIN = "retry: 2000\n\n"  # milliseconds after which a browser comes back


@dataclass(frozen=True)
class _Shown:
    """A job as all its streams tell of it."""

    job: Job
    message: str
    before: int  # events up to this number are not among `events`
    events: tuple[tuple[int, str], ...]  # number and message

    @property
    def last(self) -> int:
        """The number of the last event."""
        return self.events[-1][0] if self.events else self.before


@dataclass
class _Topic:
    """A job that is watched. Of the event loop's thread."""

    streams: int = 0
    shown: _Shown | None = None  # None before the first poll
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def show(self, shown: _Shown | None) -> None:
        """Wake everyone who waits for a change."""
        self.shown = shown
        self.changed.set()
        self.changed = asyncio.Event()


class Watcher:
    """Tells streams when their jobs change. Polls the database only while there are streams.

    A stream holds no thread while it waits, however many there are.
    """

    def __init__(
        self, jobs: Jobs, poll: float = _POLL, alive: float = _ALIVE, recheck: float = _RECHECK
    ) -> None:
        self._jobs, self._poll, self._alive, self._recheck = jobs, poll, alive, recheck
        self._topics: dict[str, _Topic] = {}
        self._task: asyncio.Task[None] | None = None
        self._new = asyncio.Event()
        self._closed = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def close(self) -> None:
        """End all streams, so that a server can stop. From any thread."""
        self._closed.set()
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake)

    def stream(
        self, job_id: str, after: int, may: Callable[[], bool] = lambda: True
    ) -> AsyncIterator[str]:
        """Stream a job whenever it changes, and its events, as text.

        It ends when the job has ended and everything was sent, or soon after `may` says that the
        caller may not see it any more.

        Args:
            job_id: Of the job.
            after: Number of an event; those after it are sent.
            may: Whether the caller may still see the job.

        Returns:
            Server-sent events, one text each.

        Raises:
            HttpProblem: There are too many streams.
        """
        if sum(topic.streams for topic in self._topics.values()) >= _MOST:
            rule = f"{_MOST} streams are open already; come again later"
            raise HttpProblem(503, rule, {"Retry-After": "30"})
        return self._stream(job_id, after, may)

    async def _stream(self, job_id: str, after: int, may: Callable[[], bool]) -> AsyncIterator[str]:
        topic = self._enter(job_id)
        checked = time.monotonic()
        sent = -1
        try:
            yield _AGAIN
            while not self._closed.is_set():
                changed, shown = topic.changed, topic.shown
                if shown is not None:
                    after = min(after, shown.last)
                    async for number, message in self._older(job_id, after, shown.before):
                        after = number
                        yield message
                    for number, message in shown.events:
                        if number > after:
                            after = number
                            yield message
                    if shown.job.revision != sent:
                        sent = shown.job.revision
                        yield shown.message
                    if shown.job.state in ENDED:
                        return
                if time.monotonic() - checked > self._recheck:
                    with contextlib.suppress(StorageError):  # nobody is turned away by a database
                        if not await run_in_threadpool(may):
                            return
                    checked = time.monotonic()
                try:
                    await asyncio.wait_for(changed.wait(), min(self._alive, self._recheck))
                except TimeoutError:
                    yield ": alive\n\n"
        finally:
            self._leave(job_id, topic)

    def _enter(self, job_id: str) -> _Topic:
        topic = self._topics.setdefault(job_id, _Topic())
        topic.streams += 1
        self._loop = asyncio.get_running_loop()
        if self._task is None or self._task.done():
            self._task = self._loop.create_task(self._watch())
        self._new.set()
        return topic

    def _leave(self, job_id: str, topic: _Topic) -> None:
        topic.streams -= 1
        if not topic.streams:
            self._topics.pop(job_id, None)

    def _wake(self) -> None:
        self._new.set()
        for topic in self._topics.values():
            topic.show(topic.shown)

    async def _older(self, job_id: str, after: int, last: int) -> AsyncIterator[tuple[int, str]]:
        """Yield the events that are no longer shared, up to one."""
        while after < last:
            page = await run_in_threadpool(self._jobs.events, job_id, after)
            for event in page:
                if event.number <= last:
                    yield event.number, _event(event)
            after = page[-1].number if page else last

    async def _watch(self) -> None:
        while self._topics and not self._closed.is_set():
            self._new.clear()
            seen = {job_id: topic.shown for job_id, topic in self._topics.items()}
            with contextlib.suppress(StorageError, UnknownJob):  # retry while the database is away
                for job_id, shown in (await run_in_threadpool(self._changes, seen)).items():
                    if job_id in self._topics:
                        self._topics[job_id].show(shown)
            if any(topic.shown is None for topic in self._topics.values()) and self._new.is_set():
                continue
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._new.wait(), self._poll)

    def _changes(self, seen: dict[str, _Shown | None]) -> dict[str, _Shown]:
        """Of jobs as they were last shown, those that changed, as they are now."""
        changes = {}
        for job_id, revision in self._jobs.revisions(list(seen)).items():
            before = seen[job_id]
            if before is None or before.job.revision != revision:
                changes[job_id] = self._shown(job_id, before)
        return changes

    def _shown(self, job_id: str, before: _Shown | None) -> _Shown:
        job = self._jobs.get(job_id)  # first: what an ended job has to tell is there by then
        last = before.last if before else 0
        events = list(before.events) if before else []
        earlier = before.before if before else 0
        while page := self._jobs.events(job_id, last):
            last = page[-1].number
            events += [(event.number, _event(event)) for event in page]
            if len(events) > _BUFFERED:
                earlier = events[-_BUFFERED - 1][0]
                events = events[-_BUFFERED:]
        message = _message("job", job_shown(job).model_dump_json())
        return _Shown(job, message, earlier, tuple(events))


def _event(event: Event) -> str:
    return _message(event.kind, event_shown(event).model_dump_json(), event.number)


def _message(kind: str, data: str, number: int | None = None) -> str:
    identity = "" if number is None else f"id: {number}\n"
    return f"{identity}event: {kind}\ndata: {data}\n\n"
