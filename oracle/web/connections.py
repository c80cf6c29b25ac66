"""Connections: how many there may be, and how long one may be silent or slow."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
import socket
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from oracle.service.limit_names import default

log = logging.getLogger("oracle.web")
ACCEPTED_AT_ONCE = 128  # connections that are accepted before one of them can be refused
_RESERVED = 256  # descriptors for the database, files, pipes to drivers
_WANTED = 8192  # descriptors of this process, where the system grants them


@dataclass
class ConnectionLimits:
    """Bounds of a server's connections, and those that are open."""

    total: int
    per_address: int
    request: float = 20.0  # seconds from a connection, or a request's first byte, to its last
    stalled: float = 60.0  # seconds for which a caller may not read its answer
    open: Counter[str] = field(default_factory=Counter)  # by address

    def admit(self, address: str) -> bool:
        """Count a new connection, unless there are too many.

        Args:
            address: Of the client.

        Returns:
            False where there are too many, in all or of this address.
        """
        if self.open.total() >= self.total or self.open[address] >= self.per_address:
            return False
        self.open[address] += 1
        return True

    def leave(self, address: str) -> None:
        """Count a connection that has ended.

        Args:
            address: Of the client.
        """
        self.open[address] -= 1
        if not self.open[address]:
            del self.open[address]


def limits_of_this_process(
    most: int = default("connections"), of_one_address: int = default("connections-per-address")
) -> ConnectionLimits:
    """Return as many connections as leave descriptors for all else, and are wanted.

    One address may have half of them, unless that is set otherwise.

    Args:
        most: Connections that are wanted.
        of_one_address: Connections of one address that are wanted.

    Returns:
        Limits; the process's limit of descriptors is raised where it may be.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = max(_WANTED, most + _RESERVED + ACCEPTED_AT_ONCE)
    limit = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    if soft != resource.RLIM_INFINITY and soft < limit:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
            soft = limit
    free = most if soft == resource.RLIM_INFINITY else soft - _RESERVED - ACCEPTED_AT_ONCE
    total = min(most, max(16, free))
    if total < most:
        log.warning("%d connections are taken, not %d: raise the limit of descriptors", total, most)
    if of_one_address == default("connections-per-address"):
        of_one_address = max(8, total // 2)
    return ConnectionLimits(total, min(total, of_one_address))


class BoundedProtocol(H11Protocol):
    """HTTP/1.1 on one connection, which is closed when it is one too many, silent or slow."""

    limits: ConnectionLimits  # of the server; set in a class of its own

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._address: str | None = None  # where this connection is counted
        self._request_timer: asyncio.TimerHandle | None = None
        self._write_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Count the connection, or close it.

        Args:
            transport: Of the connection; it is aborted where there are too many.
        """
        super().connection_made(transport)
        address = self.client[0] if self.client else ""
        if not self.limits.admit(address):
            log.warning(
                "connections are refused: there are %d, of %d from one address at most %d",
                self.limits.open.total(), self.limits.total, self.limits.per_address,
            )  # fmt: skip
            transport.abort()
            return
        self._address = address
        peer = transport.get_extra_info("socket")
        if peer is not None:  # the system detects a caller that is gone without closing
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._watch_request()

    def data_received(self, data: bytes) -> None:
        """Take a part of a request, which must be whole before its time has passed.

        Args:
            data: What has come of the request.
        """
        if self._address is None:
            return
        super().data_received(data)
        self._watch_request()

    def connection_lost(self, exc: Exception | None) -> None:
        """Make room for another connection, and stop this one's timers.

        Args:
            exc: Why it was lost; None where it was closed.
        """
        if self._address is not None:
            self.limits.leave(self._address)
            self._address = None
        self._end_request_timer()
        self._end_write_timer()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Give a caller that does not read its answer some time."""
        super().pause_writing()
        if self._write_timer is None:
            self._write_timer = self.loop.call_later(self.limits.stalled, self.transport.abort)

    def resume_writing(self) -> None:
        """Note that the caller reads again."""
        self._end_write_timer()
        super().resume_writing()

    @property
    def _incomplete(self) -> bool:
        """Whether a request is awaited, or a part of it."""
        cycle = self.cycle
        return cycle is None or cycle.response_complete or bool(cycle.more_body)

    def _watch_request(self) -> None:
        if not self._incomplete:
            self._end_request_timer()
        elif self._request_timer is None:
            self._request_timer = self.loop.call_later(self.limits.request, self._out_of_time)

    def _end_request_timer(self) -> None:
        if self._request_timer is not None:
            self._request_timer.cancel()
            self._request_timer = None

    def _end_write_timer(self) -> None:
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None

    def _out_of_time(self) -> None:
        self._request_timer = None
        if self._incomplete:
            self.transport.abort()
