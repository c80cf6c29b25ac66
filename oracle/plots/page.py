"""HTML that draws figures: as wide as its page, in light and dark, and without a network.

The script and the colours are those of the server's pages. plotly.js is its partial bundle
`cartesian` (MIT licence, next to it in ``static``), a third of the whole library, and stands packed
in the page, which a browser from 2023 or later unpacks.
"""

from __future__ import annotations

import base64
import functools
import gzip
import html
import importlib
import importlib.resources
import json
import re
import webbrowser
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

import plotly.graph_objects as go
import plotly.io

from oracle.errors import SettingProblem
from oracle.plots.base import Layout
from scyc.errors import BadInput

_ENDINGS = (".html", ".png", ".svg")
_PACKED = "plotly-cartesian.min.js.gz"
# The traces that the bundle `cartesian` draws.
TRACES = frozenset(
    {"bar", "box", "contour", "heatmap", "histogram", "histogram2d", "histogram2dcontour"}
    | {"image", "pie", "scatter", "scatterternary", "violin"}
)
_UNPACK = """window.plotlyLoaded = (async () => {
const text = %s;
const bytes = Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
const script = document.createElement("script");
script.textContent = await new Response(stream).text();
document.head.append(script);
})();"""
_OF_ELEMENT = 'document.getElementById("plotly").textContent'
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>{style}</style>
</head>
<body class="drawn">
<main>
<h1>{title}</h1>
{subtitle}{panels}
</main>
{scripts}
</body>
</html>
"""


# What a notebook selects by itself: it loads all of plotly.js, 4.8 MB; or, in a newer Plotly, shows
# nothing where the notebook has no extension for Plotly, as exported ones have none.
_NOTEBOOKS = frozenset({"plotly_mimetype+notebook", "notebook", "plotly_mimetype"})
_DRAWING = re.compile(r"<script[^>]*>(\s*window\.PLOTLYENV.*?)</script>", re.DOTALL)


def document(figure: go.Figure, panels: Mapping[str, go.Figure] | None = None) -> str:
    """Return a figure as an HTML page that needs nothing else.

    Args:
        figure: Its title and subtitle are the page's heading.
        panels: What is drawn, by name, side by side where the page is wide enough; the figure
            itself where there are none.

    Returns:
        HTML of under 1 MB, plotly.js included.
    """
    title = _text(figure.layout.title.text) or "Figure"
    subtitle = _text(figure.layout.title.subtitle.text)
    return _PAGE.format(
        title=html.escape(title, quote=False),
        subtitle=f'<p class="quiet">{html.escape(subtitle, quote=False)}</p>\n' if subtitle else "",
        style=static("panels.css"),
        panels=fragment(panels or {"figure": figure}, heading="h2"),
        scripts=scripts(),
    )


def fragment(
    panels: Mapping[str, go.Figure], says: Mapping[str, str] | None = None, heading: str = "h3"
) -> str:
    """Return the place where panels are drawn, for a page with :func:`scripts`.

    Args:
        panels: By name; a panel's title is its heading.
        says: What a panel shows in words, by its name.
        heading: The element of a panel's title.

    Returns:
        HTML; texts of users are escaped.
    """
    content = described(panels, says or {})
    one = " one" if len(content) == 1 else ""
    return (
        f'<div class="panels{one}" data-panels data-heading="{heading}">'
        f'<script type="application/json">{_inert(json.dumps(content))}</script>'
        "<noscript><p>The figures need JavaScript.</p></noscript></div>"
    )


def described(panels: Mapping[str, go.Figure], says: Mapping[str, str]) -> list[dict[str, object]]:
    """Return panels as the script reads them: name, title, words, and the figure.

    Args:
        panels: By name.
        says: What a panel shows in words, by its name.

    Returns:
        JSON values, one mapping a panel.
    """
    return [
        {
            "name": name,
            "title": _text(panel.layout.title.text) or name,
            "says": says.get(name, ""),
            "figure": json.loads(panel.to_json()),
        }
        for name, panel in panels.items()
    ]


def scripts() -> str:
    """Return what draws the panels of a page, plotly.js included; some 700 kB."""
    packed = base64.b64encode(_resource(_PACKED)).decode()
    return (
        f'<script type="text/plain" id="plotly">{packed}</script>\n'
        f"<script>{_UNPACK % _OF_ELEMENT}</script>\n<script>{static('figures.js')}</script>"
    )


def plotly_script() -> str:
    """Return a script element that loads plotly.js from its own text, some 660 kB.

    ``window.plotlyLoaded`` is a promise of it. A page that has loaded Plotly keeps what it has.
    """
    packed = base64.b64encode(_resource(_PACKED)).decode()
    unpack = _UNPACK.removeprefix("window.plotlyLoaded = ") % f'"{packed}"'
    return (
        "<script>window.plotlyLoaded = window.Plotly ? Promise.resolve() : "
        f"window.plotlyLoaded || {unpack}</script>"
    )


def plotly_js() -> bytes:
    """Return plotly.js: the partial bundle that has every trace the figures use."""
    return gzip.decompress(_resource(_PACKED))


def static(name: str) -> str:
    """Return a style sheet or script of figures.

    Args:
        name: Of a file in ``oracle/plots/static``.

    Returns:
        Its text.
    """
    return _resource(name).decode()


def save(figure: go.Figure, target: Path, panels: Mapping[str, go.Figure] | None = None) -> None:
    """Write a figure as .html, .png or .svg.

    Args:
        figure: drawn whole in pictures.
        target: its ending says the format.
        panels: drawn in its place in HTML: see :func:`document`.

    Raises:
        BadInput: another ending, a folder that is not there, or PNG and SVG where no browser is
            there to draw them.
    """
    if target.suffix not in _ENDINGS:
        rule = f"ends in {target.suffix or 'nothing'}; use one of {', '.join(_ENDINGS)}"
        raise BadInput("plot", [SettingProblem("output", rule, str(target))])
    try:
        if target.suffix == ".html":
            target.write_text(document(figure, panels), encoding="utf-8")
        else:
            figure.write_image(target, scale=2 if target.suffix == ".png" else 1)
    except OSError as error:
        rule = f"cannot be written: {error.strerror}"
        raise BadInput("plot", [SettingProblem("output", rule, str(target))]) from error
    except RuntimeError as error:
        rule = "needs Chrome or Chromium (or BROWSER_PATH); install one, or write .html"
        raise BadInput("plot", [SettingProblem("output", rule, str(target))]) from error


@functools.cache
def _resource(name: str) -> bytes:
    return importlib.resources.files("oracle.plots").joinpath(f"static/{name}").read_bytes()


def _text(text: str | None) -> str:
    """Return a title as plain text: in Plotly's, :func:`oracle.plots.base.plain` escaped it."""
    return html.unescape(text or "")


def _inert(text: str) -> str:
    """JSON that ends no script element."""
    return text.replace("<", "\\u003c")


class PortableFigure(go.Figure):  # type: ignore[misc]  # plotly has no types
    """A Plotly figure whose HTML contains a partial plotly.js, packed.

    Everything else is as in ``plotly.graph_objects.Figure``. The whole plotly.js is written where a
    trace needs it, such as one in 3D, and ``include_plotlyjs`` may ask for any other form.
    """

    def to_html(
        self,
        config: Layout | None = None,
        auto_play: bool = True,
        include_plotlyjs: bool | str = True,
        **options: Any,
    ) -> str:
        """Return the figure as HTML.

        Args:
            config: As for ``plotly.io.to_html``.
            auto_play: As for ``plotly.io.to_html``.
            include_plotlyjs: True: the partial plotly.js, which needs no network.
            options: As for ``plotly.io.to_html``.

        Returns:
            HTML of some 0.7 MB; with the whole plotly.js where a trace needs it.
        """
        if include_plotlyjs is True and {each.type for each in self.data} <= TRACES:
            text: str = super().to_html(config, auto_play, include_plotlyjs=False, **options)
            if drawing := _DRAWING.search(text):  # else another version of plotly wrote it
                return _with_partial_plotly(text, drawing)
        return str(super().to_html(config, auto_play, include_plotlyjs, **options))

    def write_html(
        self,
        file: str | Path | TextIO,
        config: Layout | None = None,
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
            auto_play: As for ``plotly.io.to_html``.
            include_plotlyjs: True: the partial plotly.js, which needs no network.
            auto_open: Whether to open the file in a browser.
            options: As for ``plotly.io.to_html``.
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
    return text[: drawing.start()] + plotly_script() + waiting + text[drawing.end() :]
