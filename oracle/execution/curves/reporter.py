"""What a worker tells of its training runs while they are under way."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

Point = tuple[str, int, float]  # id of the cell, completed iterations, validation metric
_PACE = 1.0  # seconds between two messages


class CurveReporter:
    """Collects validation values, and sends them at most once a second.

    Nothing is lost where a message is: what counts is the curve in a training run's result.

    Attributes:
        send: Takes the values since the message before; None where nobody listens.
    """

    def __init__(self, pace: float = _PACE, now: Callable[[], float] = time.monotonic) -> None:
        self.send: Callable[[Sequence[Point]], None] | None = None
        self._pace, self._now = pace, now
        self._points: list[Point] = []
        self._sent = now()

    def add(self, cell: str, step: int, value: float) -> None:
        """Take one validation value; send all that have come since the last message, if it is time.

        Args:
            cell: Id of the cell.
            step: Completed iterations.
            value: The validation metric.
        """
        if self.send is None:
            return
        self._points.append((cell, step, value))
        if self._now() - self._sent >= self._pace:
            points, self._points = self._points, []
            self.send(points)
            self._sent = self._now()

    def forget(self) -> None:
        """Drop what was not sent: its training runs have ended."""
        self._points.clear()
