"""Whole searches of a tiny study, in this process: what is trained, stored and reused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from oracle.execution.worker import CellTask, Worker
from oracle.runs import catalog, execute, prepare
from oracle.settings import Progress, Settings
from oracle.study.base import Study
from oracle.study.search import SearchStudy
from oracle.tables.registry import Table

Make = Callable[..., SearchStudy]
WIDE = {
    "name": "paper",
    "epsilon": {"max_lr": [0.05, 0.1, 0.2, 0.4], "extend": False},
    "delta": [round(0.02 * step, 2) for step in range(1, 15)],
    "start": {"q": 3},
    "trials": 20,
}
HALVED = {
    "name": "optuna",
    "epsilon": {"low": 0.02, "high": 0.4, "log": True},
    "delta": {"low": 0.0, "high": 0.5},
    "trials": 8,
    "halving": {"first": 1, "factor": 2},
}


def settings(folder: Path, **changes: Any) -> Settings:
    return Settings(**({"folder": folder, "backend": "inline", "device": "cpu"} | changes))


def run(study: Study, where: Settings, progress: Progress | None = None) -> Table:
    return execute.execute(prepare.prepare(study, where), progress)


def timeless(table: Table) -> str:
    copy = json.loads(json.dumps(table))
    for cost in copy["cost"].values():
        del cost["seconds"]
    return json.dumps(copy)


def studies(storage: str, role: str) -> list[optuna.Study]:
    """The Optuna studies that are this in some run."""
    loaded = [
        optuna.load_study(study_name=each.study_name, storage=storage)
        for each in optuna.get_all_study_summaries(storage)
    ]
    return [
        each
        for each in loaded
        if any(k.startswith("run:") and v["role"] == role for k, v in each.user_attrs.items())
    ]


@pytest.fixture
def tasks(monkeypatch: pytest.MonkeyPatch) -> list[CellTask]:
    """Everything that is trained."""
    seen: list[CellTask] = []
    train = Worker.train

    def watched(worker: Worker, pack: list[CellTask], *rest: Any, **more: Any) -> Any:
        seen.extend(pack)
        return train(worker, pack, *rest, **more)

    monkeypatch.setattr(Worker, "train", watched)
    return seen


class Killed(BaseException):
    """Ends a run as a signal would, between two training runs."""


def interrupted(after: int) -> Progress:
    def cells(done: int, total: int) -> None:
        if done >= after:
            raise Killed

    return Progress(cells=cells)


def test_candidates_are_trials_that_people_can_read(
    seeking: Make, storage: str, tmp_path: Path
) -> None:
    where = settings(tmp_path, storage=storage)
    table = run(seeking(search=HALVED), where)
    (search,) = studies(storage, "search")
    assert search.metric_names == ["mean accuracy of cycles 0 to 3, %"]
    rows = sorted(table["candidates"], key=lambda each: each["candidate"])
    trials = search.trials
    assert [trial.number for trial in trials] == [each["candidate"] for each in rows]
    for trial, row in zip(trials, rows, strict=True):
        assert trial.params == {name: row[name] for name in ("epsilon", "delta", "q", "beta")}
        done = row["objectives"]
        assert trial.state == (TrialState.COMPLETE if done else TrialState.PRUNED)
        assert trial.value == (pytest.approx(sum(done[0]) / 2) if done else None)
        assert list(trial.intermediate_values) == [each["cycle"] for each in row["cycles"]]
        assert len(trial.user_attrs["cells"]) == 2 * len(row["cycles"])
        assert trial.user_attrs["max_lr"] == row["max_lr"]
    assert {trial.state for trial in trials} == {TrialState.COMPLETE, TrialState.PRUNED}
    assert search.best_trial.number == table["best"][0]
    (cells,) = studies(storage, "candidates")
    assert {trial.user_attrs["cell"] for trial in cells.trials} == {
        cell for trial in trials for cell in trial.user_attrs["cells"]
    }
    assert len(cells.trials) == table["trainings"]["made"]
    assert run(seeking(search=HALVED), where) == table
    assert len(studies(storage, "search")[0].trials) == len(trials)
    stored_run = catalog.find_run("seek", where)
    assert (stored_run.state, catalog.stored_table(stored_run)) == ("done", table)


def test_several_objectives_are_several_values(seeking: Make, tmp_path: Path) -> None:
    objective = {"name": "pareto", "cycles": [0, 3]}
    search = HALVED | {"trials": 5, "halving": None}
    table = run(seeking(search=search, objective=objective), settings(tmp_path))
    (stored,) = studies(f"sqlite:///{tmp_path}/_oracle/oracle.db", "search")
    assert stored.metric_names == ["accuracy after cycle 0, %", "accuracy after cycle 3, %"]
    assert sorted(trial.number for trial in stored.best_trials) == sorted(table["best"])


def test_after_an_oracle_run_its_first_cycle_is_not_trained_again(
    seeking: Make, study: Callable[..., Study], tmp_path: Path, tasks: list[CellTask]
) -> None:
    where = settings(tmp_path)
    grid = WIDE["epsilon"]
    shown = study(grid=grid)
    run(shown, where)
    oracle = {task.cell for task in tasks if task.parent is None}
    assert len(oracle) == 4 * 2
    tasks.clear()
    table = run(seeking(search=WIDE, beside="tiny"), where)
    assert not [task for task in tasks if task.parent is None]
    assert sorted(folder.name for folder in tmp_path.iterdir()) == ["_oracle", "tiny"]
    stored_run = catalog.find_run("seek", where)
    assert (stored_run.folder, stored_run.study.folder_name) == (tmp_path / "tiny", "tiny")
    assert timeless(catalog.stored_table(stored_run)) == timeless(table)
    assert catalog.find_run("tiny", where).study == shown
    alone = run(seeking(search=WIDE), settings(tmp_path / "alone"))
    assert timeless(alone) == timeless(table)


@pytest.mark.slow
def test_a_search_of_twenty_trains_six_tenths_and_finds_what_it_would_without_sharing(
    seeking: Make, tmp_path: Path, tasks: list[CellTask]
) -> None:
    declared = seeking(search=WIDE, cycles=7, replicates=1)
    table = run(declared, settings(tmp_path))
    whole = [each for each in table["candidates"] if each["stopped"] is None]
    assert len(whole) == 20
    assert len(tasks) == len({task.cell for task in tasks}) == table["trainings"]["made"]
    of_runs = len(tasks) - 3  # the other values of epsilon were only tried on the unpruned network
    assert of_runs <= 0.6 * 20 * 8
    last = [each["candidate"] for each in whole if "beta" in each["steps"]]
    apart = {}
    for each in whole:
        if each["candidate"] not in last and each["candidate"] % 3:
            continue
        only = {name: [each[name]] for name in ("epsilon", "delta", "q", "beta")}
        alone = run(
            seeking(search={"name": "grid", **only}, cycles=7, replicates=1),
            settings(tmp_path / str(each["candidate"])),
        )
        assert alone["trainings"] == {"named": 8, "asked": 8, "made": 8}
        assert alone["candidates"][0]["cycles"] == each["cycles"]
        apart[each["candidate"]] = alone["candidates"][0]["objectives"][0][0]
    assert len(apart) >= 7
    (best,) = table["best"]
    assert apart[best] == max(apart[number] for number in last)


@pytest.mark.parametrize(
    "search",
    [pytest.param(WIDE, id="paper", marks=pytest.mark.slow), pytest.param(HALVED, id="optuna")],
)
def test_an_interrupted_search_ends_with_the_same_table_and_trials(
    seeking: Make, tmp_path: Path, search: dict[str, Any], tasks: list[CellTask]
) -> None:
    declared = seeking(search=search)
    whole = run(declared, settings(tmp_path / "whole"))
    once = sorted(task.cell for task in tasks)

    def contents(folder: Path) -> list[Any]:
        (optuna_study,) = studies(f"sqlite:///{folder}/_oracle/oracle.db", "search")
        return [(t.number, t.params, t.state, t.values, t.user_attrs) for t in optuna_study.trials]

    for after in (2, 14):
        tasks.clear()
        where = settings(tmp_path / str(after))
        with pytest.raises(Killed):
            run(declared, where, interrupted(after))
        assert not catalog.stored_table(catalog.find_run("seek", where))["complete"]
        assert timeless(run(declared, where)) == timeless(whole)
        assert contents(tmp_path / str(after)) == contents(tmp_path / "whole")
        (cells,) = studies(f"sqlite:///{tmp_path}/{after}/_oracle/oracle.db", "candidates")
        stored = [trial.user_attrs["cell"] for trial in cells.trials]
        assert len(stored) == len(set(stored))
        assert set(once) == {task.cell for task in tasks}


def test_the_best_candidates_networks_stay_on_disk(seeking: Make, tmp_path: Path) -> None:
    table = run(seeking(search=HALVED), settings(tmp_path))
    checkpoints = {file.stem for file in (tmp_path / "seek" / "checkpoints").rglob("*.pt")}
    (cells,) = studies(f"sqlite:///{tmp_path}/_oracle/oracle.db", "candidates")
    networks = {t.user_attrs["cell"]: t.user_attrs["checkpoint"] for t in cells.trials}
    (search,) = studies(f"sqlite:///{tmp_path}/_oracle/oracle.db", "search")
    best = search.trials[table["best"][0]].user_attrs["cells"]
    assert {networks[cell] for cell in best} <= checkpoints
    assert len(checkpoints) < len(set(networks.values()))


def test_when_all_candidates_diverge_the_run_reports_it_and_keeps_them(
    seeking: Make, tmp_path: Path
) -> None:
    from oracle.errors import AllDiverged

    wild = {"name": "grid", "epsilon": [1e25], "delta": [0.0], "q": [0], "beta": [3]}
    with pytest.raises(AllDiverged, match="every candidate diverged"):
        run(seeking(search=wild), settings(tmp_path))
    (search,) = studies(f"sqlite:///{tmp_path}/_oracle/oracle.db", "search")
    assert [trial.state for trial in search.trials] == [TrialState.FAIL]
