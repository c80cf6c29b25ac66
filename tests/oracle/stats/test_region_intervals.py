"""Error bars and verdicts: on cases made by hand, and on the benchmark's known curves."""

import importlib.util
import itertools
import sys
from pathlib import Path
from statistics import NormalDist, fmean
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from oracle.stats.decisions import draw_ends, well_tuned
from oracle.stats.noise import correlation
from oracle.stats.posterior import Cells, curve_posterior
from oracle.stats.region import MaxLrScores
from oracle.stats.region_intervals import (
    RegionPosterior,
    Verdict,
    infer_region,
    observed_cells,
    replicates_needed,
    validation_images,
)


def _benchmark() -> Any:
    folder = Path(__file__).parents[3] / "benchmarks"
    modules = []
    for name in ("cycle_families", "recorded_curves", "coverage"):
        spec = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module  # later ones import earlier ones
        spec.loader.exec_module(module)
        modules.append(module)
    return modules


families, _, benchmark = _benchmark()

CASES = 12  # of each judging family


@pytest.fixture(scope="module")
def outcomes() -> list[Any]:
    """Fixed cases of every judging family."""
    sizes = itertools.cycle(itertools.product((10, 20, 40), (3, 5)))
    with threadpool_limits(1):  # the matrices are small: threads only wait for each other
        return [
            benchmark.outcome(families.case(family, *size, 400 + seed))
            for family in families.JUDGING
            for seed, size in zip(range(CASES), sizes, strict=False)
        ]


def noisy(
    means: list[float], replicates: int, noise: float, seed: int = 0, diverged: int | None = None
) -> dict[float, MaxLrScores]:
    """Paired replicates around means, at 0.01, 0.02, ..."""
    rng = np.random.default_rng(seed)
    table = np.array(means)[:, None] + rng.normal(0, 3, replicates)
    table += rng.normal(0, noise, table.shape)
    return {
        (index + 1) / 100: MaxLrScores(tuple(row.tolist()), index == diverged)
        for index, row in enumerate(table)
    }


def infer(
    tried: dict[float, MaxLrScores], tolerance: float = 0.5, seed: int = 0
) -> RegionPosterior:
    result = infer_region(tried, tolerance, "points", seed)
    assert result is not None
    return result


HUMP = [90 - 0.05 * (index - 8) ** 2 for index in range(20)]  # within 0.5 of the best: 0.06 to 0.12


def test_the_intervals_cover_nine_of_ten_ends(outcomes: list[Any]) -> None:
    covered = [hit for each in outcomes for hit in (each.low, each.high)]
    assert len(covered) == 2 * CASES * 5
    assert 0.82 <= fmean(covered) <= 0.98


def test_decided_verdicts_are_right_on_the_grid_and_between_its_values(
    outcomes: list[Any],
) -> None:
    verdicts = [verdict for each in outcomes for verdict in each.verdicts]
    decided = [(kind == "inside") == truth for kind, truth in verdicts if "side" in kind]
    assert len(decided) > len(verdicts) / 3
    assert fmean(decided) >= 0.95


def test_ends_read_off_the_posterior_are_nearer_to_the_truth_than_the_raw_ones(
    outcomes: list[Any],
) -> None:
    assert fmean(each.end for each in outcomes) <= 0.6 * fmean(each.raw_end for each in outcomes)


@pytest.mark.slow
def test_on_a_plateau_of_pure_noise_the_winners_curse_is_taken_back() -> None:
    each = [infer(noisy([80.0] * 16, 4, 1.0, seed)) for seed in range(60)]
    gaps = [one.region.best_accuracy - (one.best_again or 0.0) for one in each]
    # the mean of the highest of 16 means of 4: 1.77 standard errors of 1 / 2
    assert fmean(gaps) == pytest.approx(1.77 / 2, abs=0.15)


def test_the_best_accuracy_is_scored_by_the_replicate_that_did_not_choose() -> None:
    tried = {
        0.1: MaxLrScores((80.0, 90.0, 85.0), False),
        0.2: MaxLrScores((86.0, 84.0, 82.0), False),
        0.3: MaxLrScores((99.0, 99.0, 99.0), True),
    }
    # without the first replicate 0.1 leads, without the second 0.2, without the third 0.1 (a tie)
    assert infer(tried).best_again == pytest.approx((80 + 84 + 85) / 3)


def test_a_difference_is_paired_over_replicates() -> None:
    tried = {
        0.1: MaxLrScores((80.0, 70.0, 90.0), False),
        0.2: MaxLrScores((79.0, 68.0, 87.0), False),
    }
    paired = infer(tried).paired
    assert (paired[0.1].difference, paired[0.1].standard_error) == (0.0, 0.0)
    assert paired[0.2].difference == pytest.approx(-2.0)
    assert paired[0.2].standard_error == pytest.approx(1 / 3**0.5)  # of -1, -2, -3


def test_what_a_replicate_has_in_common_changes_nothing() -> None:
    tried = noisy(HUMP, 3, 0.5)
    moved = {
        rate: MaxLrScores(
            tuple(a + b for a, b in zip(each.accuracies, (-8, 0.25, 4), strict=True)), False
        )
        for rate, each in tried.items()
    }
    one, other = infer(tried), infer(moved)
    assert (one.low, one.high) == (other.low, other.high)
    for rate in tried:
        assert one.verdict(rate).chance == pytest.approx(other.verdict(rate).chance, abs=0.01)
        assert one.paired[rate].difference == pytest.approx(other.paired[rate].difference)


def test_the_same_seed_gives_the_same_evidence() -> None:
    tried = noisy(HUMP, 3, 0.5)
    one, other = infer(tried, seed=4), infer(tried, seed=4)
    assert one == other
    assert [one.verdict(rate) for rate in tried] == [other.verdict(rate) for rate in tried]
    assert infer(tried, seed=5).verdict(0.06).chance == pytest.approx(
        one.verdict(0.06).chance, abs=0.06
    )


def test_the_chance_rises_to_the_region_and_falls_behind_it() -> None:
    each = infer(noisy(HUMP, 5, 0.2))
    chances = [each.verdict(rate).chance or 0.0 for rate in np.arange(0.005, 0.21, 0.005)]
    peak = int(np.argmax(chances))
    assert chances[peak] > 0.95
    assert chances[0] == chances[-1] == 0.0
    assert (np.diff(chances[: peak + 1]) >= 0).all()
    assert (np.diff(chances[peak:]) <= 0).all()


def test_verdicts_are_given_far_from_the_ends_and_left_open_at_them() -> None:
    each = infer(noisy(HUMP, 5, 0.5))
    assert each.verdict(0.09) == Verdict("inside", each.verdict(0.09).chance, 0)
    assert each.verdict(0.18).kind == "outside"
    assert each.verdict(0.5) == Verdict("outside", 0.0, 0)  # outside the grid
    edge = [each.verdict(rate) for rate in (0.06, 0.12)]
    assert {verdict.kind for verdict in edge} == {"undecided"}
    assert all(
        verdict.replicates_needed is None or verdict.replicates_needed >= 1 for verdict in edge
    )


@pytest.mark.parametrize("chance", [0.8, 0.2])
def test_more_replicates_narrow_the_margins_error_by_their_root(chance: float) -> None:
    assert replicates_needed(chance, 4) == 12
    margin = NormalDist().inv_cdf(0.8)
    assert margin * (15 / 4) ** 0.5 < NormalDist().inv_cdf(0.95) <= margin * (16 / 4) ** 0.5


def test_a_verdict_that_too_many_replicates_would_not_decide_requests_none() -> None:
    assert replicates_needed(0.5, 4) is None
    assert replicates_needed(0.501, 4) is None


def test_more_noise_widens_the_intervals() -> None:
    def width(noise: float) -> float:
        each = [infer(noisy(HUMP, 4, noise, seed)) for seed in range(5)]
        return fmean(end.high - end.low for one in each for end in (one.low, one.high) if end)

    assert width(0.2) < width(0.6) < width(1.8)


def test_values_that_always_diverge_bound_the_region() -> None:
    tried = noisy([90.0, 90.1, 90.2, 90.1, 90.0], 3, 0.1)
    tried |= {rate: MaxLrScores((0.0, 0.0, 0.0), True) for rate in (0.06, 0.07, 0.08)}
    each = infer(tried)
    assert each.paired[0.06].standard_error is None
    assert each.paired[0.04].standard_error is not None
    assert each.high is not None
    assert each.high.low <= 0.05 <= each.high.high <= 0.06
    assert each.verdict(0.07).kind == "outside"


def test_one_diverged_replicate_of_many_does_not_shrink_the_region_for_ever() -> None:
    highs = []
    for replicates in (4, 12):
        tried = noisy([90.0] * 12, replicates, 0.2)
        row = list(tried[0.1].accuracies)
        row[1] = 0.0
        tried[0.1] = MaxLrScores(tuple(row), True)
        each = infer(tried)
        assert each.region.members.count(0.1) == 0  # as measured it is excluded
        assert each.high is not None
        highs.append(each.high)
    assert all(high.low < high.high for high in highs)  # the end is not certain


def test_the_estimated_well_tuned_value_never_diverged() -> None:
    tried = noisy([90.0, 90.5, 91.0, 99.0, 90.2], 3, 0.1, diverged=3)
    each = infer(tried)
    assert each.estimate is not None
    assert each.estimate.well_tuned == 0.03


def test_there_is_no_evidence_when_every_max_lr_diverged() -> None:
    assert infer_region({0.1: MaxLrScores((0.0, 0.0), True)}, 0.5, "points") is None


def test_one_replicate_decides_nothing() -> None:
    each = infer(noisy(HUMP, 1, 0.1))
    assert (each.low, each.high, each.best_again) == (None, None, None)
    assert each.verdict(0.09) == Verdict("undecided", None, None)
    assert {one.standard_error for one in each.paired.values()} == {None}


@pytest.mark.costly
def test_two_replicates_are_enough_for_intervals() -> None:
    covered = []
    for seed in range(40):
        each = infer(noisy(HUMP, 2, 0.3, seed))
        assert each.low is not None
        assert each.high is not None
        # the true curve crosses its threshold at 8 - 10 ** 0.5 and 8 + 10 ** 0.5 steps
        covered += [each.low.low <= 0.0584 <= each.low.high, each.high.low <= 0.1216]
        covered += [each.high.high >= 0.1216]
    assert fmean(covered) >= 0.8


def test_without_noise_the_ends_lie_between_a_member_and_its_neighbour() -> None:
    each = infer(noisy(HUMP, 3, 0.0))
    assert each.low is not None
    assert each.high is not None
    assert 0.05 < each.low.low <= each.low.high <= 0.06
    assert 0.12 <= each.high.low <= each.high.high < 0.13
    assert each.verdict(0.12).kind == "inside"
    assert each.verdict(0.13).kind == "outside"


@pytest.mark.parametrize("count", [1, 2, 7])
@pytest.mark.parametrize("accuracy", [0.0, 80.0])
def test_equal_accuracies_are_no_certainty(count: int, accuracy: float) -> None:
    tried = {rate / 100: MaxLrScores((accuracy, accuracy), False) for rate in range(1, count + 1)}
    each = infer(tried)
    assert each.alike
    assert each.verdict(0.01) == Verdict("undecided", None, None)
    assert each.best_again == accuracy


def test_the_noise_of_a_replicate_is_one_validation_image_at_least() -> None:
    rows = [(90.0, 91.0), (91.0, 92.0), (92.0, 93.0), (90.0, 91.0), (80.0, 81.0), (70.0, 71.0)]
    tried = {0.01 * 2**step: MaxLrScores(row, False) for step, row in enumerate(rows)}
    assert validation_images(tried) == 100
    each = infer(tried)
    assert each.estimate is not None
    assert each.estimate.noise == pytest.approx(1.0)  # though the replicates agree wholly
    assert each.estimate.floor == pytest.approx(100 * (0.925 * 0.075 / 100) ** 0.5)


def test_accuracies_that_are_no_shares_of_images_give_no_number_of_images() -> None:
    assert validation_images(noisy(HUMP, 3, 0.5)) is None


def test_noise_far_below_the_best_does_not_widen_the_intervals() -> None:
    calm = noisy(HUMP, 4, 0.2)
    rng = np.random.default_rng(1)
    wild = {
        rate: MaxLrScores(tuple(30 + rng.normal(0, 8, 4)), False) for rate in (0.25, 0.3, 0.35, 0.4)
    }
    one, other = infer(calm), infer(calm | wild)
    assert one.high is not None
    assert other.high is not None
    assert other.high.high / other.high.low <= 1.15 * one.high.high / one.high.low


def test_a_max_lr_beyond_an_end_that_the_region_touches_is_unknown() -> None:
    each = infer(noisy([90 - 0.3 * (7 - step) for step in range(8)], 4, 0.1))
    assert each.region.touches_high
    assert each.verdict(0.09) == Verdict("unknown", None, None)
    assert each.verdict(0.08).kind == "inside"
    assert each.verdict(0.005).kind == "outside"  # the region does not touch that end
    assert each.high is not None
    assert each.high.beyond > 0.95


def test_two_humps_are_two_parts() -> None:
    means = [90 - 1.0 * min(abs(step - 3), abs(step - 11)) for step in range(15)]
    each = infer(noisy(means, 5, 0.1))
    assert each.estimate is not None
    assert len(each.estimate.parts) == 2
    (_, first), (second, _) = each.estimate.parts
    assert 0.04 <= first < 0.05
    assert 0.11 < second <= 0.12


def test_a_flat_curve_is_reported_as_no_max_lr_better_than_another() -> None:
    each = infer(noisy([90.0] * 20, 8, 0.2))
    assert each.estimate is not None
    assert each.estimate.flat > 0.9
    assert infer(noisy(HUMP, 8, 0.2)).estimate.flat < 0.01  # type: ignore[union-attr]


def test_missing_cells_cost_certainty_but_no_answer() -> None:
    tried = noisy(HUMP, 6, 0.3)
    cells = observed_cells(tried)
    table = cells.table.copy()
    table[[0, 1, 2, 15, 16, 17, 18, 19], 2:] = np.nan  # max_lr that lost got no more replicates
    posterior = curve_posterior(Cells(cells.rates, table, cells.diverged), 0.5)
    ends = draw_ends(posterior, 0.5, "points")
    assert well_tuned(posterior, list(tried)) == pytest.approx(0.09, abs=0.021)
    assert ends.interval("low")[0] <= 0.0584 <= ends.interval("low")[1]


def test_a_relative_tolerance_is_a_share_of_the_best() -> None:
    tried = noisy([value - 40 for value in HUMP], 5, 0.2)
    points, relative = infer(tried), infer_region(tried, 0.5, "relative")
    assert relative is not None
    assert points.low is not None
    assert relative.low is not None
    assert relative.low.low >= points.low.low  # 0.25 points
    assert (relative.verdict(0.06).chance or 0) < 0.05 < (points.verdict(0.06).chance or 0)


def test_a_subset_of_a_grid_keeps_its_spacing() -> None:
    """Steps of 2 and 3 of a logarithmic grid: the curve is placed by log max_lr, not by rank."""
    steps = [0, 2, 5, 7, 10, 12, 15, 17, 20]
    means = [90 - 0.1 * abs(step - 10) for step in steps]  # the ends are 5 steps from the best
    rng = np.random.default_rng(0)
    tried = {
        0.01 * 1.1**step: MaxLrScores(tuple(mean + rng.normal(0, 0.02, 4)), False)
        for step, mean in zip(steps, means, strict=True)
    }
    estimate = infer(tried).estimate
    assert estimate is not None
    assert estimate.low == pytest.approx(0.01 * 1.1**5, rel=0.06)
    assert estimate.high == pytest.approx(0.01 * 1.1**15, rel=0.06)


def test_tied_values_around_the_best_have_an_interval_even_if_noise_is_far_below() -> None:
    tied = {0.01 * 1.5**step: MaxLrScores((50.0, 51.0), False) for step in range(5)}
    region = infer_region(
        {0.001: MaxLrScores((10.0, 14.0), False), 0.002: MaxLrScores((11.0, 10.0), False)} | tied,
        0.5,
        "points",
    )
    assert region is not None
    assert region.low is not None
    assert region.high is not None
    assert region.low.low <= 0.01 <= region.low.high
    assert region.high.low <= 0.01 * 1.5**4 <= region.high.high


def test_the_noise_of_replicates_that_share_no_max_lr_is_finite() -> None:
    nan = np.nan
    table = np.array([[80.0, nan], [nan, 81.0], [nan, 82.0]])
    steps = np.abs(np.subtract.outer(np.arange(3.0), np.arange(3.0)))
    assert 0 <= correlation(table, np.ones(3), steps) <= 0.75
