"""The figures of an oracle run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from oracle.plots import accuracies, heat_map, region_marks, rivals
from oracle.plots.base import (
    MANY,
    head,
    panel,
    rate_axis,
    region_ends,
    remaining_axis,
)
from oracle.plots.parts import current as current_marks
from oracle.reports.oracle import format_region, has_s_cyc
from oracle.reports.parts import current as current_reports
from oracle.reports.parts import metric
from oracle.reports.parts.evidence import chance, estimated_region, verdict
from oracle.reports.sheet import format_lr
from oracle.tables.oracle import OracleTable
from oracle.tables.parts.cycles import OracleCycleRow

_S_CYC = "#D55E00"  # Okabe and Ito's vermilion
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
    """Return max_lr over weights remaining, and next to it validation accuracy over max_lr.

    Left: see :func:`_band`. Right: a line for each cycle, its well-tuned value marked; bars are
    standard errors of the paired difference to that. Of many cycles a heat map in its place.

    Args:
        table: Of an oracle run.

    Returns:
        The figure.
    """
    many = len(table["cycles"]) > MANY
    titles = list(_titles(table).values())
    figure = make_subplots(
        rows=1,
        cols=2,
        horizontal_spacing=0.09,
        subplot_titles=[titles[0], titles[2 if many else 1]],
    )
    _band(figure, table, column=1)
    (heat_map.panel if many else accuracies.lines)(figure, table, column=2)
    figure.update_layout(
        head(
            f"{table['study']}: greedy oracle" + (" and S-Cyc" if has_s_cyc(table) else ""),
            table,
        ),
        legend={"orientation": "h", "y": 0.01, "yref": "container", "yanchor": "bottom", "x": 0.0},
        legend2={"title": {"text": "weights remaining"}, "x": 1.01, "y": 1.0},
        margin={"t": 110, "b": 80, "l": 70, "r": 150},
        width=1280,
        height=640,
    )
    if many:  # names that stand in both halves stand once in the legend
        drawn = {trace.name for trace in figure.data if trace.xaxis == "x"}
        twice = drawn & {"S-Cyc", "well-tuned max_lr"}
        figure.for_each_trace(
            lambda trace: trace.update(showlegend=False),
            selector=lambda trace: trace.xaxis == "x2" and trace.name in twice,
        )
    return figure


def dashboard_panels(table: OracleTable) -> dict[str, go.Figure]:
    """Draw the panels of a run, each of a size that the Optuna dashboard shows whole.

    The two halves of :func:`regions`; of many cycles the accuracies and the heat map both.

    Args:
        table: Of an oracle run.

    Returns:
        Panels by name, in the order in which they are shown; none before the first result.
    """
    if not table["cycles"]:  # the first is not finished
        if not _begun(table):
            return {}
        draws = {"regions": _band, "accuracies": accuracies.lines}
    elif len(table["cycles"]) <= MANY:
        draws = {"regions": _band, "accuracies": accuracies.lines}
    else:
        draws = {"regions": _band, "heat_map": heat_map.panel, "accuracies": accuracies.lines}
    made = {}
    for name, draw in draws.items():
        made[name] = panel(partial(draw, table=table, column=1), _titles(table)[name])
    return {name: figure for name, figure in made.items() if figure.data}


def captions(table: OracleTable) -> dict[str, str]:
    """Return what the panels show in words, for those who do not see them.

    Args:
        table: Of an oracle run.

    Returns:
        Sentences by name of the panel; {} where no cycle is finished.
    """
    current = table.get("current")
    now = f" {current_reports.sentence(current)}".rstrip() if current else ""
    if not table["cycles"]:
        return {"regions": "No cycle is finished." + now} if now else {}
    first, last = table["cycles"][0], table["cycles"][-1]
    count, name = len(table["cycles"]), metric.name(table)
    span = (
        f"from {first['weights_remaining']:.3g} to {last['weights_remaining']:.3g} % of the weights"
    )
    return {
        "regions": f"At cycle {last['cycle']}, with {last['weights_remaining']:.3g} % of the "
        f"weights, the measured region is {format_region(last['feasible'])}, the estimated region "
        f"{estimated_region(last)}, the well-tuned max_lr {format_lr(last['well_tuned'])}"
        + (
            f"; S-Cyc's max_lr is {format_lr(last['s_cyc']['max_lr'])} ({verdict(last)})."
            if s_cyc_rates(table["cycles"])
            else "."
        )
        + now,
        "accuracies": f"{count} lines, one for each cycle, {span}; the best of each is larger."
        if count > 1
        else "The line of cycle 0; its best max_lr is larger.",
        "heat_map": f"A column for each of {count} cycles, {span}, a row for each max_lr: the "
        f"brighter, the nearer validation {name} is to the cycle's best. The frame is the measured "
        "region, the dotted lines are the bounds of the estimated one, stars are well-tuned values"
        + (", the thick line is S-Cyc's max_lr." if s_cyc_rates(table["cycles"]) else "."),
    }


def _band(figure: go.Figure, table: OracleTable, column: int) -> None:
    """Draw the regions over the weights remaining, and S-Cyc's curve with its verdicts.

    The estimated region is a light band, the 90 % CI of its bounds are whiskers on its edges. The
    measured one is a bar a little to the left of each cycle, with its gaps; the star on it is the
    well-tuned max_lr, a triangle says that the grid cuts it off.
    """
    cycles = table["cycles"]
    known = [c for c in cycles if c["feasible"]]
    position = {"row": 1, "col": column}
    rates = region_marks.estimate(figure, known, position)
    region_marks.measured(figure, known, position, f"{table['tolerance']:g} {_unit(table)}")
    _s_cyc(figure, cycles, position)
    rates += rivals.lines(figure, table, position)
    region_marks.cut_ends(figure, known, position)
    _printed(figure, table, position)
    rates += current_marks.unfinished(figure, table.get("current"), position)
    left = [c["weights_remaining"] for c in cycles]
    if (at := current_marks.remaining(table.get("current"))) is not None:
        left.append(at)
    figure.update_xaxes(**remaining_axis(left), **position)
    lows, highs = region_ends(known)
    rates += lows + highs + s_cyc_rates(cycles)
    rates += [c["paper"][end] for c in cycles if c["paper"] for end in ("low", "high")]
    figure.update_yaxes(title_text="max_lr", **rate_axis(rates), **position)


def _s_cyc(
    figure: go.Figure, cycles: Sequence[OracleCycleRow], position: Mapping[str, int]
) -> None:
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
        **position,
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
                        "size": size - 3 * (len(cycles) > MANY),
                        "line": {"color": line, "width": 2 if fill == "white" else 1},
                    },
                    name=f"S-Cyc: {kind}",
                    text=[f"{verdict(c)}, {chance(c)}".strip(", ") for c in judged],
                    hovertemplate="%{x:.1f} % remaining: %{y:.4g}, %{text}<extra>S-Cyc</extra>",
                ),
                **position,
            )


def _verdict(cycle: OracleCycleRow) -> str:
    given = cycle["evidence"] and cycle["evidence"]["s_cyc"]
    return given["verdict"] if given else "no region"


def s_cyc_rates(cycles: Sequence[OracleCycleRow]) -> list[float]:
    """Return S-Cyc's max_lr of each cycle; [] where the study has no S-Cyc.

    Args:
        cycles: Rows of the table.

    Returns:
        Learning rates in the order of the cycles.
    """
    return [rate for c in cycles if (rate := c["s_cyc"]["max_lr"]) is not None]


def _printed(figure: go.Figure, table: OracleTable, position: Mapping[str, int]) -> None:
    """Draw the paper's regions and well-tuned values, where the study names its table.

    They stand a little to the right of their cycles, where they hide no mark of S-Cyc's.
    """
    printed = [c["paper"] for c in table["cycles"] if c["paper"]]
    if not printed:
        return
    best = [column["well_tuned"] for column in printed]
    right = 1 / region_marks.aside_factor([c["weights_remaining"] for c in table["cycles"]])
    figure.add_trace(
        go.Scatter(
            x=[column["weights_remaining"] * right for column in printed],
            y=best,
            mode="markers",
            marker={"symbol": "pentagon-open", "size": 9, "color": _PAPER, "line": {"width": 2}},
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [c["high"] - c["well_tuned"] for c in printed],
                "arrayminus": [c["well_tuned"] - c["low"] for c in printed],
                "color": _PAPER,
            },
            name=f"the paper's Table {table['paper_table']}, full budget",
            customdata=[column["weights_remaining"] for column in printed],
            hovertemplate="%{customdata:.1f} % remaining: %{y:.4g}<extra>printed</extra>",
        ),
        **position,
    )


def _begun(table: OracleTable) -> bool:
    """Return whether a training run of the cycle that the run is in is finished or running."""
    current = table.get("current")
    return current is not None and any(
        value["val_accuracy"] or value.get("running") for value in current["grid"]
    )


def _titles(table: OracleTable) -> dict[str, str]:
    """Return the title of each panel."""
    name = metric.name(table)
    return {
        "regions": "Feasible region of max_lr",
        "accuracies": f"Validation {name} over max_lr",
        "heat_map": f"Validation {name} of every max_lr",
    }


def _unit(table: OracleTable) -> str:
    if metric.is_own(table) and table["tolerance_kind"] == "points":
        return metric.fields(table)["unit"] or f"of {metric.name(table)}"
    return "points" if table["tolerance_kind"] == "points" else "% of the best"
