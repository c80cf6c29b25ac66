import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from scyc.schedules.rates import rates
from scyc.specs.schedules import (
    SCHEDULES,
    ConstantSpec,
    CosineSpec,
    CyclicalSpec,
    LinearSpec,
    LrDecaySpec,
    OneCycleSpec,
    ScheduleSpec,
    WarmupSpec,
)

read: TypeAdapter[ScheduleSpec] = TypeAdapter(ScheduleSpec)


def test_warmup_rises_from_0_holds_and_drops_tenfold() -> None:
    assert rates(WarmupSpec(warmup=4, drops=(6, 8)), 0.4, 10) == pytest.approx(
        [0.0, 0.1, 0.2, 0.3, 0.4, 0.4, 0.04, 0.04, 0.004, 0.004]
    )


def test_a_warmup_that_is_cut_off_by_the_first_drop_never_reaches_max_lr() -> None:
    """As in the code of the paper's authors: 14,075 of 20,000 iterations there."""
    cut = WarmupSpec(warmup=10, cut_warmup=7, drops=(7, 9))
    assert rates(cut, 1.0, 10) == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.1, 0.1, 0.01])
    assert cut.peak(0.5, 10) == pytest.approx(0.3)
    assert cut.problems(10) == []
    theirs = WarmupSpec(warmup=20_000, cut_warmup=14_075, drops=(14_075, 18_016))
    assert theirs.peak(1.0, 28_150) == pytest.approx(0.7037)


def test_a_warmup_that_is_cut_off_before_the_first_drop_jumps_to_max_lr() -> None:
    cut = WarmupSpec(warmup=10, cut_warmup=3, drops=(5,))
    assert rates(cut, 1.0, 6) == pytest.approx([0.0, 0.1, 0.2, 1.0, 1.0, 0.1])


def test_a_cut_that_never_comes_is_refused() -> None:
    with pytest.raises(ValueError, match="not before the end of the warm-up of 10 steps"):
        WarmupSpec(warmup=10, cut_warmup=10)
    assert [path for path, _ in WarmupSpec(warmup=30, cut_warmup=12).problems(12)] == ["cut_warmup"]
    early = WarmupSpec(warmup=30, cut_warmup=8, drops=(7,))
    assert [path for path, _ in early.problems(12)] == ["drops"]


def test_warmup_of_0_iterations_starts_at_max_lr() -> None:
    assert rates(WarmupSpec(warmup=0), 0.4, 3) == [0.4, 0.4, 0.4]


def test_constant_is_max_lr_always() -> None:
    assert rates(ConstantSpec(name="constant"), 0.3, 4) == [0.3] * 4


def test_lr_decay_falls_linearly_to_0_and_stays_there() -> None:
    schedule = LrDecaySpec(name="lr_decay", iterations=4)
    assert rates(schedule, 0.4, 6) == pytest.approx([0.4, 0.3, 0.2, 0.1, 0.0, 0.0])


def test_cyclical_goes_up_and_down_between_low_and_max_lr() -> None:
    schedule = CyclicalSpec(name="cyclical", low=0.1, step=2)
    assert rates(schedule, 0.5, 9) == pytest.approx(
        [0.1, 0.3, 0.5, 0.3, 0.1, 0.3, 0.5, 0.3, 0.1], rel=1e-15
    )


def test_cosine_rises_linearly_and_falls_by_half_a_cosine_to_0_at_the_end() -> None:
    seen = rates(CosineSpec(name="cosine", warmup=2), 0.4, 10)
    assert seen[:3] == pytest.approx([0.0, 0.2, 0.4])
    assert seen[6] == pytest.approx(0.2)  # half-way
    assert seen[9] == pytest.approx(0.2 * (1 + math.cos(math.pi * 7 / 8)))
    assert CosineSpec(name="cosine", warmup=2).lr(0.4, 10, 10) == 0.0


def test_one_cycle_starts_at_a_25th_peaks_at_max_lr_and_ends_at_a_10000th_of_the_start() -> None:
    seen = rates(OneCycleSpec(name="one_cycle"), 0.5, 20)
    assert seen[0] == pytest.approx(0.02)
    assert seen[5] == 0.5  # 0.3 x 20 iterations
    assert seen[19] == pytest.approx(2e-6)
    assert all(a < b for a, b in pairwise(seen[:6]))
    assert all(a > b for a, b in pairwise(seen[5:]))


def test_linear_rises_linearly_and_falls_linearly_to_0_at_the_end() -> None:
    seen = rates(LinearSpec(name="linear", warmup=2), 0.4, 6)
    assert seen == pytest.approx([0.0, 0.2, 0.4, 0.3, 0.2, 0.1])


@pytest.mark.parametrize("name", ["cosine", "linear", "one_cycle", "lr_decay"])
def test_after_its_last_iteration_a_schedule_stays_at_its_end(name: str) -> None:
    fields = {"lr_decay": {"iterations": 10}}.get(name, {})
    schedule = read.validate_python({"name": name} | fields)
    ends = [schedule.lr(0.5, 10, step) for step in (10, 11, 50)]
    last = schedule.lr(0.5, 10, 9)
    assert ends == [ends[0]] * 3
    assert ends[0] == (last if name == "one_cycle" else 0.0)


steps = st.integers(2, 200)
warmups = st.integers(0, 250)
lrs = st.floats(1e-6, 10.0)
schedules = st.one_of(
    st.builds(
        WarmupSpec,
        warmup=warmups,
        drops=st.lists(st.integers(1, 250), unique=True, max_size=4).map(sorted).map(tuple),
    ),
    st.builds(ConstantSpec, name=st.just("constant")),
    st.builds(LrDecaySpec, name=st.just("lr_decay"), iterations=st.integers(1, 250)),
    st.builds(
        CyclicalSpec,
        name=st.just("cyclical"),
        low=st.floats(0.0, 5e-7),
        step=st.integers(1, 250),
    ),
    st.builds(CosineSpec, name=st.just("cosine"), warmup=warmups),
    st.builds(
        OneCycleSpec,
        name=st.just("one_cycle"),
        rise=st.floats(0.001, 0.999),
        start=st.floats(1.0, 1e3),
        end=st.floats(1.0, 1e6),
    ),
    st.builds(LinearSpec, name=st.just("linear"), warmup=warmups),
)


@given(schedules, lrs, steps)
def test_no_rate_is_negative_or_above_max_lr(
    schedule: ScheduleSpec, max_lr: float, steps: int
) -> None:
    seen = rates(schedule, max_lr, steps)
    assert len(seen) == steps
    assert all(0 <= rate <= max_lr * (1 + 1e-12) for rate in seen)


@pytest.mark.costly
@given(schedules, lrs, steps, st.floats(1e-3, 1e3))
def test_rates_scale_with_max_lr(
    schedule: ScheduleSpec, max_lr: float, steps: int, factor: float
) -> None:
    if isinstance(schedule, CyclicalSpec):
        schedule = CyclicalSpec(name="cyclical", step=schedule.step)
    scaled = rates(schedule, max_lr * factor, steps)
    for rate, other in zip(rates(schedule, max_lr, steps), scaled, strict=True):
        assert other == pytest.approx(factor * rate, rel=1e-9, abs=1e-12 * max_lr * factor)


@pytest.mark.parametrize(
    ("schedule", "field", "rule"),
    [
        (WarmupSpec(warmup=1, drops=(5, 10, 12)), "drops", "[10, 12] come after the last of 10"),
        (WarmupSpec(warmup=11), "warmup", "11 is longer than 10 steps; lower it or raise steps"),
        (CosineSpec(name="cosine", warmup=11), "warmup", "11 is longer than 10 steps"),
        (LinearSpec(name="linear", warmup=12), "warmup", "12 is longer than 10 steps"),
        (LrDecaySpec(name="lr_decay", iterations=11), "iterations", "11 is longer than 10 steps"),
        (CyclicalSpec(name="cyclical", step=11), "step", "11 is longer than 10 steps"),
        (OneCycleSpec(name="one_cycle", rise=0.1), "rise", "0.1 ends before the second of 10"),
    ],
)
def test_the_error_for_a_schedule_that_does_not_fit_its_budget_names_field_and_reason(
    schedule: ScheduleSpec, field: str, rule: str
) -> None:
    ((problem_field, text),) = schedule.problems(10)
    assert problem_field == field
    assert text.startswith(rule)


def test_two_problems_are_reported_at_once() -> None:
    problems = WarmupSpec(warmup=20, drops=(30,)).problems(10)
    assert [field for field, _ in problems] == ["warmup", "drops"]


@pytest.mark.parametrize(
    "schedule",
    [
        WarmupSpec(warmup=9, drops=(9,)),
        WarmupSpec(warmup=0),
        ConstantSpec(name="constant"),
        LrDecaySpec(name="lr_decay", iterations=10),
        CyclicalSpec(name="cyclical", step=10),
        CosineSpec(name="cosine", warmup=10),
        OneCycleSpec(name="one_cycle"),
        LinearSpec(name="linear", warmup=10),
    ],
)
def test_a_schedule_that_just_fits_has_no_problem(schedule: ScheduleSpec) -> None:
    assert schedule.problems(10) == []
    assert len(rates(schedule, 0.1, 10)) == 10


@pytest.mark.parametrize(
    ("schedule", "field"),
    [
        (WarmupSpec(warmup=10), "warmup"),
        (WarmupSpec(warmup=6, drops=(5,)), "drops"),
        (WarmupSpec(warmup=10, drops=(9,)), "warmup drops"),
    ],
)
def test_a_warm_up_that_never_reaches_max_lr_is_refused(schedule: ScheduleSpec, field: str) -> None:
    assert [problem_field for problem_field, _ in schedule.problems(10)] == field.split()


def test_the_low_end_of_a_cycle_must_lie_below_max_lr() -> None:
    schedule = CyclicalSpec(name="cyclical", low=0.1, step=5)
    rule = "schedule.low 0.1 must lie below max_lr 0.1; lower it"
    assert schedule.max_lr_rule(0.1) == rule
    assert schedule.max_lr_rule(0.11) is None
    assert ConstantSpec(name="constant").max_lr_rule(1e-9) is None


@pytest.mark.parametrize("name", sorted(SCHEDULES))
def test_every_schedule_that_can_be_declared_has_rates(name: str) -> None:
    needed = {"warmup": {"warmup": 2}, "lr_decay": {"iterations": 5}, "cyclical": {"step": 5}}
    schedule = read.validate_python({"name": name} | needed.get(name, {}))
    assert max(rates(schedule, 0.25, 20)) == pytest.approx(0.25)
