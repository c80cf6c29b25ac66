"""What commands print with, and the codes that they exit with."""

from __future__ import annotations

import sys

import click

FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130
_UNNAMED_WIDTH = 160  # columns where no terminal says how wide it is


def print_table(text: str) -> None:
    """Print text that may hold colour codes, as it is.

    Args:
        text: With its line ends.
    """
    click.echo(text, nl=False, color=sys.stdout.isatty())


def width() -> int:
    """Return the width of a table in text: the terminal's, and at least 100.

    Returns:
        Columns.
    """
    if not sys.stdout.isatty():
        return _UNNAMED_WIDTH
    from rich.console import Console  # noqa: PLC0415  # where a table is printed

    return max(Console().width, 100)


def note(text: str) -> None:
    """Print a remark on standard error, apart from a command's output.

    Args:
        text: One line.
    """
    click.echo(text, err=True)
