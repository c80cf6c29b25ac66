"""The figure of a learning-rate schedule: over the pruning cycles and within them (Figure 2)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from plotly.colors import sample_colorscale
from plotly.subplots import make_subplots

from oracle.plots.base import card
from scyc.schedules import rates as schedules
from scyc.schedules import scyc_curve
from scyc.specs.base import SCyc
from scyc.specs.schedules import ScheduleSpec

MaxLr = SCyc | float | Callable[[int], float]
"""max_lr over the pruning cycles: S-Cyc's, the same for all, or any other by cycle."""

_TITLES = ("max_lr over the pruning cycles", "Learning rate within a pruning cycle")
_S_CYC = "#D55E00"  # Okabe and Ito's vermilion, as in every figure
_SHADES = {  # Okabe and Ito's colours, pale
    "No Growth": "rgba(153, 153, 153, 0.18)",
    "Slow Growth I": "rgba(86, 180, 233, 0.22)",
    "Fast Growth": "rgba(230, 159, 0, 0.28)",
    "Slow Growth II": "rgba(0, 158, 115, 0.20)",
}
_POINTS = 2000  # of a line
_TICKS = 13  # of the axis of pruning cycles


@dataclass(frozen=True)
class Phase:
    """One of S-Cyc's four phases, with its borders in completed pruning cycles."""

    name: str
    start: int
    end: int


def phases(curve: SCyc, rate: float, cycles: int) -> tuple[Phase, ...]:
    """Return S-Cyc's phases from the unpruned network to pruning cycle `cycles` (Section 4.2).

    The paper names them and borders the first alone; the other borders are ours. The rise of cycle
    m is max_lr(m) - max_lr(m - 1), in Eq. 2. Fast Growth is where it exceeds half of the largest
    rise of any cycle, also of those after the last one shown. Before lies Slow Growth I, after it
    Slow Growth II, and up to q No Growth, where the rise is 0; all of it is, where delta is 0. A
    phase in which no cycle lies is left out: No Growth where q is 0, Slow Growth I for a beta of
    about 1 or less.

    rate: share of the remaining weights that each cycle prunes, in (0, 1).

    Args:
        curve: S-Cyc's parameters.
        rate: Share of the remaining weights that each cycle prunes, in (0, 1).
        cycles: Pruning cycles after the unpruned network.

    Returns:
        Phases in order, each from a cycle to a later one; () without a pruned network.
    """
    half = math.log(2) / -math.log1p(-rate)  # cycles after q until half of delta; it slows there

    def rise(cycle: int) -> float:
        return scyc_curve.max_lr(curve, cycle, rate) - scyc_curve.max_lr(curve, cycle - 1, rate)

    flat = min(curve.q, cycles)
    largest = max(rise(curve.q + 1 + after) for after in range(math.ceil(half) + 1))
    if largest == 0:
        return (Phase("No Growth", 0, cycles),) if cycles else ()
    growing = range(flat + 1, cycles + 1)
    fast = [cycle for cycle in growing if rise(cycle) > largest / 2]
    begin, end = (fast[0] - 1, fast[-1]) if fast else (cycles, cycles)
    every = (
        Phase("No Growth", 0, flat),
        Phase("Slow Growth I", flat, begin),
        Phase("Fast Growth", begin, end),
        Phase("Slow Growth II", end, cycles),
    )
    return tuple(phase for phase in every if phase.start < phase.end)


def schedule(
    curve: MaxLr,
    rate: float,
    cycles: int,
    schedule: ScheduleSpec,
    steps: int,
    chosen: Sequence[int],
) -> go.Figure:
    """Draw max_lr over the pruning cycles, and the rate over the iterations of some of them.

    Args:
        curve: S-Cyc's parameters, whose phases are then shaded (:func:`phases`), or another max_lr.
        rate: Share of the remaining weights that each cycle prunes, in (0, 1).
        cycles: Pruning cycles after the unpruned network.
        schedule: Of the learning rate within a cycle.
        steps: Iterations of a cycle.
        chosen: The cycles drawn on the right.

    Returns:
        The figure.

    Raises:
        ValueError: No cycle is chosen, or one that there is not.
    """
    rates = _checked(curve, rate, cycles, chosen)
    figure = make_subplots(rows=1, cols=2, horizontal_spacing=0.09, subplot_titles=_TITLES)
    _over_cycles(figure, curve, rate, rates, column=1)
    _within_cycles(figure, rates, rate, schedule, steps, chosen, column=2)
    figure.update_yaxes(range=[0, 1.25 * max(rates)])
    figure.update_layout(
        template="plotly_white",
        title={"text": _title(curve, schedule), "x": 0.5},
        font={"size": 14},
        legend={"title": {"text": "pruning cycle"}, "x": 1.01, "y": 1.0},
        margin={"t": 90, "b": 90, "l": 80, "r": 210},
        width=1400,
        height=560,
    )
    return figure


def panels(
    curve: MaxLr,
    rate: float,
    cycles: int,
    schedule: ScheduleSpec,
    steps: int,
    chosen: Sequence[int],
) -> dict[str, go.Figure]:
    """Return the halves of a figure; arguments and errors are those of :func:`schedule`."""
    rates = _checked(curve, rate, cycles, chosen)
    over, within = (make_subplots(rows=1, cols=1) for _ in range(2))
    _over_cycles(over, curve, rate, rates, column=1)
    _within_cycles(within, rates, rate, schedule, steps, chosen, column=1)
    made = {"max_lr": over, "learning_rate": within}
    for title, figure in zip(_TITLES, made.values(), strict=True):
        figure.update_yaxes(range=[0, 1.25 * max(rates)])
        card(figure, title)
    within.update_layout(legend={"title": {"text": "pruning cycle"}})
    return made


def _checked(curve: MaxLr, rate: float, cycles: int, chosen: Sequence[int]) -> list[float]:
    """Return the max_lr of every cycle. Raises ValueError of cycles that cannot be drawn."""
    missing = [cycle for cycle in chosen if not 0 <= cycle <= cycles]
    if missing or not chosen:
        raise ValueError(f"chosen = {missing}: choose cycles from 0 to {cycles}, at least one")
    return [_max_lr(curve, cycle, rate) for cycle in range(cycles + 1)]


def thinned(rates: Sequence[float]) -> list[int]:
    """Return the iterations whose points give a line the shape of all of them: at most about 2,000.

    Every corner and both ends of every jump are kept. Where there are too many, as of a short
    cyclical schedule, the lowest and the highest rate of each of 1,000 pieces are.

    Args:
        rates: Learning rates, one an iteration.

    Returns:
        Indices, rising, the first and the last among them.
    """
    count, half = len(rates), _POINTS // 2
    if count <= _POINTS:
        return list(range(count))
    values = np.asarray(rates)
    # A corner bends by a share of 1 / count or more, half a cosine by less than 5 / count^2.
    bends = np.abs(np.diff(values, 2)) > 50 / count**2 * values.max()
    corners = np.flatnonzero(bends) + 1
    if len(corners) <= half:
        evenly = np.linspace(0, count - 1, half).round().astype(int)
        return sorted({*evenly.tolist(), *corners.tolist()})
    pieces = np.array_split(np.arange(count), half)
    extremes = {
        int(piece[pick(values[piece])]) for piece in pieces for pick in (np.argmin, np.argmax)
    }
    return sorted({0, count - 1, *extremes})


def _over_cycles(
    figure: go.Figure, curve: MaxLr, rate: float, rates: Sequence[float], column: int
) -> None:
    cycles = len(rates) - 1
    figure.add_trace(
        go.Scatter(
            x=list(range(cycles + 1)),
            y=list(rates),
            mode="lines+markers",
            line={"color": _S_CYC, "width": 3},
            marker={"size": 7},
            showlegend=False,
            customdata=[_remaining(rate, cycle) for cycle in range(cycles + 1)],
            hovertemplate="cycle %{x}, %{customdata:.3g} % remaining: %{y:.4g}<extra></extra>",
        ),
        row=1,
        col=column,
    )
    for phase in phases(curve, rate, cycles) if isinstance(curve, SCyc) else ():
        narrow = phase.end - phase.start < 0.13 * cycles
        figure.add_vrect(
            x0=phase.start,
            x1=phase.end,
            fillcolor=_SHADES[phase.name],
            line_width=0,
            layer="below",
            annotation={
                "text": phase.name if narrow else phase.name.replace(" ", "<br>", 1),
                "textangle": -90 if narrow else 0,
                "font": {"size": 13},
            },
            annotation_position="top",
            row=1,
            col=column,
        )
    ticks = range(0, cycles + 1, -(-cycles // (_TICKS - 1)) or 1)
    figure.update_xaxes(
        title_text="pruning cycle; below it, prunable weights remaining, %",
        tickvals=list(ticks),
        ticktext=[f"{cycle}<br>{_remaining(rate, cycle):.3g}" for cycle in ticks],
        range=[-0.02 * max(1, cycles), 1.02 * max(1, cycles)],
        row=1,
        col=column,
    )
    figure.update_yaxes(title_text="max_lr", row=1, col=column)


def _within_cycles(
    figure: go.Figure,
    rates: Sequence[float],
    rate: float,
    schedule: ScheduleSpec,
    steps: int,
    chosen: Sequence[int],
    column: int,
) -> None:
    shades = [0.88 * index / max(1, len(chosen) - 1) for index in range(len(chosen))]
    colours = sample_colorscale("Plasma", shades)
    for index, (cycle, colour) in enumerate(zip(chosen, colours, strict=True)):
        line = schedules.rates(schedule, rates[cycle], steps)
        points = thinned(line)
        figure.add_trace(
            go.Scatter(
                x=points,
                y=[line[step] for step in points],
                mode="lines",
                # Lines that coincide stay visible below one another.
                line={"color": colour, "width": 2 + 4 * (1 - (index + 1) / len(chosen))},
                name=f"{cycle} ({_remaining(rate, cycle):.3g} %)",
                hovertemplate="iteration %{x}: %{y:.4g}" + f"<extra>cycle {cycle}</extra>",
            ),
            row=1,
            col=column,
        )
    figure.update_xaxes(title_text="iteration", row=1, col=column)
    figure.update_yaxes(title_text="learning rate", row=1, col=column)


def _max_lr(curve: MaxLr, cycle: int, rate: float) -> float:
    if isinstance(curve, SCyc):
        return scyc_curve.max_lr(curve, cycle, rate)
    return curve(cycle) if callable(curve) else float(curve)


def _remaining(rate: float, cycle: int) -> float:
    """Percent of the prunable weights."""
    return 100 * (1 - rate) ** cycle


def _title(curve: MaxLr, schedule: ScheduleSpec) -> str:
    name = schedule.name.replace("_", " ")
    if not isinstance(curve, SCyc):
        return f"Schedule: {name}"
    numbers = f"ε = {curve.epsilon:g}, δ = {curve.delta:g}, q = {curve.q}, β = {curve.beta:g}"
    return f"S-Cyc ({numbers}), schedule: {name}"
