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

import math
import sys
from collections.abc import Sequence
from typing import Any

from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from scyc.schedules import scyc_curve
from scyc.specs.base import SCyc, Spec, as_json
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

_RATE_LISTS = ("base_lrs", "_last_lr")  # in PyTorch's state; tensors where the groups' rates are
_ENDLESS = sys.maxsize  # iterations, of a schedule that has no budget


class ScheduleLR(LRScheduler):
    """Base class of the schedulers below, for any declared schedule.

    Args:
        optimizer: Whose groups' learning rates are set.
        schedule: The declared schedule.
        max_lr: The schedule's highest learning rate.
        steps: Iterations of one pruning cycle.
        last_epoch: As in PyTorch, the last iteration that is done; -1 starts.

    Raises:
        ValueError: The arguments do not fit each other.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        schedule: ScheduleSpec,
        max_lr: float,
        steps: int = _ENDLESS,
        last_epoch: int = -1,
    ) -> None:
        if steps < 1:
            raise ValueError(f"steps = {steps}: at least 1 iteration is needed")
        if problems := schedule.problems(steps):
            raise ValueError("; ".join(f"{field} = {rule}" for field, rule in problems))
        self.schedule = schedule
        self.max_lr = _checked_max_lr(schedule, max_lr)
        self.steps = steps
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:  # type: ignore[override]  # torch also allows Tensor rates
        """Return the learning rate of iteration ``last_epoch`` of each parameter group."""
        rate = self.schedule.lr(self.max_lr, self.steps, self.last_epoch)
        return [rate * ratio for ratio in self._ratios()]

    def _ratios(self) -> list[float]:
        """Return each group's own rate relative to the highest; 1 where all of them are 0."""
        for group in self.optimizer.param_groups[len(self.base_lrs) :]:  # added since
            self.base_lrs.append(group.setdefault("initial_lr", group["lr"]))
        own = [float(rate) for rate in self.base_lrs]
        highest = max(own)
        return [rate / highest if highest else 1.0 for rate in own]

    def restart(self, max_lr: float) -> None:
        """Start the next pruning cycle: iteration 0 again, with that cycle's max_lr.

        Raises:
            ValueError: The schedule does not allow this max_lr.
        """
        self.max_lr = _checked_max_lr(self.schedule, max_lr)
        self.last_epoch = -1
        self._initial_step()

    def state_dict(self) -> dict[str, Any]:
        """Return all of the state but the optimizer, as plain values."""
        self._ratios()  # counts groups that were added
        state = {
            name: as_json(value) if isinstance(value, Spec) else value
            for name, value in super().state_dict().items()
        }
        return state | {name: [float(rate) for rate in state[name]] for name in _RATE_LISTS}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from a state_dict, and set the rates of the optimizer's groups to match.

        Raises:
            ValueError: It is the state of another schedule, or of another number of groups. Nothing
                has been changed then.
        """
        specs = {name: value for name, value in vars(self).items() if isinstance(value, Spec)}
        if missing := specs.keys() - state_dict.keys():
            raise ValueError(f"{', '.join(sorted(missing))}: not in the state; is it another's?")
        read = {name: type(spec).model_validate(state_dict[name]) for name, spec in specs.items()}
        groups = self.optimizer.param_groups
        own = list(state_dict["base_lrs"])
        if len(own) != len(groups):
            rule = f"the state is of {len(own)} parameter groups, the optimizer has {len(groups)}"
            raise ValueError(f"base_lrs: {rule}; build the optimizer as it was")
        super().load_state_dict(state_dict | read | {"base_lrs": own})
        for group, initial, rate in zip(groups, own, self.get_lr(), strict=True):
            group["initial_lr"] = initial
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(rate)
            else:
                group["lr"] = rate
        self._last_lr = [
            group["lr"].clone() if isinstance(group["lr"], Tensor) else group["lr"]
            for group in groups
        ]


class WarmupDrops(ScheduleLR):
    """LR warm-up (Liu et al. 2021, Table 1): rise to max_lr, hold, a tenth at each drop.

    Args:
        optimizer: Whose groups' learning rates are set.
        max_lr: The highest learning rate.
        warmup: Iterations of the linear rise from 0; 0 starts at max_lr.
        drops: Iterations at which the rate is divided by 10, rising.
        last_epoch: As in PyTorch.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float,
        warmup: int,
        drops: Sequence[int] = (),
        last_epoch: int = -1,
    ) -> None:
        schedule = WarmupSpec(warmup=warmup, drops=tuple(drops))
        super().__init__(optimizer, schedule, max_lr, last_epoch=last_epoch)


class SCycLR(WarmupDrops):
    """S-Cyc: LR warm-up whose max_lr follows Eq. 2 over the pruning cycles (Liu et al. 2021).

    Call ``next_cycle()`` after each pruning, and ``step()`` once an iteration.

    Args:
        optimizer: Whose groups' learning rates are set.
        curve: epsilon, delta, q and beta.
        rate: Share of the remaining weights that each cycle prunes, in (0, 1).
        warmup: Iterations of the linear rise at the start of every cycle.
        drops: Iterations of every cycle at which the rate is divided by 10.
        cycle: Completed pruning cycles to start with, 0 for the unpruned network.
        last_epoch: As in PyTorch.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        curve: SCyc,
        rate: float,
        warmup: int,
        drops: Sequence[int] = (),
        cycle: int = 0,
        last_epoch: int = -1,
    ) -> None:
        self.curve = curve
        self.rate = rate
        self.cycle = cycle
        super().__init__(
            optimizer, scyc_curve.max_lr(curve, cycle, rate), warmup, drops, last_epoch
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


def _checked_max_lr(schedule: ScheduleSpec, max_lr: float) -> float:
    if not 0 < max_lr < math.inf:
        raise ValueError(f"max_lr = {max_lr}: a learning rate must be above 0 and finite")
    if rule := schedule.max_lr_rule(max_lr):
        raise ValueError(rule)
    return max_lr
