"""Distributions of a stream of values, as the paper draws them (Liu et al. 2021, Figures 1, 3-6).

Values pass through an accumulator of fixed size; the result is a JSON object of under 3 kB.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from scyc.recording.bins import Bins
from scyc.recording.pooling import Tally, distribution_json
from scyc.recording.stored import DistributionJson

PERMILLES = (1, 10, 50, 250, 500, 750, 950, 990, 999)  # the recorded quantiles, in 1/1000
CHUNK = 2**20  # values processed together: bounds the memory of temporaries
_HALF = 4096  # fine bins on either side of zero
_FINEST = -1022  # the smallest exponent of a bin's width
_DROPPED = 17  # bits of a float32's mantissa that the sketch drops; the 6 others are kept
_SIDE = 2 ** (31 - _DROPPED)  # the sketch's buckets of one sign


class Distribution:
    """The distribution of a stream of values, in memory that does not grow with it.

    Counts, extremes, quantiles and histograms do not depend on how the stream is cut or ordered;
    mean and standard deviation do, by rounding. Values that are not finite are counted separately.

    Quantiles come from a sketch in the manner of DDSketch (Masson et al. 2019), whose buckets are
    a float32's sign, exponent and six first bits of the mantissa: each is off by at most 1/128 of
    itself where its magnitude is a normal float32's (1.2e-38 to 3.4e38). Histograms come from 2 x
    4096 fine bins (:class:`Bins`), merged in pairs whenever a larger value arrives.

    Args:
        outside: Two bounds; values below the first and above the second are counted.
    """

    def __init__(self, outside: tuple[float, float] | None = None) -> None:
        self.tally = Tally(outside)
        self._sketch = torch.zeros(2 * _SIDE, dtype=torch.int64)  # negative ones first
        self._exponent = _FINEST
        self._fine = torch.zeros(2 * _HALF, dtype=torch.int64)  # from the leftmost bin on

    def add(self, values: Tensor) -> None:
        """Add every value of a tensor: any shape, any real type, on any device.

        Args:
            values: A tensor of any shape.
        """
        for chunk in values.detach().reshape(-1).split(CHUNK):
            self._add(chunk.double())

    def merge(self, other: Distribution) -> None:
        """Add all values of another one.

        Args:
            other: Of the same bins.

        Raises:
            ValueError: The bounds differ.
        """
        self.tally.absorb(other.tally)
        self._sketch += other._sketch
        exponent = max(self._exponent, other._exponent)
        self._coarsen(exponent)
        self._fine += _coarser(other._fine, exponent - other._exponent)

    def quantile(self, permille: int) -> float:
        """Return the smallest value that at least permille / 1000 of all values do not exceed.

        Args:
            permille: 0 to 1000.

        Returns:
            In units of the values, off by at most 1/128 of itself, and within the extremes.
        """
        rank = max(1, -(-permille * self.tally.count // 1000))
        negative, positive = self._sketch.split(_SIDE)
        ordered = torch.cat([negative.flip(0), positive]).cumsum(0)
        bucket = int(torch.searchsorted(ordered, rank)) - _SIDE
        magnitude = bucket if bucket >= 0 else -1 - bucket
        edges = torch.tensor([magnitude, magnitude + 1], dtype=torch.int32) << _DROPPED
        centre = edges.view(torch.float32).double().mean().item() if magnitude else 0.0
        value = centre if bucket >= 0 else -centre
        return min(max(value, self.tally.minimum), self.tally.maximum) + 0.0  # no -0

    def to_json(self) -> DistributionJson:
        """Return the distribution as JSON values.

        Returns:
            count, not_finite, zeros, below, above: numbers of values; all but not_finite are about
            the finite ones; below and above are null without bounds. outside: the bounds. mean,
            std, min, max, quantiles (by percent, as text): in units of the values. histogram: by
            Sturges' rule (:meth:`Bins.sturges`). bins: the fields of :class:`Bins`, at most 256 of
            them, by which replicates are pooled and networks are compared. null stands for what no
            value, or a number beyond a float64, leaves undefined.
        """
        if not self.tally.count:
            return distribution_json(self.tally, None, None)
        quantiles = {f"{permille / 10:g}": self.quantile(permille) for permille in PERMILLES}
        filled = self._fine.nonzero().flatten()
        first, last = int(filled[0]), int(filled[-1])
        counts = tuple(self._fine[first : last + 1].tolist())
        return distribution_json(self.tally, quantiles, Bins(self._exponent, first - _HALF, counts))

    def _add(self, chunk: Tensor) -> None:
        """Add float64 [values]."""
        finite = chunk.isfinite()
        if not finite.all():
            chunk = chunk[finite]
            self.tally.not_finite += len(finite) - len(chunk)
        if not len(chunk):
            return
        tally = Tally.of(chunk, self.tally.outside)
        self.tally.absorb(tally)

        largest = torch.finfo(torch.float32).max
        patterns = chunk.float().clamp_(-largest, largest).view(torch.int32)
        buckets = (patterns >> _DROPPED).add_(_SIDE)  # of either sign, from zero on
        self._sketch += torch.bincount(buckets, minlength=2 * _SIDE).cpu()

        farthest = max(-tally.minimum, tally.maximum)
        needed = math.frexp(farthest)[1] - (_HALF - 1).bit_length() if farthest else _FINEST
        self._coarsen(max(needed, self._exponent))
        fine = (chunk * math.ldexp(1.0, -self._exponent)).floor_()
        fine.masked_fill_((fine == 0) & (chunk < 0), -1)  # where scaling came to -0
        self._fine += torch.bincount(fine.int().add_(_HALF), minlength=2 * _HALF).cpu()

    def _coarsen(self, exponent: int) -> None:
        self._fine = _coarser(self._fine, exponent - self._exponent)
        self._exponent = exponent


def _coarser(fine: Tensor, steps: int) -> Tensor:
    """Return fine bins, int64 [2 * 4096], in bins 2^steps times as wide."""
    if not steps:
        return fine
    target = (torch.arange(-_HALF, _HALF) >> min(steps, 63)) + _HALF
    return torch.zeros_like(fine).index_add_(0, target, fine)
