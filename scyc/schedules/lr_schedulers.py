"""The schedules, and S-Cyc, as PyTorch schedulers for any training loop.

Each gives the rates that a pack is trained with (:func:`scyc.schedules.rates.rates`). Call
``step()`` once an iteration, after ``optimizer.step()``. Only the learning rate is changed, not
momentum.

The parameter group with the highest learning rate in the optimizer gets the schedule's rate. Groups
with a lower one keep their ratio to it, as with PyTorch's own schedulers.

``state_dict()`` holds plain values. ``load_state_dict()`` also sets the learning rates of the
optimizer's groups, so it may come before or after the optimizer's own, or without it.

Every schedule restarts at each pruning cycle: call ``restart(max_lr)``, or make a new scheduler.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch.optim import Optimizer

from scyc.schedules import scyc_curve
from scyc.schedules.schedule_lr import ScheduleLR
from scyc.specs.base import SCyc
from scyc.specs.schedules import (
    ConstantSpec,
    CosineSpec,
    CyclicalSpec,
    LinearSpec,
    LrDecaySpec,
    OneCycleSpec,
    WarmupSpec,
)


class WarmupDrops(ScheduleLR):
    """LR warm-up (Liu et al. 2021, Table 1): rise to max_lr, hold, a tenth at each milestone.

    Args:
        optimizer: Whose groups' learning rates are set.
        max_lr: The highest learning rate.
        warmup: Iterations of the linear rise from 0; 0 starts at max_lr.
        milestones: Iterations at which the rate is divided by 10, rising.
        last_epoch: As in PyTorch.

    Example:
        >>> import torch
        >>> from scyc import WarmupDrops
        >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
        >>> schedule = WarmupDrops(optimizer, max_lr=0.4, warmup=2, milestones=[3])
        >>> rates = []
        >>> for step in range(4):
        ...     rates.append(round(schedule.get_last_lr()[0], 3))
        ...     optimizer.step()
        ...     schedule.step()
        >>> rates
        [0.0, 0.2, 0.4, 0.04]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float,
        warmup: int,
        milestones: Sequence[int] = (),
        last_epoch: int = -1,
    ) -> None:
        schedule = WarmupSpec(warmup=warmup, drops=tuple(milestones))
        super().__init__(optimizer, schedule, max_lr, last_epoch=last_epoch)


class SCycLR(WarmupDrops):
    """S-Cyc: LR warm-up whose max_lr follows Eq. 2 over the pruning cycles (Liu et al. 2021).

    Call ``next_cycle()`` after each pruning, and ``step()`` once an iteration.

    Args:
        optimizer: Whose groups' learning rates are set.
        curve: epsilon, delta, q and beta.
        rate: Share of the remaining weights that each cycle prunes, in (0, 1).
        warmup: Iterations of the linear rise at the start of every cycle.
        milestones: Iterations of every cycle at which the rate is divided by 10.
        cycle: Completed pruning cycles to start with, 0 for the unpruned network.
        last_epoch: As in PyTorch.

    Example:
        >>> import torch
        >>> from scyc import SCyc, SCycLR
        >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
        >>> curve = SCyc(epsilon=0.03, delta=0.09, q=1, beta=4.0)
        >>> schedule = SCycLR(optimizer, curve, rate=0.2, warmup=0)
        >>> for cycle in range(4):  # of one iteration each
        ...     print(round(schedule.get_last_lr()[0], 4))
        ...     optimizer.step()
        ...     schedule.next_cycle()  # after pruning
        0.03
        0.03
        0.0304
        0.0382
    """

    def __init__(
        self,
        optimizer: Optimizer,
        curve: SCyc,
        rate: float,
        warmup: int,
        milestones: Sequence[int] = (),
        cycle: int = 0,
        last_epoch: int = -1,
    ) -> None:
        self.curve = curve
        self.rate = rate
        self.cycle = cycle
        super().__init__(
            optimizer, scyc_curve.max_lr(curve, cycle, rate), warmup, milestones, last_epoch
        )

    def next_cycle(self) -> None:
        """Start the next pruning cycle: iteration 0 again, with the max_lr that Eq. 2 gives it."""
        self.cycle += 1
        self.restart(scyc_curve.max_lr(self.curve, self.cycle, self.rate))


class ConstantLr(ScheduleLR):
    """Constant LR (Liu et al. 2021, Table 1): max_lr, always."""

    def __init__(self, optimizer: Optimizer, max_lr: float, last_epoch: int = -1) -> None:
        schedule = ConstantSpec(name="constant")
        super().__init__(optimizer, schedule, max_lr, last_epoch=last_epoch)


class LrDecay(ScheduleLR):
    """LR decay (Liu et al. 2021, Table 1): linearly from max_lr to 0, and 0 afterwards.

    Args:
        optimizer: Whose groups' learning rates are set.
        max_lr: The first learning rate.
        iterations: Of the decay.
        last_epoch: As in PyTorch.
    """

    def __init__(
        self, optimizer: Optimizer, max_lr: float, iterations: int, last_epoch: int = -1
    ) -> None:
        schedule = LrDecaySpec(name="lr_decay", iterations=iterations)
        super().__init__(optimizer, schedule, max_lr, last_epoch=last_epoch)


class Cyclical(ScheduleLR):
    """Cyclical LR (Liu et al. 2021, Table 1; Smith 2017): linearly between `low` and max_lr.

    Args:
        optimizer: Whose groups' learning rates are set.
        max_lr: The highest learning rate.
        half_cycle: Iterations from `low` to max_lr.
        low: The learning rate of the first iteration.
        last_epoch: As in PyTorch.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float,
        half_cycle: int,
        low: float = 0.0,
        last_epoch: int = -1,
    ) -> None:
        schedule = CyclicalSpec(name="cyclical", low=low, step=half_cycle)
        super().__init__(optimizer, schedule, max_lr, last_epoch=last_epoch)


class CosineWarmup(ScheduleLR):
    """Linear warm-up, then half a cosine from max_lr to 0 (Loshchilov and Hutter 2017, Eq. 5).

    Args:
        optimizer: Whose groups' learning rates are set.
        max_lr: The highest learning rate.
        steps: Iterations of a pruning cycle; the rate is 0 after them.
        warmup: How many of them are the linear rise from 0.
        last_epoch: As in PyTorch.
    """

    def __init__(
        self, optimizer: Optimizer, max_lr: float, steps: int, warmup: int = 0, last_epoch: int = -1
    ) -> None:
        schedule = CosineSpec(name="cosine", warmup=warmup)
        super().__init__(optimizer, schedule, max_lr, steps, last_epoch)


class OneCycle(ScheduleLR):
    """One-cycle (Smith and Topin 2019), as PyTorch's OneCycleLR with cosines.

    Momentum is not changed.

    Args:
        optimizer: Whose groups' learning rates are set.
        max_lr: The highest learning rate.
        steps: Iterations of a pruning cycle.
        rise: Share of them until max_lr.
        start: max_lr / start is the first rate.
        end: The first rate / end is the last rate.
        last_epoch: As in PyTorch.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float,
        steps: int,
        rise: float = 0.3,
        start: float = 25.0,
        end: float = 1e4,
        last_epoch: int = -1,
    ) -> None:
        schedule = OneCycleSpec(name="one_cycle", rise=rise, start=start, end=end)
        super().__init__(optimizer, schedule, max_lr, steps, last_epoch)


class LinearDecay(ScheduleLR):
    """Linear warm-up, then linearly from max_lr to 0 (Li et al. 2020).

    Args:
        optimizer: Whose groups' learning rates are set.
        max_lr: The highest learning rate.
        steps: Iterations of a pruning cycle; the rate is 0 after them.
        warmup: How many of them are the linear rise from 0.
        last_epoch: As in PyTorch.
    """

    def __init__(
        self, optimizer: Optimizer, max_lr: float, steps: int, warmup: int = 0, last_epoch: int = -1
    ) -> None:
        schedule = LinearSpec(name="linear", warmup=warmup)
        super().__init__(optimizer, schedule, max_lr, steps, last_epoch)
