"""Every refusal as problem details (RFC 9457), with the paths of the fields that are wrong."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from oracle import errors as failures
from scyc.errors import BadInput, Problem
from scyc.json_types import JsonObject

log = logging.getLogger("oracle.web")
MEDIA_TYPE = "application/problem+json"


class FieldError(BaseModel):
    """One problem of an input."""

    path: str = Field(examples=["grid.max_lr[4]"])
    rule: str = Field(examples=["must be above 0"], description="The rule, and the remedy.")
    value: Any = Field(default=None, description="The value given.")


class ProblemDetails(BaseModel):
    """Why a request was refused (RFC 9457)."""

    type: str = Field(examples=["about:blank"])
    title: str = Field(examples=["Unprocessable Content"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["study: 1 problem"])
    instance: str = Field(examples=["/v1/jobs"], description="The requested path.")
    errors: list[FieldError] = Field(default=[], description="All that is wrong with the input.")


class HttpProblem(failures.ServiceError):
    """A request that is refused; how is said by its status."""

    def __init__(
        self,
        status: int,
        detail: str,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[Problem] = (),
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, dict(headers or {})
        self.errors = errors


STATUS_BY_ERROR: Mapping[type[Exception], int] = MappingProxyType(
    {
        failures.UnknownJob: 404,
        failures.Forbidden: 403,
        failures.WrongState: 409,
        failures.ConflictingObservation: 409,
        failures.KeyReused: 422,
        failures.QueueFull: 503,
        failures.ServerBusy: 503,
        failures.StorageError: 503,
    }
)


def status_of(error: Exception) -> int:
    """Return the status of an error that :data:`STATUS_BY_ERROR` has, or a base class of it.

    Args:
        error: That was raised.

    Returns:
        A status of HTTP, 400 or above.
    """
    kinds = (kind for kind in type(error).__mro__ if kind in STATUS_BY_ERROR)
    return STATUS_BY_ERROR[next(kinds)]


_LATER = MappingProxyType({"Retry-After": "5"})
_SAID = MappingProxyType(
    {
        400: "The request is malformed.",
        401: "The token is missing, unknown or revoked.",
        403: "The token's scope does not allow this, or the job belongs to somebody else.",
        404: "Not found.",
        409: "Conflict with the current state.",
        413: "The request body is too large.",
        415: "Unsupported media type.",
        421: "The Host header does not name this server.",
        422: "Invalid input; `errors` lists all problems with their paths.",
        429: "Too many requests; retry after `Retry-After` seconds.",
        500: "Internal error; see the server's log.",
        503: "Temporarily unavailable; retry after `Retry-After` seconds.",
    }
)
_ANY = (400, 413, 421, 429, 500, 503)  # for any request


def example(status: int) -> JsonObject:
    """Make a refusal with this status, for the description.

    Args:
        status: Of HTTP, one that :func:`answer` gives.

    Returns:
        The body of such an answer.
    """
    wrong = {"path": "grid.max_lr[4]", "rule": "must be above 0", "value": -0.02}
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": "study: 1 problem" if status == 422 else _SAID[status],
        "instance": "/v1/jobs",
        "errors": [wrong] if status == 422 else [],
    }


def documented(*statuses: int, anyone: bool = False) -> dict[int | str, JsonObject]:
    """Describe the answers of an operation that refuse.

    Args:
        statuses: That it may answer with.
        anyone: Whether no token is required.

    Returns:
        Answers by status, for FastAPI's `responses`.
    """
    known = {*_ANY, *statuses} | (set() if anyone else {401, 403})
    return {
        status: {
            "description": _SAID[status],
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}},
        }
        for status in sorted(known)
    }


def answer(
    path: str,
    status: int,
    detail: str,
    errors: Sequence[Problem] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Answer a request with a refusal.

    Args:
        path: Of the request.
        status: Of HTTP.
        detail: What is wrong, in a sentence.
        errors: The problems of the input, if any.
        headers: Further ones.

    Returns:
        JSON as RFC 9457 has it, with the list `errors`.
    """
    body: JsonObject = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": path,
        "errors": [
            {"path": _field(each), "rule": each.rule, "value": _shown(each.value)}
            for each in errors
        ],
    }
    return JSONResponse(body, status, dict(headers or {}), MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Have every exception of an application answered by :func:`answer`.

    Args:
        app: The application.
    """
    for kind, status in STATUS_BY_ERROR.items():
        app.add_exception_handler(kind, _by_status(status))

    @app.exception_handler(BadInput)
    def bad_input(request: Request, error: BadInput) -> Response:
        count = f"{len(error.problems)} problem" + ("s" if len(error.problems) != 1 else "")
        detail = f"{error.source}: {count}"
        return answer(request.url.path, 422, detail, error.problems)

    @app.exception_handler(RequestValidationError)
    def unfit(request: Request, error: RequestValidationError) -> Response:
        problems = [
            Problem(
                "body" if each["type"] == "json_invalid" else _path(each["loc"]),
                str(each["msg"]),
                _scalar(each.get("input")),
            )
            for each in error.errors()
        ]
        malformed = any(each["type"] == "json_invalid" for each in error.errors())
        status = 400 if malformed else 422
        return answer(request.url.path, status, f"request: {len(problems)} problem(s)", problems)

    @app.exception_handler(HttpProblem)
    def refused(request: Request, error: HttpProblem) -> Response:
        return answer(request.url.path, error.status, error.detail, error.errors, error.headers)

    @app.exception_handler(HTTPException)
    def http(request: Request, error: HTTPException) -> Response:
        headers = dict(error.headers or {})
        if error.status_code == 405:  # a path's methods are several routes, and it knows of one
            headers["Allow"] = ", ".join(sorted(_methods(app, request.url.path)))
        return answer(request.url.path, error.status_code, str(error.detail), (), headers)


class Answering:
    """ASGI middleware: what nobody foresaw is logged, and answered without its traceback.

    It stands inside the others, so that this answer is counted and has the headers of all.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = False

        async def noted(message: Message) -> None:
            nonlocal began
            began = True
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except Exception as error:
            log.error("%s %s", scope["method"], scope["path"], exc_info=error)
            if not began:
                response = answer(scope["path"], 500, "the server failed; its log says why")
                await response(scope, receive, send)


def _methods(app: FastAPI, path: str) -> set[str]:
    """Return the methods that a path allows."""
    methods: set[str] = set()
    for each in app.routes:
        for route in getattr(getattr(each, "original_router", None), "routes", [each]):
            if isinstance(route, Route) and route.path_regex.match(path):
                methods |= route.methods or set()
    return methods


def _by_status(status: int) -> Callable[[Request, Exception], Response]:
    def handle(request: Request, error: Exception) -> Response:
        headers = _LATER if status == 503 else {}
        return answer(request.url.path, status, str(error), (), headers)

    return handle


def _field(problem: Problem) -> str:
    """Return where in a request a problem lies."""
    if isinstance(problem, failures.ScaleProblem):
        return f"shrink.{problem.path}"
    return problem.path


def _path(location: Sequence[Any]) -> str:
    parts = [str(each) for each in location]
    return ".".join(parts[1:] if len(parts) > 1 and parts[0] == "body" else parts)


def _shown(value: object) -> object:
    """Return a value as it can be shown in JSON."""
    scalar = _scalar(value)
    return scalar[:200].encode("utf-8", "replace").decode() if isinstance(scalar, str) else scalar


def _scalar(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, bool | int | float | str) or value is None:
        return value
    return repr(value)
