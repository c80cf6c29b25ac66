"""Training runs that are under way are running trials of the Optuna storage, with their curves."""

from pathlib import Path
from typing import Any

import optuna
import pytest
from notebooks import notebook

import oracle

# One training run goes on reporting until the storage shows its own curve.
TRAIN = """
import pathlib, sqlite3, time
import oracle

SHOWN = (
    "select count(*) from trials join trial_intermediate_values using (trial_id) "
    "where trials.state = 'RUNNING'"
)

@oracle.trainable()
def train(task):
    folder = pathlib.Path(task.options["folder"])
    until, step, shown = time.monotonic() + 240, 0, 0
    while task.cycle == 0 and task.max_lr == 0.1 and not shown:
        assert time.monotonic() < until
        step += 1
        task.report(step, validation=50.0 + step / 1000)
        with sqlite3.connect(folder / "oracle.db", timeout=60) as database:
            shown = database.execute(SHOWN).fetchone()[0]
        time.sleep(0.05)
    if shown:
        (folder / "shown").write_text(f"{shown} {step}")
    (task.folder / "net").write_text("x")
    task.report(step + 1, validation=60.0)
    return oracle.Outcome(validation=60.0, test=59.0, weights_remaining=100 * 0.8**task.cycle)
"""


@pytest.mark.parametrize(
    "backend",
    ["inline", pytest.param("ray", marks=[pytest.mark.ray, pytest.mark.slow])],
)
def test_an_unfinished_training_run_is_a_running_trial_that_is_finished_in_place(
    backend: Any, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'oracle.db'}"
    study = oracle.OracleStudy(
        name="watched",
        version="1",
        trainer={
            "function": notebook(TRAIN)["train"],
            "options": {"folder": str(tmp_path)},
        },
        metric={"name": "accuracy", "mode": "max"},
        grid={"max_lr": [0.05, 0.1], "extend": False},
        tolerance=0.5,
        cycles=1,
        replicates=1,
    )
    oracle.run(study, runs=tmp_path, storage=url, backend=backend, workers=1, progress=False)
    shown, last = map(int, (tmp_path / "shown").read_text().split())
    assert 1 <= shown <= last
    trials = [
        trial
        for name in optuna.get_all_study_names(url)
        for trial in optuna.load_study(study_name=name, storage=url).trials
        if "cell" in trial.user_attrs
    ]
    assert {trial.state.name for trial in trials} == {"COMPLETE"}
    assert len(trials) == 4
    assert max(len(trial.intermediate_values) for trial in trials) == last + 1
    assert not any("running_cell" in trial.user_attrs for trial in trials)
