"""What is checked of every request before anything reads it, and said with every answer."""

from __future__ import annotations

import functools
import hashlib
import inspect
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from oracle.rest import problems
from oracle.rest.settings import WebSettings
from oracle.service.heavy_work import HeavyWork
from oracle.study.loading import repeated_key
from scyc.errors import Problem

_HEADERS = (
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
)
_Answer = TypeVar("_Answer")
_SHARED = 10.0  # times one caller's pace, for all who come from one address with a token
_CALLERS = 10_000  # whose pace is remembered
_LENGTH = 20  # digits of a length; Python reads no number of thousands
UPLOAD = "/v1/runs"  # where exported runs are sent, which are larger than other bodies
_FREE = frozenset({"/healthz", "/readyz"})  # requested by monitoring


@dataclass
class Guards:
    """ASGI middleware: Host, pace, size, and the headers of every answer."""

    app: ASGIApp
    settings: WebSettings
    now: Callable[[], float] = time.monotonic
    _left: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        answered = _with_headers(send)
        if scope["path"] not in _FREE and _name(headers.get("host", "")) not in self.settings.names:
            rule = "this Host is not one of the server's; name it with --allowed-host"
            await problems.answer(scope["path"], 421, rule)(scope, receive, answered)
            return
        wait = max(self._wait(each, share) for each, share in _callers(scope, headers))
        if wait > 0 and scope["path"] not in _FREE:
            rule = f"more than {self.settings.rate:g} requests a second; come again later"
            later = {"Retry-After": str(max(1, round(wait)))}
            await problems.answer(scope["path"], 429, rule, (), later)(scope, receive, answered)
            return
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()):
            rule = "Content-Length must be a whole number of bytes; leave it to your HTTP library"
            close = {"Connection": "close"}
            await problems.answer(scope["path"], 400, rule, (), close)(scope, receive, answered)
            return
        upload = scope["method"] == "POST" and scope["path"] == UPLOAD
        limit = self.settings.upload_limit if upload else self.settings.body_limit
        if len(length) > _LENGTH or int(length) > limit:
            await self._too_large(scope, receive, answered, limit)
            return
        if upload:  # it is not read before it is known who sends it, and goes to a file
            await self.app(scope, receive, answered)
            return
        await self._measured(scope, receive, answered)

    async def _measured(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body, whose length may be unknown, no further than is allowed."""
        chunks, size, more = [], 0, True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                return  # the caller is gone
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            more = message.get("more_body", False)
            if size > self.settings.body_limit:
                await self._too_large(scope, receive, send, self.settings.body_limit)
                return
        whole: Message | None = {"type": "http.request", "body": b"".join(chunks)}

        async def again() -> Message:
            nonlocal whole
            if whole is None:
                return await receive()
            message, whole = whole, None
            return message

        await self.app(scope, again, send)

    async def _too_large(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        rule = f"the body may have {limit} bytes at most; send a smaller one"
        close = {"Connection": "close"}
        await problems.answer(scope["path"], 413, rule, (), close)(scope, receive, send)

    def _wait(self, caller: str, share: float = 1.0) -> float:
        """Seconds until a caller may come again, 0 where they may now: a bucket of tokens.

        share: how many times the pace of one they may have.
        """
        now, most, rate = self.now(), share * self.settings.burst, share * self.settings.rate
        left, since = self._left.pop(caller, (most, now))
        left = min(most, left + (now - since) * rate)
        wait = 0.0 if left >= 1 else (1 - left) / rate
        self._left[caller] = (left - 1 if wait == 0 else left, now)
        if len(self._left) > _CALLERS:
            self._left.popitem(last=False)
        return wait


def _with_headers(send: Send) -> Send:
    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS:
                headers.setdefault(name, value)
        await send(message)

    return with_headers


def _callers(scope: Scope, headers: Headers) -> list[tuple[str, float]]:
    """Whose pace a request counts for, and how many times one caller's that may be.

    That of its token or session, known or not, and that of its address: many may share one, but
    not without end, and nobody gets more by sending another token each time.
    """
    address = scope["client"][0] if scope.get("client") else ""
    credential = headers.get("authorization") or headers.get("cookie")
    if credential is None:
        return [(address, 1.0)]
    digest = hashlib.sha256(credential.encode("utf-8", "surrogatepass")).hexdigest()
    return [(digest, 1.0), (f"all of {address}", _SHARED)]


def _name(host: str) -> str:
    """Return a Host without its port, in lower case."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()


class StrictJsonRoute(APIRoute):
    """A route that refuses JSON with a repeated key, of which a parser would keep the last."""

    json_field = "body"  # where a problem is said to be

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the handler, so that a request's JSON is checked first."""
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
            body = await request.body() if media == "application/json" else b""
            if (key := repeated_key(body)) is not None:
                rule = f'the key "{key}" is given twice; remove one'
                errors = [Problem(self.json_field, rule)]
                raise problems.HttpProblem(400, "a key is repeated", errors=errors)
            return await inner(request)

        return handle


def heavy(handler: Callable[..., _Answer]) -> Callable[..., Coroutine[Any, Any, _Answer]]:
    """Run a handler as heavy work: tables, figures and searches that are computed for an answer.

    So that however many are requested, the threads of all other requests are free. FastAPI sees the
    handler's own parameters, and the threads besides them.

    Args:
        handler: Of a route, not asynchronous.

    Returns:
        A handler that waits for its turn.
    """

    @functools.wraps(handler)
    async def answered(heavy_work: HeavyWork, **given: Any) -> _Answer:
        return await heavy_work.run(functools.partial(handler, **given))

    signature = inspect.signature(handler)
    named = inspect.Parameter.KEYWORD_ONLY
    threads = Annotated[HeavyWork, Depends(_heavy_work)]
    turn = inspect.Parameter("heavy_work", named, annotation=threads)
    own = [each.replace(kind=named) for each in signature.parameters.values()]
    answered.__signature__ = signature.replace(parameters=[turn, *own])  # type: ignore[attr-defined]
    return answered


async def _heavy_work(request: Request) -> HeavyWork:
    work: HeavyWork = request.app.state.heavy
    return work
