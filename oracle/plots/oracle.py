"""The figures of an oracle run."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import plotly.graph_objects as go
from plotly.colors import sample_colorscale
from plotly.subplots import make_subplots

from oracle.plots import rivals
from oracle.plots.base import card, head, rate_axis, remaining_axis
from oracle.reports import metric
from oracle.reports.evidence import chance, verdict
from oracle.tables.oracle import Table

_BAND, _WELL_TUNED, _S_CYC = "rgba(0, 114, 178, 0.22)", "#0072B2", "#D55E00"  # Okabe and Ito
_ENDS = "#00456B"
_MARKS = MappingProxyType(  # of a verdict: shape, fill, line and size
    {
        "inside": ("circle", "#009E73", "white", 11),
        "outside": ("x", "#B00020", "white", 12),
        "undecided": ("diamond", "white", _S_CYC, 10),
        "unknown": ("diamond-open", "white", _S_CYC, 10),
        "no region": ("square", "#888888", "white", 9),
    }
)
_PAPER = "#555555"


def regions(table: Table) -> go.Figure:
    """max_lr over weights remaining, and beside it validation accuracy over max_lr.

    Left: the feasible band with 90 % intervals of its ends, the well-tuned values, S-Cyc's curve
    with its verdicts; a triangle where the grid cuts the band off. Right: a line for each cycle,
    its well-tuned value marked; bars are standard errors of the paired difference to that.
    """
    figure = make_subplots(rows=1, cols=2, horizontal_spacing=0.09, subplot_titles=_titles(table))
    _band(figure, table, column=1)
    _accuracies(figure, table, column=2)
    figure.update_layout(
        head(f"{table['study']}: the greedy oracle against S-Cyc", table),
        legend={"orientation": "h", "y": 0.01, "yref": "container", "yanchor": "bottom", "x": 0.0},
        legend2={"title": {"text": "weights remaining"}, "x": 1.01, "y": 1.0},
        margin={"t": 110, "b": 80, "l": 70, "r": 150},
        width=1280,
        height=640,
    )
    return figure


def dashboard_panels(table: Table) -> dict[str, go.Figure]:
    """The two halves of :func:`regions`, each of a size that the Optuna dashboard shows whole."""
    made = {}
    for name, title, draw in zip(
        ("regions", "accuracies"), _titles(table), (_band, _accuracies), strict=True
    ):
        figure = make_subplots(rows=1, cols=1)
        draw(figure, table, column=1)
        made[name] = card(figure, title)
    return made


def _band(figure: go.Figure, table: Table, column: int) -> None:
    cycles = table["cycles"]
    known = [c for c in cycles if c["feasible"]]
    left = [c["weights_remaining"] for c in known]
    lows, highs = [c["feasible"]["low"] for c in known], [c["feasible"]["high"] for c in known]
    place = {"row": 1, "col": column}
    figure.add_trace(
        go.Scatter(
            x=left + left[::-1],
            y=highs + lows[::-1],
            mode="lines",
            fill="toself",
            fillcolor=_BAND,
            line={"color": "rgba(0, 114, 178, 0.5)", "width": 1},
            name=f"feasible region (within {table['tolerance']:g} {_unit(table)})",
            hoverinfo="skip",
        ),
        **place,
    )
    _members(figure, known, place)
    figure.add_trace(
        go.Scatter(
            x=left,
            y=[c["well_tuned"] for c in known],
            mode="markers",
            marker={"symbol": "star", "color": _WELL_TUNED, "size": 13},
            name="well-tuned max_lr",
            hovertemplate="%{x:.1f} % remaining: %{y:.4g}<extra>well-tuned</extra>",
        ),
        **place,
    )
    _ends(figure, known, place)
    _s_cyc(figure, cycles, place)
    beside = rivals.lines(figure, table, place)
    for side, symbol in (("high", "triangle-up-open"), ("low", "triangle-down-open")):
        cut = [c for c in known if c["feasible"][f"cut_{side}"]]
        if cut:
            figure.add_trace(
                go.Scatter(
                    x=[c["weights_remaining"] for c in cut],
                    y=[c["feasible"][side] for c in cut],
                    mode="markers",
                    marker={"symbol": symbol, "size": 13, "color": "black", "line": {"width": 2}},
                    name="cut off by the grid's end",
                    legendgroup="cut",
                    hovertemplate="cut off at %{y:.4g}<extra></extra>",
                ),
                **place,
            )
    _printed(figure, table, place)
    figure.update_xaxes(**remaining_axis([c["weights_remaining"] for c in cycles]), **place)
    rates = lows + highs + beside + [c["s_cyc"]["max_lr"] for c in cycles]
    rates += [c["paper"][end] for c in cycles if c["paper"] for end in ("low", "high")]
    certain = [c["evidence"] for c in known if c["evidence"]["low"]]
    rates += [each["low"]["low"] for each in certain] + [each["high"]["high"] for each in certain]
    figure.update_yaxes(title_text="max_lr", **rate_axis(rates), **place)


def _ends(figure: go.Figure, known: Sequence[Mapping[str, Any]], place: Mapping[str, int]) -> None:
    """90 % intervals of the band's ends, the lower ones left of their cycle, the upper right."""
    certain = [c for c in known if c["evidence"]["low"]]
    if not certain:
        return
    aside = _aside([c["weights_remaining"] for c in known])
    x: list[float | None] = []
    y: list[float | None] = []
    for c in certain:
        for end, side in (("low", 1), ("high", -1)):
            at, interval = c["weights_remaining"] * aside**side, c["evidence"][end]
            x += [at, at, None]
            y += [interval["low"], interval["high"], None]
    figure.add_trace(
        go.Scatter(
            x=x,
            y=y,
            mode="lines+markers",
            line={"color": _ENDS, "width": 1.5},
            marker={"symbol": "line-ew", "size": 7, "line": {"color": _ENDS, "width": 1.5}},
            name="90 % CI of the bounds",
            hovertemplate="end of the region: %{y:.4g}<extra>90 %</extra>",
        ),
        **place,
    )


def _aside(remaining: Sequence[float]) -> float:
    """The factor that moves a mark a little to the left of its cycle."""
    span = math.log(remaining[0] / remaining[-1]) or 1.0
    return math.exp(min(0.012 * span, 0.09 * span / max(1, len(remaining) - 1)))


def _s_cyc(
    figure: go.Figure, cycles: Sequence[Mapping[str, Any]], place: Mapping[str, int]
) -> None:
    """S-Cyc's curve, and a mark for each verdict on it."""
    figure.add_trace(
        go.Scatter(
            x=[c["weights_remaining"] for c in cycles],
            y=[c["s_cyc"]["max_lr"] for c in cycles],
            mode="lines",
            line={"color": _S_CYC, "width": 3},
            name="S-Cyc",
            hoverinfo="skip",
        ),
        **place,
    )
    for kind, (symbol, fill, line, size) in _MARKS.items():
        judged = [c for c in cycles if _verdict(c) == kind]
        if judged:
            figure.add_trace(
                go.Scatter(
                    x=[c["weights_remaining"] for c in judged],
                    y=[c["s_cyc"]["max_lr"] for c in judged],
                    mode="markers",
                    marker={
                        "symbol": symbol,
                        "color": fill,
                        "size": size,
                        "line": {"color": line, "width": 2 if fill == "white" else 1},
                    },
                    name=f"S-Cyc: {kind}",
                    text=[f"{verdict(c)}, {chance(c)}".strip(", ") for c in judged],
                    hovertemplate="%{x:.1f} % remaining: %{y:.4g}, %{text}<extra>S-Cyc</extra>",
                ),
                **place,
            )


def _verdict(cycle: Mapping[str, Any]) -> str:
    return cycle["evidence"]["s_cyc"]["verdict"] if cycle["evidence"] else "no region"


def _printed(figure: go.Figure, table: Table, place: Mapping[str, int]) -> None:
    """The paper's regions and well-tuned values, where the study names its table."""
    printed = [c["paper"] for c in table["cycles"] if c["paper"]]
    if not printed:
        return
    best = [column["well_tuned"] for column in printed]
    figure.add_trace(
        go.Scatter(
            x=[column["weights_remaining"] for column in printed],
            y=best,
            mode="markers",
            marker={"symbol": "diamond-open", "size": 9, "color": _PAPER, "line": {"width": 2}},
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [c["high"] - c["well_tuned"] for c in printed],
                "arrayminus": [c["well_tuned"] - c["low"] for c in printed],
                "color": _PAPER,
            },
            name=f"the paper's Table {table['paper_table']}, full budget",
            hovertemplate="%{x:.1f} % remaining: %{y:.4g}<extra>printed</extra>",
        ),
        **place,
    )


def _members(
    figure: go.Figure, known: Sequence[Mapping[str, Any]], place: Mapping[str, int]
) -> None:
    """The grid values that were tried: members of the region dark, the others light."""
    for inside, colour, name in (
        (True, "rgba(0, 114, 178, 0.65)", "grid value, inside"),
        (False, "rgba(130, 130, 130, 0.35)", "grid value, outside"),
    ):
        dots = [
            (c["weights_remaining"], entry["max_lr"])
            for c in known
            for entry in c["grid"]
            if (entry["max_lr"] in c["feasible"]["members"]) == inside
        ]
        figure.add_trace(
            go.Scatter(
                x=[x for x, _ in dots],
                y=[y for _, y in dots],
                mode="markers",
                marker={"color": colour, "size": 4},
                name=name,
                hoverinfo="skip",
            ),
            **place,
        )


def _accuracies(figure: go.Figure, table: Table, column: int) -> None:
    cycles = table["cycles"]
    means = [_means(c) for c in cycles]
    place = {"row": 1, "col": column}
    shares = [0.9 * index / max(1, len(cycles) - 1) for index in range(len(cycles))]
    for cycle, line, colour in zip(
        cycles, means, sample_colorscale("Viridis", shares), strict=True
    ):
        figure.add_trace(
            go.Scatter(
                x=list(line),
                y=list(line.values()),
                mode="lines+markers",
                line={"color": colour, "width": 2},
                marker={"size": [12 if rate == cycle["well_tuned"] else 5 for rate in line]},
                error_y=_errors(cycle, list(line), colour),
                name=f"{cycle['weights_remaining']:.3g} %",
                legend="legend2",
                hovertemplate=f"max_lr %{{x:.4g}}: {_hover(table)}<extra>"
                + f"cycle {cycle['cycle']}</extra>",
            ),
            **place,
        )
    bars = any(c["evidence"] and c["evidence"]["low"] for c in cycles)
    axis = _value_axis(table, means)
    lowest = axis["range"][0] if "range" in axis else _worst(table, means)
    diverged = [e["max_lr"] for c in cycles for e in c["grid"] if e["diverged"]]
    if diverged:
        figure.add_trace(
            go.Scatter(
                x=diverged,
                y=[lowest + (0.0 if metric.is_own(table) else 0.1)] * len(diverged),
                mode="markers",
                marker={"symbol": "x", "size": 9, "color": "#B00020"},
                name="diverged",
                legend="legend2",
                hovertemplate="max_lr %{x:.4g} diverged<extra></extra>",
            ),
            **place,
        )
    rates = [entry["max_lr"] for c in cycles for entry in c["grid"]]
    figure.update_xaxes(title_text="max_lr", **rate_axis(rates), **place)
    figure.update_yaxes(
        title_text=f"mean validation {metric.name(table)}{' ± SE' if bars else ''}"
        f"{metric.unit(table)}",
        **axis,
        **place,
    )


def _titles(table: Table) -> tuple[str, str]:
    return "Feasible region of max_lr", f"Validation {metric.name(table)} over max_lr"


def _hover(table: Table) -> str:
    return "%{y:.4g}" if metric.is_own(table) else "%{y:.2f} %"


def _value_axis(table: Table, means: Sequence[Mapping[float, float]]) -> dict[str, Any]:
    """The range in which the best values lie; a metric of one's own is shown whole."""
    if metric.is_own(table):
        return {}
    best = [max(line.values()) for line in means if line] or [0.0]
    lowest = max(0.0, min(best) - max(4.0, 8 * table["tolerance"]))
    return {"range": [lowest, min(100.5, max(best) + 1)]}


def _worst(table: Table, means: Sequence[Mapping[float, float]]) -> float:
    """The worst value of a metric of one's own, where diverged training runs are marked."""
    values = [value for line in means for value in line.values()] or [0.0]
    return max(values) if table["metric"]["mode"] == "min" else min(values)


def _means(cycle: Mapping[str, Any]) -> dict[float, float]:
    """Mean accuracies by max_lr, over the same replicates as the best one's."""
    sound = {e["max_lr"]: e["val_accuracy"] for e in cycle["grid"] if not e["diverged"]}
    best = sound.get(cycle["well_tuned"], [])
    return {
        rate: statistics.fmean(values)
        if len(values) >= len(best)
        else statistics.fmean(best)
        + statistics.fmean(a - b for a, b in zip(values, best, strict=False))
        for rate, values in sound.items()
    }


def _errors(cycle: Mapping[str, Any], rates: Sequence[float], colour: str) -> dict[str, Any]:
    """Bars: standard errors of the paired difference to the best."""
    paired = cycle["evidence"]["paired"] if cycle["evidence"] else []
    errors = {each["max_lr"]: each["standard_error"] for each in paired}
    return {
        "type": "data",
        "array": [errors.get(rate) or 0.0 for rate in rates],
        "thickness": 1,
        "width": 2,
        "color": colour.replace("rgb(", "rgba(").replace(")", ", 0.5)"),
    }


def _unit(table: Table) -> str:
    if metric.is_own(table) and table["tolerance_kind"] == "points":
        return str(table["metric"]["unit"] or f"of {metric.name(table)}")
    return "points" if table["tolerance_kind"] == "points" else "% of the best"
