"""What an oracle's table says of the budget, from the curves that are stored."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from factories import answer_searches, cell_result

from oracle.experiments.registry import experiment
from oracle.reports import oracle as reports
from oracle.search.graph import Cell, CellResult, Graph
from oracle.study.base import Study
from oracle.tables.registry import Table

Make = Callable[..., Study]
STEPS = (2, 4, 6, 8, 10, 12)
ACCURACY = {0.05: 79.9, 0.1: 80.0, 0.2: 70.0}


@pytest.fixture
def made(study: Make, Rehearsal: Any) -> Callable[[Callable[[Cell], float]], Table]:
    """The table of a study of which each curve rises by so many points between two evaluations."""

    def make(slope: Callable[[Cell], float], **changes: Any) -> Table:
        declared = study(
            **{
                "cycles": 1,
                "grid": {"max_lr": list(ACCURACY), "extend": False},
                "schedule": {"warmup": 2, "drops": [8]},
                "training": {"steps": 12, "batch": 16, "validate_every": 2},
            }
            | changes
        )

        def answered(cell: Cell) -> CellResult:
            result = cell_result(cell, ACCURACY.get(cell.max_lr, 50.0))
            points = tuple((step, 50.0 + slope(cell) * step / 2) for step in STEPS)
            return replace(result, curve=points)

        study_experiment: Any = experiment(declared, Graph(declared.system, "0" * 64))
        answer_searches(study_experiment.searches(), answered)
        table: Table = study_experiment.table("tiny-00000000")
        return table

    return make


def test_a_cycle_whose_curves_rise_is_undertrained_and_the_others_are_not(made: Any) -> None:
    """A point in 2 of 12 iterations is 0.6 in a tenth of them, above the tolerance of 0.5."""
    table = made(lambda cell: 1.0 if cell.cycle == 0 else 0.5)
    first, second = (cycle["plateau"] for cycle in table["cycles"])
    assert first["verdict"] == "undertrained"
    assert second["verdict"] == "plateau"
    assert first["looks"] == [6, 8]
    same = {"rise": pytest.approx(0.6), "standard_error": pytest.approx(0.0)}
    assert first["rates"] == [{"max_lr": 0.05, **same}, {"max_lr": 0.1, **same}]


def test_the_lowest_max_lr_of_the_region_is_examined_as_well_as_the_best(made: Any) -> None:
    table = made(lambda cell: 2.0 if cell.max_lr == 0.05 else 0.0)
    assert table["cycles"][0]["well_tuned"] == 0.1
    assert [c["plateau"]["verdict"] for c in table["cycles"]] == ["undertrained", "undertrained"]
    alone = made(lambda cell: 2.0 if cell.max_lr == 0.05 else 0.0, tolerance=0.05)
    assert [c["plateau"]["verdict"] for c in alone["cycles"]] == ["plateau", "plateau"]


def test_the_printed_table_marks_an_undertrained_region_with_its_amount(made: Any) -> None:
    sheet = reports.sheet(made(lambda cell: 1.0 if cell.cycle == 0 else 0.5))
    below = [row[3] for row in sheet.rows if not row[0]]  # where it makes no column wider
    assert below == ["undertrained", ""]
    (note,) = [line for line in sheet.notes if "undertrained" in line]
    assert "at cycle 0 (" in note
    assert "rose by 0.60 points per tenth of the steps" in note


def test_a_run_that_ends_on_a_plateau_is_reported_as_such(made: Any) -> None:
    sheet = reports.sheet(made(lambda cell: 0.25))
    assert sum("plateau reached" in line for line in sheet.notes) == 1


def test_evaluations_that_show_no_plateau_leave_it_unknown(made: Any) -> None:
    table = made(lambda cell: 1.0, schedule={"warmup": 7, "drops": [8]})
    assert {c["plateau"]["verdict"] for c in table["cycles"]} == {"unknown"}
    assert table["cycles"][0]["plateau"]["rates"][0]["rise"] is None
    notes = reports.sheet(table).notes
    assert any("plateau unknown at cycles 0, 1 (" in line for line in notes)


def test_a_table_of_an_older_version_does_not_mention_it(made: Any) -> None:
    table = made(lambda cell: 1.0)
    for cycle in table["cycles"]:
        del cycle["plateau"]
    sheet = reports.sheet(table)
    assert not any("undertrained" in line for line in sheet.notes)
    assert not any("undertrained" in cell for row in sheet.rows for cell in row)
