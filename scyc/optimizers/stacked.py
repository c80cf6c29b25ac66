"""An optimizer of many members' weights.

The weights are in one flat tensor, so an update is a handful of operations however many layers and
members there are; only what depends on each member's learning rate is done layer by layer.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from torch import Tensor

from scyc.optimizers.flat import Flat


class StackedOptimizer(ABC):
    """An optimizer of many members' weights; axis 0 of every part is the member.

    Before each :meth:`step`, multiply `gradients` by `momentum` and add the gradients of the loss.

    Args:
        weights: Updated in place.
        masks: 1 where a weight remains, 0 where it is pruned and stays exactly zero; None where
            nothing is pruned.
    """

    momentum: float = 0.0  # of `gradients`; where it is 0, they may be overwritten

    def __init__(self, weights: Flat, masks: Flat | None) -> None:
        self._weights = weights
        self._masks = masks
        self._members = (
            _weights_and_masks(weights, masks) if weights.whole.device.type == "cpu" else []
        )
        self.gradients = weights.like()
        self._part_decays: list[float] | None = None  # where they are not the optimizer's own

    def set_weight_decays(self, decays: Sequence[float]) -> None:
        """Give each part of the weights a weight decay of its own, instead of the optimizer's.

        Args:
            decays: One a part.
        """
        self._part_decays = list(decays)

    @abstractmethod
    def step(self, rates: Tensor) -> None:
        """Update the weights.

        Args:
            rates: Each member's learning rate, float64 [members].
        """

    def state(self) -> dict[str, Tensor]:
        """Return the tensors that a step changes besides the weights.

        Returns:
            By name, each flat like `weights`, or one number for all members.
        """
        return {"gradients": self.gradients.whole}

    def copy_rows_to(self, other: StackedOptimizer, rows: Sequence[int]) -> None:
        """Copy the state of some members into their own optimizer, in the order of `rows`.

        Args:
            other: Is written to.
            rows: Indices of members.
        """
        for mine, theirs in zip(self.state().values(), other.state().values(), strict=True):
            if mine.dim() == 0:
                theirs.copy_(mine)
                continue
            views = zip(self._weights.views(mine), other._weights.views(theirs), strict=True)
            for old, new in views:
                new.copy_(old[list(rows)])

    def _descend(self, direction: Flat, rates: Tensor, decay: float | None = None) -> None:
        """Subtract rate * (direction + decay * weights) from each member's weights.

        No decay is added where `decay` is None: it is in the direction already, or nowhere.
        """
        if decay is not None:
            self._add_decay(direction.whole, decay)
        if self._weights.whole.device.type == "cpu":
            self._descend_on_cpu(direction, rates.tolist())
            return
        factors = per_member(-rates, self._weights)
        for index, weight in enumerate(self._weights.parts):
            weight.addcmul_(direction.parts[index], factors)
        if self._masks is not None:
            self._weights.whole.mul_(self._masks.whole)

    def _add_decay(self, direction: Tensor, decay: float) -> None:
        """Add decay * weights to a direction, flat like the weights."""
        if self._part_decays is not None:
            parts = zip(
                self._weights.views(direction), self._weights.parts, self._part_decays, strict=True
            )
            for part, weight, own in parts:
                if own:
                    part.add_(weight, alpha=own)
        elif decay:
            direction.add_(self._weights.whole, alpha=decay)

    def _descend_on_cpu(self, direction: Flat, rates: Sequence[float]) -> None:
        """Update member by member: a rate is a number, and the mask needs no pass of its own."""
        slopes = direction.members
        for (weights, masks), slope, rate in zip(self._members, slopes, rates, strict=True):
            for index, weight in enumerate(weights):
                if masks is None:
                    weight.add_(slope[index], alpha=-rate)
                else:
                    weight.addcmul_(slope[index], masks[index], value=-rate)


def _weights_and_masks(
    weights: Flat, masks: Flat | None
) -> list[tuple[list[Tensor], list[Tensor] | None]]:
    """Return each member's weights, and its masks if any of its own weights is pruned."""
    if masks is None:
        return [(weight, None) for weight in weights.members]
    pruned = [
        any(not bool(part[member].all()) for part in masks.parts)
        for member in range(len(weights.members))
    ]
    return [
        (weight, mask if is_pruned else None)
        for weight, mask, is_pruned in zip(weights.members, masks.members, pruned, strict=True)
    ]


def per_member(values: Tensor, weights: Flat) -> Tensor:
    """Return one value a member as [members, 1, 1] in the weights' precision.

    Args:
        values: One number a member [members], such as learning rates.
        weights: Whose precision is taken.

    Returns:
        A view that broadcasts over the parts of `weights`.
    """
    return values.to(weights.whole.dtype).view(-1, 1, 1)
