"""Figures as HTML pages."""

import gzip
import json
import re
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import pytest
from costly import costly
from factories import make_study
from paper_size import made_up_table
from plotly.offline import get_plotlyjs_version

from oracle.plots import page
from oracle.plots.registry import FIGURES
from oracle.runs import html_report

MOST = 1_000_000  # bytes
RESULTS = Path(__file__).parents[3] / "docs" / "results"


def drawn(text: str) -> list[dict[str, Any]]:
    """The panels that a page's script finds in it."""
    (content,) = re.findall(r'<script type="application/json">(.*?)</script>', text, re.DOTALL)
    panels: list[dict[str, Any]] = json.loads(content)
    return panels


def test_a_page_has_its_figures_title_and_each_panels_and_no_address() -> None:
    table = made_up_table(cycles=3, count=6)
    kind = FIGURES["oracle"]
    text = page.document(kind.figure(table), kind.cards(table))
    title = f"{table['study']}: greedy oracle and S-Cyc"
    assert f"<title>{title}</title>" in text
    assert f"<h1>{title}</h1>" in text
    assert [each["title"] for each in drawn(text)] == [
        "Feasible region of max_lr",
        "Validation accuracy over max_lr",
    ]
    assert "src=" not in text
    assert "href=" not in text


def test_a_figure_without_panels_is_the_only_one() -> None:
    figure = go.Figure(go.Scatter(y=[1, 2]), layout={"title": {"text": "a &lt; b"}})
    text = page.document(figure)
    (panel,) = drawn(text)
    assert panel["title"] == "a < b"
    assert "<h1>a &lt; b</h1>" in text
    assert 'class="panels one"' in text


def test_text_in_a_figure_ends_no_script() -> None:
    figure = go.Figure(go.Scatter(y=[1], name="</script><script>alert(1)</script>"))
    text = page.fragment({"x": figure}, {"x": "</script>"})
    assert text.count("</script>") == 1
    assert drawn(text)[0]["figure"]["data"][0]["name"] == "</script><script>alert(1)</script>"


def test_the_bundle_is_of_plotlys_own_major_version() -> None:
    head = page.plotly_js()[:200].decode()
    major = get_plotlyjs_version().partition(".")[0]
    assert f"plotly.js (cartesian - minified) v{major}." in head
    assert "MIT license" in head


@pytest.mark.parametrize(
    "name",
    ["digits", "cifar10-schedules-small", "cifar10-distributions", *costly("made up")],
)
def test_the_bundle_has_every_trace_and_a_page_is_below_1_mb(name: str) -> None:
    table = (
        made_up_table() if name == "made up" else json.loads((RESULTS / f"{name}.json").read_text())
    )
    kind = FIGURES[table["kind"]]
    panels = kind.cards(table)
    used = {trace.type for panel in panels.values() for trace in panel.data}
    assert used <= {"scatter", "heatmap"}
    assert len(page.document(kind.figure(table), panels)) < MOST


@pytest.mark.costly
def test_a_report_at_the_papers_size_is_below_1_mb_and_describes_its_panels() -> None:
    text = html_report.page(made_up_table(), make_study())
    assert len(text) < MOST
    assert len(gzip.compress(text.encode())) < MOST
    assert [each["name"] for each in drawn(text)] == ["regions", "heat_map", "accuracies"]
    assert all(each["says"] for each in drawn(text))
