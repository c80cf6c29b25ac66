"""What driver and storage cost: a whole search with answers made up, so that nothing is trained.

    python benchmarks/driver.py [--json]

Theirs is what 2 % of two cores allow a cell at 50 cells a minute, 48 ms of CPU; ours is what one
takes, from the worker's answer to the trial in SQLite. The start and the end of a run, with
tables and figures, are measured separately.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType
from unittest import mock

import click
import torch
from interleaved import Case, options, report

from oracle.execution.pack_queue import PackQueue
from oracle.execution.worker import WorkerConfig
from oracle.runs import execute, prepare
from oracle.search.graph import Cell, CellResult
from oracle.settings import ScaleDown, Settings
from oracle.study.base import Study
from oracle.study.loading import load_study
from oracle.study.scale_down import scale_down

_ALLOWED = 1000 * 0.02 * 2 * 60 / 50  # ms of CPU a cell


def main_case(pack: int, quick: bool, rounds: int) -> Case:
    """Return the demo's oracle in packs of `pack`."""
    study = load_study("digits").model_copy(update={"pack": pack})
    if quick:
        study = scale_down(study, ScaleDown(cycles=1, replicates=1))
    pairs, around, cells = [], [], 0
    for _ in range(rounds):
        spent, whole, cells = _run(study, pack)
        pairs.append((_ALLOWED, 1000 * spent / cells))
        around.append(whole - spent)
    figures = {"cells": float(cells), "s of CPU for start and end": min(around)}
    return Case(f"packs of {pack}", pairs, "ms of CPU a cell", figures)


def _run(study: Study, pack: int) -> tuple[float, float, int]:
    """CPU seconds while cells come in, of the whole run, and the cells."""
    spent, cells = 0.0, 0

    def answered(_spec: WorkerConfig, queue: PackQueue, _workers: int) -> None:
        nonlocal spent, cells
        start = time.process_time()
        while not queue.finished:
            pack = queue.next()
            assert pack is not None
            queue.complete(pack, _answers(pack.cells))
            cells += len(pack.cells)
        spent = time.process_time() - start

    with (
        tempfile.TemporaryDirectory() as folder,
        mock.patch.object(execute, "BACKENDS", MappingProxyType({"inline": answered})),
    ):
        prepared = prepare.prepare(study, Settings(Path(folder), backend="inline", device="cpu"))
        start = time.process_time()
        execute.execute(prepared)
        return spent, time.process_time() - start, cells


def _answers(cells: Sequence[Cell]) -> list[CellResult]:
    """A known curve, with its top at 0.1; validated five times."""
    return [
        CellResult(
            cell=cell.id,
            curve=tuple((40 * index, 50 + index / 7) for index in range(1, 6)),
            val_accuracy=60 - 10 * abs(cell.max_lr - 0.1),
            test_accuracy=60.0,
            diverged=False,
            weights_remaining=100 * 0.8**cell.cycle,
            steps=200,
            seconds=1.0,
            checkpoint=None,
            device="cpu",
        )
        for cell in cells
    ]


@click.command(help="What driver and storage cost a cell.")
@options
@click.option("--rounds", default=5, show_default=True, help="Runs of each case.")
def main(device: str, quick: bool, as_json: bool, rounds: int) -> None:
    """Measure and print."""
    results = [main_case(pack, quick, 1 if quick else rounds) for pack in (1, 16)]
    report("driver", torch.device(device), results, as_json)


if __name__ == "__main__":
    main()
