"""Dropout of many members: members of one replicate draw the same masks.

On a CPU they are the masks that the solo engine draws.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn


class DropoutGenerators:
    """A generator for each seed among the members; every call draws once from each.

    On a CPU they draw what PyTorch's own generator would for a single member. On a GPU PyTorch's
    dropout is one fused kernel that draws in another order, so the masks differ from it.

    Args:
        seeds: Each member's seed.
        device: Of the masks.

    Attributes:
        members: Each member's index in `generators`, int64 [members].
    """

    def __init__(self, seeds: Sequence[int], device: torch.device) -> None:
        distinct = list(dict.fromkeys(seeds))
        self._seeds = distinct
        self.generators = [torch.Generator(device).manual_seed(seed) for seed in distinct]
        self.members = torch.tensor([distinct.index(seed) for seed in seeds], device=device)

    def copy_state_from(self, other: DropoutGenerators) -> None:
        """Continue as another one would, which has these seeds and perhaps more.

        Args:
            other: Whose state is taken.
        """
        for seed, generator in zip(self._seeds, self.generators, strict=True):
            generator.set_state(other.generators[other._seeds.index(seed)].get_state())

    def masks(self, like: Tensor, share: float) -> list[Tensor]:
        """Draw a mask for each seed.

        Args:
            like: Gives shape, type and memory format of one member's mask.
            share: The probability of 0; the other values are 1 / (1 - share).

        Returns:
            One mask a member, of 0 and 1 / (1 - share); all 0 for a share of 1.
        """
        if share == 1:
            return [torch.zeros_like(like) for _ in self.generators]
        return [
            torch.empty_like(like).bernoulli_(1 - share, generator=generator).div_(1 - share)
            for generator in self.generators
        ]


class _Dropout(nn.Module):
    """Replaces a nn.Dropout, in a network of one member or under vmap."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share
        self.source: DropoutGenerators | None = None
        self.memory_format = torch.contiguous_format

    def forward(self, values: Tensor) -> Tensor:
        if not self.training or self.share == 0:
            return values
        return values * cast("Tensor", _Mask.apply(values.detach(), self))  # type: ignore[no-untyped-call]


class _Mask(torch.autograd.Function):
    """Draws the mask of one member; under vmap, a mask for each member's seed."""

    @staticmethod
    def forward(values: Tensor, module: _Dropout) -> Tensor:
        assert module.source is not None
        return module.source.masks(values, module.share)[0]

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.mark_non_differentiable(output)

    @staticmethod
    def vmap(
        _info: Any, in_dims: tuple[int, None], values: Tensor, module: _Dropout
    ) -> tuple[Tensor, int]:
        assert module.source is not None
        member = values.select(in_dims[0], 0)
        if member.dim() == 4:  # numbers are drawn in the order of memory
            member = torch.empty_like(member, memory_format=module.memory_format)
        return torch.stack(module.source.masks(member, module.share))[module.source.members], 0


def replace_dropout(network: nn.Module) -> nn.Module:
    """Return a copy that shares the network's tensors and draws its dropout as set_dropout says.

    Args:
        network: The network as PyTorch has it.

    Returns:
        The copy; parameters and buffers are the same objects as the network's.

    Raises:
        ValueError: Dropout works in place.
    """
    shared: dict[int, Any] = {
        id(value): value for value in (*network.parameters(), *network.buffers())
    }
    copied = copy.deepcopy(network, shared)
    for name, module in list(copied.named_modules()):
        if type(module) is nn.Dropout:
            if module.inplace:
                raise ValueError(f"{name}: dropout in place is trained by the solo engine only")
            parent, _, attribute = name.rpartition(".")
            setattr(copied.get_submodule(parent), attribute, _Dropout(module.p))
    return copied


def set_dropout(
    network: nn.Module,
    source: DropoutGenerators,
    memory_format: torch.memory_format = torch.contiguous_format,
) -> None:
    """Let the dropout of a network from :func:`replace_dropout` draw from `source` from now on.

    Args:
        network: Whose dropout layers were replaced.
        source: The generators.
        memory_format: Of the images where a member trains by itself; under vmap it may differ.
    """
    for module in network.modules():
        if isinstance(module, _Dropout):
            module.source, module.memory_format = source, memory_format
