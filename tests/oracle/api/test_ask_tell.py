"""Ask and tell without a server: the same run as over HTTP, by several processes at once."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import optuna
import pytest

import oracle
from oracle.api.ask_tell import AskedTask
from oracle.database import RunDatabase, parse_url
from oracle.errors import ConflictingObservation
from oracle.service.external_runs import ExternalRuns
from oracle.storage.result_store import ResultStore
from oracle.study.parts.external_run import ExternalRun

DECLARED: dict[str, Any] = {
    "name": "mine",
    "grid": {"max_lr": [0.05, 0.1, 0.2], "extend": False},
    "cycles": 1,
    "replicates": 2,
}


def opened(folder: Path, **changes: Any) -> oracle.GreedyOracle:
    return oracle.GreedyOracle(**DECLARED | changes, storage=f"sqlite:///{folder}/my.db")


def value(task: AskedTask) -> float:
    best = (0.1, 0.2)[task.cycle]
    return 90 - 50 * abs(task.max_lr - best) + task.replicate


def finish(search: oracle.GreedyOracle) -> list[AskedTask]:
    done = []
    while (task := search.ask()) is not None:
        search.tell(task, value(task))
        done.append(task)
    return done


def test_the_greedy_oracle_is_walked_to_its_end(tmp_path: Path) -> None:
    with opened(tmp_path) as search:
        done = finish(search)
        assert len(done) == len(set(done)) == 2 * 3 * 2
        assert {task.parent_max_lr for task in done if task.cycle == 1} == {0.1}
        table = search.table()
        assert table["state"] == search.state == "done"
        assert [cycle["well_tuned"] for cycle in table["cycles"]] == [0.1, 0.2]
        assert table["done"] == 12


def test_it_is_the_run_that_a_server_has(tmp_path: Path) -> None:
    with opened(tmp_path) as search:
        task = search.ask()
        assert task is not None
        search.tell(task, 50.0)
        url = parse_url(f"sqlite:///{tmp_path}/my.db")
        database, store = RunDatabase(url), ResultStore(url)
        served = ExternalRuns(database.observations(), store).find("mine")
        assert served is not None
        assert served[0].run_id == ExternalRun.model_validate(DECLARED).id == search.run.id
        assert served[1].done == 1
        database.close()
        store.close()
        study = optuna.load_study(
            study_name=f"{search.run.id}/observations", storage=f"sqlite:///{tmp_path}/my.db"
        )
        assert [trial.value for trial in study.trials] == [50.0]


def test_a_task_is_handed_out_once_until_its_result_is_reported_or_it_is_returned(
    tmp_path: Path,
) -> None:
    with opened(tmp_path) as one, opened(tmp_path) as other:
        tasks = {one.ask(), other.ask(), one.ask(), other.ask(), one.ask(), other.ask()}
        assert None not in tasks
        assert len(tasks) == 6  # all of the first cycle
        assert one.ask() is None
        assert one.state == "open"
        one.close()
        again = {other.ask(), other.ask(), other.ask()}
        assert None not in again
        assert again < tasks
        assert other.ask() is None


def test_a_task_of_a_process_that_was_killed_is_given_to_another(tmp_path: Path) -> None:
    code = (
        "import oracle, os, sys, json\n"
        f"search = oracle.GreedyOracle(**{DECLARED!r}, storage='sqlite:///{tmp_path}/my.db')\n"
        "print(search.ask().max_lr, flush=True)\n"
        "os._exit(9)\n"
    )
    killed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert killed.returncode == 9, killed.stderr
    with opened(tmp_path) as search:
        assert len(finish(search)) == 12


@pytest.mark.parametrize("wrong", [-1.0, 100.5, float("inf"), "0.5", True, [1.0], 10**400, 1j])
def test_a_value_that_is_no_accuracy_is_refused(tmp_path: Path, wrong: Any) -> None:
    with opened(tmp_path) as search:
        task = search.ask()
        assert task is not None
        with pytest.raises(oracle.BadInput, match=r"in percent, 0 to 100.*with a metric"):
            search.tell(task, wrong)
        search.tell(task, float("nan"))
        search.tell(task, None)
        with pytest.raises(ConflictingObservation, match="first one is kept"):
            search.tell(task, 3.0)
        assert search.table()["done"] == 1


def test_a_training_run_that_was_not_requested_is_refused(tmp_path: Path) -> None:
    with opened(tmp_path) as search:
        with pytest.raises(oracle.BadInput, match="was not requested in cycle 0"):
            search.tell(AskedTask(0, 0.3, 0, None), 50.0)
        with pytest.raises(oracle.BadInput, match="has not begun"):
            search.tell(AskedTask(1, 0.1, 0, 0.1), 50.0)
        for none in (None, "a task", {"cycle": 0}):
            with pytest.raises(oracle.BadInput, match=r"that ask\(\) returned"):
                search.tell(none, 50.0)  # type: ignore[arg-type]


def test_a_declaration_is_refused_with_every_problem(tmp_path: Path) -> None:
    with pytest.raises(oracle.BadInput, match="2 problems"):
        opened(tmp_path, cycles=-1, replicates=0)


def told_errors(search: oracle.GreedyOracle) -> None:
    """Tell mean squared errors, of which the least is at 0.1 and the largest max_lr has none."""
    while (task := search.ask()) is not None:
        error = 0.2 + 0.1 * abs(task.max_lr - 0.1) + 0.001 * task.replicate
        search.tell(task, float("inf") if task.max_lr == 0.2 else error)


@pytest.mark.parametrize(
    ("tolerance", "kind", "members"),
    [(0.001, "points", [0.1]), (0.01, "points", [0.05, 0.1]), (1.0, "relative", [0.1])],
)
def test_a_metric_is_minimised_in_its_own_unit(
    tmp_path: Path, tolerance: float, kind: str, members: list[float]
) -> None:
    own = {"metric": {"name": "mse", "mode": "min"}, "tolerance": tolerance, "tolerance_kind": kind}
    with opened(tmp_path, **own) as search:
        told_errors(search)
        for cycle in search.table()["cycles"]:
            assert cycle["well_tuned"] == 0.1
            assert cycle["region"]["members"] == members
            worse = {row["max_lr"]: row["difference"] for row in cycle["evidence"]["paired"]}
            assert worse[0.05] == pytest.approx(0.1 * 0.05)  # a larger error
            assert cycle["evidence"]["low"]["low"] <= cycle["evidence"]["estimated"]["low"]
        name = f"{search.run.id}/observations"
    study = optuna.load_study(study_name=name, storage=f"sqlite:///{tmp_path}/my.db")
    assert (study.direction.name, study.metric_names) == ("MINIMIZE", ["validation mse"])
    assert study.best_value == pytest.approx(0.2)


def test_a_run_without_a_metric_has_the_id_that_it_had() -> None:
    assert ExternalRun.model_validate(DECLARED).id == "mine-d7bf800e"


def test_a_tolerance_in_percent_has_the_limits_of_percent(tmp_path: Path) -> None:
    metric = {"name": "score", "mode": "max"}
    with pytest.raises(oracle.BadInput, match=r"tolerance = 60\.0 .*must be from 0\.001 to 50"):
        opened(tmp_path, tolerance=60.0)
    with pytest.raises(oracle.BadInput, match=r"tolerance = 60\.0"):
        opened(tmp_path, tolerance=60.0, metric=metric, tolerance_kind="relative")
    with opened(tmp_path, tolerance=60.0, metric=metric) as search:
        assert search.state == "open"


@pytest.mark.parametrize("wrong", [None, 5])
def test_a_name_and_a_storage_that_are_no_text_are_refused_together(wrong: Any) -> None:
    with pytest.raises(oracle.BadInput) as refused:
        oracle.GreedyOracle(**DECLARED | {"name": wrong}, storage=wrong)
    paths = [problem.path for problem in refused.value.problems]
    assert paths == ["name", "storage"]
