"""Listening: the one place that runs uvicorn."""

from __future__ import annotations

import contextlib
import gc
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn
from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI

from oracle.rest.settings import WebSettings
from oracle.service.scheduler import ROUNDS_LOG
from oracle.web.connections import ACCEPTED_AT_ONCE, BoundedProtocol, limits_of_this_process
from oracle.web.log_filter import OncePerMinute

_LEAVE = 5  # seconds that open requests get when the server stops; streams of events have no end
_WAITING = 2048  # connections that the system keeps while the server is busy
_IDLE = 30  # seconds after which a connection without a request is closed
# All threads share one interpreter: more of them compute no more, but take turns and wait for them.
_THREADS = 4  # that work on requests
_TURN = 0.002  # seconds that a thread computes while others wait; Python's own is 0.005
# Loggers that say the same thing once a minute, for it may recur at every request or poll.
ONCE_A_MINUTE = ("asyncio", "uvicorn.error", "oracle.web", ROUNDS_LOG)


def listening(host: str, port: int) -> socket.socket:
    """Make a socket that is bound to an address.

    Args:
        host: Name or address.
        port: 0 is any that is free.

    Returns:
        The socket, which accepts connections.

    Raises:
        OSError: The address is taken or is none of this machine.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(
        host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(_WAITING)
    except OSError:
        bound.close()
        raise
    return bound


def listen(app: FastAPI, bound: socket.socket) -> None:
    """Answer requests until this process is ended by SIGTERM or SIGINT.

    The second signal does not wait for open requests.

    Args:
        app: The application.
        bound: A socket of :func:`listening`.
    """
    # SQLite lets go of the interpreter at every row, and a list of jobs then waits a turn for each.
    sys.setswitchinterval(_TURN)
    settings: WebSettings = app.state.settings
    # All that was imported stays: a collection that looks through it holds every thread for long.
    gc.collect()
    gc.freeze()
    limits = limits_of_this_process(settings.connections, settings.connections_per_address)
    quiet = OncePerMinute()
    for name in ONCE_A_MINUTE:
        logging.getLogger(name).addFilter(quiet)
    config = uvicorn.Config(
        app,
        http=type("Protocol", (BoundedProtocol,), {"limits": limits}),
        ws="none",
        backlog=ACCEPTED_AT_ONCE,
        timeout_graceful_shutdown=_LEAVE,
        timeout_keep_alive=_IDLE,
        proxy_headers=False,  # the address of the connection cannot be forged
        server_header=False,
        access_log=False,
        log_level="warning",
    )
    server = _Server(config)
    server.leaving = app.state.watcher.close
    server.run(sockets=[bound])


class _Server(uvicorn.Server):
    leaving: Callable[[], None]  # ends what would never end by itself

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's."""
        current_default_thread_limiter().total_tokens = _THREADS
        await super().startup(sockets)
        for each in sockets or ():  # more may wait than are accepted at once
            each.listen(_WAITING)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As uvicorn's, but that the signals are done with: jobs have to be put back yet."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {each: signal.signal(each, self._on_signal) for each in _ENDING}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def _on_signal(self, number: int, frame: Any) -> None:
        self.force_exit = self.should_exit
        self.should_exit = True
        self.leaving()


_ENDING = (signal.SIGINT, signal.SIGTERM)
