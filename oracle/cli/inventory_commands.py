"""``oracle runs``: list, show, delete, rename, export and import runs."""

# ruff: noqa: PLC0415

from __future__ import annotations

import json
from pathlib import Path

import click

from oracle.cli.options import FILE, storage_options
from oracle.settings import Settings

_text_or_json = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)


@click.group()
def runs() -> None:
    """List, show, delete, rename, export and import runs."""


@runs.command(name="list")
@storage_options
@_text_or_json
def list_runs(settings: Settings, form: str) -> None:
    """List the runs: state, progress, when the latest training run ended, size on disk, owner."""
    from oracle.inventory import listing
    from oracle.runs import catalog

    unread: list[str] = []
    listed = listing.listed(catalog.find(settings, unread))
    if form == "json":
        click.echo(json.dumps([each.as_json() for each in listed], indent=2))
        return
    if not listed:
        click.echo("no runs yet; start one: oracle run STUDY")
    else:
        click.echo(listing.text(listed), nl=False)
    for run_id in unread:
        click.echo(f"{run_id}  of another version; that version reads it")


@runs.command()
@click.argument("run_name", metavar="RUN")
@storage_options
@_text_or_json
def show(run_name: str, settings: Settings, form: str) -> None:
    """Tell of one RUN: what `list` does, its study's kind, its folder and its database."""
    from oracle.inventory import listing

    listed = listing.find_listed(run_name, settings)
    if form == "json":
        click.echo(json.dumps(listed.as_json(), indent=2))
    else:
        click.echo(listing.one_text(listed), nl=False)


@runs.command()
@click.argument("run_name", metavar="RUN")
@storage_options
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete(run_name: str, settings: Settings, yes: bool) -> None:
    """Delete a RUN, and all that no other run needs: training runs, networks, images, its report.

    One that is running is refused. There is no way back; `oracle runs export` keeps a run in a
    file.
    """
    from oracle.inventory import deletion, listing

    listed = listing.find_listed(run_name, settings)
    if not yes:
        click.echo(listing.one_text(listed), nl=False)
        if not click.confirm(f"Delete {listed.run.record.run_id}?"):
            click.echo("nothing was deleted")
            return
    deleted = deletion.delete(listed.run, settings)
    click.echo(
        f"{listed.run.record.run_id} is deleted: {deleted.cells} training runs, "
        f"{listing.bytes_text(deleted.size)}"
    )


@runs.command()
@click.argument("run_name", metavar="RUN")
@click.argument("name", metavar="NAME")
@storage_options
def rename(run_name: str, name: str, settings: Settings) -> None:
    """Give a RUN a NAME, by which all commands find it from now on; its id stays.

    A second name takes the place of the first; the run's id as NAME takes the name away.
    """
    from oracle.inventory import naming
    from oracle.runs import catalog

    run = catalog.find_run(run_name, settings)
    naming.rename(run, name, settings)
    click.echo(f"{run.record.run_id}  {name}")


@runs.command()
@click.argument("run_name", metavar="RUN")
@click.argument("file", type=FILE)
@storage_options
@click.option("--results-only", is_flag=True, help="Leave the networks out.")
def export(run_name: str, file: Path, settings: Settings, results_only: bool) -> None:
    """Write a RUN into one FILE.zip: its study, its training runs and their networks.

    `oracle runs import` takes it in elsewhere; `oracle table`, `plot`, `cost`, `fit` and `trend`
    read it as it is. Images are not in it. (`oracle export` writes one network.)
    """
    from oracle.host.disk import raise_disk_errors
    from oracle.inventory import listing, transport
    from oracle.runs import catalog

    run = catalog.find_run(run_name, settings)
    with raise_disk_errors():
        done = transport.export_run(run, settings, file, networks=not results_only)
    click.echo(
        f"{file}  {done.cells} training runs, {done.networks} networks, "
        f"{listing.bytes_text(done.size)}"
    )


@runs.command(name="import")
@click.argument("file", type=FILE)
@storage_options
def import_file(file: Path, settings: Settings) -> None:
    """Take a run in from a FILE.zip that `oracle runs export` wrote.

    All of the file is checked before anything is written. What is there already stays.
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
