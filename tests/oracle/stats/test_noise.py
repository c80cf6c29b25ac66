"""The noise of paired replicates, with a prior of its variance."""

import numpy as np
import pytest

from oracle.stats.noise import NoisePrior, estimate_noise
from oracle.stats.region import MaxLrScores
from oracle.stats.region_intervals import infer_region

PLACES = np.linspace(0, 1, 6)


def test_a_prior_counts_as_much_as_its_degrees_of_freedom() -> None:
    table = 90 + np.random.default_rng(0).normal(0, 0.4, (6, 4))
    alone = estimate_noise(table, PLACES)
    pooled = estimate_noise(table, PLACES, prior=NoisePrior(1.5, 3.0))
    assert pooled.freedom == pytest.approx(alone.freedom + 3)
    wanted = (alone.freedom * alone.size**2 + 3 * 1.5**2) / (alone.freedom + 3)
    assert pooled.size**2 == pytest.approx(wanted)
    assert (pooled.means == alone.means).all()


def test_one_replicate_has_the_noise_of_the_prior() -> None:
    noise = estimate_noise(np.full((6, 1), 90.0), PLACES, prior=NoisePrior(0.7, 2.0))
    assert noise.size == pytest.approx(np.full(6, 0.7))
    assert noise.freedom == 2.0


def test_the_floor_holds_for_what_a_prior_makes_smaller() -> None:
    noise = estimate_noise(np.full((6, 3), 90.0), PLACES, 0.2, NoisePrior(0.1, 2.0))
    assert noise.size == pytest.approx(np.full(6, 0.2))


def test_the_noise_of_a_tolerance_is_expected_where_cells_of_a_short_grid_are_missing() -> None:
    rng = np.random.default_rng(1)
    rows = 90 - 4 * np.abs(PLACES - 0.5)[:, None] + rng.normal(0, 0.02, (6, 3))
    whole = {
        rate: MaxLrScores(tuple(row), False) for rate, row in zip(PLACES + 1, rows, strict=True)
    }
    sparse = {**whole, 1.0: MaxLrScores(whole[1.0].accuracies[:2], False)}
    long_grid = np.linspace(1, 2, 16).tolist()
    noises = []
    for tried, grid in ((whole, []), (sparse, []), (sparse, long_grid)):
        inferred = infer_region(tried, 2.0, "points", images=100_000, grid=grid)
        assert inferred is not None
        assert inferred.estimate is not None
        noises.append(inferred.estimate.noise)
    assert noises[0] < 0.05
    assert noises[2] == pytest.approx(0.2)
    assert 0.4 < noises[1] < 2.0  # of a floor of 0.2 and a tolerance of 2
