"""Figures as pages."""

import plotly.graph_objects as go

from oracle.plots import base


def test_a_page_is_as_wide_as_its_window_and_scrolls_below_60rem() -> None:
    figure = go.Figure(layout={"width": 1280, "height": 512})
    fragment = base.page(figure, plotly_js=False)
    assert '"responsive": true' in fragment
    assert '"autosize":true' in fragment
    assert '"width":1280' not in fragment
    assert "height:512px" in fragment
    assert "min-width:60rem" in fragment
    assert figure.layout.width == 1280  # that of a picture
