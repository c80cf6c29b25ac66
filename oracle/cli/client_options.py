"""Options of commands that ask a server; a command gets them as one Client."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from oracle.cli.options import FILE
from scyc.errors import BadInput, Problem

_HERE = ("folder", "storage", "storage_file", "store")  # where runs are on this machine
_token_option = click.option(
    "--token-file", type=FILE, envvar="ORACLE_TOKEN_FILE",
    help="File that holds the access token.  [default: environment variable ORACLE_TOKEN]",
)  # fmt: skip


def client_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that name the server; the command gets `client`.

    Args:
        command: To decorate.

    Returns:
        The command with the options.
    """

    @click.option(
        "--server", envvar="ORACLE_SERVER", default="http://127.0.0.1:8000", show_default=True,
        help="Address of the server (environment variable ORACLE_SERVER).",
    )  # fmt: skip
    @_token_option
    @functools.wraps(command)
    def with_client(server: str, token_file: Path | None, **arguments: Any) -> None:
        from oracle.client.client import Client  # noqa: PLC0415  # httpx, if a server is used

        with Client(server, _token(token_file)) as client:
            command(client=client, **arguments)

    return with_client


def server_option(command: Callable[..., None]) -> Callable[..., None]:
    """Add the option to use a server instead of this machine; the command gets `client` or None.

    Args:
        command: To decorate, which has the storage options, too.

    Returns:
        The command with the options.
    """

    @click.option(
        "--server", metavar="URL",
        help="Ask this server about its runs, not those of this machine.",
    )  # fmt: skip
    @_token_option
    @functools.wraps(command)
    def with_client(server: str | None, token_file: Path | None, **arguments: Any) -> None:
        if server is None:
            command(client=None, **arguments)
            return
        source = click.get_current_context().get_parameter_source
        if any(source(each) is ParameterSource.COMMANDLINE for each in _HERE):
            raise click.UsageError(
                "--server names a server's runs, and --runs, --storage, --storage-file or --store "
                "those of this machine; leave out one"
            )
        from oracle.client.client import Client  # noqa: PLC0415  # as above

        with Client(server, _token(token_file)) as client:
            command(client=client, **arguments)

    return with_client


def _token(file: Path | None) -> str | None:
    """Read the token of a file, or that of the environment. Raises BadInput."""
    if file is None:
        return os.environ.get("ORACLE_TOKEN") or None
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError as error:
        rule = f"cannot be read: {error.strerror}"
    except UnicodeDecodeError:
        rule = "is not text"
    raise BadInput("token", [Problem("--token-file", rule, str(file))])
