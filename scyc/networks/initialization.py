"""Initial weights."""

from __future__ import annotations

from torch import nn


def he_initialise(module: nn.Module) -> None:
    """He initialisation (He et al. 2015) of one convolution or linear layer, biases 0.

    A layer without values is left alone: torch imports its compiler, two seconds, to draw none.

    Args:
        module: A layer of any kind; those without weights stay as they are.
    """
    if isinstance(module, nn.Conv2d | nn.Linear) and not module.weight.is_meta:
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)
