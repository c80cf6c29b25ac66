"""Linear algebra on one thread, for the posterior of a cycle.

Its matrices are small, up to 128 rows: a second thread waits for the first most of the time, and
costs a processor meanwhile. With one thread the rounding does not depend on their number, either.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy.linalg  # noqa: F401  # loads the library whose threads are limited
from threadpoolctl import ThreadpoolController

# The limit is the process's: of two threads, one would set it back while the other computes, or
# take the other's limit for the number before.
_lock = threading.RLock()


@functools.cache
def _libraries() -> Any:
    """Return what sets the threads of NumPy's linear algebra; PyTorch's own stay as they are."""
    return ThreadpoolController().select(user_api="blas")


@contextmanager
def one_thread() -> Iterator[None]:
    """Limit NumPy's linear algebra to one thread, as a context or as ``@one_thread()``.

    Contexts nest. Those of several threads follow one another.
    """
    with _lock, _libraries().limit(limits=1):
        yield
