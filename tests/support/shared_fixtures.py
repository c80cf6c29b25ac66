"""Shared ground: one thread, tiny systems that train in milliseconds; databases.

`tests/conftest.py` loads it where tests are collected.
"""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import databases
import pytest
import torch
from factories import create_database, make_study, make_system
from gate import Gate
from hypothesis import settings
from threadpoolctl import threadpool_limits

from oracle.study.base import Study
from scyc.data import datasets
from scyc.data.images import Images
from scyc.specs.datasets import DigitsSpec
from scyc.specs.schedules import WarmupSpec
from scyc.specs.system import SubsetSpec, SystemSpec
from scyc.trainer import Trainer

pytest_plugins = [
    "garbage",
    "home_fixtures",
    "migration_scripts",
    "schedule_tables",
    "search_fixtures",
    "web_fixtures",
]
# The matrices are small: a second thread waits for the first, and costs a processor meanwhile.
torch.set_num_threads(1)
threadpool_limits(1)  # of what is loaded; the others are of what is loaded or started later
os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what runs in the background so, and every process of a test would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
settings.register_profile("any speed", deadline=None)
settings.load_profile("any speed")


@pytest.fixture
def gate(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Gate:
    """Holds the training of other processes until it is opened."""
    return Gate(tmp_path_factory.mktemp("gate") / "open", monkeypatch)


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


@pytest.fixture
def study() -> Callable[..., Study]:
    return make_study


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    with databases.postgresql(databases.required_programs()) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/oracle.db"
    server = request.getfixturevalue("postgresql_server")
    return create_database(server, f"t{abs(hash(request.node.nodeid))}")
