from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.plots.learning_rate import Phase, phases, schedule, thinned
from scyc.schedules import rates as schedules
from scyc.schedules import scyc_curve
from scyc.specs.base import SCyc
from scyc.specs.schedules import (
    ConstantSpec,
    CosineSpec,
    CyclicalSpec,
    LrDecaySpec,
    OneCycleSpec,
    ScheduleSpec,
    WarmupSpec,
)

CURVE = SCyc(epsilon=0.04, delta=0.06, q=1, beta=5.0)
WARMUP = WarmupSpec(warmup=10_000, drops=(32_000, 48_000))
STEPS = 63_000


def draw(**changes: Any) -> go.Figure:
    given = {
        "curve": CURVE,
        "rate": 0.2,
        "cycles": 10,
        "schedule": WARMUP,
        "steps": STEPS,
        "chosen": [0, 5, 10],
    }
    return schedule(**(given | changes))


@pytest.fixture(scope="module")
def figure() -> go.Figure:
    return draw()


def named(*borders: tuple[str, int, int]) -> tuple[Phase, ...]:
    return tuple(Phase(*each) for each in borders)


def test_the_phases_follow_one_another_by_the_rise_of_each_cycle() -> None:
    rises = [
        scyc_curve.max_lr(CURVE, m, 0.2) - scyc_curve.max_lr(CURVE, m - 1, 0.2)
        for m in range(1, 26)
    ]
    fast = [m for m, rise in enumerate(rises, 1) if rise > max(rises) / 2]
    assert fast == [4, 5]
    assert phases(CURVE, 0.2, 25) == named(
        ("No Growth", 0, 1),
        ("Slow Growth I", 1, 3),
        ("Fast Growth", 3, 5),
        ("Slow Growth II", 5, 25),
    )


def test_phases_that_the_last_cycle_does_not_reach_are_left_out() -> None:
    assert phases(CURVE, 0.2, 4)[-1] == Phase("Fast Growth", 3, 4)
    assert phases(CURVE, 0.2, 2) == named(("No Growth", 0, 1), ("Slow Growth I", 1, 2))
    assert phases(CURVE, 0.2, 1) == named(("No Growth", 0, 1))
    assert phases(CURVE, 0.2, 0) == ()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"delta": 0.0}, named(("No Growth", 0, 9))),
        ({"q": 9}, named(("No Growth", 0, 9))),
        ({"q": 40}, named(("No Growth", 0, 9))),
        (
            {"beta": 0.5},  # steepest at once
            named(("No Growth", 0, 1), ("Fast Growth", 1, 2), ("Slow Growth II", 2, 9)),
        ),
        (
            {"beta": 1e6, "q": 0},  # a step
            named(("Slow Growth I", 0, 3), ("Fast Growth", 3, 4), ("Slow Growth II", 4, 9)),
        ),
    ],
)
def test_degenerate_curves_have_the_phases_that_are_left(
    changes: dict[str, Any], expected: tuple[Phase, ...]
) -> None:
    assert phases(CURVE.model_copy(update=changes), 0.2, 9) == expected


@given(
    delta=st.floats(0, 1),
    q=st.integers(0, 12),
    beta=st.floats(0.05, 1e3),
    rate=st.floats(0.05, 0.95),
    cycles=st.integers(1, 30),
)
def test_phases_cover_all_cycles_once_in_their_order(
    delta: float, q: int, beta: float, rate: float, cycles: int
) -> None:
    curve = SCyc(epsilon=0.1, delta=delta, q=q, beta=beta)
    covered = phases(curve, rate, cycles)
    order = ["No Growth", "Slow Growth I", "Fast Growth", "Slow Growth II"]
    assert [order.index(each.name) for each in covered] == sorted(
        {order.index(each.name) for each in covered}
    )
    borders = [0, *(each.end for each in covered)]
    assert [each.start for each in covered] == borders[:-1]
    assert borders[-1] == cycles
    for each in covered:
        rises = [
            scyc_curve.max_lr(curve, m, rate) - scyc_curve.max_lr(curve, m - 1, rate)
            for m in range(each.start + 1, each.end + 1)
        ]
        assert (max(rises) > 0) or each.name != "Fast Growth"
        assert max(rises) == 0 or each.name != "No Growth"


def test_the_left_panel_is_equation_2_with_its_phases_behind_it(figure: go.Figure) -> None:
    line = figure.data[0]
    assert list(line.x) == list(range(11))
    assert list(line.y) == [scyc_curve.max_lr(CURVE, cycle, 0.2) for cycle in range(11)]
    assert list(line.customdata) == pytest.approx([100 * 0.8**cycle for cycle in range(11)])
    shaded = [(shape.x0, shape.x1) for shape in figure.layout.shapes]
    assert shaded == [(each.start, each.end) for each in phases(CURVE, 0.2, 10)]
    assert len({shape.fillcolor for shape in figure.layout.shapes}) == 4
    words = [note.text.replace("<br>", " ") for note in figure.layout.annotations]
    assert words[2:] == ["No Growth", "Slow Growth I", "Fast Growth", "Slow Growth II"]
    assert figure.layout.xaxis.ticktext[:3] == ("0<br>100", "1<br>80", "2<br>64")


@pytest.mark.costly
def test_the_right_panel_has_the_rates_of_each_chosen_cycle(figure: go.Figure) -> None:
    assert [trace.name for trace in figure.data[1:]] == ["0 (100 %)", "5 (32.8 %)", "10 (10.7 %)"]
    for cycle, trace in zip([0, 5, 10], figure.data[1:], strict=True):
        rates = schedules.rates(WARMUP, scyc_curve.max_lr(CURVE, cycle, 0.2), STEPS)
        assert list(trace.y) == [rates[step] for step in trace.x]
        assert len(trace.x) <= 2000
        assert {0, 10_000, 31_999, 32_000, 47_999, 48_000, STEPS - 1} <= set(trace.x)
    assert len({trace.line.color for trace in figure.data[1:]}) == 3
    widths = [trace.line.width for trace in figure.data[1:]]
    assert widths == sorted(widths, reverse=True)


@pytest.mark.parametrize("curve", [0.05, lambda cycle: 0.05])
def test_a_max_lr_that_is_not_s_cycs_has_no_phases(curve: Any) -> None:
    figure = draw(curve=curve, chosen=[3])
    assert set(figure.data[0].y) == {0.05}
    assert not figure.layout.shapes
    assert max(figure.data[1].y) == 0.05
    assert "S-Cyc" not in figure.layout.title.text


def test_max_lr_may_be_any_function_of_the_cycle() -> None:
    figure = draw(curve=lambda cycle: 0.1 * 0.5**cycle, cycles=3, chosen=[2])
    assert list(figure.data[0].y) == [0.1, 0.05, 0.025, 0.0125]
    assert max(figure.data[1].y) == 0.025


@pytest.mark.costly
def test_many_cycles_have_few_ticks() -> None:
    ticks = draw(cycles=100, chosen=[0]).layout.xaxis.tickvals
    assert 5 < len(ticks) <= 13
    assert ticks[0] == 0
    assert len(draw(cycles=0, chosen=[0]).data[0].x) == 1


@pytest.mark.parametrize("chosen", [[], [11], [-1, 3]])
def test_a_cycle_that_there_is_not_cannot_be_chosen(chosen: list[int]) -> None:
    with pytest.raises(ValueError, match="from 0 to 10"):
        draw(chosen=chosen)


@pytest.mark.parametrize(
    "spec",
    [
        WARMUP,
        WarmupSpec(warmup=0, drops=(1, 2, 62_998, 62_999)),
        ConstantSpec(name="constant"),
        LrDecaySpec(name="lr_decay", iterations=50_001),
        CyclicalSpec(name="cyclical", low=0.01, step=777),
        CosineSpec(name="cosine", warmup=3_333),
        OneCycleSpec(name="one_cycle", rise=0.01),
    ],
)
def test_a_thinned_line_has_the_shape_of_all_its_points(spec: ScheduleSpec) -> None:
    rates = np.array(schedules.rates(spec, 0.1, STEPS))
    steps = thinned(rates.tolist())
    assert steps == sorted(set(steps))
    assert (steps[0], steps[-1]) == (0, STEPS - 1)
    assert len(steps) <= 2000
    drawn = np.interp(np.arange(STEPS), steps, rates[steps])
    assert np.abs(drawn - rates).max() < 0.1 / 500  # of the axis: less than a pixel


def test_a_line_with_too_many_corners_keeps_its_extremes() -> None:
    spec = CyclicalSpec(name="cyclical", low=0.01, step=5)
    rates = schedules.rates(spec, 0.1, STEPS)
    steps = thinned(rates)
    assert len(steps) <= 2002
    for start in range(0, STEPS, STEPS // 100):
        near = [rates[step] for step in steps if start <= step < start + STEPS // 100]
        assert (min(near), max(near)) == (0.01, 0.1)


def test_a_short_line_is_drawn_whole() -> None:
    assert thinned([0.1, 0.2, 0.1]) == [0, 1, 2]
