"""Rules that turn a call between layers into one operation for many members.

See :mod:`scyc.vectorized.layer_rules`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, cast

import torch
from torch import Tensor, fx
from torch.nn import functional

from scyc.vectorized.layer_rules import (
    IMAGE_LAYOUTS,
    TENSOR_LAYOUTS,
    ForwardPass,
    Layout,
    Rule,
    UnsupportedNetwork,
    flatten_rule,
    repeat_for_members,
    require_layout,
    to_features,
)


def _constants(node: fx.Node, known: Sequence[str], defaults: Sequence[Any]) -> list[Any]:
    """Return a call's arguments after the first. Raises UnsupportedNetwork for unknown ones."""
    arguments = dict(zip(known, node.args[1:], strict=False)) | dict(node.kwargs)
    if len(node.args) - 1 > len(known) or not set(arguments) <= set(known):
        raise UnsupportedNetwork(f"{node.name}: arguments that are not known")
    return [arguments.get(name, default) for name, default in zip(known, defaults, strict=True)]


def _call_flatten(node: fx.Node, layouts: Sequence[Layout]) -> Rule:
    require_layout(layouts[0], TENSOR_LAYOUTS, node.name)
    if tuple(_constants(node, ("start_dim", "end_dim"), (0, -1))) not in ((1, -1), (1, 3)):
        raise UnsupportedNetwork(f"{node.name}: flattens other axes than all but the batch")
    return flatten_rule(layouts[0])


def _call_view(node: fx.Node, layouts: Sequence[Layout]) -> Rule:
    shape = node.args[1:]
    shape = tuple(shape[0]) if len(shape) == 1 and isinstance(shape[0], tuple | list) else shape
    flattens = len(shape) == 2 and isinstance(shape[0], fx.Node) and shape[1] == -1
    if not flattens or layouts[1:] != [Layout.BATCH_SIZE] or node.kwargs:
        raise UnsupportedNetwork(f"{node.name}: views in another shape than (batch, -1)")
    return flatten_rule(layouts[0])


def _call_mean(node: fx.Node, layouts: Sequence[Layout]) -> Rule:
    layout = layouts[0]
    axes, keep = _constants(node, ("dim", "keepdim"), (None, False))
    over_pixels = isinstance(axes, tuple | list) and {axis % 4 for axis in axes} == {2, 3}
    if layout not in IMAGE_LAYOUTS or not over_pixels:
        raise UnsupportedNetwork(f"{node.name}: a mean over other axes than the pixels")
    if keep:
        return layout, lambda context, images: images.mean((2, 3), keepdim=True)
    return Layout.FEATURES, lambda context, images: to_features(
        context, images.mean((2, 3)), layout
    )


def _call_arithmetic(node: fx.Node, layouts: Sequence[Layout]) -> Rule:
    function = _ARITHMETIC[node.target]
    if node.kwargs or len(node.args) != 2 or not set(layouts) <= set(TENSOR_LAYOUTS):
        raise UnsupportedNetwork(f"{node.name}: arguments that are not known")
    if len(layouts) == 1:
        first, second = node.args
        if not isinstance(second, fx.Node):
            return layouts[0], lambda context, inputs: function(inputs, second)
        return layouts[0], lambda context, inputs: function(first, inputs)
    if (Layout.FEATURES in layouts) and set(layouts) != {Layout.FEATURES}:
        raise UnsupportedNetwork(f"{node.name}: joins images with features")
    if set(layouts) != {Layout.SHARED_IMAGES, Layout.IMAGES}:
        return layouts[0], lambda context, one, other: function(one, other)

    def operation(context: ForwardPass, one: Tensor, other: Tensor) -> Tensor:
        both = [
            repeat_for_members(value, context.members) if layout is Layout.SHARED_IMAGES else value
            for layout, value in zip(layouts, (one, other), strict=True)
        ]
        return cast("Tensor", function(*both))

    return Layout.IMAGES, operation


def _call_pool(node: fx.Node, layouts: Sequence[Layout]) -> Rule:
    function: Any = node.target
    require_layout(layouts[0], IMAGE_LAYOUTS, node.name)
    if len(layouts) != 1 or node.kwargs.get("return_indices"):
        raise UnsupportedNetwork(f"{node.name}: arguments that are not known")
    return layouts[0], lambda context, images: function(images, *node.args[1:], **node.kwargs)


def _call_relu(node: fx.Node, layouts: Sequence[Layout]) -> Rule:
    require_layout(layouts[0], TENSOR_LAYOUTS, node.name)
    return layouts[0], lambda context, inputs: inputs.relu()


def _call_shape(node: fx.Node, layouts: Sequence[Layout]) -> Rule:
    first = layouts[0]
    arguments = node.args[1:]
    if node.target is operator.getitem and first is Layout.SHAPE and arguments == (0,):
        return Layout.BATCH_SIZE, _nothing
    if node.target is getattr and first in TENSOR_LAYOUTS and arguments == ("shape",):
        return Layout.SHAPE, _nothing
    if node.target == "size" and first in TENSOR_LAYOUTS and arguments in ((), (0,)):
        return Layout.BATCH_SIZE if arguments else Layout.SHAPE, _nothing
    raise UnsupportedNetwork(f"{node.name}: of a shape only the number of images is supported")


def _nothing(context: ForwardPass, inputs: object) -> None:
    raise AssertionError("a shape is not computed")


_ARITHMETIC: Mapping[Any, Callable[..., Any]] = MappingProxyType(
    {
        operator.add: operator.add,
        operator.iadd: operator.add,
        torch.add: operator.add,
        "add": operator.add,
        "add_": operator.add,
        operator.sub: operator.sub,
        operator.mul: operator.mul,
        torch.mul: operator.mul,
        operator.truediv: operator.truediv,
    }
)
IN_PLACE = frozenset({operator.iadd, "add_", "relu_"})
CALL_RULES: Mapping[Any, Callable[[fx.Node, Sequence[Layout]], Rule]] = MappingProxyType(
    {
        **dict.fromkeys(_ARITHMETIC, _call_arithmetic),
        **dict.fromkeys((torch.relu, functional.relu, "relu", "relu_"), _call_relu),
        **dict.fromkeys((torch.flatten, "flatten"), _call_flatten),
        **dict.fromkeys(("view", "reshape", torch.reshape), _call_view),
        **dict.fromkeys((torch.mean, "mean"), _call_mean),
        **dict.fromkeys((getattr, operator.getitem, "size"), _call_shape),
        **dict.fromkeys(
            (
                functional.max_pool2d,
                functional.avg_pool2d,
                functional.adaptive_avg_pool2d,
                functional.adaptive_max_pool2d,
            ),
            _call_pool,
        ),
    }
)
