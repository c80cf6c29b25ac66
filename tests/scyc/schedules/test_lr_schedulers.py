"""PyTorch's schedulers are the reference, step for step."""

import io
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.optim import Optimizer
from torch.optim.lr_scheduler import (
    ChainedScheduler,
    ConstantLR,
    CosineAnnealingLR,
    CyclicLR,
    LinearLR,
    LRScheduler,
    MultiStepLR,
    OneCycleLR,
    SequentialLR,
)

from scyc.schedules import scyc_curve
from scyc.schedules.lr_schedulers import (
    ConstantLr,
    CosineWarmup,
    Cyclical,
    LinearDecay,
    LrDecay,
    OneCycle,
    SCycLR,
    WarmupDrops,
)
from scyc.schedules.rates import rates
from scyc.schedules.schedule_lr import ScheduleLR
from scyc.specs.base import SCyc
from scyc.specs.schedules import (
    ConstantSpec,
    CosineSpec,
    CyclicalSpec,
    LinearSpec,
    LrDecaySpec,
    OneCycleSpec,
    ScheduleSpec,
    WarmupSpec,
)

TINY = 1e-13  # PyTorch's LinearLR cannot start at 0
CURVE = SCyc(epsilon=0.1, delta=0.2, q=1, beta=3.0)

ALL: list[tuple[Callable[[Optimizer], ScheduleLR], ScheduleSpec]] = [
    (lambda o: WarmupDrops(o, 0.3, 7, (11, 17)), WarmupSpec(warmup=7, drops=(11, 17))),
    (lambda o: ConstantLr(o, 0.3), ConstantSpec(name="constant")),
    (lambda o: LrDecay(o, 0.3, 20), LrDecaySpec(name="lr_decay", iterations=20)),
    (lambda o: Cyclical(o, 0.3, 4, 0.01), CyclicalSpec(name="cyclical", step=4, low=0.01)),
    (lambda o: CosineWarmup(o, 0.3, 25, 5), CosineSpec(name="cosine", warmup=5)),
    (
        lambda o: OneCycle(o, 0.3, 25, 0.4, 10.0, 100.0),
        OneCycleSpec(name="one_cycle", rise=0.4, start=10.0, end=100.0),
    ),
    (lambda o: LinearDecay(o, 0.3, 25, 5), LinearSpec(name="linear", warmup=5)),
]
IDS = [spec.name for _, spec in ALL]


def optimizer(groups: int = 1, lr: float = 1.0) -> Optimizer:
    parameters = [{"params": [torch.nn.Parameter(torch.zeros(1))]} for _ in range(groups)]
    return torch.optim.SGD(parameters, lr=lr, momentum=0.9)


def walked(scheduler: LRScheduler, steps: int) -> list[float]:
    """The rate of each of so many iterations, as a training loop sees it."""
    seen = []
    for _ in range(steps):
        seen.append(scheduler.optimizer.param_groups[0]["lr"])
        scheduler.optimizer.step()
        scheduler.step()
    return seen


@pytest.mark.parametrize(("make", "spec"), ALL, ids=IDS)
def test_a_scheduler_gives_exactly_the_rates_of_the_trainer(
    make: Callable[[Optimizer], ScheduleLR], spec: ScheduleSpec
) -> None:
    assert walked(make(optimizer()), 25) == rates(spec, 0.3, 25)


def warmed(theirs: Optimizer, warmup: int, then: LRScheduler) -> LRScheduler:
    rise = LinearLR(theirs, start_factor=TINY, total_iters=warmup)
    return SequentialLR(theirs, [rise, then], milestones=[warmup])


REFERENCES: dict[str, tuple[Callable[[Optimizer], ScheduleLR], Callable[..., LRScheduler]]] = {
    "warmup": (
        lambda o: WarmupDrops(o, 0.3, 10, (12, 20)),
        lambda o: ChainedScheduler(
            [
                LinearLR(o, start_factor=TINY, total_iters=10),
                MultiStepLR(o, [12, 20], gamma=0.1),
            ]
        ),
    ),
    "drops": (
        lambda o: WarmupDrops(o, 0.3, 0, (3, 5)),
        lambda o: MultiStepLR(o, [3, 5], gamma=0.1),
    ),
    "constant": (lambda o: ConstantLr(o, 0.3), lambda o: ConstantLR(o, factor=1.0)),
    "lr decay": (
        lambda o: LrDecay(o, 0.3, 22),
        lambda o: LinearLR(o, start_factor=1.0, end_factor=0.0, total_iters=22),
    ),
    "cyclical": (
        lambda o: Cyclical(o, 0.3, 7, 0.02),
        lambda o: CyclicLR(o, 0.02, 0.3, step_size_up=7, cycle_momentum=False),
    ),
    "cosine": (
        lambda o: CosineWarmup(o, 0.3, 30),
        lambda o: CosineAnnealingLR(o, T_max=30),
    ),
    "one cycle": (
        lambda o: OneCycle(o, 0.3, 30),
        lambda o: OneCycleLR(o, 0.3, total_steps=30, cycle_momentum=False),
    ),
    "one cycle, its own shape": (
        lambda o: OneCycle(o, 0.3, 30, rise=0.55, start=4.0, end=50.0),
        lambda o: OneCycleLR(
            o,
            0.3,
            total_steps=30,
            pct_start=0.55,
            div_factor=4.0,
            final_div_factor=50.0,
            cycle_momentum=False,
        ),
    ),
    "linear": (
        lambda o: LinearDecay(o, 0.3, 30),
        lambda o: LinearLR(o, start_factor=1.0, end_factor=0.0, total_iters=30),
    ),
    "cosine after a warmup": (
        lambda o: CosineWarmup(o, 0.3, 30, 6),
        lambda o: warmed(o, 6, CosineAnnealingLR(o, T_max=24)),
    ),
    "linear after a warmup": (
        lambda o: LinearDecay(o, 0.3, 30, 6),
        lambda o: warmed(o, 6, LinearLR(o, start_factor=1.0, end_factor=0.0, total_iters=24)),
    ),
}


@pytest.mark.parametrize("name", REFERENCES)
def test_a_scheduler_is_torchs_own_step_for_step(name: str) -> None:
    mine, theirs = REFERENCES[name]
    seen = walked(mine(optimizer()), 30)
    expected = walked(theirs(optimizer(lr=0.3)), 30)
    assert seen == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(("make", "spec"), ALL, ids=IDS)
def test_momentum_is_left_alone(
    make: Callable[[Optimizer], ScheduleLR], spec: ScheduleSpec
) -> None:
    parameter = torch.nn.Parameter(torch.zeros(1))
    adam = torch.optim.Adam([parameter], betas=(0.8, 0.95))
    walked(make(adam), 12)
    assert adam.param_groups[0]["betas"] == (0.8, 0.95)
    scheduler = make(optimizer())
    walked(scheduler, 12)
    assert scheduler.optimizer.param_groups[0]["momentum"] == 0.9


@pytest.mark.parametrize(("make", "spec"), ALL, ids=IDS)
def test_a_restart_is_a_new_scheduler_with_another_max_lr(
    make: Callable[[Optimizer], ScheduleLR], spec: ScheduleSpec
) -> None:
    scheduler = make(optimizer())
    walked(scheduler, 9)
    scheduler.restart(0.7)
    assert walked(scheduler, 25) == rates(spec, 0.7, 25)


def through_a_file(state: dict[str, Any]) -> dict[str, Any]:
    """Saved and read as a checkpoint is: tensors and plain values only."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    buffer.seek(0)
    return dict(torch.load(buffer, weights_only=True))


def saved(scheduler: ScheduleLR) -> tuple[dict[str, Any], dict[str, Any]]:
    """The states of a scheduler and of its optimizer, from one checkpoint."""
    states = {"scheduler": scheduler.state_dict(), "optimizer": scheduler.optimizer.state_dict()}
    read = through_a_file(states)
    return read["scheduler"], read["optimizer"]


@pytest.mark.parametrize(("make", "spec"), ALL, ids=IDS)
def test_it_continues_from_its_state_dict(
    make: Callable[[Optimizer], ScheduleLR], spec: ScheduleSpec
) -> None:
    first = make(optimizer())
    begun = walked(first, 9)
    second = make(optimizer())
    second.load_state_dict(through_a_file(first.state_dict()))
    second.optimizer.load_state_dict(through_a_file(first.optimizer.state_dict()))
    assert begun + walked(second, 16) == rates(spec, 0.3, 25)


def test_s_cyc_follows_eq_2_over_the_pruning_cycles() -> None:
    scheduler = SCycLR(optimizer(), CURVE, 0.2, warmup=3, milestones=(6,))
    peaks = []
    for cycle in range(12):
        seen = walked(scheduler, 8)
        bound = scyc_curve.max_lr(CURVE, cycle, 0.2)
        assert seen == rates(WarmupSpec(warmup=3, drops=(6,)), bound, 8)
        peaks.append(max(seen))
        scheduler.next_cycle()
        assert scheduler.optimizer.param_groups[0]["lr"] == 0.0
    assert peaks[:2] == [0.1, 0.1]  # No Growth up to q
    assert peaks == sorted(peaks)
    assert peaks[11] == pytest.approx(0.3, abs=0.005)


def test_s_cyc_continues_from_its_state_dict_in_the_same_pruning_cycle() -> None:
    whole = SCycLR(optimizer(), CURVE, 0.2, 3, (6,))
    first = SCycLR(optimizer(), CURVE, 0.2, 3, (6,))
    for scheduler in (whole, first):
        for _ in range(4):
            walked(scheduler, 8)
            scheduler.next_cycle()
        walked(scheduler, 2)
    second = SCycLR(optimizer(), SCyc(epsilon=1.0, delta=1.0, q=0, beta=1.0), 0.5, 1)
    second.load_state_dict(through_a_file(first.state_dict()))
    second.optimizer.load_state_dict(through_a_file(first.optimizer.state_dict()))
    assert second.curve == CURVE
    assert second.cycle == 4
    assert walked(second, 6) == walked(whole, 6)
    second.next_cycle()
    assert walked(second, 4)[3] == scyc_curve.max_lr(CURVE, 5, 0.2)


def test_s_cyc_may_start_in_a_later_cycle() -> None:
    scheduler = SCycLR(optimizer(), CURVE, 0.2, warmup=0, cycle=7)
    assert walked(scheduler, 1) == [scyc_curve.max_lr(CURVE, 7, 0.2)]
    scheduler.next_cycle()
    assert walked(scheduler, 1) == [scyc_curve.max_lr(CURVE, 8, 0.2)]


def test_groups_with_the_same_rate_get_the_schedules_rate() -> None:
    scheduler = WarmupDrops(optimizer(groups=3), 0.3, 0, ())
    assert [group["lr"] for group in scheduler.optimizer.param_groups] == [0.3] * 3


def with_own_rates() -> Optimizer:
    """Two groups, the second of which trains at a tenth of the first's rate."""
    parameters = [torch.nn.Parameter(torch.zeros(1)) for _ in range(2)]
    groups: list[dict[str, Any]] = [{"params": parameters[:1]}]
    groups.append({"params": parameters[1:], "lr": 0.05})
    return torch.optim.SGD(groups, lr=0.5, momentum=0.9)


def group_rates(scheduler: LRScheduler) -> list[float]:
    return [group["lr"] for group in scheduler.optimizer.param_groups]


def iterate(scheduler: ScheduleLR, done: int, until: int, cycle: int) -> list[list[float]]:
    """The groups' rates of each iteration; a pruning cycle ends after every `cycle` of them."""
    seen = []
    for step in range(done, until):
        if step and step % cycle == 0:
            if isinstance(scheduler, SCycLR):
                scheduler.next_cycle()
            else:
                scheduler.restart(0.3 + 0.1 * (step // cycle))
        seen.append(group_rates(scheduler))
        scheduler.optimizer.step()
        scheduler.step()
    return seen


Resume = Callable[[Callable[[Optimizer], ScheduleLR], dict[str, Any], dict[str, Any]], ScheduleLR]


def optimizer_first(
    make: Callable[[Optimizer], ScheduleLR], scheduler: dict[str, Any], state: dict[str, Any]
) -> ScheduleLR:
    read = with_own_rates()
    read.load_state_dict(state)
    resumed = make(read)
    resumed.load_state_dict(scheduler)
    return resumed


def scheduler_first(
    make: Callable[[Optimizer], ScheduleLR], scheduler: dict[str, Any], state: dict[str, Any]
) -> ScheduleLR:
    resumed = make(with_own_rates())
    resumed.load_state_dict(scheduler)
    resumed.optimizer.load_state_dict(state)
    return resumed


def optimizer_between(
    make: Callable[[Optimizer], ScheduleLR], scheduler: dict[str, Any], state: dict[str, Any]
) -> ScheduleLR:
    resumed = make(with_own_rates())
    resumed.optimizer.load_state_dict(state)
    resumed.load_state_dict(scheduler)
    return resumed


def without_optimizer(
    make: Callable[[Optimizer], ScheduleLR], scheduler: dict[str, Any], state: dict[str, Any]
) -> ScheduleLR:
    resumed = make(with_own_rates())
    resumed.load_state_dict(scheduler)
    return resumed


RESUMES: list[Resume] = [optimizer_first, scheduler_first, optimizer_between, without_optimizer]
EVERY = [*ALL, (lambda o: SCycLR(o, CURVE, 0.2, 7, (11, 17)), WarmupSpec(warmup=7))]


@pytest.mark.parametrize("resume", RESUMES, ids=lambda resume: resume.__name__)
@pytest.mark.parametrize("make", [make for make, _ in EVERY], ids=[*IDS, "s_cyc"])
def test_saved_and_loaded_at_any_iteration_the_rates_are_the_same_to_the_end(
    make: Callable[[Optimizer], ScheduleLR], resume: Resume
) -> None:
    """Over three pruning cycles: in a warm-up, at its end, at drops, at the end of a cycle."""
    cycle, total = 25, 75
    whole = iterate(make(with_own_rates()), 0, total, cycle)
    boundaries = {(end + near) % cycle for end in (0, 7, 11, 17) for near in (-1, 0, 1)}
    first = make(with_own_rates())
    for step in range(total + 1):
        if step % cycle in boundaries:
            second = resume(make, *saved(first))
            assert group_rates(second) == group_rates(first)
            assert second.get_last_lr() == first.get_last_lr()
            assert iterate(second, step, total, cycle) == whole[step:]
        assert iterate(first, step, min(step + 1, total), cycle) == whole[step : step + 1]


@pytest.mark.costly
@pytest.mark.parametrize("resume", RESUMES, ids=lambda resume: resume.__name__)
@pytest.mark.parametrize("make", [make for make, _ in EVERY], ids=[*IDS, "s_cyc"])
def test_saved_and_loaded_at_every_iteration_the_rates_are_the_same(
    make: Callable[[Optimizer], ScheduleLR], resume: Resume
) -> None:
    cycle, total = 25, 75
    scheduler, seen = make(with_own_rates()), []
    for step in range(total):
        scheduler = resume(make, *saved(scheduler))
        seen += iterate(scheduler, step, step + 1, cycle)
    assert seen == iterate(make(with_own_rates()), 0, total, cycle)


@pytest.mark.parametrize(("make", "spec"), ALL, ids=IDS)
def test_groups_with_their_own_rate_keep_their_ratio(
    make: Callable[[Optimizer], ScheduleLR], spec: ScheduleSpec
) -> None:
    seen = iterate(make(with_own_rates()), 0, 25, 25)
    assert [first for first, _ in seen] == rates(spec, 0.3, 25)
    assert [second for _, second in seen] == [0.1 * rate for rate in rates(spec, 0.3, 25)]


def test_ratios_are_those_of_torchs_own_schedulers() -> None:
    mine = iterate(LinearDecay(with_own_rates(), 0.5, 30), 0, 30, 30)
    theirs = LinearLR(with_own_rates(), start_factor=1.0, end_factor=0.0, total_iters=30)
    for rates_of_groups in mine:
        assert rates_of_groups == pytest.approx(group_rates(theirs), rel=1e-12, abs=1e-12)
        theirs.optimizer.step()
        theirs.step()


def test_a_group_that_is_added_later_gets_its_share_too() -> None:
    scheduler = ConstantLr(with_own_rates(), 0.3)
    added = torch.nn.Parameter(torch.zeros(1))
    scheduler.optimizer.add_param_group({"params": [added], "lr": 0.25})
    scheduler.optimizer.step()
    scheduler.step()
    assert group_rates(scheduler) == pytest.approx([0.3, 0.03, 0.15])
    assert len(scheduler.state_dict()["base_lrs"]) == 3


def test_rates_that_are_tensors_stay_the_same_tensors() -> None:
    parameter = torch.nn.Parameter(torch.zeros(1))
    adam = torch.optim.Adam([parameter], lr=torch.tensor(0.1, dtype=torch.float64))
    scheduler = WarmupDrops(adam, 0.3, 0, (3,))
    rate = adam.param_groups[0]["lr"]
    scheduler.load_state_dict(through_a_file(scheduler.state_dict() | {"last_epoch": 3}))
    assert adam.param_groups[0]["lr"] is rate
    assert float(rate) == 0.03


def test_a_state_of_another_number_of_groups_is_refused_and_changes_nothing() -> None:
    scheduler = ConstantLr(optimizer(groups=1), 0.3)
    other = ConstantLr(with_own_rates(), 0.7)
    with pytest.raises(ValueError, match="has 2 parameter groups, the optimizer has 1"):
        scheduler.load_state_dict(other.state_dict())
    assert scheduler.max_lr == 0.3
    assert group_rates(scheduler) == [0.3]


def test_a_state_of_another_schedule_is_refused() -> None:
    cosine = CosineWarmup(optimizer(), 0.3, 10)
    with pytest.raises(ValueError, match="one_cycle"):
        cosine.load_state_dict(OneCycle(optimizer(), 0.3, 10).state_dict())
    with pytest.raises(ValueError, match="curve: not in the state"):
        SCycLR(optimizer(), CURVE, 0.2, 3).load_state_dict(cosine.state_dict())


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda o: WarmupDrops(o, 0.0, 1), "max_lr = 0.0: a learning rate must be above 0"),
        (lambda o: WarmupDrops(o, -1.0, 1), "max_lr = -1.0"),
        (lambda o: WarmupDrops(o, float("nan"), 1), "max_lr = nan"),
        (lambda o: ConstantLr(o, float("inf")), "max_lr = inf"),
        (lambda o: WarmupDrops(o, 0.1, -1), "warmup"),
        (lambda o: WarmupDrops(o, 0.1, 1, (5, 3)), "milestones must rise"),
        (lambda o: LrDecay(o, 0.1, 0), "iterations"),
        (lambda o: Cyclical(o, 0.1, 0), "step"),
        (lambda o: Cyclical(o, 0.1, 5, 0.1), "low 0.1 must lie below max_lr 0.1"),
        (lambda o: CosineWarmup(o, 0.1, 5, 6), "warmup = 6 is longer than 5 steps"),
        (lambda o: CosineWarmup(o, 0.1, 0), "steps = 0: at least 1 iteration is needed"),
        (lambda o: OneCycle(o, 0.1, 3), "rise = 0.3 ends before the second of 3 steps"),
        (lambda o: OneCycle(o, 0.1, 10, start=0.5), "start"),
        (lambda o: LinearDecay(o, 0.1, 5, 6), "warmup = 6 is longer than 5 steps"),
        (lambda o: SCycLR(o, CURVE, 1.0, 5), "rate = 1.0"),
        (lambda o: SCycLR(o, CURVE, 0.2, 5, cycle=-1), "cycle = -1"),
        (lambda o: ConstantLr(o, 0.1).restart(0.0), "max_lr = 0.0"),
        (lambda o: Cyclical(o, 0.3, 5, 0.1).restart(0.05), "low 0.1 must lie below max_lr 0.05"),
    ],
)
def test_wrong_arguments_are_refused(make: Callable[[Optimizer], object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make(optimizer())
