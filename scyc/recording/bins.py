"""Histograms whose bins can be brought to the same edges exactly."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scyc.recording.stored import BinsJson, HistogramJson


@dataclass(frozen=True)
class Bins:
    """Counts of values in bins of width 2^exponent, aligned at zero.

    Bin i holds the values in [i, i + 1) * 2^exponent. Two neighbours make one bin of twice the
    width, so counts of any two distributions can be brought to the same edges, exactly.
    """

    exponent: int
    first: int  # i of the first bin
    counts: tuple[int, ...]

    @property
    def width(self) -> float:
        """The width of each bin, in units of the values."""
        return math.ldexp(1.0, self.exponent)

    def coarsened(self, exponent: int) -> Bins:
        """Return the same counts in bins at least as wide.

        Args:
            exponent: Bins are 2^exponent wide afterwards; at least this one's exponent.

        Returns:
            Bins whose counts have the same sum.
        """
        shift = exponent - self.exponent
        first = self.first >> shift
        totals = [0] * (((self.first + len(self.counts) - 1) >> shift) - first + 1)
        for index, count in enumerate(self.counts, self.first):
            totals[(index >> shift) - first] += count
        return Bins(exponent, first, tuple(totals))

    def __add__(self, other: Bins) -> Bins:
        exponent = max(self.exponent, other.exponent)
        both = (self.coarsened(exponent), other.coarsened(exponent))
        first = min(bins.first for bins in both)
        totals = [0] * (max(bins.first + len(bins.counts) for bins in both) - first)
        for bins in both:
            for index, count in enumerate(bins.counts, bins.first - first):
                totals[index] += count
        return Bins(exponent, first, tuple(totals))

    @staticmethod
    def from_json(stored: BinsJson) -> Bins:
        """Return the bins that :meth:`to_json` wrote.

        Args:
            stored: JSON values.

        Returns:
            Bins equal to those that were written.
        """
        return Bins(stored["exponent"], stored["first"], tuple(stored["counts"]))

    def to_json(self) -> BinsJson:
        """Return the fields as JSON values."""
        return {"exponent": self.exponent, "first": self.first, "counts": list(self.counts)}

    def sturges(self) -> HistogramJson:
        """Return the histogram by Sturges' rule (1926): ceil(log2 n) + 1 bins of equal width.

        Bin j holds the values in ``low + [j, j + 1) * width``; low is at most the smallest value,
        and the last bin holds the largest. Each is made of whole bins of these: counts are exact
        for the edges given, and where these bins are few, the histogram has fewer than the rule
        says.

        Returns:
            `low` and `width` in units of the values, and `counts`.
        """
        most = (sum(self.counts) - 1).bit_length() + 1
        group = -(-len(self.counts) // most)
        totals = [sum(self.counts[at : at + group]) for at in range(0, len(self.counts), group)]
        return {"low": self.first * self.width, "width": group * self.width, "counts": totals}
