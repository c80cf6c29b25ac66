"""The figures of an oracle run."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from oracle.plots import accuracies, rivals
from oracle.plots.base import band, card, head, rate_axis, region_ends, remaining_axis
from oracle.reports.parts import metric
from oracle.reports.parts.evidence import chance, verdict
from oracle.tables.oracle import OracleTable
from oracle.tables.parts.cycles import OracleCycleRow
from oracle.tables.parts.evidence import IntervalJson

_BAND, _WELL_TUNED, _S_CYC = "rgba(0, 114, 178, 0.22)", "#0072B2", "#D55E00"  # Okabe and Ito
_ENDS = "#00456B"
_MARKS = MappingProxyType(  # of a verdict: shape, fill, line and size
    {
        "inside": ("circle", "#009E73", "white", 11),
        "outside": ("x", "#B00020", "white", 12),
        "undecided": ("diamond", "white", _S_CYC, 10),
        "unknown": ("diamond-open", "white", _S_CYC, 10),
        "no region": ("square", "#888888", "white", 9),
    }
)
_PAPER = "#555555"


def regions(table: OracleTable) -> go.Figure:
    """max_lr over weights remaining, and beside it validation accuracy over max_lr.

    Left: the feasible band with 90 % intervals of its ends, the well-tuned values, S-Cyc's curve
    with its verdicts; a triangle where the grid cuts the band off. Right: a line for each cycle,
    its well-tuned value marked; bars are standard errors of the paired difference to that.
    """
    figure = make_subplots(rows=1, cols=2, horizontal_spacing=0.09, subplot_titles=_titles(table))
    _band(figure, table, column=1)
    accuracies.lines(figure, table, column=2)
    figure.update_layout(
        head(f"{table['study']}: the greedy oracle against S-Cyc", table),
        legend={"orientation": "h", "y": 0.01, "yref": "container", "yanchor": "bottom", "x": 0.0},
        legend2={"title": {"text": "weights remaining"}, "x": 1.01, "y": 1.0},
        margin={"t": 110, "b": 80, "l": 70, "r": 150},
        width=1280,
        height=640,
    )
    return figure


def dashboard_panels(table: OracleTable) -> dict[str, go.Figure]:
    """The two halves of :func:`regions`, each of a size that the Optuna dashboard shows whole."""
    made = {}
    for name, title, draw in zip(
        ("regions", "accuracies"), _titles(table), (_band, accuracies.lines), strict=True
    ):
        figure = make_subplots(rows=1, cols=1)
        draw(figure, table, column=1)
        made[name] = card(figure, title)
    return made


def _band(figure: go.Figure, table: OracleTable, column: int) -> None:
    cycles = table["cycles"]
    known = [c for c in cycles if c["feasible"]]
    left = [c["weights_remaining"] for c in known]
    lows, highs = region_ends(known)
    place = {"row": 1, "col": column}
    figure.add_trace(
        band(
            left,
            lows,
            highs,
            fillcolor=_BAND,
            line={"color": "rgba(0, 114, 178, 0.5)", "width": 1},
            name=f"feasible region (within {table['tolerance']:g} {_unit(table)})",
        ),
        **place,
    )
    _members(figure, known, place)
    figure.add_trace(
        go.Scatter(
            x=left,
            y=[c["well_tuned"] for c in known],
            mode="markers",
            marker={"symbol": "star", "color": _WELL_TUNED, "size": 13},
            name="well-tuned max_lr",
            hovertemplate="%{x:.1f} % remaining: %{y:.4g}<extra>well-tuned</extra>",
        ),
        **place,
    )
    _ends(figure, known, place)
    _s_cyc(figure, cycles, place)
    beside = rivals.lines(figure, table, place)
    _cut_ends(figure, known, place)
    _printed(figure, table, place)
    figure.update_xaxes(**remaining_axis([c["weights_remaining"] for c in cycles]), **place)
    rates = lows + highs + beside + s_cyc_rates(cycles)
    rates += [c["paper"][end] for c in cycles if c["paper"] for end in ("low", "high")]
    for _, low, high in _intervals(known):
        rates += [low["low"], high["high"]]
    figure.update_yaxes(title_text="max_lr", **rate_axis(rates), **place)


def _cut_ends(figure: go.Figure, known: Sequence[OracleCycleRow], place: Mapping[str, int]) -> None:
    """A triangle at each end where the grid cuts the band off."""
    regions = [(c["weights_remaining"], c["feasible"]) for c in known]
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
                **place,
            )


def _intervals(
    cycles: Sequence[OracleCycleRow],
) -> list[tuple[float, IntervalJson, IntervalJson]]:
    """Weights remaining and the 90 % intervals of both ends, of the cycles that have them."""
    known = [(c["weights_remaining"], c["evidence"]) for c in cycles]
    return [(x, e["low"], e["high"]) for x, e in known if e and e["low"] and e["high"]]


def _ends(figure: go.Figure, known: Sequence[OracleCycleRow], place: Mapping[str, int]) -> None:
    """90 % intervals of the band's ends, the lower ones left of their cycle, the upper right."""
    certain = _intervals(known)
    if not certain:
        return
    aside = _aside([c["weights_remaining"] for c in known])
    x: list[float | None] = []
    y: list[float | None] = []
    for remaining, low, high in certain:
        for interval, side in ((low, 1), (high, -1)):
            at = remaining * aside**side
            x += [at, at, None]
            y += [interval["low"], interval["high"], None]
    figure.add_trace(
        go.Scatter(
            x=x,
            y=y,
            mode="lines+markers",
            line={"color": _ENDS, "width": 1.5},
            marker={"symbol": "line-ew", "size": 7, "line": {"color": _ENDS, "width": 1.5}},
            name="90 % CI of the bounds",
            hovertemplate="end of the region: %{y:.4g}<extra>90 %</extra>",
        ),
        **place,
    )


def _aside(remaining: Sequence[float]) -> float:
    """The factor that moves a mark a little to the left of its cycle."""
    span = math.log(remaining[0] / remaining[-1]) or 1.0
    return math.exp(min(0.012 * span, 0.09 * span / max(1, len(remaining) - 1)))


def _s_cyc(figure: go.Figure, cycles: Sequence[OracleCycleRow], place: Mapping[str, int]) -> None:
    """S-Cyc's curve, and a mark for each verdict on it, where the study has S-Cyc."""
    if not s_cyc_rates(cycles):
        return
    figure.add_trace(
        go.Scatter(
            x=[c["weights_remaining"] for c in cycles],
            y=[c["s_cyc"]["max_lr"] for c in cycles],
            mode="lines",
            line={"color": _S_CYC, "width": 3},
            name="S-Cyc",
            hoverinfo="skip",
        ),
        **place,
    )
    for kind, (symbol, fill, line, size) in _MARKS.items():
        judged = [c for c in cycles if _verdict(c) == kind]
        if judged:
            figure.add_trace(
                go.Scatter(
                    x=[c["weights_remaining"] for c in judged],
                    y=[c["s_cyc"]["max_lr"] for c in judged],
                    mode="markers",
                    marker={
                        "symbol": symbol,
                        "color": fill,
                        "size": size,
                        "line": {"color": line, "width": 2 if fill == "white" else 1},
                    },
                    name=f"S-Cyc: {kind}",
                    text=[f"{verdict(c)}, {chance(c)}".strip(", ") for c in judged],
                    hovertemplate="%{x:.1f} % remaining: %{y:.4g}, %{text}<extra>S-Cyc</extra>",
                ),
                **place,
            )


def _verdict(cycle: OracleCycleRow) -> str:
    given = cycle["evidence"] and cycle["evidence"]["s_cyc"]
    return given["verdict"] if given else "no region"


def s_cyc_rates(cycles: Sequence[OracleCycleRow]) -> list[float]:
    """S-Cyc's max_lr of each cycle; [] where the study has no S-Cyc."""
    return [rate for c in cycles if (rate := c["s_cyc"]["max_lr"]) is not None]


def _printed(figure: go.Figure, table: OracleTable, place: Mapping[str, int]) -> None:
    """The paper's regions and well-tuned values, where the study names its table."""
    printed = [c["paper"] for c in table["cycles"] if c["paper"]]
    if not printed:
        return
    best = [column["well_tuned"] for column in printed]
    figure.add_trace(
        go.Scatter(
            x=[column["weights_remaining"] for column in printed],
            y=best,
            mode="markers",
            marker={"symbol": "diamond-open", "size": 9, "color": _PAPER, "line": {"width": 2}},
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [c["high"] - c["well_tuned"] for c in printed],
                "arrayminus": [c["well_tuned"] - c["low"] for c in printed],
                "color": _PAPER,
            },
            name=f"the paper's Table {table['paper_table']}, full budget",
            hovertemplate="%{x:.1f} % remaining: %{y:.4g}<extra>printed</extra>",
        ),
        **place,
    )


def _members(figure: go.Figure, known: Sequence[OracleCycleRow], place: Mapping[str, int]) -> None:
    """The grid values that were tried: members of the region dark, the others light."""
    for inside, colour, name in (
        (True, "rgba(0, 114, 178, 0.65)", "grid value, inside"),
        (False, "rgba(130, 130, 130, 0.35)", "grid value, outside"),
    ):
        dots = [
            (c["weights_remaining"], entry["max_lr"])
            for c in known
            if (region := c["feasible"]) is not None
            for entry in c["grid"]
            if (entry["max_lr"] in region["members"]) == inside
        ]
        figure.add_trace(
            go.Scatter(
                x=[x for x, _ in dots],
                y=[y for _, y in dots],
                mode="markers",
                marker={"color": colour, "size": 4},
                name=name,
                hoverinfo="skip",
            ),
            **place,
        )


def _titles(table: OracleTable) -> tuple[str, str]:
    return "Feasible region of max_lr", f"Validation {metric.name(table)} over max_lr"


def _unit(table: OracleTable) -> str:
    if metric.is_own(table) and table["tolerance_kind"] == "points":
        return metric.fields(table)["unit"] or f"of {metric.name(table)}"
    return "points" if table["tolerance_kind"] == "points" else "% of the best"
