"""One study over the nodes of a Ray cluster and a PostgreSQL: the table of one process."""

import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml

from oracle.study import Study

Make = Callable[..., Study]
STUDY_CHANGES: dict[str, Any] = {
    "network": {"factory": "node_networks:small"},
    "training": {"steps": 200, "batch": 16, "validate_every": 100},
    "grid": {"max_lr": [0.05, 0.1, 0.2], "extend": False},
    "cycles": 1,
    "replicates": 3,
    "pack": 1,
}
RUN = ("run", "tiny.yaml", "--workers", "2", "--device", "cpu", "--quiet")
TABLE = ("table", "tiny", "--format", "json")
NETWORK = """
import os
from pathlib import Path
from torch import nn

def small(shape, classes):
    with Path(__file__).with_name("built").open("a") as file:
        file.write(f"{os.getpid()}\\n")
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, classes))
"""


def _nodes_module() -> Any:
    path = Path(__file__).with_name("ray_nodes.py")
    spec = importlib.util.spec_from_file_location("ray_nodes", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["ray_nodes"] = module
    spec.loader.exec_module(module)
    return module


ray_nodes = _nodes_module()


@pytest.fixture
def database(postgresql_server: str, tmp_path: Path) -> Path:
    """A file with the URL of an empty PostgreSQL database, as a secret is given to a container."""
    url = sa.make_url(postgresql_server)
    name = f"cluster{abs(hash(str(tmp_path)))}"
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    engine.dispose()
    file = tmp_path / "storage-url"
    file.write_text(url.set(database=name).render_as_string(hide_password=False) + "\n")
    return file


@pytest.fixture
def place(study: Make, tmp_path: Path) -> Path:
    """A folder with a study whose network tells which processes built it."""
    folder = tmp_path / "shared"
    folder.mkdir()
    (folder / "node_networks.py").write_text(NETWORK)
    sys.path.insert(0, str(folder))
    try:
        content = study(**STUDY_CHANGES).model_dump(mode="json", exclude_defaults=True)
    finally:
        sys.path.remove(str(folder))
    (folder / "tiny.yaml").write_text(yaml.safe_dump(content))
    return folder


def oracle(place: Path, environment: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "oracle.cli", *arguments],
        cwd=place, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def said(process: subprocess.Popen[str]) -> str:
    output, trouble = process.communicate(timeout=240)
    assert process.returncode == 0, trouble
    return output


def findings(table: str) -> Any:
    """A table without times."""
    found = json.loads(table)
    for cost in found["cost"].values():
        del cost["seconds"]
    return found


def of_one_process(place: Path, environment: dict[str, str]) -> Any:
    """The study's findings on SQLite, without Ray."""
    apart = ("--runs", "apart")
    environment = {name: value for name, value in environment.items() if "ORACLE" not in name}
    said(oracle(place, environment, "run", "tiny.yaml", "--backend", "inline", "--quiet", *apart))
    return findings(said(oracle(place, environment, "table", "tiny", "--format", "json", *apart)))


def trained(place: Path, nodes: list[Any]) -> list[bool]:
    """Whether each node has built the study's network."""
    file = place / "built"
    built = {int(pid) for pid in file.read_text().split()} if file.exists() else set()
    return [bool(built & node.processes()) for node in nodes]


def cells(url: str) -> int:
    """How many trainings are finished in a database."""
    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:
            if not sa.inspect(connection).has_table("trials"):
                return 0
            ended = sa.text("SELECT count(*) FROM trials WHERE state = 'COMPLETE'")
            return int(connection.execute(ended).scalar_one())
    finally:
        engine.dispose()


def on_cluster(place: Path, nodes: Any, database: Path) -> dict[str, str]:
    """The environment of a program beside a cluster and its database."""
    return nodes.environment | {
        "RAY_ADDRESS": nodes.address,
        "ORACLE_STORAGE_FILE": str(database),
        "ORACLE_RUNS": str(place / "runs"),
    }


def until(condition: Callable[[], bool], program: subprocess.Popen[str]) -> None:
    """Wait for something that happens while a program runs."""
    patience = time.monotonic() + 120
    while not condition():
        assert program.poll() is None, said(program)
        assert time.monotonic() < patience
        time.sleep(0.1)


@pytest.mark.ray
def test_two_nodes_and_postgresql_find_what_one_process_finds(place: Path, database: Path) -> None:
    with ray_nodes.cluster(2) as nodes:
        environment = on_cluster(place, nodes, database)
        said(oracle(place, environment, "migrate"))
        running = oracle(place, environment, *RUN)
        until(lambda: all(trained(place, nodes.nodes)), running)
        said(running)
        by_two = findings(said(oracle(place, environment, *TABLE)))
    assert by_two["complete"]
    assert by_two == of_one_process(place, environment)
    apart = cells(f"sqlite:///{place}/apart/tiny/oracle.db")
    assert cells(database.read_text().strip()) == apart > 0


@pytest.mark.ray
@pytest.mark.slow
def test_a_node_that_dies_costs_no_result(place: Path, database: Path) -> None:
    with ray_nodes.cluster(2) as nodes:
        environment = on_cluster(place, nodes, database)
        running = oracle(place, environment, *RUN)
        url = database.read_text().strip()
        until(lambda: all(trained(place, nodes.nodes)) and cells(url) >= 4, running)
        nodes.nodes[0].kill()
        before = cells(url)
        said(running)
        by_one = findings(said(oracle(place, environment, *TABLE)))
    assert by_one["complete"]
    assert by_one == of_one_process(place, environment)
    apart = cells(f"sqlite:///{place}/apart/tiny/oracle.db")
    assert before < cells(url) == apart


@pytest.mark.ray
@pytest.mark.slow
def test_a_program_without_the_token_gets_nowhere(place: Path, database: Path) -> None:
    with ray_nodes.cluster(1) as nodes:
        environment = on_cluster(place, nodes, database)
        other = place / "other-token"
        other.write_text("0" * 64)
        environment["RAY_AUTH_TOKEN_PATH"] = str(other)
        running = oracle(place, environment, *RUN)
        _, trouble = running.communicate(timeout=240)
    assert running.returncode == 1
    assert "token" in trouble
    assert cells(database.read_text().strip()) == 0
