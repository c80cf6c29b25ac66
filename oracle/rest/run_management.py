"""Runs over HTTP that are named, deleted, exported and imported, by their owners and by admins."""

from __future__ import annotations

import tempfile
from datetime import datetime
from functools import partial
from pathlib import Path as FilePath
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from oracle.errors import DiskError
from oracle.host.disk import raise_disk_errors
from oracle.inventory import deletion, listing, naming, transport
from oracle.inventory.archive import Bounds
from oracle.records.tokens import Token
from oracle.rest.auth import needs
from oracle.rest.exports import ExportedFile, Exporter
from oracle.rest.jobs import ServiceDep
from oracle.rest.middleware import heavy
from oracle.rest.problems import HttpProblem, documented
from oracle.rest.runs import Reader, RunName
from oracle.rest.settings import WebSettings
from oracle.runs.catalog import StoredRun
from oracle.service.heavy_work import HeavyWork
from oracle.service.run_access import check_owner
from oracle.service.service import Service
from oracle.study.base import NAME
from scyc.errors import BadInput

router = APIRouter(prefix="/v1", tags=["runs"])
Submitter = Annotated[Token, Depends(needs("submit"))]
Admin = Annotated[Token, Depends(needs("admin"))]
_ZIP = "application/zip"
_FULL = "the server's disk is full or cannot be written to; come again later"


class RunSummary(BaseModel):
    """What a run is and what it takes."""

    id: str = Field(examples=["digits-53d35fc3"])
    name: str | None = Field(description="That a user gave it.")
    study: str
    kind: Literal["oracle", "schedules", "distributions", "search"]
    state: str = Field(description="running, done, stopped, no winner or deleting")
    done: int = Field(description="Training runs that are finished.")
    expected: int = Field(description="Training runs that it comes to, as far as that is known.")
    ended: datetime | None = Field(description="When the latest training run ended.")
    bytes: int = Field(description="Of its networks, images and report on disk.")
    owners: list[str] = Field(description="Of its jobs.")
    shrunk: dict[str, str]


class Rename(BaseModel):
    """A name for a run."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field(
        pattern=NAME, max_length=100, description="In place of an earlier one; its id: none."
    )


class DeletedRun(BaseModel):
    """What went with a run."""

    id: str
    trainings: int = Field(description="Training runs that no other run needs.")
    bytes: int = Field(description="Of files.")


@router.get(
    "/runs/{run}/summary",
    operation_id="summarizeRun",
    summary="A run's progress, date, size and owners",
    responses=documented(404, 422),
)
@heavy
def summary(run: RunName, service: ServiceDep, _: Reader) -> RunSummary:
    """Tell what `oracle runs show` does."""
    return _summary(service, service.run(run))


@router.patch(
    "/runs/{run}",
    operation_id="renameRun",
    summary="Name a run",
    responses=documented(404, 413, 422),
)
@heavy
def rename(run: RunName, change: Rename, service: ServiceDep, who: Submitter) -> RunSummary:
    """Give a run a name, by which it is found from now on; its id stays.

    For the owner of a job that ran as this run, and for an admin.
    """
    known = service.run(run)
    check_owner(service, known, who)
    naming.rename(known, change.name, service.settings.of_job(None))
    return _summary(service, known)


@router.delete(
    "/runs/{run}",
    operation_id="deleteRun",
    summary="Delete a run",
    responses=documented(404, 409, 422),
)
@heavy
def delete(run: RunName, service: ServiceDep, who: Submitter) -> DeletedRun:
    """Delete a run with its jobs, and all that no other run needs: networks, images, its report.

    One that is under way is refused. For the owner of a job that ran as it, and for an admin.
    """
    known = service.run(run)
    check_owner(service, known, who)
    try:
        with raise_disk_errors():
            deleted = deletion.delete(known, service.settings.of_job(None))
    except DiskError as error:
        raise HttpProblem(503, _FULL, {"Retry-After": "60"}) from error
    service.forget(known)
    return DeletedRun(id=known.record.run_id, trainings=deleted.cells, bytes=deleted.size)


@router.get(
    "/runs/{run}/archive",
    operation_id="exportRun",
    summary="A run in one file",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "A zip file, which `oracle runs import` takes in elsewhere.",
            "content": {_ZIP: {"schema": {"type": "string", "format": "binary"}}},
        },
        **documented(404, 409, 422),
    },
)
async def archive(
    run: RunName,
    request: Request,
    service: ServiceDep,
    who: Reader,
    networks: Annotated[bool, Query(description="With its networks.")] = True,
) -> StreamingResponse:
    """Send the study, the finished training runs and their networks, each with its sha256.

    For the owner of a job that ran as this run, and for an admin.
    """
    exporter: Exporter = request.app.state.exporter
    settings = service.settings.of_job(None)

    def exported() -> tuple[str, ExportedFile]:
        known = service.run(run)
        check_owner(service, known, who)

        def write(target: FilePath) -> None:
            with raise_disk_errors():
                transport.export_run(known, settings, target, networks)

        return known.record.run_id, exporter.written(write)

    exports: HeavyWork = request.app.state.exports
    run_id, file = await exports.run(exported)
    headers = {
        "Content-Disposition": f'attachment; filename="{run_id}.zip"',
        "Content-Length": str(file.size),
    }
    return StreamingResponse(iter(file), media_type=_ZIP, headers=headers)


@router.post(
    "/runs",
    operation_id="importRun",
    summary="Import a run",
    responses=documented(409, 413, 415, 422),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {_ZIP: {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def take_in(request: Request, service: ServiceDep, _: Admin) -> RunSummary:
    """Take a run in from a file that was exported; all of it is checked before it is used.

    What is there already stays. For an admin.
    """
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != _ZIP:
        raise HttpProblem(415, f"send {_ZIP}, not {media or 'nothing'}")
    settings: WebSettings = request.app.state.settings
    with tempfile.TemporaryDirectory(prefix="oracle-import-") as folder:
        file = FilePath(folder) / "run.zip"
        await _received(request, file, settings.upload_limit)
        work: HeavyWork = request.app.state.heavy
        bounds = Bounds(whole=settings.upload_limit)
        return await work.run(partial(_taken, service, file, bounds))


async def _received(request: Request, file: FilePath, limit: int) -> None:
    """Write a request's body to a file. Raises HttpProblem where it is too large."""
    size = 0
    with file.open("wb") as target:
        async for chunk in request.stream():
            size += len(chunk)
            if size > limit:
                raise HttpProblem(413, f"the body may have {limit} bytes at most")
            await run_in_threadpool(target.write, chunk)


def _taken(service: Service, file: FilePath, bounds: Bounds) -> RunSummary:
    try:
        with raise_disk_errors():
            taken = transport.import_run(file, service.settings.of_job(None), bounds)
    except BadInput as error:
        raise BadInput("the file", error.problems) from error  # its place is the server's own
    except DiskError as error:
        raise HttpProblem(503, _FULL, {"Retry-After": "60"}) from error
    return _summary(service, service.run(taken.run_id))


def _summary(service: Service, run: StoredRun) -> RunSummary:
    (listed,) = listing.listed([service.run(run.record.run_id)])
    fields = listed.as_json()
    fields["name"] = service.database.names().all().get(run.record.run_id)
    del fields["folder"]  # of the server's machine
    return RunSummary.model_validate(fields)
