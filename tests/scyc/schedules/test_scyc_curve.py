import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scyc import SCyc, max_lr
from scyc.specs.ranges import STORED

CURVE = SCyc(epsilon=0.04, delta=0.06, q=1, beta=4.0)


def equation_2(curve: SCyc, cycle: int, rate: float) -> float:
    """Eq. 2 as it is printed."""
    gamma = 1 - (1 - rate) ** (cycle - curve.q)
    return curve.delta / (1 + (gamma / (1 - gamma)) ** -curve.beta) + curve.epsilon


@pytest.mark.parametrize("cycle", range(2, 26))
def test_it_is_equation_2_as_printed(cycle: int) -> None:
    assert max_lr(CURVE, cycle, 0.2) == pytest.approx(equation_2(CURVE, cycle, 0.2), rel=1e-12)


@pytest.mark.parametrize("cycle", [0, 1])
def test_it_is_epsilon_until_q(cycle: int) -> None:
    assert max_lr(CURVE, cycle, 0.2) == 0.04


def test_half_of_delta_is_reached_where_half_the_weights_since_q_are_gone() -> None:
    half = CURVE.model_copy(update={"q": 3})
    assert max_lr(half, 4, 0.5) == pytest.approx(0.04 + 0.03, rel=1e-12)
    for beta in (3.0, 4.5, 6.0):  # whatever beta is
        curve = half.model_copy(update={"beta": beta})
        assert max_lr(curve, 4, 0.5) == pytest.approx(0.07, rel=1e-12)


@given(
    epsilon=st.floats(1e-6, 10),
    delta=st.floats(0, 10),
    q=st.integers(0, 50),
    beta=st.floats(1e-3, 1e6),
    rate=st.floats(1e-12, 1 - 1e-12),
    cycle=st.integers(0, 100_000),
)
def test_it_never_overflows_leaves_its_range_or_falls(
    epsilon: float, delta: float, q: int, beta: float, rate: float, cycle: int
) -> None:
    curve = SCyc.model_validate(
        {"epsilon": epsilon, "delta": delta, "q": q, "beta": beta}, context=STORED
    )  # beta may be steeper than a new study's
    here, after = max_lr(curve, cycle, rate), max_lr(curve, cycle + 1, rate)
    assert epsilon <= here <= after <= epsilon + delta


@pytest.mark.parametrize(("cycle", "rate"), [(-1, 0.2), (1, 0.0), (1, 1.0), (1, math.nan)])
def test_wrong_arguments_are_refused(cycle: int, rate: float) -> None:
    with pytest.raises(ValueError, match=r"cycle|rate"):
        max_lr(CURVE, cycle, rate)
