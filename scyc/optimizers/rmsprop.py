"""RMSProp."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.optim import Optimizer, RMSprop

from scyc.optimizers.flat import Flat
from scyc.optimizers.stacked import StackedOptimizer
from scyc.specs.optimizers import RmsPropSpec


def make(spec: RmsPropSpec, parameters: Iterable[nn.Parameter]) -> Optimizer:
    """Return PyTorch's optimizer with learning rate 0.

    Args:
        spec: The declared optimizer.
        parameters: What is optimised.

    Returns:
        RMSprop, which PyTorch has not fused: `foreach`.
    """
    return RMSprop(
        parameters,
        lr=0.0,
        alpha=spec.alpha,
        eps=spec.eps,
        weight_decay=spec.weight_decay,
        momentum=spec.momentum,
        foreach=True,
    )


class Stacked(StackedOptimizer):
    """RMSProp (Tieleman and Hinton 2012), not centred, as PyTorch's."""

    def __init__(self, spec: RmsPropSpec, weights: Flat, masks: Flat | None) -> None:
        super().__init__(weights, masks)
        self._spec = spec
        self._mean_squares = weights.like().whole
        self._scratch = weights.like().whole
        self._momenta = weights.like() if spec.momentum else None

    def state(self) -> dict[str, Tensor]:
        """Return gradients, mean squares and momentum buffers."""
        momenta = {} if self._momenta is None else {"speeds": self._momenta.whole}
        return {**super().state(), "squares": self._mean_squares, **momenta}

    def step(self, rates: Tensor) -> None:
        """Update mean squares and momentum buffers, then the weights.

        Args:
            rates: Learning rate of each member [members].
        """
        spec, gradient = self._spec, self.gradients.whole
        self._add_decay(gradient, spec.weight_decay)
        self._mean_squares.mul_(spec.alpha).addcmul_(gradient, gradient, value=1 - spec.alpha)
        gradient.div_(torch.sqrt(self._mean_squares, out=self._scratch).add_(spec.eps))
        if self._momenta is not None:
            self._momenta.whole.mul_(spec.momentum).add_(gradient)
        self._descend(self._momenta or self.gradients, rates)
