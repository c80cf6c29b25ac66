"""Editors, notebooks and type checkers know the public names and the keywords of a study."""

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import oracle
import scyc
from oracle.api.study_fields import StudyFields
from oracle.search.ask_tell import ExternalRun
from oracle.study.aliases import other_name
from oracle.study.function import FunctionStudy

SCRIPT = """
import torch
from torch import nn

import oracle
import scyc

run = oracle.run("digits", workers=2)
table = run.table
if table["kind"] == "oracle":
    well_tuned: float | None = table["cycles"][0]["well_tuned"]
module: nn.Module = run.network(cycle=5)
masks: dict[str, torch.Tensor] = run.masks(cycle=5)
run.export("digits.npz", cycle=5, format="npz", state="ticket")


@oracle.trainable(resources={"cpu": 1, "gpu": 0.5}, timeout=60)
def train(task: oracle.Task) -> oracle.Outcome:
    rate: float = task.learning_rate(task.steps)
    scyc.Pruner(module).prune(task.pruning_rate)
    return oracle.Outcome(validation=rate, weights_remaining=80.0)


study = oracle.OracleStudy(
    name="text",
    trainer={"function": train, "options": {"width": 32}},
    metric={"name": "perplexity", "mode": "min"},
    grid={"max_lr": [0.1, 1.0]},
    cycles=3,
    s_cyc=scyc.SCyc(epsilon=0.1, delta=0.1, q=1, beta=3.0),
)
search = oracle.GreedyOracle(
    name="mine", grid={"max_lr": [0.1, 1.0]}, cycles=study.cycles, storage="sqlite:///my.db",
    metric={"name": "mse", "mode": "min"},
)
while (task := search.ask()) is not None:
    search.tell(task, task.max_lr)
"""


@pytest.mark.parametrize("package", [oracle, scyc])
def test_completion_offers_every_public_name(package: object) -> None:
    assert set(package.__all__) <= set(dir(package))  # type: ignore[attr-defined]


def test_completion_offers_every_field_of_a_study() -> None:
    internal = {"kind", "shrunk"}  # which stands in the class, and which options of commands set
    fields = {other_name(None, name) or name for name in FunctionStudy.model_fields} - internal
    assert set(StudyFields.__annotations__) == fields
    assert set(inspect.signature(oracle.OracleStudy).parameters) == fields | {"version"}


def test_the_keywords_of_ask_and_tell_are_those_of_a_run_with_the_same_defaults() -> None:
    keywords = dict(inspect.signature(oracle.GreedyOracle).parameters)
    del keywords["storage"]
    empty = inspect.Parameter.empty
    declared = {
        name: empty if field.is_required() else field.default
        for name, field in ExternalRun.model_fields.items()
    }
    assert {name: keyword.default for name, keyword in keywords.items()} == declared


@pytest.mark.slow
def test_a_user_s_script_passes_a_strict_type_check(tmp_path: Path) -> None:
    def checked(script: str) -> str:
        (tmp_path / "script.py").write_text(script, encoding="utf-8")
        command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache")]
        root = Path(oracle.__file__).parents[1]
        done = subprocess.run(
            [*command, str(tmp_path / "script.py")],
            cwd=root, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.stdout

    assert "Success" in checked(SCRIPT), checked(SCRIPT)
    assert '"cycels"' in checked(SCRIPT.replace("cycles=3", "cycels=3"))
