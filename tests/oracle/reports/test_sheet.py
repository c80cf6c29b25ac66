"""Cells with a tone and costs as rows: no reader parses printed text."""

import re

from rich.console import Console

from oracle.reports import formats
from oracle.reports.sheet import Cell, CostRow, ReportTable, cost_lines, cost_rows, tone
from oracle.runs import html_report

COSTS = {
    "oracle": {"trainings": 1200, "steps": 54_000, "seconds": 1007.5},
    "S-Cyc": {"trainings": 27, "steps": 5400, "seconds": 9.0},
}


def a_table(*rows: list[str]) -> ReportTable:
    return ReportTable(
        title="tiny",
        run_id="tiny-0",
        headers=("cycle", "verdict"),
        rows=rows,
        verdict="",
        notes=[],
        costs=cost_rows(COSTS),
        flat=[],
        flat_heads=(),
        cost_notes=["The whole grid took 44 times as many."],
    )


def test_a_cost_is_a_row_of_a_name_and_numbers() -> None:
    assert a_table().costs == [
        CostRow("oracle", 1200, 54_000, 1007.5),
        CostRow("S-Cyc", 27, 5400, 9.0),
    ]


def test_costs_are_printed_aligned_with_their_sentences_below() -> None:
    assert cost_lines(a_table()) == [
        "oracle   1,200 training runs       54,000 steps    1,007.5 s of worker time",
        "S-Cyc       27 training runs        5,400 steps        9.0 s of worker time",
        "The whole grid took 44 times as many.",
    ]


def test_the_tone_of_a_cell_and_not_its_words_colours_it_on_a_page() -> None:
    page = html_report.grid(a_table(["0", Cell("in range (+7)", "undecided")], ["1", "inside"]))
    assert re.findall(r"<td[^>]*>[^<]*</td>", page) == [
        "<td>0</td>",
        '<td class="undecided">in range (+7)</td>',
        "<td>1</td>",
        "<td>inside</td>",
    ]


def test_the_tone_of_a_cell_and_not_its_words_colours_it_in_a_terminal() -> None:
    console = Console(force_terminal=True, color_system="standard", width=80, _environ={})
    with console.capture() as capture:
        formats._print(console, a_table(["0", Cell("[b]far", "outside")], ["1", "inside"]))
    printed = capture.get()
    assert "\x1b[31m[b]far\x1b[0m" in printed
    assert not re.search("\x1b\\[32m", printed)


def test_plain_text_has_no_tone_and_a_cell_is_equal_to_its_text() -> None:
    assert tone("inside") is None
    assert tone(Cell("-")) is None
    assert Cell("inside", "inside") == "inside"
