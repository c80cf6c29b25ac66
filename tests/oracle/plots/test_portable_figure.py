"""Figures whose HTML needs no network."""

import copy
import io
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import plotly.graph_objects as go
import pytest

from oracle.plots import page
from oracle.plots.page import PortableFigure

MOST = 1_000_000  # bytes
FETCHES = re.compile(r'(src|href)="http|import\(')


def figure() -> PortableFigure:
    return PortableFigure(go.Figure(go.Scatter(y=[1, 2], name="a line")))


def test_a_file_is_below_1_mb_and_fetches_nothing(tmp_path: Path) -> None:
    target = tmp_path / "figure.html"
    figure().write_html(target, div_id="here")
    text = target.read_text("utf-8")
    assert len(text) < MOST
    assert FETCHES.search(text) is None
    assert "<html>" in text
    assert '<div id="here"' in text
    assert '"name":"a line"' in text
    assert text.index("window.plotlyLoaded =") < text.index("Plotly.newPlot(")


def test_a_figure_is_drawn_once_plotly_is_unpacked() -> None:
    text = figure().to_html(full_html=False)
    _, drawing = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert drawing.startswith("window.plotlyLoaded.then(() => {")
    assert drawing.endswith("});")


def test_an_open_file_is_written_to() -> None:
    file = io.StringIO()
    figure().write_html(file, full_html=False)
    assert file.getvalue().count("Plotly.newPlot(") == 1


def test_another_plotly_is_loaded_if_requested(tmp_path: Path) -> None:
    assert 'src="https://cdn.plot.ly' in figure().to_html(include_plotlyjs="cdn")
    assert "plotlyLoaded" not in figure().to_html(include_plotlyjs=False)
    figure().write_html(tmp_path / "figure.html", include_plotlyjs="directory")
    assert (tmp_path / "plotly.min.js").stat().st_size > MOST


def test_a_trace_that_the_part_lacks_brings_the_whole_plotly() -> None:
    solid = figure()
    solid.add_trace(go.Scatter3d(x=[1], y=[1], z=[1]))
    assert len(solid.to_html()) > 3 * MOST


def test_it_is_plotlys_figure_in_every_other_way() -> None:
    drawn = figure()
    assert isinstance(drawn, go.Figure)
    assert drawn.update_layout(title="changed") is drawn
    again = copy.deepcopy(drawn)
    assert type(again) is PortableFigure
    assert again.to_json() == drawn.to_json()


@pytest.mark.parametrize("renderer", ["plotly_mimetype+notebook", "plotly_mimetype", "json"])
def test_a_notebook_shows_it_unless_the_user_has_chosen_a_renderer(
    renderer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[Any] = []
    module = ModuleType("IPython.display")
    module.display = lambda content, raw: shown.append(content)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ModuleType("IPython"))
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    monkeypatch.setattr(go.Figure, "_ipython_display_", lambda self: shown.append("Plotly's"))
    monkeypatch.setattr(page, "_chosen_renderer", lambda: renderer)
    figure()._ipython_display_()
    if renderer == "json":
        assert shown == ["Plotly's"]
    else:
        (content,) = shown
        assert len(content["text/html"]) < MOST
        assert "<html>" not in content["text/html"]
