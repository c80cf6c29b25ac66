from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.stats.region import MaxLrScores, feasible_region, points


def tried(**accuracies: float) -> dict[float, MaxLrScores]:
    """One replicate each, keyed by the rate in hundredths: ``tried(r2=90.0)`` is 0.02."""
    return {int(name[1:]) / 100: MaxLrScores((value,), False) for name, value in accuracies.items()}


def test_members_lie_within_the_tolerance_of_the_best() -> None:
    region = feasible_region(tried(r2=89.0, r4=89.6, r6=90.0, r8=89.5, r10=89.4), 0.5)
    assert region is not None
    assert (region.well_tuned, region.members) == (0.06, (0.04, 0.06, 0.08))
    assert (region.low, region.high, region.contiguous) == (0.04, 0.08, True)
    assert (region.touches_low, region.touches_high) == (False, False)


def test_relative_tolerance_is_a_share_of_the_best() -> None:
    assert points(0.5, "relative", 70.0) == pytest.approx(0.35)
    curve = tried(r2=69.6, r4=70.0, r6=69.7)
    in_points, relative = (
        feasible_region(curve, 0.5, "points"),
        feasible_region(curve, 0.5, "relative"),
    )
    assert in_points is not None
    assert relative is not None
    assert in_points.members == (0.02, 0.04, 0.06)
    assert relative.members == (0.04, 0.06)


def test_gaps_are_reported() -> None:
    region = feasible_region(tried(r2=90.0, r4=80.0, r6=89.9), 0.5)
    assert region is not None
    assert (region.members, region.contiguous) == ((0.02, 0.06), False)
    assert region.contains(0.04)  # the interval, as the paper prints it


def test_a_region_that_touches_the_end_of_the_grid_is_reported() -> None:
    region = feasible_region(tried(r2=90.0, r4=89.9, r6=80.0), 0.5)
    assert region is not None
    assert (region.touches_low, region.touches_high) == (True, False)


def test_equal_accuracies_go_to_the_lower_rate() -> None:
    region = feasible_region(tried(r2=80.0, r4=90.0, r6=90.0), 0.0)
    assert region is not None
    assert (region.well_tuned, region.members) == (0.04, (0.04, 0.06))


def test_a_rate_with_a_diverged_replicate_is_never_chosen_nor_a_member() -> None:
    curve = {0.1: MaxLrScores((80.0, 80.0), False), 0.2: MaxLrScores((99.0, 99.0), True)}
    region = feasible_region(curve, 50.0)
    assert region is not None
    assert (region.well_tuned, region.members) == (0.1, (0.1,))


def test_when_all_diverged_there_is_no_region() -> None:
    assert (
        feasible_region({0.1: MaxLrScores((0.0,), True), 0.2: MaxLrScores((0.0,), True)}, 0.5)
        is None
    )


@st.composite
def counts(draw: st.DrawFn) -> tuple[int, list[tuple[int, int]]]:
    """Images, few, so that ties and exact edges are common; right ones of two replicates a rate."""
    images = draw(st.integers(3, 60))
    pairs = st.tuples(st.integers(0, images), st.integers(0, images))
    return images, draw(st.lists(pairs, min_size=1, max_size=30))


@given(
    counted=counts(),
    tolerance=st.fractions(0, 20, max_denominator=100),
)
def test_the_region_agrees_with_its_definition(
    counted: tuple[int, list[tuple[int, int]]], tolerance: Fraction
) -> None:
    """In exact arithmetic, on accuracies as there are: shares of so many images."""
    images, right = counted
    means = {0.01 * (i + 1): Fraction(100 * sum(each), 2 * images) for i, each in enumerate(right)}
    curve = {
        rate: MaxLrScores(tuple(100 * count / images for count in each), False)
        for rate, each in zip(means, right, strict=True)
    }
    region = feasible_region(curve, float(tolerance))
    assert region is not None
    best = max(means.values())
    expected = tuple(rate for rate, mean in means.items() if mean >= best - tolerance)
    assert region.members == expected
    assert region.well_tuned == min(rate for rate, mean in means.items() if mean == best)
    assert region.well_tuned in region.members
