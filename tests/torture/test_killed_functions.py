"""The text example, killed again and again, and over HTTP: the table of a run left alone."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from faults import matrix, processes
from faults.drivers import Victim, until
from faults.matrix import Site
from optuna_trials import COUNT

import oracle

EXAMPLES = Path(__file__).parents[2] / "examples"
PATIENCE = 600.0  # seconds for an event
KILLS = ("driver", "worker", "driver", "worker", "driver")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    new_site = Site(Victim(tmp_path / "runs"), environment={"PYTHONWARNINGS": "ignore"})
    yield new_site
    new_site.end()


def started(site: Site, folder: Path) -> "subprocess.Popen[bytes]":
    """The example as a user runs it, on two of Ray's workers."""
    with (site.folder / "output").open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, str(EXAMPLES / "text_classifier.py"), str(folder)],
            env=os.environ | dict(site.environment) | site.variables,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    site.started.append(process)
    return process


def finished(folder: Path) -> int:
    """Training runs that the storage has."""
    file = folder / "_oracle" / "oracle.db"
    if not file.is_file():
        return 0
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=120)) as database:
            return int(database.execute(COUNT).fetchone()[0])
    except sqlite3.OperationalError:  # its tables are being made
        return 0


def reach(moment: int, folder: Path, process: "subprocess.Popen[bytes]") -> None:
    """Wait until the storage has so many training runs, or the process has ended."""
    until(lambda: process.poll() is not None or finished(folder) >= moment, PATIENCE)


def table(folder: Path) -> dict[str, Any]:
    """The run's table without its id and what it cost in time."""
    run = oracle.load_run("text", runs=folder)
    assert run.state == "done"
    read_table: dict[str, Any] = json.loads(json.dumps(run.table))
    for cost in read_table["cost"].values():
        del cost["seconds"]
    del read_table["run_id"]
    return read_table


@pytest.mark.slow
@pytest.mark.ray
def test_the_text_example_killed_at_five_moments_has_the_table_of_a_run_left_alone(
    site: Site, tmp_path: Path
) -> None:
    """Drivers and workers in turn, each when so many training runs are in the storage."""
    alone, hurt = tmp_path / "alone", tmp_path / "hurt"
    assert started(site, alone).wait(PATIENCE) == 0, site.output
    whole = finished(alone)
    generator = random.Random(18)
    moments = sorted(generator.sample(range(1, whole - 4), len(KILLS)))
    process = started(site, hurt)
    for who, moment in zip(KILLS, moments, strict=True):
        reach(moment, hurt, process)
        assert process.poll() is None, site.output
        if who == "worker":
            processes.kill({matrix.worker(site, -1)})
            continue
        process.kill()
        process.wait()
        process = started(site, hurt)
    assert process.wait(PATIENCE) == 0, site.output
    assert table(hurt) == table(alone)
    assert finished(hurt) == whole == len(oracle.load_run("text", runs=hurt).to_dataframe())
    assert site.left() == []


@pytest.mark.slow
@pytest.mark.ray
def test_the_text_example_over_http_has_the_same_table(site: Site, tmp_path: Path) -> None:
    """Its function is listed; a server that lists none refuses it."""
    alone, served = tmp_path / "alone", site.victim.runs_folder
    assert started(site, alone).wait(PATIENCE) == 0, site.output
    study = {
        "name": "text",
        "trainer": "text",
        "metric": {"name": "perplexity", "mode": "min"},
        "tolerance": 0.05,
        "training": {"steps": 40},
        "schedule": {"warmup": 5, "drops": [30]},
        "grid": {"kind": "log", "low": 0.01, "high": 3.0, "count": 6, "extend": False},
        "cycles": 3,
        "replicates": 2,
        "s_cyc": {"epsilon": 0.1, "delta": 0.3, "q": 1, "beta": 3.0},
    }
    (site.folder / "text.yaml").write_text(json.dumps(study))
    server, address = serving(site, "--allow", "text=text_classifier:train")
    submitted = site.command("submit", "text.yaml", "--server", address, "--wait")
    assert submitted.wait(PATIENCE) == 0, site.output
    assert table(served) == table(alone)
    server.send_signal(signal.SIGTERM)
    assert server.wait(120) == 0, site.output
    server, address = serving(site)
    refused = site.command("submit", "text.yaml", "--server", address)
    assert refused.wait(PATIENCE) == 2
    assert "trainer" in site.output
    server.send_signal(signal.SIGTERM)
    assert server.wait(120) == 0, site.output


def serving(site: Site, *options: str) -> "tuple[subprocess.Popen[bytes], str]":
    """`oracle serve` that can import the examples, and its address once it listens."""
    before = len(site.output)
    where = ("--runs", str(site.victim.runs_folder), "--workers", "2", "--device", "cpu")
    paths = os.pathsep.join((str(EXAMPLES), site.variables["PYTHONPATH"]))
    with (site.folder / "output").open("ab") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "oracle.cli", "serve", "--port", "0", *where, *options],
            cwd=site.folder,
            env=os.environ | site.variables | {"PYTHONPATH": paths},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    site.started.append(server)

    def address() -> str:
        assert server.poll() is None, site.output
        lines = site.output[before:].splitlines()
        return next((line.strip() for line in lines if line.startswith("http")), "")

    until(lambda: address() != "", PATIENCE)
    return server, address()
