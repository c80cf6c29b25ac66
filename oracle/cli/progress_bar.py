"""What a run shows on the terminal while it is under way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

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

from oracle.cli.printing import printable
from oracle.settings import Progress


@contextmanager
def shown(quiet: bool) -> Iterator[Progress]:
    """A progress bar on a terminal, a line a cycle elsewhere, nothing when quiet."""
    if quiet:
        yield Progress()
        return
    console = Console(stderr=True, emoji=False)  # a label may hold ":100:"
    bar = Bar(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("training runs"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(elapsed_when_finished=False),
        console=console,
        disable=not console.is_terminal,
    )
    task = bar.add_task("starting", total=None)

    def line(text: str) -> None:
        console.print(printable(text), highlight=False, markup=False)
        bar.update(task, description="training")

    def cells(done: int, total: int) -> None:
        bar.update(task, completed=done, total=total)

    def say(text: str) -> None:
        console.print(printable(text), markup=False)

    with bar:
        yield Progress(cells=cells, line=line, say=say)
