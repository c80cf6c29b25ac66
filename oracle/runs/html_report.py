"""One self-contained HTML page for a run."""

from __future__ import annotations

import html
import json
from pathlib import Path

from oracle.host.disk import raise_disk_errors
from oracle.plots import base
from oracle.plots.registry import FIGURES
from oracle.reports import formats
from oracle.reports.sheet import ReportTable, cost_lines, tone
from oracle.study.base import Study
from oracle.tables.registry import Table
from scyc.specs.base import as_json
from scyc.storage.blob_store import write_whole

_STYLE = """
:root { color-scheme: light dark; --line: #8885; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 84rem; margin: 2rem auto; padding: 0 1rem; }
h1 { margin-bottom: 0 } .id { opacity: .7; margin-top: 0 }
.scroll { overflow-x: auto }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; white-space: nowrap }
th, td { padding: .35rem .8rem; text-align: right; border-bottom: 1px solid var(--line) }
thead th { vertical-align: bottom; border-bottom-width: 2px }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
.words { text-align: left } .best { font-weight: 600 }
.inside { color: #1a7f37 } .outside { color: #c62828; font-weight: 600 }
.undecided, .unknown { color: #8a6100 } .below td { opacity: .75; padding-top: 0; font-size: .9em }
tr:has(+ .below) td { border-bottom: 0; padding-bottom: 0 }
@media (prefers-color-scheme: dark) { .words { text-align: left } .best { font-weight: 600 }
.inside { color: #57d17a } .outside { color: #ff8a80 } .undecided, .unknown { color: #e6b450 } }
.figure { background: #fff; border-radius: 6px; overflow-x: auto }
.verdict { font-size: 1.15rem; font-weight: 600 }
pre { background: #8882; padding: 1rem; overflow-x: auto; border-radius: 6px }
"""
_BELOW = ' class="below"'  # a row that says more of the one above it


def page(table: Table, study: Study) -> str:
    """Make the report: verdict, figure, table with footnotes, cost, the study; readable offline.

    Args:
        table: Of the run.
        study: What was declared.

    Returns:
        One self-contained HTML page.
    """
    printed = formats.sheet(table)
    figure = base.page(FIGURES[table["kind"]].figure(table), plotly_js=False)
    more = "\n".join(
        f"<h2>{html.escape(each.title)}</h2>\n{verdict(each)}\n{grid(each)}\n{costs(each)}"
        for each in printed.subtables
    )
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
{verdict(printed)}
<div class="figure">{figure}</div>
{grid(printed)}
<h2>Cost</h2>
{costs(printed)}
{more}
<h2>Study</h2>
<details><summary>every field, defaults included</summary><pre>{declared}</pre></details>
</body>
</html>
"""


def save(page: str, target: Path) -> None:
    """Write a report, whole or not at all. Raises DiskError."""
    with raise_disk_errors():
        write_whole(target, page.encode(), mode=0o666)


def verdict(printed: ReportTable) -> str:
    """Format the verdict of a table as HTML.

    Args:
        printed: The printed table.
    """
    return f'<p class="verdict">{_lines(printed.verdict)}</p>'


def grid(printed: ReportTable) -> str:
    """Format a table, and what must be said beside it, as HTML.

    Args:
        printed: The printed table.
    """
    heads = "".join(
        f'<th scope="col"{_words(index in printed.left)}>{_lines(head)}</th>'
        for index, head in enumerate(printed.headers)
    )
    body = "\n".join(
        f"<tr{'' if row[0] else _BELOW}>"
        + "".join(_cell(cell, index in printed.left) for index, cell in enumerate(row))
        + "</tr>"
        for row in printed.rows
    )
    notes = "\n".join(f"<li>{html.escape(line)}</li>" for line in printed.notes)
    return f"""<div class="scroll" tabindex="0" role="region" aria-label="Table, scrolls sideways">
<table>
<caption class="unseen">{html.escape(printed.title)}</caption>
<thead><tr>{heads}</tr></thead>
<tbody>
{body}
</tbody>
</table></div>
<ul>
{notes}
</ul>"""


def costs(printed: ReportTable) -> str:
    """Format the cost of a run as HTML.

    Args:
        printed: The printed table.
    """
    return "<pre>" + html.escape("\n".join(cost_lines(printed))) + "</pre>"


def _plotly_js() -> str:
    from plotly.offline import get_plotlyjs  # noqa: PLC0415  # 5 MB, for reports only

    return str(get_plotlyjs())


def _cell(cell: str, words: bool) -> str:
    kind = "words" if words else tone(cell)
    mark = f' class="{kind}"' if kind else ""
    return f"<td{mark}>{html.escape(cell)}</td>"


def _lines(head: str) -> str:
    return html.escape(head).replace("\n", "<br>")


def _words(left: bool) -> str:
    return ' class="words"' if left else ""
