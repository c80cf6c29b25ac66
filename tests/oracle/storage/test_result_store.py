"""One contract for the storage, on every kind of database."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

import optuna
import plotly.graph_objects as go
import pytest
import sqlalchemy as sa
from optuna.distributions import FloatDistribution, IntDistribution
from optuna.search_space import intersection_search_space
from optuna.trial import TrialState, create_trial
from optuna_dashboard import save_note

from oracle.database import RunDatabase, RunRecord, parse_url, probe
from oracle.database import engine as database
from oracle.errors import StorageError, StorageUnavailable
from oracle.search.graph import Cell, CellResult, Graph
from oracle.search.request import StudyKey
from oracle.storage import trial_codec
from oracle.storage.dashboard_storage import DashboardStorage
from oracle.storage.optuna_studies import study_name
from oracle.storage.result_store import ResultStore
from oracle.storage.trial_codec import cell_trial, replicate_of
from scyc.errors import BadInput
from scyc.specs.schedules import ConstantSpec, CyclicalSpec, WarmupSpec
from scyc.specs.system import SystemSpec

ORACLE = StudyKey("oracle", 0, "a" * 64)
S_CYC = StudyKey("path", None, "b" * 64)
WARMUP = WarmupSpec(warmup=3, drops=(8, 10))


@pytest.fixture
def graph(system: Callable[..., SystemSpec]) -> Graph:
    return Graph(system(), "0" * 64)


@pytest.fixture
def store(storage: str) -> Iterator[ResultStore]:
    opened = ResultStore(parse_url(storage))
    yield opened
    opened.close()


@pytest.fixture
def ledger(storage: str) -> Iterator[RunDatabase]:
    opened = RunDatabase(parse_url(storage))
    yield opened
    opened.close()


def result(cell: Cell, **changes: Any) -> CellResult:
    fields: dict[str, Any] = {
        "cell": cell.id,
        "curve": ((5, 60.25), (10, 100 / 3)),
        "val_accuracy": 60.25,
        "test_accuracy": 200 / 3,
        "diverged": False,
        "weights_remaining": 80.01,
        "steps": 10,
        "seconds": 0.125,
        "checkpoint": "c" * 64,
        "device": "cpu",
        "engine": "solo",
        "members": 3,
    }
    return CellResult(**(fields | changes))


def test_a_result_comes_back_bit_for_bit(store: ResultStore, graph: Graph, storage: str) -> None:
    root = graph.root(0, WARMUP, 0.1 + 0.2)
    child = graph.child(root, WARMUP, 1e-5)
    store.add(graph, "tiny", ORACLE, root, result(root))
    store.add(
        graph, "tiny", S_CYC, child, result(child, diverged=True, val_accuracy=0.0, checkpoint=None)
    )
    expected = {
        root.id: result(root),
        child.id: result(child, diverged=True, val_accuracy=0.0, checkpoint=None),
    }
    assert store.results(graph) == expected
    again = ResultStore(parse_url(storage))
    assert again.results(graph) == expected
    again.close()


def test_a_result_of_before_engines_were_written_down_is_read(
    store: ResultStore, graph: Graph, storage: str
) -> None:
    cell = graph.root(0, WARMUP, 0.1)
    store.add(graph, "tiny", ORACLE, cell, result(cell))
    engine = sa.create_engine(storage)
    with engine.begin() as connection:
        old = json.dumps({"steps": 10, "seconds": 0.125, "device": "cpu"})
        connection.execute(
            sa.text("UPDATE trial_user_attributes SET value_json = :old WHERE key = 'cost'"),
            {"old": old},
        )
    engine.dispose()
    again = ResultStore(parse_url(storage))
    assert again.results(graph) == {cell.id: result(cell, engine=None, members=None)}
    again.close()


def test_a_training_is_one_complete_trial_that_people_can_read(
    store: ResultStore, graph: Graph, storage: str
) -> None:
    cell = graph.root(1, WARMUP, 0.1)
    store.add(graph, "tiny", ORACLE, cell, result(cell))
    study = optuna.load_study(study_name=study_name(graph, "tiny", ORACLE), storage=storage)
    (trial,) = study.trials
    assert trial.state == TrialState.COMPLETE
    assert trial.params == {"max_lr": 0.1}
    assert trial.user_attrs["replicate"] == 1
    assert trial.value == 60.25
    assert trial.intermediate_values == {5: 60.25, 10: 100 / 3}
    assert trial.user_attrs["cell"] == cell.id
    assert trial.user_attrs["checkpoint"] == "c" * 64
    assert trial.user_attrs["test_accuracy"] == 200 / 3
    assert trial.user_attrs["cost"] == {
        "steps": 10,
        "seconds": 0.125,
        "device": "cpu",
        "engine": "solo",
        "members": 3,
    }
    assert study.direction.name == "MAXIMIZE"
    assert trial.duration is not None
    assert trial.duration.total_seconds() == 0.125


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A local time zone with daylight saving time."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("berlin")
def test_a_duration_over_a_change_of_the_clocks_is_as_long_as_it_was() -> None:
    ended = datetime(2025, 10, 26, 3, 10)  # local, as Optuna's times are
    trial = create_trial(value=1.0)
    trial.datetime_start, trial.datetime_complete = ended - timedelta(minutes=30), ended
    stored_trial = trial_codec.new_trial(trial)
    assert stored_trial.ended == datetime(2025, 10, 26, 2, 10)  # UTC
    # It is 2:40 for the second time.
    assert stored_trial.ended - stored_trial.started == timedelta(minutes=30)


RECORDED = {
    "activations": {
        "count": 2**40,
        "std": 1 / 3,
        "mean": None,
        "quantiles": {"0.1": -1e-300, "99.9": 5e300},
        "bins": {"exponent": -1022, "first": -3, "counts": [0, 1, 2]},
    }
}


def test_rewind_checkpoints_and_recordings_are_read_back(
    store: ResultStore, graph: Graph, storage: str
) -> None:
    root = graph.root(0, WARMUP, 0.1)
    full = result(root, kept="d" * 64, recorded=RECORDED)
    store.add(graph, "tiny", S_CYC, root, full)
    again = ResultStore(parse_url(storage))
    assert again.results(graph) == {root.id: full}
    again.close()


def test_a_trial_has_its_schedule_and_in_a_run_its_cycle(
    store: ResultStore, graph: Graph, storage: str
) -> None:
    cyclical = CyclicalSpec(name="cyclical", low=0.001, step=4)
    root = graph.root(1, cyclical, 0.1)
    child = graph.child(root, cyclical, 0.2)
    for cell in (root, child):
        store.add(graph, "tiny", S_CYC, cell, result(cell))
    study = optuna.load_study(study_name=study_name(graph, "tiny", S_CYC), storage=storage)
    assert [trial.params for trial in study.trials] == [
        {"max_lr": 0.1, "cycle": 0},
        {"max_lr": 0.2, "cycle": 1},
    ]
    for trial in study.trials:
        assert trial.user_attrs["schedule"] == {"name": "cyclical", "low": 0.001, "step": 4}
    assert study.user_attrs["place"] == {"kind": "path", "cycle": None}


def test_max_lr_has_the_bounds_of_the_grid_and_one_axis_in_all_trials_of_a_study(
    store: ResultStore, graph: Graph, storage: str
) -> None:
    for replicate, rate in enumerate((0.1, 0.3, 0.01)):
        cell = graph.root(replicate, WARMUP, rate)
        bounds = (0.01, 0.4) if replicate < 2 else (0.001, 1.0)  # of another run with these cells
        store.forget()
        store.add(graph, "tiny", ORACLE, cell, result(cell), bounds=bounds)
    study = optuna.load_study(study_name=study_name(graph, "tiny", ORACLE), storage=storage)
    axis = FloatDistribution(0.01, 0.4, log=True)
    assert [trial.distributions for trial in study.trials] == [{"max_lr": axis}] * 3
    assert intersection_search_space(study.trials) == {"max_lr": axis}  # what importance ranks


def test_a_study_of_an_earlier_version_keeps_its_axis_and_its_replicates_are_read(
    store: ResultStore, graph: Graph, storage: str
) -> None:
    first, second = (graph.root(replicate, WARMUP, 0.1) for replicate in range(2))
    old = cell_trial(ORACLE, first, result(first), None)
    wide = FloatDistribution(1e-8, 1e4, log=True)
    old.distributions = {"max_lr": wide, "replicate": IntDistribution(0, 1000)}
    old.params = {"max_lr": 0.1, "replicate": 0}
    del old.user_attrs["replicate"]
    study = store._studies.get(graph, "tiny", ORACLE)
    study.add_trial(old)
    store.add(graph, "tiny", ORACLE, second, result(second), bounds=(0.01, 0.4))
    assert set(store.results(graph)) == {first.id, second.id}
    trials = optuna.load_study(study_name=study.study_name, storage=storage).trials
    assert [replicate_of(trial) for trial in trials] == [0, 1]
    assert intersection_search_space(trials) == {"max_lr": wide}


def test_different_schedules_are_different_training_runs_of_one_graph(
    store: ResultStore, graph: Graph
) -> None:
    cells = [
        graph.root(0, schedule, 0.1)
        for schedule in (
            WARMUP,
            ConstantSpec(name="constant"),
            CyclicalSpec(name="cyclical", step=4),
        )
    ]
    for index, cell in enumerate(cells):
        store.add(graph, "tiny", S_CYC, cell, result(cell, test_accuracy=float(index)))
    results = store.results(graph)
    assert [results[cell.id].test_accuracy for cell in cells] == [0.0, 1.0, 2.0]


def test_other_graphs_are_not_seen(store: ResultStore, graph: Graph, system: Any) -> None:
    other = Graph(system(seed=1), "0" * 64)
    cell = other.root(0, WARMUP, 0.1)
    store.add(other, "tiny", ORACLE, cell, result(cell))
    assert store.results(graph) == {}


def test_replicates_can_be_added_later(store: ResultStore, graph: Graph, storage: str) -> None:
    first = [graph.root(replicate, WARMUP, 0.1) for replicate in range(2)]
    for cell in first:
        store.add(graph, "tiny", ORACLE, cell, result(cell))
    later = ResultStore(parse_url(storage))
    cell = graph.root(2, WARMUP, 0.1)
    later.add(graph, "tiny", ORACLE, cell, result(cell))
    assert len(later.results(graph)) == 3
    study = optuna.load_study(study_name=study_name(graph, "tiny", ORACLE), storage=storage)
    assert [trial.user_attrs["replicate"] for trial in study.trials] == [0, 1, 2]
    later.close()


def test_the_note_and_the_figure_are_where_the_dashboard_looks(
    store: ResultStore, graph: Graph, storage: str
) -> None:
    figure = go.Figure(go.Scatter(x=[1], y=[2]))
    for text in ("first", "second " + "long " * 2000):
        store.annotate(graph, "tiny", ORACLE, "tiny-1", {"cycle": 0}, text, {"a": figure})
    shown = dashboard(storage, "/api/studies/1")
    assert shown["note"]["body"] == "second " + "long " * 2000
    (saved,) = shown["plotly_graph_objects"]
    assert json.loads(saved["graph_object"])["data"][0]["type"] == "scatter"
    attributes = {each["key"]: each["value"] for each in shown["user_attrs"]}
    assert json.loads(attributes["run:tiny-1"]) == {"cycle": 0}


def test_a_note_that_was_edited_in_the_dashboard_is_not_overwritten(
    store: ResultStore, graph: Graph, storage: str
) -> None:
    def annotate(text: str) -> str:
        store.annotate(graph, "tiny", ORACLE, "tiny-1", {"cycle": 0}, text, {})
        return str(dashboard(storage, "/api/studies/1")["note"]["body"])

    assert annotate("first") == "first"
    assert annotate("second") == "second"
    name = study_name(graph, "tiny", ORACLE)
    save_note(optuna.load_study(study_name=name, storage=storage), "my own words")
    assert annotate("third") == "my own words"
    assert annotate("fourth") == "my own words"


def test_a_note_that_was_written_before_the_run_ended_is_not_overwritten(
    store: ResultStore, graph: Graph, storage: str
) -> None:
    cell = graph.root(0, WARMUP, 0.1)
    store.add(graph, "tiny", ORACLE, cell, result(cell))
    name = study_name(graph, "tiny", ORACLE)
    save_note(optuna.load_study(study_name=name, storage=storage), "my own words")
    store.annotate(graph, "tiny", ORACLE, "tiny-1", {"cycle": 0}, "first", {})
    assert dashboard(storage, "/api/studies/1")["note"]["body"] == "my own words"


def dashboard(storage: str, path: str) -> Any:
    """What the Optuna dashboard answers to a GET."""
    from optuna_dashboard import wsgi

    environment: dict[str, Any] = {}
    setup_testing_defaults(environment)
    environment["PATH_INFO"] = path
    answer = wsgi(storage)(environment, lambda status, headers, *_: None)
    return json.loads(b"".join(answer))


def test_runs_are_listed_in_order_and_change_state_only(ledger: RunDatabase) -> None:
    records = [RunRecord(f"r-{i}", "g" * 64, "f" * 64, "{}", "running") for i in range(3)]
    for record in records:
        ledger.register(record)
    ledger.register(RunRecord("r-1", "x", "y", "z", "done"))
    assert ledger.runs() == [
        records[0],
        RunRecord("r-1", "g" * 64, "f" * 64, "{}", "done"),
        records[2],
    ]


def test_a_restarted_database_server_is_connected_to_again(
    ledger: RunDatabase, store: ResultStore, graph: Graph, storage: str
) -> None:
    url = sa.make_url(storage)
    assert (ledger.runs(), store.results(graph)) == ([], {})
    if url.get_backend_name() == "postgresql":
        engine = sa.create_engine(url.set(database="postgres"))
        ended = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = :name"
        with engine.begin() as connection:
            assert connection.execute(sa.text(ended), {"name": url.database}).rowcount >= 2
        engine.dispose()
    assert (ledger.runs(), store.results(graph)) == ([], {})


def test_a_database_that_fails_is_reported_as_such(
    ledger: RunDatabase, store: ResultStore, graph: Graph, storage: str
) -> None:
    cell = graph.root(0, WARMUP, 0.1)
    engine = sa.create_engine(storage)
    with engine.begin() as connection:
        for table in ("trials", "study_user_attributes", "oracle_runs"):
            connection.execute(sa.text(f"ALTER TABLE {table} RENAME TO {table}_gone"))
    engine.dispose()
    for act in (
        ledger.runs,
        lambda: store.results(graph),
        lambda: store.stamp(graph),
        lambda: store.add(graph, "tiny", ORACLE, cell, result(cell)),
    ):
        with pytest.raises(StorageError):
            act()


def test_an_empty_and_a_used_database_are_welcome(storage: str) -> None:
    assert probe(parse_url(storage)) == []
    ResultStore(parse_url(storage)).close()
    assert probe(parse_url(storage)) == []  # Optuna's own, shared
    RunDatabase(parse_url(storage)).close()
    assert probe(parse_url(storage)) == []


@pytest.mark.parametrize(
    ("prepare", "rule"),
    [
        ("CREATE TABLE customers (id INTEGER)", "another application"),
        ("UPDATE oracle_schema SET version = 99", "has schema 99"),
        ("UPDATE version_info SET schema_version = 3", "Optuna's schema 3"),
    ],
)
def test_a_foreign_database_is_refused(storage: str, prepare: str, rule: str) -> None:
    if "customers" not in prepare:
        ResultStore(parse_url(storage)).close()
        RunDatabase(parse_url(storage)).close()
    engine = sa.create_engine(storage)
    with engine.begin() as connection:
        connection.execute(sa.text(prepare))
    engine.dispose()
    (problem,) = probe(parse_url(storage))
    assert rule in problem.rule


def test_probing_writes_nothing(tmp_path: Path) -> None:
    assert probe(parse_url(f"sqlite:///{tmp_path}/new/oracle.db")) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("sqlite:////proc/nowhere/x.db", "not a folder that can be written to"),
        ("sqlite:////tmp", "not a file"),
        ("postgresql+psycopg://u:canary@127.0.0.1:1/x", "does not open"),
    ],
)
def test_a_database_that_does_not_open_is_refused_without_its_password(url: str, rule: str) -> None:
    (problem,) = probe(parse_url(url))
    assert rule in problem.rule
    assert "canary" not in str(problem)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"garbage" * 1000)
    (problem,) = probe(parse_url(f"sqlite:///{tmp_path}/x.db"))
    assert "does not open" in problem.rule


@pytest.mark.parametrize("text", ["sqlite://", "sqlite:///", "sqlite:///:memory:"])
def test_a_database_in_memory_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="keeps nothing; name a file"):
        parse_url(text)


@pytest.mark.parametrize(
    "text", ["", "nonsense", "mysql://root:canary@h/x", "sqlite+nosuch:///x", "oracle://u:canary@h"]
)
def test_an_invalid_storage_url_is_refused_without_showing_its_password(text: str) -> None:
    with pytest.raises(BadInput, match="storage = ") as refused:
        parse_url(text)
    assert "canary" not in str(refused.value)


def test_a_connection_that_was_lost_while_idle_is_reopened(
    postgresql_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = database.Database(sa.make_url(postgresql_server))

    def process() -> int:
        with own.reading() as connection:
            pid: int = connection.execute(sa.select(sa.func.pg_backend_pid())).scalar_one()
        return pid

    def lose(pid: int) -> None:
        other = sa.create_engine(postgresql_server)
        with other.begin() as connection:
            connection.execute(sa.select(sa.func.pg_terminate_backend(pid, 5000)))
        other.dispose()

    first = process()
    assert process() == first
    lose(first)
    second = process()  # used a moment ago, but the server has taken leave
    assert second != first
    monkeypatch.setattr(database, "_has_input", lambda connection: False)
    lose(second)
    with pytest.raises(StorageUnavailable):  # not retried: only idle connections are checked
        process()
    third = process()
    lose(third)
    monkeypatch.setattr(database, "_IDLE", 0.0)
    assert process() not in (first, second, third)
    own.close()


def test_graphs_and_study_keys_whose_short_hashes_collide_get_separate_studies(
    store: ResultStore, graph: Graph, storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Graph(graph.system, "1" * 64)
    vars(other)["id"] = graph.id[:8] + "f" * 56  # as graphs share eight digits after 30,000 seeds
    near = StudyKey("oracle", 0, "a" * 8 + "c" * 56)
    cells = {}
    for tree, key in ((graph, ORACLE), (other, ORACLE), (graph, near)):
        cell = tree.root(len(cells), WARMUP, 0.1)
        store.add(tree, "tiny", key, cell, result(cell))
        cells[tree.id, key.node] = cell.id
    assert set(store.results(graph)) == {cells[graph.id, ORACLE.node], cells[graph.id, near.node]}
    assert set(store.results(other)) == {cells[other.id, ORACLE.node]}
    assert set(optuna.get_all_study_names(storage)) == {
        study_name(graph, "tiny", ORACLE),
        f"tiny/{graph.id[:16]}/cycle-00/{near.node[:16]}",
        f"tiny/{other.id[:16]}/cycle-00/{ORACLE.node[:16]}",
    }
    assert len(store.numbered(graph)) == 2
    assert len(store.numbered(other)) == 1


def test_the_dashboard_shows_names_for_people_and_finds_studies_by_their_own(
    store: ResultStore, graph: Graph, storage: str
) -> None:
    for key in (ORACLE, S_CYC):
        cell = graph.root(len(store.results(graph)), WARMUP, 0.1)
        store.add(graph, "tiny", key, cell, result(cell))
    shown = DashboardStorage(storage)
    names = {each._study_id: each.study_name for each in shown.get_all_studies()}
    assert list(names.values()) == ["tiny / cycle 00 / 80 %", "tiny / pruning run"]
    assert store.numbered(graph) == list(names.items())
    for number, key in zip(names, (ORACLE, S_CYC), strict=True):
        own = study_name(graph, "tiny", key)
        assert shown.get_study_id_from_name(own) == number
        assert len(optuna.load_study(study_name=own, storage=shown).trials) == 1
    shown.remove_session()
    shown.engine.dispose()
