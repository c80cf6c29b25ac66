"""How likely a replicate is to diverge at each max_lr: draws of a curve of probabilities.

    probability(max_lr) = base + (1 - base) * logistic((place - middle) / width)

Every combination of `BASES`, `WIDTHS` and a middle anywhere along the grid or beyond its end is
weighed by the likelihood of what diverged and what did not.
"""

from __future__ import annotations

import numpy as np

from oracle.stats.noise import Array

BASES = (0.0, 0.02, 0.1)  # what diverges at any max_lr
BASE_PRIOR = (0.9, 0.05, 0.05)
WIDTHS = (0.005, 0.01, 0.02, 0.04)  # in shares of the grid
MIDDLES = np.linspace(-0.3, 1.5, 181)


def sample_divergence(
    diverged: Array, positions: Array, targets: Array, draws: int, rng: np.random.Generator
) -> Array | None:
    """Draw the probability to diverge at the target positions, (draws, targets).

    Args:
        diverged: (max_lr, replicates): 1 diverged, 0 did not, NaN missing.
        positions: of these max_lr in [0, 1] along log max_lr.
        targets: positions to draw at.
        draws: how many.
        rng: of the draws.

    Returns:
        None where nothing diverged.

    """
    times, lived = np.nansum(diverged == 1, axis=1), np.nansum(diverged == 0, axis=1)
    if not times.any():
        return None
    bases, widths, middles = np.meshgrid(BASES, WIDTHS, MIDDLES, indexing="ij")
    flat = np.stack([bases.ravel(), widths.ravel(), middles.ravel()], axis=1)
    chances = np.clip(_chances(flat, positions), 1e-6, 1 - 1e-6)
    scores = np.log(chances) @ times + np.log1p(-chances) @ lived
    scores += np.log(np.repeat(BASE_PRIOR, len(WIDTHS) * len(MIDDLES)))
    weights = np.exp(scores - scores.max())
    order = rng.permutation(draws)
    quantiles = (np.arange(draws) + 0.5) / draws
    drawn = np.searchsorted(np.cumsum(weights / weights.sum()), quantiles)[order]
    return _chances(flat[np.minimum(drawn, len(flat) - 1)], targets)


def _chances(models: Array, positions: Array) -> Array:
    base, width, middle = (models[:, column, None] for column in range(3))
    exponent = np.clip((middle - positions) / width, -60, 60)
    chances: Array = base + (1 - base) / (1 + np.exp(exponent))
    return chances
