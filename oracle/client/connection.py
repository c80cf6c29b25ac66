"""How the client reaches a server: tries again, opens event streams again, reads refusals."""

from __future__ import annotations

import functools
import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import httpx
from httpx_sse import EventSource, ServerSentEvent, SSEError, connect_sse
from pydantic import TypeAdapter, ValidationError

from oracle.errors import ServerError, SettingProblem
from scyc.errors import BadInput, Problem

_PAUSES = (0.2, 0.8, 3.0)  # seconds before a request is sent again
_LATER = frozenset({429, 502, 503, 504})  # a server that is busy, or is being started again
_LONGEST = 10.0  # seconds that are waited between two tries
_SILENCE = 60.0  # seconds after which an event stream without a sign of life is opened again
_ALONE = frozenset({"127.0.0.1", "localhost", "::1"})
_T = TypeVar("_T")


@dataclass(frozen=True)
class RetryPolicy:
    """What a connection waits for, and by which clock."""

    timeout: float = 30.0  # seconds for an answer
    patience: float = 120.0  # seconds without the server after which an event stream is given up
    pause: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.monotonic


class Connection:
    """Requests to one server. All of them may be sent twice, so those that fail are sent again."""

    def __init__(
        self,
        server: str,
        token: str | None,
        pace: RetryPolicy,
        transport: httpx.BaseTransport | None,
    ) -> None:
        """Nothing is sent yet. Raises BadInput for what cannot be an address or a token."""
        url = _address(server)
        headers = {"User-Agent": "oracle-client"}
        if token is not None:
            headers["Authorization"] = f"Bearer {_checked(token)}"
        self.server = str(url).rstrip("/")
        self._pace = pace
        self._http = httpx.Client(
            base_url=url,
            headers=headers,
            timeout=pace.timeout,
            transport=transport,
            trust_env=url.host not in _ALONE,  # a proxy does not reach this machine's own address
        )

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def request(self, kind: type[_T], method: str, path: str, **content: Any) -> _T:
        """Send a request; read what its answer holds.

        Args:
            kind: Type of the answer.
            method: Of HTTP.
            path: On the server.
            content: Arguments of :meth:`httpx.Client.request`.

        Returns:
            The answer.

        Raises:
            BadInput: The server found problems in what was sent.
            ServerError: It refused the request, or did not answer.
        """
        return self.read(kind, self.send(method, path, **content))

    def send(self, method: str, path: str, **content: Any) -> bytes:
        """Send a request, again where the server is away or busy for a moment.

        Args:
            method: Of HTTP.
            path: Of the request.
            **content: As for :meth:`httpx.Client.request`.

        Returns:
            The body of the answer.

        Raises:
            BadInput: The server found problems in what was sent.
            ServerError: It refused the request, or did not answer.
        """
        for pause in (*_PAUSES, None):
            wait = pause
            try:
                response = self._http.request(method, path, **content)
            except httpx.TransportError as error:
                trouble: Exception = self._silent(error)
            except httpx.HTTPError as error:
                raise ServerError(f"{self.server}: {error}") from error
            else:
                if response.status_code in (200, 201):
                    return response.content
                trouble = self._refusal(response)
                retry_after = _seconds(response.headers.get("retry-after"))
                if response.status_code not in _LATER or retry_after > _LONGEST:
                    raise trouble
                wait = None if pause is None else max(pause, retry_after)
            if wait is None:
                raise trouble
            self._pace.pause(wait)
        raise AssertionError("the last pause is None")

    def stream(
        self, path: str, after: int, away: Callable[[str], None]
    ) -> Iterator[ServerSentEvent | None]:
        """Yield server-sent events; None wherever the server ends the stream.

        A stream that ends or breaks is opened again after the last event that came, for as long as
        it is iterated.

        Args:
            path: Of the stream.
            after: Number of the last event that is known.
            away: Called with the reason when the server does not answer.

        Yields:
            Events with a higher number than `after`.

        Raises:
            BadInput: The server refuses the request.
            ServerError: It has not answered for as long as is waited.
        """
        last, pause, heard = str(after), _PAUSES[0], self._pace.now()
        reported = False
        while True:
            try:
                for each in self._events(path, last):
                    last, pause, reported = each.id or last, _PAUSES[0], False
                    yield each
                    heard = self._pace.now()
                yield None
                trouble = ServerError(f"{self.server} ends the stream of events")
            except (httpx.TransportError, SSEError) as error:
                trouble = self._silent(error)
                if not reported:
                    away(f"{trouble}; trying again")
                reported = True
            except ServerError as error:
                if error.status not in _LATER:
                    raise
                trouble = error
            if self._pace.now() - heard > self._pace.patience:
                raise trouble
            self._pace.pause(pause)
            pause = min(2 * pause, _LONGEST)

    def _events(self, path: str, last: str) -> Iterator[ServerSentEvent]:
        """Yield the events of one opening of a stream. Raises the error of a refused one."""
        headers = {"Last-Event-ID": last}
        wait = httpx.Timeout(self._pace.timeout, read=_SILENCE)
        with connect_sse(self._http, "GET", path, headers=headers, timeout=wait) as source:
            self._check(source)
            yield from source.iter_sse()

    def _check(self, source: EventSource) -> None:
        if source.response.status_code != httpx.codes.OK:
            source.response.read()
            raise self._refusal(source.response)

    def read(self, kind: type[_T], content: bytes | str) -> _T:
        """Read JSON as one of our types.

        Args:
            kind: The type.
            content: JSON text.

        Returns:
            The value.

        Raises:
            ServerError: The content is no such value.
        """
        try:
            answer: _T = _adapter(cast("Any", kind)).validate_json(content)
        except ValidationError as error:
            path = ".".join(map(str, error.errors()[0]["loc"])) or "not JSON"
            rule = f"{self.server} answers as no oracle server of this version does ({path})"
            raise ServerError(rule) from error
        return answer

    def _silent(self, error: Exception) -> ServerError:
        why = str(error) or type(error).__name__
        return ServerError(f"no answer from {self.server} ({why}); does `oracle serve` run there?")

    def _refusal(self, response: httpx.Response) -> Exception:
        """Make the error for a refusal: every problem of an input in our own words."""
        status = response.status_code
        if "application/problem+json" not in response.headers.get("content-type", ""):
            to = f" to {response.headers['location']}" if "location" in response.headers else ""
            text = f"{self.server} answered {status} {response.reason_phrase}{to}"
            return ServerError(f"{text}; is it an oracle server?", status)
        try:
            content = json.loads(response.content)
            detail = str(content["detail"])
            problems = [
                Problem(str(each["path"]), str(each["rule"]), each.get("value"))
                for each in content.get("errors") or ()
            ]
        except (ValueError, KeyError, TypeError, AttributeError):
            return ServerError(f"{self.server} answered {status}, and does not say why", status)
        if problems:
            return BadInput(detail.rpartition(":")[0] or "study", problems)
        if status == httpx.codes.UNAUTHORIZED:
            detail = f"{self.server} asks for a token; put yours into ORACLE_TOKEN or --token-file"
        return ServerError(detail, status)


@functools.cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _address(server: str) -> httpx.URL:
    """Parse the address of a server. Raises BadInput."""
    shown: str | None = server
    try:
        url = httpx.URL(server)
        rule = ""
        if url.userinfo:
            shown, rule = None, "holds a password; give a token by ORACLE_TOKEN or --token-file"
        elif url.scheme not in ("http", "https") or not url.host:
            rule = "is no address of a server; give one such as http://127.0.0.1:8000"
        elif url.query or url.fragment:
            rule = "has more than an address and a path; leave out what follows ? or #"
    except httpx.InvalidURL as error:
        rule = f"is no address of a server: {error}"
    if rule:
        raise BadInput("server", [SettingProblem("server", rule, shown)])
    return url


def _checked(token: str) -> str:
    """Check a token. Raises BadInput, which does not show the token."""
    if not re.fullmatch(r"[!-~]{1,1000}", token):
        rule = "is none: one line of letters, digits and signs, as `oracle token create` prints it"
        raise BadInput("token", [Problem("token", rule)])
    return token


def _seconds(header: str | None) -> float:
    return float(header) if header is not None and header.isdigit() else 0.0
