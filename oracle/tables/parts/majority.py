"""What the parts of the images allow a table to say: their sizes, classes, and largest class."""

from __future__ import annotations

import statistics
from collections.abc import Iterable

from typing_extensions import TypedDict

from oracle.search.chance import largest_class
from oracle.search.graph import CellResult
from oracle.search.grid_search import OracleCycle


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
    """Return sizes and classes of the parts that these results were trained and judged on.

    Args:
        results: Results of training runs.

    Returns:
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
            "majority": statistics.fmean(largest_class(each[part]) for each in known),
            "missing": max(each[part]["missing"] for each in known),
        }
        for part in known[0]
    }


def validation_images(cycle: OracleCycle) -> int | None:
    """Return how many images the validation part has; None where results were stored without that.

    Args:
        cycle: The finished cycle.

    Returns:
        Images.
    """
    some = next(iter(cycle.results.values()))[0]
    return some.split["validation"]["images"] if some.split else None
