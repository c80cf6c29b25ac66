"""One self-contained HTML page for a run."""

from __future__ import annotations

import html
import json

from oracle import formats, plots
from oracle.compare import Table
from oracle.kinds import KINDS
from oracle.study import Study
from scyc.spec import as_json

_STYLE = """
:root { color-scheme: light dark; --line: #8885; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 84rem; margin: 2rem auto; padding: 0 1rem; }
h1 { margin-bottom: 0 } .id { opacity: .7; margin-top: 0 }
.scroll { overflow-x: auto }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; white-space: nowrap }
th, td { padding: .35rem .8rem; text-align: right; border-bottom: 1px solid var(--line) }
thead th { vertical-align: bottom; border-bottom-width: 2px }
.words { text-align: left } .best { font-weight: 600 }
.inside { color: #1a7f37 } .outside { color: #c62828; font-weight: 600 }
@media (prefers-color-scheme: dark) { .words { text-align: left } .best { font-weight: 600 }
.inside { color: #57d17a } .outside { color: #ff8a80 } }
.figure { background: #fff; border-radius: 6px; overflow-x: auto }
.verdict { font-size: 1.15rem; font-weight: 600 }
pre { background: #8882; padding: 1rem; overflow-x: auto; border-radius: 6px }
"""


def page(table: Table, study: Study) -> str:
    """The report: verdict, figure, table with footnotes, cost, the study; readable offline."""
    printed = formats.sheet(table)
    figure = plots.page(KINDS[table["kind"]].figure(table), plotly_js=False)
    heads = "".join(
        f'<th scope="col"{_words(index in printed.left)}>{_lines(head)}</th>'
        for index, head in enumerate(printed.heads)
    )
    body = "\n".join(
        "<tr>"
        + "".join(_cell(cell, index in printed.left) for index, cell in enumerate(row))
        + "</tr>"
        for row in printed.rows
    )
    notes = "\n".join(f"<li>{html.escape(line)}</li>" for line in printed.notes)
    costs = html.escape("\n".join(printed.costs))
    declared = html.escape(json.dumps(as_json(study), indent=2))
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html.escape(printed.title)}</title>
<style>{_STYLE}</style>
<script>{_plotly_js()}</script>
</head>
<body>
<h1>{html.escape(printed.title)}</h1>
<p class="id">run {html.escape(table["run_id"])}</p>
<p>{html.escape(study.description)}</p>
<p class="verdict">{html.escape(printed.verdict)}</p>
<div class="figure">{figure}</div>
<div class="scroll"><table>
<thead><tr>{heads}</tr></thead>
<tbody>
{body}
</tbody>
</table></div>
<ul>
{notes}
</ul>
<h2>Cost</h2>
<pre>{costs}</pre>
<h2>Study</h2>
<details><summary>every field, defaults included</summary><pre>{declared}</pre></details>
</body>
</html>
"""


def _plotly_js() -> str:
    from plotly.offline import get_plotlyjs  # noqa: PLC0415  # 5 MB, for reports only

    return str(get_plotlyjs())


def _cell(cell: str, words: bool) -> str:
    kinds = ["words"] if words else []
    if not words:
        kinds += [cell] if cell in ("inside", "outside") else []
        kinds += ["best"] if cell.endswith("*") and not cell.startswith("[") else []
    mark = f' class="{" ".join(kinds)}"' if kinds else ""
    return f"<td{mark}>{html.escape(cell)}</td>"


def _lines(head: str) -> str:
    return html.escape(head).replace("\n", "<br>")


def _words(left: bool) -> str:
    return ' class="words"' if left else ""
