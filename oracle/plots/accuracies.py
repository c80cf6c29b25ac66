"""Validation accuracy over max_lr, cycle by cycle: a panel of an oracle run's figure."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from oracle.plots.base import rate_axis
from oracle.reports.parts import metric
from oracle.tables.base import finite
from oracle.tables.oracle import OracleTable
from oracle.tables.parts.cycles import OracleCycleRow


def lines(figure: go.Figure, table: OracleTable, column: int) -> None:
    """Draw a line for each cycle, its well-tuned value marked; crosses mark diverged max_lr.

    Bars are standard errors of the paired difference to the well-tuned value.
    """
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


def _hover(table: OracleTable) -> str:
    return "%{y:.4g}" if metric.is_own(table) else "%{y:.2f} %"


def _value_axis(table: OracleTable, means: Sequence[Mapping[float, float]]) -> dict[str, Any]:
    """The range in which the best values lie; a metric of one's own is shown whole."""
    if metric.is_own(table):
        return {}
    best = [max(line.values()) for line in means if line] or [0.0]
    lowest = max(0.0, min(best) - max(4.0, 8 * table["tolerance"]))
    return {"range": [lowest, min(100.5, max(best) + 1)]}


def _worst(table: OracleTable, means: Sequence[Mapping[float, float]]) -> float:
    """The worst value of a metric of one's own, where diverged training runs are marked."""
    values = [value for line in means for value in line.values()] or [0.0]
    return max(values) if metric.fields(table)["mode"] == "min" else min(values)


def _means(cycle: OracleCycleRow) -> dict[float, float]:
    """Mean accuracies by max_lr, over the same replicates as the best one's."""
    sound = {e["max_lr"]: finite(e["val_accuracy"]) for e in cycle["grid"] if not e["diverged"]}
    well_tuned = cycle["well_tuned"]
    best = [] if well_tuned is None else sound[well_tuned]
    return {
        rate: statistics.fmean(values)
        if len(values) >= len(best)
        else statistics.fmean(best)
        + statistics.fmean(a - b for a, b in zip(values, best, strict=False))
        for rate, values in sound.items()
    }


def _errors(cycle: OracleCycleRow, rates: Sequence[float], colour: str) -> dict[str, Any]:
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
