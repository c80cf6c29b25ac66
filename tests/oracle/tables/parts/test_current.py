"""The cycle that an oracle run is in, in its table, its print and its figures."""

import csv
import io
from typing import Any

import pytest
from factories import cell_result, make_study

from oracle.plots import oracle as region_plots
from oracle.reports import formats
from oracle.search.graph import Cell, Graph
from oracle.search.greedy import greedy_oracle
from oracle.search.grid_search import OracleCycle
from oracle.search.request import requests
from oracle.tables import oracle
from oracle.tables.parts import current

GRID = (0.05, 0.1, 0.2)


def at(finished: int, diverged: tuple[float, ...] = ()) -> tuple[Any, Any]:
    """A table and its unfinished cycle after so many training runs; 2 replicates of 3 max_lr."""
    study = make_study(grid={"max_lr": list(GRID), "extend": False})
    graph = Graph(study.system, "images")
    known: dict[str, Any] = {}
    while True:
        cycles: list[OracleCycle] = []
        requested = list(requests(greedy_oracle(study, graph, cycles.append), known))
        missing = [cell for cell in requested[-1].cells if cell.id not in known]
        if not missing or len(known) == finished:
            break
        cell: Cell = missing[0]
        gone = cell.max_lr in diverged
        known[cell.id] = cell_result(cell, None if gone else 90 + cell.max_lr + cell.replicate)
    table = oracle.table(study, "tiny-00000000", cycles, [], complete=False)
    part = current.part(requested, known)
    if part is not None:
        table["current"] = part
    return table, part


def test_before_the_first_training_run_every_value_is_requested_and_none_finished() -> None:
    table, part = at(0)
    assert (part["cycle"], part["asked"], part["finished"]) == (0, 6, 0)
    assert part["weights_remaining"] is None
    assert [value["max_lr"] for value in part["grid"]] == list(GRID)
    assert region_plots.dashboard_panels(table) == {}  # no empty axes
    begun, _ = at(1)
    panel = region_plots.dashboard_panels(begun)["accuracies"]
    assert panel.layout.xaxis.title.text == "max_lr"


@pytest.mark.parametrize("finished", [1, 4, 6, 9, 17])
def test_what_is_finished_is_counted_within_its_cycle(finished: int) -> None:
    table, part = at(finished)
    assert part["cycle"] == len(table["cycles"]) == finished // 6
    assert part["finished"] == finished % 6
    assert sum(len(value["val_accuracy"]) for value in part["grid"]) == finished % 6
    assert [value["asked"] for value in part["grid"]] == [2, 2, 2]


def test_a_search_that_has_ended_is_in_no_cycle() -> None:
    table, part = at(18)
    assert len(table["cycles"]) == 3
    assert part is None


def test_the_print_has_a_row_a_max_lr_with_the_mean_so_far_and_its_state() -> None:
    table, _ = at(11, diverged=(0.05,))
    (printed,) = formats.sheet(table).subtables
    assert printed.verdict == "Cycle 1: 5 of 6 training runs are finished."
    assert [(row[0], row[1], row[3]) for row in printed.rows] == [
        ("0.05", "2 of 2", "diverged"),
        ("0.1", "2 of 2", "finished"),
        ("0.2", "1 of 2", "partly finished"),
    ]
    assert printed.rows[2][2] == "90.20"
    rows = list(csv.DictReader(io.StringIO(formats.as_csv(table))))
    assert [row["cycle"] for row in rows] == ["0"]
    assert "run" not in rows[0]  # a spreadsheet has the same columns as at the end


def test_the_figures_show_what_is_finished_filled_and_the_rest_open() -> None:
    table, part = at(11)
    panels = region_plots.dashboard_panels(table)
    (dots,) = (
        t for t in panels["regions"].data if t.name and t.name.startswith("cycle 1: finished")
    )
    assert list(dots.y) == list(GRID)
    assert list(dots.marker.symbol) == ["circle", "circle", "circle-cross-open"]
    (line,) = (t for t in panels["accuracies"].data if t.name == "cycle 1 so far")
    assert list(line.x) == list(GRID)
    assert list(line.y) == pytest.approx([90.55, 90.6, 90.2])
    assert part["weights_remaining"] in panels["regions"].layout.xaxis.tickvals


def test_a_max_lr_of_which_no_replicate_is_finished_differs_from_a_started_one() -> None:
    table, _ = at(8)
    (printed,) = formats.sheet(table).subtables
    assert [row[3] for row in printed.rows] == [
        *["partly finished"] * 2,
        "queued or running",
    ]
    regions = region_plots.dashboard_panels(table)["regions"]
    (dots,) = (t for t in regions.data if t.name and t.name.startswith("cycle 1: finished"))
    assert list(dots.marker.symbol) == ["circle-cross-open", "circle-cross-open", "circle-open"]
    assert list(dots.text) == [row[3] for row in printed.rows]
