"""HTML that draws figures: as wide as its page, in light and dark, and without a network.

The script and the colours are those of the server's pages. plotly.js is its partial bundle
`cartesian` (MIT licence, beside it in ``static``), a third of the whole library, and stands packed
in the page, which a browser from 2023 or later unpacks.
"""

from __future__ import annotations

import base64
import functools
import gzip
import html
import importlib.resources
import json
from collections.abc import Mapping
from pathlib import Path

import plotly.graph_objects as go

from oracle.errors import SettingProblem
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


def document(figure: go.Figure, panels: Mapping[str, go.Figure] | None = None) -> str:
    """Return a figure as an HTML page that needs nothing else.

    Args:
        figure: its title and subtitle are the page's heading.
        panels: what is drawn, by name, side by side where the page is wide enough; the figure
            itself where there are none.
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
        panels: by name; a panel's title is its heading.
        says: what a panel shows in words, by its name.
        heading: the element of a panel's title.
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
        panels: by name.
        says: what a panel shows in words, by its name.
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
    """Return a style sheet or script of figures."""
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
