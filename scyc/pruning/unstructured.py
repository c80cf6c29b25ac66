"""Which weights a pruning cycle removes (Liu et al. 2021, Section 5.1; Blalock et al. 2020).

Single weights are removed here, whole filters in :mod:`scyc.pruning.structured`.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from scyc.pruning.criteria import Criterion
from scyc.pruning.weights import Tensors


def scores(
    criterion: Criterion,
    weights: Tensors,
    gradients: Tensors | None,
    generator: torch.Generator | None = None,
) -> dict[str, Tensor]:
    """A score for every prunable weight; the lowest go first.

    weights, gradients: by name, of equal shapes. generator: on the CPU, for the random criterion,
    which draws one uniform number a weight, pruned or not, in the names' order; the same on every
    device. Raises ValueError when a criterion lacks what it needs, or compares filters.
    """
    if criterion.score == "magnitude":
        return {name: weight.abs() for name, weight in weights.items()}
    if criterion.score == "gradient":
        if gradients is None:
            raise ValueError("a gradient criterion needs the gradients of the loss")
        return {name: (weight * gradients[name]).abs() for name, weight in weights.items()}
    if criterion.score == "random":
        if generator is None:
            raise ValueError("the random criterion needs a generator")
        return {
            name: torch.rand(weight.shape, generator=generator, dtype=torch.float64).to(
                weight.device
            )
            for name, weight in weights.items()
        }
    raise ValueError(f"{criterion.score} compares filters; use scyc.pruning.structured.prune")


def prune(
    masks: Tensors, scored: Tensors, rate: float, scope: Literal["global", "layer"]
) -> dict[str, Tensor]:
    """The masks after one pruning cycle.

    masks: bool, True where a weight remains; scored: same names and shapes; rate in (0, 1).
    Removes exactly ``round(rate * remaining)`` weights, of all together or of each layer. Equal
    scores go in the order of the names, then of the positions, on every device. A score that is
    not a number raises ValueError.
    """
    if scope == "layer":
        return {
            name: _prune_together({name: mask}, scored, rate)[name] for name, mask in masks.items()
        }
    return _prune_together(masks, scored, rate)


def _prune_together(masks: Tensors, scored: Tensors, rate: float) -> dict[str, Tensor]:
    masks = dict(sorted(masks.items()))
    kept = torch.cat([mask.flatten() for mask in masks.values()])
    score = torch.cat([scored[name].flatten() for name in masks]).double()
    if bool(score[kept].isnan().any()):
        raise ValueError("a pruning score is not a number; the network has diverged")
    removed = round(rate * int(kept.sum()))
    positions = kept.nonzero().flatten()
    kept = kept.clone()
    kept[positions[_lowest(score[positions], removed)]] = False
    pieces = kept.split([mask.numel() for mask in masks.values()])
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
