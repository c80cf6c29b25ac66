"""The list of jobs as it changes: one stream for all that a page shows."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from oracle.errors import StorageError, UnknownJob
from oracle.records.tokens import Token
from oracle.rest.auth import current, needs
from oracle.rest.jobs import ServiceDep
from oracle.service.service import Service
from oracle.web import text

router = APIRouter(include_in_schema=False)
_POLL = 1.0  # seconds between two polls
_ALIVE = 15  # polls after which a silent stream says that it is alive
_RECHECK = 30  # polls after which the caller's rights are checked again
_MOST = 100  # jobs on a page


@router.get("/live")
async def live(
    request: Request,
    service: ServiceDep,
    _: Annotated[Token, Depends(needs("read"))],
    job: Annotated[list[str] | None, Query(max_length=_MOST)] = None,
) -> StreamingResponse:
    """``job`` with what changed of one of the jobs, ``list`` when there are others."""
    stream = _changes(request, service, job or [])
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


async def _changes(request: Request, service: Service, jobs: list[str]) -> AsyncIterator[str]:
    seen: dict[str, int] = {}
    there: int | None = None
    silent = polls = 0
    while not await request.is_disconnected():
        polls += 1
        try:
            if polls % _RECHECK == 0 and await run_in_threadpool(current, request) is None:
                return
            revisions = await run_in_threadpool(service.jobs.revisions, jobs)
            count = sum((await run_in_threadpool(service.jobs.count)).values())
            changed = [
                await run_in_threadpool(_job_line, service, job_id)
                for job_id, revision in revisions.items()
                if seen.get(job_id) != revision
            ]
        except (StorageError, UnknownJob):
            return  # the page comes again
        seen = revisions
        for each in changed:
            yield f"event: job\ndata: {each}\n\n"
        if there is not None and count != there:
            yield f"event: list\ndata: {count}\n\n"
        silent = 0 if changed or count != there else silent + 1
        there = count
        if silent and silent % _ALIVE == 0:
            yield ": alive\n\n"
        await asyncio.sleep(_POLL)


def _job_line(service: Service, job_id: str) -> str:
    job = service.jobs.get(job_id)
    return json.dumps(
        {
            "id": job.id,
            "state": job.state,
            "share": text.share(job),
            "amount": text.amount(job),
            "left": text.left(job.seconds_left) if job.state == "running" else "",
        }
    )
