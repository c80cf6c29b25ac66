"""Recorded distributions of several networks as histograms of the same bins."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from oracle.tables.distributions import DistributionsTable
from scyc.recording.bins import Bins
from scyc.recording.stored import DistributionJson
from scyc.specs.system import RecordedDistribution

Item = TypeVar("Item")
_SHOWN = 6  # networks whose histograms are drawn


@dataclass(frozen=True)
class Network:
    """One network, and what was recorded of it: at least one value."""

    cycle: int
    weights_remaining: float  # percent
    values: DistributionJson

    def quantile(self, percent: str) -> float:
        """Return a recorded quantile, by percent, such as "99.9".

        Args:
            percent: A key of the recorded quantiles.

        Returns:
            In units of the values.
        """
        assert self.values["quantiles"] is not None  # they are there where a value is
        return self.values["quantiles"][percent]

    @property
    def bins(self) -> Bins:
        """The histogram's bins."""
        assert self.values["bins"] is not None
        return Bins.from_json(self.values["bins"])

    @property
    def extremes(self) -> tuple[float, float]:
        """The smallest and the largest value."""
        assert self.values["min"] is not None
        assert self.values["max"] is not None
        return self.values["min"], self.values["max"]

    @property
    def outside(self) -> int:
        """How many values lie outside the bounds; 0 without bounds."""
        return (self.values["below"] or 0) + (self.values["above"] or 0)

    def percent(self, count: int) -> float:
        """Return what share of the values so many are, in percent.

        Args:
            count: A number of the values.

        Returns:
            0 to 100.
        """
        return 100 * count / self.values["count"]


def recorded(table: DistributionsTable, what: RecordedDistribution) -> list[Network]:
    """Return the networks of which at least one value was recorded.

    Args:
        table: Of a run.
        what: What was recorded.

    Returns:
        In the order of the cycles.
    """
    networks = []
    for cycle in table["cycles"]:
        pooled = cycle.get(what)
        if pooled is not None and pooled["count"]:
            networks.append(Network(cycle["cycle"], cycle["weights_remaining"], pooled))
    return networks


def shown(networks: Sequence[Item], most: int = _SHOWN) -> list[Item]:
    """Return at most so many of these: the first, the last, and others evenly between them.

    Args:
        networks: In the order of the cycles.
        most: At most so many, 2 or more.

    Returns:
        Some of them, in order.
    """
    if len(networks) <= most:
        return list(networks)
    return [networks[round(index * (len(networks) - 1) / (most - 1))] for index in range(most)]


def together(bins: Sequence[Bins], low: float, high: float) -> tuple[list[float], list[list[int]]]:
    """Return the common edges of several distributions, and the counts of each between them.

    The bins are made of whole bins of the coarsest of `bins`, so the counts are exact; there are
    about as many as Sturges' rule says for the largest distribution, and no bin is narrower than
    the coarsest. A range on both sides of 0 gets one bin with 0 in its middle, else 0 is an edge.
    Values beyond the range are left out.

    Args:
        bins: The distributions.
        low: Lower end of the range to cover, in units of the values.
        high: Upper end.

    Returns:
        Edges, rising, in units of the values; for each of `bins` one count fewer than there are
        edges.
    """
    exponent = max(each.exponent for each in bins)
    coarse = [each.coarsened(exponent) for each in bins]
    most = max((sum(each.counts) - 1).bit_length() for each in bins) + 1
    width = coarse[0].width
    group = max(1, math.ceil((high - low) / width / most))
    group += group % 2 if low < 0 < high else 0
    half = group // 2 if low < 0 < high else 0  # in bins from an edge to 0
    first = math.floor((low / width + half) / group)
    last = math.floor((high / width + half) / group)
    counts = [[0] * (last - first + 1) for _ in coarse]
    for each, totals in zip(coarse, counts, strict=True):
        for index, count in enumerate(each.counts, each.first):
            position = (index + half) // group - first
            if 0 <= position < len(totals):
                totals[position] += count
    return [(position * group - half) * width for position in range(first, last + 2)], counts


def outline(
    edges: Sequence[float], shares: Sequence[float]
) -> list[tuple[float, float] | tuple[None, None]]:
    """Return the corners of a histogram's line.

    It goes down to 0 beside an empty bin, and is not drawn along it.

    Args:
        edges: Of the bins, rising.
        shares: Of the values, in percent, a bin each.

    Returns:
        Pairs of value and percent; (None, None) where the line is broken.
    """
    corners: list[tuple[float, float] | tuple[None, None]] = []
    for index, ((left, right), share) in enumerate(zip(pairwise(edges), shares, strict=True)):
        if not share:
            continue
        if index and not shares[index - 1]:
            corners.append((left, 0.0))
        corners += [(left, share), (right, share)]
        if index < len(shares) - 1 and not shares[index + 1]:
            corners += [(right, 0.0), (None, None)]
    return corners


def value_range(networks: Sequence[Network], bounds: Sequence[float] | None) -> tuple[float, float]:
    """Return what histograms show, in units of the values.

    That is 1.5 times the widest range from the 0.1 % to the 99.9 % quantile. The rare values
    beyond would press all others into a few bins. The bounds are shown too.

    Args:
        networks: That are drawn.
        bounds: Bounds that must lie in it.

    Returns:
        Lower and upper end, which differ.
    """
    low = min(each.quantile("0.1") for each in networks)
    high = max(each.quantile("99.9") for each in networks)
    margin = (high - low) / 4
    low = max(low - margin, min(each.extremes[0] for each in networks))
    high = min(high + margin, max(each.extremes[1] for each in networks))
    for bound in bounds or ():
        low, high = min(low, 1.1 * bound), max(high, 1.1 * bound)
    if low < high:
        return low, high
    margin = abs(low) / 2 or 1.0  # all values are the same
    return low - margin, high + margin
