"""What the values of a grid that were not tried may be, from those that were.

A Gaussian process over the grid's positions, which is a weighted mean of several: how far the
curve's bends reach and how high they go is not known, so each choice is weighted by how well it
explains what was seen.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_REACHES = (1.0, 2.0, 4.0, 8.0)  # of the correlation, in units of what `forecast` is given
_HEIGHTS = (0.25, 1.0, 4.0)  # of the curve's bends, likewise
_LEAST = 0.01  # points; a mean of accuracies is never more certain than this
_DIGITS = 6  # chances are compared in so many, so that no library's last bit decides


@dataclass(frozen=True)
class Forecast:
    """Means at positions that were not tried. Each array but the weights: [model, position]."""

    means: Floats  # points of accuracy
    deviations: Floats  # standard deviations of what a trial would give, its noise included
    weights: Floats  # [model], of sum 1

    @property
    def mean(self) -> list[float]:
        """The expected value at each position, in points of accuracy, [position].

        It is the mean over the models by their weights, rounded to `_DIGITS` decimals.
        """
        return self._mixed(self.means)

    def chance_above(self, accuracy: float) -> list[float]:
        """Return how likely a training run at each position gives more than an accuracy.

        Args:
            accuracy: In the units of the means, points of accuracy.

        Returns:
            Chances in [0, 1], [position], rounded to `_DIGITS` decimals.
        """
        from scipy.special import ndtr  # noqa: PLC0415  # half a second, for those who forecast

        return self._mixed(ndtr((self.means - accuracy) / self.deviations))

    def _mixed(self, each: Floats) -> list[float]:
        return [round(float(value), _DIGITS) for value in self.weights @ each]


def forecast(
    known: Mapping[int, float],
    unknown: Sequence[int],
    noises: Sequence[float],
    reach: float,
    height: float,
) -> Forecast:
    """Forecast accuracies at the unknown positions from those at known ones.

    The curve has a Matern 5/2 kernel. Each combination of reach, height and noise is weighed by its
    marginal likelihood (Rasmussen and Williams 2006, Section 5.4).

    Args:
        known: Mean accuracy in percent by position, one at least.
        unknown: Positions to forecast.
        noises: What the standard error of a known mean may be, in points.
        reach: Scale of the curve's bends along the grid, in positions.
        height: Scale of the curve's bends, in points.

    Returns:
        Means and standard deviations by model, [model, position], and the models' weights.
    """
    seen, targets = np.array(sorted(known), float), np.array(unknown, float)
    level = math.fsum(known.values()) / len(known)
    above = np.array([known[index] - level for index in sorted(known)])
    near = np.abs(seen[:, None] - seen[None, :]) / reach
    far = np.abs(seen[:, None] - targets[None, :]) / reach
    models = np.array(list(product(_REACHES, _HEIGHTS, noises)))
    bend = models[:, :1, None]
    power, error = (models[:, 1:2, None] * height) ** 2, models[:, 2:, None] ** 2 + _LEAST**2
    # the 1 lets the curve's level be off by as much as its bends
    lower = np.linalg.cholesky(power * (_matern(near / bend) + 1) + error * np.eye(len(seen)))
    right = np.concatenate(
        [
            np.broadcast_to(above[:, None], (len(models), len(above), 1)),
            power * (_matern(far / bend) + 1),
        ],
        axis=2,
    )
    solved = np.linalg.solve(lower, right)
    scaled, weights = solved[:, :, :1], solved[:, :, 1:]
    diagonals = np.diagonal(lower, axis1=1, axis2=2)
    likelihoods = -0.5 * (scaled**2).sum(axis=(1, 2)) - np.log(diagonals).sum(axis=1)
    rest = np.maximum(2 * power[:, 0] - (weights**2).sum(axis=1), 0.0)
    likely = np.exp(likelihoods - likelihoods.max())
    return Forecast(
        level + (weights * scaled).sum(axis=1), np.sqrt(rest + error[:, 0]), likely / likely.sum()
    )


def _matern(distance: Floats) -> Floats:
    """Correlation of a curve with two derivatives (Rasmussen and Williams 2006, Eq. 4.17)."""
    root = math.sqrt(5) * distance
    return np.asarray((1 + root + root**2 / 3) * np.exp(-root))
