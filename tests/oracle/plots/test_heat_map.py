"""The figure of 26 pruning cycles and 60 learning rates. Its table is made up."""

import itertools
import math
from typing import Any

import pytest
from paper_size import CYCLES, RATES, made_up_table, rates

from oracle.plots import oracle as region_plots
from oracle.plots.base import FIXED

EDGE = 0.5  # of a cell, in cycles


@pytest.fixture(scope="module")
def table() -> Any:
    return made_up_table()


@pytest.fixture(scope="module")
def panels(table: Any) -> Any:
    return region_plots.dashboard_panels(table)


@pytest.fixture(scope="module")
def picture(table: Any) -> Any:
    return region_plots.regions(table)


@pytest.fixture(scope="module")
def traces(panels: Any) -> dict[str, Any]:
    return by_name(panels["heat_map"])


def by_name(panel: Any) -> dict[str, Any]:
    """The last trace of each name that draws something; a legend's own traces have no point."""
    return {trace.name: trace for trace in panel.data if trace.x is None or trace.x[0] is not None}


def test_the_legend_of_lines_on_the_cells_is_repainted_with_the_page(panels: Any) -> None:
    panel = panels["heat_map"]
    lines = ("measured region", "estimated region", "S-Cyc")
    shown = [t for t in panel.data if t.name in lines and t.showlegend is not False]
    assert sorted(trace.name for trace in shown) == sorted(lines)
    assert [trace.meta for trace in shown] == [None] * 3
    assert {by_name(panel)[name].meta for name in lines} == {FIXED}


def test_a_column_a_cycle_and_a_row_a_rate_have_the_loss_against_the_best(
    table: Any, traces: dict[str, Any]
) -> None:
    cells = traces["accuracy below the best"]
    assert (len(cells.z), len(cells.z[0])) == (RATES, CYCLES + 1)
    assert len(cells.y) == RATES + 1  # edges
    for column, cycle in enumerate(table["cycles"]):
        losses = [row[column] for row in cells.z]
        known = [loss for loss in losses if loss is not None]
        assert min(known) == 0.0
        assert losses[rates().index(cycle["well_tuned"])] == 0.0
        assert len(known) == sum(not entry["diverged"] for entry in cycle["grid"])
        inside = {
            r for r, loss in zip(rates(), losses, strict=True) if loss is not None and loss <= 0.5
        }
        assert inside == set(cycle["feasible"]["members"])
    assert cells.colorbar.ticktext[-1] == "≥ 8"


def test_the_frame_is_the_measured_region_with_its_gaps(table: Any, traces: dict[str, Any]) -> None:
    frame = traces["measured region"]
    lines = [
        (tuple(frame.x[at : at + 2]), tuple(frame.y[at : at + 2]))
        for at in range(0, len(frame.x), 3)
    ]
    for index, cycle in enumerate(table["cycles"]):
        level = [y for x, (y, z) in lines if x == (index - EDGE, index + EDGE) and y == z]
        members = [rate in cycle["feasible"]["members"] for rate in rates()]
        runs = sum(inside for inside, _ in itertools.groupby(members))
        assert len(level) == 2 * runs
    assert any(not cycle["feasible"]["contiguous"] for cycle in table["cycles"])


def test_on_it_lie_the_estimate_s_cyc_and_the_well_tuned_values(
    table: Any, traces: dict[str, Any]
) -> None:
    cycles = table["cycles"]
    assert list(traces["S-Cyc"].y) == [math.log10(c["s_cyc"]["max_lr"]) for c in cycles]
    assert list(traces["well-tuned max_lr"].y) == [math.log10(c["well_tuned"]) for c in cycles]
    lows = traces["estimated region"].y[: len(cycles)]
    assert list(lows) == [math.log10(c["evidence"]["estimated"]["low"]) for c in cycles]


def test_a_rate_that_was_not_tried_has_no_colour_and_is_framed_between_members(
    table: Any, traces: dict[str, Any]
) -> None:
    grid = table["cycles"][0]["grid"]
    members = table["cycles"][0]["feasible"]["members"]
    untried = next(
        e for e, after in itertools.pairwise(grid)
        if e["max_lr"] in members[1:-1] and after["max_lr"] in members
        and rates()[rates().index(e["max_lr"]) - 1] in members
    )  # fmt: skip
    less = {
        **table["cycles"][0],
        "grid": [e for e in grid if e is not untried],
        "feasible": {
            **table["cycles"][0]["feasible"],
            "members": [rate for rate in members if rate != untried["max_lr"]],
        },
    }
    changed = region_plots.dashboard_panels({**table, "cycles": [less, *table["cycles"][1:]]})
    without = by_name(changed["heat_map"])
    row = rates().index(untried["max_lr"])
    assert without["accuracy below the best"].z[row][0] is None
    assert without["measured region"].y == traces["measured region"].y


def test_a_colour_bar_replaces_a_legend_line_for_each_cycle(panels: Any) -> None:
    lines = panels["accuracies"].data
    assert [trace.name for trace in lines if trace.showlegend is not False] == ["diverged"]
    (bar,) = (trace.marker for trace in lines if trace.marker.showscale)
    assert bar.colorbar.ticktext[0] == "100"
    few = region_plots.dashboard_panels(made_up_table(cycles=8, count=10))
    assert list(few) == ["regions", "accuracies"]
    assert sum(trace.showlegend is not False for trace in few["accuracies"].data) == 9 + 1


def test_no_axis_names_more_networks_than_fit_and_no_tick_is_turned(
    panels: Any, picture: Any
) -> None:
    for figure in (picture, *panels.values()):
        axes = list(figure.select_xaxes())
        assert all(axis.tickangle == 0 for axis in axes)
        named = [axis for axis in axes if axis.title.text == "weights remaining, %"]
        assert all(len(axis.ticktext) == 7 for axis in named)
        assert named or figure.layout.title.text.endswith("over max_lr")


def test_a_picture_has_the_heat_map_next_to_the_regions(picture: Any) -> None:
    types = {trace.xaxis: trace.type for trace in picture.data if trace.type == "heatmap"}
    assert types == {"x2": "heatmap"}
    shown = [trace.name for trace in picture.data if trace.showlegend is not False]
    assert shown.count("S-Cyc") == shown.count("well-tuned max_lr") == 1
