"""Make what many tests need: the tiny study, small systems, results, databases."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable
from typing import Any

import sqlalchemy as sa

from oracle.search.graph import Cell, CellResult
from oracle.search.request import Search
from oracle.study.base import Study
from oracle.study.validation import parse
from scyc.specs.networks import FullyConnectedSpec
from scyc.specs.system import PruningSpec, SplitSpec, SystemSpec, TrainingSpec


def tiny_content(without: Collection[str] = (), **changes: Any) -> dict[str, Any]:
    """Return the tiny study as YAML declares it: 12 iterations of 16 images, 2 pruning cycles.

    Args:
        without: fields to leave out.
        changes: fields to replace or to add.
    """
    content: dict[str, Any] = {
        "name": "tiny",
        "dataset": "digits",
        "subset": 0.2,
        "network": {"name": "fully_connected", "hidden": [16]},
        "pruning": {"rewind": "init"},
        "training": {"steps": 12, "batch": 16, "validate_every": 6},
        "schedule": {"warmup": 3, "drops": [8]},
        "grid": {"max_lr": [0.05, 0.1, 0.2]},
        "cycles": 2,
        "replicates": 2,
        "s_cyc": {"epsilon": 0.1, "delta": 0.1, "q": 0, "beta": 3.0},
        "pack": 4,
    }
    return {key: value for key, value in content.items() if key not in without} | changes


def make_study(**changes: Any) -> Study:
    """Return the tiny study with fields changed."""
    return parse(tiny_content(**changes), "tiny.yaml")


def make_system(**changes: Any) -> SystemSpec:
    """Return a small system.

    Args:
        changes: fields of its training, or `network`, `pruning`, `seed`, `record`.
    """
    network = changes.pop("network", FullyConnectedSpec(name="fully_connected", hidden=(24, 24)))
    pruning = changes.pop("pruning", PruningSpec())
    seed = changes.pop("seed", 0)
    record = changes.pop("record", None)
    training: dict[str, Any] = {"steps": 12, "batch": 16, "validate_every": 5}
    return SystemSpec(
        network=network,
        pruning=pruning,
        training=TrainingSpec(**(training | changes)),
        split=SplitSpec(),
        seed=seed,
        record=record,
    )


def answer_searches(searches: Iterable[Search], answered: Callable[[Cell], CellResult]) -> None:
    """Run searches to their end, one after another, with the result that each cell is given."""
    for search in searches:
        with contextlib.suppress(StopIteration):
            request = next(search)
            while True:
                request = search.send({cell.id: answered(cell) for cell in request.cells})


def cell_result(cell: Cell, accuracy: float | None) -> CellResult:
    """Return a finished cell's result.

    Args:
        accuracy: on the validation and the test images, in percent; None where it diverged.
    """
    return CellResult(
        cell=cell.id,
        curve=((10, accuracy or 0.0),),
        val_accuracy=accuracy or 0.0,
        test_accuracy=accuracy or 0.0,
        diverged=accuracy is None,
        weights_remaining=100 * 0.8**cell.cycle,
        steps=10,
        seconds=1.0,
        checkpoint=None if accuracy is None else cell.id,
        device="cpu",
    )


def create_database(server: str, name: str) -> str:
    """Create a PostgreSQL database on a server; returns its URL, password included."""
    url = sa.make_url(server)
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE {name}"))
    finally:
        engine.dispose()
    return url.set(database=name).render_as_string(hide_password=False)
