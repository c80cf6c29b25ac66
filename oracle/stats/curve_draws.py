"""Draws of an accuracy curve from its Gaussian process, given what the cells say of it.

Every combination of `KERNELS`, `LENGTHS` and `HEIGHTS` is weighed by its marginal likelihood
(Rasmussen and Williams 2006, Section 5.4). Where few cells are known, a flat curve explains them as
well as any, though recorded curves hardly ever are flat: heights below a given one count less. A
constant is compared with all of them by its Bayes factor.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from oracle.stats.noise import Array, correlation, precision

KERNELS: Mapping[str, Callable[[Array], Array]] = MappingProxyType(
    {
        "rough": lambda apart: np.exp(-apart),  # for cliffs and cusps: Matern 1/2
        "bent": lambda apart: (1 + np.sqrt(3) * apart) * np.exp(-np.sqrt(3) * apart),  # Matern 3/2
    }
)
LENGTHS = (0.05, 0.12, 0.3, 0.8)  # of the curve's bends, in shares of the grid
HEIGHTS = 10  # what the std of the curve may be, from 0.2 to 100 times a replicate's noise
MODELS = 8  # at most, that curves are drawn from
JITTER = 1e-9


def draw_curves(
    table: Array,
    means: Array,
    size: Array,
    positions: Array,
    fine: Array,
    freedom: float,
    draws: int,
    rng: np.random.Generator,
    height: float,
) -> tuple[Array, float]:
    """Draw the curve that the cells of a cycle tell of.

    Args:
        table: Accuracies in percent, (max_lr, replicates); NaN where a cell is missing.
        means: By max_lr, in percent, without the replicates' effects.
        size: Standard deviation of one replicate's noise by max_lr, in points.
        positions: Of the max_lr in [0, 1], rising.
        fine: Positions at which the curve is drawn, rising.
        freedom: Degrees of freedom behind the sizes.
        draws: Number of curves.
        rng: Of the random numbers.
        height: Standard deviation of the curve, in points, below which a model counts less:
            its weight is multiplied by 1 / (1 + (height / its own)^2).

    Returns:
        Accuracies in percent, (draws, fine), of a curve that is not constant; and the probability
        of a constant one, whose prior is 1/2.
    """
    if len(positions) == 1:  # nothing to compare it with
        return np.full((draws, len(fine)), means[0]), 1.0
    normal = rng.standard_normal((draws, len(fine)))
    loose = np.sqrt(max(freedom, 3.0) / rng.chisquare(max(freedom, 3.0), size=(draws, 1)))
    apart = np.abs(np.subtract.outer(positions, positions))
    steps = apart / max(float(np.median(np.diff(positions))), 1e-12)
    matrix, vector = precision(table, size, steps, correlation(table, size, steps))
    scale = float(np.sqrt(np.mean(size**2)))
    tallest = max(100 * scale, 4 * float(np.ptp(means)))
    heights = np.geomspace(0.2 * scale, tallest, HEIGHTS)
    models, weights, constant = _weighed(matrix, vector, apart, heights, height)
    curves, done = [], 0
    for model, count in zip(models, _shares(weights, draws), strict=True):
        if count:
            mean, root = _given_cells(model, matrix, vector, positions, fine)
            rows = slice(done, done + count)
            curves.append(mean + loose[rows] * (normal[rows] @ root.T))
            done += count
    drawn = np.concatenate(curves)
    # the replicates' effects leave the level of a curve open: it is that of the mean replicate
    held = (positions >= fine[0] - 1e-9) & (positions <= fine[-1] + 1e-9)
    inside = np.searchsorted(fine, positions[held] - 1e-9)
    levels = drawn[:, inside].mean(axis=1, keepdims=True)
    return np.asarray(drawn - levels + means[held].mean()), constant


def _weighed(
    matrix: Array, vector: Array, apart: Array, heights: Array, height: float
) -> tuple[list[tuple[str, float, float]], Array, float]:
    """Every model of the curve and its probability given the cells; that of a constant curve.

    Scores are logarithms of marginal likelihoods relative to a constant's; `log_factor` is that of
    the Bayes factor against a constant.
    """
    models = list(itertools.product(KERNELS, LENGTHS, heights.tolist()))
    count = len(apart)
    powers = heights[:, None] ** 2
    prior = -np.log1p((height / heights) ** 2)
    scores = []
    for name in KERNELS:
        for length in LENGTHS:
            lower = np.linalg.cholesky(KERNELS[name](apart / length) + JITTER * np.eye(count))
            # one spectrum serves every height: I + power * inner has the same eigenvectors
            values, vectors = np.linalg.eigh(lower.T @ matrix @ lower)
            grown = 1 + powers * np.maximum(values, 0.0)
            along = (vectors.T @ (lower.T @ vector)) ** 2
            scores.append(0.5 * (powers * (along / grown) - np.log(grown)).sum(axis=1) + prior)
    every = np.concatenate(scores)
    weights = np.exp(every - every.max())
    log_factor = every.max() + np.log(weights.sum() / np.exp(prior).sum() / len(scores))
    constant = float(1 / (1 + np.exp(np.minimum(log_factor, 50.0))))
    return models, weights / weights.sum(), constant


def _shares(weights: Array, draws: int) -> list[int]:
    """How many of the draws each model gets: the likeliest `MODELS` in proportion, no chance."""
    kept = np.zeros_like(weights)
    likeliest = np.argsort(-np.round(weights, 9), kind="stable")[:MODELS]
    kept[likeliest] = weights[likeliest]
    upto = np.round(np.cumsum(kept / kept.sum()) * draws).astype(int)
    return [int(count) for count in np.diff(upto, prepend=0)]


def _given_cells(
    model: tuple[str, float, float], matrix: Array, vector: Array, positions: Array, fine: Array
) -> tuple[Array, Array]:
    """Return a model's mean at the fine positions, and a root of its covariance."""
    name, length, height = model
    kernel, power = KERNELS[name], height**2
    prior = power * kernel(np.abs(np.subtract.outer(positions, positions)) / length)
    shared = power * kernel(np.abs(np.subtract.outer(fine, positions)) / length)
    within = power * kernel(np.abs(np.subtract.outer(fine, fine)) / length)
    solved = np.linalg.solve(np.eye(len(positions)) + matrix @ prior, np.c_[matrix, vector])
    covariance = within - shared @ solved[:, :-1] @ shared.T
    covariance = (covariance + covariance.T) / 2
    return shared @ solved[:, -1], _root(covariance, power)


def _root(covariance: Array, power: float) -> Array:
    """Factor a covariance matrix (Cholesky) that rounding may have made indefinite."""
    for jitter in (1e-8, 1e-6, 1e-4):
        try:
            return np.asarray(
                np.linalg.cholesky(covariance + jitter * power * np.eye(len(covariance)))
            )
        except np.linalg.LinAlgError:
            continue
    return np.diag(np.sqrt(np.maximum(np.diag(covariance), 0.0)))
