"""Commands about stored runs: table, plot, list."""

# ruff: noqa: PLC0415

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from oracle.cli.options import FILE, recorded, storage_options
from oracle.cli.printing import print_table, width
from oracle.settings import Settings

if TYPE_CHECKING:
    from oracle.tables.registry import Table

FORMATS = ("text", "json", "csv", "markdown", "latex")


@click.command()
@click.argument("run_name", metavar="RUN", required=False)
@storage_options
@recorded
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option(
    "--schema", is_flag=True,
    help="Print the JSON Schema of the RUN's table, or of all tables where no RUN is named.",
)  # fmt: skip
def table(
    run_name: str | None, settings: Settings, which: str | None, form: str, schema: bool
) -> None:
    """Print a RUN's table, computed from its storage; also of a run that is not complete."""
    if schema:
        click.echo(json.dumps(_schema(run_name, settings, which), indent=2))
        return
    if run_name is None:
        raise click.UsageError("Missing argument 'RUN'.")
    from oracle.reports import formats

    found = _stored(run_name, settings, which)
    if form == "text":
        print_table(formats.text(found, width(), colour=sys.stdout.isatty()))
    else:
        click.echo(formats.FORMATS[form](found), nl=False)


@click.command()
@click.argument("run_name", metavar="RUN")
@storage_options
@recorded
@click.option(
    "-o", "--output", type=FILE,
    help="A file ending in .html, .png or .svg.  [default: RUN's id, .html]",
)  # fmt: skip
def plot(run_name: str, settings: Settings, which: str | None, output: Path | None) -> None:
    """Draw a RUN: regions and accuracies, schedules compared, or distributions."""
    from oracle.plots import base
    from oracle.plots.registry import FIGURES
    from oracle.tables.registry import is_empty

    found = _stored(run_name, settings, which)
    if is_empty(found):
        raise click.ClickException("no cycle of this run is finished yet; nothing to draw")
    target = output or Path(f"{found['run_id']}.html")
    base.save(FIGURES[found["kind"]].figure(found), target)
    click.echo(str(target))


@click.command(name="list")
@storage_options
def list_runs(settings: Settings) -> None:
    """List the runs, and the built-in studies."""
    from oracle.runs import catalog
    from oracle.study.loading import bundled_studies

    unread: list[str] = []
    found = catalog.find(settings, unread)
    width = max([20, *(len(each.record.run_id) for each in found)])
    for each in found:
        click.echo(f"{each.record.run_id:<{width}}  {each.state:<10} {each.place}")
    if not found:
        click.echo("no runs yet")
    for run_id in unread:
        click.echo(f"{run_id:<{width}}  of another version; that version reads it")
    click.echo("\nbuilt-in studies: " + ", ".join(bundled_studies()))


COMMANDS = (table, plot, list_runs)


def _schema(run_name: str | None, settings: Settings, which: str | None) -> dict[str, Any]:
    """The JSON Schema of a run's table, or of the tables of all kinds of study."""
    from oracle.runs import catalog
    from oracle.tables.json_schema import json_schema

    if run_name is None:
        return json_schema("distributions" if which else None)
    kind = getattr(catalog.find_run(run_name, settings).study, "kind", "oracle")
    return json_schema("distributions" if which else kind)


def _stored(run_name: str, settings: Settings, which: str | None) -> Table:
    """The table of a run, or that of the distributions that one of its pruning runs recorded."""
    from oracle.runs import catalog

    run = catalog.find_run(run_name, settings)
    return catalog.stored_distributions(run, which) if which else catalog.stored_table(run)
