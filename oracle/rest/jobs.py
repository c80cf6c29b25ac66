"""Jobs over HTTP: submit, list, watch, cancel, resume."""

from __future__ import annotations

import json
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from oracle.records.jobs import JobState
from oracle.records.tokens import Token
from oracle.rest.auth import current, needs
from oracle.rest.middleware import StrictJsonRoute
from oracle.rest.problems import HttpProblem, documented
from oracle.rest.schemas import Change, JobPage, JobShown, Smaller, Submission, job_shown
from oracle.service.heavy_work import HeavyWork
from oracle.service.service import Service
from oracle.study.loading import read_json
from scyc.errors import BadInput, Problem


class _JobsRoute(StrictJsonRoute):
    """A route whose JSON bodies are studies."""

    json_field = "study"


router = APIRouter(prefix="/v1/jobs", tags=["jobs"], route_class=_JobsRoute)
JobId = Annotated[
    str, Path(max_length=100, description="A job's id.", examples=["digits-0fb43313"])
]
Reader = Annotated[Token, Depends(needs("read"))]
Submitter = Annotated[Token, Depends(needs("submit"))]
LARGEST = 2**31 - 1


def service_of(request: Request) -> Service:
    """Return the server's service object.

    Args:
        request: Of any kind.

    Returns:
        The service that the application was made with.
    """
    service = request.app.state.service
    assert isinstance(service, Service)
    return service


ServiceDep = Annotated[Service, Depends(service_of)]
_YAML = ("application/yaml", "application/x-yaml", "text/yaml")


@router.post(
    "",
    operation_id="submit",
    summary="Submit a study",
    status_code=201,
    response_model=JobShown,
    responses={
        200: {"model": JobShown, "description": "The same study was submitted before; its job."},
        **documented(413, 415, 422),
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": {"$ref": "#/components/schemas/Submission"}},
                "application/yaml": {"schema": {"type": "string"}},
            },
        }
    },
)
async def submit(
    request: Request,
    response: Response,
    service: ServiceDep,
    who: Submitter,
    key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            min_length=1,
            max_length=255,
            description="A word of the caller's for this submission: sent again with the same "
            "study it gives the same answer, with another study it is refused.",
        ),
    ] = None,
    data: Annotated[
        str | None, Query(max_length=64, description="With a YAML body: a data folder's name.")
    ] = None,
    priority: Annotated[
        int, Query(ge=-100, le=100, description="With a YAML body: higher comes first.")
    ] = 0,
) -> JobShown:
    """Put a study into the queue. The same study is one job, however often it is submitted."""
    body = await request.body()
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise HttpProblem(400, f"the body is not UTF-8: {error.reason}") from error
    form: Literal["yaml", "json"] = "yaml"
    shrink = Smaller()
    if media == "application/json":
        given = _submission(text)
        text, data, priority, shrink = _text(given), given.data, given.priority, given.shrink
        form = "yaml" if isinstance(given.study, str) else "json"
    elif media not in _YAML:
        raise HttpProblem(
            415, f"send application/json or application/yaml, not {media or 'nothing'}"
        )
    work: HeavyWork = request.app.state.heavy
    submitting = partial(
        service.submit,
        text,
        form=form,
        owner=who.name,
        shrink=shrink.scale_down(),
        data=data,
        priority=priority,
        key=key,
    )
    job, new = await work.run(submitting)
    response.status_code = 201 if new else 200
    response.headers["Location"] = f"/v1/jobs/{job.id}"
    return job_shown(job)


def _submission(text: str) -> Submission:
    """Parse a JSON body. Raises BadInput, HttpProblem."""
    try:
        content = read_json(text)
    except BadInput as error:
        raise HttpProblem(400, "the body is not JSON", errors=error.problems) from error
    try:
        return Submission.model_validate(content)
    except ValidationError as error:
        problems = [Problem(_place(each["loc"]), each["msg"]) for each in error.errors()]
        raise BadInput("request", problems) from error


def _place(location: tuple[int | str, ...]) -> str:
    """Where in a submission; pydantic adds which type of a study it tried."""
    location_in_study = location[:1] if location[:1] == ("study",) else location
    return ".".join(map(str, location_in_study)) or "body"


def _text(given: Submission) -> str:
    return given.study if isinstance(given.study, str) else json.dumps(given.study, indent=1)


@router.get("", operation_id="listJobs", summary="List jobs", responses=documented(422))
def listed(
    service: ServiceDep,
    _: Reader,
    state: Annotated[list[JobState] | None, Query(description="Any of these states.")] = None,
    study: Annotated[str | None, Query(max_length=100, description="The study's name.")] = None,
    owner: Annotated[str | None, Query(max_length=100, description="Who submitted it.")] = None,
    text: Annotated[str | None, Query(max_length=100, description="Part of id or owner.")] = None,
    before: Annotated[
        int | None, Query(ge=0, le=LARGEST, description="`next` of the page before.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="Jobs on a page.")] = 50,
) -> JobPage:
    """Jobs, the newest first, page by page."""
    jobs = service.jobs.page(
        states=state or (), study=study, owner=owner, text=text, before=before, limit=limit + 1
    )
    page = jobs[:limit]
    return JobPage(
        items=[job_shown(job) for job in page],
        next=page[-1].number if len(jobs) > limit else None,
        count=service.jobs.count(),
    )


@router.get("/{job}", operation_id="getJob", summary="One job", responses=documented(404, 422))
def one(job: JobId, service: ServiceDep, _: Reader) -> JobShown:
    """Return a job's state and progress."""
    return job_shown(service.jobs.get(job))


@router.get(
    "/{job}/events",
    operation_id="watchJob",
    summary="Watch a job",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Server-sent events: `job` with the job whenever it changes; `state`, "
            "`line` and `say` with an event, whose number is the id. It ends with the job.",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
        **documented(404, 422),
    },
)
async def events(
    job: JobId,
    request: Request,
    service: ServiceDep,
    _: Reader,
    after: Annotated[
        int,
        Header(alias="Last-Event-ID", ge=0, le=LARGEST, description="Events after this one."),
    ] = 0,
) -> StreamingResponse:
    """Stream what happens to a job, as it happens."""
    await run_in_threadpool(service.jobs.get, job)
    stream = request.app.state.watcher.stream(job, after, lambda: current(request) is not None)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


@router.post(
    "/{job}/cancel", operation_id="cancelJob", summary="Cancel a job",
    responses=documented(404, 409, 422),
)  # fmt: skip
def cancel(job: JobId, service: ServiceDep, who: Submitter) -> JobShown:
    """Cancel a queued or running job, at once. What is finished is kept."""
    return job_shown(service.cancel(job, who))


@router.post(
    "/{job}/resume", operation_id="resumeJob", summary="Resume a job",
    responses=documented(404, 409, 422),
)  # fmt: skip
def resume(job: JobId, service: ServiceDep, who: Submitter) -> JobShown:
    """Put a cancelled or failed job back into the queue; it goes on from where it stood."""
    return job_shown(service.resume(job, who))


@router.patch(
    "/{job}", operation_id="changeJob", summary="Change a job's priority",
    responses=documented(404, 409, 413, 422),
)  # fmt: skip
def change(job: JobId, change: Change, service: ServiceDep, who: Submitter) -> JobShown:
    """Give a job another priority, which matters while it waits."""
    return job_shown(service.reprioritise(job, change.priority, who))
