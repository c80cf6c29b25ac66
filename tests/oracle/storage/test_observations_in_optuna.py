"""What Optuna's storage shows of external runs, and how the studies of a graph are found."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import optuna
import pytest
from optuna.trial import TrialState

from oracle.database import parse_url
from oracle.records.observations import Observation
from oracle.search.graph import Cell, CellResult, Graph
from oracle.search.request import StudyKey
from oracle.storage.result_store import ResultStore
from scyc.specs.system import SystemSpec


@pytest.fixture
def store(storage: str) -> Iterator[ResultStore]:
    store = ResultStore(parse_url(storage))
    yield store
    store.close()


def observed(cycle: int, max_lr: float, replicate: int, accuracy: float | None) -> Observation:
    return Observation(cycle, max_lr, replicate, accuracy, "me", datetime.now(UTC))


def test_an_observation_is_a_finished_trial_of_its_runs_own_study(
    store: ResultStore, storage: str
) -> None:
    store.add_observation("mine-1f", observed(0, 0.1, 1, 91.25))
    store.add_observation("mine-1f", observed(2, 0.05, 0, None))
    assert optuna.get_all_study_names(storage) == ["mine-1f/observations"]
    study = optuna.load_study(study_name="mine-1f/observations", storage=storage)
    good, diverged = study.get_trials()
    assert (good.state, good.value) == (TrialState.COMPLETE, 91.25)
    assert good.params == {"cycle": 0, "max_lr": 0.1}
    assert good.user_attrs["replicate"] == 1
    assert good.user_attrs == {"owner": "me", "diverged": False, "replicate": 1}
    assert (diverged.state, diverged.value) == (TrialState.FAIL, None)
    assert study.best_params["max_lr"] == 0.1
    assert study.metric_names == ["validation accuracy, %"]


def test_what_is_shown_of_a_run_is_stored_bit_for_bit(store: ResultStore) -> None:
    third = 1 / 30
    assert store.observations("mine-1f") == set()
    store.add_observation("mine-1f", observed(0, third, 0, 50.0))
    store.add_observation("mine-1f", observed(3, 2e4, 7, None))  # wider than the usual axis
    store.add_observation("other-2a", observed(1, 0.1, 0, 50.0))
    assert store.observations("mine-1f") == {(0, third, 0), (3, 2e4, 7)}


def test_the_studies_of_a_graph_are_found_among_those_of_others(
    store: ResultStore,
    storage: str,
    system: Callable[..., SystemSpec],
    schedule: object,
    answer: Callable[..., CellResult],
) -> None:
    graphs = [Graph(system(seed=seed), "f" * 64) for seed in range(3)]
    cells: list[Cell] = []
    for graph in graphs:
        for name in ("a", "b"):  # two runs, one graph
            cell = graph.root(len(cells), schedule, 0.1)  # type: ignore[arg-type]
            cells.append(cell)
            store.add(
                graph, name, StudyKey("oracle", 0, name * 64), cell, answer(lambda _: 90, cell)
            )
    store.add_observation("mine-1f", observed(0, 0.1, 1, 91.25))
    fresh = ResultStore(parse_url(storage))
    cells_of_graphs = [list(fresh.results(graph)) for graph in graphs]
    fresh.close()
    assert cells_of_graphs == [[cell.id for cell in cells[at : at + 2]] for at in (0, 2, 4)]
