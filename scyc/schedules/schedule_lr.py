"""A PyTorch scheduler of any declared schedule, which restarts at each pruning cycle."""

from __future__ import annotations

import math
import sys
from typing import Any

from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from scyc.specs.base import Spec, as_json
from scyc.specs.ranges import STORED
from scyc.specs.schedules import (
    ScheduleSpec,
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
        """Return the learning rates of iteration ``last_epoch``.

        Returns:
            One a parameter group, in their order.
        """
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

        Args:
            max_lr: The upper learning-rate bound of the cycle.

        Raises:
            ValueError: The schedule does not allow this max_lr.
        """
        self.max_lr = _checked_max_lr(self.schedule, max_lr)
        self.last_epoch = -1
        self._initial_step()

    def state_dict(self) -> dict[str, Any]:
        """Return all of the state but the optimizer.

        Returns:
            Plain values, for :meth:`load_state_dict` of a scheduler with the same schedule.
        """
        self._ratios()  # counts groups that were added
        state = {
            name: as_json(value) if isinstance(value, Spec) else value
            for name, value in super().state_dict().items()
        }
        return state | {name: [float(rate) for rate in state[name]] for name in _RATE_LISTS}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from a state_dict, and set the rates of the optimizer's groups to match.

        Args:
            state_dict: What :meth:`state_dict` returned.

        Raises:
            ValueError: It is the state of another schedule, or of another number of groups. Nothing
                has been changed then.
        """
        specs = {name: value for name, value in vars(self).items() if isinstance(value, Spec)}
        if missing := specs.keys() - state_dict.keys():
            raise ValueError(f"{', '.join(sorted(missing))}: not in the state; is it another's?")
        read = {
            name: type(spec).model_validate(state_dict[name], context=STORED)
            for name, spec in specs.items()
        }
        groups = self.optimizer.param_groups
        own = list(state_dict["base_lrs"])
        if len(own) != len(groups):
            rule = f"the state has {len(own)} parameter groups, the optimizer has {len(groups)}"
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


def _checked_max_lr(schedule: ScheduleSpec, max_lr: float) -> float:
    if not 0 < max_lr < math.inf:
        raise ValueError(f"max_lr = {max_lr}: a learning rate must be above 0 and finite")
    if rule := schedule.max_lr_rule(max_lr):
        raise ValueError(rule)
    return max_lr
