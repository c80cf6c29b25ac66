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


def at(
    finished: int, diverged: tuple[float, ...] = (), running: int | None = None
) -> tuple[Any, Any]:
    """A table and its unfinished cycle after so many training runs; 2 replicates of 3 max_lr.

    With `running`, a driver trains so many of the others.
    """
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
    now = None if running is None else {cell.id for cell in missing[:running]}
    part = current.part(requested, known, now)
    if part is not None:
        part["so_far"] = current.so_far(part["grid"], 0.5, "points", minimised=False)
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
    assert printed.verdict.startswith("Cycle 1: 5 of 6 training runs are finished. ")
    assert [(row[0], row[1], row[3]) for row in printed.rows] == [
        ("0.05", "2 of 2", "diverged"),
        ("0.1", "2 of 2", "finished"),
        ("0.2", "1 of 2", "partly finished"),
    ]
    assert printed.rows[2][2] == "90.20"
    rows = list(csv.DictReader(io.StringIO(formats.as_csv(table))))
    assert [row["cycle"] for row in rows] == ["0"]
    assert "run" not in rows[0]  # a spreadsheet has the same columns as at the end


def marks(panel: Any) -> dict[str, tuple[str, list[float]]]:
    """Symbol and learning rates of each mark of cycle 1 in a panel, by what the legend says."""
    return {
        trace.name.removeprefix("cycle 1: "): (trace.marker.symbol, list(trace.y))
        for trace in panel.data
        if trace.name and trace.name.startswith("cycle 1: ")
    }


def test_each_state_of_a_max_lr_has_a_mark_and_a_line_of_the_legend_of_its_own() -> None:
    table, part = at(7, running=1)  # the first replicate of 0.05 is finished, that of 0.1 runs
    (printed,) = formats.sheet(table).subtables
    assert [row[3] for row in printed.rows] == ["partly finished", "running", "queued"]
    assert printed.verdict.startswith("Cycle 1: 1 of 6 training runs are finished, 1 running. ")
    panels = region_plots.dashboard_panels(table)
    drawn = marks(panels["regions"])
    assert drawn["partly finished"][1] == [0.05]
    assert drawn["running"][1] == [0.1]
    assert drawn["queued"][1] == [0.2]
    assert len({symbol for symbol, _ in drawn.values()}) == len(drawn) == 5
    assert part["weights_remaining"] in panels["regions"].layout.xaxis.tickvals


def test_the_figures_show_what_is_finished_filled_and_the_rest_open() -> None:
    table, _ = at(11)
    panels = region_plots.dashboard_panels(table)
    drawn = marks(panels["regions"])
    assert drawn["finished"] == ("circle", [0.05, 0.1])
    assert drawn["partly finished"] == ("circle-cross-open", [0.2])
    (line,) = (t for t in panels["accuracies"].data if t.name == "cycle 1 so far")
    assert list(line.x) == list(GRID)
    assert list(line.y) == pytest.approx([90.55, 90.6, 90.2])


def test_what_no_driver_trains_is_neither_queued_nor_running() -> None:
    table, _ = at(8)
    (printed,) = formats.sheet(table).subtables
    assert [row[3] for row in printed.rows] == [*["partly finished"] * 2, "not trained"]
    assert marks(region_plots.dashboard_panels(table)["regions"])["not trained"][1] == [0.2]


def test_the_answer_so_far_is_called_provisional() -> None:
    table, part = at(11, diverged=(0.05,))
    assert part["so_far"] == {"well_tuned": 0.1, "low": 0.1, "high": 0.2, "max_lr_tried": 3}
    sentence = (
        "Provisional: the best max_lr so far is 0.1, the region [0.1, 0.2], from 3 of 3 max_lr."
    )
    assert formats.sheet(table).subtables[0].verdict.endswith(sentence)
    assert region_plots.captions(table)["regions"].endswith(sentence)
    drawn = marks(region_plots.dashboard_panels(table)["regions"])
    assert drawn["best so far (provisional)"][1] == [0.1]
    assert drawn["region so far (provisional)"][1] == [0.1, 0.2]


def test_the_first_cycle_is_drawn_as_soon_as_a_training_run_is_under_way() -> None:
    table, part = at(0, running=1)
    table["current"] = {**part, "expected_remaining": 100.0}
    (dots, queued) = region_plots.dashboard_panels(table)["regions"].data
    assert (dots.name, list(dots.x), list(dots.y)) == ("cycle 0: running", [100.0], [0.05])
    assert (queued.name, list(queued.y)) == ("cycle 0: queued", [0.1, 0.2])


def test_of_a_loss_the_lowest_value_is_the_best_so_far() -> None:
    losses = {0.05: 2.0, 0.1: 1.0, 0.2: 1.3}
    grid: list[current.CurrentValue] = [
        {"max_lr": rate, "asked": 1, "val_accuracy": [loss], "diverged": False}
        for rate, loss in losses.items()
    ]
    so_far = current.so_far(grid, 0.5, "points", minimised=True)
    assert so_far == {"well_tuned": 0.1, "low": 0.1, "high": 0.2, "max_lr_tried": 3}
