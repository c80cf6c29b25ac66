"""The command line: a thin shell over :mod:`oracle.runs`."""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial, wraps
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bar

from oracle import paper as paper_tables
from oracle import plots, report, tables
from oracle.greedy import OracleCycle
from oracle.ledger import LeaseHeld, LeaseLost, StorageError
from oracle.packs import LostCheckpoint
from oracle.runs import NoWinner, Progress, Settings
from oracle.studyfile import load_study, shipped_studies
from oracle.workers import BACKENDS, PackFailed
from scyc.problems import BadInput

BAD_INPUT, FAILED, INTERRUPTED = 2, 1, 130
_FAILURES = (LeaseHeld, LeaseLost, StorageError, LostCheckpoint, NoWinner, PackFailed)


def _options(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say where runs are; they come to the command as one Settings."""

    @click.option("--runs", "folder", type=click.Path(path_type=Path), default=Path("runs"),
                  envvar="ORACLE_RUNS", show_default=True, help="Folder of all runs.")
    @click.option("--storage", envvar="ORACLE_STORAGE", default=None,
                  help="Database URL, SQLite or PostgreSQL.  [default: a SQLite file in the run's folder]")
    @wraps(command)
    def with_settings(folder: Path, storage: str | None, **arguments: Any) -> None:
        command(settings=partial(Settings, folder=folder, storage=storage), **arguments)

    return with_settings


def _run_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say on what a study is run."""

    @click.option("--data", type=click.Path(path_type=Path), default=None,
                  help="Folder of the images, instead of the study's own.")
    @click.option("--workers", type=click.IntRange(1, 4096), default=None,
                  help="Processes that train.  [default: one a CPU core]")
    @click.option("--backend", type=click.Choice(list(BACKENDS)), default="ray", show_default=True,
                  help="Train on Ray Tune's workers, or in this process.")
    @click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto",
                  show_default=True, help="What a worker trains on.")
    @wraps(command)
    def with_settings(
        settings: Callable[..., Settings], data: Path | None, workers: int | None, backend: str,
        device: str, **arguments: Any,
    ) -> None:
        count = {} if workers is None else {"workers": workers}
        made = partial(settings, data=data, backend=backend, device=device, **count)
        command(settings=made, **arguments)

    return with_settings


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="scyc-oracle", prog_name="oracle")
def main() -> None:
    """Greedy max_lr oracle for iterative pruning, and S-Cyc held against it.

    STUDY is a YAML file or the name of a study that ships; RUN is a run's id, or a study's name for
    its latest run.
    """


@main.command()
@click.argument("study")
@_options
@_run_options
@click.option("--quiet", is_flag=True, help="No progress, and no table at the end.")
def run(study: str, settings: Callable[..., Settings], quiet: bool) -> None:
    """Run a STUDY: the oracle's grid search over all pruning cycles, S-Cyc's own run, the table.

    What is finished is found and not trained again: after an interruption, run the same command.
    """
    from oracle import runs  # noqa: PLC0415  # torch and Optuna take seconds to import

    prepared = runs.prepare(load_study(study), settings())
    place = prepared.settings.place(prepared.study.name)
    with _shown(quiet) as progress:
        table = runs.execute(prepared, progress)
    target = place / f"{prepared.run_id}.html"
    target.write_text(report.page(table, prepared.study), encoding="utf-8")
    if quiet:
        return
    click.echo(tables.text(table, _width(), colour=sys.stdout.isatty()), nl=False)
    url = prepared.settings.url(prepared.study.name).render_as_string(hide_password=True)
    click.echo(f"\nreport     {target}\ndashboard  optuna-dashboard '{url}'")


@main.command()
@click.argument("study")
@_options
@_run_options
def check(study: str, settings: Callable[..., Settings]) -> None:
    """Validate a STUDY and say what it will cost, from a short timing; nothing is written."""
    from oracle import estimate, runs  # noqa: PLC0415

    prepared = runs.prepare(load_study(study), settings())
    click.echo(estimate.text(estimate.estimate(prepared)), nl=False)


@main.command()
@click.argument("run_name", metavar="RUN")
@_options
@click.option("--format", "form", type=click.Choice(list(tables.FORMATS)), default="text",
              show_default=True)
def table(run_name: str, settings: Callable[..., Settings], form: str) -> None:
    """Print a RUN's table, computed from its storage; also of a run that is not complete."""
    from oracle import runs  # noqa: PLC0415

    found = runs.stored_table(runs.locate(run_name, settings()))
    if form == "text":
        click.echo(tables.text(found, _width(), colour=sys.stdout.isatty()), nl=False)
    else:
        click.echo(tables.FORMATS[form](found), nl=False)


@main.command()
@click.argument("run_name", metavar="RUN")
@_options
@click.option("-o", "--output", type=click.Path(path_type=Path), default=None,
              help="A file ending in .html, .png or .svg.  [default: RUN.html]")
def plot(run_name: str, settings: Callable[..., Settings], output: Path | None) -> None:
    """Draw a RUN: regions, well-tuned values and S-Cyc; accuracy over max_lr."""
    from oracle import runs  # noqa: PLC0415

    found = runs.stored_table(runs.locate(run_name, settings()))
    if not found["cycles"]:
        raise click.ClickException("no cycle of this run is finished yet; nothing to draw")
    target = output or Path(f"{found['run_id']}.html")
    plots.save(plots.regions(found), target)
    click.echo(str(target))


@main.command(name="list")
@_options
def list_runs(settings: Callable[..., Settings]) -> None:
    """List the runs, and the studies that ship."""
    from oracle import runs  # noqa: PLC0415

    found = runs.find(settings())
    width = max([20, *(len(each.record.run_id) for each in found)])
    for each in found:
        state = "running" if each.live else each.record.state.replace("running", "stopped")
        click.echo(f"{each.record.run_id:<{width}}  {state:<10} {each.place}")
    if not found:
        click.echo("no runs yet")
    click.echo("\nstudies that ship: " + ", ".join(shipped_studies()))


@main.command()
@click.argument("number", type=click.Choice([str(number) for number in paper_tables.tables()]))
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text",
              show_default=True)
def paper(number: str, form: str) -> None:
    """Recompute S-Cyc's row of the paper's Table 3, 7 or 8, and judge it cell by cell."""
    judged = paper_tables.judge(int(number))
    if form == "json":
        click.echo(json.dumps(paper_tables.as_json(judged), indent=2))
    else:
        click.echo(paper_tables.text(judged), nl=False)


def _width() -> int:
    """Columns for a table: the terminal's, or enough where there is none."""
    return max(Console().width, 100) if sys.stdout.isatty() else 160


@contextmanager
def _shown(quiet: bool) -> Iterator[Progress]:
    """A progress bar on a terminal, a line a cycle elsewhere, nothing when quiet."""
    if quiet:
        yield Progress()
        return
    console = Console(stderr=True)
    bar = Bar(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("trainings"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    task = bar.add_task("cycle 0", total=None)

    def cycle(done: OracleCycle) -> None:
        remaining = next(iter(done.results.values()))[0].weights_remaining
        region = done.region
        found = (
            f"well-tuned {tables.rate(region.well_tuned)}, "
            f"region [{tables.rate(region.low)}, {tables.rate(region.high)}]"
            if region
            else "no winner"
        )
        console.print(f"cycle {done.cycle:>2}  {remaining:6.2f} % remaining  {found}", highlight=False)
        bar.update(task, description=f"cycle {done.cycle + 1}")

    def cells(done: int, total: int) -> None:
        bar.update(task, completed=done, total=total)

    with bar:
        yield Progress(cells=cells, cycle=cycle, say=lambda text: console.print(text))


def entry() -> None:
    """The ``oracle`` command: exit codes 0, 1 (failed), 2 (bad input), 130 (interrupted)."""
    warnings.filterwarnings("ignore", category=FutureWarning, module="ray")
    sys.path.insert(0, os.getcwd())  # where a study's own code lies
    try:
        code = main(standalone_mode=False)
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
    except _FAILURES as error:
        click.echo(f"{type(error).__name__}: {error}", err=True)
        code = FAILED
    sys.exit(code)


if __name__ == "__main__":
    entry()
