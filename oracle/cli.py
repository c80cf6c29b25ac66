"""The command line: a thin shell over :mod:`oracle.runs`. Heavy imports wait for their command."""

# ruff: noqa: PLC0415

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

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

from oracle.failures import RunFailed
from oracle.settings import BACKEND_NAMES, DEVICE_NAMES, Progress, Settings
from scyc.problems import BadInput

if TYPE_CHECKING:
    from oracle.greedy import OracleCycle

FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130
_FORMATS = ("text", "json", "csv", "markdown", "latex")
_PATH = click.Path(path_type=Path)
_UNNAMED_WIDTH = 160  # columns where no terminal says how wide it is


def _where(command: Callable[..., None]) -> Callable[..., None]:
    """Options that say where runs are; the command gets them as `settings`."""

    @click.option(
        "--runs", "folder", type=_PATH, default=Path("runs"), envvar="ORACLE_RUNS",
        show_default=True, help="Folder of all runs.",
    )  # fmt: skip
    @click.option(
        "--storage", envvar="ORACLE_STORAGE", default=None,
        help="Database URL, SQLite or PostgreSQL.  [default: a SQLite file in the study's folder]",
    )  # fmt: skip
    @functools.wraps(command)
    def with_settings(folder: Path, storage: str | None, **arguments: Any) -> None:
        command(settings=Settings(folder=folder, storage=storage), **arguments)

    return with_settings


def _on_what(command: Callable[..., None]) -> Callable[..., None]:
    """Options that say on what a study is run; they go into `settings` too."""

    @click.option("--data", type=_PATH, help="Folder of the images, instead of the study's own.")
    @click.option(
        "--workers", type=click.IntRange(1, 4096),
        help="Processes that train.  [default: one a CPU core]",
    )  # fmt: skip
    @click.option(
        "--backend", type=click.Choice(BACKEND_NAMES), default="ray", show_default=True,
        help="Train on Ray Tune's workers, or in this process.",
    )  # fmt: skip
    @click.option(
        "--device", type=click.Choice(DEVICE_NAMES), default="auto", show_default=True,
        help="What a worker trains on.",
    )  # fmt: skip
    @functools.wraps(command)
    def with_settings(
        settings: Settings,
        data: Path | None,
        workers: int | None,
        backend: str,
        device: str,
        **arguments: Any,
    ) -> None:
        settings = replace(settings, data=data, backend=backend, device=device)
        if workers is not None:
            settings = replace(settings, workers=workers)
        command(settings=settings, **arguments)

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
@_where
@_on_what
@click.option("--quiet", is_flag=True, help="No progress, and no table at the end.")
def run(study: str, settings: Settings, quiet: bool) -> None:
    """Run a STUDY: the oracle's grid search over all pruning cycles, S-Cyc's own run, the table.

    What is finished is found and not trained again: after an interruption, run the same command.
    """
    from oracle import report, runs, tables
    from oracle.studyfile import load_study

    prepared = runs.prepare(load_study(study), settings)
    with _shown(quiet) as progress:
        table = runs.execute(prepared, progress)
    target = settings.place(prepared.study.name) / f"{prepared.run_id}.html"
    target.write_text(report.page(table, prepared.study), encoding="utf-8")
    if quiet:
        return
    _print_table(tables.text(table, _width(), colour=sys.stdout.isatty()))
    url = runs.database(settings, prepared.study.name).render_as_string(hide_password=True)
    click.echo(f"\nreport     {target}\ndashboard  optuna-dashboard '{url}'")


@main.command()
@click.argument("study")
@_where
@_on_what
def check(study: str, settings: Settings) -> None:
    """Validate a STUDY and say what it will cost, from a short timing; nothing is written."""
    from oracle import estimate, runs
    from oracle.studyfile import load_study

    prepared = runs.prepare(load_study(study), settings)
    click.echo(estimate.text(estimate.estimate(prepared)), nl=False)


@main.command()
@click.argument("run_name", metavar="RUN")
@_where
@click.option("--format", "form", type=click.Choice(_FORMATS), default="text", show_default=True)
def table(run_name: str, settings: Settings, form: str) -> None:
    """Print a RUN's table, computed from its storage; also of a run that is not complete."""
    from oracle import runs, tables

    found = runs.stored_table(runs.locate(run_name, settings))
    if form == "text":
        _print_table(tables.text(found, _width(), colour=sys.stdout.isatty()))
    else:
        click.echo(tables.FORMATS[form](found), nl=False)


@main.command()
@click.argument("run_name", metavar="RUN")
@_where
@click.option(
    "-o", "--output", type=_PATH,
    help="A file ending in .html, .png or .svg.  [default: RUN's id, .html]",
)  # fmt: skip
def plot(run_name: str, settings: Settings, output: Path | None) -> None:
    """Draw a RUN: regions, well-tuned values and S-Cyc; accuracy over max_lr."""
    from oracle import plots, runs

    found = runs.stored_table(runs.locate(run_name, settings))
    if not found["cycles"]:
        raise click.ClickException("no cycle of this run is finished yet; nothing to draw")
    target = output or Path(f"{found['run_id']}.html")
    plots.save(plots.regions(found), target)
    click.echo(str(target))


@main.command(name="list")
@_where
def list_runs(settings: Settings) -> None:
    """List the runs, and the studies that ship."""
    from oracle import runs
    from oracle.studyfile import shipped_studies

    found = runs.find(settings)
    width = max([20, *(len(each.record.run_id) for each in found)])
    for each in found:
        click.echo(f"{each.record.run_id:<{width}}  {each.state:<10} {each.place}")
    if not found:
        click.echo("no runs yet")
    click.echo("\nstudies that ship: " + ", ".join(shipped_studies()))


@main.command()
@click.argument("number", type=click.Choice(["3", "7", "8"]))
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
def paper(number: str, form: str) -> None:
    """Recompute S-Cyc's row of the paper's Table 3, 7 or 8, and judge it cell by cell."""
    from oracle import paper as printed

    judged = printed.judge(int(number))
    if form == "json":
        click.echo(json.dumps(printed.as_json(judged), indent=2))
    else:
        click.echo(printed.text(judged), nl=False)


def _print_table(text: str) -> None:
    """Print text that may hold colour codes, as it is."""
    click.echo(text, nl=False, color=sys.stdout.isatty())


def _width() -> int:
    return max(Console().width, 100) if sys.stdout.isatty() else _UNNAMED_WIDTH


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
        TimeRemainingColumn(elapsed_when_finished=False),
        console=console,
        disable=not console.is_terminal,
    )
    task = bar.add_task("starting", total=None)

    def cycle(done: OracleCycle) -> None:
        console.print(_cycle_line(done), highlight=False, markup=False)
        bar.update(task, description=f"cycle {done.cycle + 1}")

    def cells(done: int, total: int) -> None:
        bar.update(task, completed=done, total=total)

    with bar:
        yield Progress(cells=cells, cycle=cycle, say=lambda text: console.print(text, markup=False))


def _cycle_line(done: OracleCycle) -> str:
    from oracle.tables import rate

    remaining = next(iter(done.results.values()))[0].weights_remaining
    start = f"cycle {done.cycle:>2}  {remaining:6.2f} % remaining  "
    if done.region is None:
        return start + "no winner: every max_lr diverged"
    found = done.region
    return start + (
        f"well-tuned {rate(found.well_tuned):<8} region [{rate(found.low)}, {rate(found.high)}]"
    )


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
    except RunFailed as error:
        click.echo(f"{type(error).__name__}: {error}", err=True)
        code = FAILED
    sys.exit(code)


if __name__ == "__main__":
    entry()
