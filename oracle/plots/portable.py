"""Figures whose HTML needs no network and stays under 1 MB."""

from __future__ import annotations

import importlib
import re
import webbrowser
from pathlib import Path
from typing import Any, TextIO

import plotly.graph_objects as go
import plotly.io

from oracle.plots import page

# What a notebook selects by itself; it would load all of plotly.js, 4.8 MB.
_NOTEBOOKS = frozenset({"plotly_mimetype+notebook", "notebook"})
_DRAWING = re.compile(r"<script[^>]*>(\s*window\.PLOTLYENV.*?)</script>", re.DOTALL)


class PortableFigure(go.Figure):  # type: ignore[misc]  # plotly has no types
    """A Plotly figure whose HTML contains a partial plotly.js, packed.

    Everything else is as in ``plotly.graph_objects.Figure``. The whole plotly.js is written where a
    trace needs it, such as one in 3D, and ``include_plotlyjs`` may ask for any other form.
    """

    def to_html(
        self,
        config: dict[str, Any] | None = None,
        auto_play: bool = True,
        include_plotlyjs: bool | str = True,
        **options: Any,
    ) -> str:
        """Return the figure as HTML.

        Args:
            config: As for ``plotly.io.to_html``, as are the others.
            auto_play: See there.
            include_plotlyjs: True: the partial plotly.js, which needs no network.
            options: See there.
        """
        if include_plotlyjs is True and {each.type for each in self.data} <= page.TRACES:
            text: str = super().to_html(config, auto_play, include_plotlyjs=False, **options)
            if drawing := _DRAWING.search(text):  # else another version of plotly wrote it
                return _with_partial_plotly(text, drawing)
        return str(super().to_html(config, auto_play, include_plotlyjs, **options))

    def write_html(
        self,
        file: str | Path | TextIO,
        config: dict[str, Any] | None = None,
        auto_play: bool = True,
        include_plotlyjs: bool | str = True,
        *,
        auto_open: bool = False,
        **options: Any,
    ) -> None:
        """Write the figure as HTML.

        Args:
            file: A path, or a file that is open for writing.
            config: As for ``plotly.io.write_html``, as are the others.
            auto_play: See there.
            include_plotlyjs: True: the partial plotly.js, which needs no network.
            auto_open: Whether to open the file in a browser.
            options: See there.
        """
        if include_plotlyjs is not True:
            super().write_html(
                file, config, auto_play, include_plotlyjs, auto_open=auto_open, **options
            )
            return
        text = self.to_html(config, auto_play, **options)
        if not isinstance(file, str | Path):
            file.write(text)
            return
        Path(file).write_text(text, encoding="utf-8")
        if auto_open:
            webbrowser.open(Path(file).absolute().as_uri())

    def _ipython_display_(self) -> None:
        """Show the figure in a notebook, unless the user has chosen a renderer."""
        if _chosen_renderer() not in _NOTEBOOKS:
            super()._ipython_display_()
            return
        content = {"text/html": self.to_html(full_html=False), "text/plain": repr(type(self))}
        importlib.import_module("IPython.display").display(content, raw=True)


def _chosen_renderer() -> str:
    return str(plotly.io.renderers.default)


def _with_partial_plotly(text: str, drawing: re.Match[str]) -> str:
    """Put the packed plotly.js before the script that draws a figure, which then waits for it."""
    waiting = f"<script>window.plotlyLoaded.then(() => {{{drawing[1]}}});</script>"
    return text[: drawing.start()] + page.plotly_script() + waiting + text[drawing.end() :]
