"""With what the HTTP side of a server is started."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from oracle.service.limit_names import default


@dataclass(frozen=True)
class WebSettings:
    """Whom a server lets in, and how much it takes from one of them."""

    host: str = "127.0.0.1"
    port: int = 8000
    allowed_hosts: tuple[str, ...] = ()  # names besides `host` under which it is reached
    tokens_required: bool = False
    rate: float = 50.0  # requests a second that a caller may go on sending
    burst: int = default("requests-at-once")
    body_limit: int = default("body-bytes")
    upload_limit: int = default("upload-bytes")  # of an exported run, which an admin may send
    heavy_answers: int = default("heavy-answers")  # that are computed at a time
    connections: int = default("connections")
    connections_per_address: int = default("connections-per-address")
    dashboard_writes: bool = False  # whether an admin may change things in the Optuna dashboard
    cookie_secure: bool = False  # whether the page is reached over TLS alone
    session_hours: float = 12.0

    @property
    def names(self) -> frozenset[str]:
        """The names that a request's Host may have, in lower case; with any port."""
        own = {"127.0.0.1", "localhost", "::1"} if loopback(self.host) else {self.host.lower()}
        return frozenset(own | {name.lower() for name in self.allowed_hosts})


def loopback(host: str) -> bool:
    """Return whether a host can be reached from its own machine only.

    Args:
        host: Name or address, an IPv6 address with or without brackets.

    Returns:
        False for any name but "localhost".
    """
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
