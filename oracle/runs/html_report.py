"""One self-contained HTML page for a run."""

from __future__ import annotations

import html
import json
from pathlib import Path

from oracle.host.disk import raise_disk_errors
from oracle.plots import page as drawing
from oracle.plots.page import PortableFigure
from oracle.plots.registry import FIGURES
from oracle.reports import formats
from oracle.reports.sheet import ReportTable, aligned_costs, tone
from oracle.study.aliases import with_shown_names
from oracle.study.base import Study
from oracle.tables.registry import Table, is_empty
from scyc.specs.base import as_json
from scyc.storage.blob_store import write_whole

_STYLE = """
.drawn h2 { font-size: 1.2rem; margin: 2rem 0 .6rem }
.id { color: var(--quiet); margin: 0 }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line);
  border-radius: var(--round); margin-top: 1.5rem }
table { border-collapse: separate; border-spacing: 0; width: 100%; font-size: .8125rem;
  white-space: nowrap;
  font-variant-numeric: tabular-nums }
th, td { padding: .32rem .5rem; text-align: right; border-bottom: 1px solid var(--line) }
th:first-child, td:first-child { position: sticky; left: 0; background: var(--card) }
thead th { vertical-align: bottom; border-bottom: 2px solid var(--edge); line-height: 1.3 }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
.words { text-align: left } .best { font-weight: 600 }
.inside { color: var(--good) } .outside { color: var(--bad); font-weight: 600 }
.undecided, .unknown { color: var(--open) }
.below td { color: var(--quiet); padding-top: 0; font-size: .9em }
tr:has(+ .below) td { border-bottom: 0; padding-bottom: 0 }
.scroll + ul { color: var(--quiet); font-size: .875rem; padding-left: 1.2rem; max-width: 110ch }
.verdict { font-size: 1.1rem; font-weight: 600; max-width: 75ch }
.verdict.several { font-size: 1rem; font-weight: 400; margin: .35rem 0 }
pre { background: var(--card); border: 1px solid var(--line); border-radius: var(--round);
  padding: 1rem; overflow-x: auto; white-space: pre-wrap; font: .8125rem/1.6 var(--mono) }
pre.cost { white-space: pre; overflow-wrap: normal }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px }
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
    kind = FIGURES[table["kind"]]
    figures = drawing.fragment(kind.cards(table), kind.captions(table))
    more = "\n".join(
        f"<h2>{html.escape(each.title)}</h2>\n{verdict(each)}\n{grid(each)}\n{costs(each)}"
        for each in printed.subtables
    )
    declared = html.escape(json.dumps(with_shown_names(as_json(study)), indent=2))
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{html.escape(printed.title)}</title>
<style>{drawing.static("panels.css")}{_STYLE}</style>
</head>
<body class="drawn">
<main>
<h1>{html.escape(printed.title)}</h1>
<p class="id">run {html.escape(table["run_id"])}</p>
<p>{html.escape(study.description)}</p>
{verdict(printed)}
<h2>Figures</h2>
{figures}
<h2>Table</h2>
{grid(printed)}
<h2>Cost</h2>
{costs(printed)}
{more}
<h2>Study</h2>
<details><summary>every field, defaults included</summary>
<pre tabindex="0" role="region" aria-label="The study">{declared}</pre></details>
</main>
{drawing.scripts()}
</body>
</html>
"""


def save(page: str, target: Path) -> None:
    """Write a report, whole or not at all.

    Args:
        page: HTML.
        target: The file.

    Raises:
        DiskError: The disk is full, read-only or fails.
    """
    with raise_disk_errors():
        write_whole(target, page.encode(), mode=0o666)


def notebook_cell(table: Table) -> str:
    """Make the HTML that a notebook shows of a run: verdict, table, and the figure below it.

    Args:
        table: Of the run.

    Returns:
        A fragment of HTML that needs no network; without a figure where no cycle is finished.
    """
    printed = formats.sheet(table)
    parts = [
        f"<h4>{html.escape(printed.title)}</h4><p>run {html.escape(table['run_id'])}</p>",
        verdict(printed),
        grid(printed),
    ]
    if not is_empty(table):
        figure = FIGURES[table["kind"]].figure(table)
        parts.append(PortableFigure(figure).to_html(full_html=False))
    return "\n".join(parts)


def verdict(printed: ReportTable) -> str:
    """Format the verdict of a table as HTML.

    Args:
        printed: The printed table.

    Returns:
        A paragraph for each line, escaped; several are set as text, not as a headline.
    """
    lines = printed.verdict.splitlines()
    kind = "verdict" if len(lines) < 2 else "verdict several"
    return "\n".join(f'<p class="{kind}">{html.escape(line)}</p>' for line in lines)


def grid(printed: ReportTable) -> str:
    """Format a table and its notes as HTML.

    Args:
        printed: The printed table.

    Returns:
        A table with a caption for screen readers, and its notes as a list, escaped.
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
    title = html.escape(printed.title)
    return f"""<div class="scroll" tabindex="0" role="region" aria-label="{title}, table">
<table>
<caption class="unseen">{title}</caption>
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

    Returns:
        Aligned rows and sentences below them, escaped; "" where the table has no cost.
    """
    aligned = html.escape("\n".join(aligned_costs(printed)))
    named = 'class="cost" tabindex="0" role="region" aria-label="Cost, table"'
    block = f"<pre {named}>{aligned}</pre>"
    sentences = "\n".join(
        f'<p class="quiet">{html.escape(note)}</p>' for note in printed.cost_notes
    )
    return "\n".join(part for part in (block if aligned else "", sentences) if part)


def _cell(cell: str, words: bool) -> str:
    kind = "words" if words else tone(cell)
    mark = f' class="{kind}"' if kind else ""
    return f"<td{mark}>{html.escape(cell)}</td>"


def _lines(head: str) -> str:
    return html.escape(head).replace("\n", "<br>")


def _words(left: bool) -> str:
    return ' class="words"' if left else ""
