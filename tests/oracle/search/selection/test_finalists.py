"""Which max_lr are completed at the end of a search, and what a cell tells of its replicate."""

import numpy as np
import pytest

from oracle.search.selection.cycle_answer import CycleSearch, Known, infer_cycle
from oracle.search.selection.finalists import finalists
from oracle.search.selection.joint import with_effects

GRID = tuple(0.01 * 1.5**step for step in range(10))
SEARCH = CycleSearch(GRID, 3, 0.5, 15, 16)


def trained(means: dict[int, float], replicates: dict[int, int], noise: float = 0.3) -> Known:
    """Results of the first replicates of some values, with effects of -1, 0 and 1."""
    rng = np.random.default_rng(0)
    table, diverged = np.full((10, 3), np.nan), np.full((10, 3), np.nan)
    for value, mean in means.items():
        for replicate in range(replicates.get(value, 2)):
            table[value, replicate] = mean + replicate - 1 + rng.normal(0, noise)
            diverged[value, replicate] = 0.0
    return Known(table, diverged)


def values(cells: list[tuple[int, int]]) -> list[int]:
    return sorted({value for value, _ in cells})


def test_two_max_lr_that_may_both_be_the_best_are_completed_together() -> None:
    known = trained({0: 84.0, 3: 88.0, 4: 90.0, 5: 90.0, 6: 88.0, 9: 84.0}, {})
    cells = finalists(SEARCH, known, infer_cycle(SEARCH, known), 2)
    assert sorted(cells) == [(4, 2), (5, 2)]


def test_one_that_needs_more_than_is_left_is_not_started() -> None:
    known = trained({0: 84.0, 3: 88.0, 4: 92.0, 5: 90.0, 6: 88.0, 9: 84.0}, {4: 1})
    answer = infer_cycle(SEARCH, known)
    assert answer.well_tuned == GRID[4]
    assert 4 not in values(finalists(SEARCH, known, answer, 1))
    assert finalists(SEARCH, known, answer, 0) == []


def test_none_is_completed_where_no_other_can_be_better_than_the_complete_one() -> None:
    means = {value: 90.0 - 8 * abs(value - 5) for value in range(10)}
    known = trained(means, {5: 3}, noise=0.05)
    assert finalists(SEARCH, known, infer_cycle(SEARCH, known), 6) == []


def test_an_effect_is_known_by_the_results_of_its_replicate() -> None:
    known = trained({0: 84.0, 3: 88.0, 4: 90.0, 5: 90.0}, {0: 3})
    joint = with_effects(np.zeros((10, 10)), known, 0.6)
    assert np.diag(joint)[10:] == pytest.approx([0.15, 0.15, 0.6])  # by 4, 4 and 1 results
    curve = np.full((10, 10), 2.0)  # a level that is open: what one is higher, the others are lower
    joint = with_effects(curve, known, 0.6)
    assert joint[0, 10] == pytest.approx(-2.0)
    assert joint[10, 10] == pytest.approx(2.0 + 0.15)


def test_a_max_lr_far_below_the_best_is_deep_and_gets_no_more_replicates() -> None:
    known = trained({0: 60.0, 3: 89.6, 4: 90.0, 5: 90.0, 6: 89.6, 9: 60.0}, {})
    assert np.flatnonzero(infer_cycle(SEARCH, known).deep).tolist() == [0, 9]
