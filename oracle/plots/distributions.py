"""The figures of distributions while a network is pruned (Liu et al. 2021, Figures 1, 3-6).

Over 300 lines: each figure's panels, axes and colours are read beside each other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import plotly.graph_objects as go
from plotly.colors import sample_colorscale
from plotly.subplots import make_subplots

from oracle.plots.base import BELOW, BESIDE, card, head, remaining_axis
from oracle.tables.oracle import Table
from scyc.recording.bins import Bins

_TITLES = {"weight_gradients": "Weight gradients", "activations": "Post-ReLU outputs"}
_UNITS = {"weight_gradients": "dL/dw", "activations": "post-ReLU output"}
_BAND, _BLUE, _VERMILION = "rgba(0, 114, 178, 0.22)", "#0072B2", "#D55E00"  # Okabe and Ito
_SHOWN = 6  # networks whose histograms are drawn
_TICKS = 5  # of the axes of weights remaining

Cycle = Mapping[str, Any]


def distributions(table: Table) -> go.Figure:
    """Histograms of everything that was recorded, and below each how it changes with pruning.

    Above: the share of values in each bin, a line for each of up to six networks; the bins are the
    same for all of them. Below, over weights remaining: the standard deviation and the range
    from the 5 % to the 95 % quantile; the share outside the bounds, if there are any, and the share
    of values that are exactly 0. Bounds belong to the weight gradients where these were recorded.
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


def dashboard_panels(table: Table) -> dict[str, go.Figure]:
    """The panels of :func:`distributions`, each of a size that the Optuna dashboard shows whole."""
    made = {}
    for what in _known(table):
        for name, title, draw in (
            (what, _TITLES[what], _histograms),
            (f"{what}_spread", f"{_TITLES[what]}: spread", _spread),
            (f"{what}_shares", f"{_TITLES[what]}: shares", _shares),
        ):
            figure = make_subplots(rows=1, cols=1)
            draw(figure, table, what, (1, 1), showlegend=True)
            made[name] = card(figure, title, legend=BESIDE, legend2=BELOW)
    return made


def shown(cycles: Sequence[Cycle], most: int = _SHOWN) -> list[Cycle]:
    """At most so many of these cycles: the first, the last, and others evenly between them."""
    if len(cycles) <= most:
        return list(cycles)
    return [cycles[round(index * (len(cycles) - 1) / (most - 1))] for index in range(most)]


def together(bins: Sequence[Bins], low: float, high: float) -> tuple[list[float], list[list[int]]]:
    """Counts of several distributions in the same bins of equal width, and their common edges.

    low, high: the range to cover, in units of the values. The bins are made of whole bins of the
    coarsest of `bins`, so the counts are exact; there are about as many as Sturges' rule says for
    the largest distribution, and no bin is narrower than the coarsest. A range on both sides of 0
    gets one bin with 0 in its middle, else 0 is an edge. Values beyond the range are left out.
    """
    exponent = max(each.exponent for each in bins)
    coarse = [each.coarsened(exponent) for each in bins]
    most = max((sum(each.counts) - 1).bit_length() for each in bins) + 1
    width = coarse[0].width
    group = max(1, math.ceil((high - low) / width / most))
    group += group % 2 if low < 0 < high else 0
    half = group // 2 if low < 0 < high else 0  # in bins from an edge to 0
    first = math.floor((low / width + half) / group)
    last = math.floor((high / width + half) / group)
    counts = [[0] * (last - first + 1) for _ in coarse]
    for each, totals in zip(coarse, counts, strict=True):
        for index, count in enumerate(each.counts, each.first):
            place = (index + half) // group - first
            if 0 <= place < len(totals):
                totals[place] += count
    return [(place * group - half) * width for place in range(first, last + 2)], counts


def _known(table: Table) -> list[str]:
    """What was recorded of at least one network, with at least one value."""
    return [what for what in table["record"]["what"] if _recorded(table, what)]


def _recorded(table: Table, what: str) -> list[Cycle]:
    return [cycle for cycle in table["cycles"] if cycle.get(what) and cycle[what]["count"]]


def _bounds(table: Table, what: str) -> list[float] | None:
    """The bounds that belong to a distribution: to the weight gradients, if they are recorded."""
    record = table["record"]
    first = "weight_gradients" if "weight_gradients" in record["what"] else what
    return list(record["outside"]) if record["outside"] and what == first else None


def _histograms(
    figure: go.Figure, table: Table, what: str, place: tuple[int, int], showlegend: bool
) -> None:
    row, column = place
    every = _recorded(table, what)
    cycles = shown(every)
    bounds = _bounds(table, what)
    low, high = _range([cycle[what] for cycle in cycles], bounds)
    edges, counts = together([Bins.from_json(c[what]["bins"]) for c in cycles], low, high)
    width = edges[1] - edges[0]
    shades = [0.88 * every.index(cycle) / max(1, len(every) - 1) for cycle in cycles]
    colours = sample_colorscale("Plasma", shades)
    shares = [
        [100 * count / cycle[what]["count"] for count in line]
        for cycle, line in zip(cycles, counts, strict=True)
    ]
    least = min(0.0, math.log10(min(n for line in shares for n in line if n)))
    for cycle, line, colour in zip(cycles, shares, colours, strict=True):
        corners = _outline(edges, line)
        figure.add_trace(
            go.Scatter(
                x=[x for x, _ in corners],
                y=[10.0 ** (least - 1) if share == 0 else share for _, share in corners],
                customdata=[share for _, share in corners],
                mode="lines",
                line={"color": colour, "width": 2},
                name=f"{cycle['weights_remaining']:.3g} %",
                legendgroup=f"cycle {cycle['cycle']}",
                showlegend=showlegend,
                hovertemplate="%{customdata:.3g} % of values"
                + f"<extra>{cycle['weights_remaining']:.3g} % remaining</extra>",
            ),
            row=row,
            col=column,
        )
    for bound in bounds or ():
        figure.add_vline(bound, line={"dash": "dash", "color": "#555555"}, row=row, col=column)
    beyond = max(100 - sum(line) for line in shares)
    note = f" (up to {beyond:.1g} % of values lie beyond)" if beyond > 1e-9 else ""
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


def _outline(
    edges: Sequence[float], shares: Sequence[float]
) -> list[tuple[float, float] | tuple[None, None]]:
    """Corners of a histogram's line: down to 0 beside an empty bin, and not drawn along it."""
    corners: list[tuple[float, float] | tuple[None, None]] = []
    for index, ((left, right), share) in enumerate(zip(pairwise(edges), shares, strict=True)):
        if not share:
            continue
        if index and not shares[index - 1]:
            corners.append((left, 0.0))
        corners += [(left, share), (right, share)]
        if index < len(shares) - 1 and not shares[index + 1]:
            corners += [(right, 0.0), (None, None)]
    return corners


def _range(found: Sequence[Cycle], bounds: Sequence[float] | None) -> tuple[float, float]:
    """What the histograms show: 1.5 times the widest range from the 0.1 % to the 99.9 % quantile.

    The rare values beyond would press all others into a few bins. The bounds are shown too.
    """
    low = min(each["quantiles"]["0.1"] for each in found)
    high = max(each["quantiles"]["99.9"] for each in found)
    beyond = (high - low) / 4
    low = max(low - beyond, min(each["min"] for each in found))
    high = min(high + beyond, max(each["max"] for each in found))
    for bound in bounds or ():
        low, high = min(low, 1.1 * bound), max(high, 1.1 * bound)
    if low < high:
        return low, high
    around = abs(low) / 2 or 1.0  # all values are the same
    return low - around, high + around


def _spread(
    figure: go.Figure, table: Table, what: str, place: tuple[int, int], showlegend: bool
) -> None:
    row, column = place
    cycles = _recorded(table, what)
    left = [cycle["weights_remaining"] for cycle in cycles]
    lows, highs = ([c[what]["quantiles"][name] for c in cycles] for name in ("5", "95"))
    figure.add_trace(
        go.Scatter(
            x=left + left[::-1],
            y=highs + lows[::-1],
            mode="lines",
            fill="toself",
            fillcolor=_BAND,
            line={"color": "rgba(0, 114, 178, 0.5)", "width": 1},
            name="5 % to 95 % quantile",
            legend="legend2",
            showlegend=showlegend,
            hoverinfo="skip",
        ),
        row=row,
        col=column,
    )
    figure.add_trace(
        go.Scatter(
            x=left,
            y=[cycle[what]["std"] for cycle in cycles],
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
    figure.update_xaxes(**remaining_axis(_ticks(cycles)), tickangle=0, row=row, col=column)
    figure.update_yaxes(title_text=_UNITS[what], row=row, col=column)


def _shares(
    figure: go.Figure, table: Table, what: str, place: tuple[int, int], showlegend: bool
) -> None:
    row, column = place
    cycles = _recorded(table, what)
    left = [cycle["weights_remaining"] for cycle in cycles]
    bounds = _bounds(table, what)
    lines = [("exactly 0", [cycle[what]["zeros"] for cycle in cycles], "#555555", "square")]
    if bounds:
        outside = [cycle[what]["below"] + cycle[what]["above"] for cycle in cycles]
        name = f"outside [{bounds[0]:g}, {bounds[1]:g}]"
        lines.insert(0, (name, outside, _VERMILION, "circle"))
    for name, counts, colour, symbol in lines:
        figure.add_trace(
            go.Scatter(
                x=left,
                y=[100 * n / c[what]["count"] for n, c in zip(counts, cycles, strict=True)],
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
    figure.update_xaxes(**remaining_axis(_ticks(cycles)), tickangle=0, row=row, col=column)
    figure.update_yaxes(title_text="share of values, %", rangemode="tozero", row=row, col=column)


def _ticks(cycles: Sequence[Cycle]) -> list[float]:
    return [each["weights_remaining"] for each in shown(cycles, _TICKS)]


def _nothing(table: Table) -> go.Figure:
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
