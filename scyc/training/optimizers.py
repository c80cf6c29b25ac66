"""The optimisers: PyTorch's own, and the same updates for all members of a stack at once.

A stack's weights lie in one flat tensor, so that an update is a handful of operations however many
layers and members there are; only what takes each member's own learning rate goes by layers.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW, Optimizer, RMSprop

from scyc.specs.optimizers import AdamSpec, OptimizerSpec, RmsPropSpec, SgdSpec

_ALIGNMENT = 64  # bytes; a layer starts at a multiple, as a tensor of its own would


def make(spec: OptimizerSpec, parameters: Iterable[nn.Parameter]) -> Optimizer:
    """PyTorch's optimiser, with learning rate 0 until a schedule sets one.

    Fused where PyTorch has it on CPU and CUDA, which is everywhere but in RMSProp.
    """
    return _MAKERS[spec.name](spec, parameters)


class Flat:
    """Tensors side by side in one: `whole` [numbers], and its views `parts`, each of its shape.

    Numbers between two parts, where alignment leaves some, are 0.
    """

    def __init__(
        self, shapes: Sequence[Sequence[int]], dtype: torch.dtype, device: torch.device
    ) -> None:
        self.shapes = [tuple(shape) for shape in shapes]
        unit = _ALIGNMENT // dtype.itemsize
        sizes = [math.prod(shape) for shape in self.shapes]
        self._sizes = [-(-size // unit) * unit for size in sizes]
        self.whole = torch.zeros(sum(self._sizes), dtype=dtype, device=device)
        self.parts = self.views(self.whole)

    @cached_property
    def members(self) -> list[list[Tensor]]:
        """Each member's numbers, in views as large as can be: alone, a member has all of them."""
        if self.shapes[0][0] == 1:
            return [[self.whole]]
        return [[part[member] for part in self.parts] for member in range(self.shapes[0][0])]

    def views(self, whole: Tensor) -> list[Tensor]:
        """The parts of another tensor that lies as `whole` does."""
        return [
            piece[: math.prod(shape)].view(shape)
            for piece, shape in zip(whole.split(self._sizes), self.shapes, strict=True)
        ]

    def like(self) -> Flat:
        """Another one of the same shapes, filled with 0."""
        return Flat(self.shapes, self.whole.dtype, self.whole.device)

    def copy(self) -> Flat:
        """Another one with the same numbers."""
        twin = self.like()
        twin.whole.copy_(self.whole)
        return twin


class Stacked(ABC):
    """An optimiser of many members' weights; axis 0 of every part is the member.

    weights: updated in place. kept: 1 where a weight remains, 0 where it is pruned and stays
    exactly zero; None where nothing is pruned. Before each :meth:`step`, multiply `gradients` by
    `carried` and add the gradients of the loss.
    """

    carried: float = 0.0  # 0: what `gradients` held is to be overwritten

    def __init__(self, weights: Flat, kept: Flat | None) -> None:
        self._weights = weights
        self._kept = kept
        self._own = _owned(weights, kept) if weights.whole.device.type == "cpu" else []
        self.gradients = weights.like()

    @abstractmethod
    def step(self, rates: Tensor) -> None:
        """Update the weights. rates: float64 [members], each member's learning rate."""

    def state(self) -> dict[str, Tensor]:
        """What steps change beside the weights: as they lie, [numbers], or one number for all."""
        return {"gradients": self.gradients.whole}

    def hand_over(self, other: Stacked, rows: Sequence[int]) -> None:
        """Give what is known to an optimiser of some of the members, in the order of `rows`."""
        for mine, theirs in zip(self.state().values(), other.state().values(), strict=True):
            if mine.dim() == 0:
                theirs.copy_(mine)
                continue
            views = zip(self._weights.views(mine), other._weights.views(theirs), strict=True)
            for old, new in views:
                new.copy_(old[list(rows)])

    def _move(self, direction: Flat, rates: Tensor, decay: float = 0.0) -> None:
        """Go downhill, every member at its own rate; `decay` of the weights joins the direction."""
        if decay:
            direction.whole.add_(self._weights.whole, alpha=decay)
        if self._weights.whole.device.type == "cpu":
            self._move_each(direction, rates.tolist())
            return
        downhill = _each(-rates, self._weights)
        for index, weight in enumerate(self._weights.parts):
            weight.addcmul_(direction.parts[index], downhill)
        if self._kept is not None:
            self._weights.whole.mul_(self._kept.whole)

    def _move_each(self, direction: Flat, rates: Sequence[float]) -> None:
        """On a CPU member by member, where a rate is a number and the mask takes no pass more."""
        slopes = direction.members
        for (weights, kept), slope, rate in zip(self._own, slopes, rates, strict=True):
            for index, weight in enumerate(weights):
                if kept is None:
                    weight.add_(slope[index], alpha=-rate)
                else:
                    weight.addcmul_(slope[index], kept[index], value=-rate)


class _StackedSgd(Stacked):
    """SGD with momentum, as PyTorch's; the gradients are added to the speeds where they lie."""

    def __init__(self, spec: SgdSpec, weights: Flat, kept: Flat | None) -> None:
        super().__init__(weights, kept)
        self._decay = spec.weight_decay
        self.carried = spec.momentum

    def step(self, rates: Tensor) -> None:
        self._move(self.gradients, rates, self._decay)


class _StackedAdam(Stacked):
    """Adam (Kingma and Ba 2015, Algorithm 1).

    Or AdamW, whose weight decay passes the moments by (Loshchilov and Hutter 2019, Algorithm 2).
    """

    def __init__(self, spec: AdamSpec, weights: Flat, kept: Flat | None) -> None:
        super().__init__(weights, kept)
        self._spec = spec
        self._first = weights.like().whole  # moments
        self._second = weights.like().whole
        self._steps = torch.zeros((), dtype=torch.float64, device=self._first.device)

    def state(self) -> dict[str, Tensor]:
        moments = {"first": self._first, "second": self._second}
        return {**super().state(), **moments, "steps": self._steps}

    def step(self, rates: Tensor) -> None:
        spec, weights, slope = self._spec, self._weights, self.gradients.whole
        steps, unbiased = self._count()
        if spec.weight_decay and spec.name == "adamw":
            left = _each(1 - rates * spec.weight_decay, weights)
            for weight in weights.parts:
                weight.mul_(left)
        elif spec.weight_decay:
            slope.add_(weights.whole, alpha=spec.weight_decay)
        self._first.lerp_(slope, 1 - spec.beta1)
        self._second.mul_(spec.beta2).addcmul_(slope, slope, value=1 - spec.beta2)
        torch.sqrt(self._second, out=slope).div_(unbiased).add_(spec.eps)
        torch.div(self._first, slope, out=slope)
        self._move(self.gradients, rates / (1 - spec.beta1**steps))

    def _count(self) -> tuple[Any, Any]:
        """Steps until now, and what corrects the second moment's root.

        On a GPU as tensors, so that a recorded step counts on when it is replayed.
        """
        self._steps.add_(1)
        if self._steps.is_cuda:
            return self._steps, (1 - self._spec.beta2**self._steps).sqrt()
        steps = int(self._steps)
        return steps, math.sqrt(1 - self._spec.beta2**steps)


class _StackedRmsProp(Stacked):
    """RMSProp (Tieleman and Hinton 2012), not centred, as PyTorch's."""

    def __init__(self, spec: RmsPropSpec, weights: Flat, kept: Flat | None) -> None:
        super().__init__(weights, kept)
        self._spec = spec
        self._squares = weights.like().whole  # their running mean
        self._scratch = weights.like().whole
        self._speeds = weights.like() if spec.momentum else None

    def state(self) -> dict[str, Tensor]:
        speeds = {} if self._speeds is None else {"speeds": self._speeds.whole}
        return {**super().state(), "squares": self._squares, **speeds}

    def step(self, rates: Tensor) -> None:
        spec, slope = self._spec, self.gradients.whole
        if spec.weight_decay:
            slope.add_(self._weights.whole, alpha=spec.weight_decay)
        self._squares.mul_(spec.alpha).addcmul_(slope, slope, value=1 - spec.alpha)
        slope.div_(torch.sqrt(self._squares, out=self._scratch).add_(spec.eps))
        if self._speeds is not None:
            self._speeds.whole.mul_(spec.momentum).add_(slope)
        self._move(self._speeds or self.gradients, rates)


def stacked(spec: OptimizerSpec, weights: Flat, kept: Flat | None = None) -> Stacked:
    """The same optimiser as :func:`make`'s, for many members (see :class:`Stacked`)."""
    return _STACKED[spec.name](spec, weights, kept)


def _owned(weights: Flat, kept: Flat | None) -> list[tuple[list[Tensor], list[Tensor] | None]]:
    """Each member's weights, and its masks if any of its own weights is pruned."""
    if kept is None:
        return [(weight, None) for weight in weights.members]
    pruned = [
        any(not bool(part[m].all()) for part in kept.parts) for m in range(len(weights.members))
    ]
    return [
        (weight, mask if some else None)
        for weight, mask, some in zip(weights.members, kept.members, pruned, strict=True)
    ]


def _each(values: Tensor, weights: Flat) -> Tensor:
    """One value a member, [members, 1, 1], in the weights' precision."""
    return values.to(weights.whole.dtype).view(-1, 1, 1)


def _sgd(spec: SgdSpec, parameters: Iterable[nn.Parameter]) -> Optimizer:
    return SGD(
        parameters, lr=0.0, momentum=spec.momentum, weight_decay=spec.weight_decay, fused=True
    )


def _adam(spec: AdamSpec, parameters: Iterable[nn.Parameter]) -> Optimizer:
    kind = AdamW if spec.name == "adamw" else Adam
    betas = (spec.beta1, spec.beta2)
    return kind(
        parameters, lr=0.0, betas=betas, eps=spec.eps, weight_decay=spec.weight_decay, fused=True
    )


def _rmsprop(spec: RmsPropSpec, parameters: Iterable[nn.Parameter]) -> Optimizer:
    return RMSprop(
        parameters,
        lr=0.0,
        alpha=spec.alpha,
        eps=spec.eps,
        weight_decay=spec.weight_decay,
        momentum=spec.momentum,
        foreach=True,
    )


_MAKERS: Mapping[str, Callable[[Any, Iterable[nn.Parameter]], Optimizer]] = MappingProxyType(
    {"sgd": _sgd, "adam": _adam, "adamw": _adam, "rmsprop": _rmsprop}
)
_STACKED: Mapping[str, Callable[[Any, Flat, Flat | None], Stacked]] = MappingProxyType(
    {
        "sgd": _StackedSgd,
        "adam": _StackedAdam,
        "adamw": _StackedAdam,
        "rmsprop": _StackedRmsProp,
    }
)
