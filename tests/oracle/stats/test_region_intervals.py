"""Error bars and verdicts: on cases made by hand, and on the benchmark's known curves."""

import importlib.util
import sys
from pathlib import Path
from statistics import NormalDist, fmean
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from oracle.stats.curve_posterior import positions
from oracle.stats.region import MaxLrScores, Region
from oracle.stats.region_intervals import RegionPosterior, Verdict, infer_region


def _benchmark() -> Any:
    path = Path(__file__).parents[3] / "benchmarks" / "coverage.py"
    spec = importlib.util.spec_from_file_location("coverage_benchmark", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look themselves up
    spec.loader.exec_module(module)
    return module


benchmark = _benchmark()

FAMILIES = tuple(benchmark.FAMILIES)
CASES = 240


@pytest.fixture(scope="module")
def outcomes() -> list[Any]:
    """Fixed cases of every family; of every second one, open verdicts are asked again."""
    made = [
        (FAMILIES[index % len(FAMILIES)], 400 + index // len(FAMILIES)) for index in range(CASES)
    ]
    with threadpool_limits(1):  # the matrices are small: threads only wait for each other
        return [
            benchmark.outcome(benchmark.case(name, seed), seed, later=seed % 2 == 0)
            for name, seed in made
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


def found(
    tried: dict[float, MaxLrScores], tolerance: float = 0.5, seed: int = 0
) -> RegionPosterior:
    result = infer_region(tried, tolerance, "points", seed)
    assert result is not None
    return result


HUMP = [90 - 0.05 * (index - 8) ** 2 for index in range(20)]  # within 0.5 of the best: 0.06 to 0.12


def test_the_intervals_cover_ninety_percent(outcomes: list[Any]) -> None:
    covered = [hit for each in outcomes for hit in (each.low, each.high)]
    assert len(covered) == 2 * CASES
    assert 0.85 <= fmean(covered) <= 0.95
    assert 0.85 <= fmean(each.low for each in outcomes) <= 0.96
    assert 0.85 <= fmean(each.high for each in outcomes) <= 0.96


def test_they_cover_with_three_replicates_where_the_plain_bootstrap_does_not(
    outcomes: list[Any],
) -> None:
    few = [each for each in outcomes if each.case.replicates <= 4]
    ours = fmean(hit for each in few for hit in (each.low, each.high))
    plain = fmean(hit for each in few for hit in (each.naive_low, each.naive_high))
    assert len(few) > 60
    assert 0.85 <= ours <= 0.97
    assert plain < ours - 0.04


def test_decided_verdicts_are_right(outcomes: list[Any]) -> None:
    verdicts = [verdict for each in outcomes for verdict in each.verdicts]
    decided = [(chance, truth) for chance, truth in verdicts if not 0.05 < chance < 0.95]
    assert len(decided) > len(verdicts) / 3
    assert fmean((chance > 0.5) == truth for chance, truth in decided) >= 0.95


def test_half_of_the_open_verdicts_close_with_as_many_replicates_as_they_ask_for(
    outcomes: list[Any],
) -> None:
    later = [closes for each in outcomes for closes in each.later]
    assert len(later) > 40
    assert 0.3 <= fmean(later) <= 0.7


def test_the_best_accuracy_is_too_high_and_the_cross_fitted_one_is_not(
    outcomes: list[Any],
) -> None:
    assert fmean(each.best_bias for each in outcomes) > 0.2
    assert abs(fmean(each.again_bias for each in outcomes)) < 0.1


def test_on_a_plateau_of_pure_noise_the_winners_curse_is_taken_back() -> None:
    each = [found(noisy([80.0] * 16, 4, 1.0, seed)) for seed in range(60)]
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
    assert found(tried).best_again == pytest.approx((80 + 84 + 85) / 3)


def test_a_difference_is_paired_over_replicates() -> None:
    tried = {
        0.1: MaxLrScores((80.0, 70.0, 90.0), False),
        0.2: MaxLrScores((79.0, 68.0, 87.0), False),
    }
    paired = found(tried).paired
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
    one, other = found(tried), found(moved)
    assert (one.low, one.high) == (other.low, other.high)
    for rate in tried:
        assert one.verdict(rate).chance == pytest.approx(other.verdict(rate).chance, abs=0.01)
        assert one.paired[rate].difference == pytest.approx(other.paired[rate].difference)


def test_the_same_seed_gives_the_same_evidence() -> None:
    tried = noisy(HUMP, 3, 0.5)
    one, other = found(tried, seed=4), found(tried, seed=4)
    assert one == other
    assert [one.verdict(rate) for rate in tried] == [other.verdict(rate) for rate in tried]
    assert found(tried, seed=5).verdict(0.06).chance == pytest.approx(
        one.verdict(0.06).chance, abs=0.06
    )


def test_the_chance_rises_to_the_region_and_falls_behind_it() -> None:
    each = found(noisy(HUMP, 5, 0.2))
    chances = [each.verdict(rate).chance or 0.0 for rate in np.arange(0.005, 0.21, 0.005)]
    peak = int(np.argmax(chances))
    assert chances[peak] > 0.95
    assert chances[0] == chances[-1] == 0.0
    assert (np.diff(chances[: peak + 1]) >= 0).all()
    assert (np.diff(chances[peak:]) <= 0).all()


def test_verdicts_are_given_far_from_the_ends_and_left_open_at_them() -> None:
    each = found(noisy(HUMP, 5, 0.5))
    assert each.verdict(0.09) == Verdict("inside", each.verdict(0.09).chance, 0)
    assert each.verdict(0.18).kind == "outside"
    assert each.verdict(0.5) == Verdict("outside", 0.0, 0)  # beyond the grid
    edge = [each.verdict(rate) for rate in (0.06, 0.12)]
    assert {verdict.kind for verdict in edge} == {"undecided"}
    assert all(
        verdict.replicates_needed is None or verdict.replicates_needed >= 1 for verdict in edge
    )


@pytest.mark.parametrize("chance", [0.8, 0.2])
def test_more_replicates_narrow_the_margins_error_by_their_root(chance: float) -> None:
    inside = round(1000 * chance)
    ends = np.repeat([[0.1, 0.3], [0.25, 0.3]], [inside, 1000 - inside], axis=0)
    region = Region(0.2, 90.0, (0.1, 0.2, 0.3), True, False, False)
    each = RegionPosterior(region, {}, None, None, None, 4, ends)
    verdict = each.verdict(0.2)
    assert (verdict.kind, verdict.chance) == ("undecided", chance)
    assert verdict.replicates_needed == 12
    margin = NormalDist().inv_cdf(0.8)
    assert margin * (15 / 4) ** 0.5 < NormalDist().inv_cdf(0.95) <= margin * (16 / 4) ** 0.5


def test_a_verdict_that_too_many_replicates_would_not_decide_asks_for_none() -> None:
    ends = np.repeat([[0.1, 0.3], [0.25, 0.3]], 500, axis=0)
    region = Region(0.2, 90.0, (0.1, 0.2, 0.3), True, False, False)
    each = RegionPosterior(region, {}, None, None, None, 4, ends)
    assert each.verdict(0.2) == Verdict("undecided", 0.5, None)


def test_more_noise_widens_the_intervals() -> None:
    def width(noise: float) -> float:
        each = [found(noisy(HUMP, 4, noise, seed)) for seed in range(10)]
        return fmean(end.high - end.low for one in each for end in (one.low, one.high) if end)

    assert width(0.2) < width(0.6) < width(1.8)


def test_a_diverged_max_lr_is_in_no_interval() -> None:
    tried = noisy([90.0, 90.1, 90.2, 90.1, 99.0, 90.0, 80.0], 3, 0.1, diverged=4)
    each = found(tried)
    assert each.paired[0.05].standard_error is None
    assert each.paired[0.04].standard_error is not None
    assert each.low is not None
    assert each.high is not None
    assert (each.low.low, each.low.high) == (0.01, 0.01)
    assert (each.high.low, each.high.high) == (0.06, 0.06)


def test_there_is_no_evidence_when_every_max_lr_diverged() -> None:
    assert infer_region({0.1: MaxLrScores((0.0, 0.0), True)}, 0.5, "points") is None


def test_one_replicate_decides_nothing() -> None:
    each = found(noisy(HUMP, 1, 0.1))
    assert (each.low, each.high, each.best_again) == (None, None, None)
    assert each.verdict(0.09) == Verdict("undecided", None, None)
    assert {one.standard_error for one in each.paired.values()} == {None}


def test_two_replicates_are_enough_for_intervals() -> None:
    covered = []
    for seed in range(40):
        each = found(noisy(HUMP, 2, 0.3, seed))
        assert each.low is not None
        assert each.high is not None
        covered += [benchmark.covers(each.low, 0.06), benchmark.covers(each.high, 0.12)]
    assert fmean(covered) >= 0.8


def test_without_noise_the_ends_are_those_measured() -> None:
    each = found(noisy(HUMP, 3, 0.0))
    region = each.region
    assert each.low == type(each.low)(region.low, region.low)
    assert each.high == type(each.high)(region.high, region.high)
    assert each.verdict(0.12).kind == "inside"
    assert each.verdict(0.13).kind == "outside"


@pytest.mark.parametrize("count", [1, 2, 7])
def test_all_equal_is_all_inside(count: int) -> None:
    tried = {rate / 100: MaxLrScores((80.0, 80.0), False) for rate in range(1, count + 1)}
    each = found(tried)
    assert each.low is not None
    assert each.high is not None
    assert (each.low.low, each.low.high, each.high.low) == (0.01, 0.01, count / 100)
    assert each.verdict(0.01) == Verdict("inside", 1.0, 0)
    assert each.best_again == 80.0


def test_the_values_of_an_interval_were_tried() -> None:
    full = noisy(HUMP, 3, 0.7)
    some = {rate: each for rate, each in full.items() if round(rate * 100) not in (2, 4, 7, 11, 15)}
    each = found(some)
    assert each.low is not None
    assert each.high is not None
    assert {each.low.low, each.low.high, each.high.low, each.high.high} <= set(some)
    assert each.verdict(0.07).chance is not None  # between two that were


def test_a_relative_tolerance_is_a_share_of_the_best() -> None:
    tried = noisy([value - 40 for value in HUMP], 5, 0.2)
    points, relative = found(tried), infer_region(tried, 0.5, "relative")
    assert relative is not None
    assert points.low is not None
    assert relative.low is not None
    assert relative.low.low >= points.low.low  # 0.25 points
    assert (relative.verdict(0.06).chance or 0) < 0.05 < (points.verdict(0.06).chance or 0)


def test_rates_are_placed_on_the_scale_on_which_they_step_evenly() -> None:
    linear = np.array([0.02, 0.04, 0.08, 0.1])
    assert positions(linear) == pytest.approx([0, 0.25, 0.75, 1])
    assert positions(np.array([0.01, 0.02, 0.04, 0.32])) == pytest.approx([0, 0.2, 0.4, 1])
    assert positions(np.array([0.01, 0.017, 0.04, 0.06])) == pytest.approx([0, 1 / 3, 2 / 3, 1])


def test_values_that_tie_around_the_best_have_an_interval_though_noise_lies_far_below() -> None:
    tied = {0.01 * 1.5**step: MaxLrScores((50.0, 51.0), False) for step in range(5)}
    found = infer_region(
        {0.001: MaxLrScores((10.0, 14.0), False), 0.002: MaxLrScores((11.0, 10.0), False)} | tied,
        0.5,
        "points",
    )
    assert found is not None
    assert found.low is not None
    assert found.high is not None
    assert found.low.low <= 0.01 <= found.low.high
    assert found.high.low <= 0.01 * 1.5**4 <= found.high.high
