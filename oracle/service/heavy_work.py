"""Work that takes long: a few at a time, in threads of its own, so that all else is answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import anyio
from anyio import to_thread

from oracle.errors import ServerBusy

PATIENCE = 60.0  # seconds that a caller waits for its turn
_Made = TypeVar("_Made")


class HeavyWork:
    """Threads for what takes long. A request that waits for one of them holds no thread at all."""

    def __init__(self, at_once: int, patience: float = PATIENCE) -> None:
        """Make the threads when they are needed.

        Args:
            at_once: How many work at a time. All of them share one interpreter, so that more
                compute no more.
            patience: Seconds that a caller waits for its turn.
        """
        self._turns, self._patience = anyio.Semaphore(at_once), patience
        self._threads = anyio.CapacityLimiter(at_once)

    async def run(self, work: Callable[[], _Made]) -> _Made:
        """Return what some work gives, once it is its turn.

        Args:
            work: What is done in a thread.

        Returns:
            What the work returns.

        Raises:
            ServerBusy: Others' work took too long.
        """
        with anyio.move_on_after(self._patience) as waiting:
            await self._turns.acquire()
        if waiting.cancelled_caught:
            raise ServerBusy("the answers to others are computed first; come again later")
        try:
            return await to_thread.run_sync(work, limiter=self._threads)
        finally:
            self._turns.release()
