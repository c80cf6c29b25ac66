"""The noise of paired replicates: how large it is along a curve, and how alike neighbours are.

    accuracy of (max_lr, replicate) = curve(max_lr) + effect(replicate) + noise(max_lr, replicate)

The size of the noise is a function of the loss, how far a max_lr is below the best, and of where
the max_lr lies: values that lost much say little of the noise near the best. Cells may be missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]

LOSS_WIDTH = 0.5  # of the pooling, in units of log(1 + loss / LOSS_UNIT)
LOSS_UNIT = 0.5  # points
POSITION_WIDTH = 0.35  # of the pooling, in shares of the range of log max_lr
PRIOR_FREEDOM = 4.0  # degrees of freedom with which the noise near the best speaks for the others
CORRELATIONS = np.array([0.0, 0.25, 0.5, 0.75])  # of the noise of neighbours
RIDGE = 1e-8  # keeps a singular matrix solvable; the same for every correlation
LEAST = 1e-2  # points; the noise of replicates that are all alike
SPARSE_FLOOR = 0.2  # points; the least noise that is believed where cells are missing
SPARSE_FREEDOM = 2.0  # of the prior of the noise there, on short grids
SHORT_GRID = 14  # values at most; of longer ones enough cells are trained to tell of the noise
ROUNDS = 3  # of fitting means and effects in turn


@dataclass(frozen=True)
class NoisePrior:
    """What is known of the noise before any result: an inverse chi-square prior of its variance."""

    size: float  # std of one replicate, points
    freedom: float  # degrees of freedom that this is worth


@dataclass(frozen=True)
class Noise:
    """The noise of one replicate at each max_lr."""

    size: Array  # std by max_lr, points
    effects: Array  # by replicate, points; their mean is 0
    means: Array  # by max_lr, without the effects; NaN where nothing is known
    freedom: float  # degrees of freedom behind the sizes near the best

    @property
    def near_best(self) -> float:
        """Standard deviation of one replicate at the max_lr with the best mean, in points."""
        return round(float(self.size[int(np.nanargmax(self.means))]), 6)


def estimate_noise(
    table: Array, positions: Array, floor: float = 0.0, prior: NoisePrior | None = None
) -> Noise:
    """Estimate the noise of each max_lr from what rows and columns leave of a table.

    Args:
        table: accuracies, (max_lr, replicates), NaN where a cell is missing.
        positions: of the max_lr in [0, 1] along log max_lr.
        floor: the least std of one replicate, in points, such as that of one validation image.
        prior: of the variance; it weighs as much as its degrees of freedom.

    Returns:
        Size by max_lr, effects by replicate, means by max_lr and the degrees of freedom. Where rows
        and columns leave nothing, the size is that of the prior; without one `floor` or `LEAST`,
        with 0 degrees of freedom.
    """
    seen = ~np.isnan(table)
    filled = np.where(seen, table, 0.0)
    weights = np.ones(len(table))
    effects = np.zeros(table.shape[1])
    size = np.full(len(table), max(floor, LEAST))
    freedom = 0.0
    means = effects[:0]
    for _ in range(ROUNDS):
        means, effects = _two_way(filled, seen, weights, effects)
        left = np.where(seen, filled - means[:, None] - effects, 0.0)
        size, freedom = _pooled(left, seen, means, positions, floor)
        weights = 1 / size**2
        weights /= weights.max()
    means = np.where(seen.any(axis=1), means, np.nan)
    if prior is not None:
        total = freedom + prior.freedom
        pooled = (freedom * size**2 + prior.freedom * prior.size**2) / total
        size, freedom = np.maximum(np.sqrt(pooled), floor), total
    return Noise(size, effects, means, freedom)


def _two_way(
    filled: Array, seen: np.ndarray[Any, Any], weights: Array, effects: Array
) -> tuple[Array, Array]:
    """Means by row and effects by column, each the weighted mean of what the other leaves."""
    counts = np.maximum(seen.sum(axis=1), 1)
    heavy = seen * weights[:, None]
    totals = np.maximum(heavy.sum(axis=0), 1e-12)
    means = filled.sum(axis=1) / counts
    for _ in range(ROUNDS if seen.all() else 20):
        means = ((filled - effects) * seen).sum(axis=1) / counts
        effects = (heavy * (filled - means[:, None])).sum(axis=0) / totals
        effects = effects - effects.mean()
    means = ((filled - effects) * seen).sum(axis=1) / counts
    return means, effects


def _pooled(
    left: Array, seen: np.ndarray[Any, Any], means: Array, positions: Array, floor: float
) -> tuple[Array, float]:
    """Std of the noise by max_lr, pooled over those of like loss and position; and its freedom."""
    cells, counts = int(seen.sum()), seen.sum(axis=1)
    free = cells - int(seen.any(axis=1).sum()) - int(seen.any(axis=0).sum()) + 1
    if free <= 0:
        return np.full(len(left), max(floor, LEAST)), 0.0
    squares = (left**2).sum(axis=1)
    each = np.where(counts > 1, counts - 1, 0) * (free / max(1, (np.maximum(counts, 1) - 1).sum()))
    known = counts > 0
    depth = np.log1p(np.maximum(0.0, means[known].max() - means) / LOSS_UNIT)
    near = np.exp(-0.5 * (np.subtract.outer(depth, depth) / LOSS_WIDTH) ** 2)
    near *= np.exp(-0.5 * (np.subtract.outer(positions, positions) / POSITION_WIDTH) ** 2)
    top = np.exp(-0.5 * (depth / LOSS_WIDTH) ** 2) * known
    freedom = float(top @ each)
    whole = float(squares.sum()) / free
    best = (float(top @ squares) + whole) / (freedom + 1)
    pooled = (near @ squares + PRIOR_FREEDOM * best) / (near @ each + PRIOR_FREEDOM)
    return np.sqrt(np.maximum(pooled, max(floor, LEAST) ** 2)), freedom + 1


def sparse_prior(tolerance: float, count: int) -> NoisePrior | None:
    """Return the prior of the noise where cells are missing, and few replicates tell of it.

    One tolerance a replicate: in recorded runs the noise near the best is 0.94 tolerances in the
    median, and its logarithm has a standard deviation of 0.49 (`benchmarks/recorded_noise.py`).

    Args:
        tolerance: Of the region, in points.
        count: Values of the grid, tried or not.

    Returns:
        The prior; None for a grid of more than `SHORT_GRID` values.
    """
    if count > SHORT_GRID:
        return None
    return NoisePrior(max(tolerance, SPARSE_FLOOR), SPARSE_FREEDOM)


def noise_with_more_images(noise: float, floor: float, times: float) -> float:
    """Bound the noise of a replicate from below if it had more validation images, in points.

    The images' part of the variance falls as one over their number, that of initial weights and
    order of batches stays. Their part is at most that of a single accuracy, `floor` squared, and no
    more than all of it: networks of one replicate see the same images, and err alike on many.

    Args:
        noise: std of one paired replicate, points.
        floor: std that the number of images alone gives to a single accuracy, points.
        times: how many times the images.

    Returns:
        The least standard deviation of one paired replicate with so many images, in points.
    """
    images = min(floor, noise) ** 2
    return float(np.sqrt(noise**2 - images * (1 - 1 / times)))


def lowest(table: Array, noise: Noise, depth: float, reach: float) -> float:
    """Return the mean below which a max_lr is too far below the best to decide anything.

    Args:
        table: Accuracies in percent, (max_lr, replicates); NaN where a cell is missing.
        noise: Of the same max_lr.
        depth: Points below the best.
        reach: Standard errors, of the best and a usual mean, below that.

    Returns:
        An accuracy in percent, without the replicates' effects.
    """
    errors = noise.size / np.sqrt((~np.isnan(table)).sum(axis=1))
    top = int(np.argmax(noise.means - errors))
    return float(noise.means[top] - depth - reach * np.hypot(errors[top], np.median(errors)))


def precision(table: Array, size: Array, steps: Array, correlation: float) -> tuple[Array, Array]:
    """Integrate the replicates' effects out of what the cells say of the curve.

    Args:
        table: Accuracies in percent, (max_lr, replicates); NaN where a cell is missing.
        size: Standard deviation of one replicate's noise by max_lr, in points.
        steps: Distances between the max_lr, (max_lr, max_lr), in steps of the grid.
        correlation: Of the noise of neighbours, in [0, 1).

    Returns:
        The precision matrix A (max_lr, max_lr) and the vector b (max_lr,) of the normal
        likelihood exp(-f'Af/2 + b'f) of the curve f at the max_lr.
    """
    matrices, vectors, _ = _integrated(table, size, steps, np.array([correlation]))
    return matrices[0], vectors[0]


def correlation(table: Array, size: Array, steps: Array) -> float:
    """Average the correlation of neighbours' noise over its posterior under a flat prior.

    Args:
        table: Accuracies in percent, (max_lr, replicates); NaN where a cell is missing.
        size: Standard deviation of one replicate's noise by max_lr, in points.
        steps: Distances between the max_lr, (max_lr, max_lr), in steps of the grid.

    Returns:
        A mean over `CORRELATIONS`; 0 with one replicate, with fewer than three max_lr, or
        where a max_lr has no accuracy.
    """
    if np.isnan(table).all(axis=1).any() or table.shape[1] < 2 or len(table) < 3:
        return 0.0
    scores = _integrated(table, size, steps, CORRELATIONS)[2]
    weights = np.exp(scores - scores.max())
    return float(weights @ CORRELATIONS / weights.sum())


def _integrated(
    table: Array, size: Array, steps: Array, correlations: Array
) -> tuple[Array, Array, Array]:
    """Return A and b of `precision` and the restricted log likelihood, for each correlation.

    The likelihood is that of the noise, the curve and the effects being free.
    """
    count, kinds = len(table), len(correlations)
    matrices, vectors = np.zeros((kinds, count, count)), np.zeros((kinds, count))
    quadratic, logarithm = np.zeros(kinds), np.zeros(kinds)
    patterns: dict[bytes, list[int]] = {}
    seen = ~np.isnan(table)
    for replicate in range(table.shape[1]):
        patterns.setdefault(seen[:, replicate].tobytes(), []).append(replicate)
    for replicates in patterns.values():
        rows = np.flatnonzero(seen[:, replicates[0]])
        if not len(rows):
            continue
        like = correlations[:, None, None] ** steps[np.ix_(rows, rows)]  # 0 ** 0 is 1
        inverse = np.linalg.inv(size[rows, None] * like * size[rows])
        ones = inverse.sum(axis=2)
        whole = ones.sum(axis=1)
        inverse -= ones[:, :, None] * ones[:, None, :] / whole[:, None, None]
        values = table[rows][:, replicates]
        said = inverse @ values
        matrices[:, rows[:, None], rows] += len(replicates) * inverse
        vectors[:, rows] += said.sum(axis=2)
        quadratic += (values * said).sum(axis=(1, 2))
        determinant = np.linalg.slogdet(like)[1] + 2 * np.log(size[rows]).sum()
        logarithm += len(replicates) * (determinant + np.log(whole))
    rows = np.flatnonzero(seen.any(axis=1))
    inner = matrices[:, rows[:, None], rows]
    # one level is free, and more where no replicate ties some max_lr to the others
    scale = np.trace(inner, axis1=1, axis2=2)[:, None, None] / len(rows)
    free = inner + scale / len(rows) + RIDGE * scale * np.eye(len(rows))
    solved = np.linalg.solve(free, vectors[:, rows, None])[:, :, 0]
    quadratic -= (vectors[:, rows] * solved).sum(axis=1)
    scores = -0.5 * (logarithm + np.linalg.slogdet(free)[1] + np.maximum(0.0, quadratic))
    return matrices, vectors, scores
