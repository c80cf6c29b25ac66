"""A log that says the same thing once a minute."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

_PAUSE = 60.0  # seconds between two records of one kind
_KINDS = 1000  # that are remembered


class OncePerMinute(logging.Filter):
    """Pass one record of a kind a minute; the next one says how many were left out.

    Records are of one kind when logger, message template and the place of the error are the same.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._now, self._lock = now, threading.Lock()
        self._seen: dict[tuple[object, ...], tuple[float, int]] = {}  # since when; left out

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record is to be written.

        Args:
            record: Its message gets the number of those left out before.

        Returns:
            False where one like it was written less than a minute ago.
        """
        kind, now = _kind(record), self._now()
        with self._lock:
            since, left_out = self._seen.get(kind, (-_PAUSE, 0))
            if now - since < _PAUSE:
                self._seen[kind] = (since, left_out + 1)
                return False
            self._seen.pop(kind, None)
            self._seen[kind] = (now, 0)
            if len(self._seen) > _KINDS:
                del self._seen[next(iter(self._seen))]
        if left_out:
            record.msg = f"{record.getMessage()} (and {left_out} more like this)"
            record.args = ()
        return True


def _kind(record: logging.LogRecord) -> tuple[object, ...]:
    error = record.exc_info[1] if record.exc_info else None
    traceback = error.__traceback__ if error is not None else None
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    line = (traceback.tb_frame.f_code, traceback.tb_lineno) if traceback is not None else None
    return (record.name, str(record.msg).partition("\n")[0], type(error), line)
