"""The marks of a run's regions: the estimated one as a band, the measured one as bars."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import groupby, pairwise

import plotly.graph_objects as go

from oracle.plots.base import MANY, band, estimated_bounds
from oracle.tables.parts.cycles import OracleCycleRow
from oracle.tables.parts.evidence import IntervalJson

# Okabe and Ito's blue, light where it is estimated and dark where it was measured.
_BAND, _EDGE = "rgba(86, 180, 233, 0.22)", "#0072B2"
_MEASURED, _WELL_TUNED = "#4C7A9C", "#00263F"


def estimate(
    figure: go.Figure, known: Sequence[OracleCycleRow], position: Mapping[str, int]
) -> list[float]:
    """Draw the estimated region, with a whisker on each bound.

    Args:
        figure: Is drawn into.
        known: Rows of the cycles that have a region.
        position: Row and column of the panel.

    Returns:
        The learning rates that it shows, which the axis must hold.
    """
    estimates = [(c, bounds) for c in known if (bounds := estimated_bounds(c))]
    if not estimates:
        return []
    x = [c["weights_remaining"] for c, _ in estimates]
    lows, highs = ([bounds[end] for _, bounds in estimates] for end in (0, 1))
    line = {"color": "rgba(0, 114, 178, 0.7)", "width": 1.5}
    figure.add_trace(
        band(x, lows, highs, fillcolor=_BAND, line=line, name="estimated region"), **position
    )
    _gaps(figure, [c for c, _ in estimates], position)
    ends = [
        (c["weights_remaining"], bounds[end], _intervals(c)[end])
        for end in (0, 1)
        for c, bounds in estimates
    ]
    figure.add_trace(
        go.Scatter(
            x=[at for at, _, _ in ends],
            y=[bound for _, bound, _ in ends],
            mode="markers",
            marker={"symbol": "line-ew", "size": 9, "line": {"color": _EDGE, "width": 2}},
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [interval["high"] - bound for _, bound, interval in ends],
                "arrayminus": [bound - interval["low"] for _, bound, interval in ends],
                "color": _EDGE,
                "thickness": 1.5,
                "width": 3,
            },
            name="90 % CI of the bounds",
            customdata=[[interval["low"], interval["high"]] for _, _, interval in ends],
            hovertemplate="%{x:.1f} % remaining: %{y:.4g}, 90 % CI %{customdata[0]:.4g} to "
            "%{customdata[1]:.4g}<extra>bound of the estimated region</extra>",
        ),
        **position,
    )
    return [interval[end] for _, _, interval in ends for end in ("low", "high")]


def measured(
    figure: go.Figure,
    known: Sequence[OracleCycleRow],
    position: Mapping[str, int],
    tolerance: str,
) -> None:
    """Draw the measured region of each cycle, a bar for each run of its members, and the best.

    Args:
        figure: Is drawn into.
        known: Rows of the cycles that have a region.
        position: Row and column of the panel.
        tolerance: In words.
    """
    if not known:
        return
    aside = aside_factor([c["weights_remaining"] for c in known])
    x: list[float | None] = []
    y: list[float | None] = []
    for cycle in known:
        for low, high in _runs(cycle):
            x += [cycle["weights_remaining"] * aside] * 2 + [None]
            y += [low, high, None]
    width = 4 if len(known) > MANY else 6
    figure.add_trace(
        go.Scatter(
            x=x,
            y=y,
            mode="lines+markers",
            line={"color": _MEASURED, "width": width},
            marker={"color": _MEASURED, "symbol": "square", "size": width},
            name=f"measured region (within {tolerance})",
            hovertemplate="%{x:.1f} % remaining: %{y:.4g}<extra>measured region</extra>",
        ),
        **position,
    )
    figure.add_trace(
        go.Scatter(
            x=[c["weights_remaining"] * aside for c in known],
            y=[c["well_tuned"] for c in known],
            mode="markers",
            marker={
                "symbol": "star",
                "color": _WELL_TUNED,
                "size": 10 if len(known) > MANY else 13,
                "line": {"color": "white", "width": 1},
            },
            name="well-tuned max_lr",
            customdata=[c["weights_remaining"] for c in known],
            hovertemplate="%{customdata:.1f} % remaining: %{y:.4g}<extra>well-tuned</extra>",
        ),
        **position,
    )


def cut_ends(
    figure: go.Figure, known: Sequence[OracleCycleRow], position: Mapping[str, int]
) -> None:
    """Draw a triangle at each end where the grid cuts the measured region off.

    Args:
        figure: Is drawn into.
        known: Rows of the cycles that have a region.
        position: Row and column of the panel.
    """
    aside = aside_factor([c["weights_remaining"] for c in known])
    regions = [(c["weights_remaining"] * aside, c["feasible"]) for c in known]
    highs = [(x, region["high"]) for x, region in regions if region and region["cut_high"]]
    lows = [(x, region["low"]) for x, region in regions if region and region["cut_low"]]
    for cut, symbol in ((highs, "triangle-up-open"), (lows, "triangle-down-open")):
        if cut:
            figure.add_trace(
                go.Scatter(
                    x=[x for x, _ in cut],
                    y=[y for _, y in cut],
                    mode="markers",
                    marker={"symbol": symbol, "size": 13, "color": "black", "line": {"width": 2}},
                    name="cut off by the grid's end",
                    legendgroup="cut",
                    hovertemplate="cut off at %{y:.4g}<extra></extra>",
                ),
                **position,
            )


def _gaps(figure: go.Figure, cycles: Sequence[OracleCycleRow], position: Mapping[str, int]) -> None:
    """Holes in the band where the estimated region is in several parts."""
    x: list[float | None] = []
    y: list[float | None] = []
    for cycle in cycles:
        assert cycle["evidence"] is not None
        estimate = cycle["evidence"]["estimated"]
        assert estimate is not None
        for (_, upper), (lower, _) in pairwise(estimate["parts"]):
            x += [cycle["weights_remaining"]] * 2 + [None]
            y += [upper, lower, None]
    if x:
        figure.add_trace(
            go.Scatter(
                x=x,
                y=y,
                mode="lines",
                line={"color": "rgba(255, 255, 255, 0.9)", "width": 9},
                name="gap of the estimated region",
                showlegend=False,
                hovertemplate="likelier outside<extra>gap</extra>",
            ),
            **position,
        )


def _runs(cycle: OracleCycleRow) -> list[tuple[float, float]]:
    """Return the ends of each run of members with no other value between them."""
    assert cycle["feasible"] is not None
    members = set(cycle["feasible"]["members"])
    tried = sorted({entry["max_lr"] for entry in cycle["grid"]} | members)
    runs = [list(run) for inside, run in groupby(tried, members.__contains__) if inside]
    return [(run[0], run[-1]) for run in runs]


def _intervals(cycle: OracleCycleRow) -> tuple[IntervalJson, IntervalJson]:
    """Return the 90 % CI of both bounds, of a cycle with an estimate."""
    evidence = cycle["evidence"]
    assert evidence is not None
    assert evidence["low"] is not None
    assert evidence["high"] is not None
    return evidence["low"], evidence["high"]


def aside_factor(remaining: Sequence[float]) -> float:
    """Return the factor that moves a mark a little to the left of its cycle.

    Args:
        remaining: Percent of the weights, a cycle each, falling.

    Returns:
        A factor above 1.
    """
    span = math.log(remaining[0] / remaining[-1]) if remaining else 0.0
    span = span or 1.0
    return math.exp(min(0.026 * span, 0.25 * span / max(1, len(remaining) - 1)))
