"""The Optuna study with the answer of each cycle of a run: one trial a cycle, always up to date."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import FrozenTrial

from oracle.errors import AllDiverged
from oracle.inventory import deletion
from oracle.runs import catalog, execute, prepare
from oracle.settings import Progress, Settings
from oracle.study.base import Study
from oracle.tables.registry import Table

Make = Callable[..., Study]


@pytest.fixture
def where(tmp_path: Path) -> Settings:
    storage = f"sqlite:///{tmp_path}/oracle.db"
    return Settings(folder=tmp_path, storage=storage, backend="inline", device="cpu")


def run(study: Study, where: Settings, progress: Progress | None = None) -> Table:
    return execute.execute(prepare.prepare(study, where), progress)


def summaries(where: Settings) -> list[str]:
    assert where.storage is not None
    names = optuna.get_all_study_names(where.storage)
    return [name for name in names if "/summary/" in name]


def answers(where: Settings) -> list[FrozenTrial]:
    (name,) = summaries(where)
    return optuna.load_study(study_name=name, storage=where.storage).trials


def test_a_cycle_is_one_trial_with_the_values_of_the_table_and_a_second_run_changes_none(
    study: Make, where: Settings
) -> None:
    table: Any = run(study(cycles=1), where)
    trials = answers(where)
    assert [trial.number for trial in trials] == [0, 1]
    for trial, row in zip(trials, table["cycles"], strict=True):
        values, evidence = trial.user_attrs, row["evidence"]
        assert trial.params == {"cycle": row["cycle"], "max_lr": row["well_tuned"]}
        (won,) = (each for each in row["grid"] if each["max_lr"] == row["well_tuned"])
        mean = sum(won["val_accuracy"]) / len(won["val_accuracy"])
        assert trial.value == pytest.approx(mean, abs=1e-9)
        assert values["weights_remaining"] == row["weights_remaining"]
        assert values["region_low"] == row["feasible"]["low"]
        assert values["region_high"] == row["feasible"]["high"]
        assert values["s_cyc_max_lr"] == row["s_cyc"]["max_lr"]
        assert values["s_cyc_in_measured_region"] == row["s_cyc"]["inside"]
        assert values["s_cyc_verdict"] == evidence["s_cyc"]["verdict"]
        assert values["s_cyc_probability_inside"] == evidence["s_cyc"]["chance"]
        assert values["estimated_region_low"] == evidence["estimated"]["low"]
    assert run(study(cycles=1), where) == table
    assert answers(where) == trials  # ids and times included


class Stopped(Exception):
    """What ends a run in the middle."""


def test_an_answer_is_there_before_the_next_cycle_ends_and_once_after_an_interrupt(
    study: Make, where: Settings
) -> None:
    ended: list[str] = []
    seen: list[dict[str, Any]] = []

    def cells(_done: int, _all: int) -> None:
        if len(ended) == 1:
            seen.extend(trial.user_attrs for trial in answers(where))
            raise Stopped

    with pytest.raises(Stopped):
        run(study(cycles=1), where, Progress(cells=cells, line=ended.append))
    assert [values["summary_of_cycle"] for values in seen] == [0]
    assert "region_low" in seen[0]
    assert "s_cyc_verdict" not in seen[0]  # the estimates come with the run's table
    (before,) = answers(where)
    table: Any = run(study(cycles=1), where)
    first, second = answers(where)
    assert first._trial_id == before._trial_id
    verdicts = [row["evidence"]["s_cyc"]["verdict"] for row in table["cycles"]]
    assert [first.user_attrs["s_cyc_verdict"], second.user_attrs["s_cyc_verdict"]] == verdicts


def test_two_runs_of_one_graph_have_separate_summaries_and_a_deletion_removes_its_own(
    study: Make, where: Settings
) -> None:
    first: Any = run(study(cycles=1, replicates=1), where)
    second: Any = run(study(cycles=1), where)
    assert len(summaries(where)) == 2
    deletion.delete(catalog.find_run(first["run_id"], where), where)
    (name,) = summaries(where)
    assert second["run_id"].rpartition("-")[2] in name
    assert len(answers(where)) == 2


def test_a_cycle_in_which_all_diverged_is_a_failed_trial(study: Make, where: Settings) -> None:
    hopeless = study(cycles=1, grid={"max_lr": [1e25, 1e26], "extend": False})
    with pytest.raises(AllDiverged, match="every max_lr of cycle 0 diverged"):
        run(hopeless, where)
    (trial,) = answers(where)
    assert trial.state == optuna.trial.TrialState.FAIL
    assert trial.params == {"cycle": 0}
    assert "region_low" not in trial.user_attrs
