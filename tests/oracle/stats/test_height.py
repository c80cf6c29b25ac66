"""A flat curve is less likely beforehand, and less than the whole excess of maxima is taken off."""

from statistics import fmean

import numpy as np
import pytest

from oracle.stats import decisions
from oracle.stats.decisions import FLAT, draw_ends
from oracle.stats.noise import Array
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
        height: fmean(drawn_flat(posterior(seed, height)) for seed in range(10))
        for height in HEIGHTS
    }
    assert flat[HEIGHT] < flat[0.0] / 2


def drawn_flat(posterior: CurvePosterior) -> float:
    """The share of the drawn curves, none of which is constant, that are feasible everywhere."""
    flat = draw_ends(posterior, 0.5, "points").flat
    return (flat - posterior.constant) / (1 - posterior.constant)


def noisy(curve: Array, replicates: int, noise: float, seed: int = 0) -> Cells:
    rng = np.random.default_rng(seed)
    table = curve[:, None] + rng.normal(0, 2, replicates)
    table = table + rng.normal(0, noise, (len(curve), replicates))
    return Cells(GRID, table, np.zeros(table.shape))


def flat(cells: Cells) -> float:
    return draw_ends(curve_posterior(cells, 0.5, GRID.tolist()), 0.5, "points").flat


def test_a_constant_curve_is_known_where_its_noise_alone_exceeds_the_tolerance() -> None:
    level = np.full(10, 90.0)
    assert fmean(flat(noisy(level, 8, 0.8, seed)) >= FLAT for seed in range(20)) > 0.5
    assert max(flat(noisy(SLOPE, 8, 0.8, seed)) for seed in range(10)) < FLAT


def test_more_replicates_of_a_constant_curve_make_it_likelier() -> None:
    chances = [
        fmean(
            curve_posterior(noisy(np.full(10, 90.0), replicates, 0.8, seed), 0.5).constant
            for seed in range(20)
        )
        for replicates in (2, 4, 8)
    ]
    assert 0.5 < chances[0] < chances[1] - 0.1 < chances[2] - 0.1


def test_no_curve_is_constant_where_networks_diverge_or_one_value_is_far_below() -> None:
    cells = noisy(np.full(10, 90.0), 8, 0.2)
    assert curve_posterior(cells, 0.5).constant > 0.8
    cells.diverged[-1, 0], cells.table[-1, 0] = 1, np.nan
    assert curve_posterior(cells, 0.5).constant == 0.0
    cliff = np.r_[np.full(9, 90.0), 70.0]
    assert curve_posterior(noisy(cliff, 8, 0.2), 0.5).constant == 0.0


def test_less_is_taken_off_the_drawn_maxima(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same curves, held against higher maxima, have narrower regions."""
    drawn = posterior(0, HEIGHT)
    narrow = draw_ends(drawn, 0.5, "points")
    monkeypatch.setattr(decisions, "EXCESS", 1.0)
    wide = draw_ends(drawn, 0.5, "points")
    assert (narrow.low >= wide.low).all()
    assert (narrow.high <= wide.high).all()
    assert (narrow.high < wide.high).any()
