"""What the storage costs: finding a graph among many studies, reading and writing trials.

    python benchmarks/storage.py [--studies 500] [--json]

The first case is CPU time to find the Optuna studies of one graph: theirs reads them all, notes and
figures included, as Optuna lists them; ours asks for that graph's. The second is what the driver
itself does for a cell of a study of 20,000, with the database left out, against the 48 ms of CPU
that driver and storage may take. The third reads a thousand trials, as Optuna does and as a driver
or a table does. The last two are a trial with five evaluations written to SQLite: theirs by
Optuna's ``add_trial``, ours as the driver does, in CPU and in wall time.
"""

from __future__ import annotations

import json
import tempfile
import time
import warnings
from collections.abc import Callable
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

from oracle.database import RunDatabase, engine_options, sqlite_url
from oracle.database.contents.studies import studies_with
from oracle.runs import execute, prepare
from oracle.search.graph import Graph
from oracle.search.request import StudyKey
from oracle.settings import Settings
from oracle.storage.result_store import ResultStore
from oracle.storage.trial_codec import cell_trial
from oracle.study.oracle import OracleStudy
from oracle.study.validation import parse

_ALLOWED = 48.0  # ms of CPU a cell: 2 % of two cores at 50 cells a minute
_NOTE = "x" * 2000  # Optuna keeps a longer text in pieces of this size
_PIECES = 18  # of the note and figures of one study of the demo


def finding(folder: Path, studies: int, rounds: int) -> Case:
    """Return the studies of one graph among many, ten a graph."""
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
        measured = [
            each for each in storage.get_all_studies() if each.user_attrs["graph"] == "graph-0"
        ]
        assert len(measured) == min(10, studies)

    def ours() -> None:
        assert len(studies_with(storage.engine, "graph", "graph-0")) == min(10, studies)

    each = pairs(listed, ours, rounds, time.process_time, per=1)
    measured = [(1000 * theirs, 1000 * ours) for theirs, ours in each]
    return Case(f"one graph among {studies} studies", measured, "ms of CPU")


def alone(folder: Path, grid: int, replicates: int) -> Case:
    """Return the driver, with all of a study's cells answered at once and nothing written."""
    declared = parse(study("wide", grid, replicates, 1, 0), "study")
    simulation = Simulation()
    with (
        mock.patch.object(execute, "BACKENDS", MappingProxyType({"inline": simulation})),
        mock.patch.object(ResultStore, "add"),
        mock.patch.object(ResultStore, "annotate"),
    ):
        where = Settings(folder, backend="inline", device="cpu", workers=1000)
        execute.execute(prepare.prepare(declared, where))
    spent = 1000 * simulation.cpu / simulation.cells
    figures = {"cells": float(simulation.cells), "workers": float(simulation.most_out)}
    return Case("driver without its database", [(_ALLOWED, spent)], "ms of CPU a cell", figures)


def reading(folder: Path, trials: int, rounds: int) -> Case:
    """Return all results of a graph with so many, of which none was read before."""
    declared = parse(study("read", 2, 2, 1, 0), "study")
    assert isinstance(declared, OracleStudy)
    graph, key = Graph(declared.system, "0" * 64), StudyKey("oracle", 0, "0" * 64)
    url = sqlite_url(folder / "read.db")
    store = ResultStore(url)
    for each in range(trials):
        cell = graph.root(each, declared.schedule, 0.1)
        store.add(graph, "read", key, cell, answer(cell))
    (name,) = optuna.get_all_study_names(_storage(f"{folder}/read.db"))

    def theirs() -> None:
        study = optuna.load_study(study_name=name, storage=_storage(f"{folder}/read.db"))
        assert len(study.get_trials(deepcopy=False)) == trials

    def ours() -> None:
        assert len(store.results(graph)) == trials

    measured = pairs(theirs, ours, rounds, time.process_time, per=1)
    store.close()
    return Case(
        f"reading {trials} trials", [(1000 * a, 1000 * b) for a, b in measured], "ms of CPU"
    )


def writing(folder: Path, trials: int, rounds: int, clock: Callable[[], float], unit: str) -> Case:
    """Time a trial written to SQLite: as Optuna writes it, and as the driver, under its lease."""
    declared = parse(study("written", 2, 2, 1, 0), "study")
    assert isinstance(declared, OracleStudy)
    graph, key = Graph(declared.system, "0" * 64), StudyKey("oracle", 0, "0" * 64)
    cells = [graph.root(each, declared.schedule, 0.1) for each in range(trials)]
    theirs = optuna.create_study(storage=_storage(f"{folder}/{unit[:2]}theirs.db"))
    url = sqlite_url(folder / f"{unit[:2]}ours.db")
    store, ledger = ResultStore(url), RunDatabase(url)

    def optunas() -> None:
        for cell in cells:
            theirs.add_trial(cell_trial(key, cell, answer(cell), None))

    with ledger.lease(graph.id, click.echo) as lease:

        def ours() -> None:
            for cell in cells:
                store.add(graph, "written", key, cell, answer(cell), lease.claim)

        each = pairs(optunas, ours, rounds, clock, trials)
    store.close()
    ledger.close()
    return Case(f"a trial into SQLite, {unit}", [(1000 * a, 1000 * b) for a, b in each], unit)


def _storage(file: str) -> optuna.storages.RDBStorage:
    url = sqlite_url(Path(file))
    return optuna.storages.RDBStorage(str(url), engine_kwargs=engine_options(url))


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
        cases.append(reading(folder, 20 if quick else 1000, 1 if quick else 5))
        trials, rounds = (5, 1) if quick else (100, 5)
        for clock, unit in ((time.process_time, "ms of CPU"), (time.perf_counter, "ms of wall")):
            cases.append(writing(folder, trials, rounds, clock, unit))
    report("storage", torch.device(device), cases, as_json)


if __name__ == "__main__":
    main()
