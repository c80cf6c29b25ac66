"""Connections that are silent, slow or too many; and a log that they do not fill."""

import asyncio
import http.client
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn

from oracle.errors import StorageUnavailable
from oracle.service import scheduler
from oracle.service.scheduler import Scheduler
from oracle.web.connections import BoundedProtocol, ConnectionLimits
from oracle.web.listener import ONCE_A_MINUTE
from oracle.web.log_filter import OncePerMinute

SOON = 0.1  # seconds


class Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


class App:
    """Answers at once; at /later when the test says so."""

    def __init__(self) -> None:
        self.began, self._go = threading.Event(), asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def go(self) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._go.set)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/later":
            self._loop = asyncio.get_running_loop()
            self.began.set()
            await self._go.wait()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})


@contextmanager
def served(limits: ConnectionLimits, app: App | None = None) -> Iterator[int]:
    """The port of a server that holds its connections to some limits."""
    protocol = type("Protocol", (BoundedProtocol,), {"limits": limits})
    config = uvicorn.Config(
        app or App(), http=protocol, ws="none", lifespan="off", port=0, log_level="critical"
    )
    server = Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    assert server.ready.wait(120)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


def connected(port: int, source: str = "127.0.0.1") -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), 60, (source, 0))


def closed(connection: socket.socket) -> bool:
    """Whether the server closes a connection without a word."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET / HT", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1"],
    ids=["silent", "half a request line", "half a body"],
)
def test_a_connection_whose_request_does_not_come_is_closed(sent: bytes) -> None:
    app = App()
    limits = ConnectionLimits(4, 4, request=SOON)
    with served(limits, app) as port, connected(port) as connection:
        connection.sendall(sent)
        if sent.startswith(b"POST"):
            assert connection.recv(12) == b"HTTP/1.1 204"
            while not closed(connection):
                pass
        else:
            assert closed(connection)
        assert limits.open.total() == 0


def test_a_slow_answer_is_not_cut_off() -> None:
    app = App()
    with served(ConnectionLimits(4, 4, request=SOON), app) as port:
        asking = http.client.HTTPConnection("127.0.0.1", port, 60)
        asking.request("GET", "/later")
        assert app.began.wait(120)
        with connected(port) as silent:
            assert closed(silent)  # so the time of a request has passed
        app.go()
        assert asking.getresponse().status == 204
        asking.close()


def test_one_address_cannot_take_all_connections() -> None:
    limits = ConnectionLimits(total=3, per_address=2)
    with served(limits) as port, connected(port), connected(port), connected(port) as third:
        assert closed(third)
        with connected(port, "127.0.0.2") as other:
            other.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert other.recv(12) == b"HTTP/1.1 204"
            with connected(port, "127.0.0.3") as one_more:
                assert closed(one_more)  # there are three in all


def test_the_same_is_logged_once_a_minute_and_how_often_it_was_left_out() -> None:
    clock = [0.0]
    quiet = OncePerMinute(lambda: clock[0])

    def passed(message: str, *args: object) -> str | None:
        record = logging.LogRecord("oracle.web", logging.ERROR, "", 0, message, args, None)
        return record.getMessage() if quiet.filter(record) else None

    assert passed("no descriptor %d", 1) == "no descriptor 1"
    assert [passed("no descriptor %d", count) for count in range(100)] == [None] * 100
    assert passed("another thing") == "another thing"
    clock[0] = 60.0
    assert passed("no descriptor %d", 7) == "no descriptor 7 (and 100 more like this)"
    assert passed("no descriptor %d", 8) is None


def test_a_database_that_is_gone_is_logged_once_a_minute(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The scheduler polls four times a second."""
    polls = threading.Semaphore(0)

    class Gone(Scheduler):
        def tick(self) -> None:
            polls.release()
            raise StorageUnavailable("the database is gone")

    monkeypatch.setattr(scheduler, "_POLL", 0.001)
    quiet = OncePerMinute(lambda: 0.0)
    for name in ONCE_A_MINUTE:
        logging.getLogger(name).addFilter(quiet)
    unused: Any = None
    gone = Gone(unused, unused)
    gone.start()
    try:
        assert all(polls.acquire(timeout=120) for _ in range(20))
    finally:
        gone.stop()
        for name in ONCE_A_MINUTE:
            logging.getLogger(name).removeFilter(quiet)
    assert [record.getMessage() for record in caplog.records] == ["the database is gone"]
