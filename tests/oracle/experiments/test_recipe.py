"""A kind of study is added as CONTRIBUTING.md says: a toy is declared, run, printed and drawn."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import plotly.graph_objects as go
import pytest
from click.testing import CliRunner
from factories import tiny_content
from pydantic import TypeAdapter
from typing_extensions import TypedDict

import oracle.experiments.registry
import oracle.plots.registry
import oracle.reports.registry
import oracle.study.registry
from oracle.cli.main import main
from oracle.experiments.distributions import DistributionsExperiment
from oracle.plots.registry import Figures
from oracle.reports.sheet import ReportTable, cost_rows, format_lr, format_mean_std
from oracle.runs import execute, prepare
from oracle.settings import Settings
from oracle.study.base import LearningRates, Study
from oracle.study.validation import parse
from oracle.tables.base import (
    RunCycleRow,
    TableHeader,
    TrainingCost,
    run_cycle_row,
    table_header,
    training_cost,
)


class ToyStudy(Study, LearningRates):
    """One iterative pruning run."""

    kind: Literal["toy"]


class ToyTable(TableHeader):
    kind: Literal["toy"]
    cycles: list[RunCycleRow]
    cost: "ToyCost"


class ToyCost(TypedDict):
    training: TrainingCost


@dataclass
class ToyExperiment(DistributionsExperiment):
    def table(self, run_id: str) -> Any:
        return {
            "kind": "toy",
            **table_header(self.study, run_id, self._path.ended(self.cycles)),
            "cycles": [run_cycle_row(done) for done in self.cycles],
            "cost": {"training": training_cost(r for done in self.cycles for r in done.results)},
        }


def sheet(table: Any) -> ReportTable:
    return ReportTable(
        title=f"{table['study']}: a toy",
        run_id=table["run_id"],
        headers=("cycle", "max_lr", "test, %"),
        rows=[
            [str(c["cycle"]), format_lr(c["max_lr"]), format_mean_std(c["test_accuracy"])]
            for c in table["cycles"]
        ],
        verdict="A toy decides nothing.",
        notes=[],
        costs=cost_rows(table["cost"]),
        flat=[{"cycle": c["cycle"], "max_lr": c["max_lr"]} for c in table["cycles"]],
        flat_heads=("cycle", "max_lr"),
    )


def figure(table: Any) -> go.Figure:
    return go.Figure(go.Scatter(y=[c["max_lr"] for c in table["cycles"]]))


FIGURES = {"toy": Figures(figure, lambda table: {"rates": figure(table)})}


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line in each registry."""
    kinds = {**oracle.study.registry.KINDS, "toy": ToyStudy}
    for user in ("study.registry", "study.validation"):
        monkeypatch.setattr(f"oracle.{user}.KINDS", kinds)
    experiments = {**oracle.experiments.registry.EXPERIMENTS, ToyStudy: ToyExperiment}
    monkeypatch.setattr("oracle.experiments.registry.EXPERIMENTS", experiments)
    for user in ("reports.registry", "reports.formats"):
        sheets = {**oracle.reports.registry.SHEETS, "toy": sheet}
        monkeypatch.setattr(f"oracle.{user}.SHEETS", sheets)
    for user in ("plots.registry", "runs.publishing"):
        monkeypatch.setattr(f"oracle.{user}.FIGURES", FIGURES)


@pytest.mark.usefixtures("toy")
def test_a_toy_kind_of_study_runs_for_two_cycles_and_its_table_is_printed(tmp_path: Path) -> None:
    content = tiny_content(without=("grid",), kind="toy", name="plaything", replicates=1)
    study = parse(content, "toy.yaml")
    settings = Settings(folder=tmp_path, backend="inline", device="cpu")
    table = execute.execute(prepare.prepare(study, settings))
    TypeAdapter(list[ToyTable]).validate_python([table])
    assert [cycle["cycle"] for cycle in table["cycles"]] == [0, 1, 2]
    assert table["cost"]["training"]["trainings"] == 3
    done = CliRunner().invoke(main, ["table", "plaything", "--runs", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert "A toy decides nothing." in done.output
    assert f"training       3 training runs {3 * 12:>12} steps" in done.output
    csv = CliRunner().invoke(
        main, ["table", "plaything", "--format", "csv", "--runs", str(tmp_path)]
    )
    assert csv.output.splitlines()[:2] == ["cycle,max_lr", f"0,{table['cycles'][0]['max_lr']}"]
