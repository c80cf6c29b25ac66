"""The rivals' max_lr, drawn next to S-Cyc's."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import plotly.graph_objects as go

from oracle.tables.oracle import OracleTable

# Dark, light and in between, so that lightness alone tells them apart; dashes and marks do, too.
_STYLES = MappingProxyType(
    {
        "constant": ("#000000", "dot", "line-ew"),
        "warm_start": ("#CC79A7", "dash", "square-open"),
        "gradient_spread": ("#5D3A9B", "dashdot", "triangle-up-open"),
        "power_law": ("#D55E00", "longdash", "diamond-open"),
        "linear_rewinding": ("#56B4E9", "dot", "circle-open"),
        "allr": ("#A6761D", "dash", "x-thin"),
        "lr_range_test": ("#666666", "longdashdot", "star-open"),
    }
)


def lines(figure: go.Figure, table: OracleTable, position: Mapping[str, int]) -> list[float]:
    """Draw a thin line for each rival.

    Drawn after S-Cyc's thick one, over which it shows where both agree.

    Args:
        figure: Is drawn into.
        table: Of an oracle run.
        position: Row and column of the panel.

    Returns:
        The learning rates that it shows, which the axis must hold.
    """
    rates: list[float] = []
    for rival in table["rivals"]:
        colour, dash, symbol = _STYLES[rival["name"]]
        own = [cycle["max_lr"] for cycle in rival["cycles"]]
        figure.add_trace(
            go.Scatter(
                x=[cycle["weights_remaining"] for cycle in rival["cycles"]],
                y=own,
                mode="lines+markers",
                line={"color": colour, "width": 1.5, "dash": dash},
                marker={"symbol": symbol, "size": 11, "line": {"color": colour, "width": 1.5}},
                name=rival["name"],
                hovertemplate=f"%{{x:.1f}} % remaining: %{{y:.4g}}<extra>{rival['name']}</extra>",
            ),
            **position,
        )
        rates += own
    return rates
