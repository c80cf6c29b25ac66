"""What a released version has stored, in the present one: its tables, its answers, its networks.

`released/schema_N.folder.tar.gz` has the studies and the folder of their runs,
`schema_N.DATABASE.json` what the released version printed by command, and answered by path.
"""

import json
import tarfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml
from click.testing import CliRunner
from optuna_trials import COUNT
from starlette.testclient import TestClient

from oracle.cli.main import main
from oracle.database import parse_url
from oracle.errors import CheckpointGoneError
from oracle.execution.worker import Worker
from oracle.rest.settings import WebSettings
from oracle.service.service import Service
from oracle.service.settings import ServerSettings
from oracle.web.app import create_app

RELEASED = Path(__file__).with_name("released")
STUDIES = ("tiny", "duel", "seek", "traced", "served")  # one of each kind, and a job's
HOME = "http://127.0.0.1:8000"
GET = "GET "


@dataclass(frozen=True)
class Released:
    """A database and a folder that a released version made, and what it printed of them."""

    storage: str
    folder: Path  # holds `runs` and `studies`
    outputs: dict[str, str]  # by command, without its options for the storage; or by "GET PATH"

    def oracle(self, command: str, *options: str) -> str:
        """Run a command of the present version in this process; returns what it printed."""
        where = ["--runs", str(self.folder / "runs"), "--storage", self.storage]
        arguments = [*command.split(), *options, *where]
        done = CliRunner().invoke(main, arguments, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.stdout

    def run(self, study: str, **changes: Any) -> None:
        """Run a study as it was run before, but for fields that change."""
        file = self.folder / "studies" / f"{study}.yaml"
        if changes:
            content = yaml.safe_load(file.read_text()) | changes
            file = self.folder / "changed.yaml"
            file.write_text(yaml.safe_dump(content))
        self.oracle("run", str(file), "--quiet", "--backend", "inline", "--device", "cpu")

    def trials(self) -> int:
        """Trials in the database, of all Optuna studies."""
        engine = sa.create_engine(self.storage)
        with engine.connect() as connection:
            count = connection.execute(sa.text(COUNT)).scalar_one()
        engine.dispose()
        return int(count)

    def networks(self) -> dict[str, bytes]:
        """The checkpoints, by path."""
        files = (self.folder / "runs").rglob("*.pt")
        return {str(file.relative_to(self.folder)): file.read_bytes() for file in files}


@pytest.fixture
def released(storage: str, tmp_path: Path) -> Released:
    database = sa.make_url(storage).get_backend_name()
    script = (RELEASED / f"schema_2.{database}.sql").read_text()
    engine = sa.create_engine(storage)
    with closing(engine.raw_connection()) as pooled:
        driver: Any = pooled.driver_connection
        (driver.executescript if database == "sqlite" else driver.execute)(script)
        driver.commit()
    engine.dispose()
    with tarfile.open(RELEASED / "schema_2.folder.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    outputs = json.loads((RELEASED / f"schema_2.{database}.json").read_text())
    return Released(storage, tmp_path, outputs)


@pytest.fixture
def client(released: Released) -> Iterator[TestClient]:
    settings = ServerSettings(
        url=parse_url(released.storage), folder=released.folder / "runs", backend="inline"
    )
    service = Service(settings)
    app = create_app(service, WebSettings(rate=1e6, burst=10**6))
    with TestClient(app, base_url=HOME) as test_client:
        yield test_client
    service.close()


@pytest.fixture
def tasks(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Everything that is trained."""
    seen: list[Any] = []
    train: Callable[..., Any] = Worker.train

    def watched(worker: Worker, pack: Sequence[Any], *rest: Any, **more: Any) -> Any:
        seen.extend(pack)
        return train(worker, pack, *rest, **more)

    monkeypatch.setattr(Worker, "train", watched)
    return seen


INFERRED = {
    "evidence",
    "fit",
    "oracle_less_s_cyc",
}  # by a statistical model that later versions replace
OF_ORACLES = ("table tiny", "table served", "fit tiny")  # whose texts have inferred values, too


def known(before: Any, now: Any) -> bool:
    """Whether an answer says what it said before; it may say more."""
    if isinstance(before, dict) and isinstance(now, dict):
        return all(name in now and known(value, now[name]) for name, value in before.items())
    if isinstance(before, list) and isinstance(now, list):
        return len(before) == len(now) and all(map(known, before, now))
    return bool(before == now)


def measured(text: str) -> Any:
    """What a JSON text says but for what is inferred."""

    def without(value: Any) -> Any:
        if isinstance(value, list):
            return [without(each) for each in value]
        if isinstance(value, dict):
            return {name: without(each) for name, each in value.items() if name not in INFERRED}
        return value

    return without(json.loads(text))


def test_commands_print_what_the_released_version_printed_byte_for_byte(released: Released) -> None:
    expected = {name: text for name, text in released.outputs.items() if not name.startswith(GET)}
    assert {command.split()[0] for command in expected} == {"table", "cost", "fit", "token"}
    assert len(expected) >= 5 * len(STUDIES)
    exact = {name: text for name, text in expected.items() if not name.startswith(OF_ORACLES)}
    assert len(exact) >= 18
    now = {command: released.oracle(command) for command in exact}
    as_json = {command for command in exact if command.endswith("--format json")}
    texts = exact.keys() - as_json
    assert {command: now[command] for command in texts} == {name: exact[name] for name in texts}
    for command in as_json:  # a table may have keys that it had not
        assert known(json.loads(exact[command]), json.loads(now[command])), command


@pytest.mark.parametrize("study", ["tiny", "served"])
def test_results_equal_those_that_the_released_version_printed(
    released: Released, study: str
) -> None:
    before = released.outputs[f"table {study} --format json"]
    now = released.oracle(f"table {study} --format json")
    assert known(measured(before), measured(now))
    assert len(measured(now)["cycles"]) == 2
    for form in ("text", "csv", "markdown", "latex"):
        text = released.oracle(f"table {study} --format {form}")
        for cycle in measured(before)["cycles"]:
            assert f"{cycle['well_tuned']:.4g}" in text


def test_the_api_answers_what_the_released_version_answered(
    released: Released, client: TestClient
) -> None:
    expected = {name: text for name, text in released.outputs.items() if name.startswith(GET)}
    assert len(expected) >= 9  # of jobs, of runs, and of a run that another program trains
    answers = {name: client.get(name.removeprefix(GET)).text for name in expected}
    events = f"{GET}/v1/jobs/served-090958a1/events"
    assert answers.pop(events) == expected.pop(events)
    for name, text in expected.items():
        assert known(json.loads(text), json.loads(answers[name])), name


def test_running_released_studies_again_trains_nothing(
    released: Released, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("a cell is trained again")

    monkeypatch.setattr(Worker, "train", never)
    trials, networks = released.trials(), released.networks()
    for study in STUDIES:
        released.run(study)
    assert released.trials() == trials > 0
    assert released.networks().items() <= networks.items()  # those of other max_lr may be deleted
    commands = [f"table {study} --format json" for study in STUDIES]
    for each in commands:
        assert known(measured(released.outputs[each]), measured(released.oracle(each))), each


def test_a_released_run_continues_from_its_stored_networks(
    released: Released, tasks: list[Any]
) -> None:
    released.run("tiny", cycles=2)
    assert {task.cycle for task in tasks} == {2}
    assert len(tasks) == 3 * 2 + 2  # a grid of 3 and S-Cyc's max_lr, in 2 replicates
    before = measured(released.outputs["table tiny --format json"])["cycles"]
    after = measured(released.oracle("table tiny --format json"))["cycles"]
    assert known(before, after[:2])
    assert len(after) == 3


def test_where_the_networks_of_a_released_run_are_gone_they_are_trained_again(
    released: Released, tasks: list[Any], tmp_path: Path
) -> None:
    """Trained again they must have the same bits, which not every processor gives."""
    names = {Path(name).name for name in released.networks()}
    here = Released(f"sqlite:///{tmp_path}/here.db", tmp_path / "here", {})
    (here.folder / "studies").mkdir(parents=True)
    study = (released.folder / "studies" / "tiny.yaml").read_text()
    (here.folder / "studies" / "tiny.yaml").write_text(study)
    here.run("tiny")
    same = {Path(name).name for name in here.networks()} <= names
    tasks.clear()
    for name in released.networks():
        (released.folder / name).unlink()
    if same:
        released.run("tiny", cycles=2)
        assert {task.cycle for task in tasks} == {0, 1, 2}
        return
    before = released.trials()
    with pytest.raises(CheckpointGoneError, match="put the file back, or start in a new"):
        released.run("tiny", cycles=2)
    assert released.trials() == before


def test_a_study_that_was_submitted_to_a_released_server_is_the_same_job(
    released: Released, client: TestClient
) -> None:
    text = (released.folder / "studies" / "served.yaml").read_text()
    answer = client.post("/v1/jobs", content=text, headers={"Content-Type": "application/yaml"})
    jobs = json.loads(released.outputs["GET /v1/jobs"])["items"]
    assert (answer.status_code, answer.json()["state"]) == (200, "done")
    assert answer.json()["id"] in {job["id"] for job in jobs}
    assert len(client.get("/v1/jobs").json()["items"]) == len(jobs)


def test_a_released_external_run_keeps_its_observations(
    released: Released, client: TestClient
) -> None:
    run = json.loads(released.outputs["GET /v1/oracle/mine"])
    again = client.post("/v1/oracle", json=run["declaration"])
    assert (again.status_code, again.json()["run"]) == (200, run["run"])
    known = {"cycle": 0, "max_lr": 0.1, "replicate": 1, "accuracy": 91.0}
    path = "/v1/oracle/mine/observations"
    answer = client.post(path, json={"observations": [known]})
    assert (answer.json()["added"], answer.json()["done"]) == (0, 12)
    other = client.post(path, json={"observations": [known | {"accuracy": 90.0}]})
    assert (other.status_code, len(other.json()["conflicts"])) == (200, 1)
    assert client.get("/v1/oracle/mine").json()["done"] == 12
