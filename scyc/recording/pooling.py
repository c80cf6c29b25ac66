"""Distributions of replicates as one, by what was recorded of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scyc.recording.bins import Bins
from scyc.recording.stored import DistributionJson, TallyJson

if TYPE_CHECKING:  # tables pool what was recorded, and start in a tenth of the time without torch
    from torch import Tensor

_RECORDED = 128  # bins on either side of zero in the JSON


@dataclass
class Tally:
    """Counts, moments and extremes of a stream of values, which can be added up."""

    outside: tuple[float, float] | None = None  # bounds
    count: int = 0  # finite values, which all other fields are about
    not_finite: int = 0
    zeros: int = 0
    below: int = 0  # the first bound
    above: int = 0  # the second
    mean: float = 0.0
    squares: float = 0.0  # sum of squared differences from the mean
    minimum: float = math.inf
    maximum: float = -math.inf

    @classmethod
    def of(cls, values: Tensor, outside: tuple[float, float] | None) -> Tally:
        """Return the tally of float64 [values], all finite and at least one.

        Args:
            values: float64 [values], all finite and at least one.
            outside: Bounds outside of which values are counted; None: they are not.

        Returns:
            Counts, moments and extremes; `not_finite` is 0.
        """
        minimum, maximum = (extreme.item() + 0.0 for extreme in values.aminmax())  # no -0
        mean = values.mean().item()
        return cls(
            outside,
            count=len(values),
            zeros=int((values == 0).sum()),
            below=int((values < outside[0]).sum()) if outside is not None else 0,
            above=int((values > outside[1]).sum()) if outside is not None else 0,
            mean=mean,
            squares=(values - mean).square_().sum().item(),
            minimum=minimum,
            maximum=maximum,
        )

    def absorb(self, other: Tally) -> None:
        """Add another's values.

        Args:
            other: Its values are added.

        Raises:
            ValueError: The bounds differ.
        """
        if self.outside != other.outside:
            raise ValueError(
                f"bounds {self.outside} and {other.outside} differ and cannot be pooled"
            )
        for name in ("not_finite", "zeros", "below", "above"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        if not other.count:
            return
        total = self.count + other.count
        difference = other.mean - self.mean  # moments: Chan et al. 1979, Eq. 2.1
        self.squares += other.squares + difference * difference * self.count * other.count / total
        self.mean += difference * other.count / total
        self.minimum = min(self.minimum, other.minimum)
        self.maximum = max(self.maximum, other.maximum)
        self.count = total

    @classmethod
    def from_json(cls, stored: TallyJson) -> Tally:
        """Return the tally that :meth:`to_json` wrote.

        Args:
            stored: JSON values.

        Returns:
            The tally; a moment that is null is NaN where there are values, and 0 where there are
            none.
        """
        mean, std, minimum, maximum = 0.0, 0.0, math.inf, -math.inf
        if stored["count"]:  # a number that is missing then is beyond a float64
            mean, std, minimum, maximum = (
                math.nan if value is None else value
                for value in (stored["mean"], stored["std"], stored["min"], stored["max"])
            )
        outside = stored["outside"]
        return cls(
            outside=(outside[0], outside[1]) if outside is not None else None,
            count=stored["count"],
            not_finite=stored["not_finite"],
            zeros=stored["zeros"],
            below=stored["below"] or 0,
            above=stored["above"] or 0,
            mean=mean,
            squares=std * std * stored["count"],
            minimum=minimum,
            maximum=maximum,
        )

    def to_json(self) -> TallyJson:
        """Return the fields as JSON values.

        They are some of those of :meth:`scyc.recording.distributions.Distribution.to_json`.
        """
        bounded, any_value = self.outside is not None, self.count > 0
        std = math.sqrt(self.squares / self.count) if any_value else math.nan
        return {
            "count": self.count,
            "not_finite": self.not_finite,
            "zeros": self.zeros,
            "outside": list(self.outside) if self.outside is not None else None,
            "below": self.below if bounded else None,
            "above": self.above if bounded else None,
            "mean": self.mean if any_value and math.isfinite(self.mean) else None,
            "std": std if math.isfinite(std) else None,
            "min": self.minimum if any_value else None,
            "max": self.maximum if any_value else None,
        }


def pooled(parts: Sequence[DistributionJson]) -> DistributionJson:
    """Return the JSON of several distributions, such as replicates', as one distribution.

    All numbers are those of the values together, counts exactly, but the quantiles: each is the
    mean of the parts' own, weighted by their counts, for the sketch is not kept. The histogram is
    built from `bins`, whose edges are coarser, so it may have a few bins fewer than Sturges' rule
    says.

    Args:
        parts: Distributions as JSON values, at least one.

    Returns:
        A distribution in the same form.

    Raises:
        ValueError: The bounds differ, or there are no parts.
    """
    if not parts:
        raise ValueError("nothing to pool; at least 1 distribution is needed")
    if len(parts) == 1:
        return {**parts[0]}
    whole = Tally.from_json(parts[0])
    for part in parts[1:]:
        whole.absorb(Tally.from_json(part))
    nonempty = [
        (part["count"], part["quantiles"], part["bins"])
        for part in parts
        if part["quantiles"] is not None and part["bins"] is not None
    ]
    if not nonempty:
        return distribution_json(whole, None, None)
    quantiles = {
        name: math.fsum(count / whole.count * quantiles[name] for count, quantiles, _ in nonempty)
        for name in nonempty[0][1]
    }
    bins = [Bins.from_json(each) for _, _, each in nonempty]
    return distribution_json(whole, quantiles, sum(bins[1:], bins[0]))


def distribution_json(
    tally: Tally, quantiles: Mapping[str, float] | None, bins: Bins | None
) -> DistributionJson:
    """Return a distribution as JSON values.

    Args:
        tally: Its counts, moments and extremes.
        quantiles: By percent, as text; None without a value.
        bins: Its finest bins, of which at most 256 are kept.

    Returns:
        As :meth:`scyc.recording.distributions.Distribution.to_json`; `histogram` and `bins` are
        null without `bins`.
    """
    recorded = None
    if bins is not None:
        farthest = max(-bins.first, bins.first + len(bins.counts)) - 1  # in bins from zero
        recorded = bins.coarsened(bins.exponent + (farthest // _RECORDED).bit_length())
    return {
        **tally.to_json(),
        "quantiles": dict(quantiles) if quantiles is not None else None,
        "histogram": bins.sturges() if bins is not None else None,
        "bins": recorded.to_json() if recorded is not None else None,
    }
