"""The figures of a comparison of schedules."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from functools import partial

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from oracle.plots.base import Layout, head, panel, plain, rate_axis, remaining_axis
from oracle.stats.paired_difference import mean_difference
from oracle.tables.schedules import ScheduleRow, SchedulesTable

# Okabe and Ito's colours, which colour-blind readers tell apart; S-Cyc has vermilion everywhere.
_COLOURS = ("#0072B2", "#009E73", "#E69F00", "#CC79A7", "#56B4E9", "#000000", "#F0E442")
_S_CYC = "#D55E00"
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "star", "x")
_TITLES = (
    "Early-stop test accuracy",
    "Difference to S-Cyc, paired",
    "max_lr",
)


def comparison(table: SchedulesTable) -> go.Figure:
    """Draw test accuracy over weights remaining, the paired difference to S-Cyc, and max_lr.

    Args:
        table: Of a run.

    Returns:
        The figure.
    """
    figure = make_subplots(rows=1, cols=3, horizontal_spacing=0.07, subplot_titles=_TITLES)
    for column, draw in enumerate((_accuracies, _differences, _rates), 1):
        draw(figure, table, column)
    figure.update_layout(
        head(f"{table['study']}: schedules over the pruning cycles", table),
        legend={"orientation": "h", "y": -0.16, "x": 0.0},
        margin={"t": 110, "b": 110, "l": 70, "r": 30},
        width=1300,
        height=620,
    )
    return figure


def dashboard_panels(table: SchedulesTable) -> dict[str, go.Figure]:
    """Draw the panels of :func:`comparison`, each of a size that the Optuna dashboard shows.

    Args:
        table: Of the run.

    Returns:
        Figures by name.
    """
    made = {}
    for name, title, draw in zip(
        ("accuracies", "differences", "rates"),
        _TITLES,
        (_accuracies, _differences, _rates),
        strict=True,
    ):
        made[name] = panel(partial(draw, table=table, column=1), title)
        made[name].update_traces(showlegend=True)
    return made


def _accuracies(figure: go.Figure, table: SchedulesTable, column: int) -> None:
    for row, style in _styled(table):
        cells = [cell for cell in row["cycles"] if not cell["diverged"]]
        figure.add_trace(
            go.Scatter(
                x=[cell["weights_remaining"] for cell in cells],
                y=[statistics.fmean(cell["test_accuracy"]) for cell in cells],
                error_y=_bars([_deviation(cell["test_accuracy"]) for cell in cells]),
                hovertemplate="%{x:.1f} % remaining: %{y:.2f} %",
                **style,
            ),
            row=1,
            col=column,
        )
        printed = [(c["weights_remaining"], c["paper"][0]) for c in cells if c["paper"]]
        if printed and not table["shrunk"]:  # a full budget's accuracies would dwarf a small one's
            figure.add_trace(
                go.Scatter(
                    x=[x for x, _ in printed],
                    y=[mean for _, mean in printed],
                    **style
                    | {
                        "name": plain(f"{row['label']}, Table {table['paper_table']}"),
                        "showlegend": False,
                        "line": {"color": style["line"]["color"], "dash": "dot", "width": 1},
                        "marker": style["marker"] | {"symbol": style["marker"]["symbol"] + "-open"},
                    },
                ),
                row=1,
                col=column,
            )
    _remaining(figure, table, column)
    figure.update_yaxes(title_text="test accuracy, %", row=1, col=column)


def _differences(figure: go.Figure, table: SchedulesTable, column: int) -> None:
    s_cyc = next((row for row in table["schedules"] if row["s_cyc"]), None)
    mine = {cell["cycle"]: cell for cell in s_cyc["cycles"]} if s_cyc else {}
    for row, style in _styled(table):
        cells = [
            cell
            for cell in row["cycles"]
            if not cell["diverged"]
            and cell["cycle"] in mine
            and not mine[cell["cycle"]]["diverged"]
        ]
        differences = [
            mean_difference(cell["test_accuracy"], mine[cell["cycle"]]["test_accuracy"])
            for cell in cells
        ]
        figure.add_trace(
            go.Scatter(
                x=[cell["weights_remaining"] for cell in cells],
                y=[points for points, _ in differences],
                error_y=_bars([error or 0.0 for _, error in differences]),
                hovertemplate="%{x:.1f} % remaining: %{y:+.2f} points",
                **style | {"showlegend": False},
            ),
            row=1,
            col=column,
        )
    _remaining(figure, table, column)
    figure.update_yaxes(title_text="points of test accuracy", row=1, col=column)


def _rates(figure: go.Figure, table: SchedulesTable, column: int) -> None:
    rates = []
    for row, style in _styled(table):
        cells = row["cycles"]
        rates += [cell["max_lr"] for cell in cells]
        figure.add_trace(
            go.Scatter(
                x=[cell["weights_remaining"] for cell in cells],
                y=[cell["max_lr"] for cell in cells],
                hovertemplate="%{x:.1f} % remaining: %{y:.4g}",
                **style | {"showlegend": False},
            ),
            row=1,
            col=column,
        )
    _remaining(figure, table, column)
    axis = rate_axis(rates) if rates else {}
    figure.update_yaxes(title_text="max_lr", **axis, row=1, col=column)


def _styled(table: SchedulesTable) -> list[tuple[ScheduleRow, Layout]]:
    """Every schedule with its line, the same in every panel."""
    styled: list[tuple[ScheduleRow, Layout]] = []
    s_cyc = next((row for row in table["schedules"] if row["s_cyc"]), None)
    for index, row in enumerate(table["schedules"]):
        colour = _S_CYC if row is s_cyc else _COLOURS[index % len(_COLOURS)]
        style = {
            "name": plain(row["label"]),
            "legendgroup": row["label"],
            "mode": "lines+markers",
            "line": {"color": colour, "width": 3 if row is s_cyc else 2},
            "marker": {"symbol": _SYMBOLS[index % len(_SYMBOLS)], "size": 8},
        }
        styled.append((row, style))
    return styled


def _remaining(figure: go.Figure, table: SchedulesTable, column: int) -> None:
    ticks = [c["weights_remaining"] for c in table["columns"] if c["weights_remaining"]]
    figure.update_xaxes(**remaining_axis(ticks), row=1, col=column)


def _bars(sizes: Sequence[float]) -> Layout:
    return {"type": "data", "array": list(sizes), "thickness": 1, "width": 3}


def _deviation(values: Sequence[float]) -> float:
    return statistics.stdev(values) if len(values) > 1 else 0.0
