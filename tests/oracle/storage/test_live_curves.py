"""Training runs under way are running trials with their curves, and nothing that is counted."""

from collections.abc import Callable, Iterator

import optuna
import pytest
from factories import cell_result

from oracle.database import LeaseClaim, RunDatabase, parse_url
from oracle.search.graph import Graph
from oracle.search.request import StudyKey
from oracle.storage.result_store import ResultStore
from scyc.specs.schedules import WarmupSpec
from scyc.specs.system import SystemSpec

KEY = StudyKey("oracle", 0, "a" * 64)
WARMUP = WarmupSpec(warmup=3, drops=(8, 10))


@pytest.fixture
def store(storage: str) -> Iterator[ResultStore]:
    opened = ResultStore(parse_url(storage))
    yield opened
    opened.close()


def trials(url: str) -> list[optuna.trial.FrozenTrial]:
    (name,) = optuna.get_all_study_names(url)
    return optuna.load_study(study_name=name, storage=url).trials


def test_a_running_trial_has_its_curve_and_is_finished_in_place(
    store: ResultStore, storage: str, system: Callable[..., SystemSpec]
) -> None:
    graph = Graph(system(), "0" * 64)
    first, second = (graph.root(0, WARMUP, rate) for rate in (0.1, 0.2))
    database = RunDatabase(parse_url(storage))
    with database.lease(graph.id, print) as lease:
        claim: LeaseClaim = lease.claim
        store.show_running(graph, "tiny", KEY, [(first, {5: 50.0}), (second, {5: 40.0})], claim)
        store.show_running(graph, "tiny", KEY, [(first, {5: 50.0, 10: 60.0})], claim)
        shown = trials(storage)
        assert [each.state.name for each in shown] == ["RUNNING", "RUNNING"]
        assert [each.intermediate_values for each in shown] == [{5: 50.0, 10: 60.0}, {5: 40.0}]
        assert [(each.cell, each.max_lr, each.replicate) for each in store.running(graph)] == [
            (first.id, 0.1, 0),
            (second.id, 0.2, 0),
        ]
        assert [each.curve for each in store.running(graph)] == [{5: 50.0, 10: 60.0}, {5: 40.0}]
        assert store.results(graph) == {}
        assert store.cells(graph) == set()
        assert store.stamp(graph) == (0, None, None)
        store.add(graph, "tiny", KEY, second, cell_result(second, 41.0), claim)
        ended = trials(storage)
        assert [(each.number, each.state.name) for each in ended] == [
            (0, "RUNNING"),
            (1, "COMPLETE"),
        ]
        assert "running_cell" not in ended[1].user_attrs
        assert store.results(graph) == {second.id: cell_result(second, 41.0)}
        store.restart_running(graph, "tiny", KEY, [first], claim)
        assert [(each.cell, each.curve) for each in store.running(graph)] == [(first.id, {})]
        store.delete_running(graph, claim)
        left = trials(storage)
        assert [(each.number, each.state.name) for each in left] == [(0, "COMPLETE")]
        store.add(graph, "tiny", KEY, first, cell_result(first, 61.0), claim)
        assert [each.number for each in trials(storage)] == [0, 1]
        assert set(store.results(graph)) == {first.id, second.id}
    database.close()
