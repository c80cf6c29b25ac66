"""The accuracy of a choice of max_lr and evaluation, on replicates that had no part in it."""

import numpy as np
import pytest

from oracle.stats.cross_fit import Curve, cross_fitted_best
from oracle.stats.noise import noise_with_more_images


def curves(table: np.ndarray) -> list[list[Curve]]:
    return [
        [[(10 * evaluation, value) for evaluation, value in enumerate(curve)] for curve in row]
        for row in table.tolist()
    ]


def test_on_random_labels_it_is_chance_where_the_best_evaluation_is_points_above() -> None:
    rng = np.random.default_rng(0)
    fitted, best_evaluation = [], []
    for _ in range(200):
        swing = np.linspace(0.5, 3, 8)[:, None, None]  # accuracies swing more at high max_lr
        table = 10 + swing * rng.standard_normal((8, 5, 20))
        fitted.append(cross_fitted_best(curves(table)))
        evaluations = table.max(axis=2)
        others = (evaluations.sum(axis=1, keepdims=True) - evaluations) / 4
        best_evaluation.append(evaluations[others.argmax(axis=0), np.arange(5)].mean())
    # The best of 20 evaluations, though other replicates chose max_lr.
    assert np.mean(best_evaluation) > 13
    assert np.mean(fitted) == pytest.approx(10, abs=0.3)


def test_where_one_max_lr_and_evaluation_are_truly_best_it_is_their_accuracy() -> None:
    rng = np.random.default_rng(1)
    table = 80 + 0.1 * rng.standard_normal((6, 4, 5))
    table[2, :, 3] += 5
    assert cross_fitted_best(curves(table)) == pytest.approx(table[2, :, 3].mean())


def test_without_common_evaluations_or_with_one_replicate_there_is_no_estimate() -> None:
    table = np.full((2, 3, 4), 50.0)
    assert cross_fitted_best(curves(table[:, :1])) is None
    assert cross_fitted_best([[(), ()], [(), ()]]) is None
    assert cross_fitted_best([]) is None
    other = curves(table)
    other[0][0] = [(7, 50.0)]
    assert cross_fitted_best(other) is None


def test_more_images_help_as_far_as_the_noise_is_theirs() -> None:
    assert noise_with_more_images(1.0, 2.0, 4) == pytest.approx(0.5)  # all of it may be
    assert noise_with_more_images(1.0, 0.1, 4) == pytest.approx((1 - 0.01 * 0.75) ** 0.5)
    assert noise_with_more_images(0.0, 0.5, 4) == 0
