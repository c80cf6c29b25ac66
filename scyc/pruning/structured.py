"""Structured pruning: whole filters (Li et al. 2017, arXiv 1608.08710).

What is pruned with a filter is found in :mod:`scyc.pruning.filter_groups`. All of it is zero in a
pruned network, and every layer in between maps zero to zero, so the channel is exactly zero and
:func:`shrink` can take it out without changing an output.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from scyc.pruning.filter_groups import CONVOLUTIONS, NORMS, Coupling
from scyc.pruning.pruning_step import PruningStep
from scyc.pruning.weights import Tensors


def l1_filter(step: PruningStep) -> dict[str, Tensor]:
    """Remove of each layer the filters of smallest L1 norm, with all that is coupled to them.

    Args:
        step: The trained network, its masks and the rate.

    Returns:
        The masks after the pruning cycle: bool, by name.
    """
    return prune(step.filters(), step.state, step.masks, step.rate)


def prune(
    couplings: Sequence[Coupling], state: Tensors, masks: Tensors, rate: float
) -> dict[str, Tensor]:
    """Prune the filters of smallest L1 norm, in every layer alike.

    Of each layer exactly ``round(rate * remaining)`` filters go, but never the last one; equal
    norms go in order of position. A norm is the sum of the absolute weights that remained before
    this cycle, in double precision (Li et al. 2017, Section 3.1; "independent pruning" of Section
    3.3).

    Args:
        couplings: The prunable layers, with what hangs on their filters.
        state: Weights and buffers, by name.
        masks: bool, True where an entry remains; a name that is missing is whole.
        rate: Share of the remaining filters to remove, in (0, 1).

    Returns:
        The masks after the pruning cycle, by name.

    Raises:
        ValueError: A norm is not a number.
    """
    after = dict(masks)
    for coupling in couplings:
        weight = state[coupling.weight]
        remain = remaining(coupling, state, masks)
        mask = masks.get(coupling.weight)
        weight = weight if mask is None else weight.masked_fill(~mask, 0.0)
        norms = weight.abs().flatten(1).sum(dim=1, dtype=torch.float64)
        if bool(norms[remain].isnan().any()):
            raise ValueError("a pruning score is not a number; the network has diverged")
        positions = remain.nonzero().flatten()
        removed = max(0, min(round(rate * len(positions)), len(positions) - 1))
        order = torch.sort(norms[positions], stable=True).indices
        remain[positions[order[:removed]]] = False
        for name, axis, width in coupling.pruned:
            whole = torch.ones_like(state[name], dtype=torch.bool)
            shape = [1] * whole.ndim
            shape[axis] = -1
            after[name] = after.get(name, whole) & remain.repeat_interleave(width).reshape(shape)
    return after


def remaining(coupling: Coupling, state: Tensors, masks: Tensors) -> Tensor:
    """Return which filters of a layer remain, bool [filters]: those of which anything remains.

    Where a bias has no mask, a filter without weights still gives that bias, and remains.

    Args:
        coupling: A layer, and what is pruned with its filters.
        state: Tensors of the network, by name.
        masks: bool, True where an entry remains, by name.

    Returns:
        True where a weight or another entry of the filter remains.
    """
    own = [
        masks.get(name, torch.ones_like(state[name], dtype=torch.bool))
        for name in (coupling.weight, *coupling.entries)
    ]
    return torch.stack([mask.reshape(len(mask), -1).any(dim=1) for mask in own]).any(dim=0)


def shrink(
    network: nn.Module, couplings: Sequence[Coupling], state: Tensors, masks: Tensors
) -> nn.Module:
    """Remove the pruned filters from a network.

    In evaluation the outputs differ from the whole network's by rounding alone.

    Args:
        network: As it was built, whole; left as it is.
        couplings: The prunable layers, with what hangs on their filters.
        state: Its state_dict with zeros where masks are False.
        masks: bool, True where an entry remains.

    Returns:
        A smaller copy, in the precision of `state`.

    Raises:
        ValueError: A layer has no filter left, which pruning single weights can lead to.
    """
    dtype = next(value.dtype for value in state.values() if value.is_floating_point())
    small = copy.deepcopy(network).to(dtype)
    small.load_state_dict(dict(state))
    for coupling in couplings:
        indices = remaining(coupling, state, masks).nonzero().flatten()
        if len(indices) == 0:
            raise ValueError(f"{coupling.layer} has no filter left; prune fewer of its weights")
        buffers = [(name, 0, 1) for name in coupling.buffers]
        for name, axis, width in (*coupling.pruned, *buffers):
            index = indices.unsqueeze(1) * width + torch.arange(width, device=indices.device)
            _cut(small, name, axis, index.flatten())
    return small


def _cut(network: nn.Module, name: str, axis: int, index: Tensor) -> None:
    """Keep these places of one axis of a parameter or buffer, and correct its layer's sizes."""
    owner, _, attribute = name.rpartition(".")
    module: Any = network.get_submodule(owner)
    whole: Tensor = getattr(module, attribute)
    part = whole.detach().index_select(axis, index.to(whole.device))
    if isinstance(whole, nn.Parameter):
        part = nn.Parameter(part, requires_grad=whole.requires_grad)
    setattr(module, attribute, part)
    kind = "channels" if type(module) in CONVOLUTIONS else "features"
    sizes = [f"num_{kind}"] if type(module) in NORMS else [f"out_{kind}", f"in_{kind}"]
    for size, value in zip(sizes, module.weight.shape, strict=False):  # a kernel has sides, too
        setattr(module, size, value)
