"""Named moments of a driver at which it is killed, hung on the product from outside."""

from __future__ import annotations

import contextlib
import functools
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from sqlalchemy.engine.default import DefaultDialect

from oracle.database import RunDatabase
from oracle.execution import worker
from oracle.execution.pack_queue import PackQueue
from oracle.execution.pack_state import PackStates
from oracle.runs import execute
from oracle.storage.result_store import ResultStore
from scyc.storage import blob_store, pack_state_file
from scyc.storage.checkpoint_store import CheckpointStore


@dataclass(frozen=True)
class Point:
    """Just before or just after a call of a function or method; within: half a file is written."""

    owner: Any
    name: str
    side: Literal["before", "after", "within"]


POINTS: Mapping[str, Point] = MappingProxyType(
    {
        "before the lease": Point(RunDatabase, "lease", "before"),
        "before a run is registered": Point(RunDatabase, "register", "before"),
        "after a run is registered": Point(RunDatabase, "register", "after"),
        "before the results are read": Point(ResultStore, "results", "before"),
        "after the results are read": Point(ResultStore, "results", "after"),
        "before training": Point(worker.Worker, "train", "before"),
        "while training": Point(pack_state_file.PackStateFile, "due", "after"),
        "between result and commit": Point(ResultStore, "add", "before"),
        "between commit and acknowledgement": Point(ResultStore, "add", "after"),
        "before a pack is done": Point(PackQueue, "complete", "before"),
        "between cycles": Point(PackQueue, "_advance", "before"),
        "before a checkpoint": Point(CheckpointStore, "save", "before"),
        "after a checkpoint": Point(CheckpointStore, "save", "after"),
        "while a file is written": Point(blob_store, "whole", "within"),
        "before a file is renamed": Point(blob_store.Path, "replace", "before"),
        "after a file is renamed": Point(blob_store.Path, "replace", "after"),
        "before an unfinished pack is saved": Point(
            pack_state_file.PackStateFile, "save", "before"
        ),
        "after an unfinished pack is saved": Point(pack_state_file.PackStateFile, "save", "after"),
        "before a pack lands": Point(PackStates, "land", "before"),
        "after a pack has landed": Point(PackStates, "land", "after"),
        "before an unused checkpoint is deleted": Point(CheckpointStore, "discard", "before"),
        "after an unused checkpoint is deleted": Point(CheckpointStore, "discard", "after"),
        "before a transaction is committed": Point(DefaultDialect, "do_commit", "before"),
        "after a transaction is committed": Point(DefaultDialect, "do_commit", "after"),
        "before a study is annotated": Point(ResultStore, "annotate", "before"),
        "after a study is annotated": Point(ResultStore, "annotate", "after"),
        "before a note": Point(execute, "publish", "before"),
        "after a note": Point(execute, "publish", "after"),
        "before the folder is cleared": Point(PackStates, "clear", "before"),
        "after the folder is cleared": Point(PackStates, "clear", "after"),
    }
)


def die() -> None:
    """SIGKILL to oneself."""
    os.kill(os.getpid(), signal.SIGKILL)


def arm(point: str, count: int = 1, act: Callable[[], None] = die) -> None:
    """Act at the count-th passing of a point, in this process."""
    passing = POINTS[point]
    passed = 0

    def here() -> None:
        nonlocal passed
        passed += 1
        if passed == count:
            act()

    wrap(passing, here)


def wrap(point: Point, here: Callable[[], None]) -> None:
    """Call something at every passing of a point, in this process."""
    original = getattr(point.owner, point.name)
    if point.side == "within":
        setattr(point.owner, point.name, _halved(original, here))
        return

    @functools.wraps(original)
    def passing(*arguments: Any, **named: Any) -> Any:
        if point.side == "before":
            here()
        result = original(*arguments, **named)
        if point.side == "after":
            here()
        return result

    setattr(point.owner, point.name, passing)


class _Halves:
    """A file that writes half of each content and then reports it to a failpoint."""

    def __init__(self, file: Any, here: Callable[[], None]) -> None:
        self._file, self._here = file, here

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def write(self, content: Any) -> int:
        half = len(content) // 2
        self._file.write(content[:half])
        self._file.flush()
        self._here()
        self._file.write(content[half:])
        return len(content)


def _halved(original: Any, here: Callable[[], None]) -> Any:
    @contextlib.contextmanager
    def writing(*arguments: Any, **named: Any) -> Iterator[_Halves]:
        with original(*arguments, **named) as file:
            yield _Halves(file, here)

    return writing
