"""Training packs in this process."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Iterator
from functools import partial

from oracle.errors import DiskError, PackFailed
from oracle.execution.functions.worker import AnyWorker, make_worker
from oracle.execution.pack_queue import PackQueue
from oracle.execution.worker import WorkerConfig, cell_tasks
from oracle.host.disk import raise_disk_errors
from scyc.data.cache import ImagesLost
from scyc.storage.checkpoint_store import CheckpointError, CheckpointLost


def inline(worker_spec: WorkerConfig, queue: PackQueue, workers: int = 1) -> None:
    """Train in this process, one pack after another.

    Args:
        worker_spec: What all workers of a run share.
        queue: The run's packs.
        workers: Processes that train.
    """
    worker = _worker(worker_spec)
    if queue.unplanned:
        with _passing_messages(worker, queue):
            plan = worker.plan(queue.most or None)
        queue.settle(plan)
    while not queue.finished:
        pack = queue.next()
        assert pack is not None, "all packs are done, yet a search waits"
        worker.curves.send = partial(queue.validated, pack)
        with _passing_messages(worker, queue):
            try:
                results = worker.train(cell_tasks(pack.cells, queue.known), queue.engine)
            except CheckpointLost as lost:
                queue.requeue(pack, str(lost))
                continue
        worker.curves.forget()
        queue.complete(pack, results)


def _worker(worker_spec: WorkerConfig) -> AnyWorker:
    """Make a worker in this process. Raises PackFailed, DiskError."""
    try:
        with raise_disk_errors():
            return make_worker(worker_spec)
    except ImagesLost as error:
        raise PackFailed(str(error)) from error


@contextlib.contextmanager
def _passing_messages(worker: AnyWorker, queue: PackQueue) -> Iterator[None]:
    """Pass on what a worker says, and any failure of its as PackFailed or DiskError."""
    try:
        with raise_disk_errors():
            yield
    except (DiskError, PackFailed):
        raise
    except CheckpointError as error:
        raise PackFailed(str(error)) from error
    except Exception as error:
        raise PackFailed(traceback.format_exc()) from error
    finally:
        for line in worker.messages:
            queue.events.say(line)
        worker.messages.clear()
