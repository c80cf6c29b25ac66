"""One posterior of a cycle's accuracy curve over continuous log max_lr.

    accuracy of (max_lr, replicate) = curve(max_lr) + effect(replicate) + noise(max_lr, replicate)

Replicates are paired; their effects are integrated out, so that a cell may be missing. The noise is
that of `oracle.stats.noise`. The curve is a Gaussian process of unknown stiffness and height: every
combination of `KERNELS`, `LENGTHS` and `HEIGHTS` is weighed by its marginal likelihood (Rasmussen
and Williams 2006, Section 5.4). A value so far below the best that it decides nothing counts as
being just so far below: a cliff must not teach the curve at its top to be steep. How far that is
depends on the curve, which a narrow peak needs to be steep, so each of `REACHES` gives its share of
the draws. A replicate may diverge, with a probability that rises with max_lr
(`oracle.stats.divergence`); what counts is the expected accuracy, with 0 where a network diverged.

Draws use common random numbers and Cholesky factors only, which are unique: the same cells give the
same draws with any linear algebra library, but for rounding.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from oracle.stats.divergence import sample_divergence
from oracle.stats.noise import (
    Array,
    Noise,
    NoisePrior,
    correlation,
    estimate_noise,
    lowest,
    precision,
)
from oracle.stats.one_thread import one_thread

Indices = np.ndarray[Any, np.dtype[np.int64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]

KERNELS: Mapping[str, Callable[[Array], Array]] = MappingProxyType(
    {
        "rough": lambda apart: np.exp(-apart),  # for cliffs and cusps: Matern 1/2
        "bent": lambda apart: (1 + np.sqrt(3) * apart) * np.exp(-np.sqrt(3) * apart),  # Matern 3/2
    }
)
LENGTHS = (0.05, 0.12, 0.3, 0.8)  # of the curve's bends, in shares of the grid
HEIGHTS = 10  # what the std of the curve may be, from 0.2 to 100 times a replicate's noise
DRAWS = 1000
DEPTH = 2.0  # tolerances below the best, and so many standard errors: what is further below
REACHES = (1.5, 4.0)  # decides nothing; set on `SETTING` families
POINTS = 128  # at most, of a drawn curve
MODELS = 8  # at most, that curves are drawn from
CLIFFS = 0.5  # of the draws fall at once between a value and a deep neighbour
JITTER = 1e-9


@dataclass(frozen=True)
class Cells:
    """What is known of one cycle."""

    rates: Array  # max_lr with at least one replicate, rising
    table: Array  # accuracies, (max_lr, replicates), percent; NaN: missing or diverged
    diverged: Array  # (max_lr, replicates): 1 diverged, 0 did not, NaN missing

    @property
    def log_max_lr(self) -> Array:
        """Natural logarithms of the max_lr, rising."""
        return np.asarray(np.log(self.rates))


@dataclass(frozen=True)
class CurvePosterior:
    """Draws of the expected accuracy curve."""

    points: Array  # max_lr of the drawn curves, rising; the tried and the grid's are among them
    curves: Array  # (draws, points), percent, divergence counted
    mean: Array  # by point
    noise: Noise  # of the tried values
    on_grid: Indices  # of the tried and the grid's points

    def at(self, rates: Sequence[float] | Array) -> Array:
        """Return the drawn curves at some max_lr.

        Args:
            rates: Learning rates, (rates,).

        Returns:
            Expected accuracies in percent, (draws, rates). They are interpolated linearly in log
            max_lr between two points, and constant beyond the first and the last one.
        """
        logs, targets = np.log(self.points), np.log(np.asarray(rates, float))
        right = np.clip(np.searchsorted(logs, targets), 1, len(logs) - 1)
        share = np.clip((targets - logs[right - 1]) / (logs[right] - logs[right - 1]), 0, 1)
        drawn: Array = (1 - share) * self.curves[:, right - 1] + share * self.curves[:, right]
        return drawn


@one_thread()
def curve_posterior(
    cells: Cells,
    tolerance: float,
    grid: Sequence[float] = (),
    floor: float = 0.0,
    seed: int = 0,
    draws: int = DRAWS,
    prior: NoisePrior | None = None,
) -> CurvePosterior:
    """Draw the expected accuracy curve behind the cells of one cycle.

    Args:
        cells: at least one that did not diverge.
        tolerance: in points of accuracy. What lies `DEPTH` of them below the best, and one of
            `REACHES` standard errors, counts as lying just there.
        grid: max_lr, tried or not, at which the curve is drawn, too.
        floor: the least std of one replicate's noise, in points.
        seed: of the common random numbers.
        draws: number of curves.
        prior: of the noise; None: it is estimated from the cells alone.

    Returns:
        The curves at the tried and the grid's max_lr and between them, at most `POINTS` in all,
        (draws, points), in percent with divergence counted as 0; the noise of what did not diverge.
    """
    rng = np.random.default_rng(seed)
    logs = np.union1d(cells.log_max_lr, np.log(np.asarray(grid, float)) if len(grid) else [])
    low, width = logs[0], max(logs[-1] - logs[0], 1e-12)
    fine = _between((logs - low) / width)
    sound = np.flatnonzero((~np.isnan(cells.table)).any(axis=1))
    table, positions = cells.table[sound], (cells.log_max_lr[sound] - low) / width
    noise = estimate_noise(table, positions, floor, prior)
    shares = np.diff(np.linspace(0, draws, len(REACHES) + 1).astype(int))
    parts = [
        _sound(table, noise, positions, fine, DEPTH * tolerance, reach, int(share), rng)
        for reach, share in zip(REACHES, shares, strict=True)
    ]
    curves = np.concatenate(parts)
    chances = sample_divergence(cells.diverged, (cells.log_max_lr - low) / width, fine, draws, rng)
    curves = curves if chances is None else curves * (1 - chances)
    on_grid = np.searchsorted(fine, (logs - low) / width - 1e-9)
    return CurvePosterior(np.exp(low + width * fine), curves, curves.mean(axis=0), noise, on_grid)


def _sound(
    table: Array,
    noise: Noise,
    positions: Array,
    fine: Array,
    depth: float,
    reach: float,
    draws: int,
    rng: np.random.Generator,
) -> Array:
    """Draws of the accuracy of what does not diverge, (draws, fine).

    depth: points below the best, with `reach` standard errors, below which a value counts as lying
    just there.
    """
    least = lowest(table, noise, depth, reach)
    deep = noise.means < least
    clipped = np.where(deep[:, None], table + (least - noise.means)[:, None], table)
    size = np.where(deep, np.minimum(noise.size, float(np.median(noise.size[~deep]))), noise.size)
    drawn_at = _span(positions, deep, fine)
    curves = np.full((draws, len(fine)), least)
    means, inner = np.maximum(noise.means, least), fine[drawn_at]
    curves[:, drawn_at] = _draw(clipped, means, size, positions, inner, noise.freedom, draws, rng)
    _cliffs(curves, positions, deep, fine, least, rng)
    return curves


def _cliffs(
    curves: Array,
    positions: Array,
    deep: Flags,
    fine: Array,
    least: float,
    rng: np.random.Generator,
) -> None:
    """Let a share of the draws fall at once, anywhere between a value and a deep neighbour."""
    for left in np.flatnonzero(deep[1:] != deep[:-1]):
        first, last = np.searchsorted(fine, positions[left : left + 2] - 1e-9)
        gap = np.arange(first + 1, last)
        if not len(gap):
            continue
        rows = rng.permutation(len(curves))[: round(CLIFFS * len(curves))]
        edges = np.linspace(positions[left], positions[left + 1], len(rows))
        near = last if deep[left] else first
        beyond = (fine[gap] < edges[:, None]) if deep[left] else (fine[gap] > edges[:, None])
        curves[np.ix_(rows, gap)] = np.where(beyond, least, curves[rows, near][:, None])


def _between(positions: Array) -> Array:
    """Add as many positions between any two as there is room for."""
    if len(positions) == 1:
        return positions
    parts = int(np.clip((POINTS - 1) // (len(positions) - 1), 1, 8))
    shares = np.arange(parts) / parts
    between = positions[:-1, None] + np.diff(positions)[:, None] * shares
    return np.append(between.ravel(), positions[-1])


def _span(positions: Array, deep: Flags, fine: Array) -> Indices:
    """Return the fine positions from the value before the first that may matter to the next."""
    near = np.flatnonzero(~deep)
    first, last = max(0, int(near[0]) - 1), min(len(positions) - 1, int(near[-1]) + 1)
    low = 0.0 if near[0] == 0 else positions[first]
    high = 1.0 if near[-1] == len(positions) - 1 else positions[last]
    return np.flatnonzero((fine >= low - 1e-12) & (fine <= high + 1e-12))


def _draw(
    table: Array,
    means: Array,
    size: Array,
    positions: Array,
    fine: Array,
    freedom: float,
    draws: int,
    rng: np.random.Generator,
) -> Array:
    """Draws of the curve at the fine positions, (draws, fine)."""
    if len(positions) == 1:  # nothing to compare it with
        return np.full((draws, len(fine)), means[0])
    normal = rng.standard_normal((draws, len(fine)))
    loose = np.sqrt(max(freedom, 3.0) / rng.chisquare(max(freedom, 3.0), size=(draws, 1)))
    apart = np.abs(np.subtract.outer(positions, positions))
    steps = apart / max(float(np.median(np.diff(positions))), 1e-12)
    matrix, vector = precision(table, size, steps, correlation(table, size, steps))
    scale = float(np.sqrt(np.mean(size**2)))
    tallest = max(100 * scale, 4 * float(np.ptp(means)))
    heights = np.geomspace(0.2 * scale, tallest, HEIGHTS)
    models, weights = _weighed(matrix, vector, apart, heights)
    times = _shares(weights, draws)
    curves, done = [], 0
    across = np.abs(np.subtract.outer(fine, positions))
    within = np.abs(np.subtract.outer(fine, fine))
    for (name, length, height), count in zip(models, times, strict=True):
        if not count:
            continue
        kernel, power = KERNELS[name], height**2
        prior = power * kernel(apart / length)
        shared = power * kernel(across / length)
        solved = np.linalg.solve(np.eye(len(positions)) + matrix @ prior, np.c_[matrix, vector])
        mean = shared @ solved[:, -1]
        covariance = power * kernel(within / length) - shared @ solved[:, :-1] @ shared.T
        covariance = (covariance + covariance.T) / 2
        root = _root(covariance, power)
        rows = slice(done, done + count)
        curves.append(mean + loose[rows] * (normal[rows] @ root.T))
        done += count
    drawn = np.concatenate(curves)
    # the replicates' effects leave the level of a curve open: it is that of the mean replicate
    held = (positions >= fine[0] - 1e-9) & (positions <= fine[-1] + 1e-9)
    inside = np.searchsorted(fine, positions[held] - 1e-9)
    levels = drawn[:, inside].mean(axis=1, keepdims=True)
    return np.asarray(drawn - levels + means[held].mean())


def _weighed(
    matrix: Array, vector: Array, apart: Array, heights: Array
) -> tuple[list[tuple[str, float, float]], Array]:
    """Every model of the curve, and its probability given the cells."""
    models = list(itertools.product(KERNELS, LENGTHS, heights.tolist()))
    count = len(apart)
    powers = heights[:, None] ** 2
    scores = []
    for name in KERNELS:
        for length in LENGTHS:
            lower = np.linalg.cholesky(KERNELS[name](apart / length) + JITTER * np.eye(count))
            # one spectrum serves every height: I + power * inner has the same eigenvectors
            values, vectors = np.linalg.eigh(lower.T @ matrix @ lower)
            grown = 1 + powers * np.maximum(values, 0.0)
            along = (vectors.T @ (lower.T @ vector)) ** 2
            scores.append(0.5 * (powers * (along / grown) - np.log(grown)).sum(axis=1))
    flat = np.concatenate(scores)
    weights = np.exp(flat - flat.max())
    return models, weights / weights.sum()


def _shares(weights: Array, draws: int) -> list[int]:
    """How many of the draws each model gets: the likeliest `MODELS` in proportion, no chance."""
    kept = np.zeros_like(weights)
    likeliest = np.argsort(-np.round(weights, 9), kind="stable")[:MODELS]
    kept[likeliest] = weights[likeliest]
    upto = np.round(np.cumsum(kept / kept.sum()) * draws).astype(int)
    return [int(count) for count in np.diff(upto, prepend=0)]


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
