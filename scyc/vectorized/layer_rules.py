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

from scyc.vectorized.dropout import DropoutGenerators


class UnsupportedNetwork(ValueError):
    """Why a network cannot be taken so."""


class Layout(Enum):
    """What lies between two layers, and how it lies when there are many members."""

    ALIKE = "images that all members share, [batch, channels, height, width]"
    IMAGES = "[batch, members * channels, height, width]"
    VALUES = "[members, values, batch]; [1, values, batch] where all members share them"
    SHAPE = "the shape of one of these, of which only the first number is used"
    BATCH = "that number"


@dataclass(frozen=True)
class ForwardPass:
    """One forward pass."""

    values: Mapping[str, Tensor]  # every weight and buffer, [members, *shape]; buffers change
    members: int
    dropouts: DropoutGenerators
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
Rule = tuple[Layout, Operation]
IMAGE_LAYOUTS = (Layout.ALIKE, Layout.IMAGES)
TENSOR_LAYOUTS = (*IMAGE_LAYOUTS, Layout.VALUES)


def require_layout(kind: Layout, known: Sequence[Layout], what: str) -> None:
    """Raise Unfit where a layer, `what`, is not taken of what lies before it."""
    if kind not in known:
        raise UnsupportedNetwork(f"{what}: not taken of {kind.value}")


def repeat_for_members(images: Tensor, members: int) -> Tensor:
    """Images that all share, once for each member."""
    return images.repeat(1, members, 1, 1)


def _convolution(layer: Layer, kind: Layout) -> Rule:
    module = layer.module
    require_layout(kind, IMAGE_LAYOUTS, layer.path)
    if module.padding_mode != "zeros":
        raise UnsupportedNetwork(f"{layer.path}: padding_mode {module.padding_mode} is not known")
    weight, bias = layer.name("weight"), layer.name("bias")
    at_once = (
        kind is Layout.ALIKE and module.groups == 1
    )  # of the same images: one wide convolution

    def operation(run: ForwardPass, images: Tensor) -> Tensor:
        weights = run.joined(weight)
        assert weights is not None
        if kind is Layout.ALIKE and not at_once:
            images = repeat_for_members(images, run.members)
        return functional.conv2d(
            images,
            weights,
            run.joined(bias),
            module.stride,
            module.padding,
            module.dilation,
            1 if at_once else run.members * module.groups,
        )

    return Layout.IMAGES, operation


def _linear(layer: Layer, kind: Layout) -> Rule:
    require_layout(kind, (Layout.VALUES,), layer.path)
    weight, bias = layer.name("weight"), layer.name("bias")
    assert weight is not None

    def operation(run: ForwardPass, values: Tensor) -> Tensor:
        weights = run.values[weight]
        shift = None if bias is None else run.values[bias].unsqueeze(-1)
        if len(values) < run.members:  # of the same values: one tall product
            after = (weights.flatten(0, 1) @ values[0]).view(run.members, -1, values.shape[-1])
            return after if shift is None else after + shift
        return torch.bmm(weights, values) if shift is None else shift.baddbmm(weights, values)

    return Layout.VALUES, operation


def _norm(layer: Layer, kind: Layout) -> Rule:
    module = layer.module
    flat = isinstance(module, nn.BatchNorm1d)
    require_layout(kind, (Layout.VALUES,) if flat else IMAGE_LAYOUTS, layer.path)
    weight, bias = layer.name("weight"), layer.name("bias")
    mean, variance = layer.name("running_mean"), layer.name("running_var")
    count = layer.name("num_batches_tracked")

    def operation(run: ForwardPass, given: Tensor) -> Tensor:
        features = given
        statistics: list[Any]
        if kind is Layout.ALIKE:
            features = repeat_for_members(given, run.members)
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

    return Layout.VALUES if flat else Layout.IMAGES, operation


def _dropout(layer: Layer, kind: Layout) -> Rule:
    share = layer.module.p
    require_layout(kind, TENSOR_LAYOUTS, layer.path)

    def operation(run: ForwardPass, given: Tensor) -> Tensor:
        if not run.training or share == 0:
            return given
        alike = kind is Layout.ALIKE or (kind is Layout.VALUES and len(given) < run.members)
        if kind is Layout.VALUES:
            one = given[0].new_empty(given.shape[:0:-1])
        else:
            batch, channels, *size = given.shape
            own = channels if alike else channels // run.members
            one = (
                given.new_empty(0).new_empty((batch, own, *size)).contiguous(memory_format=run.form)
            )
        masks = run.dropouts.masks(one, share)
        if alike:
            return given * (masks[0].t() if kind is Layout.VALUES else masks[0])
        each = torch.stack(masks)[run.dropouts.members]
        if kind is Layout.VALUES:
            return given * each.transpose(1, 2)
        return given * each.transpose(0, 1).flatten(1, 2)

    return kind, operation


def to_features(run: ForwardPass, images: Tensor, kind: Layout) -> Tensor:
    """Images [batch, members * channels, ...] as [members, values, batch]."""
    members = 1 if kind is Layout.ALIKE else run.members
    return images.flatten(1).view(len(images), members, -1).permute(1, 2, 0)


def flatten_rule(kind: Layout) -> Rule:
    """All axes but the batch in one."""
    if kind is Layout.VALUES:
        return kind, lambda run, values: values
    return Layout.VALUES, lambda run, images: to_features(run, images, kind)


def _flatten(layer: Layer, kind: Layout) -> Rule:
    require_layout(kind, TENSOR_LAYOUTS, layer.path)
    if (layer.module.start_dim, layer.module.end_dim) not in ((1, -1), (1, 3)):
        raise UnsupportedNetwork(f"{layer.path}: flattens other axes than all but the batch")
    return flatten_rule(kind)


def _pool(layer: Layer, kind: Layout) -> Rule:
    require_layout(kind, IMAGE_LAYOUTS, layer.path)
    if getattr(layer.module, "return_indices", False):
        raise UnsupportedNetwork(f"{layer.path}: gives indices beside values")
    return kind, lambda run, images: layer.module(images)


def _each_value(layer: Layer, kind: Layout) -> Rule:
    require_layout(kind, TENSOR_LAYOUTS, layer.path)
    function = _OUT_OF_PLACE.get(type(layer.module), layer.module)
    return kind, lambda run, given: function(given)


_OUT_OF_PLACE: Mapping[type[nn.Module], Callable[[Tensor], Tensor]] = MappingProxyType(
    {nn.ReLU: torch.relu, nn.ReLU6: functional.relu6, nn.SiLU: functional.silu}
)
LAYER_RULES: Mapping[type[nn.Module], Callable[[Layer, Layout], Rule]] = MappingProxyType(
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
