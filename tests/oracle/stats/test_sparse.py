"""Where cells of a cycle are missing, a flat curve is less likely beforehand."""

from dataclasses import replace
from statistics import fmean

import numpy as np

from oracle.stats.decisions import draw_ends
from oracle.stats.posterior import Cells, CurvePosterior, curve_posterior

GRID = np.geomspace(0.01, 1, 10)
SLOPE = 90 - 3 * np.linspace(0, 1, 10)  # half a point is lost at a sixth of the grid
TRAINED = (0, 2, 3, 5, 7, 9)


def few_cells(seed: int) -> Cells:
    """Two replicates of six of ten learning rates, with noise as large as what the slope loses."""
    rng = np.random.default_rng(seed)
    rows = list(TRAINED)
    table = SLOPE[rows, None] + rng.normal(0, 2, 2) + rng.normal(0, 1.5, (len(rows), 2))
    return Cells(GRID[rows], table, np.zeros(table.shape))


def posterior(seed: int, sparse: bool) -> CurvePosterior:
    return curve_posterior(few_cells(seed), 0.5, GRID.tolist(), seed=seed, sparse=sparse)


def test_a_slope_that_few_noisy_cells_do_not_show_is_not_taken_for_a_plateau() -> None:
    middle = float(GRID[5])  # truly 1.7 points below the best
    inside = {
        sparse: [
            draw_ends(posterior(seed, sparse), 0.5, "points").verdict(middle) == "inside"
            for seed in range(30)
        ]
        for sparse in (False, True)
    }
    assert sum(inside[True]) <= 1
    assert sum(inside[False]) > sum(inside[True])


def test_it_is_less_likely_that_the_whole_grid_is_feasible() -> None:
    flat = {
        sparse: fmean(draw_ends(posterior(seed, sparse), 0.5, "points").flat for seed in range(10))
        for sparse in (False, True)
    }
    assert flat[True] < flat[False] / 2


def test_less_is_taken_off_the_drawn_maxima() -> None:
    """The same curves, held against higher maxima, have narrower regions."""
    drawn = posterior(0, sparse=True)
    whole, sparse = (
        draw_ends(replace(drawn, sparse=flag), 0.5, "points") for flag in (False, True)
    )
    assert (sparse.low >= whole.low).all()
    assert (sparse.high <= whole.high).all()
    assert (sparse.high < whole.high).any()
