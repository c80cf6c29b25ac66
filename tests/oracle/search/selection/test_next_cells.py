"""Searches that choose single cells of a cycle: on known curves, by what they train and answer."""

import math

import numpy as np
import pytest

from oracle.search.selection.cell_rules import RULES
from oracle.search.selection.cycle_answer import Answer, CycleSearch, Known, infer_cycle
from oracle.search.selection.next_cells import next_cells

GRID = tuple(0.01 * 1.1**step for step in range(40))


def hump(noise: float, replicates: int = 3, seed: int = 0) -> np.ndarray:
    """Best at step 20; within 0.5 of it from step 15 to 25."""
    rng = np.random.default_rng(seed)
    means = 90 - 0.02 * (np.arange(40) - 20.0) ** 2
    effects = rng.normal(0, 2, replicates)
    return means[:, None] + effects + rng.normal(0, noise, (40, replicates))


def run(
    truth: np.ndarray, search: CycleSearch, rule: str = "information"
) -> tuple[Known, str | None, list[int], Answer]:
    """A search to its end: what it knows, why it ended, and its batches."""
    table, diverged = np.full(truth.shape, np.nan), np.full(truth.shape, np.nan)
    batches = []
    while (decision := next_cells(search, Known(table, diverged), rule)).cells:
        assert len(set(decision.cells)) == len(decision.cells)
        assert all(np.isnan(diverged[cell]) for cell in decision.cells)  # nothing is trained twice
        batches.append(len(decision.cells))
        for cell in decision.cells:
            table[cell], diverged[cell] = truth[cell], float(np.isnan(truth[cell]))
    known = Known(table, diverged)
    return known, decision.reason, batches, infer_cycle(search, known)


@pytest.mark.parametrize("rule", RULES)
def test_a_quarter_of_the_training_runs_finds_the_hump(rule: str) -> None:
    search = CycleSearch(GRID, 3, 0.5, 30, 6)
    known, reason, batches, answer = run(hump(0.3), search, rule)
    assert known.trained.sum() <= 30
    assert sum(batches) == known.trained.sum()
    assert reason in ("budget", "regret and ends")
    assert abs(GRID.index(answer.well_tuned) - 20) <= 5  # less than 0.5 points below the best
    for end, step in (("low", 15), ("high", 25)):
        estimate = math.log(answer.ends.median(end) / 0.01) / math.log(1.1)  # type: ignore[arg-type]
        assert abs(estimate - step) <= 4


def test_the_first_batch_spreads_over_the_grid_with_two_replicates() -> None:
    nothing = np.full((40, 3), np.nan)
    first = next_cells(CycleSearch(GRID, 3, 0.5, 30, 6), Known(nothing, nothing))
    assert {replicate for _, replicate in first.cells} == {0, 1}
    assert {0, 39} <= {value for value, _ in first.cells}
    assert first.reason is None


def test_on_a_short_grid_one_value_of_the_first_batch_has_a_second_replicate() -> None:
    nothing = np.full((10, 3), np.nan)
    first = next_cells(CycleSearch(GRID[:10], 3, 0.5, 15, 6), Known(nothing, nothing))
    values = [value for value, replicate in first.cells if replicate == 0]
    assert len(values) == 7
    assert {0, 9} <= set(values)
    assert [cell for cell in first.cells if cell[1] == 1] == [(values[3], 1)]


def test_the_budget_is_never_exceeded() -> None:
    for budget in (7, 13, 29):
        known, reason, _, _ = run(hump(1.0), CycleSearch(GRID, 3, 0.5, budget, 8))
        assert known.trained.sum() == budget
        assert reason == "budget"


@pytest.mark.parametrize("seed", range(2))
def test_values_that_decide_nothing_get_no_further_replicate(seed: int) -> None:
    known, _, _, _ = run(hump(0.5, 8, seed), CycleSearch(GRID, 8, 0.5, 80, 8), "adaptive")
    per_value = known.trained.sum(axis=1)
    assert per_value[:8].max() <= 2  # 3 points and more below the best
    assert per_value[12:29].sum() > 0.75 * per_value.sum()


@pytest.mark.parametrize("seed", range(3))
def test_the_best_comes_first_and_the_ends_once_it_is_known(seed: int) -> None:
    truth = hump(0.3, 8, seed)
    table, diverged = np.full((40, 8), np.nan), np.full((40, 8), np.nan)
    table[::3, :4], diverged[::3, :4] = truth[::3, :4], 0.0
    farthest = []
    for regret in (1e-9, 5.0):  # the best is never known well enough, and always
        search = CycleSearch(GRID, 8, 0.5, 100, 8, regret=regret)
        cells = next_cells(search, Known(table, diverged)).cells
        assert len(cells) == 8
        farthest.append(max(abs(value - 20) for value, _ in cells))
    assert farthest[0] <= 3  # steps from the true best
    assert farthest[1] >= 4  # its region's ends are at 5


def test_a_flat_curve_ends_early_and_is_reported() -> None:
    rng = np.random.default_rng(0)
    truth = 80 + rng.normal(0, 2, 8) + rng.normal(0, 0.2, (40, 8))
    known, reason, _, _ = run(truth, CycleSearch(GRID, 8, 0.5, 320, 8))
    assert reason == "flat"
    assert known.trained.sum() < 160


def test_a_verdict_that_is_wanted_ends_the_search_when_it_is_certain() -> None:
    known, reason, _, answer = run(
        hump(0.2), CycleSearch(GRID, 3, 0.5, 120, 6, verdict_for=GRID[38])
    )
    assert reason == "verdict"
    assert answer.ends.verdict(GRID[38]) == "outside"
    assert known.trained.sum() < 60


def test_where_everything_diverges_the_search_continues_until_something_does_not() -> None:
    truth = np.full((40, 3), np.nan)
    truth[1] = 80.0
    known, _, _, answer = run(truth, CycleSearch(GRID, 3, 0.5, 120, 8))
    assert known.trained[1].any()
    assert answer.well_tuned == GRID[1]


def test_the_next_cells_depend_on_the_known_results_alone() -> None:
    search, truth = CycleSearch(GRID, 3, 0.5, 40, 6), hump(0.5)
    one, *_ = run(truth, search)
    other, *_ = run(truth, search)
    assert (one.trained == other.trained).all()


@pytest.mark.costly
def test_the_max_lr_that_is_named_has_every_replicate_and_is_as_good_as_the_best() -> None:
    for seed in range(4):
        known, _, _, answer = run(hump(0.6, 8, seed), CycleSearch(GRID, 8, 0.5, 80, 16))
        assert answer.complete is not None
        assert known.trained[GRID.index(answer.complete)].all()
        assert known.trained.sum() <= 80
        means = 90 - 0.02 * (np.arange(40) - 20.0) ** 2
        assert means[20] - means[GRID.index(answer.complete)] < 0.6


def test_the_knowledge_gradient_is_that_of_the_definition_over_all_values() -> None:
    table = hump(0.5, 4)
    diverged = np.zeros((40, 4))
    table[:, 3], diverged[:, 3] = np.nan, np.nan
    search, known = CycleSearch(GRID, 4, 0.5, 160, 8), Known(table, diverged)
    answer = infer_cycle(search, known)
    drawn = answer.posterior.at(GRID)
    mean, covariance = drawn.mean(axis=0), np.cov(drawn.T, ddof=0)
    nodes, weights = np.polynomial.hermite_e.hermegauss(15)
    noise = answer.posterior.noise.near_best**2
    # nothing was trained of replicate 3: its effect is as uncertain as one result leaves it
    moves = covariance / np.sqrt(np.diag(covariance) + 2 * noise)
    tops = (mean[:, None, None] + moves[:, :, None] * nodes).max(axis=0)
    gains = tops @ weights / weights.sum() - mean.max()
    [(value, replicate)] = RULES["knowledge gradient"](search, known, answer, 1)
    assert replicate == 3
    assert gains[value] == pytest.approx(gains.max(), abs=1e-9)


def test_replicates_that_no_max_lr_shares_are_no_obstacle() -> None:
    table, diverged = np.full((40, 2), np.nan), np.full((40, 2), np.nan)
    for value, replicate, accuracy in ((0, 0, 80.0), (9, 0, 81.0), (20, 1, 85.0), (39, 1, 79.0)):
        table[value, replicate], diverged[value, replicate] = accuracy, 0.0
        diverged[value, 1 - replicate] = 1.0  # so nothing ties the two pairs together
    decision = next_cells(CycleSearch(GRID, 2, 0.5, 40, 8), Known(table, diverged))
    assert decision.cells
