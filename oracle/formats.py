"""The table of a run as text, JSON, CSV, Markdown and LaTeX."""

from __future__ import annotations

import csv
import io
import json
import statistics
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table as RichTable

from oracle.compare import Table
from oracle.tables import HEADS, cost_lines, footnotes, rows, verdict, winner


def text(table: Table, width: int = 140, colour: bool = False) -> str:
    """The table for a terminal."""
    grid = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, title_justify="left")
    for head in HEADS:
        grid.add_column(head, justify="right", no_wrap=True)
    for row in rows(table):
        style = {"outside": "red", "inside": "green"}.get(row[5])
        row[5] = f"[{style}]{row[5]}[/]" if style else row[5]
        grid.add_row(
            *(cell.replace("[<", "\\[<") if index == 3 else cell for index, cell in enumerate(row))
        )
    out = io.StringIO()
    console = Console(
        file=out, width=width, force_terminal=colour, no_color=not colour, highlight=False
    )
    console.print(f"{table['study']}  ({table['run_id']})", markup=False)
    console.print(grid)
    for line in [verdict(table), "", *footnotes(table), "", *cost_lines(table)]:
        console.print(line, markup=False)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def as_json(table: Table) -> str:
    """The table as JSON, for other tools."""
    return json.dumps(table, indent=2, allow_nan=False) + "\n"


def as_csv(table: Table) -> str:
    """One line a cycle; accuracies in percent, learning rates in units of 1."""
    out = io.StringIO()
    lines = [_flat(cycle) for cycle in table["cycles"]]
    writer = csv.DictWriter(out, fieldnames=list(_flat_heads()), lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return out.getvalue()


def as_markdown(table: Table) -> str:
    """A Markdown table with its footnotes."""
    heads = [head.replace("\n", " ") for head in HEADS]
    lines = [
        "| " + " | ".join(heads) + " |",
        "|" + " ---: |" * len(heads),
        *("| " + " | ".join(_escaped(cell) for cell in row) + " |" for row in rows(table)),
        "",
        f"**{verdict(table)}**",
        "",
        *(f"- {_escaped(line)}" for line in footnotes(table)),
        "",
        "```text",
        *cost_lines(table),
        "```",
    ]
    return "\n".join(lines) + "\n"


def as_latex(table: Table) -> str:
    """A LaTeX tabular for booktabs."""
    heads = [
        head.replace("\n", " ").replace("%", r"\%").replace("max_lr", r"max\_lr") for head in HEADS
    ]
    body = [
        " & ".join(
            cell.replace("±", r"$\pm$").replace("<", "$<$").replace(">", "$>$") for cell in row
        )
        + r" \\"
        for row in rows(table)
    ]
    name = table["study"].replace("_", r"\_")
    notes = [f"% {line}" for line in (verdict(table), *footnotes(table), *cost_lines(table))]
    lines = [
        f"% {name}: {table['run_id']}",
        r"\begin{tabular}{" + "r" * len(heads) + "}",
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


def note(table: Table) -> str:
    """The note that the Optuna dashboard shows beside a study."""
    head = f"### {table['study']}: the oracle against S-Cyc"
    return f"{head}\n\nRun `{table['run_id']}`\n\n{as_markdown(table)}"


def _flat_heads() -> tuple[str, ...]:
    means = [
        f"{who}_{part}_accuracy_{what}"
        for who in ("oracle", "s_cyc")
        for part in ("val", "test")
        for what in ("mean", "std")
    ]
    return (
        "cycle",
        "weights_remaining",
        "well_tuned",
        "feasible_low",
        "feasible_high",
        "cut_low",
        "cut_high",
        "contiguous",
        "s_cyc_max_lr",
        "inside",
        *means,
        "noise",
        "tolerance_below_noise",
    )


def _flat(cycle: Mapping[str, Any]) -> dict[str, object]:
    feasible = cycle["feasible"] or {}
    flat: dict[str, object] = {
        "cycle": cycle["cycle"],
        "weights_remaining": cycle["weights_remaining"],
        "well_tuned": cycle["well_tuned"],
        "feasible_low": feasible.get("low"),
        "feasible_high": feasible.get("high"),
        "cut_low": feasible.get("cut_low"),
        "cut_high": feasible.get("cut_high"),
        "contiguous": feasible.get("contiguous"),
        "s_cyc_max_lr": cycle["s_cyc"]["max_lr"],
        "inside": cycle["s_cyc"]["inside"],
        "noise": cycle["noise"],
        "tolerance_below_noise": cycle["tolerance_below_noise"],
    }
    for who, source in (("oracle", winner(cycle) or {}), ("s_cyc", cycle["s_cyc"])):
        for part in ("val", "test"):
            accuracies = source.get(f"{part}_accuracy") or []
            several = len(accuracies) > 1
            flat[f"{who}_{part}_accuracy_mean"] = (
                statistics.fmean(accuracies) if accuracies else None
            )
            flat[f"{who}_{part}_accuracy_std"] = statistics.stdev(accuracies) if several else None
    return flat


def _escaped(cell: str) -> str:
    return cell.replace("<", "&lt;").replace(">", "&gt;").replace("*", r"\*")
