"""Dropout of many members: those of one replicate draw the same, and on a CPU what solo draws."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn


class DropoutGenerators:
    """A generator for each seed among the members; every call draws once from each.

    On a CPU they draw what PyTorch's own generator would for a member alone. On a GPU PyTorch's
    dropout is one fused kernel that draws in another order, so masks differ from a member's alone.
    """

    def __init__(self, seeds: Sequence[int], device: torch.device) -> None:
        distinct = list(dict.fromkeys(seeds))
        self._seeds = distinct
        self.generators = [torch.Generator(device).manual_seed(seed) for seed in distinct]
        self.members = torch.tensor([distinct.index(seed) for seed in seeds], device=device)

    def go_on_from(self, other: DropoutGenerators) -> None:
        """Draw next what another one, with these seeds and perhaps more, would draw next."""
        for seed, generator in zip(self._seeds, self.generators, strict=True):
            generator.set_state(other.generators[other._seeds.index(seed)].get_state())

    def masks(self, one: Tensor, share: float) -> list[Tensor]:
        """For each seed a mask like `one`, of one member: 0, or what makes up for what is lost."""
        if share == 1:
            return [torch.zeros_like(one) for _ in self.generators]
        return [
            torch.empty_like(one).bernoulli_(1 - share, generator=each).div_(1 - share)
            for each in self.generators
        ]


class _Dropout(nn.Module):
    """Stands for a nn.Dropout, in a network of one member or under vmap."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share
        self.source: DropoutGenerators | None = None
        self.form = torch.contiguous_format

    def forward(self, values: Tensor) -> Tensor:
        if not self.training or self.share == 0:
            return values
        return values * cast("Tensor", _Mask.apply(values.detach(), self))  # type: ignore[no-untyped-call]


class _Mask(torch.autograd.Function):
    """The mask of one member's values; under vmap, each member's of its own seed."""

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
        one = values.select(in_dims[0], 0)
        if one.dim() == 4:  # numbers are drawn in the order in which they lie
            one = torch.empty_like(one, memory_format=module.form)
        return torch.stack(module.source.masks(one, module.share))[module.source.members], 0


def replace_dropout(network: nn.Module) -> nn.Module:
    """A network that shares the tensors of this one, and whose dropout :func:`draw_from` sets.

    Raises ValueError for dropout in place, of which this keeps no account.
    """
    shared: dict[int, Any] = {
        id(value): value for value in (*network.parameters(), *network.buffers())
    }
    twin = copy.deepcopy(network, shared)
    for name, module in list(twin.named_modules()):
        if type(module) is nn.Dropout:
            if module.inplace:
                raise ValueError(f"{name}: dropout in place is trained by the solo engine only")
            parent, _, own = name.rpartition(".")
            setattr(twin.get_submodule(parent), own, _Dropout(module.p))
    return twin


def set_dropout(
    network: nn.Module,
    source: DropoutGenerators,
    form: torch.memory_format = torch.contiguous_format,
) -> None:
    """Let the dropout of a :func:`redrawn` network draw from `source` from now on.

    form: how the images of a member alone would lie, which under vmap they need not.
    """
    for module in network.modules():
        if isinstance(module, _Dropout):
            module.source, module.form = source, form
