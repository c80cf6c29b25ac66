import pytest
import torch
from torch.optim.lr_scheduler import LinearLR, MultiStepLR

from scyc import WarmupDrops
from scyc.schedules import rates, warmup_lr
from scyc.spec import WarmupSpec


def optimizer(groups: int = 1) -> torch.optim.Optimizer:
    parameters = [{"params": [torch.nn.Parameter(torch.zeros(1))]} for _ in range(groups)]
    return torch.optim.SGD(parameters, lr=1.0)


def walked(scheduler: WarmupDrops, steps: int) -> list[float]:
    seen = []
    for _ in range(steps):
        seen.append(scheduler.optimizer.param_groups[0]["lr"])
        scheduler.optimizer.step()
        scheduler.step()
    return seen


def test_it_rises_from_0_holds_and_drops_tenfold() -> None:
    assert [warmup_lr(0.4, 4, (6, 8), step) for step in range(10)] == pytest.approx(
        [0.0, 0.1, 0.2, 0.3, 0.4, 0.4, 0.04, 0.04, 0.004, 0.004]
    )


def test_the_scheduler_gives_the_very_rates_of_the_trainer() -> None:
    spec = WarmupSpec(warmup=7, drops=(11, 17))
    assert walked(WarmupDrops(optimizer(), 0.3, 7, (11, 17)), 25) == rates(spec, 0.3, 25)


def test_after_the_warmup_it_is_torchs_multistep() -> None:
    ours = WarmupDrops(optimizer(), 0.3, 0, (3, 5))
    theirs = optimizer()
    theirs.param_groups[0]["lr"] = 0.3
    scheduler = MultiStepLR(theirs, [3, 5], gamma=0.1)
    for rate in walked(ours, 8):
        assert rate == pytest.approx(theirs.param_groups[0]["lr"], rel=1e-12)
        theirs.step()
        scheduler.step()


def test_during_the_warmup_it_is_torchs_linear() -> None:
    ours = walked(WarmupDrops(optimizer(), 0.5, 10, ()), 12)
    theirs = optimizer()
    theirs.param_groups[0]["lr"] = 0.5
    scheduler = LinearLR(theirs, start_factor=1e-12, total_iters=10)
    for rate in ours:
        assert rate == pytest.approx(theirs.param_groups[0]["lr"], abs=1e-11)
        theirs.step()
        scheduler.step()


def test_it_goes_on_from_its_state_dict() -> None:
    whole = walked(WarmupDrops(optimizer(), 0.3, 4, (8,)), 12)
    first = WarmupDrops(optimizer(), 0.3, 4, (8,))
    begun = walked(first, 5)
    second = WarmupDrops(optimizer(), 0.1, 1, ())
    second.load_state_dict(first.state_dict())
    second.optimizer.param_groups[0]["lr"] = second.get_lr()[0]
    assert begun + walked(second, 7) == whole


def test_every_parameter_group_gets_the_rate() -> None:
    scheduler = WarmupDrops(optimizer(groups=3), 0.3, 0, ())
    assert [group["lr"] for group in scheduler.optimizer.param_groups] == [0.3] * 3


@pytest.mark.parametrize(
    ("max_lr", "warmup", "drops"), [(0.0, 1, ()), (-1.0, 1, ()), (0.1, -1, ()), (0.1, 1, (5, 3))]
)
def test_wrong_arguments_are_refused(max_lr: float, warmup: int, drops: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"max_lr|warmup|drops"):
        WarmupDrops(optimizer(), max_lr, warmup, drops)
