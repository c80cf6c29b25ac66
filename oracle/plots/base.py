"""What all figures share: axes, and how one is written."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from oracle.reports.sheet import shrunk_lines
from oracle.tables.base import TableHeader
from oracle.tables.parts.cycles import OracleCycleRow

MANY = 12  # networks, from which a legend line for each is too much, and a heat map is drawn
FIXED = "fixed colours"  # meta of a trace that pages do not repaint: it lies on colours
_MOST_TICKS = 9  # of an axis of weights remaining
_MOST_DECADES = 3  # of learning rates, with ticks at 1, 2 and 5
Item = TypeVar("Item")
Layout = dict[str, Any]  # a part of a figure, as Plotly takes it


def plain(text: str) -> str:
    """Return somebody's text in a figure, which would take tags in it for marks and links.

    Args:
        text: Written by somebody.

    Returns:
        The text, its tags escaped.
    """
    return html.escape(text, quote=False)


def rate_ticks(rates: Sequence[float]) -> list[float]:
    """Return ticks for learning rates: at 1, 2 and 5, over many decades at 1 alone.

    Args:
        rates: All learning rates that the axis has to show, above 0.

    Returns:
        Ticks from the decade below the lowest rate on, rising.
    """
    low, high = math.floor(math.log10(min(rates))), math.ceil(math.log10(max(rates)))
    digits = (1, 2, 5) if high - low <= _MOST_DECADES else (1,)
    return [digit * 10.0**decade for decade in range(low, high + 1) for digit in digits]


def rate_axis(rates: Sequence[float]) -> Layout:
    """Make a logarithmic axis for learning rates; its ticks are :func:`rate_ticks`.

    Args:
        rates: All learning rates that it has to show.

    Returns:
        Options of a Plotly axis.
    """
    ticks, margin = rate_ticks(rates), 0.06
    return {
        "type": "log",
        "tickvals": ticks,
        "ticktext": [f"{tick:g}" for tick in ticks],
        "tickangle": 0,
        "range": [math.log10(min(rates)) - margin, math.log10(max(rates)) + margin],
    }


def remaining_axis(ticks: Sequence[float]) -> Layout:
    """Make a logarithmic axis for weights remaining, in percent, that falls from left to right.

    Args:
        ticks: Where it has them, in percent.

    Returns:
        Options of a Plotly axis.
    """
    shown = remaining_ticks(ticks)
    return {
        "title_text": "weights remaining, %",
        "type": "log",
        "autorange": "reversed",
        "tickvals": shown,
        "ticktext": [f"{tick:.3g}" for tick in shown],
        "tickangle": 0,
    }


def remaining_ticks(items: Sequence[Item]) -> list[Item]:
    """Return the networks whose weights remaining an axis names, so that no label rotates.

    Args:
        items: In their order.

    Returns:
        All of them where they are few, else evenly spaced ones.
    """
    return list(items) if len(items) <= _MOST_TICKS else thinned(items, _MOST_TICKS - 2)


def thinned(items: Sequence[Item], most: int) -> list[Item]:
    """Return at most so many, evenly spaced: every second, every third ... from the first on.

    Args:
        items: In their order.
        most: At most so many, 1 or more.

    Returns:
        Some of the items, in order, the first among them.
    """
    return list(items[:: max(1, -(-len(items) // most))])


def estimated_bounds(cycle: OracleCycleRow) -> tuple[float, float] | None:
    """Return the bounds of a cycle's estimated region; None where there is no estimate.

    Args:
        cycle: Row of the table.

    Returns:
        Lower and upper bound, learning rates.
    """
    estimate = cycle["evidence"] and cycle["evidence"].get("estimated")
    return (estimate["low"], estimate["high"]) if estimate else None


def region_ends(cycles: Sequence[OracleCycleRow]) -> tuple[list[float], list[float]]:
    """Return the lower and the upper ends of the measured regions, of the cycles that have one.

    Args:
        cycles: Rows of the table.

    Returns:
        Two lists of the same length.
    """
    regions = [cycle["feasible"] for cycle in cycles]
    lows = [region["low"] for region in regions if region is not None]
    return lows, [region["high"] for region in regions if region is not None]


def band(
    x: Sequence[float], lows: Sequence[float], highs: Sequence[float], **options: Any
) -> go.Scatter:
    """Return a filled band between two lines.

    Args:
        x: Weights remaining, in percent.
        lows: The lower line, a value for each of `x`.
        highs: The upper line.
        options: Options of :class:`plotly.graph_objects.Scatter`, such as its colours.

    Returns:
        A trace without a hover text.
    """
    return go.Scatter(
        x=[*x, *reversed(x)],
        y=[*highs, *reversed(lows)],
        mode="lines",
        fill="toself",
        hoverinfo="skip",
        **options,
    )


def head(title: str, table: TableHeader) -> Layout:
    """Make the layout of a whole figure's top: its title, and below it what was shrunk.

    Args:
        title: Of the figure.
        table: Of the run.

    Returns:
        Options of a Plotly layout.
    """
    return {
        "template": "plotly_white",
        "title": {"text": title, "subtitle": {"text": " ".join(shrunk_lines(table))}, "x": 0.5},
        "font": {"size": 14},
    }


BELOW = MappingProxyType({"orientation": "h", "y": -0.22, "font": {"size": 10}})  # a card's legend
BESIDE = MappingProxyType({"x": 1.01, "y": 1.0, "font": {"size": 10}})


def panel(
    draw: Callable[[go.Figure], None],
    title: str,
    legend: Mapping[str, Any] = BELOW,
) -> go.Figure:
    """Draw one panel of a whole figure by itself, as a :func:`card`.

    Args:
        draw: Adds the panel's traces and axes to the figure that it is given, at row 1, column 1.
        title: Of the panel.
        legend: Layout of its legend.

    Returns:
        The panel.
    """
    figure = make_subplots(rows=1, cols=1)
    draw(figure)
    return card(figure, title, legend)


def card(
    figure: go.Figure,
    title: str,
    legend: Mapping[str, Any] = BELOW,
) -> go.Figure:
    """Give a panel the height of the Optuna dashboard's cards; it is as wide as its card.

    Args:
        figure: The panel, which is changed.
        title: Of the panel.
        legend: Where its legend stands.

    Returns:
        The panel.
    """
    return figure.update_layout(
        template="plotly_white",
        title={"text": title, "x": 0.02},
        margin={"t": 50, "b": 20, "l": 60, "r": 20},
        height=440,
        legend=dict(legend),
        legend2=dict(BESIDE),
    )
