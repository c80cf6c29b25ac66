"""The loss that a training run minimises."""

from __future__ import annotations

from functools import partial

from torch.nn import functional

from scyc.pruning.gradients import Loss
from scyc.specs.system import TrainingSpec


def training_loss(training: TrainingSpec) -> Loss:
    """Return the mean cross-entropy of logits [batch, classes] and labels int64 [batch].

    With ``label_smoothing`` s, a label's target is 1 - s + s / classes and that of each other class
    s / classes (Szegedy et al. 2016, Section 7).

    Args:
        training: Iterations, batch size, optimizer and precision.

    Returns:
        A function of logits and labels that gives the loss, a scalar.
    """
    if not training.label_smoothing:
        return functional.cross_entropy
    return partial(functional.cross_entropy, label_smoothing=training.label_smoothing)
