"""Names in tables that are opened elsewhere: no formula, no command of LaTeX, no HTML in a note."""

import csv
import io
import re
from typing import Any

import pytest
from markdown_it import MarkdownIt

from oracle.reports import formats
from oracle.search.graph import CellResult
from oracle.search.pruning_run import RunCycle
from oracle.study.schedules import SchedulesStudy
from oracle.study.validation import parse
from oracle.tables import schedules
from oracle.tables.schedules import EntryResults

FORMULAS = (
    "=1+1", "=cmd|'/c calc'!A1", "+1+1", "-2+3+cmd|' /C calc'!A0", "@SUM(1+1)*cmd|'/C calc'!A0",
    "=HYPERLINK(\"http://x\",\"y\")", "=IMPORTXML(\"http://x\",\"//a\")", " =1+1", "\uff1d1+1",
    "\uff0b1", "\uff0d1+1", "\uff20SUM(1)",
    "a;=1+1", "a; +cmd|'/c'!A1", "=DDE(\"cmd\";\"/c\";\"x\")",
    "-1e5x", "+-+1", "--1", "=", "a\",=1+1,\"b",
)  # fmt: skip
LATEX = (
    "\\input{/etc/passwd}", "\\write18{touch x}", "\\immediate\\write18{x}", "^^5cinput{x}", "$x$",
    "\\end{tabular}\\input x", "a & b \\\\ c", "%", "#1", "~\\openin5=/etc/passwd", "[x]", "*",
    "{\\catcode`\\@=0 @input x}", "\\\\[9cm]", "_^{x}",
)  # fmt: skip
MARKDOWN = (
    "<script>xss()</script>", "<img src=x onerror=xss()>", "[x](javascript:xss())", "![x](http://x/y)",
    "<http://evil.example>", "http://evil.example/x", "www.evil.example", "a|b|c", "`x` ``` y",
    "&lt;script&gt;", "[x][y]", "[y]: http://evil.example", "![x][y]", "# title", "* item",
    "<a href=x>y</a>", "](http://evil.example)", "ada@evil.example", "<!-- x", "</table><h1>x",
    "\\<b>x</b>", "&#60;b>", "<svg/onload=xss()>", "|---|", "~~~ x",
)  # fmt: skip


def table(label: str) -> Any:
    """The table of two schedules, one with this label, of two replicates and cycles."""
    content = {
        "name": "tiny",
        "kind": "schedules",
        "dataset": "digits",
        "network": {"name": "fully_connected", "hidden": [16]},
        "training": {"steps": 12, "batch": 16, "validate_every": 6},
        "schedules": [
            {"label": label, "schedule": "constant", "max_lr": 0.05},
            {
                "label": "S-Cyc",
                "schedule": {"warmup": 3, "drops": [8]},
                "s_cyc": {"epsilon": 0.1, "delta": 0.1, "q": 1, "beta": 3.0},
            },
        ],
        "cycles": 1,
        "replicates": 2,
    }
    study = parse(content, "tiny.yaml")
    assert isinstance(study, SchedulesStudy)
    entries = [
        EntryResults(
            entry,
            None,
            [RunCycle(cycle, 0.1, (), results(f"{entry.label} {cycle}")) for cycle in (0, 1)],
        )
        for entry in study.schedules
    ]
    return schedules.table(study, "tiny-00000000", entries, complete=True)


def results(name: str) -> tuple[CellResult, ...]:
    return tuple(
        CellResult(
            cell=f"{name} {number}", curve=((10, 50.0),), val_accuracy=50.0 + number,
            test_accuracy=-0.5 - number, diverged=False, weights_remaining=80.0, steps=10,
            seconds=1.0, checkpoint=None, device="cpu",
        )
        for number in range(2)
    )  # fmt: skip


def cells(text: str, separator: str = ",") -> list[str]:
    return [cell for row in csv.reader(io.StringIO(text), delimiter=separator) for cell in row]


def formula(cell: str) -> bool:
    """Whether a spreadsheet computes a cell that is no number."""
    wide = str.maketrans("\uff1d\uff0b\uff0d\uff20", "=+-@")
    return cell.strip().translate(wide)[:1] in tuple("=+-@") and not number(cell)


def number(cell: str) -> bool:
    return re.fullmatch(r"[+-]?[0-9.]+(e[+-]?[0-9]+)?", cell) is not None


@pytest.mark.parametrize("label", FORMULAS)
def test_a_csv_has_no_formula(label: str) -> None:
    text = formats.as_csv(table(label))
    assert not any(map(formula, [*cells(text), *cells(text, ";")]))
    rows = list(csv.DictReader(io.StringIO(text)))
    accuracies = [float(row["test_accuracy_mean"]) for row in rows]
    assert accuracies == [-1.0] * len(rows)  # below 0 to begin with a sign
    assert label.replace(" ", "") in rows[0]["schedule"].replace("'", "").replace(" ", "") or (
        "'" in label
    )


def test_the_check_of_formulas_sees_one() -> None:
    assert all(map(formula, ["=1", " =1", "\uff1d1", "-2+3", "@x"]))
    assert not any(map(formula, ["-2", "+1.5e-3", "'=1", "a=1", ""]))


@pytest.mark.parametrize("cell", ["-1", "+1", "-0.5", "1e-3", "-1.5e+10", "-.5", "5."])
def test_numbers_stay_numbers(cell: str) -> None:
    assert formats.escape_formula(cell) == cell
    assert formats.escape_formula(float(cell)) == float(cell)


@pytest.mark.parametrize(
    "cell", ["-", "\t=1", "\r=1", "\n=1", "-1\n=2", "\u00b2", "-1_000", "-\u0661"]
)
def test_text_that_resembles_a_number_stays_text(cell: str) -> None:
    escaped = formats.escape_formula(cell)
    assert escaped == cell if cell == "\u00b2" else str(escaped).startswith("'")


COMMANDS = {
    "textbackslash", "textasciicircum", "textasciitilde", "pm", "begin", "end", "toprule",
    "midrule", "bottomrule",
}  # fmt: skip


@pytest.mark.parametrize("label", [*LATEX, *FORMULAS, *MARKDOWN])
def test_a_latex_table_has_our_commands_alone(label: str) -> None:
    lines = formats.as_latex(table(label)).splitlines()
    code = [line for line in lines if not line.startswith("%")]
    assert code[0].startswith("\\begin{tabular}")
    assert code[-1] == "\\end{tabular}"
    for line in code:
        plain = line.replace("\\\\", "") if line.endswith("\\\\") else line
        assert set(re.findall(r"\\([A-Za-z]+)", plain)) <= COMMANDS, line
        assert set(re.findall(r"\\([^A-Za-z])", plain)) <= set("%_&#${}"), line
        assert "^^" not in plain
        assert not line.startswith(("[", "*"))
    widths = {len(re.findall(r"(?<!\\)&", line)) for line in code[2:-2] if line != "\\midrule"}
    assert len(widths) == 1
    assert sum("begin{" in line or "end{" in line for line in code) == 2


def test_a_latex_comment_stays_a_comment_whatever_it_contains() -> None:
    assert (
        formats._remark("a\n\\input{x}\r\\input{y}\u2028z")
        == "% a\n% \\input{x}\n% \\input{y}\n% z\n"
    )


@pytest.mark.parametrize("label", [*MARKDOWN, *LATEX, *FORMULAS])
def test_a_note_has_no_element_of_a_names(label: str) -> None:
    clean, hostile = (elements(formats.dashboard_note(table(each))) for each in ("plain", label))
    assert hostile == clean
    assert not re.search(
        r"(?<![\\\w])www\.|[a-z]://|\w@\w", formats.as_markdown(table(label)).split("```")[0]
    )


def elements(text: str) -> list[str]:
    """The elements of a note, as the dashboard's Markdown with HTML makes them."""
    page = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text)
    return re.findall(r"<(/?[a-z0-9]+[^>]*|!--)", page)


def test_the_checks_notice_a_writer_without_care(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("escape_formula", "_latex", "_escaped"):
        monkeypatch.setattr(formats, name, lambda cell: cell)
    assert any(map(formula, cells(formats.as_csv(table(FORMULAS[0])))))
    assert "\\input{/etc/passwd}" in formats.as_latex(table(LATEX[0]))
    clean, hostile = (
        elements(formats.dashboard_note(table(each))) for each in ("plain", MARKDOWN[0])
    )
    assert hostile != clean
