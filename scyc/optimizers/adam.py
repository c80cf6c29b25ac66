"""Adam and AdamW."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Adam, AdamW, Optimizer

from scyc.optimizers.flat import Flat
from scyc.optimizers.stacked import StackedOptimizer, per_member
from scyc.specs.optimizers import AdamSpec


def make(spec: AdamSpec, parameters: Iterable[nn.Parameter]) -> Optimizer:
    """Return PyTorch's optimizer with learning rate 0.

    Args:
        spec: The declared optimizer.
        parameters: What is optimised.

    Returns:
        Adam or AdamW, fused.
    """
    kind = AdamW if spec.name == "adamw" else Adam
    betas = (spec.beta1, spec.beta2)
    return kind(
        parameters, lr=0.0, betas=betas, eps=spec.eps, weight_decay=spec.weight_decay, fused=True
    )


class Stacked(StackedOptimizer):
    """Adam (Kingma and Ba 2015, Algorithm 1).

    Or AdamW, whose weight decay does not enter the moments (Loshchilov and Hutter 2019,
    Algorithm 2).
    """

    def __init__(self, spec: AdamSpec, weights: Flat, masks: Flat | None) -> None:
        super().__init__(weights, masks)
        self._spec = spec
        self._first = weights.like().whole  # moments
        self._second = weights.like().whole
        self._steps = torch.zeros((), dtype=torch.float64, device=self._first.device)

    def state(self) -> dict[str, Tensor]:
        """Return gradients, both moments and the count of steps."""
        moments = {"first": self._first, "second": self._second}
        return {**super().state(), **moments, "steps": self._steps}

    def step(self, rates: Tensor) -> None:
        """Update the moments, then the weights.

        Args:
            rates: Learning rate of each member [members].
        """
        spec, gradient = self._spec, self.gradients.whole
        steps, correction = self._count()
        if spec.name == "adamw":
            self._shrink(rates)
        else:
            self._add_decay(gradient, spec.weight_decay)
        self._first.lerp_(gradient, 1 - spec.beta1)
        self._second.mul_(spec.beta2).addcmul_(gradient, gradient, value=1 - spec.beta2)
        torch.sqrt(self._second, out=gradient).div_(correction).add_(spec.eps)
        torch.div(self._first, gradient, out=gradient)
        self._descend(self.gradients, rates / (1 - spec.beta1**steps))

    def _shrink(self, rates: Tensor) -> None:
        """Multiply the weights by 1 - rate * decay."""
        parts = self._weights.parts
        decays = self._part_decays or [self._spec.weight_decay] * len(parts)
        factors = {
            decay: per_member(1 - rates * decay, self._weights) for decay in set(decays) if decay
        }
        for weight, decay in zip(parts, decays, strict=True):
            if decay:
                weight.mul_(factors[decay])

    def _count(self) -> tuple[Any, Any]:
        """Count a step; return the number of steps and the bias correction of the second moment.

        On a GPU as tensors, so that a recorded step counts on when it is replayed.
        """
        self._steps.add_(1)
        if self._steps.is_cuda:
            return self._steps, (1 - self._spec.beta2**self._steps).sqrt()
        steps = int(self._steps)
        return steps, math.sqrt(1 - self._spec.beta2**steps)
