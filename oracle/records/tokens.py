"""Who a caller is, and what they may do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Scope = Literal["read", "submit", "admin"]

SCOPES: tuple[Scope, ...] = ("read", "submit", "admin")  # each may do what those before it may
LOCAL = "local"  # the caller where no tokens are required; no token may have this name
NAME = r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}"


def name_rule(name: str) -> str:
    """Return why a text cannot be a token's name; "" where it can.

    Args:
        name: Of a token.

    Returns:
        Rule and remedy as text.
    """
    if not re.fullmatch(NAME, name):
        return "1 to 64 letters, digits and . _ @ - are a name, the first a letter or digit"
    if name == LOCAL:
        return "is the caller where no tokens are required; take another name"
    return ""


@dataclass(frozen=True)
class Token:
    """A caller's token, without its secret."""

    name: str
    scope: Scope
    created: datetime  # UTC

    def allows(self, scope: Scope) -> bool:
        """Return whether its scope includes another.

        Args:
            scope: What a request needs.

        Returns:
            True where the token's own scope is that one or a higher one.
        """
        return SCOPES.index(self.scope) >= SCOPES.index(scope)
