"""``oracle runs``: list, show, delete, rename, export and import runs."""

# ruff: noqa: PLC0415

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from oracle.cli.client_options import server_option
from oracle.cli.options import FILE, storage_options
from oracle.cli.printing import INTERRUPTED
from oracle.host.terminal import printable
from oracle.settings import Settings

if TYPE_CHECKING:
    from oracle.client.client import Client

_text_or_json = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)


@click.group()
def runs() -> None:
    """List, show, delete, rename, export and import runs."""


@runs.command(name="list")
@storage_options
@server_option
@_text_or_json
def list_runs(settings: Settings, client: Client | None, form: str) -> None:
    """List the runs: state, progress, whether scaled down, latest training run, size, owner."""
    from oracle.client import run_text

    unread: list[str] = []
    if client is not None:
        runs = [client.summary(run.id) for run in reversed(client.runs())]
        content = [run_text.as_json(each) for each in runs]
    else:
        from oracle.inventory import listing
        from oracle.runs import catalog

        listed = listing.listed(catalog.find(settings, unread))
        runs, content = [each.summary() for each in listed], [each.as_json() for each in listed]
    if form == "json":
        click.echo(json.dumps(content, indent=2))
        return
    click.echo(printable(run_text.several(runs)), nl=False)
    for run_id in unread:
        click.echo(f"{run_id}  written by another version; use that version")


@runs.command()
@click.argument("run_name", metavar="RUN")
@storage_options
@server_option
@_text_or_json
def show(run_name: str, settings: Settings, client: Client | None, form: str) -> None:
    """Show one RUN: what `list` shows, the kind of its study, its folder and its database."""
    from oracle.client import run_text

    if client is not None:
        summary = client.summary(run_name)
        text, content = run_text.one(summary), run_text.as_json(summary)
    else:
        from oracle.inventory import listing

        listed = listing.find_listed(run_name, settings)
        text, content = listed.text(), listed.as_json()
    click.echo(json.dumps(content, indent=2) if form == "json" else printable(text).rstrip("\n"))


@runs.command()
@click.argument("run_name", metavar="RUN")
@storage_options
@server_option
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def delete(run_name: str, settings: Settings, client: Client | None, yes: bool) -> None:
    """Delete a RUN and what no other run needs: training runs, networks, images, its report.

    A RUN that is running is refused. This cannot be undone; `oracle runs export` keeps a run in a
    file.
    """
    from oracle.client import run_text

    if client is not None:
        summary = client.summary(run_name)
        if _agreed(run_text.one(summary), summary.id, yes):
            answer = client.delete(summary.id)
            _say_deleted(summary.id, answer.trainings, answer.bytes)
        return
    from oracle.inventory import deletion, listing

    listed = listing.find_listed(run_name, settings)
    if _agreed(listed.text(), listed.run.record.run_id, yes):
        deleted = deletion.delete(listed.run, settings)
        _say_deleted(listed.run.record.run_id, deleted.cells, deleted.size)


def _agreed(text: str, run_id: str, yes: bool) -> bool:
    """Return whether a run may be deleted: `--yes` was given, or the user confirms."""
    if yes:
        return True
    click.echo(printable(text), nl=False)
    try:
        if click.confirm(printable(f"Delete {run_id}?")):
            return True
    except click.Abort:  # Ctrl-C, or there is nobody to ask
        click.echo("\nnothing was deleted; --yes deletes without asking", err=True)
        raise click.exceptions.Exit(INTERRUPTED) from None
    click.echo("nothing was deleted")
    return False


def _say_deleted(run_id: str, cells: int, size: int) -> None:
    from oracle.client.run_text import bytes_text

    click.echo(printable(f"{run_id} is deleted: {cells} training runs, {bytes_text(size)}"))


@runs.command()
@click.argument("run_name", metavar="RUN")
@click.argument("name", metavar="NAME")
@storage_options
@server_option
def rename(run_name: str, name: str, settings: Settings, client: Client | None) -> None:
    """Give a RUN a NAME, which all commands accept in place of its id; the id stays.

    A new name replaces the one before; the run's id as NAME removes it.
    """
    if client is not None:
        run_id = client.rename(run_name, name).id
    else:
        from oracle.inventory import naming
        from oracle.runs import catalog

        run = catalog.find_run(run_name, settings)
        naming.rename(run, name, settings)
        run_id = run.record.run_id
    click.echo(printable(f"{run_id}  {name}"))


@runs.command()
@click.argument("run_name", metavar="RUN")
@click.argument("file", type=FILE)
@storage_options
@click.option("--results-only", is_flag=True, help="Export no networks.")
def export(run_name: str, file: Path, settings: Settings, results_only: bool) -> None:
    """Export a RUN to one FILE.zip: its study, its training runs and their networks.

    `oracle runs import` imports it elsewhere; `oracle table`, `plot`, `cost`, `fit` and `trend`
    read the file itself. It does not contain images. (`oracle export` writes one network.)
    """
    from oracle.client.run_text import bytes_text
    from oracle.host.disk import raise_disk_errors
    from oracle.inventory import transport
    from oracle.runs import catalog

    run = catalog.find_run(run_name, settings)
    with raise_disk_errors():
        done = transport.export_run(run, settings, file, networks=not results_only)
    click.echo(
        f"{file}  {done.cells} training runs, {done.networks} networks, {bytes_text(done.size)}"
    )


@runs.command(name="import")
@click.argument("file", type=FILE)
@storage_options
def import_file(file: Path, settings: Settings) -> None:
    """Import a run from a FILE.zip that `oracle runs export` wrote.

    The whole file is checked before anything is written. Existing results are kept.
    """
    from oracle.host.disk import raise_disk_errors
    from oracle.inventory import transport

    with raise_disk_errors():
        done = transport.import_run(file, settings)
    click.echo(
        f"{done.run_id}  {done.state}  {done.cells} training runs and {done.networks} networks "
        "are new here"
    )


COMMANDS = (runs,)
