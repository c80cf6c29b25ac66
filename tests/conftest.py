"""Shared ground: one thread, tiny systems that train in milliseconds; databases."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import databases
import pytest
import sqlalchemy as sa
import torch

from oracle.study.base import Study
from oracle.study.validation import parse
from scyc.data import datasets
from scyc.data.images import Images
from scyc.specs.choices import DigitsSpec, FullyConnectedSpec
from scyc.specs.schedules import WarmupSpec
from scyc.specs.system import PruningSpec, SplitSpec, SubsetSpec, SystemSpec, TrainingSpec
from scyc.trainer import Trainer

pytest_plugins = ["search_fixtures", "web_fixtures"]
torch.set_num_threads(1)
HERE = Path(__file__).parent
LONG = ("torture", "integration", "security", "oracle")  # folders whose modules take longest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let long modules begin first, so that the last of them does not keep one worker alone."""
    folders = {name: index for index, name in enumerate(LONG)}
    items.sort(key=lambda item: folders.get(item.path.relative_to(HERE).parts[0], len(LONG)))


@pytest.fixture(scope="session")
def digits() -> Images:
    """A stratified fifth of the handwritten digits: 360 images of 1 x 8 x 8."""
    return datasets.load(DigitsSpec(name="digits"), SubsetSpec(share=0.2))


@pytest.fixture(scope="session")
def colours() -> Images:
    """Random colour images: 90 of 3 x 8 x 8, 3 classes."""
    generator = torch.Generator().manual_seed(1)
    pixels = torch.randint(256, (90, 3, 8, 8), generator=generator, dtype=torch.uint8)
    labels = torch.arange(90) % 3
    return Images(pixels, labels, ("a", "b", "c"), "0" * 64)


def make_system(**changes: Any) -> SystemSpec:
    """A small system; keyword arguments change its training, or `network`, `pruning`, `seed`."""
    network = changes.pop("network", FullyConnectedSpec(name="fully_connected", hidden=(24, 24)))
    pruning = changes.pop("pruning", PruningSpec())
    seed = changes.pop("seed", 0)
    record = changes.pop("record", None)
    training: dict[str, Any] = {
        "steps": 12,
        "batch": 16,
        "validate_every": 5,
    }
    return SystemSpec(
        network=network,
        pruning=pruning,
        training=TrainingSpec(**(training | changes)),
        split=SplitSpec(),
        seed=seed,
        record=record,
    )


@pytest.fixture
def schedule() -> WarmupSpec:
    """LR warm-up for the 12 iterations of the small systems."""
    return WarmupSpec(warmup=3, drops=(8, 10))


@pytest.fixture
def system() -> Callable[..., SystemSpec]:
    return make_system


@pytest.fixture
def trainer(digits: Images) -> Callable[..., Trainer]:
    return lambda **changes: Trainer(make_system(**changes), digits)


STUDY: dict[str, Any] = {
    "name": "tiny",
    "dataset": "digits",
    "subset": 0.2,
    "network": {"name": "fully_connected", "hidden": [16]},
    "pruning": {"rewind": "init"},
    "training": {
        "steps": 12,
        "batch": 16,
        "validate_every": 6,
    },
    "schedule": {"warmup": 3, "drops": [8]},
    "grid": {"max_lr": [0.05, 0.1, 0.2]},
    "cycles": 2,
    "replicates": 2,
    "s_cyc": {"epsilon": 0.1, "delta": 0.1, "q": 0, "beta": 3.0},
    "pack": 4,
}


def make_study(**changes: Any) -> Study:
    """The tiny study with fields changed."""
    return parse(STUDY | changes, "tiny.yaml")


@pytest.fixture
def study() -> Callable[..., Study]:
    return make_study


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    programs = databases.programs()
    if programs is None:
        told = "PostgreSQL's programs are not installed"
        pytest.fail(told) if "CI" in os.environ else pytest.skip(told)
    with databases.postgresql(programs) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/oracle.db"
    url = sa.make_url(request.getfixturevalue("postgresql_server"))
    name = f"t{abs(hash(request.node.nodeid))}"
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return url.set(database=name).render_as_string(hide_password=False)
