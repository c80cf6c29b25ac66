"""One pruning cycle's learning rate over its iterations (Liu et al. 2021, Table 1).

Every schedule restarts at each cycle (LR rewinding, Renda et al. 2020).
"""

from __future__ import annotations

from collections.abc import Sequence

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from scyc.spec import WarmupSpec


def warmup_lr(max_lr: float, warmup: int, drops: Sequence[int], step: int) -> float:
    """LR warm-up (Liu et al. 2021, Table 1): rise to max_lr, hold, fall tenfold at each drop.

    step: iteration, from 0. At step 0 the rate is 0 (unless warmup is 0), at step `warmup` it is
    max_lr, at step ``drops[i]`` it is max_lr / 10^(i + 1) for the first time.
    """
    rate = max_lr * min(1.0, step / warmup) if warmup else max_lr
    fallen = sum(step >= drop for drop in drops)
    return rate / 10.0**fallen


def rates(schedule: WarmupSpec, max_lr: float, steps: int) -> list[float]:
    """The learning rate of every iteration of a training of `steps` iterations."""
    return [warmup_lr(max_lr, schedule.warmup, schedule.drops, step) for step in range(steps)]


class WarmupDrops(LRScheduler):
    """LR warm-up as a PyTorch scheduler, for any training loop.

    Call ``step()`` once an iteration, after ``optimizer.step()``. Gives the very rates that the
    pack trainer uses (:func:`warmup_lr`). Make a new one at each pruning cycle, with the max_lr of
    that cycle (:func:`scyc.scurve.max_lr`).

    max_lr, warmup, drops: see :func:`warmup_lr`. Every parameter group gets the same rate.
    Raises ValueError for a max_lr that is not above 0, a negative warmup, or drops out of order.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float,
        warmup: int,
        drops: Sequence[int] = (),
        last_epoch: int = -1,
    ) -> None:
        if not 0 < max_lr < float("inf"):
            raise ValueError(f"max_lr = {max_lr}: a learning rate must be above 0 and finite")
        schedule = WarmupSpec(warmup=warmup, drops=tuple(drops))
        self.max_lr = max_lr
        self.warmup = schedule.warmup
        self.drops = list(schedule.drops)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:  # type: ignore[override]  # torch also allows Tensor rates
        """The rate of iteration ``last_epoch``, once for each parameter group."""
        rate = warmup_lr(self.max_lr, self.warmup, self.drops, self.last_epoch)
        return [rate] * len(self.optimizer.param_groups)
