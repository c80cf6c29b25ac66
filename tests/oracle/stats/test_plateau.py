"""Whether training was ended: slopes of validation accuracy by hand."""

import pytest

from oracle.stats import plateau
from scyc.specs.schedules import ConstantSpec, CosineSpec, WarmupSpec

STEPS = tuple(range(10, 101, 10))


def test_the_window_is_the_later_half_of_the_phase_that_the_last_drop_ends() -> None:
    schedule = WarmupSpec(warmup=20, drops=(40, 80))
    assert plateau.window(schedule, 100, STEPS) == (60, 70, 80)


def test_without_drops_the_phase_of_the_highest_rate_ends_with_the_budget() -> None:
    assert plateau.window(WarmupSpec(warmup=20), 100, STEPS) == (60, 70, 80, 90, 100)
    assert plateau.window(ConstantSpec(name="constant"), 100, STEPS) == (50, 60, 70, 80, 90, 100)


def test_a_phase_with_one_evaluation_is_joined_to_the_one_before() -> None:
    """An evaluation at 40 does not yet show the rate that begins there."""
    assert plateau.window(WarmupSpec(warmup=10, drops=(40, 50)), 100, STEPS) == (30, 40)


def test_a_rate_that_changes_all_the_time_has_no_window() -> None:
    assert plateau.window(CosineSpec(name="cosine"), 100, STEPS) == ()
    assert plateau.window(WarmupSpec(warmup=76, drops=(76, 95)), 240, (120, 240)) == ()


def test_a_rise_is_the_mean_slope_in_points_a_tenth_of_the_budget() -> None:
    """Of 200 iterations: 1 point in 10 is 2 points in 20; the other rises by half of that."""
    curves = [((60, 50.0), (70, 51.0), (80, 52.0)), ((60, 40.0), (70, 40.5), (80, 41.0))]
    gain = plateau.rise(curves, (60, 70, 80), 200)
    assert gain is not None
    assert gain.points == pytest.approx(1.5)
    assert gain.standard_error == pytest.approx(0.5)


def test_a_curve_that_swings_is_fitted_by_least_squares() -> None:
    """Slope of 0, 2, 1 at 0, 10, 20: (-10 * 0 + 10 * 1) / 200 a step, 0.5 in ten of 100."""
    gain = plateau.rise([((10, 0.0), (20, 2.0), (30, 1.0))], (10, 20, 30), 100)
    assert gain == plateau.Rise(pytest.approx(0.5), None)


def test_a_curve_that_broke_off_is_left_out() -> None:
    whole, short = ((60, 50.0), (80, 52.0)), ((60, 50.0), (63, 0.0))
    gain = plateau.rise([whole, short], (60, 80), 100)
    assert gain == plateau.Rise(pytest.approx(1.0), None)
    assert plateau.rise([short], (60, 80), 100) is None
    assert plateau.rise([whole], (), 100) is None


@pytest.mark.parametrize(
    ("points", "error", "verdict_kind"),
    [
        (0.5, 0.1, "plateau"),
        (-1.0, None, "plateau"),
        (0.6, 0.3, "undertrained"),
        (0.6, 0.4, "undecided"),
        (0.6, None, "undertrained"),
    ],
)
def test_a_rise_above_tolerance_and_noise_is_undertrained(
    points: float, error: float | None, verdict_kind: str
) -> None:
    assert plateau.Rise(points, error).verdict(0.5) == verdict_kind


def test_the_least_favourable_verdict_speaks_for_all() -> None:
    assert plateau.worst(["plateau", "unknown", "undecided"]) == "undecided"
    assert plateau.worst(["undecided", "undertrained"]) == "undertrained"
