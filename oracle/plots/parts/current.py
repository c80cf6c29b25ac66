"""The marks of the cycle that a run is in: the state of each max_lr, and the region so far."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import plotly.graph_objects as go

from oracle.reports.parts.current import state
from oracle.tables.parts.current import CurrentCycle, CurrentValue

CURRENT = "#CC79A7"  # Okabe and Ito's; the scale of the finished cycles has no such hue
_PROGRESS = MappingProxyType(  # of a state: shape, colour and line
    {
        "finished": ("circle", CURRENT, "white"),
        "running": ("hourglass", "#E69F00", "#5C4000"),
        "partly finished": ("circle-cross-open", CURRENT, CURRENT),
        "queued": ("circle-open", "#767676", "#767676"),
        "not trained": ("circle-open-dot", "#767676", "#767676"),
        "diverged": ("x", "#B00020", "white"),
    }
)
_BEST = "#00263F"


def progress_symbol(value: CurrentValue) -> str:
    """Return the mark of a max_lr of the cycle that is not finished, by its state.

    Args:
        value: One max_lr of the cycle that is not finished.

    Returns:
        Name of a Plotly symbol.
    """
    return _PROGRESS[state(value)][0]


def remaining(current: CurrentCycle | None) -> float | None:
    """Return where the cycle that a run is in has its place on the axis.

    Args:
        current: The cycle that is under way, if there is one.

    Returns:
        Weights remaining, percent; None where that is not known.
    """
    if current is None:
        return None
    measured = current["weights_remaining"]
    return current.get("expected_remaining") if measured is None else measured


def unfinished(
    figure: go.Figure, current: CurrentCycle | None, position: Mapping[str, int]
) -> list[float]:
    """Draw the max_lr of the cycle that a run is in, each with its state, and the region so far.

    Args:
        figure: Is drawn into.
        current: The cycle that is under way, if there is one.
        position: Row and column of the panel.

    Returns:
        The learning rates that it shows, which the axis must hold.
    """
    at = remaining(current)
    if current is None or at is None:
        return []
    _so_far(figure, current, at, position)
    for each, (symbol, colour, line) in _PROGRESS.items():
        rates = [value["max_lr"] for value in current["grid"] if state(value) == each]
        if rates:
            figure.add_trace(
                go.Scatter(
                    x=[at] * len(rates),
                    y=rates,
                    mode="markers",
                    marker={
                        "symbol": symbol,
                        "color": colour,
                        "size": 10,
                        "line": {"color": line, "width": 1.5},
                    },
                    name=f"cycle {current['cycle']}: {each}",
                    hovertemplate=f"%{{y:.4g}}: {each}<extra>cycle {current['cycle']}</extra>",
                ),
                **position,
            )
    return [value["max_lr"] for value in current["grid"]]


def _so_far(
    figure: go.Figure, current: CurrentCycle, at: float, position: Mapping[str, int]
) -> None:
    """Draw the provisional region as a wide pale bar behind the marks, and a ring on its best."""
    so_far = current.get("so_far")
    if not so_far:
        return
    figure.add_trace(
        go.Scatter(
            x=[at, at],
            y=[so_far["low"], so_far["high"]],
            mode="lines+markers",
            line={"color": "rgba(204, 121, 167, 0.35)", "width": 16},
            marker={"color": "rgba(204, 121, 167, 0.35)", "symbol": "square", "size": 16},
            name=f"cycle {current['cycle']}: region so far (provisional)",
            hovertemplate="%{y:.4g}<extra>region so far, provisional</extra>",
        ),
        **position,
    )
    figure.add_trace(
        go.Scatter(
            x=[at],
            y=[so_far["well_tuned"]],
            mode="markers",
            marker={
                "symbol": "star-open",
                "color": _BEST,
                "size": 18,
                "line": {"width": 2},
            },
            name=f"cycle {current['cycle']}: best so far (provisional)",
            hovertemplate="%{y:.4g}<extra>best so far, provisional</extra>",
        ),
        **position,
    )
