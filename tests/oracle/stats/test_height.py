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


def cells(seed: int, rows: tuple[int, ...] = FEW) -> Cells:
    """Two replicates of some learning rates, with noise as large as what the slope loses."""
    rng = np.random.default_rng(seed)
    table = SLOPE[list(rows), None] + rng.normal(0, 2, 2) + rng.normal(0, 1.5, (len(rows), 2))
    return Cells(GRID[list(rows)], table, np.zeros(table.shape))


def posterior(seed: int, height: float) -> CurvePosterior:
    return curve_posterior(
        cells(seed), 0.5, GRID.tolist(), seed=seed, sparse=True, height=height
    )


def test_a_slope_that_few_noisy_cells_do_not_show_is_not_taken_for_a_plateau() -> None:
    middle = float(GRID[5])  # truly 1.7 points below the best
    inside = {
        height: [
            draw_ends(posterior(seed, height), 0.5, "points").verdict(middle) == "inside"
            for seed in range(30)
        ]
        for height in HEIGHTS
    }
    assert sum(inside[HEIGHT]) <= 1
    assert sum(inside[0.0]) > sum(inside[HEIGHT])


def test_it_is_less_likely_that_the_whole_grid_is_feasible() -> None:
    flat = {
        height: fmean(
            draw_ends(posterior(seed, height), 0.5, "points").flat for seed in range(10)
        )
        for height in HEIGHTS
    }
    assert flat[HEIGHT] < flat[0.0] / 2


def test_whether_a_curve_is_flat_is_asked_without_the_prior() -> None:
    whole = cells(0, tuple(range(10)))
    level = Cells(whole.rates, whole.table - SLOPE[:, None] + 90, whole.diverged)
    settings = {"floor": 0.0, "seed": 0, "sparse": False}
    _, ends = infer_ends(level, 0.5, 0.5, "points", GRID.tolist(), **settings)
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
