"""Rules that turn a layer into one operation for many members.

The members' channels are side by side in the channel axis, so a convolution of all members is one
grouped convolution, and batch norm, pools and ReLUs work channel by channel as before. Flattened
features are [members, features, batch], so a linear layer of all members is one batched product.
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
    """A network has a layer or a call without a rule, which the message names."""


class Layout(Enum):
    """What is passed between two layers, and its axes when there are many members."""

    SHARED_IMAGES = "images that all members share, [batch, channels, height, width]"
    IMAGES = "[batch, members * channels, height, width]"
    FEATURES = "[members, features, batch]; [1, features, batch] where all members share them"
    SHAPE = "the shape of one of these, of which only the first number is used"
    BATCH_SIZE = "the number of images"


@dataclass(frozen=True)
class ForwardPass:
    """What the operations of one forward pass share."""

    values: Mapping[str, Tensor]  # every weight and buffer, [members, *shape]; buffers change
    members: int
    dropouts: DropoutGenerators
    training: bool
    memory_format: torch.memory_format  # of the images where a member trains by itself

    def joined(self, name: str | None) -> Tensor | None:
        """Return a tensor's members one after another, [members * first axis, ...].

        Args:
            name: Of the tensor; None: the layer has none.

        Returns:
            A view.
        """
        return None if name is None else self.values[name].flatten(0, 1)


@dataclass(frozen=True)
class Layer:
    """A layer, and the names that its tensors have in the network."""

    path: str
    module: Any
    names: Mapping[int, str]  # by id

    def name(self, tensor: str) -> str | None:
        """Return the name of one of its tensors; None where it has none.

        Args:
            tensor: Attribute of the layer, such as "bias".

        Returns:
            The name in the network's state_dict.
        """
        value = getattr(self.module, tensor)
        return None if value is None else self.names[id(value)]


Operation = Callable[..., Any]  # of a ForwardPass and of the layer's inputs
Rule = tuple[Layout, Operation]
IMAGE_LAYOUTS = (Layout.SHARED_IMAGES, Layout.IMAGES)
TENSOR_LAYOUTS = (*IMAGE_LAYOUTS, Layout.FEATURES)


def require_layout(layout: Layout, known: Sequence[Layout], what: str) -> None:
    """Raise UnsupportedNetwork where a layer, `what`, has no rule for these inputs.

    Args:
        layout: Of the inputs.
        known: For which there is a rule.
        what: Name of the layer in the network.
    """
    if layout not in known:
        raise UnsupportedNetwork(f"{what}: has no rule for {layout.value}")


def repeat_for_members(images: Tensor, members: int) -> Tensor:
    """Return shared images once for each member, [batch, members * channels, ...].

    Args:
        images: [batch, channels, height, width].
        members: Members of the pack.

    Returns:
        The channels of the first member come first.
    """
    return images.repeat(1, members, 1, 1)


def _convolution(layer: Layer, layout: Layout) -> Rule:
    module = layer.module
    require_layout(layout, IMAGE_LAYOUTS, layer.path)
    if module.padding_mode != "zeros":
        raise UnsupportedNetwork(f"{layer.path}: padding_mode {module.padding_mode} is not known")
    weight, bias = layer.name("weight"), layer.name("bias")
    shared = (
        layout is Layout.SHARED_IMAGES and module.groups == 1
    )  # of the same images: one wide convolution

    def operation(context: ForwardPass, images: Tensor) -> Tensor:
        weights = context.joined(weight)
        assert weights is not None
        if layout is Layout.SHARED_IMAGES and not shared:
            images = repeat_for_members(images, context.members)
        return functional.conv2d(
            images,
            weights,
            context.joined(bias),
            module.stride,
            module.padding,
            module.dilation,
            1 if shared else context.members * module.groups,
        )

    return Layout.IMAGES, operation


def _linear(layer: Layer, layout: Layout) -> Rule:
    require_layout(layout, (Layout.FEATURES,), layer.path)
    weight, bias = layer.name("weight"), layer.name("bias")
    assert weight is not None

    def operation(context: ForwardPass, values: Tensor) -> Tensor:
        weights = context.values[weight]
        shift = None if bias is None else context.values[bias].unsqueeze(-1)
        if len(values) < context.members:  # of the same values: one tall product
            after = (weights.flatten(0, 1) @ values[0]).view(context.members, -1, values.shape[-1])
            return after if shift is None else after + shift
        return torch.bmm(weights, values) if shift is None else shift.baddbmm(weights, values)

    return Layout.FEATURES, operation


def _norm(layer: Layer, layout: Layout) -> Rule:
    module = layer.module
    flat = isinstance(module, nn.BatchNorm1d)
    require_layout(layout, (Layout.FEATURES,) if flat else IMAGE_LAYOUTS, layer.path)
    weight, bias = layer.name("weight"), layer.name("bias")
    mean, variance = layer.name("running_mean"), layer.name("running_var")
    count = layer.name("num_batches_tracked")

    def operation(context: ForwardPass, inputs: Tensor) -> Tensor:
        features = inputs
        statistics: list[Any]
        if layout is Layout.SHARED_IMAGES:
            features = repeat_for_members(inputs, context.members)
        elif flat:
            features = inputs.expand(context.members, -1, -1).reshape(1, -1, inputs.shape[-1])
        statistics = [context.joined(mean), context.joined(variance)]
        scratch, momentum = statistics, module.momentum
        if context.training and count is not None:
            context.values[count].add_(1)
            if momentum is None:  # the mean over all batches: each member has its own count
                scratch, momentum = [torch.zeros_like(value) for value in statistics], 1.0
        after = functional.batch_norm(
            features,
            scratch[0],
            scratch[1],
            context.joined(weight),
            context.joined(bias),
            context.training or mean is None,
            momentum or 0.0,
            module.eps,
        )
        if scratch is not statistics and count is not None:
            batches = context.values[count].to(statistics[0].dtype)
            share = batches.reciprocal().repeat_interleave(module.num_features)
            for old, new in zip(statistics, scratch, strict=True):
                old.lerp_(new, share)
        return after.view(context.members, -1, inputs.shape[-1]) if flat else after

    return Layout.FEATURES if flat else Layout.IMAGES, operation


def _dropout(layer: Layer, layout: Layout) -> Rule:
    share = layer.module.p
    require_layout(layout, TENSOR_LAYOUTS, layer.path)

    def operation(context: ForwardPass, inputs: Tensor) -> Tensor:
        if not context.training or share == 0:
            return inputs
        shared = layout is Layout.SHARED_IMAGES or (
            layout is Layout.FEATURES and len(inputs) < context.members
        )
        if layout is Layout.FEATURES:
            one = inputs[0].new_empty(inputs.shape[:0:-1])
        else:
            batch, channels, *size = inputs.shape
            own = channels if shared else channels // context.members
            one = (
                inputs.new_empty(0)
                .new_empty((batch, own, *size))
                .contiguous(memory_format=context.memory_format)
            )
        masks = context.dropouts.masks(one, share)
        if shared:
            return inputs * (masks[0].t() if layout is Layout.FEATURES else masks[0])
        by_member = torch.stack(masks)[context.dropouts.members]
        if layout is Layout.FEATURES:
            return inputs * by_member.transpose(1, 2)
        return inputs * by_member.transpose(0, 1).flatten(1, 2)

    return layout, operation


def to_features(context: ForwardPass, images: Tensor, layout: Layout) -> Tensor:
    """Return images [batch, members * channels, ...] as [members, features, batch].

    Args:
        context: The forward pass, which knows the number of members.
        images: [batch, channels, height, width] where they are shared, else with members *
            channels.
        layout: Which of the two they have.

    Returns:
        A view where the strides allow one; shared images have 1 member.
    """
    members = 1 if layout is Layout.SHARED_IMAGES else context.members
    return images.flatten(1).view(len(images), members, -1).permute(1, 2, 0)


def flatten_rule(layout: Layout) -> Rule:
    """Return the rule that joins all axes but the batch.

    Args:
        layout: Of the inputs.

    Returns:
        The layout of the outputs, and the function that computes them.
    """
    if layout is Layout.FEATURES:
        return layout, lambda context, values: values
    return Layout.FEATURES, lambda context, images: to_features(context, images, layout)


def _flatten(layer: Layer, layout: Layout) -> Rule:
    require_layout(layout, TENSOR_LAYOUTS, layer.path)
    if (layer.module.start_dim, layer.module.end_dim) not in ((1, -1), (1, 3)):
        raise UnsupportedNetwork(f"{layer.path}: flattens other axes than all but the batch")
    return flatten_rule(layout)


def _pool(layer: Layer, layout: Layout) -> Rule:
    require_layout(layout, IMAGE_LAYOUTS, layer.path)
    if getattr(layer.module, "return_indices", False):
        raise UnsupportedNetwork(f"{layer.path}: returns indices with the values")
    return layout, lambda context, images: layer.module(images)


def _each_value(layer: Layer, layout: Layout) -> Rule:
    require_layout(layout, TENSOR_LAYOUTS, layer.path)
    function = _OUT_OF_PLACE.get(type(layer.module), layer.module)
    return layout, lambda context, inputs: function(inputs)


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
