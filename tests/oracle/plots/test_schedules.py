import math
from typing import Any

import pytest
from schedule_tables import ENTRIES, given, study

from oracle.plots import schedules
from oracle.tables.registry import Table


def traces(figure: Any, column: int) -> dict[str, Any]:
    axis = "x" if column == 1 else f"x{column}"
    return {trace.name: trace for trace in figure.data if trace.xaxis == axis}


def test_the_left_panel_has_the_means_with_their_spread_and_the_papers_dotted(
    table: Table,
) -> None:
    left = traces(schedules.comparison(table), 1)
    assert list(left) == ["steady", "steady, Table 2(x)", "warm-up", "S-Cyc", "S-Cyc, Table 2(x)"]
    assert list(left["steady"].y) == [81, 72]  # what diverged is not drawn
    assert list(left["S-Cyc"].y) == [90, 74, 67]
    assert list(left["S-Cyc"].x) == [80.0] * 3
    assert list(left["warm-up"].error_y.array) == [2, 2]
    assert list(left["S-Cyc, Table 2(x)"].y) == [81.6, 63]
    assert list(left["steady, Table 2(x)"].y) == [80]
    dashes = {name: trace.line.dash for name, trace in left.items()}
    assert {name for name, dash in dashes.items() if dash == "dot"} == {
        "steady, Table 2(x)",
        "S-Cyc, Table 2(x)",
    }
    for label in ("steady", "S-Cyc"):
        assert left[f"{label}, Table 2(x)"].line.color == left[label].line.color
        assert left[f"{label}, Table 2(x)"].marker.symbol == left[label].marker.symbol + "-open"
    assert len({left[row["label"]].line.color for row in table["schedules"]}) == 3


def test_the_middle_panel_is_the_paired_difference_to_s_cyc(table: Table) -> None:
    middle = traces(schedules.comparison(table), 2)
    assert list(middle) == ["steady", "warm-up", "S-Cyc"]
    assert list(middle["S-Cyc"].y) == [0, 0, 0]
    assert list(middle["S-Cyc"].error_y.array) == [0, 0, 0]
    assert list(middle["steady"].y) == [-9, -2]
    assert list(middle["steady"].error_y.array) == pytest.approx([1 / math.sqrt(3), 1])
    assert list(middle["warm-up"].y) == [0, -2]


def test_the_right_panel_has_every_max_lr(table: Table) -> None:
    right = traces(schedules.comparison(table), 3)
    assert {name: list(trace.y) for name, trace in right.items()} == {
        "steady": [0.05] * 3,
        "warm-up": [0.1] * 3,
        "S-Cyc": [0.15] * 3,
    }


def test_the_cards_are_the_panels(table: Table) -> None:
    whole, cards = schedules.comparison(table), schedules.dashboard_panels(table)
    assert list(cards) == ["accuracies", "differences", "rates"]
    for column, card in enumerate(cards.values(), 1):
        expected = traces(whole, column)
        assert {trace.name: trace.y for trace in card.data} == {
            name: trace.y for name, trace in expected.items()
        }
        assert all(trace.showlegend for trace in card.data)
        assert (card.layout.width, card.layout.height) == (None, 440)


def test_without_s_cyc_the_middle_panel_is_empty() -> None:
    table = given(study(*ENTRIES[:2], cycles=1), [[70.0, 71.0]], [[72.0, 73.0]])
    figure = schedules.comparison(table)
    assert all(len(trace.y) == 0 for trace in traces(figure, 2).values())
    assert list(traces(figure, 1)["warm-up"].y) == [72.5]


def test_the_figure_shows_how_the_study_was_scaled_down(table: Table) -> None:
    assert schedules.comparison(table).layout.title.subtitle.text == ""
    small = table | {"shrunk": {"cycles": "2 of 25"}}
    subtitle = schedules.comparison(small).layout.title.subtitle.text
    assert subtitle.startswith("Scaled down")
    assert "cycles 2 of 25" in subtitle
