"""What happens to jobs, as server-sent events: one look at the database serves all streams."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator

from starlette.concurrency import run_in_threadpool

from oracle.failures import StorageError, UnknownJob
from oracle.jobs import ENDED
from oracle.ledger import Jobs
from oracle.web.schemas import event_shown, job_shown

_LOOK = 0.5  # seconds between two looks
_ALIVE = 15.0  # seconds after which a silent stream says that it is alive


class Watcher:
    """Tells streams when their jobs change. Looks at the database only while there are streams."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._streams: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None

    async def stream(self, job_id: str, after: int) -> AsyncIterator[str]:
        """A job's changes from now on, and its events after the one with a number, as text.

        It ends when the job has ended and everything was told.
        """
        changed = asyncio.Event()
        self._streams[job_id].add(changed)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._watch())
        revision = -1
        try:
            while True:
                changed.clear()
                try:
                    job = await run_in_threadpool(self._jobs.get, job_id)
                    events = await run_in_threadpool(self._jobs.events, job_id, after)
                except (StorageError, UnknownJob):
                    return  # the client comes again
                for event in events:
                    after = event.number
                    yield _message(event.kind, event_shown(event).model_dump_json(), after)
                if job.revision != revision:
                    revision = job.revision
                    yield _message("job", job_shown(job).model_dump_json())
                    continue  # what was told while this was read
                if job.state in ENDED and not events:
                    return
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), _ALIVE)
                    continue
                yield ": alive\n\n"
        finally:
            self._streams[job_id].discard(changed)
            if not self._streams[job_id]:
                del self._streams[job_id]

    async def _watch(self) -> None:
        seen: dict[str, int] = {}
        while self._streams:
            with contextlib.suppress(StorageError):  # a database that is away is asked again
                found = await run_in_threadpool(self._jobs.revisions, list(self._streams))
                for job_id, revision in found.items():
                    if seen.get(job_id) != revision:
                        for changed in self._streams.get(job_id, ()):
                            changed.set()
                seen = found
            await asyncio.sleep(_LOOK)


def _message(kind: str, data: str, number: int | None = None) -> str:
    identity = "" if number is None else f"id: {number}\n"
    return f"{identity}event: {kind}\ndata: {data}\n\n"
