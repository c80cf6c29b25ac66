"""Progress displays of a run: a bar in a terminal, a bar in a notebook, or lines."""

from __future__ import annotations

import html
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

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

from oracle.host.terminal import printable
from oracle.settings import Progress


def shown_progress(enabled: bool) -> AbstractContextManager[Progress]:
    """Return the progress display that fits: a notebook's, a terminal's, or none.

    Args:
        enabled: Whether to show one.

    Returns:
        A context manager whose value receives the progress.
    """
    display = _notebook_display() if enabled else None
    return terminal_progress(not enabled) if display is None else notebook_progress(display)


@contextmanager
def terminal_progress(quiet: bool) -> Iterator[Progress]:
    """Show a progress bar on a terminal, a line a cycle elsewhere, nothing when quiet.

    Args:
        quiet: Whether to show nothing.

    Yields:
        What a run reports its progress to.
    """
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


@contextmanager
def notebook_progress(display: Any) -> Iterator[Progress]:
    """Show a bar below a notebook's cell, with the finished cycles below it.

    Args:
        display: ``IPython.display``; its ``display(HTML(...), display_id=True)`` is updated.

    Yields:
        What receives the progress.
    """
    lines: list[str] = []
    done, total = 0, 0

    def drawn() -> str:
        share = f'value="{done}" max="{total}"' if total else ""
        text = "\n".join(html.escape(printable(line)) for line in lines)
        count = f"{done} of {total} training runs"
        return f"<progress {share}></progress> {count}<pre>{text}</pre>"

    handle = display.display(display.HTML(drawn()), display_id=True)

    def say(text: str) -> None:
        lines.append(text)
        handle.update(display.HTML(drawn()))

    def cells(now: int, expected: int) -> None:
        nonlocal done, total
        done, total = now, expected
        handle.update(display.HTML(drawn()))

    yield Progress(cells=cells, line=say, say=say)


def _notebook_display() -> Any | None:
    """Return ``IPython.display`` inside a Jupyter kernel; None elsewhere."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None or type(shell).__name__ != "ZMQInteractiveShell":
        return None
    return sys.modules.get("IPython.display")
