"""A printed table: what every kind of study gives, and every format shows."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Self

from oracle.study.aliases import shown_reductions
from oracle.tables.base import TableHeader, TrainingCost

Tone = Literal["inside", "outside", "undecided", "unknown", "best"]
SECOND_ROW = "Row 2: "  # how the note on the second rows begins
_MOST_FOOTNOTES = 5


class Cell(str):
    """A cell's text, and the tone that colours it in a terminal and on a page."""

    __slots__ = ("tone",)
    tone: Tone | None

    def __new__(cls, text: str, tone: Tone | None = None) -> Self:
        """Make a cell; without a tone it is shown as plain text."""
        cell = super().__new__(cls, text)
        cell.tone = tone
        return cell


def tone(cell: str) -> Tone | None:
    """Return a cell's tone; None of plain text, whatever its words are.

    Args:
        cell: What is printed, a :class:`Cell` or plain text.

    Returns:
        The tone by which it is coloured.
    """
    return cell.tone if isinstance(cell, Cell) else None


@dataclass(frozen=True)
class CostRow:
    """What one part of a run cost."""

    name: str
    trainings: int
    steps: int
    seconds: float  # of worker time


@dataclass(frozen=True)
class ReportTable:
    """A table for people, and the same numbers flat for spreadsheets."""

    title: str
    run_id: str
    headers: Sequence[str]  # a line break in a head is a line break in the print
    rows: Sequence[Sequence[str]]
    verdict: str
    notes: Sequence[str]  # what a reader must know to understand the table
    costs: Sequence[CostRow]
    flat: Sequence[Mapping[str, object]]
    flat_heads: Sequence[str]
    left: frozenset[int] = field(default_factory=frozenset)  # columns of words
    series: str = ""  # what its flat rows are of, where they stand among those of other tables
    cost_notes: Sequence[str] = ()  # sentences below the costs
    subtables: Sequence[ReportTable] = ()  # tables that stand below this one


def format_lr(value: float | None) -> str:
    """Format a learning rate in four digits.

    Args:
        value: The learning rate; None where there is none.

    Returns:
        Such as "0.0312"; "-" for None.
    """
    return "-" if value is None else f"{value:.4g}"


def format_mean_std(
    values: Sequence[float | None] | None, mean: str = ".2f", spread: str = ".2f"
) -> str:
    """Return mean ± standard deviation over replicates; ``-`` where one has no value.

    Args:
        values: One a replicate; None where it diverged.
        mean: Format of the mean; hundredths of a percent of accuracies if left out.
        spread: Format of the standard deviation.

    Returns:
        Such as "91.20 ± 0.35"; the mean alone of one replicate.
    """
    known = all_there(values)
    if not known:
        return "-"
    deviation = f" ± {statistics.stdev(known):{spread}}" if len(known) > 1 else ""
    return f"{statistics.fmean(known):{mean}}{deviation}"


def flat_spread(name: str, values: Sequence[float | None] | None) -> dict[str, float | None]:
    """Return mean and standard deviation over replicates, for a spreadsheet.

    Args:
        name: What the columns' names begin with.
        values: One a replicate; nothing is given where one has no value.

    Returns:
        Two values by column; None where there is none.
    """
    known = all_there(values)
    return {
        f"{name}_mean": statistics.fmean(known) if known else None,
        f"{name}_std": statistics.stdev(known) if len(known) > 1 else None,
    }


def all_there(values: Sequence[float | None] | None) -> list[float]:
    """Return the values; none where one is missing, such as that of a diverged replicate.

    Args:
        values: One a replicate; None where it diverged.

    Returns:
        All values, or [].
    """
    known = [value for value in values or () if value is not None]
    return known if len(known) == len(values or ()) else []


def footnotes(sentences: Sequence[str]) -> list[str]:
    """Join sentences to at most five lines, the shortest neighbours first.

    Args:
        sentences: In order. How to read the second rows stands by itself: narrow tables have none.

    Returns:
        The lines.
    """
    lines = list(sentences)
    while len(lines) > _MOST_FOOTNOTES:
        pairs = [
            (len(one) + len(other), i)
            for i, (one, other) in enumerate(itertools.pairwise(lines))
            if not one.startswith(SECOND_ROW) and not other.startswith(SECOND_ROW)
        ]
        _, first = min(pairs)
        lines[first : first + 2] = [f"{lines[first]} {lines[first + 1]}"]
    return lines


def shrunk_lines(table: TableHeader) -> list[str]:
    """Say what every output says first: what the storage lacks, and what was shrunk.

    Args:
        table: Of the run.

    Returns:
        Sentences; [] of a whole study whose training runs are all there.
    """
    lines = []
    if missing := table.get("missing"):
        lines.append(
            f"Training runs of {', '.join(missing)} are missing from the storage, perhaps deleted. "
            "Run the study again to train them."
        )
    if table["shrunk"]:
        changes = "; ".join(shown_reductions(table["shrunk"]))
        lines.append(f"Scaled down: {changes}.")
    return lines


def cost_rows(costs: Mapping[str, TrainingCost]) -> list[CostRow]:
    """Return a row for each part of a run.

    Args:
        costs: What each part cost, by its printed name.

    Returns:
        Rows in the same order.
    """
    return [
        CostRow(name, cost["trainings"], cost["steps"], cost["seconds"])
        for name, cost in costs.items()
    ]


def cost_lines(printed: ReportTable) -> list[str]:
    """Return a table's costs as aligned lines of text, and the sentences below them.

    Args:
        printed: The printed table.

    Returns:
        Lines without an end.
    """
    return [*aligned_costs(printed), *printed.cost_notes]


def aligned_costs(printed: ReportTable) -> list[str]:
    """Return a table's costs as aligned lines of text.

    Args:
        printed: The printed table.

    Returns:
        A line for each row of the costs, without an end.
    """
    width = max([6, *(len(row.name) for row in printed.costs)])
    return [
        f"{row.name:<{width}} {row.trainings:>7,} training runs {row.steps:>12,} steps "
        f"{row.seconds:>10,.1f} s of worker time"
        for row in printed.costs
    ]
