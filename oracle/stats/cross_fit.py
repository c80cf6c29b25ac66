"""The accuracy of a choice, by replicates that had no part in it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Curve = Sequence[tuple[int, float]]  # (completed iterations, validation accuracy in percent)


def cross_fitted_best(curves: Sequence[Sequence[Curve]]) -> float | None:
    """Score the best accuracy when max_lr *and* evaluation are chosen by the other replicates.

    A training run's accuracy is that of its best evaluation, so it keeps the luck of many
    evaluations: on random labels it lies above chance, and the more so the more the accuracy
    fluctuates. Here each replicate is scored at the (max_lr, evaluation) with the best mean over
    the others; in a tie, at the lower max_lr and the earlier evaluation. The result estimates the
    accuracy of weights taken after a number of iterations that is fixed beforehand.

    Args:
        curves: by max_lr, rising, and replicate; of max_lr of which none diverged.

    Returns:
        The mean score in percent. None with one replicate, without evaluations, or where
        replicates were evaluated after different iterations.
    """
    iterations = {tuple(at for at, _ in curve) for row in curves for curve in row}
    counts = {len(row) for row in curves}
    if len(iterations) != 1 or not next(iter(iterations)) or len(counts) != 1 or counts.pop() < 2:
        return None
    table = np.array([[[value for _, value in curve] for curve in row] for row in curves])
    by_replicate = table.transpose(1, 0, 2).reshape(table.shape[1], -1)
    others = (by_replicate.sum(axis=0) - by_replicate) / (len(by_replicate) - 1)
    chosen = np.round(others, 9).argmax(axis=1)
    return float(by_replicate[np.arange(len(by_replicate)), chosen].mean())
