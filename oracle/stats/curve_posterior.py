"""The expected accuracy curve behind a few noisy replicates: draws of what it may be.

The model, over the max_lr of one cycle (all positions in [0, 1] along the grid):

    accuracy of (max_lr, replicate) = curve(max_lr) + effect(replicate) + noise(max_lr, replicate)

Replicates are paired, so the effects, whatever they are, cancel from everything below. The noise is
normal and has a size that may change along the grid and a correlation `rho ** steps` between
max_lr. The curve is a Gaussian process: how stiff and how tall it is, is not known, so every
combination of `KERNELS`, `LENGTHS` and `RATIOS` is weighed by its marginal likelihood, with the
noise's overall variance integrated out (Rasmussen and Williams 2006, Section 5.4; the conjugate
normal linear model, O'Hagan and Forster 2004, Chapter 11). All are as likely beforehand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]

KERNELS: Mapping[str, Callable[[Array], Array]] = MappingProxyType(
    {
        "rough": lambda apart: np.exp(-apart),  # for cliffs and cusps: Matern 1/2
        "bent": lambda apart: (1 + np.sqrt(3) * apart) * np.exp(-np.sqrt(3) * apart),  # Matern 3/2
    }
)
LENGTHS = (0.04, 0.1, 0.25, 0.7)  # of the curve's bends, in shares of the grid
RATIOS = 10.0 ** np.arange(-1.5, 4.1, 0.5)  # variance of the curve over that of one replicate
LEVEL = 10.0  # variance of the curve's level over that of its shape
CORRELATIONS = np.arange(0.0, 0.91, 0.15)  # of the noise of neighbours
FREEDOM = 48  # degrees of freedom of a local estimate of the noise
REACH = 3.0  # standard errors below the best
LEAST = 1e-6  # of the noise's variance: what is left where the values near the best all tie


def sample_curves(
    table: Array, rates: Array, tolerance: float, draws: int, rng: np.random.Generator
) -> Array:
    """Draws of the expected curve given the replicates, (draws, rates), in percent.

    table: accuracies, (rates, replicates), at least 2 replicates; rates: rising.
    tolerance: in points. A max_lr whose mean is so far below the best, 2 tolerances and `REACH`
    standard errors, that it decides nothing, and that lies beyond all that are nearer, keeps
    its mean in every draw: a steep side, a fall to chance level, must not teach the curve at its
    top to be steep.
    """
    means = table.mean(axis=1)
    curves = np.tile(means, (draws, 1))
    left = table - means[:, None] - table.mean(axis=0) + table.mean()
    if len(rates) == 1 or np.abs(left).max() < 1e-9:
        return curves
    size = noise_scales(left)
    error = np.sqrt(np.mean(size**2) / table.shape[1])
    near = np.flatnonzero(means >= means.max() - 2 * tolerance - REACH * error)
    span = slice(max(0, int(near[0]) - 1), int(near[-1]) + 2)
    at = positions(rates)
    curves[:, span] = _posterior(
        means[span], left[span], size[span], at[span], float(np.diff(at).min()), draws, rng
    )
    return curves


def positions(rates: Array) -> Array:
    """Where rates lie, in [0, 1]: on a log or a linear scale if the rates step evenly on it.

    The rates may be a subset of the grid. Those that step evenly on neither are spaced by rank.
    """
    scales: tuple[Array, Array] = (np.log(rates), rates)
    for scaled in scales:
        gaps = np.diff(scaled)
        steps = gaps / gaps.min()
        if len(rates) > 2 and np.abs(steps - np.round(steps)).max() < 0.05:
            shares: Array = (scaled - scaled[0]) / (scaled[-1] - scaled[0])
            return shares
    return np.linspace(0, 1, len(rates))


def noise_scales(left: Array) -> Array:
    """Std of the noise of one replicate at each rate, pooled over as many neighbours as needed.

    left: what rows and columns leave of the accuracies (two-way layout), (rates, replicates), with
    (rates - 1) (replicates - 1) degrees of freedom: a rate's own replicates are too few.
    """
    count, replicates = left.shape
    square = (left**2).sum(axis=1) * count / ((count - 1) * (replicates - 1))
    half = max(1, round((FREEDOM / (replicates - 1) - 1) / 2))
    if 2 * half + 1 >= count:
        return np.full(count, np.sqrt(square.mean()))
    order = np.arange(count)
    near = np.abs(np.subtract.outer(order, order)) <= half
    pooled = (near @ square) / near.sum(axis=1)
    size: Array = np.sqrt(np.maximum(pooled, 1e-6 * square.mean()))
    return size


def correlated(left: Array, size: Array, steps: Array) -> tuple[Array, float]:
    """The noise's correlation matrix, and its weighted sum of squares.

    `rho` is the mean of its posterior under a flat prior on `CORRELATIONS`, by restricted maximum
    likelihood: the replicates' effects are projected out first. steps: between rates, (rates,
    rates).
    """
    count, replicates = left.shape
    scaled, ones = left / size[:, None], 1 / size

    def fitted(rho: float) -> tuple[Array, float, float]:
        like = rho**steps
        inverse = np.linalg.inv(like)
        seen = inverse @ ones
        squares = float((scaled * (inverse @ scaled)).sum())
        squares -= float(((seen @ scaled) ** 2).sum() / (seen @ ones))
        squares = max(squares, LEAST * count * replicates)
        logarithm = float(np.linalg.slogdet(like)[1] + np.log(seen @ ones))
        score = -0.5 * (replicates - 1) * (logarithm + (count - 1) * np.log(squares))
        return like, squares, score

    scores = np.array([fitted(float(rho))[2] for rho in CORRELATIONS])
    weights = np.exp(scores - scores.max())
    like, squares, _ = fitted(float(weights @ CORRELATIONS / weights.sum()))
    return like, squares


def _posterior(
    means: Array,
    left: Array,
    size: Array,
    at: Array,
    step: float,
    draws: int,
    rng: np.random.Generator,
) -> Array:
    """Draws of the curve, (draws, rates)."""
    count, replicates = left.shape
    if count == 1:
        return np.tile(means, (draws, 1))
    apart = np.abs(np.subtract.outer(at, at))
    like, within = correlated(left, size, apart / step)
    root = size[:, None] * np.linalg.cholesky(like)  # of the covariance of one replicate's noise
    inverse = np.linalg.inv(root)
    centre = means.mean()
    freedom = (count - 1) * (replicates - 1) + count  # the means tell of the variance too
    bases = []
    for kernel in KERNELS.values():
        for length in LENGTHS:
            shape = np.mean(size**2) * (kernel(apart / length) + LEVEL)
            variances, axes = np.linalg.eigh(inverse @ shape @ inverse.T)
            seen = axes.T @ (inverse @ (means - centre))
            bases.append((np.maximum(variances, 0), axes, seen))
    scores = []
    for variances, _, seen in bases:
        spread = RATIOS[:, None] * variances + 1 / replicates
        misfit = within + (seen**2 / spread).sum(axis=1)
        scores.append(-0.5 * np.log(spread).sum(axis=1) - 0.5 * freedom * np.log(misfit))
    weights = np.exp(np.array(scores) - np.max(scores))
    times = rng.multinomial(draws, weights.ravel() / weights.sum()).reshape(weights.shape)
    found = []
    for (variances, axes, seen), row in zip(bases, times, strict=True):
        ratios = np.repeat(RATIOS, row)[:, None]
        spread = ratios * variances + 1 / replicates
        kept = ratios * variances / spread
        misfit = within + (seen**2 / spread).sum(axis=1, keepdims=True)
        noise = np.sqrt(misfit / rng.chisquare(freedom, size=ratios.shape))
        loose = rng.standard_normal(kept.shape) * np.sqrt(kept / replicates)
        found.append((kept * seen + noise * loose) @ axes.T)
    curves: Array = np.concatenate(found) @ root.T + centre
    return curves
