"""Commands about stored runs: table, plot, list."""

# ruff: noqa: PLC0415

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from oracle.cli.options import FILE, recorded, storage_options
from oracle.cli.printing import print_table, width
from oracle.settings import Settings
from scyc.json_types import JsonObject

if TYPE_CHECKING:
    from oracle.tables.registry import Table

FORMATS = ("text", "json", "csv", "markdown", "latex")


@click.command(short_help="Print the table of a RUN.")
@click.argument("run_name", metavar="RUN", required=False)
@storage_options
@recorded
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option(
    "--schema", is_flag=True,
    help="Print the JSON Schema of the RUN's table; of all tables without RUN.",
)  # fmt: skip
def table(
    run_name: str | None, settings: Settings, which: str | None, form: str, schema: bool
) -> None:
    """Print the table of a RUN, complete or not, computed from its storage.

    RUN may also be a file: an exported run (.zip), or a table that --format json wrote (.json).
    """
    if schema:
        click.echo(json.dumps(_schema(run_name, settings, which), indent=2))
        return
    if run_name is None:
        raise click.UsageError("Missing argument 'RUN'.")
    from oracle.runs.stored import computed

    columns, colour = width(), sys.stdout.isatty()

    def printed(run: str) -> str:
        from oracle.reports import formats

        content = _stored(run, settings, which)
        if form == "text":
            return formats.text(content, columns, colour=colour)
        return formats.FORMATS[form](content)

    text = computed.of_run(
        run_name, settings, ["oracle table", which, form, columns, colour], printed
    )
    if form == "text":
        print_table(text)
    else:
        click.echo(text, nl=False)


@click.command(short_help="Plot a RUN to an HTML, PNG or SVG file.")
@click.argument("run_name", metavar="RUN")
@storage_options
@recorded
@click.option(
    "-o", "--output", type=FILE,
    help="Output file, .html, .png or .svg.  [default: RUN.html]",
)  # fmt: skip
def plot(run_name: str, settings: Settings, which: str | None, output: Path | None) -> None:
    """Plot a RUN: regions and accuracies, a comparison of schedules, or distributions.

    RUN may also be a file: an exported run (.zip), or a table that `table --format json` wrote.
    """
    from oracle.plots import page
    from oracle.plots.registry import FIGURES
    from oracle.tables.registry import is_empty

    content = _stored(run_name, settings, which)
    if is_empty(content):
        raise click.ClickException("no cycle of this run is finished yet; nothing to draw")
    target = output or Path(f"{content['run_id']}.html")
    drawn = FIGURES[content["kind"]]
    page.save(drawn.figure(content), target, drawn.cards(content))
    click.echo(str(target))


@click.command(name="list")
@storage_options
def list_runs(settings: Settings) -> None:
    """List the runs and the built-in studies."""
    from oracle.runs.stored.run_index import indexed
    from oracle.study.built_in import bundled_studies

    runs, unread = indexed(settings)
    width = max([20, *(len(each.record.run_id) for each in runs)])
    for each in runs:
        click.echo(f"{each.record.run_id:<{width}}  {each.state:<10} {each.folder}")
    if not runs:
        click.echo("no runs yet")
    for run_id in unread:
        click.echo(f"{run_id:<{width}}  written by another version; use that version")
    click.echo("\nbuilt-in studies: " + ", ".join(bundled_studies()))


@click.command(short_help="Export a trained network of a RUN to a file.")
@click.argument("run_name", metavar="RUN")
@storage_options
@click.option(
    "--cycle",
    type=click.IntRange(0),
    required=True,
    help="Pruning cycle; 0 is the unpruned network.",
)
@click.option(
    "--max-lr", default="well-tuned", show_default=True, metavar="RATE",
    help="Learning rate of the cycle's grid.",
)  # fmt: skip
@click.option(
    "--replicate", type=click.IntRange(0), default=0, show_default=True, help="Replicate."
)
@click.option(
    "--state", type=click.Choice(("final", "ticket", "rewound")), default="final",
    show_default=True, help="Trained, or initial or rewound weights with the cycle's masks.",
)  # fmt: skip
@click.option(
    "--format", "form", type=click.Choice(("torch", "npz", "safetensors", "onnx")),
    default="torch", show_default=True,
)  # fmt: skip
@click.option(
    "--shrink", is_flag=True,
    help="Remove pruned filters: a smaller network with the same outputs.",
)  # fmt: skip
@click.option("-o", "--output", type=FILE, required=True, help="Output file.")
def export(
    run_name: str,
    settings: Settings,
    cycle: int,
    max_lr: str,
    replicate: int,
    state: Literal["final", "ticket", "rewound"],
    form: str,
    shrink: bool,
    output: Path,
) -> None:
    """Export a trained network of a RUN to a file that loads without this package."""
    from oracle.export.export import Selection, export_network
    from oracle.runs import catalog

    try:
        rate = None if max_lr == "well-tuned" else float(max_lr)
    except ValueError:
        raise click.UsageError(f"--max-lr {max_lr}: give a number, or well-tuned") from None
    run = catalog.find_run(run_name, settings)
    selection = Selection(cycle, rate, replicate, state, shrink)
    data = export_network(run, settings, output, form, selection)
    cost = data["cost"]
    small = dict.fromkeys(("bytes", "flops"), "")
    if cost["shrunk_bytes"] is not None:
        small = {key: f", {cost[f'shrunk_{key}']:,} without pruned filters" for key in small}
    click.echo(
        f"{output}\n"
        f"cycle {data['cycle']}, max_lr {data['max_lr']:.4g}, replicate {data['replicate']}, "
        f"{data['weights_remaining']:.2f} % of the weights remaining\n"
        f"bytes  {cost['dense_bytes']:,} dense, {cost['sparse_bytes']:,} sparse{small['bytes']}\n"
        f"FLOPs  {cost['dense_flops']:,} dense, {cost['sparse_flops']:,} sparse{small['flops']}, "
        "of one image"
    )


COMMANDS = (table, plot, list_runs, export)


def _schema(run_name: str | None, settings: Settings, which: str | None) -> JsonObject:
    """Return the JSON Schema of a run's table, or of the tables of all kinds of study."""
    from oracle.tables.json_schema import json_schema

    if run_name is None:
        return json_schema("distributions" if which else None)
    from oracle.runs import catalog

    kind = getattr(catalog.find_run(run_name, settings).study, "kind", "oracle")
    return json_schema("distributions" if which else kind)


def _stored(run_name: str, settings: Settings, which: str | None) -> Table:
    """Read the table of a run, or of the distributions that one of its pruning runs recorded."""
    from oracle.inventory import sources

    return sources.table(run_name, settings, which)
