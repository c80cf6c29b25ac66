"""What is checked of every request before anything reads it, and said with every answer."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from oracle.web import problems
from oracle.web.settings import WebSettings

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
_CALLERS = 10_000  # whose pace is remembered
_FREE = frozenset({"/healthz", "/readyz"})  # asked for by those who watch over the server


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
        wait = self._wait(_caller(scope, headers))
        if wait > 0 and scope["path"] not in _FREE:
            rule = f"more than {self.settings.rate:g} requests a second; come again later"
            later = {"Retry-After": str(max(1, round(wait)))}
            await problems.answer(scope["path"], 429, rule, (), later)(scope, receive, answered)
            return
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > self.settings.body_limit:
            await self._too_large(scope, receive, answered)
            return
        await self._measured(scope, receive, answered)

    async def _measured(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body, whose length may not have been told, no further than is allowed."""
        chunks, size, more = [], 0, True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                return  # the caller is gone
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            more = message.get("more_body", False)
            if size > self.settings.body_limit:
                await self._too_large(scope, receive, send)
                return
        whole: Message | None = {"type": "http.request", "body": b"".join(chunks)}

        async def again() -> Message:
            nonlocal whole
            if whole is None:
                return await receive()
            message, whole = whole, None
            return message

        await self.app(scope, again, send)

    async def _too_large(self, scope: Scope, receive: Receive, send: Send) -> None:
        rule = f"the body may have {self.settings.body_limit} bytes at most; send a smaller one"
        close = {"Connection": "close"}
        await problems.answer(scope["path"], 413, rule, (), close)(scope, receive, send)

    def _wait(self, caller: str) -> float:
        """Seconds until a caller may come again, 0 where they may now: a bucket of tokens."""
        now, most = self.now(), float(self.settings.burst)
        left, since = self._left.pop(caller, (most, now))
        left = min(most, left + (now - since) * self.settings.rate)
        wait = 0.0 if left >= 1 else (1 - left) / self.settings.rate
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


def _caller(scope: Scope, headers: Headers) -> str:
    """Whose pace a request counts for: a token's, a session's, or an address's."""
    address = scope["client"][0] if scope.get("client") else ""
    return headers.get("authorization") or headers.get("cookie") or address


def _name(host: str) -> str:
    """A Host without its port, in lower case."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()
