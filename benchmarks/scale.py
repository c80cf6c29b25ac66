"""A thousand workers that need no time: what driver, database, queue and pages make of them.

    python benchmarks/scale.py [--cells 50000] [--jobs 100] [--workers 1000] [--running 4]
                               [--storage sqlite|postgresql|URL] [--quick] [--json]

A real `oracle serve`, its scheduler and its drivers, each in a process of its own; only the
training runs are made up (`simulated.py`), by a known curve, and in the order in which so many
workers would finish them. All jobs are submitted over HTTP and run in packs of one cell, the
dearest way.
While they run and when they are done every page and every answer is timed, and at last those of a
database with hundreds of Optuna studies, and of a run with 5,000 trials in one.

Theirs is what is allowed: 48 ms of a driver's CPU a cell (2 % of two cores at 50 cells a minute),
a second for an answer. Ours is what it took.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import sqlalchemy as sa
import torch
from interleaved import Case, options, report
from serving import Server, database, serving, wait
from simulated import FOLDER

_CPU = 48.0  # ms that a cell may cost its driver
_PATIENCE = 1000.0  # ms that an answer may take
_REPLICATES = 10
_COMMAND = (sys.executable, str(Path(__file__).with_name("simulated.py")))


@dataclass(frozen=True)
class Size:
    """The size of the load."""

    cells: int
    jobs: int
    workers: int
    running: int
    long: int  # cycles of a run with as many Optuna studies
    wide: int  # trials of one Optuna study


def study(name: str, grid: int, replicates: int, cycles: int, seed: int) -> dict[str, Any]:
    """Return a study on a small network, whose seed gives it cells of its own."""
    return {
        "name": name,
        "dataset": "digits",
        "subset": 0.2,
        "network": {"name": "fully_connected", "hidden": [16]},
        "training": {"steps": 200, "batch": 16, "validate_every": 40},
        "schedule": {"warmup": 30, "drops": [150]},
        "grid": {"kind": "log", "low": 0.01, "high": 0.4, "count": grid, "extend": False},
        "cycles": cycles,
        "replicates": replicates,
        "s_cyc": {"epsilon": 0.05, "delta": 0.05, "q": 0, "beta": 3.0},
        "pack": 1,
        "seed": seed,
    }


def studies(size: Size) -> list[dict[str, Any]]:
    """Make one a job: two cycles of the oracle and S-Cyc's, together as many cells as each has."""
    grid = max(2, round(size.cells / size.jobs / 2 / _REPLICATES) - 1)
    return [study(f"job-{each}", grid, _REPLICATES, 1, each) for each in range(size.jobs)]


def answers(job: str) -> Mapping[str, str]:
    """Return what is timed of a job, by kind."""
    return {
        "jobs": "/v1/jobs?limit=50",
        "job": f"/v1/jobs/{job}",
        "runs": "/v1/runs",
        "table": f"/v1/runs/{job}/table?format=json",
        "region": f"/v1/runs/{job}/cycles/1/region",
        "metrics": "/metrics",
        "page of jobs": "/",
        "page of a job": f"/jobs/{job}",
        "figure": f"/v1/runs/{job}/figure?format=json",
        "dashboard's studies": "/api/studies",
    }


def timed(server: Server, paths: Mapping[str, str], rounds: int) -> dict[str, list[float]]:
    """Time each in milliseconds, the first one cold. Raises where one is not answered with 200."""
    measured: dict[str, list[float]] = {}
    for kind, path in paths.items():
        for _ in range(rounds):
            start = time.perf_counter()
            status, body, _ = server.ask(path)
            measured.setdefault(kind, []).append(1000 * (time.perf_counter() - start))
            if status != 200:
                raise click.ClickException(f"{path} answered {status}: {body.decode()[:300]}")
    return measured


def pages(
    name: str, times: Mapping[str, Sequence[float]], database: Mapping[str, float] | None = None
) -> list[Case]:
    """Return each kind's median against what is allowed, and the first and the slowest."""
    return [
        Case(
            f"{name}: {kind}",
            [(_PATIENCE, statistics.median(took))],
            "ms",
            {"first ms": took[0], "max ms": max(took), **(database or {} if number == 0 else {})},
        )
        for number, (kind, took) in enumerate(times.items())
    ]


def run_all(server: Server, url: str, size: Size, spent: Path, limit: float) -> list[Case]:
    """Submit every job, watch them run, and tell what it took."""
    submitting = []
    start, cpu = time.monotonic(), server.cpu()
    ids = []
    for each in studies(size):
        began = time.perf_counter()
        ids.append(server.submit(each))
        submitting.append(1000 * (time.perf_counter() - began))
    meanwhile: dict[str, list[float]] = {}
    paths = {
        kind: path
        for kind, path in answers(ids[0]).items()
        if kind in ("jobs", "job", "metrics", "page of jobs")
    }
    while _unfinished(server):
        if time.monotonic() - start > limit:
            raise click.ClickException(f"the jobs took over {limit:.0f} s")
        for kind, took in timed(server, paths, 1).items():
            meanwhile.setdefault(kind, []).extend(took)
        time.sleep(2.0)
    wall, cpu = time.monotonic() - start, server.cpu() - cpu
    drivers = [json.loads(file.read_text()) for file in sorted(spent.glob("job-*.json"))]
    cells = sum(each["cells"] for each in drivers)
    if len(drivers) != size.jobs:
        raise click.ClickException(f"{len(drivers)} of {size.jobs} jobs have run")
    figures = {
        "cells": cells,
        "jobs": size.jobs,
        "cells a second": cells / wall,
        "cells a second of one driver": cells / sum(each["wall"] for each in drivers),
        "most workers busy in a driver": max(each["most_out"] for each in drivers),
        "drivers at once": size.running,
        "s of CPU for start and end of a job": statistics.median(
            each["whole_cpu"] - each["cpu"] for each in drivers
        ),
        "server's ms of CPU a cell": 1000 * cpu / cells,
        "seconds": wall,
        **filled(url),
    }
    each_cell = 1000 * sum(each["cpu"] for each in drivers) / cells
    return [
        Case("driver", [(_CPU, each_cell)], "ms of CPU a cell", figures),
        *pages("submitting", {"a job": submitting}),
        *pages("while they run", meanwhile),
    ]


def _unfinished(server: Server) -> bool:
    failed = server.json("/v1/jobs?state=failed&limit=1")["items"]
    if failed:
        raise click.ClickException(f"{failed[0]['id']} failed: {failed[0]['message']}")
    return any(
        server.json(f"/v1/jobs?state={each}&limit=1")["items"] for each in ("queued", "running")
    )


def filled(url: str) -> dict[str, float]:
    """Return how large a database is, and what of Optuna's is in it."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:

        def count(what: str) -> float:
            return float(connection.execute(sa.text(f"SELECT {what}")).scalar_one())

        measured = {
            "Optuna studies": count("count(*) FROM studies"),
            "trials": count("count(*) FROM trials"),
        }
        if engine.dialect.name == "postgresql":
            size = count("pg_database_size(current_database())")
        else:
            size = float(Path(str(engine.url.database)).stat().st_size)
    engine.dispose()
    return measured | {"MB": size / 1e6, "kB a trial": size / 1e3 / measured["trials"]}


@click.command(help="A thousand workers that need no time.")
@options
@click.option("--cells", default=50_000, show_default=True)
@click.option("--jobs", default=100, show_default=True)
@click.option("--workers", default=1000, show_default=True, help="Of all drivers together.")
@click.option("--running", default=4, show_default=True, help="Drivers at once.")
@click.option("--long", default=200, show_default=True, help="Optuna studies of one run.")
@click.option("--wide", default=5000, show_default=True, help="Trials of one Optuna study.")
@click.option("--storage", default="sqlite", help="sqlite, postgresql, or an empty one's URL.")
@click.option("--limit", default=3600.0, show_default=True, help="Seconds that the jobs may take.")
def main(
    device: str,
    quick: bool,
    as_json: bool,
    cells: int,
    jobs: int,
    workers: int,
    running: int,
    long: int,
    wide: int,
    storage: str,
    limit: float,
) -> None:
    """Measure and print."""
    size = Size(cells, jobs, workers, running, long, wide)
    if quick:
        size = Size(min(cells, 160), min(jobs, 4), min(workers, 40), min(running, 2), 6, 60)
    with (
        tempfile.TemporaryDirectory() as scratch,
        database(storage, Path(scratch)) as url,
    ):
        spent = Path(scratch) / "spent"
        spent.mkdir()
        each = str(max(1, size.workers // size.running))
        more = ("--workers", each, "--running", str(size.running), "--rate", "1000000")
        with serving(
            Path(scratch), url, command=_COMMAND, options=more, environment={FOLDER: str(spent)}
        ) as server:
            cases = run_all(server, url, size, spent, limit)
            some = server.json("/v1/jobs?state=done&limit=1")["items"][0]["id"]
            longest = server.submit(study("long", 2, 1, size.long - 1, 1_000_001))
            widest = server.submit(study("wide", size.wide // 20, 20, 1, 1_000_002))
            wait(lambda: not _unfinished(server), "the largest jobs do not end", limit)
            largest = filled(url)
            rounds = 3 if quick else 10
            for name, job in (
                ("afterwards", some),
                ("many studies", longest),
                ("many trials", widest),
            ):
                cases += pages(name, timed(server, answers(job), rounds), largest)
    report("scale", torch.device(device), cases, as_json)


if __name__ == "__main__":
    main()
