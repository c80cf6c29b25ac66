"""What an engine is given and what it returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from scyc.pruning.pruned_network import Network
from scyc.specs.system import TrainingSpec
from scyc.training.feed import Feed


@dataclass(frozen=True)
class Job:
    """One member of a pack, ready to train."""

    start: Network  # weights and masks at iteration 0
    rates: list[float]  # learning rate of every iteration
    feed: Feed  # its replicate's images; members of one replicate share it
    order: Tensor  # int64 [steps, batch], images of every iteration; shared likewise
    seed: int  # of what the network itself draws while training (dropout); shared likewise
    keep_at: int | None = None  # completed iterations after which the weights are saved
    on_validation: Callable[[int, float], None] | None = None

    def validated(self, step: int, accuracy: float) -> None:
        """Tell whoever watches of a validation accuracy, right after it was measured.

        Args:
            step: Completed iterations.
            accuracy: Percent.
        """
        if self.on_validation is not None:
            self.on_validation(step, accuracy)


@dataclass(frozen=True)
class Outcome:
    """A finished training. Accuracies are in percent."""

    curve: tuple[tuple[int, float], ...]  # (completed iterations, validation accuracy)
    val_accuracy: float  # the highest of the curve; 0 if it diverged
    test_accuracy: float  # of the weights that had val_accuracy: the early-stop test accuracy
    diverged: bool  # a loss or a weight was not finite
    network: Network  # what the next cycle prunes
    snapshot: Network | None = None  # at the job's keep_at; None without one, or if it diverged


@dataclass(frozen=True)
class ValidationCurve:
    """The validation accuracies of a training run so far, in percent."""

    points: tuple[tuple[int, float], ...] = ()  # (completed iterations, accuracy)
    best: float = -1.0  # the highest accuracy; -1 before the first

    def with_point(self, step: int, accuracy: float) -> ValidationCurve:
        """Return the curve with one more accuracy, measured after `step` iterations.

        Args:
            step: Completed iterations, 0 at the start.
            accuracy: Percent.

        Returns:
            A new curve; `best` is the highest accuracy so far.
        """
        return ValidationCurve((*self.points, (step, accuracy)), max(self.best, accuracy))

    def diverged(self, step: int, network: Network) -> Outcome:
        """Return the outcome of a member that diverged in iteration `step`.

        Its accuracies are 0: predictions from values that are not numbers mean nothing.

        Args:
            step: Completed iterations; points from there on are dropped.
            network: Weights and masks as they are then.

        Returns:
            An outcome whose curve ends with accuracy 0 at `step`.
        """
        points = tuple(point for point in self.points if point[0] < step)
        return Outcome((*points, (step, 0.0)), 0.0, 0.0, True, network)


def is_validation_step(step: int, training: TrainingSpec) -> bool:
    """Return whether validation accuracy is measured after `step` completed iterations.

    Args:
        step: Completed iterations, 0 at the start.
        training: Iterations, batch size, optimizer and precision.

    Returns:
        True at each multiple of `validate_every`, and after the last iteration.
    """
    return step % training.validate_every == 0 or step == training.steps


def is_correct(logits: Tensor, labels: Tensor) -> Tensor:
    """Return which predictions are correct; those of logits that are not finite never are.

    Args:
        logits: [..., images, classes].
        labels: int64 [..., images].

    Returns:
        bool [..., images].
    """
    return (logits.argmax(dim=-1) == labels) & logits.isfinite().all(dim=-1)


def percent(count: int, total: int) -> float:
    """Return a share as a percentage.

    Args:
        count: Of the share.
        total: Of all, more than 0.

    Returns:
        0 to 100.
    """
    return 100.0 * count / total
