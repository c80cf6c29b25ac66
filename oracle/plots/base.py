"""What all figures share: axes, and how one is written."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import plotly.graph_objects as go

from oracle.errors import SettingProblem
from oracle.reports.sheet import shrunk_lines
from oracle.tables.base import TableHeader
from oracle.tables.parts.cycles import OracleCycleRow
from scyc.errors import BadInput

_ENDINGS = (".html", ".png", ".svg")
_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Figure</title></head>
<body style="margin:0;background:#fff">{}</body>
</html>
"""


def page(figure: go.Figure, plotly_js: bool | str = True) -> str:
    """Return a figure as HTML that needs nothing else and is as wide as its page.

    In a page narrower than 60rem it scrolls sideways, so that nothing is cut.

    Args:
        figure: its own width holds for pictures and is ignored here; its height is kept.
        plotly_js: whether plotly's library is part of the page; False returns a fragment.
    """
    responsive = go.Figure(figure).update_layout(width=None, autosize=True)
    drawing = responsive.to_html(
        full_html=False,
        include_plotlyjs=plotly_js,
        default_height=f"{figure.layout.height or 640}px",
        config={"responsive": True},
    )
    fragment = f'<div style="overflow-x:auto"><div style="min-width:60rem">{drawing}</div></div>'
    return _PAGE.format(fragment) if plotly_js is True else fragment


def save(figure: go.Figure, target: Path) -> None:
    """Write a figure as .html, .png or .svg.

    Raises BadInput for another ending, a folder that is not there, or where PNG and SVG are wanted
    and no browser is there to draw them.
    """
    if target.suffix not in _ENDINGS:
        rule = f"ends in {target.suffix or 'nothing'}; use one of {', '.join(_ENDINGS)}"
        raise BadInput("plot", [SettingProblem("output", rule, str(target))])
    try:
        if target.suffix == ".html":
            target.write_text(page(figure), encoding="utf-8")
        else:
            figure.write_image(target, scale=2 if target.suffix == ".png" else 1)
    except OSError as error:
        rule = f"cannot be written: {error.strerror}"
        raise BadInput("plot", [SettingProblem("output", rule, str(target))]) from error
    except RuntimeError as error:
        rule = "needs Chrome or Chromium (or BROWSER_PATH); install one, or write .html"
        raise BadInput("plot", [SettingProblem("output", rule, str(target))]) from error


def plain(text: str) -> str:
    """Somebody's text in a figure, which would take tags in it for marks and links."""
    return html.escape(text, quote=False)


def rate_axis(rates: Sequence[float]) -> dict[str, Any]:
    """A logarithmic axis for learning rates with ticks at 1, 2 and 5."""
    low, high = min(rates), max(rates)
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks = [digit * 10.0**decade for decade in decades for digit in (1, 2, 5)]
    margin = 0.06
    return {
        "type": "log",
        "tickvals": ticks,
        "ticktext": [f"{tick:g}" for tick in ticks],
        "range": [math.log10(low) - margin, math.log10(high) + margin],
    }


def remaining_axis(ticks: Sequence[float]) -> dict[str, Any]:
    """A logarithmic axis for weights remaining, in percent, that falls from left to right."""
    return {
        "title_text": "weights remaining, %",
        "type": "log",
        "autorange": "reversed",
        "tickvals": list(ticks),
        "ticktext": [f"{tick:.3g}" for tick in ticks],
    }


def region_ends(cycles: Sequence[OracleCycleRow]) -> tuple[list[float], list[float]]:
    """Return the lower and the upper ends of the measured regions, of the cycles that have one."""
    regions = [cycle["feasible"] for cycle in cycles]
    lows = [region["low"] for region in regions if region is not None]
    return lows, [region["high"] for region in regions if region is not None]


def band(
    x: Sequence[float], lows: Sequence[float], highs: Sequence[float], **look: Any
) -> go.Scatter:
    """Return a filled band between two lines.

    Args:
        x: Weights remaining, in percent.
        lows: The lower line, a value for each of `x`.
        highs: The upper line.
        look: Options of :class:`plotly.graph_objects.Scatter`, such as its colours.
    """
    return go.Scatter(
        x=[*x, *reversed(x)],
        y=[*highs, *reversed(lows)],
        mode="lines",
        fill="toself",
        hoverinfo="skip",
        **look,
    )


def head(title: str, table: TableHeader) -> dict[str, Any]:
    """The layout of a whole figure's top: its title, and below it what was shrunk."""
    return {
        "template": "plotly_white",
        "title": {"text": title, "subtitle": {"text": " ".join(shrunk_lines(table))}, "x": 0.5},
        "font": {"size": 14},
    }


BELOW = MappingProxyType({"orientation": "h", "y": -0.22, "font": {"size": 10}})  # a card's legend
BESIDE = MappingProxyType({"x": 1.01, "y": 1.0, "font": {"size": 10}})


def card(
    figure: go.Figure,
    title: str,
    legend: Mapping[str, Any] = BELOW,
    legend2: Mapping[str, Any] = BESIDE,
) -> go.Figure:
    """Give a panel the size that the Optuna dashboard shows whole; returns the panel."""
    return figure.update_layout(
        template="plotly_white",
        title={"text": title, "x": 0.02},
        margin={"t": 50, "b": 20, "l": 60, "r": 20},
        width=660,
        height=440,
        legend=dict(legend),
        legend2=dict(legend2),
    )
