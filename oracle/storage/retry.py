"""Waiting for a database that is away, so that what is finished is not lost."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from oracle.errors import StorageError, StorageUnavailable

_Found = TypeVar("_Found")
_NAP = 1.0  # seconds between two tries


@dataclass(frozen=True)
class DatabaseRetry:
    """Does something, again and again while the database is away.

    seconds: for so long, by `now`. say: is called when the waiting begins and ends; it may need the
    database itself.
    """

    seconds: float
    say: Callable[[str], None]
    nap: float = _NAP
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def __call__(self, act: Callable[[], _Found]) -> _Found:
        """Return what `act` gives. Raises StorageUnavailable when the patience is at its end."""
        began, waited = self.now(), False
        while True:
            try:
                result = act()
            except StorageUnavailable as error:
                left = self.seconds - (self.now() - began)
                if left <= 0:
                    advice = "what is finished is kept: run the same command again"
                    raise StorageUnavailable(
                        f"{error}; waited for {self.seconds:g} s; {advice}"
                    ) from error
                if not waited:
                    self._tell(f"{error}; waiting for it, {self.seconds:g} s at most")
                waited = True
                self.sleep(min(self.nap, left))
            else:
                if waited:
                    self._tell("the database is back")
                return result

    def _tell(self, text: str) -> None:
        with contextlib.suppress(StorageError):
            self.say(text)
