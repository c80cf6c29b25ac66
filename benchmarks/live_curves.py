"""What live curves cost: the same run with and without running trials in its storage.

    python benchmarks/live_curves.py [--rounds N] [--steps N] [--quick] [--json]

Each round trains one cycle of the digits in this process twice, each time in a new home: without
live curves (theirs), then with them (ours). A validation follows every tenth iteration, far more
often than in a study, so that there is much to write. Running trials are counted as they are shown.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from typing import Any
from unittest import mock

import click
import torch
from interleaved import Case, options, report

import oracle
from oracle.storage.live_curves import LiveCurves


def study(steps: int) -> dict[str, Any]:
    """Return a study of one cycle, with a validation every tenth iteration."""
    return {
        "name": "live-curves",
        "dataset": "digits",
        "network": "fully_connected",
        "training": {"steps": steps, "batch": 64, "validate_every": 10},
        "schedule": {"warmup": steps // 10, "drops": [steps // 2]},
        "grid": {"max_lr": [0.02, 0.05, 0.1, 0.2], "extend": False},
        "cycles": 1,
        "replicates": 2,
        "pack": 4,
    }


class Counter:
    """Counts how often running trials are written, and lets them be written or not."""

    def __init__(self, write: bool) -> None:
        self.write, self.times, self.seconds = write, 0, 0.0
        self._original = LiveCurves._write

    def __enter__(self) -> Counter:
        def counted(live: LiveCurves, key: Any, curves: Sequence[Any]) -> None:
            began = time.process_time()
            self._original(live, key, curves)
            self.times, self.seconds = self.times + 1, self.seconds + time.process_time() - began

        changed = counted if self.write else lambda *_: None
        self._patch = mock.patch.object(LiveCurves, "_write", changed)
        self._patch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._patch.stop()


def trained(steps: int, write: bool) -> tuple[float, float, Counter]:
    """Train in a new home; return CPU seconds, wall seconds and what was written."""
    with tempfile.TemporaryDirectory() as home, Counter(write) as counter:
        cpu, wall = time.process_time(), time.perf_counter()
        oracle.run(study(steps), backend="inline", runs=home, progress=False)
        return time.process_time() - cpu, time.perf_counter() - wall, counter


@click.command(help=__doc__)
@click.option("--rounds", default=5, show_default=True, help="Pairs of runs.")
@click.option("--steps", default=2000, show_default=True, help="Iterations of a training run.")
@options
def main(rounds: int, steps: int, device: str, quick: bool, as_json: bool) -> None:
    """Train in turn without and with live curves."""
    steps, rounds = (40, 1) if quick else (steps, rounds)
    trained(20, write=True)  # imports and first calls
    pairs = [(trained(steps, write=False), trained(steps, write=True)) for _ in range(rounds)]
    counters = [ours[2] for _, ours in pairs]
    written = {
        "writes": sum(each.times for each in counters) / rounds,
        "CPU ms a run in writes": 1000 * sum(each.seconds for each in counters) / rounds,
    }
    cases = [
        Case("CPU", [(a[0], b[0]) for a, b in pairs], "s of CPU a run", written),
        Case("wall", [(a[1], b[1]) for a, b in pairs], "s a run"),
    ]
    report("live_curves", torch.device(device), cases, as_json)


if __name__ == "__main__":
    main()
