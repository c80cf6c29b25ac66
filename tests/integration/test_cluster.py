"""One study over the nodes of a Ray cluster and a PostgreSQL: the table of one process."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import ray_nodes
import sqlalchemy as sa
import yaml
from click.testing import CliRunner
from factories import create_database
from optuna_trials import COUNT

from oracle.cli import main
from oracle.runs import catalog, execute, prepare
from oracle.settings import Settings
from oracle.study.base import Study
from oracle.study.validation import parse

Make = Callable[..., Study]
CHANGES: dict[str, Any] = {
    "network": {"factory": "node_networks:small"},
    "grid": {"max_lr": [0.05, 0.1, 0.2], "extend": False},
    "cycles": 1,
    "replicates": 3,
    "pack": 1,
}
# On a worker it waits until the others are there, so that each node trains.
NETWORK = """
import time
from pathlib import Path
import ray
from torch import nn

def small(shape, classes):
    if ray.is_initialized():
        file = Path(__file__).with_name("nodes")
        with file.open("a") as lines:
            lines.write(f"{ray.util.get_node_ip_address()}\\n")
        patience = time.monotonic() + 240
        wanted = int(Path(__file__).with_name("wanted").read_text())
        while len(set(file.read_text().split())) < wanted and time.monotonic() < patience:
            time.sleep(0.05)
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, classes))
"""


@pytest.fixture
def database(postgresql_server: str, tmp_path: Path) -> Path:
    """A file with the URL of an empty PostgreSQL database, as a secret is given to a container."""
    url = create_database(postgresql_server, f"cluster{abs(hash(str(tmp_path)))}")
    file = tmp_path / "storage-url"
    file.write_text(url + "\n")
    return file


@pytest.fixture
def shared(
    study: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Path:
    """A folder that all nodes share, with a study whose network records its nodes."""
    steps = 300 if request.node.get_closest_marker("slow") else 60
    folder = tmp_path / "shared"
    folder.mkdir()
    (folder / "node_networks.py").write_text(NETWORK)
    (folder / "wanted").write_text("2")  # nodes
    monkeypatch.syspath_prepend(str(folder))
    training = {"steps": steps, "batch": 16, "validate_every": steps // 3}
    content = study(**CHANGES, training=training).model_dump(mode="json", exclude_defaults=True)
    (folder / "tiny.yaml").write_text(yaml.safe_dump(content))
    return folder


def started(shared: Path, cluster: Any, database: Path, **changed: str) -> subprocess.Popen[str]:
    """`oracle run`, with a cluster."""
    workers = (shared / "wanted").read_text()
    command = [sys.executable, "-m", "oracle.cli", "run", "tiny.yaml", "--workers", workers]
    environment = cluster.environment | {
        "RAY_ADDRESS": cluster.address,
        "ORACLE_STORAGE_FILE": str(database),
        "ORACLE_RUNS": str(shared / "runs"),
    }
    return subprocess.Popen(
        [*command, "--device", "cpu", "--quiet"], cwd=shared, env=environment | changed, text=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip


def ended(program: subprocess.Popen[str]) -> str:
    """What a program complains of by its end; it has succeeded."""
    _, trouble = program.communicate(timeout=240)
    assert program.returncode == 0, trouble
    return trouble


def until(condition: Callable[[], bool], program: subprocess.Popen[str]) -> None:
    """Wait for something that happens while a program runs."""
    patience = time.monotonic() + 120
    while not condition():
        assert program.poll() is None, ended(program)
        assert time.monotonic() < patience
        time.sleep(0.05)


def nodes_that_trained(shared: Path) -> set[str]:
    file = shared / "nodes"
    return set(file.read_text().split()) if file.exists() else set()


def cells(url: str) -> int:
    """How many training runs are finished in a database."""
    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:
            if not sa.inspect(connection).has_table("trials"):
                return 0
            finished = sa.text(COUNT)
            return int(connection.execute(finished).scalar_one())
    finally:
        engine.dispose()


def findings(table: Any) -> Any:
    """A table without times."""
    copy = json.loads(json.dumps(table))
    for cost in copy["cost"].values():
        del cost["seconds"]
    return copy


def assert_as_of_one_process(shared: Path, database: Path) -> None:
    """The same results as on SQLite without Ray, from as many training runs: none was repeated."""
    url = database.read_text().strip()
    known = catalog.find_run("tiny", Settings(shared / "runs", storage=url))
    table = findings(catalog.stored_table(known))
    where = Settings(shared / "apart", backend="inline", device="cpu")
    declared = parse(yaml.safe_load((shared / "tiny.yaml").read_text()), "tiny.yaml")
    expected = findings(execute.execute(prepare.prepare(declared, where)))
    assert expected["complete"]
    assert table == expected
    assert cells(url) == cells(f"sqlite:///{shared}/apart/_oracle/oracle.db") > 0


pytestmark = pytest.mark.skipif(
    " " in sys.executable, reason="a Ray node starts no worker from a path with a space"
)


@pytest.mark.ray
@pytest.mark.slow
@pytest.mark.parametrize("nodes", [2, 3])
def test_several_nodes_and_postgresql_find_what_one_process_finds(
    shared: Path, database: Path, nodes: int
) -> None:
    (shared / "wanted").write_text(str(nodes))
    migrated = CliRunner().invoke(main.main, ["migrate", "--storage-file", str(database)])
    assert migrated.exit_code == 0, migrated.output
    with ray_nodes.cluster(nodes) as cluster:
        ended(started(shared, cluster, database))
    assert nodes_that_trained(shared) == {f"127.0.0.{3 + each}" for each in range(nodes)}
    assert_as_of_one_process(shared, database)


@pytest.mark.ray
@pytest.mark.slow
def test_a_node_that_dies_costs_no_result(shared: Path, database: Path) -> None:
    url = database.read_text().strip()
    with ray_nodes.cluster(2) as cluster:
        running = started(shared, cluster, database)
        until(lambda: len(nodes_that_trained(shared)) == 2 and cells(url) >= 4, running)
        cluster.nodes[0].kill()
        before = cells(url)
        ended(running)
    assert before < cells(url)
    assert_as_of_one_process(shared, database)


@pytest.mark.ray
@pytest.mark.slow
def test_a_server_trains_on_a_cluster(
    study: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = study(pack=1, cycles=1).model_dump(mode="json", exclude_defaults=True)
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump(content))
    monkeypatch.chdir(tmp_path)
    command = [sys.executable, "-m", "oracle.cli"]
    with ray_nodes.cluster(1) as cluster:
        environment = dict(cluster.environment)
        del environment["RAY_AUTH_MODE"]  # the token is named, and that is enough
        server = subprocess.Popen(
            [*command, "serve", "--port", "0", "--ray-address", cluster.address, "--workers", "1"],
            env=environment, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            assert server.stderr is not None
            address = next(line for line in server.stderr if line.startswith("http")).strip()
            done = subprocess.run(
                [*command, "submit", "tiny.yaml", "--wait", "--quiet", "--server", address],
                env=environment, capture_output=True, text=True, check=False, timeout=120,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
        finally:
            server.terminate()
            server.communicate(timeout=120)
    stored = catalog.stored_table(catalog.find_run("tiny", Settings(tmp_path / "runs")))
    where = Settings(tmp_path / "apart", backend="inline", device="cpu")
    declared = parse(content, "tiny.yaml")
    assert findings(stored) == findings(execute.execute(prepare.prepare(declared, where)))


@pytest.mark.ray
@pytest.mark.slow
def test_a_program_without_the_token_gets_nowhere(shared: Path, database: Path) -> None:
    other = shared / "other-token"
    other.write_text("0" * 64)
    with ray_nodes.cluster(1) as cluster:
        running = started(shared, cluster, database, RAY_AUTH_TOKEN_PATH=str(other))
        _, trouble = running.communicate(timeout=240)
    assert running.returncode == 1
    assert "it asks for its token; set RAY_AUTH_MODE=token" in trouble
    assert "Traceback" not in trouble
    assert cells(database.read_text().strip()) == 0
