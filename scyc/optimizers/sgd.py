"""SGD with momentum."""

from __future__ import annotations

from collections.abc import Iterable

from torch import Tensor, nn
from torch.optim import SGD, Optimizer

from scyc.optimizers.flat import Flat
from scyc.optimizers.stacked import StackedOptimizer
from scyc.specs.optimizers import SgdSpec


def make(spec: SgdSpec, parameters: Iterable[nn.Parameter]) -> Optimizer:
    """Return PyTorch's optimizer with learning rate 0.

    Args:
        spec: The declared optimizer.
        parameters: What is optimised.

    Returns:
        SGD with momentum, fused.
    """
    return SGD(
        parameters, lr=0.0, momentum=spec.momentum, weight_decay=spec.weight_decay, fused=True
    )


class Stacked(StackedOptimizer):
    """SGD with momentum, as PyTorch's; `gradients` is the momentum buffer."""

    def __init__(self, spec: SgdSpec, weights: Flat, masks: Flat | None) -> None:
        super().__init__(weights, masks)
        self._decay = spec.weight_decay
        self.momentum = spec.momentum

    def step(self, rates: Tensor) -> None:
        """Update the weights by the momentum buffers, which `gradients` are.

        Args:
            rates: Learning rate of each member [members].
        """
        self._descend(self.gradients, rates, self._decay)
