import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracle.analysis import paper, region_fit
from oracle.analysis.curve_fit import Target, fit_scyc_curve
from scyc import SCyc, max_lr

BETAS = [3 + 0.25 * index for index in range(13)]
CYCLES = [0, 2, 3, 4, 5, 7, 13]


def around(curve: SCyc, width: float) -> list[Target]:
    """Regions around a curve's own values."""
    rates = {cycle: max_lr(curve, cycle, 0.2) for cycle in CYCLES}
    return [Target(m, rate * (1 - width), rate * (1 + width), rate) for m, rate in rates.items()]


@pytest.mark.costly
@given(
    epsilon=st.floats(0.001, 1),
    delta=st.floats(0.001, 1),
    q=st.integers(0, 3),
    beta=st.sampled_from(BETAS),
    width=st.floats(0.001, 0.2),
)
@settings(max_examples=25)
def test_a_curve_is_fitted_to_regions_around_itself(
    epsilon: float, delta: float, q: int, beta: float, width: float
) -> None:
    curve = SCyc(epsilon=epsilon, delta=delta, q=q, beta=beta)
    fit = fit_scyc_curve(around(curve, width), 0.2, range(4), BETAS)
    assert fit.fits
    assert (q, beta) in fit.equals
    assert fit.distance < 1e-6


def test_of_all_fitting_curves_the_closest_is_taken() -> None:
    curve = SCyc(epsilon=0.04, delta=0.06, q=1, beta=4.0)
    fit = fit_scyc_curve(around(curve, 0.1), 0.2, [1], [4.0])
    assert (fit.curve.epsilon, fit.curve.delta) == pytest.approx((0.04, 0.06))


def test_a_region_that_falls_fits_no_curve_and_that_is_said() -> None:
    targets = [
        Target(0, 0.09, 0.11, 0.1),
        Target(5, 0.02, 0.03, 0.025),
        Target(10, 0.005, 0.01, 0.007),
    ]
    fit = fit_scyc_curve(targets, 0.2, range(4), BETAS)
    assert not fit.fits
    assert len(fit.inside) == 1


def test_flat_regions_fit_with_no_rise() -> None:
    targets = [Target(cycle, 0.05, 0.06, 0.055) for cycle in CYCLES]
    fit = fit_scyc_curve(targets, 0.2, range(4), BETAS)
    assert fit.fits
    assert fit.curve.delta == pytest.approx(0.0, abs=1e-9)
    assert len(fit.equals) == 4 * len(BETAS)


@given(
    regions=st.lists(
        st.tuples(st.floats(0.01, 0.2), st.floats(1.01, 2.0), st.floats(0, 1)),
        min_size=2,
        max_size=5,
    ),
    epsilon=st.floats(0.005, 0.3),
    delta=st.floats(0, 0.3),
    shape=st.tuples(st.integers(0, 2), st.sampled_from([3.0, 4.5])),
)
@settings(max_examples=60)
def test_no_curve_is_inside_more_regions_than_the_fitted_one(
    regions: list[tuple[float, float, float]],
    epsilon: float,
    delta: float,
    shape: tuple[int, float],
) -> None:
    targets = [
        Target(3 * index, low, low * ratio, low * ratio**share)
        for index, (low, ratio, share) in enumerate(regions)
    ]
    rival = SCyc(epsilon=epsilon, delta=delta, q=shape[0], beta=shape[1])
    inside = sum(t.low <= max_lr(rival, t.cycle, 0.2) <= t.high for t in targets)
    assert len(fit_scyc_curve(targets, 0.2, range(3), [3.0, 4.5]).inside) >= inside


@pytest.mark.parametrize("number", [3, 7, 8])
def test_the_papers_own_parameters_are_not_better_than_the_fit(number: int) -> None:
    judged = paper.check_paper_table(number)
    targets = [Target(c.cycle, c.feasible_low, c.feasible_high, c.well_tuned) for c in judged.cells]
    fit = fit_scyc_curve(targets, judged.rate, range(4), BETAS)
    assert len(fit.inside) >= sum(cell.inside for cell in judged.cells)
    for target in targets:
        value = max_lr(fit.curve, target.cycle, judged.rate)
        held = target.low * (1 - 1e-9) <= value <= target.high * (1 + 1e-9)
        assert held == (target.cycle in fit.inside)


def test_nothing_to_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        fit_scyc_curve([], 0.2, [0], [3.0])


def _cycle(
    number: int, low: tuple[float, float], high: tuple[float, float], best: float
) -> dict[str, object]:
    """A cycle of a table whose measured region is far narrower than the intervals of its ends."""
    middle = [(bounds[0] * bounds[1]) ** 0.5 for bounds in (low, high)]
    return {
        "cycle": number,
        "well_tuned": best,
        "feasible": {"low": best, "high": best},
        "evidence": {
            "low": {"low": low[0], "high": low[1], "beyond": 0.0},
            "high": {"low": high[0], "high": high[1], "beyond": 0.0},
            "estimated": {"low": middle[0], "high": middle[1], "well_tuned": best},
        },
    }


def test_the_fit_of_a_table_reads_the_estimated_regions_not_the_raw_ends() -> None:
    cycles = [_cycle(0, (0.01, 0.02), (0.2, 0.3), 0.1), _cycle(1, (0.01, 0.02), (0.2, 0.3), 0.02)]
    part = region_fit.part(cycles, 0.2)
    assert part is not None
    assert part["fits"]  # 0.1 and 0.02 alone, which fall, no curve holds
    assert "as are 124 of 124 pairs (q, beta)" in region_fit.note(part)


def test_no_curve_is_excluded_that_the_intervals_allow() -> None:
    apart = [
        _cycle(0, (0.04, 0.2), (0.25, 0.3), 0.1),
        _cycle(1, (0.001, 0.01), (0.02, 0.06), 0.015),
    ]
    part = region_fit.part(apart, 0.2)
    assert part is not None
    assert not part["fits"]  # the medians of the ends are 0.089 and 0.035
    assert part["not_excluded"]
    assert "A curve within the 90 % CI of all bounds exists" in region_fit.note(part)
    surely = [
        _cycle(0, (0.1, 0.2), (0.25, 0.3), 0.2),
        _cycle(1, (0.001, 0.01), (0.02, 0.06), 0.015),
    ]
    part = region_fit.part(surely, 0.2)
    assert part is not None
    assert not part["not_excluded"]
    assert "No curve with q 0 to 3" in region_fit.note(part)


def test_a_delta_that_nothing_bounds_is_said_to_be_so() -> None:
    part = region_fit.part([_cycle(0, (0.01, 0.02), (0.2, 0.3), 0.1)], 0.2)
    assert part is not None
    assert not part["delta_bound"]  # the unpruned network has epsilon alone
    assert "not bounded by these cycles" in region_fit.note(part)
