"""Clipping of gradients by their norm, each member's by its own.

The norm is that of the gradients of what remains: a pruned weight's gradient moves nothing, and
with most weights pruned it would be most of the norm.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_

_GUARD = 1e-6  # of the division, as in torch.nn.utils.clip_grad_norm_


@torch.no_grad()
def clip_gradients(
    parameters: Iterable[nn.Parameter], pruned: Iterable[tuple[Tensor, Tensor]], max_norm: float
) -> None:
    """Scale the gradients of one network down, so that their norm is not above `max_norm`.

    Args:
        parameters: All of the network's.
        pruned: Weights of which some are pruned, and their masks: 1 where a weight remains.
        max_norm: Above 0.
    """
    for weight, mask in pruned:
        if weight.grad is not None:
            weight.grad.mul_(mask)
    clip_grad_norm_(parameters, max_norm)


def clip_factors(gradients: Sequence[Tensor], max_norm: float) -> Tensor:
    """Return the factors by which gradients are scaled down so that no norm is above `max_norm`.

    As :func:`torch.nn.utils.clip_grad_norm_` computes them: the norm is the L2 norm of all of a
    member's gradients together. A norm that is not finite makes the factor 0 or NaN.

    Args:
        gradients: [members, *shape] of each weight, 0 where a weight is pruned.
        max_norm: Above 0.

    Returns:
        [members], at most 1.
    """
    norm = torch.linalg.vector_norm
    if gradients[0].device.type == "cpu":
        # One by one: a sum over several members may round by how many there are.
        members = range(len(gradients[0]))
        norms = [
            norm(torch.stack([norm(each[member]) for each in gradients])) for member in members
        ]
        whole = torch.stack(norms)
    else:
        parts = [norm(each, dim=tuple(range(1, each.dim()))) for each in gradients]
        whole = norm(torch.stack(parts), dim=0)
    return (max_norm / (whole + _GUARD)).clamp(max=1.0)
