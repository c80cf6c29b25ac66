"""Error bars and verdicts in the figures of an oracle run."""

from collections.abc import Callable
from typing import Any

import pytest

from oracle.plots import oracle as region_plots
from oracle.search.graph import Cell
from oracle.study.base import Study
from oracle.tables import oracle

Make = Callable[..., Study]


def curve(cell: Cell) -> float:
    """S-Cyc's 0.1 is open at first, the best at the next cycle, and hopeless at the last."""
    swing = 88.0 if cell.replicate % 2 else 72.0
    rest = {0.05: 60.0, 0.2: 80.0 + cell.replicate, 0.4: 70.0}
    return rest.get(cell.max_lr, (swing, 95.0, 50.0)[cell.cycle])


@pytest.fixture
def made(study: Make, searched: Any) -> Callable[..., oracle.OracleTable]:
    def make(
        replicates: int = 4, curve: Callable[[Cell], float | None] = curve
    ) -> oracle.OracleTable:
        declared = study(
            grid={"max_lr": [0.05, 0.1, 0.2, 0.4], "extend": False},
            s_cyc={"epsilon": 0.1, "delta": 0.0, "q": 0, "beta": 3.0},
            replicates=replicates,
        )
        _, cycles, path = searched(declared, curve)
        return oracle.table(declared, "tiny-00000000", cycles, path, complete=True)

    return make


def traces(table: oracle.OracleTable) -> dict[str, Any]:
    return {trace.name: trace for trace in region_plots.regions(table).data}


def test_each_verdict_has_its_shape_and_colour_on_s_cycs_curve(made: Any) -> None:
    table = made()
    kinds = [cycle["evidence"]["s_cyc"]["verdict"] for cycle in table["cycles"]]
    assert kinds == ["undecided", "inside", "outside"]
    drawn = traces(table)
    marks = [drawn[f"S-Cyc: {kind}"] for kind in kinds]
    assert [list(mark.x) for mark in marks] == [[c["weights_remaining"]] for c in table["cycles"]]
    assert len({mark.marker.symbol for mark in marks}) == 3
    assert len({mark.marker.color for mark in marks}) == 3
    table["cycles"][0]["evidence"]["s_cyc"]["more"] = 7
    assert traces(table)["S-Cyc: undecided"].text[0].startswith("undecided (+7), ")


def test_the_edges_of_the_estimated_band_have_their_intervals(made: Any) -> None:
    table = made()
    drawn = traces(table)
    ends, band = drawn["90 % CI of the bounds"], drawn["estimated region"]
    shown = [(cycle, end) for end in ("low", "high") for cycle in table["cycles"]]
    assert list(ends.x) == [cycle["weights_remaining"] for cycle, _ in shown]
    assert list(ends.y) == [cycle["evidence"]["estimated"][end] for cycle, end in shown]
    assert set(zip(ends.x, ends.y, strict=True)) == set(zip(band.x, band.y, strict=True))
    for sign, part, bars in ((1, "high", ends.error_y.array), (-1, "low", ends.error_y.arrayminus)):
        assert [y + sign * bar for y, bar in zip(ends.y, bars, strict=True)] == pytest.approx(
            [cycle["evidence"][end][part] for cycle, end in shown]
        )


def test_the_measured_region_is_drawn_at_its_cycle_with_its_gaps(made: Any) -> None:
    table = made()
    first = table["cycles"][0]
    first["feasible"] |= {"low": 0.05, "high": 0.4, "members": [0.05, 0.2, 0.4]}
    drawn = traces(table)
    bars = drawn["measured region (within 0.5 points)"]
    lines = [tuple(bars.y[at : at + 2]) for at in range(0, len(bars.y), 3)]
    assert lines[:2] == [(0.05, 0.05), (0.2, 0.4)]
    assert lines[2:] == [
        (cycle["feasible"]["low"], cycle["feasible"]["high"]) for cycle in table["cycles"][1:]
    ]
    assert bars.x[0] > first["weights_remaining"]  # the axis falls: left of the cycle
    assert list(drawn["well-tuned max_lr"].x) == [bars.x[0], *bars.x[6::3]]
    marks = [trace for name, trace in drawn.items() if name.startswith("S-Cyc: ")]
    assert "star" not in {trace.marker.symbol for trace in marks}
    assert not {*bars.x} & {x for trace in marks for x in trace.x}


def test_an_estimated_region_in_two_parts_has_a_hole(made: Any) -> None:
    table = made()
    assert "gap of the estimated region" not in traces(table)
    table["cycles"][1]["evidence"]["estimated"]["parts"] = [[0.05, 0.08], [0.15, 0.3]]
    hole = traces(table)["gap of the estimated region"]
    assert list(hole.y) == [0.08, 0.15, None]
    assert hole.x[0] == table["cycles"][1]["weights_remaining"]


def test_the_axis_holds_the_whole_intervals(made: Any) -> None:
    table = made()
    table["cycles"][0]["evidence"]["low"]["low"] = 0.001
    low, _ = region_plots.regions(table).layout.yaxis.range
    assert 10**low < 0.001


@pytest.mark.costly
def test_accuracies_have_the_standard_errors_of_paired_differences(made: Any) -> None:
    table = made()
    for cycle, line in zip(table["cycles"], ("100 %", "80 %", "64 %"), strict=True):
        drawn = traces(table)[line]
        errors = {each["max_lr"]: each["standard_error"] for each in cycle["evidence"]["paired"]}
        assert list(drawn.error_y.array) == [errors[rate] for rate in drawn.x]
    assert max(drawn.error_y.array) > 0
    assert "± SE" in region_plots.regions(table).layout.yaxis2.title.text


def test_one_replicate_has_no_bars_and_all_is_undecided(made: Any) -> None:
    drawn = traces(made(replicates=1))
    assert "90 % CI of the bounds" not in drawn
    assert len(drawn["S-Cyc: undecided"].x) == 3
    assert set(drawn["100 %"].error_y.array) == {0.0}


def test_a_cycle_without_a_region_is_marked(made: Any) -> None:
    table = made(curve=lambda cell: None if cell.cycle else curve(cell))
    assert list(traces(table)["S-Cyc: no region"].x) == [80.0]
