"""A whole small run on 2 workers: how busy they are, and what driver and storage cost.

    python benchmarks/whole_run.py [--json] [--quick] [--rounds N]

``oracle run`` of a ResNet-20 on images of 32 x 32 pixels, on the CPU. Once both workers are there
their CPU time is held against the wall time (goal: above 90 %; on a machine that does other work
too, what that takes is missing here). In a second run, with runs so short that about 50 end in
a minute the driver's CPU time, storage included, is held against that of both cores (goal: below
2 %). A ratio here is ours over the goal, for workers, and the goal over ours, for the driver.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import tempfile
from pathlib import Path

import click
import torch
import yaml
from interleaved import Case, options, report
from jpegs import write
from watched import Watched, watch

WORKERS = 2
BUSY, DRIVER = 90.0, 2.0  # percent
LONG, SHORT = 40, 12  # iterations of a training


def run(quick: bool, steps: int) -> tuple[Watched, int]:
    """Return one run, and how many cells it trained."""
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / "images", 100 if quick else 600, 32)
        steps = 4 if quick else steps
        declared = {
            "name": "busy",
            "dataset": {"name": "image_folder", "root": f"{folder}/images"},
            "network": {"name": "resnet20", "width": 4 if quick else 16},
            "pruning": {"criterion": "global_magnitude", "rate": 0.2},
            "training": {"steps": steps, "batch": 32, "validate_every": steps // 2},
            "schedule": {"warmup": 1, "drops": [steps - 1]},
            "grid": {"max_lr": [0.02, 0.05, 0.1, 0.2], "extend": False},
            "cycles": 1 if quick else 4,
            "replicates": 1 if quick else 2,
            "s_cyc": {"epsilon": 0.05, "delta": 0.05, "q": 1, "beta": 4.0},
            "pack": 1,
        }
        file = Path(folder) / "busy.yaml"
        file.write_text(yaml.safe_dump(declared))
        command = [sys.executable, "-m", "oracle.cli", "run", str(file), "--runs", folder]
        command += ["--workers", str(WORKERS), "--device", "cpu", "--quiet"]
        watched = watch(command, memory=False)
        return watched, _cells(Path(folder) / "busy")


def steady(quick: bool, steps: int) -> tuple[tuple[float, float, float], float]:
    """(wall, CPU of driver, CPU of workers) of a run that has its workers; cells a minute."""
    watched, cells = run(quick, steps)
    took = watched.steady(WORKERS)
    if took[0] == 0 or cells == 0:
        raise click.ClickException(json.dumps({"samples": len(watched.samples), "cells": cells}))
    return took, 60 * cells / took[0]


def _cells(folder: Path) -> int:
    """Trials in the run's storage."""
    total = 0
    for file in folder.glob("*.db"):
        with sqlite3.connect(file) as database:
            total += database.execute("SELECT count(*) FROM trials").fetchone()[0]
    return total


@click.command(help="A whole small run on 2 workers: how busy they are, what the driver costs.")
@options
@click.option("--rounds", default=3, show_default=True, help="Runs.")
def main(device: str, quick: bool, as_json: bool, rounds: int) -> None:
    """Measure and print."""
    busy: list[tuple[float, float]] = []
    shares: list[tuple[float, float]] = []
    for _ in range(1 if quick else rounds):
        (wall, _, workers), pace = steady(quick, LONG)
        busy.append((100 * workers / wall / WORKERS, BUSY))
        (wall, driver, _), often = steady(quick, SHORT)
        shares.append((DRIVER, 100 * driver / wall / WORKERS))
    cases = [
        Case("both workers busy, ours over the goal", busy, "% of wall time", {"cells/min": pace}),
        Case("driver, the goal over ours", shares, "% of 2 cores", {"cells/min": often}),
    ]
    report("whole_run", torch.device(device), cases, as_json)


if __name__ == "__main__":
    main()
