"""Commands that ask a server: submit, status, watch, cancel, resume, fetch."""

# ruff: noqa: PLC0415

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from oracle.cli.client_options import client_options
from oracle.cli.option_names import from_request
from oracle.cli.options import FILE, scale_options, set_option
from oracle.cli.printing import INTERRUPTED, print_table, width
from oracle.errors import JobFailed, OracleError
from oracle.host.terminal import printable
from oracle.records.jobs import PRIORITIES, STATES
from oracle.settings import ScaleDown
from scyc.errors import BadInput, Problem

if TYPE_CHECKING:
    from oracle.client.client import Client
    from oracle.client.models import Job

_TABLES = ("text", "json", "csv", "markdown", "latex")
_FILES = {"html": ".html", "png": ".png", "svg": ".svg", "report": "-report.html"}
_FORMS = (*_TABLES, *_FILES, "study")


@click.command(short_help="Submit a STUDY to a server.")
@click.argument("study")
@client_options
@scale_options
@set_option
@click.option("--data", metavar="NAME", help="Name of one of the server's data folders.")
@click.option(
    "--priority", type=click.IntRange(PRIORITIES[0], PRIORITIES[-1]), default=0,
    show_default=True, help="Priority in the queue, higher first.",
)  # fmt: skip
@click.option("--wait", is_flag=True, help="Wait until the job ends, and print its table.")
@click.option("--quiet", is_flag=True, help="Print the job's id only.")
def submit(
    study: str,
    client: Client,
    smaller: ScaleDown,
    assignments: tuple[str, ...],
    data: str | None,
    priority: int,
    wait: bool,
    quiet: bool,
) -> None:
    """Submit a STUDY to a server: a YAML file, or the name of a built-in study.

    Submitting the same STUDY again returns the same job. Options such as --scale scale the study
    down; every output then says so.
    """
    from oracle.study.assignments import text_with

    text, source = text_with(study, assignments)
    try:
        job = client.submit(text, shrink=smaller, data=data, priority=priority)
    except BadInput as error:
        error = from_request(error, ("data", "priority"))
        raise BadInput(source, error.problems) from error
    if quiet:
        click.echo(job.id)
    else:
        click.echo(f"{job.id}  {job.state}", err=wait)
    if wait:
        _follow(client, job, quiet)
    elif not quiet:
        click.echo(f"watch  oracle watch {job.id}\npage   {client.server}/jobs/{job.id}")


@click.command(short_help="Show the progress of a JOB until it ends.")
@click.argument("job_name", metavar="JOB")
@client_options
@click.option("--quiet", is_flag=True, help="Print neither progress nor the table.")
def watch(job_name: str, client: Client, quiet: bool) -> None:
    """Show the progress of a JOB until it ends, and print its table.

    JOB is a job's id, or a study's name for its latest job. Ctrl-C does not
    stop the job.
    """
    _follow(client, _find_job(client, job_name), quiet)


@click.command()
@click.argument("job_name", metavar="[JOB]", required=False)
@client_options
@click.option(
    "--state", "states", type=click.Choice(STATES), multiple=True,
    help="Only jobs in this state; repeatable.",
)  # fmt: skip
@click.option("--study", help="Only jobs of this study.")
@click.option("--owner", help="Only jobs submitted with the token of this name.")
@click.option(
    "--limit",
    type=click.IntRange(1, 200),
    default=20,
    show_default=True,
    help="Maximum number of jobs, newest first.",
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
def status(
    job_name: str | None,
    client: Client,
    states: tuple[Any, ...],
    study: str | None,
    owner: str | None,
    limit: int,
    form: str,
) -> None:
    """List the jobs of a server, or show one JOB.

    JOB is a job's id, or a study's name for its latest job.
    """
    from oracle.client import job_text

    if job_name is not None:
        if states or study or owner:
            raise click.UsageError("--state, --study and --owner filter the list; leave out JOB")
        job = _find_job(client, job_name)
        if form == "json":
            click.echo(_json(asdict(job)))
        else:
            click.echo(printable(job_text.one(job)), nl=False)
        return
    page = client.jobs(states=states, study=study, owner=owner, limit=limit)
    if form == "json":
        click.echo(_json([asdict(job) for job in page.items]))
    else:
        click.echo(printable(job_text.several(page)), nl=False)


@click.command()
@click.argument("job_name", metavar="JOB")
@client_options
def cancel(job_name: str, client: Client) -> None:
    """Cancel a queued or running JOB. Finished training runs are kept; see `oracle resume`."""
    job = client.cancel(_find_job(client, job_name).id)
    click.echo(f"{job.id}  {job.state}")


@click.command()
@click.argument("job_name", metavar="JOB")
@client_options
def resume(job_name: str, client: Client) -> None:
    """Queue a cancelled or failed JOB again. Finished training runs are reused."""
    job = client.resume(_find_job(client, job_name).id)
    click.echo(f"{job.id}  {job.state}")


@click.command(
    short_help="Set the priority of a queued JOB.",
    context_settings={"ignore_unknown_options": True},  # a number below 0 is none
)
@click.argument("job_name", metavar="JOB")
@click.argument("number", metavar="N", type=click.IntRange(PRIORITIES[0], PRIORITIES[-1]))
@client_options
def priority(job_name: str, number: int, client: Client) -> None:
    """Set the priority of a queued JOB to N, -100 to 100; higher first."""
    job = client.reprioritise(_find_job(client, job_name).id, number)
    click.echo(f"{job.id}  {job.state}  priority {job.priority}")


@click.command(short_help="Download the table, figure or report of a RUN.")
@click.argument("run_name", metavar="RUN")
@client_options
@click.option("--format", "form", type=click.Choice(_FORMS), default="text", show_default=True)
@click.option(
    "--distributions", "which", metavar="NAME",
    help="Recorded distributions: `oracle`, `s_cyc`, or the label of a schedule.",
)  # fmt: skip
@click.option(
    "-o", "--output", type=FILE,
    help="Output file; - is stdout.  [default: RUN.html for a figure or a report, else -]",
)  # fmt: skip
def fetch(run_name: str, client: Client, form: str, which: str | None, output: Path | None) -> None:
    """Download the table, figure, report or study of a RUN from a server, even while it runs.

    RUN is a run's id, a job's id, or a study's name for its latest run as written. Formats html,
    png and svg are the figure.
    """
    columns = min(width(), 500) if output is None else 160
    try:
        content = client.fetch(run_name, form, width=columns, distributions=which)
    except BadInput as error:
        raise from_request(error, ("run", "distributions")) from error
    except OracleError as error:
        raise _named(error, "RUN", run_name) from error
    if output is None and form in _FILES:
        output = Path(f"{client.run(run_name).id}{_FILES[form]}")
    if output is None or str(output) == "-":
        sys.stdout.flush()
        if sys.stdout.isatty():
            content = printable(content.decode("utf-8", "replace")).encode()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    try:
        output.write_bytes(content)
    except OSError as error:
        rule = f"cannot be written: {error.strerror}"
        raise BadInput("fetch", [Problem("--output", rule, str(output))]) from error
    click.echo(str(output))


COMMANDS = (submit, status, watch, cancel, resume, priority, fetch)


def _follow(client: Client, job: Job, quiet: bool) -> None:
    """Watch a job to its end, and print its table. Raises JobFailed, BadInput."""
    from oracle.api.progress import terminal_progress

    try:
        with terminal_progress(quiet) as progress:
            ended = client.wait(job.id, progress)
    except KeyboardInterrupt:
        click.echo(
            f"\n{job.id} continues on the server\n"
            f"watch  oracle watch {job.id}\nend    oracle cancel {job.id}",
            err=True,
        )
        raise click.exceptions.Exit(INTERRUPTED) from None
    if ended.errors:
        raise BadInput(ended.id, ended.errors)
    if ended.state != "done":
        why = f": {ended.message}" if ended.message else ""
        raise JobFailed(f"{ended.id} {_ENDS[ended.state]}{why}; see `oracle resume {ended.id}`")
    if quiet:
        return
    assert ended.run is not None
    text = client.fetch(ended.run, "text", width=min(width(), 500)).decode("utf-8", "replace")
    print_table(printable(text))
    page = f"{client.server}/jobs/{ended.id}"
    click.echo(f"\npage       {page}\nreport     oracle fetch {ended.run} --format report")


_ENDS = {"failed": "failed", "cancelled": "was cancelled"}


def _find_job(client: Client, name: str) -> Job:
    """Find the job with this id, or the latest one of the study so named. Raises BadInput."""
    try:
        return client.job(name)
    except OracleError as error:
        latest = client.jobs(study=name, limit=1).items if _missing(error) else ()
        if latest:
            return latest[0]
        raise _named(error, "JOB", name) from error


def _named(error: OracleError, what: str, name: str) -> Exception:
    """Turn a name that the server does not know into wrong input, as it is without a server."""
    if not _missing(error):
        return error
    return BadInput(what.lower(), [Problem(what, str(error), name)])


def _missing(error: OracleError) -> bool:
    return getattr(error, "status", None) == 404


def _json(content: Any) -> str:
    return json.dumps(content, indent=2, default=str)
