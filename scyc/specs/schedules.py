"""Learning-rate schedules that a study may name (Liu et al. 2021, Table 1).

A schedule is one class here, with its fields and its rate, and one line in SCHEDULES. Every
schedule restarts at each pruning cycle (LR rewinding, Renda et al. 2020).
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from scyc.specs.base import ExtendedSpec, Spec, one_of
from scyc.specs.ranges import Iterations, IterationsOrNone, RateOrZero, Ratio, Share


class Schedule(Spec):
    """Base class of the schedules."""

    name: str

    @abstractmethod
    def lr(self, max_lr: float, steps: int, step: int) -> float:
        """Return the learning rate of one iteration.

        Args:
            max_lr: The highest learning rate.
            steps: Iterations of a pruning cycle.
            step: The iteration, counted from 0. From `steps` on the rate is what the schedule ends
                with.

        Returns:
            A learning rate, at most `max_lr`.
        """

    def peak(self, max_lr: float, steps: int) -> float:
        """Return the highest rate that `steps` iterations reach, which may be below max_lr.

        Args:
            max_lr: The highest learning rate by name.
            steps: Iterations of a pruning cycle.

        Returns:
            A learning rate.
        """
        return max(self.lr(max_lr, steps, step) for step in range(steps))

    def problems(self, steps: int) -> list[tuple[str, str]]:
        """Return why the schedule does not fit into `steps` iterations.

        Args:
            steps: Iterations of a pruning cycle.

        Returns:
            Pairs of a field and its value with rule and remedy; [] where it fits.
        """
        problems = []
        for field in ("warmup", "iterations", "step"):
            length = getattr(self, field, 0)
            if length > steps:
                rule = f"{length} is longer than {steps} steps; lower it or raise steps"
                problems.append((field, rule))
        return problems

    def max_lr_rule(self, max_lr: float) -> str | None:
        """Return the rule that this max_lr breaks, and the remedy; None where it fits.

        Args:
            max_lr: The highest learning rate.

        Returns:
            Rule and remedy as text; None from a schedule that takes any max_lr.
        """
        return None


class WarmupSpec(ExtendedSpec, Schedule):
    """LR warm-up (Liu et al. 2021, Table 1): rise to max_lr, hold, a tenth at each milestone."""

    younger: ClassVar[tuple[str, ...]] = ("cut_warmup",)

    name: Literal["warmup"] = "warmup"
    warmup: IterationsOrNone  # iterations of the linear rise from 0 to max_lr
    # Iterations at each of which the rate is divided by 10.
    drops: Annotated[tuple[Iterations, ...], Field(max_length=100, strict=False)] = ()

    # The iteration at which the rise is cut off: from then on the rate is what it would be after a
    # whole warm-up. With the first milestone there, as in the code of the paper's authors, max_lr
    # is never reached.
    cut_warmup: Iterations | None = None

    @model_validator(mode="after")
    def _cut_before_its_end(self) -> WarmupSpec:
        if self.cut_warmup is not None and self.cut_warmup >= self.warmup:
            raise ValueError(
                f"cut_warmup {self.cut_warmup} is not before the end of the warm-up of "
                f"{self.warmup} steps; lower it, or leave it out"
            )
        return self

    @model_validator(mode="after")
    def _drops_rise(self) -> WarmupSpec:
        if list(self.drops) != sorted(set(self.drops)):
            raise ValueError("milestones must rise one by one; sort them and remove repeats")
        return self

    def lr(self, max_lr: float, steps: int, step: int) -> float:
        """Return 0 at step 0, max_lr at step `warmup`, max_lr / 10^(i + 1) from step drops[i] on.

        As :meth:`Schedule.lr`.
        """
        passed = sum(step >= drop for drop in self.drops)
        cut = self.cut_warmup is not None and step >= self.cut_warmup
        share = 1.0 if cut else _warmup_share(self.warmup, step)
        return max_lr * share / 10.0**passed

    def problems(self, steps: int) -> list[tuple[str, str]]:
        """Return why warm-up or milestones do not fit (as :meth:`Schedule.problems`)."""
        cut = self.cut_warmup
        problems = [] if cut is not None else super().problems(steps)
        if cut is None and self.warmup and self.warmup == steps:
            rule = f"{steps} ends with the last step, so max_lr is never reached; lower it"
            problems.append(("warmup", rule))
        if cut is not None and cut >= steps:
            rule = f"{cut} comes after the last of {steps} steps; lower it or raise steps"
            problems.append(("cut_warmup", rule))
        end = self.warmup if cut is None else cut
        early = [drop for drop in self.drops if drop < end]
        if early:
            rule = f"{early} come before the warm-up of {end} steps ends; raise them"
            problems.append(("drops", rule))
        late = [drop for drop in self.drops if drop >= steps]
        if late:
            rule = f"{late} come after the last of {steps} steps; lower them or raise steps"
            problems.append(("drops", rule))
        return problems


class ConstantSpec(Schedule):
    """Constant LR (Table 1): max_lr, always."""

    name: Literal["constant"]

    def lr(self, max_lr: float, steps: int, step: int) -> float:
        """Return max_lr (as :meth:`Schedule.lr`)."""
        return max_lr


class LrDecaySpec(Schedule):
    """LR decay (Table 1): linearly from max_lr to 0."""

    name: Literal["lr_decay"]
    iterations: Iterations  # of the decay; 0 afterwards

    def lr(self, max_lr: float, steps: int, step: int) -> float:
        """Return max_lr at step 0, 0 from step `iterations` on (as :meth:`Schedule.lr`)."""
        return max_lr * max(0.0, 1 - step / self.iterations)


class CyclicalSpec(Schedule):
    """Cyclical LR (Table 1; Smith 2017): linearly between `low` and max_lr, up first."""

    name: Literal["cyclical"]
    low: RateOrZero = 0.0  # learning rate at which each cycle starts and ends
    step: Iterations  # iterations from `low` to max_lr, half a cycle

    def lr(self, max_lr: float, steps: int, step: int) -> float:
        """Return `low` at step 0, max_lr at step `self.step`, `low` again at twice that, and so on.

        As :meth:`Schedule.lr`.
        """
        position = step % (2 * self.step)
        height = min(position, 2 * self.step - position) / self.step
        return self.low + (max_lr - self.low) * height

    def max_lr_rule(self, max_lr: float) -> str | None:
        """Return the rule that a max_lr of `low` or less breaks.

        As :meth:`Schedule.max_lr_rule`.
        """
        if self.low >= max_lr:
            return f"schedule.low {self.low} must lie below max_lr {max_lr}; lower it"
        return None


class CosineSpec(Schedule):
    """Linear warm-up, then half a cosine from max_lr to 0 at the budget's end."""

    name: Literal["cosine"]
    warmup: IterationsOrNone = 0  # iterations of the linear rise from 0 to max_lr

    def lr(self, max_lr: float, steps: int, step: int) -> float:
        """Return 0 at step 0, max_lr at step `warmup`, 0 from step `steps` on.

        As :meth:`Schedule.lr`.
        """
        if step < self.warmup:
            return max_lr * _warmup_share(self.warmup, step)
        return _cosine(max_lr, 0.0, _share_done(step, self.warmup, steps))


class OneCycleSpec(Schedule):
    """One-cycle (Smith and Topin 2019), with PyTorch's cosine shape and its defaults."""

    name: Literal["one_cycle"]
    rise: Share = 0.3  # share of the iterations until max_lr
    start: Ratio = 25.0  # max_lr / start is the first rate
    end: Ratio = 1e4  # the first rate / end is the last rate

    def lr(self, max_lr: float, steps: int, step: int) -> float:
        """Return half a cosine up until iteration ``rise * steps - 1``, which may lie between two.

        As :meth:`Schedule.lr`.
        """
        first = max_lr / self.start
        peak = self.rise * steps - 1
        if step < peak:
            return _cosine(first, max_lr, step / peak)
        return _cosine(max_lr, first / self.end, _share_done(step, peak, steps - 1))

    def problems(self, steps: int) -> list[tuple[str, str]]:
        """Return why the rise does not fit (as :meth:`Schedule.problems`)."""
        problems = super().problems(steps)
        if self.rise * steps <= 1:
            rule = f"{self.rise} ends before the second of {steps} steps; raise it or steps"
            problems.append(("rise", rule))
        return problems


class LinearSpec(Schedule):
    """Linear warm-up, then linearly from max_lr to 0 at the budget's end (Li et al. 2020)."""

    name: Literal["linear"]
    warmup: IterationsOrNone = 0  # iterations of the linear rise from 0 to max_lr

    def lr(self, max_lr: float, steps: int, step: int) -> float:
        """Return 0 at step 0, max_lr at step `warmup`, 0 from step `steps` on.

        As :meth:`Schedule.lr`.
        """
        if step < self.warmup:
            return max_lr * _warmup_share(self.warmup, step)
        return max_lr * (1 - _share_done(step, self.warmup, steps))


def _warmup_share(warmup: int, step: int) -> float:
    """Return the share of max_lr that a linear warm-up has reached."""
    return min(1.0, step / warmup) if warmup else 1.0


def _share_done(step: int, begin: float, end: float) -> float:
    """Return how far `step` is on the way from `begin` to `end`, in [0, 1]."""
    return (step - begin) / (end - begin) if step < end else 1.0


def _cosine(start: float, end: float, share: float) -> float:
    """Return the value of half a cosine from `start` to `end`."""
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2


SCHEDULES: Mapping[str, type[Schedule]] = MappingProxyType(
    {
        "warmup": WarmupSpec,
        "constant": ConstantSpec,
        "lr_decay": LrDecaySpec,
        "cyclical": CyclicalSpec,
        "cosine": CosineSpec,
        "one_cycle": OneCycleSpec,
        "linear": LinearSpec,
    }
)
if TYPE_CHECKING:
    ScheduleSpec = Schedule
else:
    ScheduleSpec = one_of(SCHEDULES, default="warmup")
