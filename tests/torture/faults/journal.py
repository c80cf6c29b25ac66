"""An append-only journal of cells, written by wrappers in the driver's process."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def keep(file: Path) -> None:
    """Write down in this process when a cell's training starts and when it is stored."""
    from oracle.execution.worker import Worker
    from oracle.storage.result_store import ResultStore

    record_starts(file, Worker)
    additions(file, ResultStore)


def record_starts(file: Path, worker: Any) -> None:
    """Record when training runs start; worker: the class."""
    train = worker.train

    def training(self: Any, tasks: Sequence[Any], engine: str | None = None) -> Any:
        for task in tasks:
            _line(file, f"start {task.cell}")
        return train(self, tasks, engine)

    worker.train = training


def additions(file: Path, store: Any) -> None:
    """Write down when cells are to be stored, and are; store: the class."""
    add = store.add

    def adding(self: Any, graph: Any, name: str, study_key: Any, cell: Any, *more: Any) -> None:
        _line(file, f"attempt {cell.id}")
        add(self, graph, name, study_key, cell, *more)
        _line(file, f"done {cell.id}")

    store.add = adding


def faults(file: Path, again: int, stored: set[str]) -> list[str]:
    """What the journal says against I2 and I6.

    again: so many training runs may have been repeated: the cells of packs under way at a fault.
    stored: cells in the database.
    """
    done: set[str] = set()
    attempted: set[str] = set()
    starts: Counter[str] = Counter()
    broken = []
    for line in file.read_text().splitlines():
        what, cell = line.split()
        if what == "start":
            starts[cell] += 1
            if cell in done:
                broken.append(f"I2: {cell[:8]} was trained after it was stored")
        elif what == "attempt":
            attempted.add(cell)
        else:
            done.add(cell)
    repeated = starts.total() - len(starts)
    if repeated > again:
        broken.append(f"I2: {repeated} training runs repeated, {again} were under way")
    if not done <= stored:
        broken.append(f"I6: {len(done - stored)} acknowledged cells are not stored")
    if not stored <= attempted:
        broken.append(f"I6: {len(stored - attempted)} stored cells were never attempted")
    return broken


def _line(file: Path, text: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, f"{text}\n".encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
