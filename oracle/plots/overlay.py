"""The regions of several runs in one figure."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from oracle.plots.base import Layout, band, estimated_bounds, rate_axis, region_ends, remaining_axis
from oracle.tables.oracle import OracleTable
from oracle.tables.parts.cycles import OracleCycleRow
from oracle.tables.registry import Table

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#B8860B", "#56B4E9")  # Okabe and Ito
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "star", "cross")
MOST = len(_COLOURS)


def overlaid(tables: Sequence[Table]) -> go.Figure | None:
    """Draw bands, well-tuned values and S-Cyc's curves of oracle runs over the weights remaining.

    Args:
        tables: One a run.

    Returns:
        The figure; None where no run among them has a finished cycle.
    """
    drawn = [table for table in tables if table["kind"] == "oracle" and table["cycles"]]
    if not drawn:
        return None
    figure = go.Figure()
    rates: list[float] = []
    for table, colour, symbol in zip(drawn, _COLOURS, _SYMBOLS, strict=False):
        rates += _run(figure, table, colour, symbol)
    ticks = sorted(
        {round(c["weights_remaining"], 2) for table in drawn for c in table["cycles"]}, reverse=True
    )
    figure.update_xaxes(**remaining_axis(_spread(ticks)))
    figure.update_yaxes(title_text="max_lr", **rate_axis(rates))
    figure.update_layout(template="plotly_white")
    return figure


def _run(figure: go.Figure, table: OracleTable, colour: str, symbol: str) -> list[float]:
    """Draw one run; returns the learning rates that it shows."""
    known = [c for c in table["cycles"] if c["feasible"]]
    left = [c["weights_remaining"] for c in known]
    lows, highs, name = _bounds(known)
    group: Layout = {"legendgroup": table["run_id"]}
    figure.add_trace(
        band(
            left,
            lows,
            highs,
            fillcolor=_translucent(colour, 0.16),
            line={"color": _translucent(colour, 0.55), "width": 1},
            name=f"{table['run_id']}: {name}",
            **group,
        )
    )
    figure.add_trace(
        go.Scatter(
            x=left,
            y=[c["well_tuned"] for c in known],
            mode="markers",
            marker={"color": colour, "symbol": symbol, "size": 9},
            name="well-tuned max_lr",
            hovertemplate="%{x:.1f} % remaining: %{y:.4g}<extra>" + table["run_id"] + "</extra>",
            **group,
        )
    )
    curve = [
        (c["weights_remaining"], rate)
        for c in table["cycles"]
        if (rate := c["s_cyc"]["max_lr"]) is not None
    ]
    figure.add_trace(
        go.Scatter(
            x=[x for x, _ in curve],
            y=[y for _, y in curve],
            mode="lines",
            line={"color": colour, "width": 2, "dash": "dash"},
            name="S-Cyc",
            hoverinfo="skip",
            **group,
        )
    )
    return lows + highs + [y for _, y in curve]


def _bounds(known: Sequence[OracleCycleRow]) -> tuple[list[float], list[float], str]:
    """Return the bounds of the estimated regions; of the measured ones if some lack an estimate."""
    estimates = [bounds for c in known if (bounds := estimated_bounds(c))]
    if len(estimates) == len(known):
        return [low for low, _ in estimates], [high for _, high in estimates], "estimated region"
    return *region_ends(known), "measured region"


def rows(tables: Sequence[OracleTable]) -> list[tuple[int, list[OracleCycleRow | None]]]:
    """Return cycle by cycle, each run's cycle, or None where it has none.

    Args:
        tables: One a run.

    Returns:
        Pairs of a cycle's number and one row a run, to the last cycle of any run.
    """
    by_run = [{c["cycle"]: c for c in table["cycles"]} for table in tables]
    last = max((max(cycles, default=-1) for cycles in by_run), default=-1)
    return [(n, [cycles.get(n) for cycles in by_run]) for n in range(last + 1)]


def _spread(ticks: Sequence[float]) -> list[float]:
    """Ticks of which none stand too close to be read."""
    spread: list[float] = []
    for tick in ticks:
        if not spread or spread[-1] / tick > 1.12:
            spread.append(tick)
    return spread


def _translucent(colour: str, share: float) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {share})"
