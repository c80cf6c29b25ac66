"""Which max_lr get all their replicates at the end of a search, so that the best can be named.

The max_lr that is named has every replicate. One that is completed alone may turn out worse than
another that then lacks replicates, with nothing left to train them; replicates that no other max_lr
has tell nothing of it, either. So those are completed together of which the best is expected to be
best once their results are there.
"""

from __future__ import annotations

import itertools
from functools import lru_cache

import numpy as np

from oracle.search.selection.cycle_answer import Answer, Cell, CycleSearch, Known
from oracle.search.selection.joint import noise_variance, with_effects
from oracle.stats.noise import Array

CANDIDATES = 6  # of the best posterior means, that sets are made of
MOST = 3  # max_lr that are completed together
DRAWS = 256  # of what their results may be; each counts with its mirror image
LEAST_GAIN = 1e-4  # points by which a larger set has to be better


def finalists(search: CycleSearch, known: Known, answer: Answer, left: int) -> list[Cell]:
    """Choose the max_lr to complete with what is left of the budget.

    Args:
        search: The cycle's.
        known: What was trained.
        answer: What is known by that.
        left: Cells that may be trained.

    Returns:
        The cells that they lack; none where no set is expected to be better than the best max_lr
        that has every replicate.
    """
    drawn = answer.posterior.at(search.grid)
    mean = drawn.mean(axis=0)
    curves, noise = drawn - mean, noise_variance(answer)
    joint = with_effects(curves.T @ curves / len(curves), known, noise)
    missing = (~known.trained).sum(axis=1)
    never = ~(known.diverged == 1).any(axis=1)
    order = np.argsort(-np.round(mean, 6), kind="stable")
    complete = [int(value) for value in order if never[value] and not missing[value]][:1]
    open_ones = [int(value) for value in order if never[value] and 0 < missing[value] <= left]
    best: tuple[float, tuple[int, ...]] = (float(mean[complete[0]]) if complete else -np.inf, ())
    for size in range(1, MOST + 1):
        for some in itertools.combinations(open_ones[:CANDIDATES], size):
            if missing[list(some)].sum() > left:
                continue
            expected = _expected_best(joint, mean, known, noise, complete, some)
            if expected > best[0] + LEAST_GAIN:
                best = (expected, some)
    return [
        (value, int(replicate))
        for value in best[1]
        for replicate in np.flatnonzero(~known.trained[value])
    ]


def _expected_best(
    joint: Array,
    mean: Array,
    known: Known,
    noise: float,
    complete: list[int],
    some: tuple[int, ...],
) -> float:
    """Return the expected best posterior mean of some max_lr once they have every replicate."""
    named = [*complete, *some]
    if len(named) == 1:
        return round(float(mean[named[0]]), 6)
    cells = np.argwhere(~known.trained[list(some)])
    design = np.zeros((len(cells), len(joint)))
    rows = np.arange(len(cells))
    design[rows, np.array(some)[cells[:, 0]]] = 1
    design[rows, len(joint) - known.trained.shape[1] + cells[:, 1]] = 1
    moved = design @ joint
    variance = moved @ design.T + noise * np.eye(len(cells))
    moves = moved[:, named].T @ np.linalg.solve(variance, moved[:, named])
    root = np.linalg.cholesky(moves + 1e-9 * np.eye(len(named)))
    tops = (mean[named] + _normal()[:, : len(named)] @ root.T).max(axis=1)
    return round(float(tops.mean()), 6)


@lru_cache(maxsize=1)
def _normal() -> Array:
    """Return common random numbers, each with its mirror image, (2 * DRAWS, MOST + 1)."""
    drawn = np.random.default_rng(0).standard_normal((DRAWS, MOST + 1))
    return np.concatenate([drawn, -drawn])
