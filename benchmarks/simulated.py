"""A trainer that knows its answers: as many workers as one likes, and no time passes.

    python benchmarks/simulated.py serve [options of `oracle serve`]

is a real server whose drivers are real ones, with the simulated trainer in place of Ray.
SIMULATED_FOLDER names a folder in which each driver leaves what it spent.
"""

from __future__ import annotations

import heapq
import itertools
import json
import math
import os
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from unittest import mock

from oracle.cli import main
from oracle.execution.pack_queue import Pack, PackQueue
from oracle.execution.worker import WorkerConfig
from oracle.runs import execute
from oracle.search.graph import Cell, CellResult
from oracle.service import driver, scheduler

FOLDER = "SIMULATED_FOLDER"
LOOKS = 5  # validations of a training
STEPS = 200


class Simulation:
    """Backend whose workers finish packs in the order in which they would, in no time."""

    def __init__(self) -> None:
        self.cells = 0
        self.most_out = 0  # workers that were busy at once
        self.seconds = 0.0  # that the workers would have taken
        self.cpu = 0.0  # of this process, while cells came in
        self.wall = 0.0

    def __call__(self, _spec: WorkerConfig, queue: PackQueue, workers: int) -> None:
        """Train what the queue hands out, with so many workers."""
        cpu, wall = time.process_time(), time.perf_counter()
        serial = itertools.count()
        out: list[tuple[float, int, Pack]] = []  # when each is finished
        while not queue.finished:
            while len(out) < workers and (pack := queue.next()) is not None:
                end = self.seconds + sum(answer(cell).seconds for cell in pack.cells)
                heapq.heappush(out, (end, next(serial), pack))
            self.most_out = max(self.most_out, len(out))
            self.seconds, _, pack = heapq.heappop(out)
            queue.complete(pack, answers(pack.cells))
            self.cells += len(pack.cells)
        self.cpu, self.wall = time.process_time() - cpu, time.perf_counter() - wall


def answers(cells: Sequence[Cell]) -> list[CellResult]:
    """Return the results of a pack."""
    return [answer(cell) for cell in cells]


def answer(cell: Cell) -> CellResult:
    """A known curve: 4 points are lost for each factor of 2 away from a best max_lr that rises.

    A training takes 20 to 40 seconds, by its id.
    """
    chance = int(cell.id[:8], 16) / 16**8
    best = 0.05 * 1.2**cell.cycle
    accuracy = round(90 - 4 * abs(math.log2(cell.max_lr / best)) + chance / 2, 3)
    return CellResult(
        cell=cell.id,
        curve=tuple(
            (STEPS * look // LOOKS, accuracy * look / LOOKS) for look in range(1, LOOKS + 1)
        ),
        val_accuracy=accuracy,
        test_accuracy=accuracy - 0.5,
        diverged=False,
        weights_remaining=100 * 0.8**cell.cycle,
        steps=STEPS,
        seconds=20 + 20 * chance,
        checkpoint=None,
        device="cpu",
        engine="simulated",
        members=1,
    )


def drive(job_id: str) -> None:
    """What ``python -m oracle.service.driver`` does, and a note of what it took."""
    simulation = Simulation()
    try:
        with mock.patch.object(execute, "BACKENDS", MappingProxyType({"inline": simulation})):
            driver.main()
    finally:  # its server may interrupt a driver that is done
        spent = {
            "cells": simulation.cells,
            "cpu": simulation.cpu,
            "wall": simulation.wall,
            "whole_cpu": time.process_time(),
            "most_out": simulation.most_out,
            "simulated_seconds": simulation.seconds,
        }
        (Path(os.environ[FOLDER]) / f"{job_id}.json").write_text(json.dumps(spent))


def serve() -> None:
    """`oracle serve`, with drivers that simulate."""
    command = (sys.executable, __file__)
    with mock.patch.object(scheduler, "started", partial(scheduler.started, command=command)):
        main.entry()


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve()
    else:
        drive(sys.argv[1])
