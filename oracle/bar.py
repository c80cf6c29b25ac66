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

from oracle.greedy import OracleCycle
from oracle.settings import Progress
from oracle.tables import rate


@contextmanager
def shown(quiet: bool) -> Iterator[Progress]:
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
    remaining = next(iter(done.results.values()))[0].weights_remaining
    start = f"cycle {done.cycle:>2}  {remaining:6.2f} % remaining  "
    if done.region is None:
        return start + "no winner: every max_lr diverged"
    found = done.region
    return start + (
        f"well-tuned {rate(found.well_tuned):<8} region [{rate(found.low)}, {rate(found.high)}]"
    )
