"""Draw the figures of docs/results from the tables beside this file.

    python docs/results/figures.py [NAME ...]

Each panel is computed from a table that `oracle table RUN --format json` wrote; nothing is trained.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from oracle.analysis import rise, shift, trend
from oracle.plots.base import rate_axis, remaining_axis
from oracle.plots.page import save
from oracle.stats.paired_difference import Difference

HERE = Path(__file__).parent
CONVERGED = {
    "demo": "digits, 300 training images",
    "digits-converged": "digits, 898 training images",
    "mnist1d": "MNIST-1D, 12,000 training signals",
    "converged-fc": "CIFAR-10, fully connected network",
    "converged-lenet": "CIFAR-10, convolutional network",
}
STEPS = {
    "converged-fc": "half of the weights a cycle",
    "converged-fc-20": "20 % of the weights a cycle",
}
LAST = {
    "digits-last": "digits, 898 training images",
    "mnist1d-last": "MNIST-1D, 12,000 training signals",
    "converged-fc-last": "CIFAR-10, fully connected network",
    "converged-lenet-last": "CIFAR-10, convolutional network",
}
CONTROLS = {
    "demo": "IMP: the demo",
    "demo-last": "IMP's criterion, survivors not rewound",
    "demo-reinit": "IMP's masks, weights drawn anew",
    "demo-random": "pruned at random",
    "demo-none": "nothing pruned, trained again",
    "demo-start": "4 % at random from the start, trained again",
}
ABLATION = {
    "ablation-reinit": ("ablation-base", "weights drawn anew"),
    "ablation-update": ("ablation-base", "score: change over the last epoch"),
    "ablation-update-magnitude": ("ablation-base", "score: that times the weight, by layer"),
    "ablation-warmup": ("ablation-base", "warm-up cut off at 70 %"),
    "ablation-decay": ("ablation-base", "5 times the weight decay"),
    "ablation-batch": ("ablation-base", "half the batch"),
    "ablation-norms": ("ablation-norm-base", "batch norm and last layer pruned"),
}
BAND, LINE, S_CYC = "rgba(31,119,180,0.18)", "#1f77b4", "#d62728"
COLORS = ("#1f77b4", "#ff7f0e", "#2ca02c", "#9467bd", "#d62728")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "star")
ROOM = 0.13  # of an axis, for a label
TONES = {"inside": "#2ca02c", "outside": "#d62728", "undecided": "#7f7f7f", "unknown": "#bcbd22"}


def table(name: str) -> dict[str, Any] | None:
    """Read a committed table.

    Args:
        name: Of the file in `docs/results`, without its ending.

    Returns:
        The table; None where there is none.
    """
    file = HERE / f"{name}.json"
    return rise.read(file) if file.exists() else None


RISEN: dict[str, rise.Rise] = {}


def risen(content: Mapping[str, Any]) -> rise.Rise:
    """Trends and curves of a table, computed once."""
    name = content["run_id"]
    if name not in RISEN:
        RISEN[name] = rise.of_table(content, 0.5)
    return RISEN[name]


def known(names: Mapping[str, str]) -> list[tuple[str, dict[str, Any]]]:
    """Read the committed tables among some names.

    Args:
        names: Of the files.

    Returns:
        Their titles and tables.
    """
    found = [(title, table(name)) for name, title in names.items()]
    return [
        (title if each["complete"] else f"{title}; its first {len(each['cycles'])} cycles", each)
        for title, each in found
        if each is not None
    ]


def panels(titles: Sequence[str], height: int = 460, space: float = 0.05) -> go.Figure:
    """Make a row of panels.

    Args:
        titles: Of the panels.
        height: Of the figure, in pixels.
        space: Between two panels, as a share of the width.
    """
    figure = make_subplots(cols=len(titles), subplot_titles=titles, horizontal_spacing=space)
    width = min(460, 1900 // len(titles)) * len(titles)
    return figure.update_layout(
        template="plotly_white", width=width, height=height, font={"size": 12},
        legend={"orientation": "h", "y": -0.22}, margin={"t": 80},
    )  # fmt: skip


def regions(figure: go.Figure, column: int, content: Mapping[str, Any], ends: bool) -> None:
    """Draw the estimated region of each cycle, with the 90 % intervals of its ends."""
    cycles = [c for c in content["cycles"] if (c["evidence"] or {}).get("estimated")]
    weights = [c["weights_remaining"] for c in cycles]
    told = [c["evidence"] for c in cycles]
    low, high = ([e["estimated"][end] for e in told] for end in ("low", "high"))
    first = column == 1
    figure.add_scatter(
        x=[*weights, *weights[::-1]], y=[*high, *low[::-1]], fill="toself", mode="lines",
        fillcolor=BAND,
        line={"width": 0}, name="feasible region (within 0.5 points)", showlegend=first,
        hoverinfo="skip", row=1, col=column,
    )  # fmt: skip
    for end, values in (("low", low), ("high", high)):
        if not ends:
            break
        figure.add_scatter(
            x=weights, y=values, mode="lines+markers", line={"color": LINE}, name="its ends, 90 %",
            showlegend=first and end == "low", row=1, col=column,
            error_y={
                "array": [e[end]["high"] - v for e, v in zip(told, values, strict=True)],
                "arrayminus": [v - e[end]["low"] for e, v in zip(told, values, strict=True)],
                "width": 3,
            },
        )  # fmt: skip
    rates = [each["max_lr"] for c in cycles for each in c["grid"]]
    figure.update_xaxes(remaining_axis(with_room(weights)), row=1, col=column)
    figure.update_yaxes(rate_axis(rates), row=1, col=column)


def with_room(weights: Sequence[float]) -> list[float]:
    """Return the weights remaining whose labels do not touch in a narrow panel.

    Args:
        weights: Percent, falling.

    Returns:
        The first, and each that is far enough from the one before.
    """
    span = math.log(weights[0] / weights[-1])
    kept = list(weights[:1])
    for each in weights[1:]:
        if math.log(kept[-1] / each) > ROOM * span:
            kept.append(each)
    return kept


def does_it_rise(names: Mapping[str, str] = CONVERGED) -> go.Figure:
    """Draw ends and well-tuned values of studies, with the trends in the titles."""
    found = known(names)
    said = {title: risen(each) for title, each in found}
    titles = []
    for title, _ in found:
        lines = [
            f"{trend.QUANTITIES[t.quantity]}: x {math.exp(t.slope):.3f} a cycle, "
            f"{trend.printed(t.direction)}"
            for t in said[title].trends
        ]
        titles.append(f"<b>{title}</b><br><sub>{'<br>'.join(lines)}</sub>")
    figure = panels(titles, 540).update_layout(margin={"t": 130})
    for column, (title, content) in enumerate(found, 1):
        regions(figure, column, content, ends=True)
        cycles = [c for c in content["cycles"] if c["cycle"] in said[title].cycles]
        figure.add_scatter(
            x=[c["weights_remaining"] for c in cycles],
            y=said[title].trends[0].rates if said[title].trends else [],
            mode="markers", marker={"symbol": "diamond", "color": "#000"}, showlegend=column == 1,
            name="well-tuned max_lr (posterior median)", row=1, col=column,
        )  # fmt: skip
    return figure


def is_it_inside() -> go.Figure:
    """S-Cyc's declared curve by verdict, the curve fitted to the regions, the best constant."""
    found = known(CONVERGED)
    figure = panels([f"<b>{title}</b>" for title, _ in found])
    for column, (_, content) in enumerate(found, 1):
        regions(figure, column, content, ends=False)
        cycles = content["cycles"]
        weights = [c["weights_remaining"] for c in cycles]
        figure.add_scatter(
            x=weights, y=[c["s_cyc"]["max_lr"] for c in cycles], mode="lines+markers",
            line={"color": S_CYC}, showlegend=column == 1, row=1, col=column,
            name="S-Cyc, chosen before the run (green inside, red outside, grey undecided)",
            marker={
                "size": 10, "color": [TONES[c["evidence"]["s_cyc"]["verdict"]] for c in cycles],
            },
        )  # fmt: skip
        shapes = {each.name: each for each in risen(content).shapes}
        for name, dash in (("S-Cyc", "dash"), ("constant", "dot")):
            if name in shapes:
                figure.add_scatter(
                    x=weights, y=shapes[name].rates, mode="lines", showlegend=column == 1,
                    line={"dash": dash, "color": "#000"}, row=1, col=column,
                    name=f"{name}, fitted to the same run",
                )  # fmt: skip
    return figure


def what_does_it_cost() -> go.Figure:
    """Training runs of each way to max_lr; and how far rivals that cost less stay behind S-Cyc."""
    tables = [table(name) for name in ("demo-rivals", "demo-recorded")]
    rivals = [each for content in tables if content is not None for each in content["rivals"]]
    titles = ["training runs"]
    if rivals:
        titles.append("demo: S-Cyc less the rival, test accuracy, points")
    figure = panels(titles, space=0.18)
    ways = {
        "oracle": "oracle, whole grid",
        "adaptive": "oracle, adaptive",
        "s_cyc": "one S-Cyc run",
    }
    for title, content in known(CONVERGED):
        figure.add_bar(
            x=[content["cost"][way]["trainings"] for way in ways], y=list(ways.values()),
            orientation="h", name=title, row=1, col=1,
            text=[f"{content['cost'][way]['trainings']:,}" for way in ways],
        )  # fmt: skip
    names = [
        f"{each['name']}<br>(costs {each['summary']['percent_of_training']:.3g} %)"
        for each in rivals
    ]
    found = [Difference.from_json((each["average"] or {}).get("test")) for each in rivals]
    if rivals:
        figure.add_scatter(
            y=names, x=[each.points if each else None for each in found], mode="markers",
            error_x={"array": [(each.standard_error or 0.0) if each else 0.0 for each in found]},
            marker={"size": 10, "color": LINE}, showlegend=False, row=1, col=2,
        )  # fmt: skip
        figure.add_vline(x=0, line={"color": "#000", "width": 1}, row=1, col=2)
    return figure.update_layout(width=700 + 500 * bool(rivals))


def factors(
    found: Sequence[tuple[str, Sequence[trend.Trend] | Sequence[shift.Shift]]], what: str
) -> go.Figure:
    """Factors of each quantity, a row each, with both 90 % intervals' outer bounds."""
    figure = panels([f"<b>{text}</b>, {what}" for text in trend.QUANTITIES.values()])
    for title, quantities in found:
        for column, each in enumerate(quantities, 1):
            bounds = [each.drawn, *([each.paired] if each.paired else [])]
            low, high = min(b[0] for b in bounds), max(b[1] for b in bounds)
            middle = math.exp(each.slope if isinstance(each, trend.Trend) else each.mean)
            figure.add_scatter(
                x=[middle], y=[title], mode="markers", marker={"size": 9, "color": LINE},
                error_x={
                    "array": [math.exp(high) - middle], "arrayminus": [middle - math.exp(low)],
                },
                showlegend=False, row=1, col=column,
            )  # fmt: skip
            figure.update_yaxes(showticklabels=column == 1, row=1, col=column)
    ticks = [0.125, 0.25, 0.5, 1, 2, 4, 8]
    figure.update_xaxes(type="log", tickvals=ticks, ticktext=[f"{each:g}" for each in ticks])
    for column in range(1, len(trend.QUANTITIES) + 1):
        figure.add_vline(x=1, line={"color": "#000", "width": 1}, row=1, col=column)
    return figure.update_layout(width=1250, margin={"l": 260})


def what_explains_it() -> go.Figure:
    """Draw the trend of each quantity under each control."""
    found = [(title, trend.trends(content)) for title, content in known(CONTROLS)]
    return factors(found, "factor a cycle")


def is_it_density() -> go.Figure:
    """Each quantity of every control over the weights remaining, with the draws' 90 % interval."""
    found = known({name: title for name, title in CONTROLS.items() if name != "demo-none"})
    figure = panels([f"<b>{text}</b>" for text in trend.QUANTITIES.values()], 520)
    weights = [c["weights_remaining"] for c in found[0][1]["cycles"]]
    rates = [each["max_lr"] for c in found[0][1]["cycles"] for each in c["grid"]]
    for at, (title, content) in enumerate(found):
        drawn = [
            trend.draws(c, content["tolerance"], content["tolerance_kind"])
            for c in content["cycles"]
        ]
        cycles = [each for each in drawn if each is not None]
        if title == CONTROLS["demo-start"]:
            cycles = cycles[:1]  # the later ones have the same density
        for column, quantity in enumerate(trend.QUANTITIES, 1):
            low, middle, high = (
                [math.exp(float(np.quantile(each.logs[quantity], share))) for each in cycles]
                for share in (0.05, 0.5, 0.95)
            )
            figure.add_scatter(
                # side by side, or the intervals would hide one another
                x=[each.weights_remaining * 1.06 ** (at - 2) for each in cycles], y=middle,
                name=title, showlegend=column == 1, legendgroup=title, mode="lines+markers",
                line={"color": COLORS[at]}, row=1, col=column,
                marker={"size": 8, "symbol": SYMBOLS[at]},
                error_y={
                    "array": [b - a for a, b in zip(middle, high, strict=True)],
                    "arrayminus": [a - b for a, b in zip(middle, low, strict=True)], "width": 3,
                },
            )  # fmt: skip
            figure.update_xaxes(remaining_axis(weights), row=1, col=column)
            figure.update_yaxes(rate_axis(rates), row=1, col=column)
    return figure


def shifts() -> list[tuple[str, shift.Comparison]]:
    """Each committed deviation's title, and its regions against its base's."""
    found = []
    for name, (base, title) in ABLATION.items():
        own, other = table(name), table(base)
        if own is not None and other is not None:
            found.append((title, shift.compare(own, other)))
    return found


def what_deviation_moves_it() -> go.Figure:
    """Draw the shift of each quantity by each deviation, averaged over the pruned cycles."""
    return factors([(title, found.shifts) for title, found in shifts()], "factor")


FIGURES = {
    "rise": does_it_rise,
    "steps": partial(does_it_rise, STEPS),
    "not-rewound": partial(does_it_rise, LAST),
    "inside": is_it_inside,
    "cost": what_does_it_cost,
    "controls": what_explains_it,
    "density": is_it_density,
    "ablation": what_deviation_moves_it,
}

if __name__ == "__main__":
    for each in sys.argv[1:] or FIGURES:
        save(FIGURES[each](), HERE / f"{each}.png")
    (HERE / "shifts.json").write_text(
        json.dumps([shift.as_json(found) for _, found in shifts()], indent=2) + "\n"
    )
    (HERE / "trends.json").write_text(
        json.dumps(
            {
                name: rise.as_json(risen(content))
                for name in {**CONVERGED, **STEPS, **LAST, **CONTROLS}
                if (content := table(name)) is not None
            },
            indent=2,
        )
        + "\n"
    )
