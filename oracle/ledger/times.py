"""Times in the database: UTC, kept without their zone, which SQLite cannot keep."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import overload


def now() -> datetime:
    """The present, as it is kept."""
    return datetime.now(UTC).replace(tzinfo=None)


@overload
def aware(kept: datetime) -> datetime: ...
@overload
def aware(kept: datetime | None) -> datetime | None: ...
def aware(kept: datetime | None) -> datetime | None:
    """A time that was kept, with its zone."""
    return None if kept is None else kept.replace(tzinfo=UTC)
