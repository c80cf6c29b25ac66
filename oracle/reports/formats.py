"""A table as text, CSV, Markdown and LaTeX; its JSON is the table itself."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from oracle.reports.registry import SHEETS
from oracle.reports.sheet import SECOND_ROW, ReportTable, aligned_costs, cost_lines, tone
from oracle.tables.registry import Table

# Text that begins so is a formula; so is what follows a semicolon where that parts the cells. The
# wide forms of the signs count as the narrow ones.
_FORMULA = re.compile(r"(^|;)(?=\s*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20])")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_NOTE_COLUMNS = 8  # that a page of the Optuna dashboard shows
_COLOURS = {"outside": "red", "inside": "green", "undecided": "yellow"}


def sheet(table: Table) -> ReportTable:
    """Make the printed form of any kind of study's table.

    Args:
        table: Of the run.

    Returns:
        The printed table, with those that stand below it.
    """
    return SHEETS[table["kind"]](table)


def text(table: Table, width: int = 140, colour: bool = False) -> str:
    """Format the table for a terminal.

    Args:
        table: Of the run.
        width: Columns of the terminal.
        colour: Whether to colour verdicts.

    Returns:
        Lines with an end.
    """
    out = io.StringIO()
    console = Console(
        file=out,
        width=width,
        force_terminal=colour,
        no_color=not colour,
        highlight=False,
        emoji=False,  # a label may hold ":100:"
    )
    console.print(f"{table['study']}  ({table['run_id']})", markup=False)
    printed = sheet(table)
    _print(console, printed)
    for more in printed.subtables:
        console.print(f"\n{more.title}", markup=False)
        _print(console, more)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def _print(console: Console, printed: ReportTable) -> None:
    """One table, and its notes below it."""
    grid = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    for index, head in enumerate(printed.headers):
        side = "left" if index in printed.left else "right"
        grid.add_column(escape(head), justify=side, no_wrap=True)  # type: ignore[arg-type]
    for row in printed.rows:
        grid.add_row(*(_coloured(cell, i in printed.left) for i, cell in enumerate(row)))
    width = console.width
    console.width = max(
        width, console.measure(grid, options=console.options.update(max_width=10_000)).maximum
    )
    console.print(grid)  # whole, however narrow the terminal: a number that is cut is lost
    console.width = width
    for line in [printed.verdict, "", *printed.notes, "", *cost_lines(printed)]:
        console.print(line, markup=False)


def as_json(table: Table) -> str:
    """Format the table as JSON, for other tools.

    Args:
        table: Of the run.

    Returns:
        JSON text with an end of line; it has no NaN.
    """
    return json.dumps(table, indent=2, allow_nan=False) + "\n"


def as_csv(table: Table) -> str:
    """Format the table as CSV; accuracies in percent, learning rates in units of 1.

    Args:
        table: Of a run.

    Returns:
        A heading and one line a row, texts safe in spreadsheets (:func:`escape_formula`).
    """
    printed = sheet(table)
    every = (printed, *printed.subtables)
    heads = dict.fromkeys(head for each in every for head in each.flat_heads)
    run_column = (
        {"run": printed.series} if any(each.flat_heads for each in printed.subtables) else {}
    )
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(run_column | heads), lineterminator="\n")
    writer.writeheader()
    writer.writerows(
        {key: escape_formula(value) for key, value in {**run_column, **row}.items()}
        for each in every
        for row in each.flat
    )
    return out.getvalue()


def as_markdown(table: Table) -> str:
    """Format a Markdown table with its footnotes, and those that stand below it.

    Args:
        table: Of the run.

    Returns:
        Markdown, texts of users escaped.
    """
    printed = sheet(table)
    blocks = [_markdown(printed)]
    blocks += [f"### {_escaped(more.title)}\n\n{_markdown(more)}" for more in printed.subtables]
    return "\n".join(blocks)


def _markdown(printed: ReportTable) -> str:
    heads = [_escaped(head.replace("\n", " ")) for head in printed.headers]
    alignments = [" :--- |" if index in printed.left else " ---: |" for index in range(len(heads))]
    lines = [
        "| " + " | ".join(heads) + " |",
        "|" + "".join(alignments),
        *("| " + " | ".join(_escaped(cell) for cell in row) + " |" for row in printed.rows),
        "",
        "  \n".join(f"**{_escaped(line)}**" for line in printed.verdict.splitlines()),
        "",
        *(f"- {_escaped(' '.join(line.splitlines()))}" for line in printed.notes),
        "",
        "```text",
        *aligned_costs(printed),
        "```",
        *(f"\n{_escaped(' '.join(line.splitlines()))}" for line in printed.cost_notes),
    ]
    return "\n".join(lines) + "\n"


def as_latex(table: Table) -> str:
    """Format a LaTeX tabular for booktabs, and those that stand below it.

    Args:
        table: Of the run.

    Returns:
        LaTeX, texts of users escaped.
    """
    printed = sheet(table)
    blocks = [_remark(f"{table['study']}: {table['run_id']}") + _tabular(printed)]
    blocks += [_remark(more.title) + _tabular(more) for more in printed.subtables]
    return "\n".join(blocks)


def _remark(text: str) -> str:
    return "".join(f"% {line}\n" for line in text.splitlines())


def _tabular(printed: ReportTable) -> str:
    heads = [_latex(head.replace("\n", " ")) for head in printed.headers]
    body = [_latex_row(row) for row in printed.rows]
    sentences = (printed.verdict, *printed.notes, *cost_lines(printed))
    notes = [_remark(line).rstrip("\n") for line in sentences if line]
    alignments = "".join("l" if index in printed.left else "r" for index in range(len(heads)))
    lines = [
        r"\begin{tabular}{" + alignments + "}",
        r"\toprule",
        " & ".join(heads) + r" \\",
        r"\midrule",
        *body,
        r"\bottomrule",
        r"\end{tabular}",
        *notes,
    ]
    return "\n".join(lines) + "\n"


FORMATS: Mapping[str, Callable[[Table], str]] = MappingProxyType(
    {"text": text, "json": as_json, "csv": as_csv, "markdown": as_markdown, "latex": as_latex}
)


def dashboard_note(table: Table, name: str = "") -> str:
    """Format the note that the Optuna dashboard shows next to a study: the answer, in its width.

    Args:
        table: Of the run.
        name: What the Optuna study is called, for people; the table's title if left out.

    Returns:
        Markdown, texts of users escaped.
    """
    printed, run_id = sheet(table), table["run_id"]
    title = _escaped(name or printed.title)
    content = _markdown(_narrow(printed)) if table["kind"] == "oracle" else as_markdown(table)
    page = f"`oracle serve`: [page of the run](/runs/{run_id})"
    return f"### {title}\n\nRun `{run_id}`; {page}\n\n{content}"


def _narrow(printed: ReportTable) -> ReportTable:
    """Return the first columns of a wide table, and of each cycle the first row."""
    if len(printed.headers) <= _NOTE_COLUMNS:
        return printed
    notes = [note for note in printed.notes if not note.startswith(SECOND_ROW)]
    return replace(
        printed,
        headers=printed.headers[:_NOTE_COLUMNS],
        rows=[row[:_NOTE_COLUMNS] for row in printed.rows if row[0]],
        notes=[*notes, "The run's table has more columns: oracle table, or its page."],
    )


def _coloured(cell: str, words: bool) -> str:
    style = None if words else _COLOURS.get(tone(cell) or "")
    return f"[{style}]{escape(cell)}[/]" if style else escape(cell)


def _escaped(cell: str) -> str:
    for mark in "\\&<>*|`":
        replaced = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}.get(mark, f"\\{mark}")
        cell = cell.replace(mark, replaced)
    return _LINK.sub(lambda link: f"{link[0][:-1]}\\{link[0][-1]}", cell)


# What follows, with its last letter escaped, would be a link or an image; a bare address is one.
_LINK = re.compile(r"\][(\[:]|:/|www\.|@", re.IGNORECASE)

_LATEX = MappingProxyType(
    {
        "±": r"$\pm$",
        "\N{EN DASH}": "--",
        "<": "$<$",
        ">": "$>$",
        "\\": r"\textbackslash{}",
        "^": r"\textasciicircum{}",
        "~": r"\textasciitilde{}",
        **{letter: rf"\{letter}" for letter in "%_&#${}"},
    }
)


def _latex_row(cells: Sequence[str]) -> str:
    row = " & ".join(_latex(cell) for cell in cells) + r" \\"
    return "{}" + row if row[0] in "[*" else row  # the line break before it would take these


def _latex(cell: str) -> str:
    return "".join(_LATEX.get(letter, letter) for letter in cell)


def escape_formula(value: object) -> object:
    """Escape a cell of a CSV file, so that no spreadsheet takes it for a formula.

    Args:
        value: Of any type; a number stays one.

    Returns:
        The value; text that begins as a formula does with ``'`` before it.
    """
    if not isinstance(value, str) or _NUMBER.fullmatch(value):
        return value
    return _FORMULA.sub(r"\1'", value)
