"""One posterior of a cycle's accuracy curve over continuous log max_lr.

    accuracy of (max_lr, replicate) = curve(max_lr) + effect(replicate) + noise(max_lr, replicate)

Replicates are paired; their effects are integrated out, so that a cell may be missing. The noise is
that of `oracle.stats.noise`. The curve is a Gaussian process of unknown stiffness and height
(`oracle.stats.curve_draws`). A value so far below the best that it decides nothing counts as being
just so far below: a cliff must not teach the curve at its top to be steep. How far that is depends
on the curve, which a narrow peak needs to be steep, so each of `REACHES` gives its share of the
draws. A replicate may diverge, with a probability that rises with max_lr
(`oracle.stats.divergence`); what counts is the expected accuracy, with 0 where a network diverged.

Draws use common random numbers and Cholesky factors only, which are unique: the same cells give the
same draws with any linear algebra library, but for rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from oracle.stats.curve_draws import draw_curves
from oracle.stats.divergence import sample_divergence
from oracle.stats.noise import Array, Noise, estimate_noise, lowest, sparse_prior
from oracle.stats.one_thread import one_thread

Indices = np.ndarray[Any, np.dtype[np.int64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]

DRAWS = 1000
DEPTH = 2.0  # tolerances below the best, and so many standard errors: what is further below
REACHES = (1.5, 4.0)  # decides nothing; set on `SETTING` families
POINTS = 128  # at most, of a drawn curve
CLIFFS = 0.5  # of the draws fall at once between a value and a deep neighbour
# A curve whose std is below so many tolerances is less likely beforehand:
HEIGHT = 1.0  # set on `SETTING` families and the runs of `setting-runs`


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
    constant: float  # probability of a constant curve, which no draw is

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
    sparse: bool = False,
    height: float = HEIGHT,
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
        sparse: whether cells are missing. Then few of them may tell of the noise, which on a short
            grid has a prior.
        height: std of the curve, in tolerances, below which it is less likely.

    Returns:
        The curves at the tried and the grid's max_lr and between them, at most `POINTS` in all,
        (draws, points), in percent with divergence counted as 0; the noise of what did not diverge;
        the probability that the curve is constant, 0 where a network diverged.
    """
    rng = np.random.default_rng(seed)
    logs = np.union1d(cells.log_max_lr, np.log(np.asarray(grid, float)) if len(grid) else [])
    low, width = logs[0], max(logs[-1] - logs[0], 1e-12)
    fine = _between((logs - low) / width)
    sound = np.flatnonzero((~np.isnan(cells.table)).any(axis=1))
    table, positions = cells.table[sound], (cells.log_max_lr[sound] - low) / width
    prior = sparse_prior(tolerance, len(logs)) if sparse else None
    noise = estimate_noise(table, positions, floor, prior)
    shares = np.diff(np.linspace(0, draws, len(REACHES) + 1).astype(int))
    parts = [
        _sound(
            table,
            noise,
            positions,
            fine,
            DEPTH * tolerance,
            reach,
            int(share),
            rng,
            height * tolerance,
        )
        for reach, share in zip(REACHES, shares, strict=True)
    ]
    curves = np.concatenate([drawn for drawn, _ in parts])
    constant = float(np.average([each for _, each in parts], weights=shares))
    chances = sample_divergence(cells.diverged, (cells.log_max_lr - low) / width, fine, draws, rng)
    if chances is not None:
        curves, constant = curves * (1 - chances), 0.0
    on_grid = np.searchsorted(fine, (logs - low) / width - 1e-9)
    points = np.exp(low + width * fine)
    return CurvePosterior(points, curves, curves.mean(axis=0), noise, on_grid, constant)


def _sound(
    table: Array,
    noise: Noise,
    positions: Array,
    fine: Array,
    depth: float,
    reach: float,
    draws: int,
    rng: np.random.Generator,
    height: float,
) -> tuple[Array, float]:
    """Draws of the accuracy of what does not diverge, (draws, fine); the chance of a constant.

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
    curves[:, drawn_at], constant = draw_curves(
        clipped, means, size, positions, inner, noise.freedom, draws, rng, height
    )
    _cliffs(curves, positions, deep, fine, least, rng)
    return curves, 0.0 if deep.any() else constant


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
