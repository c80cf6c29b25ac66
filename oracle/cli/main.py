"""The command line: a thin shell over `oracle.runs`. Heavy imports wait for their command."""

# ruff: noqa: PLC0415

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from oracle.cli import job_commands, replay_command, server_commands
from oracle.cli.options import (
    FILE,
    Finite,
    device_options,
    recorded,
    scale_options,
    storage_options,
)
from oracle.cli.printing import BAD_INPUT, FAILED, INTERRUPTED, print_table, printable, width
from oracle.errors import RunError
from oracle.host.disk import disk_failed
from oracle.settings import ScaleDown, Settings
from scyc.errors import BadInput

if TYPE_CHECKING:
    from oracle.analysis.curve_fit import Target

_FORMATS = ("text", "json", "csv", "markdown", "latex")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="scyc-oracle", prog_name="oracle")
def main() -> None:
    """Greedy max_lr oracle for iterative pruning, and S-Cyc held against it.

    STUDY is a YAML file or the name of a study that ships; RUN is a run's id, or a study's name for
    its latest run. `serve` starts a server, which submit, status, watch, cancel, resume and fetch
    ask.
    """


@main.command()
@click.argument("study")
@storage_options
@device_options
@scale_options
@click.option("--quiet", is_flag=True, help="No progress, and no table at the end.")
def run(study: str, settings: Settings, wanted: ScaleDown, quiet: bool) -> None:
    """Run a STUDY over all its pruning cycles, and print its table.

    What is finished is found and not trained again: after an interruption, run the same command.
    Options such as --scale make the study smaller; every output then says so.
    """
    from oracle.cli.progress_bar import shown
    from oracle.reports import formats
    from oracle.runs import catalog, execute, html_report
    from oracle.study.loading import load_study
    from oracle.study.scale_down import scale_down

    prepared = execute.prepare(scale_down(load_study(study), wanted), settings)
    with shown(quiet) as progress:
        table = execute.execute(prepared, progress)
    if not quiet:
        print_table(formats.text(table, width(), colour=sys.stdout.isatty()))
    target = settings.study_folder(prepared.study.folder_name) / f"{prepared.run_id}.html"
    html_report.save(html_report.page(table, prepared.study), target)
    if quiet:
        return
    url = catalog.database(settings, prepared.study.folder_name).render_as_string(
        hide_password=True
    )
    click.echo(f"\nreport     {target}\ndashboard  optuna-dashboard '{url}'")


@main.command()
@click.argument("study")
@storage_options
@device_options
@scale_options
def check(study: str, settings: Settings, wanted: ScaleDown) -> None:
    """Validate a STUDY and say what it will cost, from a short timing; nothing is written."""
    from oracle.runs import estimate, execute
    from oracle.study.loading import load_study
    from oracle.study.scale_down import scale_down

    prepared = execute.prepare(scale_down(load_study(study), wanted), settings)
    click.echo(estimate.text(estimate.estimate(prepared)), nl=False)


@main.command()
@click.argument("run_name", metavar="RUN")
@storage_options
@recorded
@click.option("--format", "form", type=click.Choice(_FORMATS), default="text", show_default=True)
def table(run_name: str, settings: Settings, which: str | None, form: str) -> None:
    """Print a RUN's table, computed from its storage; also of a run that is not complete."""
    from oracle.reports import formats

    found = _stored(run_name, settings, which)
    if form == "text":
        print_table(formats.text(found, width(), colour=sys.stdout.isatty()))
    else:
        click.echo(formats.FORMATS[form](found), nl=False)


@main.command()
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

    found = _stored(run_name, settings, which)
    if not any(part["cycles"] for part in found.get("schedules", found.get("candidates", [found]))):
        raise click.ClickException("no cycle of this run is finished yet; nothing to draw")
    target = output or Path(f"{found['run_id']}.html")
    base.save(FIGURES[found["kind"]].figure(found), target)
    click.echo(str(target))


@main.command(name="plot-schedule")
@click.argument("study")
@click.option(
    "--cycle", "cycles", type=click.IntRange(0), multiple=True,
    help="A pruning cycle whose learning rates are drawn; may be given again.",
)  # fmt: skip
@click.option("--entry", help="The schedule to draw, by its label, where STUDY compares several.")
@click.option(
    "-o", "--output", type=FILE,
    help="A file ending in .html, .png or .svg.  [default: STUDY's name, -schedule.html]",
)  # fmt: skip
def plot_schedule(
    study: str, cycles: tuple[int, ...], entry: str | None, output: Path | None
) -> None:
    """Draw a STUDY's schedule: max_lr over the pruning cycles, LR over the iterations of some."""
    from oracle.plots import base, learning_rate
    from oracle.study.loading import load_study
    from oracle.study.oracle import learning_rates

    declared = load_study(study)
    rates = learning_rates(declared, entry)
    last = declared.cycles
    late = [cycle for cycle in cycles if cycle > last]
    if late:
        raise click.UsageError(f"--cycle {late[0]} comes after the study's last, {last}")
    figure = learning_rate.schedule(
        rates.s_cyc or rates.max_lr_at(0, declared.pruning.rate),
        declared.pruning.rate,
        last,
        rates.schedule,
        declared.training.steps,
        sorted({*cycles} or {0, last // 8, last // 4, last // 2, last}),
    )
    target = output or Path(f"{declared.name}-schedule.html")
    base.save(figure, target)
    click.echo(str(target))


@main.command(name="list")
@storage_options
def list_runs(settings: Settings) -> None:
    """List the runs, and the studies that ship."""
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
    click.echo("\nstudies that ship: " + ", ".join(bundled_studies()))


@main.command()
@click.argument("number", type=click.Choice(["3", "7", "8"]))
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
def paper(number: str, form: str) -> None:
    """Recompute S-Cyc's row of the paper's Table 3, 7 or 8, and judge it cell by cell."""
    from oracle.analysis import paper as printed

    judged = printed.check_paper_table(int(number))
    if form == "json":
        click.echo(json.dumps(printed.as_json(judged), indent=2))
    else:
        click.echo(printed.text(judged), nl=False)


@main.command()
@click.argument("run_name", metavar="[RUN]", required=False)
@storage_options
@click.option("--paper", "number", type=click.Choice(["3", "7", "8"]), help="Fit a paper's table.")
@click.option("--q-most", type=click.IntRange(0, 100), default=3, show_default=True)
@click.option("--beta-low", type=Finite(1e-3, 1e3), default=3.0, show_default=True)
@click.option("--beta-high", type=Finite(1e-3, 1e3), default=6.0, show_default=True)
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
def fit(
    run_name: str | None,
    settings: Settings,
    number: str | None,
    q_most: int,
    beta_low: float,
    beta_high: float,
    form: str,
) -> None:
    """Find S-Cyc's parameters for a RUN's regions, or the paper's, without training.

    Those that lie inside most regions, then the closest to the well-tuned values; and every (q,
    beta) that lies inside as many.
    """
    from oracle.analysis import curve_fit as fits

    if (run_name is None) == (number is None):
        raise click.UsageError("name a RUN, or a table with --paper")
    if beta_low > beta_high:
        raise click.UsageError("--beta-low lies above --beta-high")
    name, rate, targets = _regions(run_name, settings, number)
    if not targets:
        raise click.ClickException("no cycle of this run has a region yet; nothing to fit")
    betas = [beta_low + (beta_high - beta_low) * step / 30 for step in range(31)]
    found = fits.fit_scyc_curve(targets, rate, range(q_most + 1), list(dict.fromkeys(betas)))
    if form == "json":
        click.echo(json.dumps(fits.as_json(found), indent=2))
    else:
        click.echo(fits.text(found, name), nl=False)


@main.command()
@click.argument("run_names", metavar="[RUN]...", nargs=-1)
@storage_options
@click.option("--paper", is_flag=True, help="The paper's own budget, by formula.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
def cost(run_names: tuple[str, ...], settings: Settings, paper: bool, form: str) -> None:
    """Hold the cost of RUNs of one system side by side: oracle and search runs.

    In trainings, steps and seconds: the oracle's whole grid, the adaptive oracle, a search of
    S-Cyc's parameters, one run of S-Cyc; and how much less than the oracle each is.
    """
    from oracle.analysis import costs

    if paper == bool(run_names):
        raise click.UsageError("name a RUN or more, or give --paper")
    if paper:
        found = costs.PAPER
        shown, content = costs.budget_text(found), costs.budget_json(found)
    else:
        from oracle.runs import catalog

        measured = [catalog.measured(catalog.find_run(name, settings)) for name in run_names]
        compared = costs.side_by_side(measured)
        shown, content = costs.text(compared), costs.as_json(compared)
    click.echo(json.dumps(content, indent=2) + "\n" if form == "json" else shown, nl=False)


def _regions(
    run_name: str | None, settings: Settings, number: str | None
) -> tuple[str, float, list[Target]]:
    """The name, the pruning rate and the regions of a run or of a table of the paper."""
    from oracle.analysis import paper as printed
    from oracle.analysis.curve_fit import Target, of_cycles

    if number is not None:
        judged = printed.check_paper_table(int(number))
        columns = [
            Target(cell.cycle, cell.feasible_low, cell.feasible_high, cell.well_tuned)
            for cell in judged.cells
        ]
        return f"Table {number}", judged.rate, columns
    from oracle.runs import catalog
    from oracle.study.oracle import OracleStudy

    assert run_name is not None
    run = catalog.find_run(run_name, settings)
    if not isinstance(run.study, OracleStudy):
        raise click.UsageError(f"{run.record.run_id} is no oracle run; it has no regions to fit")
    measured = of_cycles(catalog.stored_table(run)["cycles"])
    return run.record.run_id, run.study.pruning.rate, measured


def _stored(run_name: str, settings: Settings, which: str | None) -> dict[str, Any]:
    """The table of a run, or that of the distributions that one of its pruning runs recorded."""
    from oracle.runs import catalog

    run = catalog.find_run(run_name, settings)
    return catalog.stored_distributions(run, which) if which else catalog.stored_table(run)


for _each in (*job_commands.COMMANDS, *server_commands.COMMANDS, replay_command.replay):
    main.add_command(_each)


def entry() -> None:
    """The ``oracle`` command: exit codes 0, 1 (failed), 2 (bad input), 130 (interrupted)."""
    sys.path.insert(0, str(Path.cwd()))  # where a study's own code lies
    try:
        code = main(standalone_mode=False) or 0
    except BadInput as error:
        click.echo(str(error), err=True)
        code = BAD_INPUT
    except click.UsageError as error:
        error.show()
        code = BAD_INPUT
    except click.ClickException as error:
        error.show()
        code = FAILED
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted; what is finished is kept: run the same command to go on", err=True)
        code = INTERRUPTED
    except (RunError, OSError) as error:
        failure = disk_failed(error) if isinstance(error, OSError) else error
        if failure is None:
            raise
        click.echo(printable(f"{type(failure).__name__}: {failure}"), err=True)
        code = FAILED
    sys.exit(code)
