"""Every max_lr of every cycle as a heat map: a panel that stays readable at 26 cycles and 60 rates.

A column for each cycle and a row for each max_lr; the colour is how far the mean validation
accuracy lies below the cycle's best. On it lie the measured region, the estimated one, the
well-tuned values and S-Cyc's curve.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import plotly.graph_objects as go

from oracle.plots.accuracies import means
from oracle.plots.base import FIXED, estimated_bounds, rate_ticks, remaining_ticks
from oracle.reports.parts import metric
from oracle.tables.oracle import OracleTable
from oracle.tables.parts.cycles import OracleCycleRow

_SCALE = "Cividis_r"  # distinguishable for all colour-blind readers; the best is bright
_S_CYC, _DARK, _LIGHT = "#D55E00", "#000000", "#fdfdfd"
_STEPS = 4  # of the colour bar


def panel(figure: go.Figure, table: OracleTable, column: int) -> None:
    """Draw the heat map of a run with at least one finished cycle.

    Args:
        figure: Is drawn into.
        table: Of an oracle run.
        column: Of the panel, from 1.
    """
    position = {"row": 1, "col": column}
    cycles = table["cycles"]
    rates = sorted({entry["max_lr"] for c in cycles for entry in c["grid"]})
    losses = [_losses(table, c) for c in cycles]
    _cells(figure, table, rates, losses, position)
    _diverged(figure, cycles, position)
    _outline(figure, rates, cycles, position)
    _estimate(figure, cycles, position)
    _curve(figure, cycles, position)
    _best(figure, cycles, position)
    shown = remaining_ticks(range(len(cycles)))
    figure.update_xaxes(
        title_text="weights remaining, %",
        tickvals=shown,
        ticktext=[f"{cycles[index]['weights_remaining']:.3g}" for index in shown],
        tickangle=0,
        range=[-0.5, len(cycles) - 0.5],
        showgrid=False,
        **position,
    )
    ticks = rate_ticks(rates)
    edges = _edges(rates)
    figure.update_yaxes(
        title_text="max_lr",
        tickvals=[math.log10(tick) for tick in ticks],
        ticktext=[f"{tick:g}" for tick in ticks],
        range=[edges[0], edges[-1]],
        showgrid=False,
        zeroline=False,
        **position,
    )


def _losses(table: OracleTable, cycle: OracleCycleRow) -> dict[float, float]:
    """By how much each max_lr is worse than the best of its cycle, 0 or more."""
    accuracies = means(cycle)
    less = metric.is_own(table) and metric.fields(table)["mode"] == "min"
    best = (min if less else max)(accuracies.values(), default=0.0)
    return {rate: round(abs(best - value), 6) for rate, value in accuracies.items()}


def _cells(
    figure: go.Figure,
    table: OracleTable,
    rates: Sequence[float],
    losses: Sequence[Mapping[float, float]],
    position: Mapping[str, int],
) -> None:
    top = _top(table, losses)
    what = metric.name(table)
    unit = metric.fields(table)["unit"] if metric.is_own(table) else "points"
    figure.add_trace(
        go.Heatmap(
            x=list(range(len(losses))),
            y=_edges(rates),
            z=[[column.get(rate) for column in losses] for rate in rates],
            customdata=[
                [[round(c["weights_remaining"], 3), rate] for c in table["cycles"]]
                for rate in rates
            ],
            zmin=0.0,
            zmax=top,
            colorscale=_SCALE,
            hoverongaps=False,
            colorbar={
                "title": {
                    "text": f"{what} below the best{f', {unit}' if unit else ''}",
                    "side": "right",
                },
                "tickvals": [top * step / _STEPS for step in range(_STEPS + 1)],
                "ticktext": [
                    f"{'≥ ' * (step == _STEPS)}{top * step / _STEPS:.3g}"
                    for step in range(_STEPS + 1)
                ],
                "thickness": 14,
                "outlinewidth": 0,
            },
            meta=FIXED,
            name=f"{what} below the best",
            hovertemplate="%{customdata[0]:.3g} % remaining, max_lr "
            "%{customdata[1]:.4g}: %{z:.2f} below the best<extra></extra>",
        ),
        **position,
    )


def _top(table: OracleTable, losses: Sequence[Mapping[float, float]]) -> float:
    """Where the colours end: a round number, 4 tolerances or more, that most cells lie below."""
    every = sorted(loss for column in losses for loss in column.values()) or [0.0]
    span = max(4 * _tolerance(table), every[int(0.75 * (len(every) - 1))], 1e-9)
    decade = 10.0 ** math.floor(math.log10(span))
    return next(step * decade for step in (1, 2, 4, 8, 10) if step * decade >= span)


def _tolerance(table: OracleTable) -> float:
    """In units of the metric; a relative one is taken of the largest best value."""
    if table["tolerance_kind"] == "points":
        return table["tolerance"]
    best = [abs(v) for c in table["cycles"] for r, v in means(c).items() if r == c["well_tuned"]]
    return table["tolerance"] / 100 * max(best, default=0.0)


def _edges(rates: Sequence[float]) -> list[float]:
    """Where rows of the map begin and end, in log10 of max_lr: half way between two values."""
    logs = [math.log10(rate) for rate in rates]
    middles = [(a + b) / 2 for a, b in pairwise(logs)]
    low = 2 * logs[0] - middles[0] if middles else logs[0] - 0.1
    high = 2 * logs[-1] - middles[-1] if middles else logs[-1] + 0.1
    return [low, *middles, high]


def _outline(
    figure: go.Figure,
    rates: Sequence[float],
    cycles: Sequence[OracleCycleRow],
    position: Mapping[str, int],
) -> None:
    """Draw the border of the measured region; a gap in it is left out of it."""
    edges = _edges(rates)
    inside = [_inside(rates, c) for c in cycles]
    x: list[float | None] = []
    y: list[float | None] = []
    for (x0, y0), (x1, y1) in _borders(inside, edges):
        x += [x0, x1, None]
        y += [y0, y1, None]
    _outlined(figure, position, x=x, y=y, line={"color": _DARK, "width": 2}, name="measured region")


def _inside(rates: Sequence[float], cycle: OracleCycleRow) -> list[bool]:
    """Of each row, whether it is in the measured region; one not tried, if both neighbours are."""
    if cycle["feasible"] is None:
        return [False] * len(rates)
    members = set(cycle["feasible"]["members"])
    tried = sorted(entry["max_lr"] for entry in cycle["grid"])
    points = []
    for rate in rates:
        below = [each for each in tried if each <= rate][-1:]
        above = [each for each in tried if each >= rate][:1]
        points.append(bool(below and above) and {*below, *above} <= members)
    return points


def _borders(
    inside: Sequence[Sequence[bool]], edges: Sequence[float]
) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    """Yield the lines between cells inside and outside."""
    rows = len(edges) - 1
    padded = [[False] * rows, *inside, [False] * rows]
    for column, (left, right) in enumerate(pairwise(padded)):
        for row in range(rows):
            if left[row] != right[row]:
                yield (column - 0.5, edges[row]), (column - 0.5, edges[row + 1])
    for column, cells in enumerate(inside):
        for row, (below, above) in enumerate(pairwise([False, *cells, False])):
            if below != above:
                yield (column - 0.5, edges[row]), (column + 0.5, edges[row])


def _estimate(
    figure: go.Figure, cycles: Sequence[OracleCycleRow], position: Mapping[str, int]
) -> None:
    """Draw the bounds of the estimated region."""
    known = [(index, bounds) for index, c in enumerate(cycles) if (bounds := estimated_bounds(c))]
    x: list[float | None] = []
    y: list[float | None] = []
    for end in (0, 1):
        x += [*(float(index) for index, _ in known), None]
        y += [*(math.log10(bounds[end]) for _, bounds in known), None]
    if known:
        line = {"color": _DARK, "width": 2, "dash": "dot"}
        _outlined(figure, position, x=x, y=y, line=line, name="estimated region")


def _curve(
    figure: go.Figure, cycles: Sequence[OracleCycleRow], position: Mapping[str, int]
) -> None:
    points = [(i, c["s_cyc"]["max_lr"]) for i, c in enumerate(cycles)]
    known = [(index, math.log10(rate)) for index, rate in points if rate is not None]
    if known:
        _outlined(
            figure,
            position,
            x=[index for index, _ in known],
            y=[log for _, log in known],
            line={"color": _S_CYC, "width": 3},
            name="S-Cyc",
        )


def _best(figure: go.Figure, cycles: Sequence[OracleCycleRow], position: Mapping[str, int]) -> None:
    points = [(i, c["well_tuned"]) for i, c in enumerate(cycles) if c["well_tuned"] is not None]
    figure.add_trace(
        go.Scatter(
            x=[index for index, _ in points],
            y=[math.log10(rate) for _, rate in points],
            mode="markers",
            marker={
                "symbol": "star",
                "size": 11,
                "color": _DARK,
                "line": {"color": _LIGHT, "width": 1},
            },
            name="well-tuned max_lr",
            hoverinfo="skip",
            meta=FIXED,
        ),
        **position,
    )


def _diverged(
    figure: go.Figure, cycles: Sequence[OracleCycleRow], position: Mapping[str, int]
) -> None:
    points = [(i, e["max_lr"]) for i, c in enumerate(cycles) for e in c["grid"] if e["diverged"]]
    if points:
        figure.add_trace(
            go.Scatter(
                x=[index for index, _ in points],
                y=[math.log10(rate) for _, rate in points],
                mode="markers",
                marker={"symbol": "x-thin", "size": 5, "line": {"color": "#B00020", "width": 1}},
                name="diverged",
                hovertemplate="diverged<extra></extra>",
            ),
            **position,
        )


def _outlined(figure: go.Figure, position: Mapping[str, int], **style: Any) -> None:
    """Draw a line with a light rim, which stands out on bright and on dark cells."""
    rim = {"color": _LIGHT, "width": style["line"]["width"] + 2}
    common = {"mode": "lines", "hoverinfo": "skip", "legendgroup": style["name"], "meta": FIXED}
    hidden = {"showlegend": False}
    figure.add_trace(go.Scatter(**common | style | hidden | {"line": rim}), **position)
    figure.add_trace(go.Scatter(**common | style | hidden), **position)
    # The legend lies on the page, not on the cells: a page in dark mode repaints its line.
    shown = {"x": [None], "y": [None], "meta": None}
    figure.add_trace(go.Scatter(**common | style | shown), **position)
