"""What the storage costs: finding a graph among hundreds of studies, a trial through a proxy.

    python benchmarks/storage.py [--studies 500] [--json]

The first case is CPU time to find the Optuna studies of one graph: theirs reads them all, notes and
figures included, as Optuna lists them; ours asks for that graph's. The second is what the driver
itself does for a cell of a study of 20,000, with the database left out, against the 48 ms of CPU
that driver and storage may take. The third, where grpcio is installed, is a driver's CPU for one
trial written to the database, against one sent to Optuna's gRPC storage proxy.
"""

from __future__ import annotations

import importlib.util
import json
import multiprocessing
import socket
import tempfile
import time
import warnings
from pathlib import Path
from types import MappingProxyType
from unittest import mock

import click
import optuna
import sqlalchemy as sa
import torch
from interleaved import Case, options, pairs, report
from scale import study
from simulated import Simulation, answer

from oracle import runs
from oracle.asks import Place
from oracle.cells import Graph
from oracle.ledger import engine_options, sqlite_url
from oracle.ledger.optuna_studies import studies_with
from oracle.parse import parse
from oracle.settings import Settings
from oracle.spec import OracleStudy
from oracle.store import ResultStore, _trial

_ALLOWED = 48.0  # ms of CPU a cell: 2 % of two cores at 50 cells a minute
_NOTE = "x" * 2000  # Optuna keeps a longer text in pieces of this size
_PIECES = 18  # of the note and figures of one study of the demo


def finding(folder: Path, studies: int, rounds: int) -> Case:
    """The studies of one graph among many, ten a graph."""
    storage = optuna.storages.RDBStorage(f"sqlite:///{folder}/many.db")
    for each in range(studies):
        made = optuna.create_study(storage=storage, study_name=f"study-{each}")
        made.set_user_attr("graph", f"graph-{each // 10}")
    cards = "INSERT INTO study_system_attributes (study_id, key, value_json)"
    cards += " SELECT study_id, :key, :value FROM studies"
    with storage.engine.begin() as connection:
        for piece in range(_PIECES):
            values = {"key": f"card:{piece}", "value": json.dumps(_NOTE)}
            connection.execute(sa.text(cards), values)

    def listed() -> None:
        found = [
            each for each in storage.get_all_studies() if each.user_attrs["graph"] == "graph-0"
        ]
        assert len(found) == min(10, studies)

    def asked() -> None:
        assert len(studies_with(storage.engine, "graph", "graph-0")) == min(10, studies)

    each = pairs(listed, asked, rounds, time.process_time, per=1)
    found = [(1000 * theirs, 1000 * ours) for theirs, ours in each]
    return Case(f"one graph among {studies} studies", found, "ms of CPU")


def alone(folder: Path, grid: int, replicates: int) -> Case:
    """The driver, with all of a study's cells answered at once and nothing written."""
    declared = parse(study("wide", grid, replicates, 1, 0), "study")
    simulation = Simulation()
    with (
        mock.patch.object(runs, "BACKENDS", MappingProxyType({"inline": simulation})),
        mock.patch.object(ResultStore, "add"),
        mock.patch.object(ResultStore, "annotate"),
    ):
        where = Settings(folder, backend="inline", device="cpu", workers=1000)
        runs.execute(runs.prepare(declared, where))
    spent = 1000 * simulation.cpu / simulation.cells
    figures = {"cells": float(simulation.cells), "workers": float(simulation.most_out)}
    return Case("driver without its database", [(_ALLOWED, spent)], "ms of CPU a cell", figures)


def proxy(folder: Path, trials: int, rounds: int) -> Case:
    """A driver's CPU for a trial: into SQLite, and to a proxy that writes it into SQLite."""
    declared = parse(study("proxied", 2, 2, 1, 0), "study")
    assert isinstance(declared, OracleStudy)
    graph, place = Graph(declared.system, "0" * 64), Place("oracle", 0, "0" * 64)
    cells = [graph.root(each, declared.schedule, 0.1) for each in range(trials)]
    many = [_trial(place, cell, answer(cell)) for cell in cells]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    context = multiprocessing.get_context("spawn")
    server = context.Process(target=_serve, args=(f"{folder}/proxied.db", port), daemon=True)
    server.start()
    far = optuna.storages.GrpcStorageProxy(host="127.0.0.1", port=port)
    far.wait_server_ready(timeout=60)
    near = _storage(f"{folder}/direct.db")
    studies = [optuna.create_study(storage=each, study_name="one") for each in (near, far)]

    def all_to(study: optuna.Study) -> None:
        for trial in many:
            study.add_trial(trial)

    each = pairs(
        lambda: all_to(studies[0]), lambda: all_to(studies[1]), rounds, time.process_time, trials
    )
    server.kill()
    found = [(1000 * theirs, 1000 * ours) for theirs, ours in each]
    return Case("a trial through a proxy", found, "ms of the driver's CPU")


def _storage(file: str) -> optuna.storages.RDBStorage:
    url = sqlite_url(Path(file))
    return optuna.storages.RDBStorage(str(url), engine_kwargs=engine_options(url))


def _serve(file: str, port: int) -> None:
    warnings.simplefilter("ignore")
    optuna.storages.run_grpc_proxy_server(_storage(file), host="127.0.0.1", port=port)


@click.command(help="What the storage costs.")
@options
@click.option("--studies", default=500, show_default=True)
def main(device: str, quick: bool, as_json: bool, studies: int) -> None:
    """Measure and print."""
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        cases = [
            finding(folder, 20 if quick else studies, 2 if quick else 5),
            alone(folder, 10 if quick else 250, 4 if quick else 40),
        ]
        if importlib.util.find_spec("grpc") is not None:
            cases.append(proxy(folder, 5 if quick else 100, 1 if quick else 3))
    report("storage", torch.device(device), cases, as_json)


if __name__ == "__main__":
    main()
