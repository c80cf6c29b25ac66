"""What the parts of the images allow a table to say: their sizes, classes, and largest class."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from typing_extensions import TypedDict

from oracle.search.graph import CellResult
from oracle.search.grid_search import OracleCycle
from oracle.stats import majority

Part = Literal["validation", "test"]


class PartSplit(TypedDict):
    """One part of the images that the results of a table are of."""

    images: int
    """Of a replicate."""
    majority: float
    """Percent; accuracy of always naming the largest class, mean over replicates."""
    missing: int
    """Classes without an image, the most of any replicate."""


# By the part's name: train, validation, test.
Split = dict[str, PartSplit]


def split(results: Iterable[CellResult]) -> Split | None:
    """Sizes and classes of the parts that these results were trained and judged on.

    Of each part ``images``, the number of a replicate; ``majority``, the accuracy in percent of
    always naming the largest class, the mean over replicates; ``missing``, classes without an
    image, the most of any replicate. None where a result was stored without them.
    """
    every = [result.split for result in results]
    known = [each for each in every if each is not None]
    if not known or len(known) < len(every):
        return None
    return {
        part: {
            "images": known[0][part]["images"],
            "majority": statistics.fmean(_majority(each[part]) for each in known),
            "missing": max(each[part]["missing"] for each in known),
        }
        for part in known[0]
    }


def validation_images(cycle: OracleCycle) -> int | None:
    """How many images the validation part has; None where results were stored without that."""
    some = next(iter(cycle.results.values()))[0]
    return some.split["validation"]["images"] if some.split else None


def at_chance(rows: Sequence[Sequence[CellResult]], part: Part) -> bool | None:
    """Whether none of some networks is better than always naming the largest class.

    rows: the replicates of each. The best of them counts, of validation accuracies the best of all
    their looks; diverged ones have accuracy 0. None where a result was stored without its split.
    """
    if not rows or any(result.split is None for row in rows for result in row):
        return None
    looks = max(len(result.curve) for row in rows for result in row)
    tries = len(rows) * (looks if part == "validation" else 1)
    return all(_row_at_chance(row, part, tries) for row in rows)


def _row_at_chance(row: Sequence[CellResult], part: Part, tries: int) -> bool:
    parts = [result.split[part] for result in row if result.split is not None]
    name = "val_accuracy" if part == "validation" else "test_accuracy"
    return majority.at_chance(
        statistics.fmean(getattr(result, name) for result in row),
        statistics.fmean(_majority(each) for each in parts),
        sum(each["images"] for each in parts),
        tries,
    )


def _majority(part: Mapping[str, int]) -> float:
    return 100 * part["largest"] / part["images"]
