"""What a training function of a user's own is given, and what it returns."""

from __future__ import annotations

import functools
import math
import numbers
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, overload

from scyc.json_types import JsonMapping
from scyc.specs.schedules import Schedule

_MOST_STEPS = 2**31 - 1  # that a database takes


class Stop(Exception):
    """Raised by :meth:`Task.report` where the oracle has enough: let it pass.

    Example:
        >>> import oracle
        >>> def train(task: oracle.Task) -> oracle.Outcome:
        ...     try:
        ...         task.report(1, validation=float("nan"))
        ...     except oracle.Stop:
        ...         print("this training run has diverged")  # clean up, then let it pass
        ...         raise
        >>> study = oracle.OracleStudy(
        ...     name="wild", trainer=train, version="1", cycles=1, replicates=1,
        ...     grid={"max_lr": [0.1], "extend": False},
        ...     s_cyc={"epsilon": 0.1, "delta": 0.1, "q": 0, "beta": 3.0},
        ... )
        >>> try:
        ...     oracle.run(study, backend="inline", progress=False)
        ... except oracle.RunError:
        ...     print("no max_lr is left")
        this training run has diverged
        no max_lr is left
    """


@dataclass(frozen=True)
class Task:
    """One training run that the oracle wants.

    Attributes:
        max_lr: The upper learning rate to train with.
        cycle: Completed pruning cycles, 0 for the unpruned network.
        replicate: Counted from 0. Training runs of one replicate should share splits and seeds.
        seed: In [0, 2^63); the same for every max_lr of a replicate and a cycle.
        pruning_rate: Share of the remaining weights to prune before this training run.
        parent: Folder that the training run before left, to be pruned; None in cycle 0.
        folder: Empty folder; leave the trained network there, in files of any kind.
        options: The study's ``trainer.options``.
        steps: The study's ``training.steps``.

    Example:
        >>> import json, math, oracle
        >>> def train(task: oracle.Task) -> oracle.Outcome:
        ...     weights = [0.0]
        ...     if task.parent is not None:  # of the cycle before; prune it
        ...         weights = json.loads((task.parent / "net.json").read_text())
        ...     for step in range(task.steps):
        ...         weights[0] += task.learning_rate(step)
        ...         task.report(step + 1, validation=80 - abs(math.log(task.max_lr)))
        ...     (task.folder / "net.json").write_text(json.dumps(weights))
        ...     return oracle.Outcome(validation=80 - abs(math.log(task.max_lr)))
        >>> study = oracle.OracleStudy(
        ...     name="own", trainer=train, version="1", training={"steps": 4}, cycles=1,
        ...     replicates=1, grid={"max_lr": [0.5, 1.0, 2.0], "extend": False},
        ...     s_cyc={"epsilon": 1.0, "delta": 0.1, "q": 0, "beta": 3.0},
        ... )
        >>> run = oracle.run(study, backend="inline", progress=False)
        >>> run.table["cycles"][1]["well_tuned"]
        1.0
        >>> (run.folder("own-net", cycle=1) / "net.json").read_text()
        '[8.0]'
    """

    max_lr: float
    cycle: int
    replicate: int
    seed: int
    pruning_rate: float
    parent: Path | None
    folder: Path
    options: JsonMapping
    steps: int
    schedule: Schedule = field(repr=False)
    curve: list[tuple[int, float]] = field(default_factory=list, repr=False)
    on_report: Callable[[int, float], None] | None = field(default=None, repr=False)

    def learning_rate(self, step: int) -> float:
        """Return the schedule's learning rate of an iteration.

        Args:
            step: Counted from 0; from ``steps`` on, the rate is what the schedule ends with.

        Returns:
            A learning rate, at most ``max_lr``.
        """
        return self.schedule.lr(self.max_lr, self.steps, step)

    def report(self, step: int, validation: float) -> None:
        """Report the validation metric during training, for the curve.

        Pages and the Optuna dashboard show it while the function trains.

        Args:
            step: Completed iterations, more than at the report before.
            validation: The metric's value.

        Raises:
            Stop: The value is not finite: the training run has diverged, and more is a waste.
            ValueError: The steps do not rise.
        """
        last = self.curve[-1][0] if self.curve else -1
        if isinstance(step, bool) or int(step) != step or not last < step <= _MOST_STEPS:
            rule = f"must be a whole number above {last}, the step of the report before"
            raise ValueError(f"task.report: step {step!r} {rule}")
        value = float(validation)
        if not math.isfinite(value):
            raise Stop(f"validation is {value} at step {step}")
        self.curve.append((int(step), value))
        if self.on_report is not None:
            self.on_report(int(step), value)


@dataclass(frozen=True)
class Outcome:
    """How a training run came out.

    Attributes:
        validation: The metric on the validation part, by which max_lr is chosen. NaN or infinite:
            the training run diverged.
        test: The metric on the test part; None: the same as `validation`.
        weights_remaining: Weights that are not pruned, in percent of all; None: as many as
            ``pruning_rate`` leaves.

    Example:
        >>> import oracle
        >>> oracle.Outcome(validation=91.5, test=90.75, weights_remaining=80.0)
        Outcome(validation=91.5, test=90.75, weights_remaining=80.0)
    """

    validation: float
    test: float | None = None
    weights_remaining: float | None = None


Function = Callable[[Task], Outcome]


class Trainable:
    """A training function, and what one training run of it needs; :func:`trainable` makes it."""

    def __init__(
        self, function: Function, resources: Mapping[str, float], timeout: float | None
    ) -> None:
        self.function = function
        self.cpu = float(resources.get("cpu", 1))
        self.gpu = float(resources.get("gpu", 0))
        self.timeout = timeout
        functools.update_wrapper(self, function)

    def __call__(self, task: Task) -> Outcome:
        """Run the function."""
        return self.function(task)


@overload
def trainable(function: Function, /) -> Trainable: ...


@overload
def trainable(
    *, resources: Mapping[str, float] | None = None, timeout: float | None = None
) -> Callable[[Function], Trainable]: ...


def trainable(
    function: Function | None = None,
    /,
    *,
    resources: Mapping[str, float] | None = None,
    timeout: float | None = None,
) -> Trainable | Callable[[Function], Trainable]:
    """Make a training function one that the oracle's workers run.

    Args:
        function: Takes a :class:`Task`, returns an :class:`Outcome`.
        resources: What one training run takes: ``{"cpu": 1, "gpu": 0.5}``. One CPU if left out.
        timeout: Seconds after which a training run is ended and the study stops; None: never.

    Returns:
        The trainable function; without `function` a decorator that makes one.

    Raises:
        ValueError: A resource or the timeout is no positive number.

    Example:
        >>> import oracle
        >>> @oracle.trainable(resources={"cpu": 1}, timeout=3600)
        ... def train(task: oracle.Task) -> oracle.Outcome:
        ...     (task.folder / "weights.txt").write_text("1.0")
        ...     return oracle.Outcome(validation=90.0, test=89.0)
        >>> train.cpu
        1.0
    """
    requested = dict(resources or {})
    strange = sorted(set(requested) - {"cpu", "gpu"})
    if strange:
        raise ValueError(f"resources: {strange[0]!r} is unknown; known: cpu, gpu")
    for name, value in requested.items():
        least = "at least 0" if name == "gpu" else "above 0"
        if not _is_number(value) or value < 0 or (name == "cpu" and value == 0):
            raise ValueError(f"resources: {name} = {value!r} must be a number {least}")
    if (gpus := requested.get("gpu", 0)) > 1 and gpus != int(gpus):
        raise ValueError(f"resources: gpu = {gpus!r} must be at most 1, or a whole number")
    if timeout is not None and not (_is_number(timeout) and timeout > 0):
        raise ValueError(f"timeout = {timeout!r} must be a number of seconds above 0, or None")
    if function is None:
        return lambda given: Trainable(given, requested, timeout)
    return Trainable(function, requested, timeout)


def _is_number(value: object) -> bool:
    """Whether a value is a finite number; text that looks like one is none."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return False
    return math.isfinite(value)


def as_trainable(given: Any) -> Trainable:
    """Return a plain function as a trainable one, with one CPU and no timeout.

    Args:
        given: A function, or what :func:`trainable` returned, which stays as it is.

    Returns:
        What workers call.
    """
    return given if isinstance(given, Trainable) else Trainable(given, {}, None)
