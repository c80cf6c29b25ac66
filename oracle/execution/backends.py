"""The backends that train packs: Ray Tune's workers, or this process. All else is the same."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from oracle.execution.inline_backend import inline
from oracle.execution.pack_queue import PackQueue
from oracle.execution.ray_backend import ray_tune
from oracle.execution.worker import WorkerConfig


class Backend(Protocol):
    """Trains what a queue hands out until it is finished."""

    def __call__(self, worker_spec: WorkerConfig, queue: PackQueue, workers: int) -> None:
        """Train what a queue plans, until every search has ended.

        Args:
            worker_spec: What each worker needs.
            queue: Plans the packs and takes their results.
            workers: How many train at a time.

        Raises:
            PackFailed: A pack failed; what was finished before is in the queue by then.
            DiskError: The disk is full or cannot be written.
        """


BACKENDS: Mapping[str, Backend] = MappingProxyType({"ray": ray_tune, "inline": inline})
