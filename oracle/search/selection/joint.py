"""What a cell would tell: the curve and the replicates' effects, jointly normal.

    accuracy of (max_lr, replicate) = curve(max_lr) + effect(replicate) + noise(max_lr, replicate)

An effect is known by the cells of its replicate, as far as the curve is known there. The first cell
of a replicate tells of its max_lr, but for the effect, by comparison with others alone.
"""

from __future__ import annotations

import numpy as np

from oracle.search.selection.cycle_answer import Answer, Known
from oracle.stats.noise import SPARSE_FLOOR, Array


def noise_variance(answer: Answer) -> float:
    """Return the variance of one replicate's noise near the best.

    Args:
        answer: What is known of the cycle.

    Returns:
        In squared points, that of `SPARSE_FLOOR` at least.
    """
    return max(answer.posterior.noise.near_best, SPARSE_FLOOR) ** 2


def with_effects(covariance: Array, known: Known, noise: float) -> Array:
    """Append the replicates' effects to the covariance of a curve.

    The effect of a replicate is the mean of what its results leave of the curve. One that was not
    trained yet is taken to be known as well as by one result, for a batch asks for several.

    Args:
        covariance: Of the curve at the grid's values, then of the other requested values,
            (queried, queried), squared points.
        known: What was trained.
        noise: Variance of one replicate's noise, squared points.

    Returns:
        (queried + replicates, queried + replicates), squared points.
    """
    came = known.trained & ~(known.diverged == 1)
    counts = np.maximum(came.sum(axis=0), 1)
    shares = np.zeros((len(counts), len(covariance)))
    shares[:, : len(came)] = -(came / counts).T
    across = shares @ covariance
    effects = across @ shares.T + np.diag(noise / counts)
    joint: Array = np.block([[covariance, across.T], [across, effects]])
    return joint
