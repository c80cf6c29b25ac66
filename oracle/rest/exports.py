"""Trained networks of runs over HTTP, for those whose jobs the runs are."""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path as FilePath
from types import MappingProxyType
from typing import Annotated, BinaryIO, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from oracle.errors import DiskError
from oracle.export.export import Selection, export_network
from oracle.rest.jobs import ServiceDep
from oracle.rest.problems import HttpProblem, documented
from oracle.rest.runs import Reader, RunName
from oracle.runs.catalog import StoredRun
from oracle.service.heavy_work import HeavyWork
from oracle.service.run_access import settings_for
from oracle.settings import Settings

router = APIRouter(prefix="/v1", tags=["runs"])
Form = Literal["torch", "npz", "safetensors", "onnx"]
_MEDIA = "application/octet-stream"
_ENDINGS: Mapping[Form, str] = MappingProxyType(
    {"torch": "pt", "npz": "npz", "safetensors": "safetensors", "onnx": "onnx"}
)
_PIECE = 2**20  # bytes that are sent at once
_LARGEST = 2 * 2**30  # bytes of a file; more is exported on the server's machine
MOST_OPEN = 4  # files that are being sent
_PATIENCE = 20.0  # seconds that a caller waits for those before
_BUSY = "others have networks exported; come again later"


class Exporter:
    """Writes one network at a time to a file without a name, and has few of them open."""

    def __init__(
        self, patience: float = _PATIENCE, most: int = MOST_OPEN, largest: int = _LARGEST
    ) -> None:
        self._turn, self._patience, self._largest = threading.Lock(), patience, largest
        self._open = threading.BoundedSemaphore(most)

    def file(
        self, run: StoredRun, settings: Settings, form: Form, selection: Selection
    ) -> ExportedFile:
        """Return a network as an open file.

        Args:
            run: The stored run.
            settings: Where its networks and images are.
            form: Of the file.
            selection: Which network.

        Returns:
            The file, which the caller closes.

        Raises:
            BadInput: There is no such network.
            HttpProblem: 503, where the others' exports take too long.
        """
        return self.written(lambda target: export_network(run, settings, target, form, selection))

    def written(self, write: Callable[[FilePath], object]) -> ExportedFile:
        """Return what a function writes as an open file.

        Args:
            write: Takes the path of the file; what it raises is raised here.

        Returns:
            The file, which the caller closes.

        Raises:
            HttpProblem: 503, where the others' exports take too long.
        """
        if not self._open.acquire(timeout=self._patience):
            raise HttpProblem(503, _BUSY, {"Retry-After": "10"})
        exported = ExportedFile(self._open)
        try:
            if not self._turn.acquire(timeout=self._patience):
                raise HttpProblem(503, _BUSY, {"Retry-After": "10"})
            try:
                exported.fill(self._written(write))
            finally:
                self._turn.release()
        except BaseException:
            exported.close()
            raise
        return exported

    def _written(self, write: Callable[[FilePath], object]) -> BinaryIO:
        with tempfile.TemporaryDirectory(prefix="oracle-export-") as folder:
            target = FilePath(folder) / "file"
            try:
                write(target)
            except DiskError as error:
                rule = "the server's disk is full or cannot be written to; come again later"
                raise HttpProblem(503, rule, {"Retry-After": "60"}) from error
            if (size := target.stat().st_size) > self._largest:
                rule = (
                    f"the file has {size:,} bytes, over {self._largest:,}; whoever runs the server "
                    "can write it with `oracle export` or `oracle runs export`"
                )
                raise HttpProblem(409, rule)
            return target.open("rb")  # which outlives its name


class ExportedFile:
    """An open file that is read piece by piece, and closed at its end or when nobody wants it."""

    def __init__(self, opened: threading.BoundedSemaphore) -> None:
        self._opened: threading.BoundedSemaphore | None = opened
        self._file: BinaryIO | None = None

    def fill(self, file: BinaryIO) -> None:
        """Take the file that is sent.

        Args:
            file: Open for reading; it is closed with this one.
        """
        self._file = file

    @property
    def size(self) -> int:
        """Bytes of the file."""
        assert self._file is not None
        return os.fstat(self._file.fileno()).st_size

    def __iter__(self) -> Iterator[bytes]:
        try:
            while self._file is not None and (piece := self._file.read(_PIECE)):
                yield piece
        finally:
            self.close()

    def close(self) -> None:
        """Close the file, and let another be opened."""
        if self._file is not None:
            self._file.close()
        if self._opened is not None:
            self._opened.release()
        self._file = self._opened = None

    def __del__(self) -> None:
        with contextlib.suppress(Exception):  # a caller may be gone before the first piece
            self.close()


@router.get(
    "/runs/{run}/export",
    operation_id="exportNetwork",
    summary="A run's trained network",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "A file that loads without this program.",
            "content": {_MEDIA: {"schema": {"type": "string", "format": "binary"}}},
        },
        **documented(404, 409, 422),
    },
)
async def export(
    run: RunName,
    request: Request,
    service: ServiceDep,
    who: Reader,
    cycle: Annotated[int, Query(ge=0, le=1000, description="Completed pruning cycles.")],
    form: Annotated[
        Form, Query(alias="format", description="As `oracle export --format` has them.")
    ] = "torch",
    max_lr: Annotated[
        float | None,
        Query(gt=0, allow_inf_nan=False, description="Of the cycle's grid; else the well-tuned."),
    ] = None,
    replicate: Annotated[int, Query(ge=0, le=1000, description="Counted from 0.")] = 0,
    state: Annotated[
        Literal["final", "ticket", "rewound"],
        Query(description="Trained, or initial or rewound weights below the cycle's masks."),
    ] = "final",
    shrink: Annotated[bool, Query(description="Without the filters that were pruned.")] = False,
) -> StreamingResponse:
    """Export a network with masks and metadata, as `oracle export` writes it.

    For the owner of a job that ran as this run, and for an admin.
    """
    exporter: Exporter = request.app.state.exporter
    selection = Selection(cycle, max_lr, replicate, state, shrink)

    def exported() -> tuple[str, ExportedFile]:
        known = service.run(run)
        settings = settings_for(service, known, who)
        return known.record.run_id, exporter.file(known, settings, form, selection)

    exports: HeavyWork = request.app.state.exports  # who waits for another's holds no thread
    run_id, file = await exports.run(exported)
    name = f"{run_id}-cycle{cycle}.{_ENDINGS[form]}"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Length": str(file.size),
    }
    return StreamingResponse(iter(file), media_type=_MEDIA, headers=headers)
