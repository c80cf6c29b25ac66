"""Each layer that can be taken for many members at once, as one operation on what lies before it.

The members' channels lie side by side in the channel axis, so a convolution of all is one grouped
convolution, and batch norm, pools and ReLUs are what they were, channel by channel. Once flattened,
values lie [members, values, batch], so a linear layer of all is one batched product.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from scyc.vectorized.dropout import Dropouts


class Unfit(ValueError):
    """Why a network cannot be taken so."""


class Kind(Enum):
    """What lies between two layers, and how it lies when there are many members."""

    ALIKE = "images that all members share, [batch, channels, height, width]"
    IMAGES = "[batch, members * channels, height, width]"
    VALUES = "[members, values, batch]; [1, values, batch] where all members share them"
    SHAPE = "the shape of one of these, of which only the first number is used"
    BATCH = "that number"


@dataclass(frozen=True)
class Run:
    """One forward pass."""

    values: Mapping[str, Tensor]  # every weight and buffer, [members, *shape]; buffers change
    members: int
    dropouts: Dropouts
    training: bool
    form: torch.memory_format  # how one member's images would lie, alone

    def joined(self, name: str | None) -> Tensor | None:
        """A tensor's members behind each other, [members * first axis, ...]."""
        return None if name is None else self.values[name].flatten(0, 1)


@dataclass(frozen=True)
class Layer:
    """A layer, and the names that its tensors have in the network."""

    path: str
    module: Any
    names: Mapping[int, str]  # by id

    def name(self, tensor: str) -> str | None:
        """Of one of its tensors; None where it has none."""
        value = getattr(self.module, tensor)
        return None if value is None else self.names[id(value)]


Operation = Callable[..., Any]  # of a Run and of what lies before
Lowered = tuple[Kind, Operation]
PICTURES = (Kind.ALIKE, Kind.IMAGES)
TENSORS = (*PICTURES, Kind.VALUES)


def need(kind: Kind, known: Sequence[Kind], what: str) -> None:
    """Raise Unfit where a layer, `what`, is not taken of what lies before it."""
    if kind not in known:
        raise Unfit(f"{what}: not taken of {kind.value}")


def spread(images: Tensor, members: int) -> Tensor:
    """Images that all share, once for each member."""
    return images.repeat(1, members, 1, 1)


def _convolution(layer: Layer, kind: Kind) -> Lowered:
    module = layer.module
    need(kind, PICTURES, layer.path)
    if module.padding_mode != "zeros":
        raise Unfit(f"{layer.path}: padding_mode {module.padding_mode} is not known")
    weight, bias = layer.name("weight"), layer.name("bias")
    at_once = kind is Kind.ALIKE and module.groups == 1  # of the same images: one wide convolution

    def operation(run: Run, images: Tensor) -> Tensor:
        weights = run.joined(weight)
        assert weights is not None
        if kind is Kind.ALIKE and not at_once:
            images = spread(images, run.members)
        return functional.conv2d(
            images,
            weights,
            run.joined(bias),
            module.stride,
            module.padding,
            module.dilation,
            1 if at_once else run.members * module.groups,
        )

    return Kind.IMAGES, operation


def _linear(layer: Layer, kind: Kind) -> Lowered:
    need(kind, (Kind.VALUES,), layer.path)
    weight, bias = layer.name("weight"), layer.name("bias")
    assert weight is not None

    def operation(run: Run, values: Tensor) -> Tensor:
        weights = run.values[weight]
        shift = None if bias is None else run.values[bias].unsqueeze(-1)
        if len(values) < run.members:  # of the same values: one tall product
            after = (weights.flatten(0, 1) @ values[0]).view(run.members, -1, values.shape[-1])
            return after if shift is None else after + shift
        return torch.bmm(weights, values) if shift is None else shift.baddbmm(weights, values)

    return Kind.VALUES, operation


def _norm(layer: Layer, kind: Kind) -> Lowered:
    module = layer.module
    flat = isinstance(module, nn.BatchNorm1d)
    need(kind, (Kind.VALUES,) if flat else PICTURES, layer.path)
    weight, bias = layer.name("weight"), layer.name("bias")
    mean, variance = layer.name("running_mean"), layer.name("running_var")
    count = layer.name("num_batches_tracked")

    def operation(run: Run, given: Tensor) -> Tensor:
        features = given
        statistics: list[Any]
        if kind is Kind.ALIKE:
            features = spread(given, run.members)
        elif flat:
            features = given.expand(run.members, -1, -1).reshape(1, -1, given.shape[-1])
        statistics = [run.joined(mean), run.joined(variance)]
        scratch, momentum = statistics, module.momentum
        if run.training and count is not None:
            run.values[count].add_(1)
            if momentum is None:  # the mean over all batches: each member has its own count
                scratch, momentum = [torch.zeros_like(each) for each in statistics], 1.0
        after = functional.batch_norm(
            features,
            scratch[0],
            scratch[1],
            run.joined(weight),
            run.joined(bias),
            run.training or mean is None,
            momentum or 0.0,
            module.eps,
        )
        if scratch is not statistics and count is not None:
            batches = run.values[count].to(statistics[0].dtype)
            share = batches.reciprocal().repeat_interleave(module.num_features)
            for old, new in zip(statistics, scratch, strict=True):
                old.lerp_(new, share)
        return after.view(run.members, -1, given.shape[-1]) if flat else after

    return Kind.VALUES if flat else Kind.IMAGES, operation


def _dropout(layer: Layer, kind: Kind) -> Lowered:
    share = layer.module.p
    need(kind, TENSORS, layer.path)

    def operation(run: Run, given: Tensor) -> Tensor:
        if not run.training or share == 0:
            return given
        alike = kind is Kind.ALIKE or (kind is Kind.VALUES and len(given) < run.members)
        if kind is Kind.VALUES:
            one = given[0].new_empty(given.shape[:0:-1])
        else:
            batch, channels, *size = given.shape
            own = channels if alike else channels // run.members
            one = (
                given.new_empty(0).new_empty((batch, own, *size)).contiguous(memory_format=run.form)
            )
        masks = run.dropouts.masks(one, share)
        if alike:
            return given * (masks[0].t() if kind is Kind.VALUES else masks[0])
        each = torch.stack(masks)[run.dropouts.members]
        if kind is Kind.VALUES:
            return given * each.transpose(1, 2)
        return given * each.transpose(0, 1).flatten(1, 2)

    return kind, operation


def as_values(run: Run, images: Tensor, kind: Kind) -> Tensor:
    """Images [batch, members * channels, ...] as [members, values, batch]."""
    members = 1 if kind is Kind.ALIKE else run.members
    return images.flatten(1).view(len(images), members, -1).permute(1, 2, 0)


def flattened(kind: Kind) -> Lowered:
    """All axes but the batch in one."""
    if kind is Kind.VALUES:
        return kind, lambda run, values: values
    return Kind.VALUES, lambda run, images: as_values(run, images, kind)


def _flatten(layer: Layer, kind: Kind) -> Lowered:
    need(kind, TENSORS, layer.path)
    if (layer.module.start_dim, layer.module.end_dim) not in ((1, -1), (1, 3)):
        raise Unfit(f"{layer.path}: flattens other axes than all but the batch")
    return flattened(kind)


def _pool(layer: Layer, kind: Kind) -> Lowered:
    need(kind, PICTURES, layer.path)
    if getattr(layer.module, "return_indices", False):
        raise Unfit(f"{layer.path}: gives indices beside values")
    return kind, lambda run, images: layer.module(images)


def _each_value(layer: Layer, kind: Kind) -> Lowered:
    need(kind, TENSORS, layer.path)
    function = _OUT_OF_PLACE.get(type(layer.module), layer.module)
    return kind, lambda run, given: function(given)


_OUT_OF_PLACE: Mapping[type[nn.Module], Callable[[Tensor], Tensor]] = MappingProxyType(
    {nn.ReLU: torch.relu, nn.ReLU6: functional.relu6, nn.SiLU: functional.silu}
)
MODULES: Mapping[type[nn.Module], Callable[[Layer, Kind], Lowered]] = MappingProxyType(
    {
        nn.Conv2d: _convolution,
        nn.Linear: _linear,
        nn.BatchNorm1d: _norm,
        nn.BatchNorm2d: _norm,
        nn.Dropout: _dropout,
        nn.Flatten: _flatten,
        nn.MaxPool2d: _pool,
        nn.AvgPool2d: _pool,
        nn.AdaptiveAvgPool2d: _pool,
        nn.AdaptiveMaxPool2d: _pool,
        nn.Identity: _each_value,
        nn.ReLU: _each_value,
        nn.ReLU6: _each_value,
        nn.SiLU: _each_value,
        nn.GELU: _each_value,
        nn.Sigmoid: _each_value,
        nn.Tanh: _each_value,
    }
)
