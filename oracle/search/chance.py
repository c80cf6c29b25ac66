"""Whether trained networks are above chance: one that always names the largest class."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Literal

from oracle.search.graph import CellResult
from oracle.stats import majority

Part = Literal["validation", "test"]


def at_chance(rows: Sequence[Sequence[CellResult]], part: Part) -> bool | None:
    """Return whether none of some networks is better than always naming the largest class.

    Args:
        rows: The replicates of each network. The best of them counts, of validation accuracies the
            best of all their evaluations; diverged ones have accuracy 0.
        part: The images that the accuracies are of.

    Returns:
        None where a result was stored without its split.
    """
    if not rows or any(result.split is None for row in rows for result in row):
        return None
    evaluations = max(len(result.curve) for row in rows for result in row)
    tries = len(rows) * (evaluations if part == "validation" else 1)
    return all(_row_at_chance(row, part, tries) for row in rows)


def largest_class(part: Mapping[str, int]) -> float:
    """Return the accuracy, in percent, of always naming the largest class of a stored part.

    Args:
        part: Counts of the stored part: `largest` and `images`.

    Returns:
        Percent.
    """
    return 100 * part["largest"] / part["images"]


def _row_at_chance(row: Sequence[CellResult], part: Part, tries: int) -> bool:
    parts = [result.split[part] for result in row if result.split is not None]
    name = "val_accuracy" if part == "validation" else "test_accuracy"
    return majority.at_chance(
        statistics.fmean(getattr(result, name) for result in row),
        statistics.fmean(largest_class(each) for each in parts),
        sum(each["images"] for each in parts),
        tries,
    )
