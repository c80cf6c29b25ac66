"""Rates from how much is pruned, by hand; and the rivals that take them."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from factories import answer_searches, cell_result

from oracle.experiments.registry import experiment
from oracle.plots import oracle as plots
from oracle.reports import formats
from oracle.reports.parts import rivals as reports
from oracle.search.graph import Cell, CellResult, Graph
from oracle.search.rivals import sizes
from oracle.study.base import Study
from oracle.study.parts.rivals import NEEDS, RIVALS
from oracle.tables.parts import rivals as tables
from scyc.errors import BadInput

Make = Callable[..., Study]
GRID = {"max_lr": [0.05, 0.1, 0.2, 0.4], "extend": False}
HALF = {"rate": 0.5, "rewind": "init"}


def test_a_power_law_is_fitted_through_two_rates_exactly() -> None:
    """0.1 at density 1, 0.2 at density 1/4: epsilon 0.1, alpha 1/2."""
    epsilon, alpha = sizes.fitted_power_law([0.1, 0.2], 0.75)
    assert (epsilon, alpha) == pytest.approx((0.1, 0.5))
    assert sizes.power_law(epsilon, alpha, 2, 0.75) == pytest.approx(0.4)


def test_a_power_law_through_three_rates_is_least_squares_of_the_logarithms() -> None:
    """Exponents of 2: 0, 0, 3 over densities of 2^0, 2^-1, 2^-2 give a slope of 3/2, middle 1."""
    epsilon, alpha = sizes.fitted_power_law([1.0, 1.0, 8.0], 0.5)
    assert alpha == pytest.approx(1.5)
    assert epsilon == pytest.approx(2 ** (1 - 1.5))


def test_allr_discounts_by_the_size_of_what_was_pruned_or_the_length() -> None:
    """Norms 0.3 and 0.1 of a quarter of the weights: 0.6 and 0.2, mean 0.4."""
    pruned = [{"relative": 0.3, "share": 0.25}, {"relative": 0.1, "share": 0.25}]
    assert sizes.allr(0.1, pruned, 0.0) == pytest.approx(0.04)
    assert sizes.allr(0.1, pruned, 0.5) == pytest.approx(0.05)
    assert sizes.allr(0.1, pruned, 1.0) == pytest.approx(0.1)
    assert 0 < sizes.allr(0.1, [{"relative": 0.0, "share": 0.0}], 0.0) < 1e-6


def test_a_position_on_the_grid_extrapolates_past_its_ends() -> None:
    grid = [0.1, 0.2, 0.4]
    assert tables._position(0.2, grid) == pytest.approx(1.0)
    assert tables._position(0.1 * 2**0.5, grid) == pytest.approx(0.5)
    assert tables._position(0.8, grid) == pytest.approx(3.0)
    assert tables._position(0.05, grid) == pytest.approx(-1.0)


def answered(cell: Cell) -> CellResult:
    """Best at 0.05, 0.1, 0.2, 0.4, cycle by cycle; each replicate tells of what it prunes next."""
    best = 0.05 * 2.0**cell.cycle
    accuracy = 90 - 2 * abs(math.log2(cell.max_lr / best)) + cell.replicate
    size = 0.1 * (cell.cycle + 1) * (1 + cell.replicate)
    recorded = {
        "pruned_norm": {"relative": size, "share": 0.25},
        "lr_range_test": {"rate": [0.3, 0.07, 0.2][cell.replicate], "steps": 90},
        "weight_gradients": {"count": 1, "std": 1.0 / (cell.cycle + 1)},
    }
    return replace(cell_result(cell, accuracy), recorded=recorded)


@pytest.fixture
def made(study: Make) -> Callable[..., Any]:
    def make(rivals: list[Any], **changes: Any) -> Any:
        declared = study(
            **{
                "grid": GRID,
                "pruning": HALF,
                "cycles": 3,
                "s_cyc": {"epsilon": 0.07, "delta": 0.01, "q": 0, "beta": 3.0},
                "record": {"what": ["pruned_norm", "lr_range_test"]},
                "rivals": rivals,
            }
            | changes
        )
        study_experiment: Any = experiment(declared, Graph(declared.system, "0" * 64))
        answer_searches(study_experiment.searches(), answered)
        return study_experiment

    return make


def rates(study_experiment: Any, name: str) -> list[float]:
    return [each.max_lr for each in study_experiment.runs()[name]]


def schedules(study_experiment: Any, name: str) -> list[str]:
    return [each.cells[0].schedule.name for each in study_experiment.runs()[name]]


def test_the_power_law_continues_from_the_oracles_first_cycles(made: Any) -> None:
    """0.05, 0.1, 0.2 while the density halves: alpha 1, and 0.4 at the cycle that was not used."""
    study_experiment = made(["power_law"])
    assert rates(study_experiment, "power_law") == pytest.approx([0.05, 0.1, 0.2, 0.4])
    (rival,) = study_experiment.table("t")["rivals"]
    summary = rival["summary"]
    assert (summary["cycles"], summary["inside"]) == (3, 3)
    assert summary["grid_values_off"] == pytest.approx(0.0, abs=1e-9)
    # three grids of 4 values and 2 replicates; the run's own 3 x 2 cells of those are the grid's
    assert summary["percent_of_training"] == pytest.approx(100 * (24 - 6) / 8)


def test_a_power_law_that_is_given_needs_no_oracle(made: Any) -> None:
    study_experiment = made([{"name": "power_law", "alpha": -1.0, "epsilon": 0.4}])
    assert rates(study_experiment, "power_law") == pytest.approx([0.4, 0.2, 0.1, 0.05])
    (rival,) = study_experiment.table("t")["rivals"]
    assert rival["summary"]["percent_of_training"] == 0.0
    assert rival["summary"]["inside"] == 0  # 0.2, 0.1, 0.05 against 0.1, 0.2, 0.4
    assert rival["summary"]["grid_values_off"] == pytest.approx((1 + 1 + 3) / 3)


def test_allr_reads_its_own_runs_sizes_and_falls_linearly_from_cycle_1_on(made: Any) -> None:
    """Sizes (0.1, 0.2), (0.2, 0.4), (0.3, 0.6) over sqrt(1/4): means 0.3, 0.6, 0.9."""
    study_experiment = made(["allr"])
    assert rates(study_experiment, "allr") == pytest.approx([0.07, 0.021, 0.042, 0.063])
    assert schedules(study_experiment, "allr") == ["warmup", "linear", "linear", "linear"]
    whole = made([{"name": "allr", "epsilon": 0.1, "retraining": 1.0}])
    assert rates(whole, "allr") == pytest.approx([0.1] * 4)


def test_linear_rewinding_keeps_the_unpruned_networks_max_lr(made: Any) -> None:
    study_experiment = made(["linear_rewinding"])
    assert rates(study_experiment, "linear_rewinding") == [0.05] * 4
    assert schedules(study_experiment, "linear_rewinding") == [
        "warmup",
        "linear",
        "linear",
        "linear",
    ]
    given = made([{"name": "linear_rewinding", "max_lr": 0.3}])
    assert rates(given, "linear_rewinding") == [0.3] * 4


def test_the_range_tests_median_over_the_replicates_is_taken(made: Any) -> None:
    study_experiment = made(["lr_range_test"], replicates=3)
    assert rates(study_experiment, "lr_range_test") == pytest.approx([0.07, 0.2, 0.2, 0.2])
    (rival,) = study_experiment.table("t")["rivals"]
    # 3 cycles x 3 replicates of 100 iterations, and 12 training runs of 10
    assert rival["summary"]["percent_of_training"] == pytest.approx(100 * 900 / 120)


def test_the_print_sums_up_each_rival(made: Any) -> None:
    table = made(["power_law", "linear_rewinding", "allr", "lr_range_test"]).table("t")
    lines = reports.summaries(table["rivals"])
    assert len(lines) == 4
    assert lines[0].startswith("power_law: inside 3 of 3 regions, 0.0 grid steps from")
    assert reports.summaries([{"name": "constant"}]) == []
    notes = reports.sheet(table).notes
    assert sum(line.startswith(("power_law:", "allr:")) for line in notes) == 2


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"rivals": ["allr"], "record": None}, "allr needs pruned_norm"),
        ({"rivals": ["lr_range_test"], "record": None}, "lr_range_test needs lr_range_test"),
        ({"rivals": [{"name": "power_law", "cycles": 5}]}, "has 4; lower its cycles"),
        ({"rivals": [{"name": "power_law", "epsilon": 0.1}]}, "is fitted with alpha"),
        ({"pruning": {"rewind": 4}}, "lr_range_test cannot be recorded"),
    ],
)
def test_a_rival_without_a_required_field_is_refused(
    study: Make, changes: dict[str, Any], rule: str
) -> None:
    content = {"cycles": 3, "record": {"what": ["lr_range_test"]}} | changes
    with pytest.raises(BadInput, match=rule):
        study(**content)


def test_every_rival_is_drawn_and_described(made: Any) -> None:
    """A run draws and prints them at its end."""
    study_experiment = made(sorted(RIVALS), record={"what": sorted(set(NEEDS.values()))})
    table = study_experiment.table("t")
    assert {trace.name for trace in plots.regions(table).data} >= set(RIVALS)
    assert len(reports.summaries(table["rivals"])) == len(RIVALS)
    assert " ".join(formats.text(table, 160).split()).count("choosing max_lr costs") == len(RIVALS)
