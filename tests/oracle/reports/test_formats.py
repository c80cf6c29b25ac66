"""The forms of a result: tables, figures, the report, the paper's tables."""

import csv
import io
import json
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from required import missing

from oracle.analysis import paper
from oracle.plots import oracle as region_plots
from oracle.plots import page
from oracle.reports import formats
from oracle.reports import oracle as tables
from oracle.reports.sheet import footnotes
from oracle.runs import html_report
from oracle.search.graph import Cell
from oracle.storage.people_names import people_name
from oracle.study.base import Study
from oracle.tables import oracle
from scyc.errors import BadInput

Make = Callable[..., Study]


def curve(cell: Cell) -> float | None:
    """Best at 0.1, a gap at 0.2, divergence at 0.8; the replicates differ."""
    known = {0.05: 88.0, 0.1: 90.0, 0.2: 89.0, 0.4: 89.8}
    if cell.max_lr not in known:
        return None if cell.max_lr > 0.7 else 80.0
    return known[cell.max_lr] + 2 * cell.replicate + (cell.max_lr if cell.replicate else 0)


@pytest.fixture
def table(study: Make, searched: Any) -> oracle.OracleTable:
    declared = study(
        grid={"max_lr": [0.05, 0.1, 0.2, 0.4], "ceiling": 0.9},
        s_cyc={"epsilon": 0.1, "delta": 0.5, "q": 0, "beta": 3.0},
    )
    _, cycles, path = searched(declared, curve)
    return oracle.table(declared, "tiny-00000000", cycles, path, complete=True)


def test_the_json_table_has_the_documented_shape(table: oracle.OracleTable) -> None:
    content = json.loads(formats.as_json(table))
    assert {"study", "run_id", "tolerance", "tolerance_kind", "cycles", "cost"} <= content.keys()
    cycle = content["cycles"][0]
    assert {
        "cycle", "weights_remaining", "grid", "replicates", "well_tuned", "feasible", "s_cyc",
        "evidence",
    } <= cycle.keys()  # fmt: skip
    assert {"max_lr", "val_accuracy", "test_accuracy", "diverged"} == cycle["grid"][0].keys()
    assert {"low", "high", "cut_low", "cut_high", "contiguous", "members"} == cycle[
        "feasible"
    ].keys()
    assert {"max_lr", "inside", "val_accuracy", "test_accuracy"} <= cycle["s_cyc"].keys()
    for who in ("oracle", "s_cyc"):
        assert {"trainings", "steps", "seconds"} == content["cost"][who].keys()


def test_the_table_has_the_measured_values(table: oracle.OracleTable) -> None:
    first, second = table["cycles"][:2]
    assert first["well_tuned"] == 0.1
    assert first["feasible"] == {
        "low": 0.1,
        "high": 0.4,
        "cut_low": False,
        "cut_high": False,
        "contiguous": False,
        "members": [0.1, 0.4],
    }
    assert [entry["max_lr"] for entry in first["grid"]] == [0.05, 0.1, 0.2, 0.4, 0.8]
    assert [entry["diverged"] for entry in first["grid"]] == [False] * 4 + [True]
    assert first["grid"][1]["val_accuracy"] == [90.0, 92.1]
    assert (first["s_cyc"]["max_lr"], first["s_cyc"]["inside"]) == (0.1, True)
    assert second["weights_remaining"] == 80.0


def test_cost_counts_each_training_once(table: oracle.OracleTable) -> None:
    assert table["cost"]["oracle"] == {"trainings": 30, "steps": 300, "seconds": 30.0}
    assert table["cost"]["s_cyc"]["trainings"] == 6


def test_text_shows_gaps_and_divergence(table: oracle.OracleTable) -> None:
    text = formats.text(table)
    assert "[0.1, 0.4]*" in text
    assert "with gaps" in text
    assert "learning rates diverged (scored 0)" in " ".join(text.split())
    assert tables.verdict(table) in text
    lines = [line for line in text.splitlines() if line.startswith(tuple(" 0123"))]
    assert len({len(line) for line in lines if "±" in line}) == 1  # the columns line up


def test_a_cut_off_region_is_printed_as_such(study: Make, searched: Any) -> None:
    declared = study(grid={"max_lr": [0.05, 0.1], "extend": False})
    _, cycles, path = searched(declared, lambda cell: 90.0 + cell.max_lr)
    table = oracle.table(declared, "tiny-0", cycles, path, complete=True)
    assert tables.format_region(table["cycles"][0]["feasible"]) == "[<0.05, 0.1>]"
    assert "[<0.05, 0.1>]" in formats.text(table)
    assert "cut off" in formats.text(table)


def test_a_flat_curve_is_said_to_be_flat_and_a_linear_grid_at_zero_is_not_cut_off(
    study: Make, searched: Any
) -> None:
    linear = {"kind": "linear", "low": 0.05, "high": 0.2, "count": 4}
    declared = study(grid=linear, cycles=1, replicates=1)
    _, cycles, path = searched(declared, lambda _: 90.0)
    table = oracle.table(declared, "tiny-0", cycles, path, complete=True)
    assert [len(each["grid"]) for each in table["cycles"]] == [4 + 8, 4 + 8]
    assert tables.format_region(table["cycles"][0]["feasible"]) == "[0.05, 0.6>]"
    output = " ".join(formats.text(table).split())
    assert "Flat as measured at cycle 0, 1: every max_lr of the grid is within" in output
    _, cycles, path = searched(declared, lambda cell: 90.0 - 10 * cell.max_lr)
    table = oracle.table(declared, "tiny-0", cycles, path, complete=True)
    assert tables.format_region(table["cycles"][0]["feasible"]) == "[0.05, 0.1]"
    assert "cut off" not in formats.text(table)
    assert "Flat as measured" not in formats.text(table)


RESULTS = Path(__file__).parents[3] / "docs" / "results"
WITH_NOTES = [
    each.stem
    for each in sorted(RESULTS.glob("*.json"))
    if "kind" in json.loads(each.read_text("utf-8"))
]


@pytest.mark.parametrize("name", WITH_NOTES)
def test_a_tables_footnotes_fit_into_five_short_lines(name: str) -> None:
    table = json.loads((RESULTS / f"{name}.json").read_text("utf-8"))
    notes = formats.sheet(table).notes
    assert 3 <= len(notes) <= 5
    long = [each for each in notes if len(each) > 150 and not each.startswith("Scaled down: ")]
    most = 520 if table.get("search_bounds") else 230  # of two or one of two lines
    assert sum(map(len, long)) <= most


def test_many_footnotes_are_joined_to_five_lines_in_their_order() -> None:
    sentences = ["Region.", "Row 2: all.", *(f"Note {i}{'!' * i}" for i in range(7))]
    lines = footnotes(sentences)
    assert len(lines) == 5
    assert " ".join(lines) == " ".join(sentences)
    assert lines[:2] == ["Region.", "Row 2: all."]
    assert footnotes(sentences[:5]) == sentences[:5]


def test_a_note_has_a_name_for_people_a_link_and_the_answer_of_each_cycle(
    table: oracle.OracleTable,
) -> None:
    name = people_name("tiny", "oracle", 1, table["cycles"][1]["weights_remaining"])
    assert name == "tiny / cycle 01 / 80 %"
    note = formats.dashboard_note(table, name)
    assert note.startswith("### tiny / cycle 01 / 80 %\n")
    assert f"[page of the run](/runs/{table['run_id']})" in note
    rows = [line for line in note.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + len(table["cycles"])  # heads, and a row a cycle
    assert {row.count("|") for row in rows} == {9}  # 8 columns
    assert "S-Cyc verdict" in rows[0]
    assert "Row 2" in formats.text(table)
    assert "Row 2" not in note  # it has the first rows alone


def test_csv_reads_back(table: oracle.OracleTable) -> None:
    rows = list(csv.DictReader(io.StringIO(formats.as_csv(table))))
    assert [float(row["well_tuned"]) for row in rows] == [c["well_tuned"] for c in table["cycles"]]
    assert rows[0]["contiguous"] == "False"
    assert float(rows[0]["oracle_val_accuracy_mean"]) == pytest.approx(91.05)


def test_markdown_and_latex_have_two_rows_a_cycle(table: oracle.OracleTable) -> None:
    markdown = [line for line in formats.as_markdown(table).splitlines() if line.startswith("|")]
    assert len(markdown) == 2 + 3 * 2
    assert len({line.count("|") for line in markdown}) == 1
    latex = formats.as_latex(table)
    assert latex.count(r"\\") == 1 + 3 * 2
    assert r"\toprule" in latex
    assert r"$\pm$" in latex


def test_the_figure_shows_band_well_tuned_values_and_s_cyc(table: oracle.OracleTable) -> None:
    figure = region_plots.regions(table)
    traces = {trace.name: trace for trace in figure.data}
    well_tuned = traces["well-tuned max_lr"]
    assert list(well_tuned.y) == [c["well_tuned"] for c in table["cycles"]]
    assert list(well_tuned.customdata) == [c["weights_remaining"] for c in table["cycles"]]
    assert list(traces["S-Cyc"].y) == [c["s_cyc"]["max_lr"] for c in table["cycles"]]
    assert [trace.name for trace in figure.data if trace.legend == "legend2"] == [
        "100 %",
        "80 %",
        "64 %",
        "diverged",
    ]


def test_the_dashboards_cards_are_the_two_halves_of_the_figure(table: oracle.OracleTable) -> None:
    whole, cards = region_plots.regions(table), region_plots.dashboard_panels(table)
    names = [trace.name for card in cards.values() for trace in card.data]
    assert sorted(names) == sorted(trace.name for trace in whole.data)


def test_html_is_self_contained(table: oracle.OracleTable, tmp_path: Path) -> None:
    page.save(region_plots.regions(table), tmp_path / "region.html")
    text = (tmp_path / "region.html").read_text()
    assert "plotlyLoaded" in text
    assert 'src="http' not in text


@pytest.mark.parametrize("ending", [".png", ".svg"])
def test_pictures_are_drawn_or_the_missing_browser_is_named(
    table: oracle.OracleTable, tmp_path: Path, ending: str
) -> None:
    target = tmp_path / f"region{ending}"
    try:
        page.save(region_plots.regions(table), target)
    except BadInput as refused:
        message = refused.problems[0].rule
        assert "Chromium" in message
        missing(message)
    start = target.read_bytes()[:8]
    assert start == (b"\x89PNG\r\n\x1a\n" if ending == ".png" else b"<svg cla")


@pytest.mark.parametrize("name", ["region.pdf", "region", "no/such/folder/region.html"])
def test_a_file_that_cannot_be_drawn_is_refused(
    table: oracle.OracleTable, tmp_path: Path, name: str
) -> None:
    with pytest.raises(BadInput, match="output = "):
        page.save(region_plots.regions(table), tmp_path / name)


PRINTED = {
    "table": 7,
    "weights_remaining": [99, 63],
    "cycles": [0, 2],
    "well_tuned": [0.12, 0.15],
    "feasible_low": [0.08, 0.14],
    "feasible_high": [0.16, 0.3],
    "s_cyc": ["0.1", "0.25"],
}


@pytest.fixture
def with_paper(study: Make, searched: Any) -> oracle.OracleTable:
    """The same run as `table`'s, of a study that names a table of the paper."""
    declared = study(
        grid={"max_lr": [0.05, 0.1, 0.2, 0.4], "ceiling": 0.9},
        s_cyc={"epsilon": 0.1, "delta": 0.5, "q": 0, "beta": 3.0},
        paper=PRINTED,
    )
    _, cycles, path = searched(declared, curve)
    return oracle.table(declared, "tiny-00000000", cycles, path, complete=True)


def test_the_papers_values_are_next_to_ours_in_json(
    with_paper: oracle.OracleTable, table: oracle.OracleTable
) -> None:
    content = json.loads(formats.as_json(with_paper))
    assert content["paper_table"] == 7
    assert [cycle["paper"] for cycle in content["cycles"]] == [
        {"weights_remaining": 99, "well_tuned": 0.12, "low": 0.08, "high": 0.16, "s_cyc": 0.1},
        None,
        {"weights_remaining": 63, "well_tuned": 0.15, "low": 0.14, "high": 0.3, "s_cyc": 0.25},
    ]
    assert table["paper_table"] is None
    assert [cycle | {"paper": None} for cycle in with_paper["cycles"]] == table["cycles"]


def test_the_papers_values_have_columns_of_their_own(
    with_paper: oracle.OracleTable, table: oracle.OracleTable
) -> None:
    ours, both = tables.sheet(table), tables.sheet(with_paper)
    assert both.headers == (*ours.headers, "Table 7:\nwell-tuned", "Table 7:\nregion")
    assert [row[-2:] for row in both.rows[::2]] == [
        ["0.12", "[0.08, 0.16]"],
        ["", ""],
        ["0.15", "[0.14, 0.3]"],
    ]
    assert [row[-2:] for row in both.rows[1::2]] == [["", ""]] * 3
    assert [row[:-2] for row in both.rows] == ours.rows
    shown = formats.text(with_paper, width=300).splitlines()
    text = [line for line in shown if "±" in line and "[" in line]
    assert [line.endswith(("[0.08, 0.16]", "[0.14, 0.3]")) for line in text] == [True, False, True]
    assert "Table 7" not in formats.text(table)
    for render in (formats.as_markdown, formats.as_latex):
        assert "Table 7: well-tuned" in render(with_paper)
        assert "[0.14, 0.3]" in render(with_paper)


def test_the_papers_values_are_a_trace_of_the_figure(
    with_paper: oracle.OracleTable, table: oracle.OracleTable
) -> None:
    name = "the paper's Table 7, full budget"
    for figure in (
        region_plots.regions(with_paper),
        region_plots.dashboard_panels(with_paper)["regions"],
    ):
        (printed,) = (trace for trace in figure.data if trace.name == name)
        assert (list(printed.customdata), list(printed.y)) == ([99, 63], [0.12, 0.15])
        assert all(x < at for x, at in zip(printed.x, (99, 63), strict=True))  # next to S-Cyc's
        assert list(printed.error_y.array) == pytest.approx([0.04, 0.15])
        assert list(printed.error_y.arrayminus) == pytest.approx([0.04, 0.01])
    assert not [trace for trace in region_plots.regions(table).data if "paper" in trace.name]


def test_the_figure_and_the_report_say_how_the_study_was_scaled_down(
    table: oracle.OracleTable, study: Make
) -> None:
    small = table | {"shrunk": {"cycles": "2 of 25"}}
    assert "cycles 2 of 25" in region_plots.regions(small).layout.title.subtitle.text
    assert "cycles 2 of 25" in html_report.page(small, study()).split("<ul>")[1]
    assert "cycles 2 of 25" not in html_report.page(table, study())


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.sources: list[str] = []
        self.rows = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.rows += tag == "tr"
        self.sources += [value or "" for key, value in attrs if key in ("src", "href")]


def test_the_report_is_one_self_contained_page(table: oracle.OracleTable, study: Make) -> None:
    text = html_report.page(table, study(description="<script>alert(1)</script>"))
    page = _Page()
    page.feed(text)
    assert page.sources == []
    assert page.rows == 1 + 3 * 2
    assert "<script>alert(1)</script>" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


@pytest.mark.parametrize(
    ("number", "outside", "outside_cut", "reproduced"),
    [(3, [], [], 7), (7, [51.3, 21.1], [51.3, 21.1], 7), (8, [32.9], [], None)],
)
def test_the_papers_tables_are_judged_cell_by_cell(
    number: int, outside: list[float], outside_cut: list[float], reproduced: int | None
) -> None:
    judged = paper.check_paper_table(number)
    assert [cell.weights_remaining for cell in judged.cells if not cell.inside] == outside
    assert [cell.weights_remaining for cell in judged.cells if not cell.inside_cut] == outside_cut
    known = [cell.reproduced for cell in judged.cells if cell.reproduced is not None]
    assert (sum(known) if known else None) == reproduced
    assert all(known)


def test_table_8s_missing_row_is_equation_2s() -> None:
    rates = [100 * cell.s_cyc for cell in paper.check_paper_table(8).cells]
    assert rates == pytest.approx([5, 5, 5.005, 5.267, 7.201, 9.866, 10.0], abs=5e-4)


def test_the_papers_weights_remaining_are_those_of_the_cycles() -> None:
    share = 650 / 272_474  # of ResNet-20's weights are never pruned
    for cell in paper.check_paper_table(7).cells:
        left = 100 * (share + (1 - share) * 0.8**cell.cycle)
        assert left == pytest.approx(cell.weights_remaining, abs=0.11)


def test_the_json_of_a_paper_table_counts_the_values_outside() -> None:
    content = json.loads(json.dumps(paper.as_json(paper.check_paper_table(7))))
    assert content["outside"] == 2
    assert content["s_cyc"] == {"epsilon": 0.03, "delta": 0.04, "q": 1, "beta": 5.0}
    assert "2 of 7 outside" in paper.text(paper.check_paper_table(7))


def test_in_markdown_only_the_aligned_costs_stand_in_a_block(table: oracle.OracleTable) -> None:
    costs, below = formats.as_markdown(table).split("```text\n")[1].split("```\n")
    assert all("training runs" in line and "steps" in line for line in costs.splitlines())
    assert below.startswith("\nTraining runs relative to ")
