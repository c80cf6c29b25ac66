"""Draw what each way of choosing training runs costs, and how good its answer is.

    python benchmarks/adaptive_cells.py --json > cells.json
    python benchmarks/cost_against_regret.py cells.json -o docs/results/cost-against-regret.png

FILEs are of `benchmarks/adaptive_cells.py --json`, of the same cases and of any rules.
"""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import plotly.graph_objects as go
from plotly.subplots import make_subplots

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#555555")
PANELS = (("regret", "regret, points"), ("end", "error of an end, steps of the grid"))
RAW = "whole grid, raw"


def by_method(files: Sequence[Path]) -> dict[str, list[Mapping[str, Any]]]:
    """Return the cases of every method."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for file in files:
        read: dict[str, list[Mapping[str, Any]]] = {}
        for each in json.loads(file.read_text(encoding="utf-8"))["cases"]:
            read.setdefault(each["method"], []).append(each)
        found = read | found
    return found


def figure(methods: Mapping[str, Sequence[Mapping[str, Any]]]) -> go.Figure:
    """Return a point a method and grid size, with 95 % intervals; a line a method."""
    drawn = make_subplots(rows=1, cols=2, horizontal_spacing=0.1)
    for colour, (method, cases) in zip(COLOURS, sorted(methods.items()), strict=False):
        for column, (name, title) in enumerate(PANELS, 1):
            counts = sorted({each["count"] for each in cases})
            rows = [[each for each in cases if each["count"] == count] for count in counts]
            values = [[each[name] for each in row] for row in rows]
            drawn.add_trace(
                go.Scatter(
                    x=[100 * statistics.fmean(each["share"] for each in row) for row in rows],
                    y=[statistics.fmean(row) for row in values],
                    error_y={
                        "array": [
                            1.96 * statistics.stdev(row) / math.sqrt(len(row)) for row in values
                        ],
                        "thickness": 1,
                        "width": 2,
                    },
                    mode="markers+text",
                    text=[str(count) for count in counts],
                    textposition="middle right",
                    textfont={"size": 10, "color": colour},
                    marker={"color": colour, "size": 9 if method == "adaptive" else 7},
                    name=method,
                    showlegend=column == 1,
                ),
                row=1,
                col=column,
            )
            drawn.update_yaxes(title_text=title, rangemode="tozero", row=1, col=column)
    cases = len(next(iter(methods.values())))
    drawn.update_xaxes(title_text="training runs, % of the whole grid's", range=[0, 106])
    drawn.update_layout(
        title=f"Cost against what is lost: {cases:,} cycles a method; numbers are grid values",
        template="plotly_white",
        legend={"orientation": "h", "y": -0.18},
        width=1280,
        height=560,
    )
    return drawn


@click.command(help="Cost against regret and end error, from adaptive_cells.py --json.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path))
def main(files: Sequence[Path], output: Path) -> None:
    """Write the figure as PNG, SVG or HTML, by the ending of its name."""
    drawn = figure(by_method(files))
    if output.suffix == ".html":
        drawn.write_html(output)
    else:
        drawn.write_image(output, scale=2 if output.suffix == ".png" else 1)


if __name__ == "__main__":
    main()
