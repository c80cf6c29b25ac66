"""The figures of distributions while a network is pruned (Liu et al. 2021, Figures 1, 3-6)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import plotly.graph_objects as go
from plotly.colors import sample_colorscale
from plotly.subplots import make_subplots

from oracle.plots.base import BELOW, BESIDE, band, head, panel, remaining_axis
from oracle.plots.histograms import Network, outline, recorded, shown, together, value_range
from oracle.tables.distributions import DistributionsTable
from scyc.specs.system import RecordedDistribution

_TITLES = {"weight_gradients": "Weight gradients", "activations": "Post-ReLU outputs"}
_UNITS = {"weight_gradients": "dL/dw", "activations": "post-ReLU output"}
_BAND, _BLUE, _VERMILION = "rgba(0, 114, 178, 0.22)", "#0072B2", "#D55E00"  # Okabe and Ito
_TICKS = 5  # of the axes of weights remaining


def distributions(table: DistributionsTable) -> go.Figure:
    """Draw histograms of all that was recorded, and below each how it changes with pruning.

    Above: the share of values in each bin, a line for each of up to six networks; the bins are the
    same for all of them. Below, over weights remaining: the standard deviation and the range
    from the 5 % to the 95 % quantile; the share outside the bounds, if there are any, and the share
    of values that are exactly 0. Bounds belong to the weight gradients where these were recorded.

    Args:
        table: Of a run.

    Returns:
        The figure; one that says so where nothing was recorded.
    """
    known = _known(table)
    if not known:
        return _nothing(table)
    figure = make_subplots(
        rows=2,
        cols=2 * len(known),
        specs=[
            [part for _ in known for part in ({"colspan": 2}, None)],
            [{} for _ in known for _ in range(2)],
        ],
        row_heights=[0.62, 0.38],
        subplot_titles=[_TITLES[what] for what in known],
        horizontal_spacing=0.085 if len(known) > 1 else 0.12,
        vertical_spacing=0.16,
    )
    for index, what in enumerate(known):
        left = 2 * index + 1
        _histograms(figure, table, what, (1, left), showlegend=index == 0)
        _spread(figure, table, what, (2, left), showlegend=index == 0)
        _shares(figure, table, what, (2, left + 1), showlegend=index == 0)
    figure.update_layout(
        head(f"{table['study']}: distributions while the network is pruned", table),
        legend={"title": {"text": "weights remaining"}, "x": 1.01, "y": 1.0},
        legend2={"x": 1.01, "y": 0.3},
        margin={"t": 110, "b": 60, "l": 80, "r": 210},
        width=800 + 600 * (len(known) - 1),
        height=820,
    )
    return figure


def dashboard_panels(table: DistributionsTable) -> dict[str, go.Figure]:
    """Draw the panels of :func:`distributions`, each of a size that the Optuna dashboard shows.

    Args:
        table: Of the run.

    Returns:
        Figures by name.
    """
    made = {}
    for what in _known(table):
        for name, title, draw in (
            (what, _TITLES[what], _histograms),
            (f"{what}_spread", f"{_TITLES[what]}: spread", _spread),
            (f"{what}_shares", f"{_TITLES[what]}: shares", _shares),
        ):
            drawn = partial(draw, table=table, what=what, position=(1, 1), showlegend=True)
            legend = BESIDE if draw is _histograms else BELOW
            made[name] = panel(drawn, title, legend=legend).update_traces(legend="legend")
    return made


def _known(table: DistributionsTable) -> list[RecordedDistribution]:
    """Return what was recorded of at least one network, with at least one value."""
    return [what for what in table["record"]["what"] if recorded(table, what)]


def _bounds(table: DistributionsTable, what: RecordedDistribution) -> list[float] | None:
    """Return the bounds that belong to a distribution: to the weight gradients, if recorded."""
    record = table["record"]
    first = "weight_gradients" if "weight_gradients" in record["what"] else what
    return list(record["outside"]) if record["outside"] and what == first else None


def _histograms(
    figure: go.Figure,
    table: DistributionsTable,
    what: RecordedDistribution,
    position: tuple[int, int],
    showlegend: bool,
) -> None:
    row, column = position
    every = recorded(table, what)
    networks = shown(every)
    bounds = _bounds(table, what)
    low, high = value_range(networks, bounds)
    edges, counts = together([each.bins for each in networks], low, high)
    width = edges[1] - edges[0]
    shades = [0.88 * every.index(each) / max(1, len(every) - 1) for each in networks]
    colours = sample_colorscale("Plasma", shades)
    shares = [
        [network.percent(count) for count in line]
        for network, line in zip(networks, counts, strict=True)
    ]
    least = min(0.0, math.log10(min(n for line in shares for n in line if n)))
    for network, line, colour in zip(networks, shares, colours, strict=True):
        corners = outline(edges, line)
        figure.add_trace(
            go.Scatter(
                x=[x for x, _ in corners],
                y=[10.0 ** (least - 1) if share == 0 else share for _, share in corners],
                customdata=[share for _, share in corners],
                mode="lines",
                line={"color": colour, "width": 2},
                name=f"{network.weights_remaining:.3g} %",
                legendgroup=f"cycle {network.cycle}",
                showlegend=showlegend,
                hovertemplate="%{customdata:.3g} % of values"
                + f"<extra>{network.weights_remaining:.3g} % remaining</extra>",
            ),
            row=row,
            col=column,
        )
    for bound in bounds or ():
        figure.add_vline(bound, line={"dash": "dash", "color": "#555555"}, row=row, col=column)
    hidden = max(100 - sum(line) for line in shares)
    note = f" (up to {hidden:.1g} % of values lie beyond)" if hidden > 1e-9 else ""
    figure.update_xaxes(
        title_text=_UNITS[what] + note,
        range=[edges[0], edges[-1]],
        zeroline=False,
        row=row,
        col=column,
    )
    figure.update_yaxes(
        title_text=f"share of values, % per bin of {width:.2g}",
        type="log",
        range=[least - 0.1, 2.1],  # empty bins lie below it
        dtick=1,
        tickformat="~g",
        row=row,
        col=column,
    )


def _spread(
    figure: go.Figure,
    table: DistributionsTable,
    what: RecordedDistribution,
    position: tuple[int, int],
    showlegend: bool,
) -> None:
    row, column = position
    networks = recorded(table, what)
    remaining = [each.weights_remaining for each in networks]
    lows, highs = ([each.quantile(name) for each in networks] for name in ("5", "95"))
    figure.add_trace(
        band(
            remaining,
            lows,
            highs,
            fillcolor=_BAND,
            line={"color": "rgba(0, 114, 178, 0.5)", "width": 1},
            name="5 % to 95 % quantile",
            legend="legend2",
            showlegend=showlegend,
        ),
        row=row,
        col=column,
    )
    figure.add_trace(
        go.Scatter(
            x=remaining,
            y=[each.values["std"] for each in networks],
            mode="lines+markers",
            line={"color": _BLUE, "width": 2},
            name="standard deviation",
            legend="legend2",
            showlegend=showlegend,
            hovertemplate="%{x:.1f} % remaining: %{y:.3g}<extra>standard deviation</extra>",
        ),
        row=row,
        col=column,
    )
    figure.update_xaxes(**remaining_axis(_ticks(networks)), row=row, col=column)
    figure.update_yaxes(title_text=_UNITS[what], row=row, col=column)


def _shares(
    figure: go.Figure,
    table: DistributionsTable,
    what: RecordedDistribution,
    position: tuple[int, int],
    showlegend: bool,
) -> None:
    row, column = position
    networks = recorded(table, what)
    remaining = [each.weights_remaining for each in networks]
    bounds = _bounds(table, what)
    lines = [("exactly 0", [each.values["zeros"] for each in networks], "#555555", "square")]
    if bounds:
        outside = [each.outside for each in networks]
        name = f"outside [{bounds[0]:g}, {bounds[1]:g}]"
        lines.insert(0, (name, outside, _VERMILION, "circle"))
    for name, counts, colour, symbol in lines:
        figure.add_trace(
            go.Scatter(
                x=remaining,
                y=[each.percent(n) for n, each in zip(counts, networks, strict=True)],
                mode="lines+markers",
                line={"color": colour, "width": 2},
                marker={"symbol": symbol},
                name=name,
                legend="legend2",
                showlegend=showlegend,
                hovertemplate="%{x:.1f} % remaining: %{y:.3g} %<extra>" + name + "</extra>",
            ),
            row=row,
            col=column,
        )
    figure.update_xaxes(**remaining_axis(_ticks(networks)), row=row, col=column)
    figure.update_yaxes(title_text="share of values, %", rangemode="tozero", row=row, col=column)


def _ticks(networks: Sequence[Network]) -> list[float]:
    return [each.weights_remaining for each in shown(networks, _TICKS)]


def _nothing(table: DistributionsTable) -> go.Figure:
    figure = go.Figure()
    figure.update_layout(
        template="plotly_white",
        title={"text": f"{table['study']}: distributions while the network is pruned", "x": 0.5},
        annotations=[
            {"text": "no network has been recorded yet", "showarrow": False, "font": {"size": 16}}
        ],
        xaxis={"visible": False},
        yaxis={"visible": False},
        width=800,
        height=420,
    )
    return figure
