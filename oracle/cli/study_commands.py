"""Commands about a study: run, check, plot-schedule, studies."""

# ruff: noqa: PLC0415

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from oracle.cli.options import FILE, device_options, scale_options, set_option, storage_options
from oracle.cli.printing import print_table, width
from oracle.settings import ScaleDown, Settings


@click.command(short_help="Run a STUDY and print its table.")
@click.argument("study")
@storage_options
@device_options
@scale_options
@set_option
@click.option(
    "--fresh", is_flag=True,
    help="Delete the results of an earlier run of this study first, and train anew. Training runs "
    "that other runs need are kept.",
)  # fmt: skip
@click.option("--quiet", is_flag=True, help="Print neither progress nor the table.")
def run(
    study: str,
    settings: Settings,
    smaller: ScaleDown,
    assignments: tuple[str, ...],
    fresh: bool,
    quiet: bool,
) -> None:
    """Run a STUDY over all its pruning cycles, and print its table.

    Finished training runs are reused: after an interruption, run the same command again. Options
    such as --scale scale the study down; every output then says so. --set changes any field.
    """
    from oracle.api.progress import terminal_progress
    from oracle.reports import formats
    from oracle.runs import execute, html_report, prepare
    from oracle.storage import session
    from oracle.study.assignments import load_with
    from oracle.study.scale_down import scale_down

    declared = scale_down(load_with(study, assignments), smaller)
    prepared = prepare.prepare(declared, settings)
    if fresh:
        _delete_earlier(prepared.run_id, settings, quiet)
    with terminal_progress(quiet) as progress:
        table = execute.execute(prepared, progress)
    if not quiet:
        print_table(formats.text(table, width(), colour=sys.stdout.isatty()))
    target = settings.study_folder(prepared.study.folder_name) / f"{table['run_id']}.html"
    html_report.save(html_report.page(table, prepared.study), target)
    if quiet:
        return
    url = session.study_url(settings, prepared.study.folder_name).render_as_string(
        hide_password=True
    )
    click.echo(f"\nreport     {target}\ndashboard  optuna-dashboard '{url}'")


def _delete_earlier(run_id: str, settings: Settings, quiet: bool) -> None:
    """Delete a run, where there is one. Raises WrongState where it is running."""
    from oracle.inventory import deletion
    from oracle.runs import catalog

    for earlier in catalog.find(settings):
        if earlier.record.run_id == run_id:
            deleted = deletion.delete(earlier, settings)
            if not quiet:
                click.echo(f"{run_id} is deleted: {deleted.cells} training runs; it starts anew")


@click.command(short_help="Validate a STUDY and estimate its cost.")
@click.argument("study")
@storage_options
@device_options
@scale_options
@set_option
def check(study: str, settings: Settings, smaller: ScaleDown, assignments: tuple[str, ...]) -> None:
    """Validate a STUDY and estimate its cost from a short timing; nothing is written."""
    from oracle.runs import estimate, prepare
    from oracle.study.assignments import load_with
    from oracle.study.scale_down import scale_down
    from scyc.errors import BadInput

    declared = scale_down(load_with(study, assignments), smaller)
    try:
        cost = estimate.estimate(prepare.prepare(declared, settings))
    except BadInput as refused:
        without = estimate.without_images(declared, settings, refused)
        if without is not None:
            click.echo(str(without), nl=False)
        raise
    click.echo(str(cost), nl=False)


@click.command(name="plot-schedule", short_help="Plot the learning rates of a STUDY's schedule.")
@click.argument("study")
@click.option(
    "--cycle", "cycles", type=click.IntRange(0), multiple=True,
    help="Pruning cycle whose learning rates are plotted; repeatable.",
)  # fmt: skip
@click.option("--entry", help="Label of the schedule to plot, where STUDY compares several.")
@click.option(
    "-o", "--output", type=FILE,
    help="Output file, .html, .png or .svg.  [default: STUDY-schedule.html]",
)  # fmt: skip
def plot_schedule(
    study: str, cycles: tuple[int, ...], entry: str | None, output: Path | None
) -> None:
    """Plot a STUDY's schedule: max_lr over the pruning cycles, LR over the steps of some."""
    from oracle.plots import learning_rate, page
    from oracle.study.declared import learning_rates
    from oracle.study.loading import load_study

    declared = load_study(study)
    rates = learning_rates(declared, entry)
    last = declared.cycles
    late = [cycle for cycle in cycles if cycle > last]
    if late:
        raise click.UsageError(f"--cycle {late[0]}: the study's last cycle is {last}")
    drawn = (
        rates.s_cyc or rates.max_lr_at(0, declared.pruning.rate),
        declared.pruning.rate,
        last,
        rates.schedule,
        declared.training.steps,
        sorted({*cycles} or {0, last // 8, last // 4, last // 2, last}),
    )
    figure, panels = learning_rate.schedule(*drawn), learning_rate.panels(*drawn)
    target = output or Path(f"{declared.name}-schedule.html")
    page.save(figure, target, panels)
    click.echo(str(target))


@click.command(short_help="List the built-in studies.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
def studies(form: str) -> None:
    """List the built-in studies: the data and device that each needs, and its training runs."""
    from oracle.experiments.built_in import built_in_studies, studies_text

    built_in = built_in_studies()
    if form == "json":
        click.echo(json.dumps([asdict(each) for each in built_in], indent=2))
    else:
        click.echo(studies_text(built_in), nl=False)


COMMANDS = (run, check, plot_schedule, studies)
