"""Which weights a pruning cycle removes (Liu et al. 2021, Section 5.1; Blalock et al. 2020).

Single weights are removed here, whole filters in :mod:`scyc.pruning.structured`.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from scyc.pruning.pruning_step import PruningStep
from scyc.pruning.weights import Tensors


def global_magnitude(step: PruningStep) -> dict[str, Tensor]:
    """Remove the smallest |w| of all prunable weights together.

    Args:
        step: The trained network, its masks and the rate.

    Returns:
        The masks after the pruning cycle: bool, by name.
    """
    return prune(_masks(step), magnitude_scores(step.weights), step.rate, "global")


def layer_magnitude(step: PruningStep) -> dict[str, Tensor]:
    """Remove the smallest |w| of each layer.

    Args:
        step: The trained network, its masks and the rate.

    Returns:
        The masks after the pruning cycle: bool, by name.
    """
    return prune(_masks(step), magnitude_scores(step.weights), step.rate, "layer")


def global_gradient(step: PruningStep) -> dict[str, Tensor]:
    """Remove the smallest |w x dL/dw| of all prunable weights together.

    Args:
        step: The trained network, its masks and the rate.

    Returns:
        The masks after the pruning cycle: bool, by name.
    """
    scored = gradient_scores(step.weights, step.gradients())
    return prune(_masks(step), scored, step.rate, "global")


def layer_gradient(step: PruningStep) -> dict[str, Tensor]:
    """Remove the smallest |w x dL/dw| of each layer.

    Args:
        step: The trained network, its masks and the rate.

    Returns:
        The masks after the pruning cycle: bool, by name.
    """
    scored = gradient_scores(step.weights, step.gradients())
    return prune(_masks(step), scored, step.rate, "layer")


def global_update(step: PruningStep) -> dict[str, Tensor]:
    """Remove the smallest |change of w over the last epoch| of all prunable weights together.

    Args:
        step: The trained network, its masks and the rate.

    Returns:
        The masks after the pruning cycle: bool, by name.
    """
    scored = update_scores(step.weights, step.earlier())
    return prune(_masks(step), scored, step.rate, "global")


def layer_update(step: PruningStep) -> dict[str, Tensor]:
    """Remove the smallest |change of w over the last epoch| of each layer.

    Args:
        step: The trained network, its masks and the rate.

    Returns:
        The masks after the pruning cycle: bool, by name.
    """
    scored = update_scores(step.weights, step.earlier())
    return prune(_masks(step), scored, step.rate, "layer")


def global_update_magnitude(step: PruningStep) -> dict[str, Tensor]:
    """Remove the smallest |w x its change over the last epoch| of all weights together.

    Args:
        step: The trained network, its masks and the rate.

    Returns:
        The masks after the pruning cycle: bool, by name.
    """
    scored = update_magnitude_scores(step.weights, step.earlier())
    return prune(_masks(step), scored, step.rate, "global")


def layer_update_magnitude(step: PruningStep) -> dict[str, Tensor]:
    """Remove the smallest |w x its change over the last epoch| of each layer.

    Args:
        step: The trained network, its masks and the rate.

    Returns:
        The masks after the pruning cycle: bool, by name.
    """
    scored = update_magnitude_scores(step.weights, step.earlier())
    return prune(_masks(step), scored, step.rate, "layer")


def random(step: PruningStep) -> dict[str, Tensor]:
    """Remove any weights, of all prunable ones together.

    Args:
        step: The trained network, its masks and the rate.

    Returns:
        The masks after the pruning cycle: bool, by name.
    """
    return prune(_masks(step), random_scores(step.weights, step.generator()), step.rate, "global")


def none(step: PruningStep) -> dict[str, Tensor]:
    """Remove nothing, whatever the rate: the control of training again and again.

    Args:
        step: The trained network, its masks and the rate.

    Returns:
        The masks after the pruning cycle: bool, by name.
    """
    return _masks(step)


def magnitude_scores(weights: Tensors) -> dict[str, Tensor]:
    """Return |w| of every weight.

    Args:
        weights: By name.

    Returns:
        Scores by name, of the weights' shapes (Han et al. 2015); the smallest are pruned first.
    """
    return {name: weight.abs() for name, weight in weights.items()}


def gradient_scores(weights: Tensors, gradients: Tensors) -> dict[str, Tensor]:
    """Return |w x dL/dw| of every weight.

    Args:
        weights: By name.
        gradients: Of the loss, by name, of the same shapes.

    Returns:
        Scores by name, of the weights' shapes; the smallest are pruned first.
    """
    return {name: (weight * gradients[name]).abs() for name, weight in weights.items()}


def update_scores(weights: Tensors, earlier: Tensors) -> dict[str, Tensor]:
    """Return how far every weight has moved: |w - w earlier|.

    Args:
        weights: By name.
        earlier: Values of the same weights before, by name, of the same shapes.

    Returns:
        Scores by name, of the weights' shapes; the smallest are pruned first.
    """
    return {name: (weight - earlier[name]).abs() for name, weight in weights.items()}


def update_magnitude_scores(weights: Tensors, earlier: Tensors) -> dict[str, Tensor]:
    """Return |w x (w - w earlier)| of every weight; see :func:`update_scores`.

    Args:
        weights: By name.
        earlier: Values of the same weights before, by name, of the same shapes.

    Returns:
        Scores by name, of the weights' shapes; the smallest are pruned first.
    """
    moved = update_scores(weights, earlier)
    return {name: weight.abs() * moved[name] for name, weight in weights.items()}


def random_scores(weights: Tensors, generator: torch.Generator) -> dict[str, Tensor]:
    """Return one uniform number a weight, pruned or not, in the names' order.

    Args:
        weights: By name.
        generator: On the CPU, so that the numbers are the same on every device.

    Returns:
        float64 in [0, 1) by name, of the weights' shapes, on the weights' devices.
    """
    return {
        name: torch.rand(weight.shape, generator=generator, dtype=torch.float64).to(weight.device)
        for name, weight in weights.items()
    }


def _masks(step: PruningStep) -> dict[str, Tensor]:
    return {name: step.masks[name] for name in step.names}


def prune(
    masks: Tensors, scored: Tensors, rate: float, scope: Literal["global", "layer"]
) -> dict[str, Tensor]:
    """Prune the single weights of lowest score.

    Exactly ``round(rate * remaining)`` weights go. Equal scores go in the order of the names, then
    of the positions, on every device.

    Args:
        masks: bool, True where a weight remains, by name.
        scored: Scores of the same names and shapes.
        rate: Share of the remaining weights to remove, in (0, 1).
        scope: Whether all weights are ranked together, or those of each layer.

    Returns:
        The masks after the pruning cycle, by name.

    Raises:
        ValueError: A score is not a number.
    """
    if scope == "layer":
        return {
            name: _prune_together({name: mask}, scored, rate)[name] for name, mask in masks.items()
        }
    return _prune_together(masks, scored, rate)


def _prune_together(masks: Tensors, scored: Tensors, rate: float) -> dict[str, Tensor]:
    masks = dict(sorted(masks.items()))
    remain = torch.cat([mask.flatten() for mask in masks.values()])
    score = torch.cat([scored[name].flatten() for name in masks]).double()
    if bool(score[remain].isnan().any()):
        raise ValueError("a pruning score is not a number; the network has diverged")
    removed = round(rate * int(remain.sum()))
    positions = remain.nonzero().flatten()
    remain = remain.clone()
    remain[positions[_lowest(score[positions], removed)]] = False
    pieces = remain.split([mask.numel() for mask in masks.values()])
    return {
        name: piece.reshape(mask.shape).clone()
        for (name, mask), piece in zip(masks.items(), pieces, strict=True)
    }


def _lowest(values: Tensor, count: int) -> Tensor:
    """Which are the `count` lowest, bool [values]; of equal ones those that come first."""
    if not count:
        return torch.zeros_like(values, dtype=torch.bool)
    border = values.kthvalue(count).values  # far cheaper than sorting a hundred million weights
    lowest = values < border
    tied = (values == border).nonzero().flatten()
    lowest[tied[: count - int(lowest.sum())]] = True
    return lowest
