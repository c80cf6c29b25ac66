"""For those who watch over the server: health, readiness, metrics."""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from pydantic import BaseModel, Field
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from oracle.records.tokens import Token
from oracle.rest.auth import needs
from oracle.rest.jobs import ServiceDep
from oracle.rest.problems import HttpProblem, documented

router = APIRouter(tags=["operations"])
_METHODS = frozenset({"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"})


class Health(BaseModel):
    """Whether the server is well."""

    status: str = Field(examples=["ok"])


class Metrics:
    """Counters of requests, by the path's pattern, and of jobs, computed on demand."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Histogram(
            "oracle_http_request_seconds", "Time to answer", ("method", "path"),
            registry=self.registry,
        )  # fmt: skip
        self.answers = Counter(
            "oracle_http_answers", "Answers", ("status",), registry=self.registry
        )
        self.jobs = Gauge("oracle_jobs", "Jobs", ("state",), registry=self.registry)
        self.cells = Gauge(
            "oracle_cells", "Training runs of running jobs", ("state",), registry=self.registry
        )


class Measured:
    """ASGI middleware that counts requests and times them."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._metrics.answers.labels(str(message["status"])).inc()
                method = scope["method"] if scope["method"] in _METHODS else "other"
                path = getattr(scope.get("route"), "path", None) or "other"
                seconds = time.perf_counter() - began
                self._metrics.requests.labels(method, path).observe(seconds)
            await send(message)

        await self._app(scope, receive, counted)


@router.get("/healthz", operation_id="health", summary="Alive", responses=documented(anyone=True))
async def health() -> Health:  # needs no thread: it answers while all of them are at work
    """Whether the server answers at all."""
    return Health(status="ok")


@router.get("/readyz", operation_id="ready", summary="Ready", responses=documented(anyone=True))
def ready(request: Request, service: ServiceDep) -> Health:
    """Whether the server reaches its database, and processes its queue."""
    service.jobs.count()
    if not request.app.state.looked_after():
        rule = "the scheduler has stopped; start the server again"
        raise HttpProblem(503, rule, {"Retry-After": "30"})
    return Health(status="ok")


@router.get(
    "/metrics",
    operation_id="metrics",
    summary="Metrics",
    response_class=Response,
    responses={
        200: {
            "description": "Prometheus' text format.",
            "content": {"text/plain": {"schema": {"type": "string"}}},
        },
        **documented(),
    },
)
def metrics(
    request: Request, service: ServiceDep, _: Annotated[Token, Depends(needs("read"))]
) -> Response:
    """Jobs by state, training runs of those that run, and how requests were answered."""
    registry: Metrics = request.app.state.metrics
    for state, number in service.jobs.count().items():
        registry.jobs.labels(state).set(number)
    running = service.jobs.page(states=("running",), limit=200)
    registry.cells.labels("done").set(sum(job.done for job in running))
    registry.cells.labels("known").set(sum(job.known for job in running))
    return Response(generate_latest(registry.registry), media_type=CONTENT_TYPE_LATEST)
