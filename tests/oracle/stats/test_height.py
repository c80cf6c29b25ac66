"""A flat curve is less likely beforehand, and less than the whole excess of maxima is taken off."""

from statistics import fmean

import numpy as np
import pytest

from oracle.stats import decisions
from oracle.stats.decisions import draw_ends, infer_ends
from oracle.stats.posterior import HEIGHT, Cells, CurvePosterior, curve_posterior

GRID = np.geomspace(0.01, 1, 10)
SLOPE = 90 - 3 * np.linspace(0, 1, 10)  # half a point is lost at a sixth of the grid
FEW = (0, 2, 3, 5, 7, 9)
HEIGHTS = (0.0, HEIGHT)


def few_cells(seed: int) -> Cells:
    """Two replicates of six of ten learning rates, with noise as large as what the slope loses."""
    rng = np.random.default_rng(seed)
    rows = list(FEW)
    table = SLOPE[rows, None] + rng.normal(0, 2, 2) + rng.normal(0, 1.5, (len(rows), 2))
    return Cells(GRID[rows], table, np.zeros(table.shape))


def posterior(seed: int, height: float) -> CurvePosterior:
    return curve_posterior(
        few_cells(seed), 0.5, GRID.tolist(), seed=seed, sparse=True, height=height
    )


def test_a_slope_that_few_noisy_cells_do_not_show_is_not_taken_for_a_plateau() -> None:
    middle = float(GRID[5])  # truly 1.7 points below the best
    chances = {
        height: [
            draw_ends(posterior(seed, height), 0.5, "points").chance(middle) or 0.0
            for seed in range(30)
        ]
        for height in HEIGHTS
    }
    assert fmean(chances[HEIGHT]) < fmean(chances[0.0]) - 0.02
    assert max(chances[HEIGHT]) < 0.95


def test_it_is_less_likely_that_the_whole_grid_is_feasible() -> None:
    flat = {
        height: fmean(draw_ends(posterior(seed, height), 0.5, "points").flat for seed in range(10))
        for height in HEIGHTS
    }
    assert flat[HEIGHT] < flat[0.0] / 2


def test_whether_a_curve_is_flat_is_asked_without_the_prior() -> None:
    rng = np.random.default_rng(0)
    table = 90 + rng.normal(0, 2, 8) + rng.normal(0, 0.4, (10, 8))
    level = Cells(GRID, table, np.zeros(table.shape))
    _, ends = infer_ends(level, 0.5, 0.5, "points", GRID.tolist(), floor=0.0, seed=0, sparse=False)
    free = curve_posterior(level, 0.5, GRID.tolist(), height=0.0)
    with_prior = curve_posterior(level, 0.5, GRID.tolist())
    assert ends.flat == draw_ends(free, 0.5, "points").flat
    assert ends.flat > draw_ends(with_prior, 0.5, "points").flat


def test_less_is_taken_off_the_drawn_maxima(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same curves, held against higher maxima, have narrower regions."""
    drawn = posterior(0, HEIGHT)
    narrow = draw_ends(drawn, 0.5, "points")
    monkeypatch.setattr(decisions, "EXCESS", 1.0)
    wide = draw_ends(drawn, 0.5, "points")
    assert (narrow.low >= wide.low).all()
    assert (narrow.high <= wide.high).all()
    assert (narrow.high < wide.high).any()
