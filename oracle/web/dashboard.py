"""The Optuna dashboard behind our sign-in, for reading; its paths are its own, so it comes last."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from a2wsgi import WSGIMiddleware
from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.responses import RedirectResponse
from starlette.routing import Match, Mount
from starlette.types import Message, Receive, Scope, Send

from oracle.errors import StorageError
from oracle.reports import formats
from oracle.rest import problems
from oracle.rest.auth import current, needs
from oracle.rest.problems import HttpProblem
from oracle.rest.settings import WebSettings
from oracle.service.service import Service
from oracle.web import assets

_CSV = "/csv/"
_PAGE = "/dashboard"
PATHS = (_PAGE, "/api/", _CSV, "/static/", "/favicon.ico")
_READING = frozenset({"GET", "HEAD"})
# Its page brings its own scripts, and compiles some. Its notes may hold HTML, which must not run.
_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)


def mount(app: FastAPI, service: Service, settings: WebSettings) -> None:
    """Add the dashboard, after all other routes. Its libraries load when somebody first looks.

    Args:
        app: The application.
        service: Has the runs.
        settings: Of the server.
    """
    app.router.routes.append(_OwnPaths("/", Dashboard(service, settings), name="dashboard"))


class _OwnPaths(Mount):
    """Leaves what is not the dashboard's to the others, which know a wrong method from a path."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return whether a request is for the dashboard."""
        own = scope["type"] == "http" and scope["path"].startswith(PATHS)
        return super().matches(scope) if own else (Match.NONE, {})


@dataclass
class Dashboard:
    """ASGI application: what the dashboard answers to those who may see it."""

    service: Service
    settings: WebSettings
    _inner: Callable[..., Any] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        try:
            await run_in_threadpool(self._admit, request)
        except HttpProblem as error:
            path = request.url.path
            answer = problems.answer(path, error.status, error.detail, (), error.headers)
            page = path.startswith(_PAGE) and request.method in _READING
            if error.status == 401 and page:
                answer = RedirectResponse(f"/sign-in?next={quote(path)}", 303)
            await answer(scope, receive, send)
            return
        if self._inner is None:
            await run_in_threadpool(self._open)
        assert self._inner is not None  # it is opened once
        sent = _with_policy(send)
        if request.url.path.startswith(_CSV):
            sent = _rewritten(sent, "text/csv", _inert)
        elif request.url.path.startswith(_PAGE):
            writes = await run_in_threadpool(self._writes, request)
            sent = _rewritten(sent, "text/html", lambda html: _page(html, writes))
        headers = scope["headers"]
        if request.url.path.startswith(_PAGE):  # its dates are not those of what we send
            conditions = (b"if-modified-since", b"if-none-match", b"range")
            headers = [each for each in headers if each[0] not in conditions]
        if "accept-encoding" not in request.headers:  # without which it fails
            headers = [*headers, (b"accept-encoding", b"identity")]
        await self._inner({**scope, "root_path": "", "headers": headers}, receive, sent)

    def _admit(self, request: Request) -> None:
        """Raise Refused for what must not get through."""
        if not request.url.path.startswith(PATHS):
            raise HttpProblem(404, "page not found")
        try:
            reads = request.method in _READING
            needs("read" if reads else "admin")(request)
        except StorageError as error:
            raise HttpProblem(503, str(error), {"Retry-After": "5"}) from error
        if not reads and not self.settings.dashboard_writes:
            rule = "the dashboard is read-only; start the server with --dashboard-writes"
            raise HttpProblem(403, rule)

    def _writes(self, request: Request) -> bool:
        """Return whether the caller may write here, now that they may read."""
        who = current(request)
        return self.settings.dashboard_writes and who is not None and who.allows("admin")

    def _open(self) -> None:
        with self._lock:
            if self._inner is None:
                self._inner = WSGIMiddleware(self.service.store.dashboard(), workers=4)


def _with_policy(send: Send) -> Send:
    async def with_policy(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)["content-security-policy"] = _POLICY
        await send(message)

    return with_policy


def _rewritten(send: Send, media_type: str, rewrite: Callable[[str], str]) -> Send:
    """Hold an answer back until it is whole, and send what is made of a text of this type."""
    began: list[Message] = []
    chunks: list[bytes] = []

    async def rewritten(message: Message) -> None:
        if message["type"] == "http.response.start":
            began.append(message)
            return
        chunks.append(message.get("body", b""))
        if message.get("more_body", False):
            return
        body = b"".join(chunks)
        headers = MutableHeaders(scope=began[0])
        if headers.get("content-type", "").startswith(media_type) and body:  # HEAD has none
            body = rewrite(body.decode("utf-8", "replace")).encode()
            for name in ("etag", "last-modified"):  # of the text before
                if name in headers:
                    del headers[name]
            if "content-length" in headers:
                headers["content-length"] = str(len(body))
        await send(began[0])
        await send({"type": "http.response.body", "body": body})

    return rewritten


def _page(html: str, writes: bool) -> str:
    """Return the dashboard's page with our link; without its buttons for writing if need be."""
    styles = ["dashboard.css"] if writes else ["dashboard.css", "dashboard-read-only.css"]
    added = "".join(f'<link rel="stylesheet" href="{assets.address(name)}">' for name in styles)
    added += f'<script defer src="{assets.address("dashboard.js")}"></script>'
    return html.replace("</head>", f"{added}</head>", 1)


def _inert(text: str) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    for row in csv.reader(io.StringIO(text)):
        writer.writerow([formats.escape_formula(cell) for cell in row])
    return out.getvalue()
