"""Commands for those who run a server: serve, token, migrate."""

# ruff: noqa: PLC0415

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from oracle.cli.options import Finite, storage_options, worker_options
from oracle.records.tokens import SCOPES, Scope, Token, name_rule
from oracle.service.limit_names import LIMITS, read_limits
from oracle.settings import Settings
from scyc.errors import BadInput, Problem

if TYPE_CHECKING:
    from oracle.database import URL, Tokens


@click.command(short_help="Start a server: web pages, REST API, dashboard.")
@storage_options
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True,
    help="Port to listen on; 0 is any that is free.",
)  # fmt: skip
@click.option(
    "--ray-address",
    envvar="RAY_ADDRESS",
    help="Address of the Ray cluster.  [default: starts a local one]",
)
@worker_options("Number of worker processes per job.", "in each job's own process")
@click.option(
    "--running", type=click.IntRange(1, 1000), default=1, show_default=True,
    help="Number of jobs that run at the same time.",
)  # fmt: skip
@click.option(
    "--data", multiple=True, metavar="NAME=FOLDER",
    help="Folder of images that jobs may refer to by NAME; repeatable.",
)  # fmt: skip
@click.option(
    "--allow", multiple=True, metavar="NAME=module:factory",
    help="Network or data set code that studies may refer to by NAME; repeatable.",
)  # fmt: skip
@click.option("--require-tokens", is_flag=True, help="Require tokens on a loopback host, too.")
@click.option(
    "--allowed-host", "allowed_hosts", multiple=True, metavar="HOST",
    help="Additional host name under which the server is reached; repeatable.",
)  # fmt: skip
@click.option(
    "--rate", type=Finite(0, min_open=True), default=50.0, show_default=True,
    help="Maximum requests per second and client.",
)  # fmt: skip
@click.option(
    "--limit", multiple=True, metavar="NAME=NUMBER",
    help="Another limit of the server; repeatable.  [default: "
    + ", ".join(f"{name}={each.default}" for name, each in LIMITS.items())
    + "]",
)  # fmt: skip
@click.option(
    "--dashboard-writes", is_flag=True, help="Allow admins to write in the Optuna dashboard."
)
@click.option(
    "--behind-tls", is_flag=True,
    help="The server is behind TLS: set the Secure flag of the session cookie.",
)  # fmt: skip
def serve(
    settings: Settings,
    data: Sequence[str],
    allow: Sequence[str],
    limit: Sequence[str],
    **options: Any,
) -> None:
    """Start a server: web pages, REST API, Optuna dashboard, and a queue of jobs.

    A host other than loopback requires tokens (`oracle token create`). Ctrl-C stops the server;
    running jobs continue when it is started again.
    """
    named = _pairs({"--data": data, "--allow": allow, "--limit": limit})
    limits = read_limits(named["--limit"])
    from oracle.web import server

    chosen = server.ServeOptions(
        data=named["--data"], allow=named["--allow"], limits=limits, **options
    )
    server.serve(settings, chosen)


@click.group(short_help="Manage the access tokens of a server.")
def token() -> None:
    """Create, list and revoke the access tokens of a server, in its database."""


@token.command()
@click.argument("name")
@storage_options
@click.option("--scope", type=click.Choice(SCOPES), required=True, help="Scope of the token.")
def create(name: str, settings: Settings, scope: Scope) -> None:
    """Create a token for NAME and print it, only once.

    read allows reading everything; submit also submits jobs and cancels and resumes its own; admin
    does so with all jobs.
    """
    if rule := name_rule(name):  # before a database is made
        raise BadInput("token", [Problem("name", rule, name)])
    with _tokens(settings) as tokens:
        secret = tokens.create(name, scope)
    click.echo(secret)
    click.echo("the token is not shown again: store it in ORACLE_TOKEN or in a file", err=True)


@token.command(name="list")
@storage_options
def list_tokens(settings: Settings) -> None:
    """List the tokens, without their secrets."""
    known: list[Token] = []
    if _there(settings):
        with _tokens(settings) as tokens:
            known = tokens.list()
    width = max([12, *(len(each.name) for each in known)])
    for each in known:
        click.echo(f"{each.name:<{width}}  {each.scope:<6}  {each.created:%Y-%m-%d %H:%M} UTC")
    if not known:
        click.echo("no tokens; create one: oracle token create NAME --scope submit")


@token.command()
@click.argument("name")
@storage_options
def revoke(name: str, settings: Settings) -> None:
    """Revoke the token of NAME and end its sessions. Its jobs are kept."""
    if not _there(settings):
        raise BadInput("token", [Problem("name", "there are no tokens here", name)])
    with _tokens(settings) as tokens:
        tokens.revoke(name)
    click.echo(f"{name} is revoked")


@click.command(short_help="Bring a database to this version's schema.")
@storage_options
def migrate(settings: Settings) -> None:
    """Bring a database to this version's schema, and move databases of earlier versions into it.

    Every command that opens a database brings it to this version's schema, too. Earlier versions
    gave each study its own database, which is read in place until it is moved.
    """
    from oracle import database
    from oracle.inventory import moving
    from oracle.storage.result_store import ResultStore

    moving.move(settings, click.echo)
    url = _database(settings)
    before, after = database.migrate(url)
    ResultStore(url).close()  # makes Optuna's tables where there are none
    shown = url.render_as_string(hide_password=True)
    how = f"schema {after}" if before == after else f"schema {before or 'none'} -> {after}"
    click.echo(f"{shown}  {how}")


COMMANDS = (serve, token, migrate)


@contextlib.contextmanager
def _tokens(settings: Settings) -> Iterator[Tokens]:
    """Open the tokens of a server's database. Raises BadInput."""
    from oracle.database import RunDatabase

    opened = RunDatabase(_database(settings))
    try:
        yield opened.tokens()
    finally:
        opened.close()


def _there(settings: Settings) -> bool:
    """Whether a server's database is there, which nobody makes by asking. Raises BadInput."""
    from oracle import database
    from oracle.storage import session

    url = session.home_url(settings)
    if problems := database.probe(url):
        raise BadInput("storage", problems)
    return url.get_backend_name() != "sqlite" or Path(str(url.database)).exists()


def _database(settings: Settings) -> URL:
    """Return the URL of a server's database, in a folder that is there. Raises BadInput."""
    from oracle import database
    from oracle.storage import session

    url = session.home_url(settings)
    if problems := database.probe(url):
        raise BadInput("storage", problems)
    session.make_place(url)
    return url


def _pairs(given: dict[str, Sequence[str]]) -> dict[str, dict[str, str]]:
    """Split options at NAME=, by option and name. Raises BadInput with all problems."""
    problems: list[Problem] = []
    pairs: dict[str, dict[str, str]] = {}
    for option, values in given.items():
        named = pairs[option] = {}
        for value in values:
            name, equals, rest = value.partition("=")
            if not (name and equals and rest):
                problems.append(Problem(option, "must have the form NAME=VALUE", value))
            elif name in named:
                problems.append(Problem(option, f"names {name} twice; leave one out", value))
            named[name] = rest
    if problems:
        raise BadInput("serve", problems)
    return pairs
