"""What the ways to max_lr cost, side by side."""

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner

from oracle.analysis import budgets, costs
from oracle.analysis.budgets import PAPER, Budget
from oracle.analysis.costs import ADAPTIVE, FITTED, ONE, WHOLE, Measured
from oracle.cli.main import main
from oracle.experiments.registry import experiment
from oracle.reports import oracle as tables
from oracle.reports.sheet import cost_lines
from oracle.search.graph import Cell, Graph
from oracle.study.base import Study
from scyc.errors import BadInput

Make = Callable[..., Study]
GRID = {"kind": "log", "low": 0.005, "high": 0.5, "count": 41}
SHARED = {"cycles": 2}
SEARCHED = {
    "kind": "search",
    "run_id": "tiny-search-1",
    "search": "paper",
    "complete": True,
    "cost": {"search": {"trainings": 41, "steps": 410, "seconds": 20.5}},
}


def hump(cell: Cell) -> float:
    return 90 - 2 * math.log2(cell.max_lr / 0.1) ** 2


@pytest.fixture
def run(study: Make, Rehearsal: Any) -> Callable[..., Measured]:
    def made(curve: Callable[[Cell], float | None] = hump, **changes: Any) -> Measured:
        declared = study(grid=GRID, **changes)
        study_experiment = experiment(declared, Graph(declared.system, "0" * 64))
        Rehearsal(curve).run(study_experiment.searches())
        return Measured(study_experiment.table("tiny-0"), study_experiment.graph.id, SHARED)  # type: ignore[attr-defined]

    return made


def ways(comparison: costs.Costs) -> dict[str, costs.Cost]:
    return {way.what: way for way in comparison.ways}


def test_a_full_grid_is_held_against_the_replayed_adaptive_oracle_and_one_run(run: Any) -> None:
    comparison = costs.side_by_side([run()])
    each = ways(comparison)
    assert each[WHOLE].trainings == 3 * 41 * 2
    assert (each[WHOLE].how, each[ADAPTIVE].how, each[ONE].how) == (
        "measured",
        "replayed",
        "measured",
    )
    assert each[ONE].trainings == 3 * 2
    assert each[FITTED].trainings == each[ADAPTIVE].trainings + 6
    assert comparison.base == each[WHOLE]
    assert each[ONE].times(each[WHOLE]) == (41, 41, 41)


def test_an_adaptive_run_is_held_against_the_grid_that_it_left_out(run: Any) -> None:
    each = ways(costs.side_by_side([run(search="adaptive")]))
    assert (each[WHOLE].how, each[ADAPTIVE].how) == ("reckoned", "measured")
    assert each[WHOLE].trainings == 3 * 41 * 2
    assert each[WHOLE].steps == 10 * each[WHOLE].trainings
    assert each[WHOLE].seconds == each[WHOLE].trainings
    assert each[ADAPTIVE].trainings < 3 * 41


def test_a_replayed_adaptive_oracle_costs_what_a_real_one_does(run: Any) -> None:
    real, replayed = (
        ways(costs.side_by_side([run(search=search)]))[ADAPTIVE] for search in ("adaptive", "grid")
    )
    assert (real.trainings, real.steps) == (replayed.trainings, replayed.steps)


def test_a_search_is_compared_with_the_measured_oracle(run: Any) -> None:
    oracle = run()
    search = Measured(SEARCHED, oracle.graph, SHARED)
    comparison = costs.side_by_side([run(search="adaptive"), search, oracle])
    assert comparison.base is not None
    assert comparison.base.how == "measured"
    searched = ways(comparison)["S-Cyc's search (paper)"]
    assert searched.times(comparison.base) == (6, 6, 12)
    shown = costs.text(comparison)
    assert "0.17x training runs, 0.17x steps, 0.083x seconds" in shown
    content = json.loads(json.dumps(costs.as_json(comparison)))
    assert content["ways"][4]["less_than_the_oracle"] == {"trainings": 6, "steps": 6, "seconds": 12}


def test_a_search_alone_has_nothing_to_be_held_against() -> None:
    comparison = costs.side_by_side([Measured(SEARCHED, "a", SHARED)])
    assert comparison.base is None
    assert "x training runs" not in costs.text(comparison)


def test_runs_that_cannot_be_compared_are_refused_all_at_once(run: Any) -> None:
    oracle = run()
    other = Measured(SEARCHED, "another", SHARED)
    longer = Measured(SEARCHED | {"run_id": "longer"}, oracle.graph, {"cycles": 3})
    schedules = Measured(oracle.table | {"kind": "schedules"}, oracle.graph, SHARED)
    with pytest.raises(BadInput) as refused:
        costs.side_by_side([oracle, other, longer, schedules])
    rules = [problem.rule for problem in refused.value.problems]
    assert len(rules) == 3
    assert "another network, training, seed or data set than tiny-0" in rules[0]
    assert "differs from tiny-0 in cycles" in rules[1]
    assert "kind schedules" in rules[2]


def test_an_incomplete_run_is_marked_as_incomplete(run: Any) -> None:
    table = run().table | {"complete": False}
    comparison = costs.side_by_side([Measured(table, "a", SHARED)])
    assert "tiny-0 is not complete; its cost is that so far." in comparison.notes


def test_the_oracles_table_shows_how_much_less_the_others_took(run: Any) -> None:
    table = run().table
    lines = cost_lines(tables.sheet(table))
    assert [line.split()[0] for line in lines[:3]] == ["oracle", "adaptive", "S-Cyc"]
    assert lines[3].startswith("Training runs relative to the oracle's whole grid (measured): ")
    assert "S-Cyc, one run 0.024x" in lines[3]
    adaptive = 246 / table["cost"]["adaptive"]["trainings"]
    assert f"adaptive oracle {1 / adaptive:.2f}x (simulated)" in lines[3]


def test_the_papers_budget_saves_by_constant_factors() -> None:
    assert (PAPER.oracle, PAPER.search, PAPER.runs) == (7800, 2600, 130)
    longer = Budget(60, 260, 5, 20)
    assert longer.oracle / longer.search == PAPER.oracle / PAPER.search == 3
    output = budgets.budget_text(PAPER)
    assert "2,600 training runs, 0.33x the oracle's\n" in output
    assert "130 training runs, 0.017x the oracle's\n" in output
    assert budgets.budget_json(PAPER)["less_than_the_oracle"] == {"search": 3, "one_run": 60}


def test_falling_regions_fit_no_s_cyc_curve_and_the_table_reports_it(run: Any) -> None:
    def falling(cell: Cell) -> float:
        return 90 - 8 * math.log2(cell.max_lr / (0.2 / 4**cell.cycle)) ** 2

    table = run(falling).table
    assert table["fit"]["fits"] is False
    assert len(table["fit"]["inside"]) == 1
    notes = " ".join(tables.sheet(table).notes)
    assert "inside 1 of 3 regions, outside at cycle" in notes
    assert "No curve with q 0 to 3 and beta 3 to 6 is inside all." in notes


def test_regions_that_an_s_cyc_curve_fits_are_said_to_be_so(run: Any) -> None:
    table = run().table
    assert table["fit"]["fits"] is True
    notes = " ".join(tables.sheet(table).notes)
    assert "inside 3 of 3 regions, as are " in notes
    assert " of 124 pairs (q, beta)." in notes
    assert "No curve" not in notes


def test_the_command_reckons_the_papers_budget_and_wants_one_thing_at_a_time() -> None:
    shown = CliRunner().invoke(main, ["cost", "--paper", "--format", "json"])
    assert json.loads(shown.output)["trainings"]["oracle"] == 7800
    for wrong in ([], ["--paper", "digits"]):
        refused = CliRunner().invoke(main, ["cost", *wrong])
        assert refused.exit_code == 2
        assert "name a RUN or more, or give --paper" in refused.output
