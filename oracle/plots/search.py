"""The figures of a search of S-Cyc's parameters."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Literal

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from oracle.plots.base import Layout, card, head, panel, rate_axis
from oracle.tables.search import CandidateRow, SearchTable, metric

_BEST, _WHOLE, _STOPPED = "#D55E00", "#0072B2", "#8a8a8a"  # Okabe and Ito; grey
Parameter = Literal["epsilon", "delta", "q", "beta"]
Axis = Parameter | Literal["candidate"]
_PARAMETERS: tuple[Parameter, ...] = ("epsilon", "delta", "q", "beta")
_WIDE = ("epsilon",)  # drawn on a logarithmic axis


def search(table: SearchTable) -> go.Figure:
    """Draw the objective over the candidates, their max_lr over the cycles, each parameter.

    Of several objectives the first two are drawn against each other, the Pareto front marked.
    Hollow grey marks are of candidates that were stopped, at their last validation accuracy.

    Args:
        table: Of a run.

    Returns:
        The figure.
    """
    titles = (_first_title(table), "max_lr, cycle by cycle", *_PARAMETERS)
    figure = make_subplots(
        rows=2,
        cols=4,
        specs=[[{"colspan": 2}, None, {"colspan": 2}, None], [{}, {}, {}, {}]],
        subplot_titles=titles,
        horizontal_spacing=0.06,
        vertical_spacing=0.16,
    )
    _first(figure, table, 1, 1)
    _rates(figure, table, 1, 3)
    for column, name in enumerate(_PARAMETERS, 1):
        _parameter(figure, table, name, 2, column)
    figure.update_layout(
        head(f"{table['study']}: a search of S-Cyc's parameters", table),
        legend={"orientation": "h", "y": -0.1, "x": 0.0},
        margin={"t": 110, "b": 90, "l": 70, "r": 30},
        width=1300,
        height=860,
    )
    return figure


def dashboard_panels(table: SearchTable) -> dict[str, go.Figure]:
    """Return panels of :func:`search`, each of a size that the Optuna dashboard shows whole.

    Args:
        table: Of a run.

    Returns:
        Panels by name, in the order in which they are shown.
    """
    made = {}
    for name, title, draw in (
        ("objective", _first_title(table), _first),
        ("max_lr", "max_lr, cycle by cycle", _rates),
    ):
        made[name] = panel(partial(draw, table=table, row=1, column=1), title)
        for trace in made[name].data:  # also where there is only one; each kind once
            trace.showlegend = trace.showlegend is not False
    figure = make_subplots(rows=2, cols=2, subplot_titles=_PARAMETERS, vertical_spacing=0.2)
    for (row, column), name in zip(itertools.product((1, 2), (1, 2)), _PARAMETERS, strict=True):
        _parameter(figure, table, name, row, column)
    made["parameters"] = card(figure, "The objective over each parameter")
    return made


def _several(table: SearchTable) -> bool:
    return len(table["objective"]["cycles"]) > 1


def _first_title(table: SearchTable) -> str:
    return "Two objectives" if _several(table) else "Candidates in the search's order"


def _first(figure: go.Figure, table: SearchTable, row: int, column: int) -> None:
    (_front if _several(table) else _history)(figure, table, row, column)


def _history(figure: go.Figure, table: SearchTable, row: int, column: int) -> None:
    """Draw the objective over the candidates, and the best so far."""
    _marks(figure, table, "candidate", row, column, legend=True)
    whole = sorted(_whole(table), key=lambda each: int(each["candidate"]))
    if whole:
        so_far = list(itertools.accumulate((_mean(each, 0) for each in whole), max))
        figure.add_trace(
            go.Scatter(
                x=[each["candidate"] for each in whole],
                y=so_far,
                mode="lines",
                line={"color": _BEST, "width": 2, "shape": "hv"},
                name="best so far",
                hovertemplate="%{y:.2f} %<extra>best so far</extra>",
            ),
            row=row,
            col=column,
        )
    figure.update_xaxes(title_text="candidate", row=row, col=column)
    figure.update_yaxes(title_text=_metric(table, 0), row=row, col=column)


def _front(figure: go.Figure, table: SearchTable, row: int, column: int) -> None:
    """Draw the first two objectives against each other; a third is the size of the marks."""
    for best, name, colour in ((False, "dominated", _WHOLE), (True, "Pareto front", _BEST)):
        some = sorted(
            (each for each in _whole(table) if each["best"] == best),
            key=lambda each: _mean(each, 0),
        )
        lines = best and len(table["objective"]["cycles"]) == 2
        figure.add_trace(
            go.Scatter(
                x=[_mean(each, 0) for each in some],
                y=[_mean(each, 1) for each in some],
                mode="lines+markers" if lines else "markers",
                line={"color": colour, "width": 1, "dash": "dot"},
                marker={"color": colour, "size": _sizes(table, some)},
                text=[_hover_text(each) for each in some],
                hovertemplate="%{text}<extra></extra>",
                name=name,
            ),
            row=row,
            col=column,
        )
    figure.update_xaxes(title_text=_metric(table, 0), row=row, col=column)
    figure.update_yaxes(title_text=_metric(table, 1), row=row, col=column)


def _sizes(table: SearchTable, some: Sequence[CandidateRow]) -> list[float]:
    """By the third objective, from 6 to 18 points."""
    if len(table["objective"]["cycles"]) < 3:
        return [9.0] * len(some)
    every = [_mean(each, 2) for each in _whole(table)]
    low, width = min(every), (max(every) - min(every)) or 1.0
    return [6 + 12 * (_mean(each, 2) - low) / width for each in some]


def _rates(figure: go.Figure, table: SearchTable, row: int, column: int) -> None:
    """Every candidate's max_lr as far as it came; the best candidates' in front."""
    order = sorted(table["candidates"], key=lambda each: (each["best"], each["objectives"] is None))
    named: set[str] = set()
    for each in order:
        if not each["cycles"] or each["steps"] == ["epsilon"]:
            continue
        kind, colour, width = "candidate", "rgba(0, 114, 178, 0.5)", 1.0
        if each["best"]:
            kind, colour, width = "best", _BEST, 3.5
        elif each["stopped"]:
            kind, colour = "stopped", "rgba(120, 120, 120, 0.6)"
        figure.add_trace(
            go.Scatter(
                x=[done["cycle"] for done in each["cycles"]],
                y=[done["max_lr"] for done in each["cycles"]],
                mode="lines+markers" if kind != "candidate" else "lines",
                line={"color": colour, "width": width, "dash": "dot" if each["stopped"] else None},
                marker={"size": 6},
                name=f"max_lr of {kind if kind != 'candidate' else 'a candidate'}",
                legendgroup=f"rates {kind}",
                showlegend=kind not in named,
                text=[_hover_text(each)] * len(each["cycles"]),
                hovertemplate="cycle %{x}: %{y:.4g}<br>%{text}<extra></extra>",
            ),
            row=row,
            col=column,
        )
        named.add(kind)
    rates = [done["max_lr"] for each in order for done in each["cycles"]]
    cycles = [done["cycle"] for each in order for done in each["cycles"]]
    figure.update_xaxes(title_text="pruning cycle", **_whole_ticks(cycles), row=row, col=column)
    axis = rate_axis(rates) if rates else {}
    figure.update_yaxes(title_text="max_lr", **axis, row=row, col=column)


def _whole_ticks(values: Iterable[int]) -> Layout:
    """Make ticks at whole numbers alone, which a narrow page may thin out but not split."""
    ticks = sorted(set(values))
    return {"tickvals": ticks, "ticktext": [str(tick) for tick in ticks]}


def _parameter(
    figure: go.Figure, table: SearchTable, name: Parameter, row: int, column: int
) -> None:
    """Draw the (first) objective over one parameter."""
    _marks(figure, table, name, row, column, legend=False)
    if name in _WIDE and table["candidates"]:
        axis = rate_axis([_value(each, name) for each in table["candidates"]])
        figure.update_xaxes(**axis, row=row, col=column)
    if name == "q":
        tried = [each["q"] for each in table["candidates"]]
        figure.update_xaxes(**_whole_ticks(tried), row=row, col=column)
    if column == 1:
        figure.update_yaxes(title_text=_metric(table, 0), row=row, col=column)


def _marks(
    figure: go.Figure,
    table: SearchTable,
    name: Axis,
    row: int,
    column: int,
    legend: bool,
) -> None:
    """Draw a mark for each candidate, at its (first) objective, or at its last accuracy."""
    every = table["candidates"]
    groups = (
        ("stopped early", "circle-open", _STOPPED, [e for e in every if _early(e, name)]),
        ("candidate", "circle", _WHOLE, [e for e in _whole(table) if not e["best"]]),
        ("best", "star", _BEST, [e for e in _whole(table) if e["best"]]),
    )
    for label, symbol, colour, some in groups:
        if not some:
            continue
        whole = label != "stopped early"
        figure.add_trace(
            go.Scatter(
                x=[_value(each, name) for each in some],
                y=[_mean(each, 0) if whole else _last(each) for each in some],
                mode="markers",
                marker={
                    "symbol": symbol,
                    "color": colour,
                    "size": 14 if symbol == "star" else 8,
                    "line": {"width": 1.5 if symbol == "circle-open" else 0},
                },
                text=[_hover_text(each) for each in some],
                hovertemplate="%{text}<br>%{y:.2f} %<extra></extra>",
                name=label,
                legendgroup=label,
                showlegend=legend,
            ),
            row=row,
            col=column,
        )


def _early(candidate: CandidateRow, name: str) -> bool:
    """Whether it was stopped early and has something to say of a parameter, or of the order."""
    unpruned = candidate["steps"] == ["epsilon"]
    drawn = name in ("candidate", "epsilon") or not unpruned
    return drawn and candidate["stopped"] in ("halving", "epsilon") and bool(candidate["cycles"])


def _whole(table: SearchTable) -> list[CandidateRow]:
    return [each for each in table["candidates"] if each["objectives"] is not None]


def _value(candidate: CandidateRow, name: Axis) -> float:
    """Return what a mark stands at: the candidate's number, or one of its parameters."""
    return {
        "candidate": candidate["candidate"],
        "epsilon": candidate["epsilon"],
        "delta": candidate["delta"],
        "q": candidate["q"],
        "beta": candidate["beta"],
    }[name]


def _mean(candidate: CandidateRow, objective: int) -> float:
    assert candidate["objectives"] is not None  # it is through
    return statistics.fmean(candidate["objectives"][objective])


def _last(candidate: CandidateRow) -> float:
    return statistics.fmean(candidate["cycles"][-1]["val_accuracy"])


def _metric(table: SearchTable, objective: int) -> str:
    return metric(table["objective"]["name"], table["objective"]["cycles"][objective])


def _hover_text(candidate: CandidateRow) -> str:
    """Format a candidate's number and parameters."""
    values = ", ".join(f"{name} {candidate[name]:.4g}" for name in _PARAMETERS)
    return f"candidate {candidate['candidate']}: {values}"
