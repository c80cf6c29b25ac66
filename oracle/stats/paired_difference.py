"""Paired differences between two runs over the same replicates."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from typing_extensions import TypedDict

from oracle.stats.region import ROUNDING

LEVEL = 0.05  # of the two-sided paired t-test below which a difference is significant


class DifferenceJson(TypedDict):
    """A :class:`Difference` as JSON values."""

    points: float
    standard_error: float | None
    p: float | None
    told_apart: bool
    """See :attr:`Difference.told_apart`."""
    replicates: int


@dataclass(frozen=True)
class Difference:
    """A mean paired difference over replicates, in points of accuracy."""

    points: float  # above 0 where the first is ahead
    standard_error: float | None  # of the mean; None with one replicate
    p: float | None  # of a two-sided paired t-test; None where all replicates differ alike
    replicates: int

    @property
    def none(self) -> bool:
        """Whether there is no difference in any replicate."""
        return abs(self.points) <= ROUNDING and (self.standard_error or 0.0) <= ROUNDING

    @property
    def told_apart(self) -> bool:
        """Whether it is significant. Never with one replicate."""
        if self.standard_error is None or self.none:
            return False
        return self.p is None or self.p < LEVEL

    def to_json(self) -> DifferenceJson:
        """Return the difference as JSON values.

        Returns:
            Every field, and whether it is significant.
        """
        return {
            "points": self.points,
            "standard_error": self.standard_error,
            "p": self.p,
            "told_apart": self.told_apart,
            "replicates": self.replicates,
        }

    @classmethod
    def from_json(cls, stored: DifferenceJson | None) -> Difference | None:
        """Read what :meth:`to_json` gave.

        Args:
            stored: JSON values, or None.

        Returns:
            The difference; None where nothing is stored.
        """
        if stored is None:
            return None
        return cls(stored["points"], stored["standard_error"], stored["p"], stored["replicates"])


def difference(mine: Sequence[float], theirs: Sequence[float]) -> Difference:
    """Average mine - theirs over replicates.

    Where one has more replicates, those that both have are compared. p is smaller than it should be
    where replicates split the same images anew (Nadeau and Bengio 2003).

    Args:
        mine: One value a replicate, in the replicates' order.
        theirs: The same of the other.

    Returns:
        Mean paired difference with its standard error.
    """
    both = min(len(mine), len(theirs))
    mine, theirs = mine[:both], theirs[:both]
    points, error = mean_difference(mine, theirs)
    p = None
    if error is not None and error * math.sqrt(both) > ROUNDING:
        p = _paired_t_test(mine, theirs)
    return Difference(points, error, p, both)


def _paired_t_test(mine: Sequence[float], theirs: Sequence[float]) -> float:
    """Return the two-sided p of the paired t-test: the bits of ``scipy.stats.ttest_rel``.

    That function's module takes over a second to import, which every table would pay for.
    """
    from scipy.special import stdtr  # noqa: PLC0415  # where there is something to compare

    differences = np.asarray(mine, dtype=float) - np.asarray(theirs, dtype=float)
    count, mean = len(differences), np.mean(differences)
    variance = np.mean((differences - mean) ** 2) * (count / (count - 1))
    return float(2 * stdtr(count - 1, -abs(mean / np.sqrt(variance / count))))


def mean_difference(mine: Sequence[float], theirs: Sequence[float]) -> tuple[float, float | None]:
    """Average mine - theirs over replicates.

    Args:
        mine: Accuracies in the replicates' order, in percent, one at least.
        theirs: As many, of the same replicates.

    Returns:
        The mean in points, and its standard error, None with one replicate.

    Raises:
        ValueError: where the lengths differ.
    """
    differences = [a - b for a, b in zip(mine, theirs, strict=True)]
    if len(differences) < 2:
        return statistics.fmean(differences), None
    error = statistics.stdev(differences) / math.sqrt(len(differences))
    return statistics.fmean(differences), error


def signed(difference: Difference | None) -> str:
    """Format a difference with its sign.

    Args:
        difference: In points, or None.

    Returns:
        Such as `+0.12 ± 0.05`, without the standard error where there is none; `-` for None.
    """
    if difference is None:
        return "-"
    error = "" if difference.standard_error is None else f" ± {difference.standard_error:.2f}"
    points = difference.points if abs(difference.points) > ROUNDING else 0.0  # a tie has no sign
    return f"{points:+.2f}{error}"


def size(difference: Difference) -> str:
    """Format a difference without its sign, in words.

    Args:
        difference: In points.

    Returns:
        Such as `0.12 ± 0.05 points`.
    """
    error = "" if difference.standard_error is None else f" ± {difference.standard_error:.2f}"
    return f"{abs(difference.points):.2f}{error} points"


def side(difference: Difference) -> str:
    """Return where the first stands, in words.

    Args:
        difference: Of the first and the second, in points.

    Returns:
        `ahead of` or `behind`; `from` where two decimals do not tell them apart.
    """
    if round(difference.points, 2) == 0:
        return "from"
    return "ahead of" if difference.points > 0 else "behind"


def certainty(difference: Difference) -> str:
    """Return whether a difference is significant, in words.

    Args:
        difference: With the p of its paired t-test.

    Returns:
        A clause that names the level and the number of replicates.
    """
    if difference.standard_error is None:
        return "no significance test with 1 replicate"
    if not difference.told_apart:
        return f"not significant with {difference.replicates} replicates"
    return f"significant at p < {LEVEL} with {difference.replicates} replicates"


def flat(name: str, stored: DifferenceJson | None) -> dict[str, object]:
    """Flatten what :meth:`Difference.to_json` gave, for a spreadsheet.

    Args:
        name: Prefix of the columns.
        stored: JSON values, or None.

    Returns:
        Difference and standard error in points, and p, by column; None where nothing is stored.
    """
    return {
        f"{name}_difference": stored and stored["points"],
        f"{name}_difference_standard_error": stored and stored["standard_error"],
        f"{name}_difference_p": stored and stored["p"],
    }
