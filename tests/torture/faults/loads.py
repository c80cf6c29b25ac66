"""Load: what processes hold while they do very much, with a trainer that knows its answers."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any
from unittest import mock

from faults.drivers import TINY
from oracle.execution.pack_queue import PackQueue
from oracle.execution.worker import WorkerConfig
from oracle.runs import execute, prepare
from oracle.settings import Progress, Settings
from oracle.study.validation import parse


def _simulated() -> Any:
    path = Path(__file__).parents[3] / "benchmarks" / "simulated.py"
    spec = importlib.util.spec_from_file_location("simulated", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["simulated"] = module
    spec.loader.exec_module(module)
    return module


Simulation = _simulated().Simulation


def memory(pid: int | str = "self") -> float:
    """Resident memory of a process, in MB of 10^6 bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise ProcessLookupError(pid)


def descriptors(pid: int | str = "self") -> int:
    """How many files a process holds open."""
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


@dataclass
class Meter:
    """What a process held, from time to time."""

    warm: int  # rounds after which it is counted
    every: int
    pid: int | str = "self"
    rounds: int = 0
    held: list[tuple[float, int]] = field(default_factory=list)  # MB, open files

    def count(self) -> None:
        """One more round is over."""
        self.rounds += 1
        if self.rounds >= self.warm and (self.rounds - self.warm) % self.every == 0:
            self.held.append((memory(self.pid), descriptors(self.pid)))

    @property
    def grown(self) -> dict[str, float]:
        """By how many MB, and by how many open files."""
        (first, files), (last, _) = self.held[0], self.held[-1]
        most = max(count for _, count in self.held)
        return {"MB": round(last - first, 1), "files": most - files}


def declared(cells: int, **changes: Any) -> Mapping[str, Any]:
    """A study whose oracle has so many cells: 5 replicates; in addition to those of S-Cyc."""
    cycles = 5 if cells < 1000 else 40
    grid = {"kind": "log", "low": 0.01, "high": 0.8, "count": cells // (5 * cycles)}
    return MappingProxyType(
        {**TINY, "replicates": 5, "cycles": cycles - 1, "grid": grid | {"extend": False}} | changes
    )


def drive(
    study: Mapping[str, Any],
    folder: Path,
    storage: str | None,
    on_progress: Callable[[int], None],
    between: Callable[[], None] = lambda: None,
) -> None:
    """Run a study with the simulated trainer, in this process.

    on_progress: called with the number of stored cells whenever it has risen. between: called
    before each pack.
    """

    class Watched(Simulation):  # type: ignore[misc, valid-type]  # read from its file
        def __call__(self, spec: WorkerConfig, queue: PackQueue, workers: int) -> None:
            ahead = queue.next

            def following() -> Any:
                between()
                return ahead()

            with mock.patch.object(queue, "next", following):
                super().__call__(spec, queue, workers)

    where = Settings(folder, storage=storage, workers=2, backend="inline", device="cpu")
    prepared = prepare.prepare(parse(dict(study), "load.yaml"), where)
    with mock.patch.object(execute, "BACKENDS", MappingProxyType({"inline": Watched()})):
        execute.execute(prepared, Progress(cells=lambda done, _: on_progress(done)))


def metered(
    study: Mapping[str, Any], folder: Path, warm: int, leak: Callable[[], None] = lambda: None
) -> None:
    """A driver that writes what it held into a file of its folder; leak: called after each cell."""
    meter = Meter(warm, every=20)
    stored = 0

    def on_progress(done: int) -> None:
        nonlocal stored
        while stored < done:
            stored += 1
            leak()
            meter.count()

    drive(study, folder, None, on_progress)
    (folder / "held.json").write_text(json.dumps({"cells": stored, **meter.grown}))
