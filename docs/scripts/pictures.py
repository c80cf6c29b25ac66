"""Draw the pictures of the README and of the explanation of the statistics.

python docs/scripts/pictures.py [NAME ...]

They are computed from docs/results/demo.json, the table that `oracle run demo` leaves; nothing is
trained. PNG needs Chrome or Chromium.
"""

from __future__ import annotations

import copy
import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import kaleido
import numpy as np
import plotly.graph_objects as go
from PIL import Image
from plotly.subplots import make_subplots

from oracle.analysis.trend import scores
from oracle.plots.base import rate_axis
from oracle.plots.oracle import regions
from oracle.plots.page import save
from oracle.stats.region_intervals import RegionPosterior, infer_region

DOCS = Path(__file__).parents[1]
PICTURES = DOCS / "pictures"
BLUE, ORANGE, GREEN, RED, GREY = "#0072B2", "#D55E00", "#009E73", "#B00020", "#777777"
WIDTH, HEIGHT = 900, 450  # of the animation, in pixels
STEP, CYCLE, END = 180, 900, 3500  # how long its frames stand, in milliseconds


def demo() -> dict[str, Any]:
    """Return the table of `oracle run demo`."""
    table: dict[str, Any] = json.loads((DOCS / "results" / "demo.json").read_text("utf-8"))
    return table


def posterior_of(table: dict[str, Any], cycle: int) -> RegionPosterior:
    """Infer the region of one cycle from its replicates."""
    row = table["cycles"][cycle]
    found = infer_region(scores(row), table["tolerance"], table["tolerance_kind"], seed=cycle)
    assert found is not None
    return found


def growing(table: dict[str, Any], target: Path) -> None:
    """Draw the region as a run finds it: the accuracies of a cycle, its region, then the next."""
    whole = regions(table)
    frames, times = [], []
    for part, time in _parts(table):
        figure = _like(regions(part), whole)
        figure.update_layout(
            title=None, width=WIDTH * 1.4, height=HEIGHT * 1.4, margin={"t": 40, "b": 120}
        )
        image = Image.open(io.BytesIO(figure.to_image("png", scale=1)))
        small = image.convert("RGB").resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
        frames.append(small)
        times.append(time)
    frames[0].save(
        target, save_all=True, append_images=frames[1:], duration=times, loop=0, lossless=True
    )


def _like(figure: go.Figure, whole: go.Figure) -> go.Figure:
    """Give a figure of the first cycles the colours, axes and legend of the whole one."""
    final = {trace.name: trace for trace in whole.data}
    traces = []
    for trace in figure.data:
        same = final.pop(trace.name, None)
        if same is None:
            continue  # a verdict that no cycle has in the end
        if same.mode == "lines+markers":
            trace.update(line=same.line, error_y={"color": same.error_y.color})
        elif trace.name == "diverged":
            trace.update(y=[same.y[0]] * len(trace.x))
        traces.append(trace if len(trace.x or ()) else trace.update(x=[None], y=[None]))
    traces += [copy.deepcopy(trace).update(x=[None], y=[None]) for trace in final.values()]
    order = [trace.name for trace in whole.data]
    traces.sort(key=lambda trace: order.index(trace.name))
    drawn = go.Figure(traces, figure.layout)
    for axis in ("xaxis", "yaxis", "xaxis2", "yaxis2"):
        drawn.update_layout({axis: _fixed(whole, axis)})
    return drawn


def _parts(table: dict[str, Any]) -> Iterator[tuple[dict[str, Any], int]]:
    """Yield the table as it would be after every third max_lr, and how long each is shown."""
    for index, cycle in enumerate(table["cycles"]):
        for count in range(3, len(cycle["grid"]) + 1, 3):
            part = copy.deepcopy(table)
            part["cycles"] = part["cycles"][: index + 1]
            under_way = part["cycles"][-1]
            known = {"grid": under_way["grid"][:count], "well_tuned": None}
            under_way.update(known, feasible=None, evidence=None)
            yield part, STEP
        part = copy.deepcopy(table)
        part["cycles"] = part["cycles"][: index + 1]
        yield part, END if index == len(table["cycles"]) - 1 else CYCLE


def _fixed(whole: go.Figure, axis: str) -> dict[str, Any]:
    """Fix an axis of the whole figure to a range, so that it does not move between frames."""
    values = [
        value
        for trace in whole.data
        for name in ("x", "y")
        if f"{name}axis{(trace[f'{name}axis'] or name)[1:]}" == axis
        for value in trace[name] or ()
        if value is not None
    ]
    settings: dict[str, Any] = whole.layout[axis].to_plotly_json()
    if "range" not in settings:
        low, high = min(values), max(values)
        ends = [np.log10(low) - 0.05, np.log10(high) + 0.05]
        if settings.get("type") != "log":
            ends = [low, high]
        reverse = settings.get("autorange") == "reversed"
        settings["range"] = ends[::-1] if reverse else ends
    return {**settings, "autorange": False}


def callouts(table: dict[str, Any], target: Path) -> None:
    """Draw the figure of a run, with what each mark means."""
    figure = _like(regions(table), regions(table))
    figure.update_layout(title=None, margin={"t": 60})
    first, second, third, last = table["cycles"]
    left, right = ("x", "y"), ("x2", "y2")
    noted = [
        (left, first["weights_remaining"] / 2.2, 0.018, "the estimated region:<br>"
         "expected accuracy within<br>0.5 points of the best", 0, -70),
        (left, second["weights_remaining"] * 1.1, 0.03, "the measured region:<br>"
         "mean accuracy within<br>0.5 points of the best", 92, 46),
        (left, second["weights_remaining"] * 1.1, second["well_tuned"], "the well-tuned max_lr:"
         "<br>the best of this cycle", -95, -45),
        (left, third["weights_remaining"], third["s_cyc"]["max_lr"], "S-Cyc's max_lr; its mark<br>"
         "is the verdict on it", -35, 70),
        (left, last["weights_remaining"], 0.0228, "90 % CI of the<br>lower bound", -45, 74),
        (right, last["well_tuned"], 91.47, "a point: the mean validation accuracy<br>"
         "of the 4 replicates with this max_lr", -60, 100),
        (right, first["well_tuned"], 94.32, "the larger point:<br>the well-tuned max_lr", -70, 178),
        (right, 0.286, 87.6, "a replicate diverged", -80, -40),
    ]  # fmt: skip
    for (x_axis, y_axis), x, y, text, across, down in noted:
        figure.add_annotation(
            x=np.log10(x), y=np.log10(y) if y_axis == "y" else y, xref=x_axis, yref=y_axis,
            text=text, ax=across, ay=down, align="left", arrowhead=2, arrowcolor="#222222",
            bgcolor="rgba(255, 255, 255, 0.9)", bordercolor="#999999", borderpad=4,
            font={"size": 13, "color": "#222222"},
        )  # fmt: skip
    save(figure, target)


def posterior(table: dict[str, Any], target: Path) -> None:
    """One cycle's accuracies, the curve behind them, and the region that is read off it."""
    found = posterior_of(table, 2)
    row = table["cycles"][2]
    assert found.posterior is not None
    assert found.estimate is not None
    assert found.low is not None
    assert found.high is not None
    curve = found.posterior
    low, high = np.quantile(curve.curves, [0.05, 0.95], axis=0)
    threshold = curve.mean.max() - table["tolerance"]
    figure = _panel("validation accuracy, %", [e["max_lr"] for e in row["grid"]])
    figure.add_scatter(
        x=[*curve.points, *curve.points[::-1]], y=[*high, *low[::-1]], fill="toself", mode="lines",
        line={"width": 0}, fillcolor="rgba(0, 114, 178, 0.18)", name="posterior, 90 %",
    )  # fmt: skip
    figure.add_scatter(
        x=curve.points, y=curve.mean, mode="lines", line={"color": BLUE, "width": 3},
        name="posterior mean of the expected accuracy",
    )  # fmt: skip
    for index, entry in enumerate(row["grid"]):
        values = np.array(entry["val_accuracy"]) - curve.noise.effects
        figure.add_scatter(
            x=[entry["max_lr"]] * len(values), y=values, mode="markers", showlegend=index == 0,
            marker={"color": GREY, "size": 7}, name="replicates, without what each has in common",
        )  # fmt: skip
    figure.add_hline(
        y=threshold, line={"color": ORANGE, "dash": "dash"},
        annotation_text="the best less 0.5 points", annotation_position="bottom left",
    )  # fmt: skip
    bottom = threshold - 1.75
    ends = (("lower", found.low, found.estimate.low), ("upper", found.high, found.estimate.high))
    for name, interval, middle in ends:
        figure.add_scatter(
            x=[interval.low, middle, interval.high], y=[bottom] * 3, mode="lines+markers",
            line={"color": GREEN, "width": 5}, marker={"size": [0, 12, 0]},
            name=f"90 % CI and median of the {name} bound",
        )  # fmt: skip
    figure.update_yaxes(range=[bottom - 0.3, 95.2])
    save(figure, target)


def noise(table: dict[str, Any], target: Path) -> None:
    """Accuracies of each replicate, and what is left when each is compared with itself."""
    row = table["cycles"][0]
    grid = [entry for entry in row["grid"] if not entry["diverged"]]
    rates = [entry["max_lr"] for entry in grid]
    values = np.array([entry["val_accuracy"] for entry in grid])
    best = rates.index(row["well_tuned"])
    estimated = row["evidence"]["estimated"]
    titles = ("the accuracy of each replicate", "less that replicate's own at the best max_lr")
    figure = make_subplots(cols=2, subplot_titles=titles, horizontal_spacing=0.09)
    for replicate in range(values.shape[1]):
        line = {"color": (BLUE, ORANGE, GREEN, "#CC79A7")[replicate % 4]}
        gaps = values[:, replicate] - values[best, replicate]
        for column, shown in ((1, values[:, replicate]), (2, gaps)):
            figure.add_scatter(
                x=rates, y=shown, mode="lines+markers", line=line, name=f"replicate {replicate}",
                showlegend=column == 1, row=1, col=column,
            )  # fmt: skip
    floor, images = estimated["noise_floor"], table["split"]["validation"]["images"]
    middle = values.mean()
    for sign in (-1, 1):
        figure.add_hline(
            y=middle + sign * floor, line={"color": GREY, "dash": "dot"}, row=1, col=1,
            annotation_text=f"± {floor:.2f}: one network on {images:,} images"
            if sign == 1 else "", annotation_position="top left",
        )  # fmt: skip
        figure.add_hline(
            y=sign * estimated["noise"], line={"color": GREY, "dash": "dot"}, row=1, col=2,
            annotation_text=f"± {estimated['noise']:.2f}: the noise of a paired replicate"
            if sign == 1 else "", annotation_position="top left",
        )  # fmt: skip
    for column in (1, 2):
        figure.update_xaxes({**rate_axis(rates), "title_text": "max_lr"}, row=1, col=column)
    figure.update_yaxes(title_text="points", row=1, col=1)
    save(_look(figure), target)


def verdict(table: dict[str, Any], target: Path) -> None:
    """Draw the chance that a max_lr lies inside the region, and the verdicts it leads to."""
    figure = _panel("chance that the max_lr is inside, %", [0.01, 0.4])
    lines = ((0, BLUE), (2, GREEN), (3, ORANGE))
    for cycle, colour in lines:
        found = posterior_of(table, cycle)
        assert found.posterior is not None
        rates = found.posterior.points
        chances = [100 * (found.verdict(rate).chance or 0) for rate in rates]
        row = table["cycles"][cycle]
        figure.add_scatter(
            x=rates, y=chances, mode="lines", line={"color": colour, "width": 3},
            name=f"cycle {cycle}, {row['weights_remaining']:.3g} % of the weights",
        )  # fmt: skip
        rate = row["s_cyc"]["max_lr"]
        said = found.verdict(rate)
        figure.add_scatter(
            x=[rate], y=[100 * (said.chance or 0)], mode="markers+text", showlegend=cycle == 0,
            marker={"color": colour, "size": 14, "symbol": "diamond", "line": {"width": 1}},
            text=[f"  {said.kind}"], textposition="middle left", name="S-Cyc's max_lr",
        )  # fmt: skip
    for low, high, name, colour in (
        (95, 103, "inside", GREEN), (5, 95, "undecided", GREY), (-3, 5, "outside", RED),
    ):  # fmt: skip
        figure.add_hrect(
            y0=low, y1=high, fillcolor=colour, opacity=0.12, line_width=0, layer="below",
            annotation_text=name, annotation_position="right",
        )  # fmt: skip
    figure.update_yaxes(range=[-3, 103])
    save(figure, target)


def _panel(title: str, rates: list[float]) -> go.Figure:
    figure = _look(go.Figure())
    figure.update_xaxes({**rate_axis(rates), "title_text": "max_lr"})
    return figure.update_yaxes(title_text=title)


def _look(figure: go.Figure) -> go.Figure:
    return figure.update_layout(
        template="plotly_white", width=960, height=480, font={"size": 13},
        legend={"orientation": "h", "y": -0.2}, margin={"t": 40, "r": 90},
    )  # fmt: skip


MADE: dict[str, Callable[[dict[str, Any], Path], None]] = {
    "demo.webp": growing,
    "callouts.png": callouts,
    "posterior.png": posterior,
    "noise.png": noise,
    "verdict.png": verdict,
}


if __name__ == "__main__":
    kaleido.start_sync_server(silence_warnings=True)
    for chosen in sys.argv[1:] or MADE:
        MADE[chosen](demo(), PICTURES / chosen)
    kaleido.stop_sync_server(silence_warnings=True)
