"""Which weights a pruning cycle removes (Liu et al. 2021, Section 5.1; Blalock et al. 2020).

Single weights are removed here, whole filters in :mod:`scyc.pruning.structured`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from scyc.pruning.criteria import Criterion

Tensors = Mapping[str, Tensor]


def weight_names(network: nn.Module) -> tuple[str, ...]:
    """Names of all convolution and linear weights, in the network's own order."""
    kinds = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)
    return tuple(
        f"{name}.weight" if name else "weight"
        for name, module in network.named_modules()
        if isinstance(module, kinds)
    )


def prunable_names(network: nn.Module, prune_last: bool = False) -> tuple[str, ...]:
    """Names of the weights that may be pruned: all but the last linear layer's.

    The paper's printed percentages show that ResNet-20's last linear layer is counted in the
    weights remaining but never pruned; `prune_last` prunes it too.
    """
    names = weight_names(network)
    linear = [
        f"{name}.weight" if name else "weight"
        for name, module in network.named_modules()
        if isinstance(module, nn.Linear)
    ]
    last = linear[-1] if linear and not prune_last else None
    return tuple(name for name in names if name != last)


def unpruned(state: Tensors, names: Sequence[str]) -> dict[str, Tensor]:
    """Masks that keep everything: bool tensors of the shapes of the named weights."""
    return {name: torch.ones_like(state[name], dtype=torch.bool) for name in names}


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


def weights_remaining(masks: Tensors, state: Tensors, names: Sequence[str]) -> float:
    """lambda, the percent of weights remaining.

    names: all convolution and linear weights (:func:`weight_names`); those without a mask, such
    as the last layer's, remain whole and are counted. Masks of other parameters, which go with
    their filters, are not.
    """
    total = sum(state[name].numel() for name in names)
    left = sum(int(masks[name].sum()) if name in masks else state[name].numel() for name in names)
    return 100.0 * left / total
