"""Calls between layers that can be taken for many members at once (see `layer_rules`)."""

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
    """A call's arguments behind the first, by place or name. Raises Unfit for others."""
    given = dict(zip(known, node.args[1:], strict=False)) | dict(node.kwargs)
    if len(node.args) - 1 > len(known) or not set(given) <= set(known):
        raise UnsupportedNetwork(f"{node.name}: arguments that are not known")
    return [given.get(name, default) for name, default in zip(known, defaults, strict=True)]


def _call_flatten(node: fx.Node, kinds: Sequence[Layout]) -> Rule:
    require_layout(kinds[0], TENSOR_LAYOUTS, node.name)
    if tuple(_constants(node, ("start_dim", "end_dim"), (0, -1))) not in ((1, -1), (1, 3)):
        raise UnsupportedNetwork(f"{node.name}: flattens other axes than all but the batch")
    return flatten_rule(kinds[0])


def _call_view(node: fx.Node, kinds: Sequence[Layout]) -> Rule:
    shape = node.args[1:]
    shape = tuple(shape[0]) if len(shape) == 1 and isinstance(shape[0], tuple | list) else shape
    flattens = len(shape) == 2 and isinstance(shape[0], fx.Node) and shape[1] == -1
    if not flattens or kinds[1:] != [Layout.BATCH] or node.kwargs:
        raise UnsupportedNetwork(f"{node.name}: views in another shape than (batch, -1)")
    return flatten_rule(kinds[0])


def _call_mean(node: fx.Node, kinds: Sequence[Layout]) -> Rule:
    kind = kinds[0]
    axes, keep = _constants(node, ("dim", "keepdim"), (None, False))
    over_pixels = isinstance(axes, tuple | list) and {each % 4 for each in axes} == {2, 3}
    if kind not in IMAGE_LAYOUTS or not over_pixels:
        raise UnsupportedNetwork(f"{node.name}: a mean over other axes than the pixels")
    if keep:
        return kind, lambda run, images: images.mean((2, 3), keepdim=True)
    return Layout.VALUES, lambda run, images: to_features(run, images.mean((2, 3)), kind)


def _call_arithmetic(node: fx.Node, kinds: Sequence[Layout]) -> Rule:
    function = _ARITHMETIC[node.target]
    if node.kwargs or len(node.args) != 2 or not set(kinds) <= set(TENSOR_LAYOUTS):
        raise UnsupportedNetwork(f"{node.name}: arguments that are not known")
    if len(kinds) == 1:
        first, second = node.args
        if not isinstance(second, fx.Node):
            return kinds[0], lambda run, given: function(given, second)
        return kinds[0], lambda run, given: function(first, given)
    if (Layout.VALUES in kinds) and set(kinds) != {Layout.VALUES}:
        raise UnsupportedNetwork(f"{node.name}: joins images with values")
    if set(kinds) != {Layout.ALIKE, Layout.IMAGES}:
        return kinds[0], lambda run, one, other: function(one, other)

    def operation(run: ForwardPass, one: Tensor, other: Tensor) -> Tensor:
        both = [
            repeat_for_members(each, run.members) if kind is Layout.ALIKE else each
            for kind, each in zip(kinds, (one, other), strict=True)
        ]
        return cast("Tensor", function(*both))

    return Layout.IMAGES, operation


def _call_pool(node: fx.Node, kinds: Sequence[Layout]) -> Rule:
    function: Any = node.target
    require_layout(kinds[0], IMAGE_LAYOUTS, node.name)
    if len(kinds) != 1 or node.kwargs.get("return_indices"):
        raise UnsupportedNetwork(f"{node.name}: arguments that are not known")
    return kinds[0], lambda run, images: function(images, *node.args[1:], **node.kwargs)


def _call_relu(node: fx.Node, kinds: Sequence[Layout]) -> Rule:
    require_layout(kinds[0], TENSOR_LAYOUTS, node.name)
    return kinds[0], lambda run, given: given.relu()


def _call_shape(node: fx.Node, kinds: Sequence[Layout]) -> Rule:
    first = kinds[0]
    arguments = node.args[1:]
    if node.target is operator.getitem and first is Layout.SHAPE and arguments == (0,):
        return Layout.BATCH, _nothing
    if node.target is getattr and first in TENSOR_LAYOUTS and arguments == ("shape",):
        return Layout.SHAPE, _nothing
    if node.target == "size" and first in TENSOR_LAYOUTS and arguments in ((), (0,)):
        return Layout.BATCH if arguments else Layout.SHAPE, _nothing
    raise UnsupportedNetwork(f"{node.name}: only the number of images may be asked for")


def _nothing(run: ForwardPass, given: object) -> None:
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
