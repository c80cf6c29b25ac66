"""Validation accuracy over max_lr, cycle by cycle: a panel of an oracle run's figure."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from oracle.plots.base import MANY, Layout, rate_axis, thinned
from oracle.plots.parts.current import CURRENT, progress_symbol
from oracle.reports.parts import metric
from oracle.tables.base import finite
from oracle.tables.oracle import OracleTable
from oracle.tables.parts.cycles import OracleCycleRow


def lines(figure: go.Figure, table: OracleTable, column: int) -> None:
    """Draw a line for each cycle, its well-tuned value marked; crosses mark diverged max_lr.

    Bars are standard errors of the paired difference to the well-tuned value.

    Args:
        figure: Is drawn into.
        table: Of an oracle run.
        column: Of the panel, from 1.
    """
    cycles = table["cycles"]
    by_cycle = [means(c) for c in cycles]
    many = len(cycles) > MANY
    position = {"row": 1, "col": column}
    shares = [0.9 * index / max(1, len(cycles) - 1) for index in range(len(cycles))]
    for cycle, line, colour in zip(
        cycles, by_cycle, sample_colorscale("Viridis", shares), strict=True
    ):
        figure.add_trace(
            go.Scatter(
                x=list(line),
                y=list(line.values()),
                mode="lines+markers",
                line={"color": colour, "width": 2},
                marker={"size": [12 if rate == cycle["well_tuned"] else 5 for rate in line]},
                error_y=None if many else _errors(cycle, list(line), colour),
                showlegend=not many,
                name=f"{cycle['weights_remaining']:.3g} %",
                legend="legend2",
                hovertemplate=f"max_lr %{{x:.4g}}: {_hover(table)}<extra>"
                + f"cycle {cycle['cycle']}</extra>",
            ),
            **position,
        )
    so_far = _unfinished(figure, table, position)
    if many:
        _colour_bar(figure, cycles, position)
    bars = not many and any(c["evidence"] and c["evidence"]["low"] for c in cycles)
    by_cycle += [so_far] if so_far else []
    axis = _value_axis(table, by_cycle)
    lowest = axis["range"][0] if "range" in axis else _worst(table, by_cycle)
    _crosses(figure, table, lowest + (0.0 if metric.is_own(table) else 0.1), position)
    rates = [entry["max_lr"] for c in cycles for entry in c["grid"]] + unfinished_rates(table)
    figure.update_xaxes(title_text="max_lr", **(rate_axis(rates) if rates else {}), **position)
    figure.update_yaxes(
        title_text=f"mean validation {metric.name(table)}{' ± SE' if bars else ''}"
        f"{metric.unit(table)}",
        **axis,
        **position,
    )


def _crosses(
    figure: go.Figure, table: OracleTable, height: float, position: Mapping[str, int]
) -> None:
    """Mark the max_lr of which a replicate diverged."""
    cycles = table["cycles"]
    diverged = [e["max_lr"] for c in cycles for e in c["grid"] if e["diverged"]]
    if diverged:
        figure.add_trace(
            go.Scatter(
                x=diverged,
                y=[height] * len(diverged),
                mode="markers",
                marker={"symbol": "x", "size": 9, "color": "#B00020"},
                name="diverged",
                legend="legend" if len(cycles) > MANY else "legend2",
                hovertemplate="max_lr %{x:.4g} diverged<extra></extra>",
            ),
            **position,
        )


def unfinished_rates(table: OracleTable) -> list[float]:
    """Return every max_lr of the cycle that a run is in; [] where there is none.

    Args:
        table: Of an oracle run.

    Returns:
        Learning rates, rising.
    """
    current = table.get("current")
    return [each["max_lr"] for each in current["grid"]] if current else []


def _unfinished(
    figure: go.Figure, table: OracleTable, position: Mapping[str, int]
) -> dict[float, float]:
    """Draw the cycle that a run is in, open where replicates lack; return its means so far."""
    part = table.get("current")
    known = [e for e in part["grid"] if e["val_accuracy"] and not e["diverged"]] if part else []
    if not part or not known:
        return {}
    means = {each["max_lr"]: statistics.fmean(each["val_accuracy"]) for each in known}
    figure.add_trace(
        go.Scatter(
            x=list(means),
            y=list(means.values()),
            mode="lines+markers",
            line={"color": CURRENT, "width": 2, "dash": "dot"},
            marker={"size": 8, "symbol": [progress_symbol(each) for each in known]},
            name=f"cycle {part['cycle']} so far",
            legend="legend2" if len(table["cycles"]) <= MANY else "legend",
            text=[f"{len(each['val_accuracy'])} of {each['asked']} replicates" for each in known],
            hovertemplate=f"max_lr %{{x:.4g}}: {_hover(table)}, %{{text}}<extra>"
            f"cycle {part['cycle']} so far</extra>",
        ),
        **position,
    )
    return means


def _colour_bar(
    figure: go.Figure, cycles: Sequence[OracleCycleRow], position: Mapping[str, int]
) -> None:
    """Draw the colours of the lines, in place of a legend line for each."""
    last = len(cycles) - 1
    shown = thinned(range(len(cycles)), 6)
    shares = [step / 10 for step in range(11)]
    colours = sample_colorscale("Viridis", [0.9 * share for share in shares])
    scale = [list(pair) for pair in zip(shares, colours, strict=True)]
    figure.add_trace(
        go.Scatter(
            x=[None],
            y=[None],
            mode="markers",
            marker={
                "color": [0.0],
                "cmin": 0.0,
                "cmax": float(last),
                "colorscale": scale,
                "showscale": True,
                "colorbar": {
                    "title": {"text": "weights remaining, %", "side": "right"},
                    "tickvals": shown,
                    "ticktext": [f"{cycles[index]['weights_remaining']:.3g}" for index in shown],
                    "thickness": 14,
                    "outlinewidth": 0,
                },
            },
            name="weights remaining",
            showlegend=False,
            hoverinfo="skip",
        ),
        **position,
    )


def _hover(table: OracleTable) -> str:
    return "%{y:.4g}" if metric.is_own(table) else "%{y:.2f} %"


def _value_axis(table: OracleTable, by_cycle: Sequence[Mapping[float, float]]) -> Layout:
    """Return the range in which the best values lie; a metric of one's own is shown whole."""
    if metric.is_own(table):
        return {}
    best = [max(line.values()) for line in by_cycle if line] or [0.0]
    lowest = max(0.0, min(best) - max(4.0, 8 * table["tolerance"]))
    return {"range": [lowest, min(100.5, max(best) + 1)]}


def _worst(table: OracleTable, by_cycle: Sequence[Mapping[float, float]]) -> float:
    """Return the worst value of a metric of one's own, where diverged training runs are marked."""
    values = [value for line in by_cycle for value in line.values()] or [0.0]
    return max(values) if metric.fields(table)["mode"] == "min" else min(values)


def means(cycle: OracleCycleRow) -> dict[float, float]:
    """Return mean accuracies by max_lr, over the same replicates as the best one's.

    Args:
        cycle: Row of the table.

    Returns:
        Accuracies in percent, of every max_lr that did not diverge. One with fewer replicates than
        the best is the best's mean plus the mean paired difference to it.
    """
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


def _errors(cycle: OracleCycleRow, rates: Sequence[float], colour: str) -> Layout:
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
