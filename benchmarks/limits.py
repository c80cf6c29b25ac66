"""How near the device's limits a training comes."""

from __future__ import annotations

import torch
from interleaved import Clock, rate
from torch import nn

_SIDE = {"cpu": 1024, "cuda": 8192}
_COPIED = {"cpu": 2**26, "cuda": 2**30}  # bytes; more than a cache holds


def matrix_product(device: torch.device, dtype: torch.dtype, now: Clock) -> float:
    """Return FLOP/s of a large matrix product."""
    side = _SIDE[device.type]
    a = torch.randn(side, side, device=device, dtype=dtype)
    out = torch.empty_like(a)
    return rate(lambda: torch.mm(a, a, out=out), 2.0 * side**3, now)


def copy(device: torch.device, now: Clock) -> float:
    """Return bytes a second, read and written, of a large copy."""
    source = torch.zeros(_COPIED[device.type], dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    return rate(lambda: target.copy_(source), 2.0 * source.numel(), now)


def moved(network: nn.Module) -> float:
    """Return bytes that an iteration has to move for the weights alone, with SGD and momentum.

    Weights are read forward, backward, and for their decay; momentum is read and written when the
    gradient is added, and when the decay is; the update reads momentum, weights and masks, and
    writes weights. Activations, small in a fully connected network, are left out.
    """
    numbers = sum(parameter.numel() for parameter in network.parameters())
    return 4.0 * numbers * (3 + 2 + 2 + 4)
