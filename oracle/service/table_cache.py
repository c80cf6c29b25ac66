"""Tables and drawings that many ask for, each computed once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

_CACHED = 64  # values; the one that was computed first goes first
_Value = TypeVar("_Value")


class ComputedOnce(Generic[_Value]):
    """The values that were computed last, by key. For many threads at once.

    Threads that ask for the same key at the same time wait for the one that computes it.
    """

    def __init__(self) -> None:
        self._values: dict[Hashable, _Value] = {}
        self._lock = threading.Lock()
        self._computing: dict[Hashable, threading.Lock] = {}

    def get(self, key: Hashable, compute: Callable[[], _Value]) -> _Value:
        """Return the value of a key; compute it if it is not there.

        Args:
            key: All that the value is a function of.
            compute: Makes the value. What it raises is raised here, and nothing is cached.

        Returns:
            The value; a second thread that requests the same key waits for it.
        """
        with self._lock:
            turn = self._computing.setdefault(key, threading.Lock())
        with turn:
            with self._lock:
                if key in self._values:
                    self._computing.pop(key, None)
                    return self._values[key]
            try:
                value = compute()
                with self._lock:
                    self._values[key] = value
                    while len(self._values) > _CACHED:
                        del self._values[next(iter(self._values))]
            finally:
                with self._lock:
                    self._computing.pop(key, None)
            return value
