"""Gradients of the loss, which gradient criteria score."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor, nn

Loss = Callable[[Tensor, Tensor], Tensor]  # of outputs and targets, a mean over the batch


def loss_gradients(
    network: nn.Module, batches: Iterable[tuple[Tensor, Tensor]], names: Sequence[str], loss: Loss
) -> dict[str, Tensor]:
    """Return the gradients of the loss summed over batches, in evaluation mode.

    A frozen weight has a gradient here, too, or it would be pruned before all others.

    Args:
        network: Is left in evaluation mode and without gradients.
        batches: Pairs of inputs and targets, on the network's device.
        names: Of the weights.
        loss: Of the network's outputs and the targets.

    Returns:
        The gradients by weight name, on the CPU in float64; 0 where the loss does not depend on a
        weight.
    """
    network.eval()
    network.zero_grad(set_to_none=True)
    weights = dict(network.named_parameters(remove_duplicate=False))
    frozen = [weights[name] for name in names if not weights[name].requires_grad]
    for weight in frozen:
        weight.requires_grad_(True)
    try:
        for inputs, targets in batches:
            loss(network(inputs), targets).backward()
        gradients = {}
        for name in names:
            gradient = weights[name].grad
            gradient = torch.zeros_like(weights[name]) if gradient is None else gradient
            gradients[name] = gradient.detach().double().cpu()
    finally:
        for weight in frozen:
            weight.requires_grad_(False)
            weight.grad = None
        network.zero_grad(set_to_none=True)
    return gradients
