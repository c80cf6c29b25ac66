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
    PICTURES,
    TENSORS,
    Kind,
    Lowered,
    Run,
    Unfit,
    as_values,
    flattened,
    need,
    spread,
)


def _constants(node: fx.Node, known: Sequence[str], defaults: Sequence[Any]) -> list[Any]:
    """A call's arguments behind the first, by place or name. Raises Unfit for others."""
    given = dict(zip(known, node.args[1:], strict=False)) | dict(node.kwargs)
    if len(node.args) - 1 > len(known) or not set(given) <= set(known):
        raise Unfit(f"{node.name}: arguments that are not known")
    return [given.get(name, default) for name, default in zip(known, defaults, strict=True)]


def _call_flatten(node: fx.Node, kinds: Sequence[Kind]) -> Lowered:
    need(kinds[0], TENSORS, node.name)
    if tuple(_constants(node, ("start_dim", "end_dim"), (0, -1))) not in ((1, -1), (1, 3)):
        raise Unfit(f"{node.name}: flattens other axes than all but the batch")
    return flattened(kinds[0])


def _call_view(node: fx.Node, kinds: Sequence[Kind]) -> Lowered:
    shape = node.args[1:]
    shape = tuple(shape[0]) if len(shape) == 1 and isinstance(shape[0], tuple | list) else shape
    flattens = len(shape) == 2 and isinstance(shape[0], fx.Node) and shape[1] == -1
    if not flattens or kinds[1:] != [Kind.BATCH] or node.kwargs:
        raise Unfit(f"{node.name}: views in another shape than (batch, -1)")
    return flattened(kinds[0])


def _call_mean(node: fx.Node, kinds: Sequence[Kind]) -> Lowered:
    kind = kinds[0]
    axes, keep = _constants(node, ("dim", "keepdim"), (None, False))
    over_pixels = isinstance(axes, tuple | list) and {each % 4 for each in axes} == {2, 3}
    if kind not in PICTURES or not over_pixels:
        raise Unfit(f"{node.name}: a mean over other axes than the pixels")
    if keep:
        return kind, lambda run, images: images.mean((2, 3), keepdim=True)
    return Kind.VALUES, lambda run, images: as_values(run, images.mean((2, 3)), kind)


def _call_arithmetic(node: fx.Node, kinds: Sequence[Kind]) -> Lowered:
    function = _ARITHMETIC[node.target]
    if node.kwargs or len(node.args) != 2 or not set(kinds) <= set(TENSORS):
        raise Unfit(f"{node.name}: arguments that are not known")
    if len(kinds) == 1:
        first, second = node.args
        if not isinstance(second, fx.Node):
            return kinds[0], lambda run, given: function(given, second)
        return kinds[0], lambda run, given: function(first, given)
    if (Kind.VALUES in kinds) and set(kinds) != {Kind.VALUES}:
        raise Unfit(f"{node.name}: joins images with values")
    if set(kinds) != {Kind.ALIKE, Kind.IMAGES}:
        return kinds[0], lambda run, one, other: function(one, other)

    def operation(run: Run, one: Tensor, other: Tensor) -> Tensor:
        both = [
            spread(each, run.members) if kind is Kind.ALIKE else each
            for kind, each in zip(kinds, (one, other), strict=True)
        ]
        return cast("Tensor", function(*both))

    return Kind.IMAGES, operation


def _call_pool(node: fx.Node, kinds: Sequence[Kind]) -> Lowered:
    function: Any = node.target
    need(kinds[0], PICTURES, node.name)
    if len(kinds) != 1 or node.kwargs.get("return_indices"):
        raise Unfit(f"{node.name}: arguments that are not known")
    return kinds[0], lambda run, images: function(images, *node.args[1:], **node.kwargs)


def _call_relu(node: fx.Node, kinds: Sequence[Kind]) -> Lowered:
    need(kinds[0], TENSORS, node.name)
    return kinds[0], lambda run, given: given.relu()


def _call_shape(node: fx.Node, kinds: Sequence[Kind]) -> Lowered:
    first = kinds[0]
    arguments = node.args[1:]
    if node.target is operator.getitem and first is Kind.SHAPE and arguments == (0,):
        return Kind.BATCH, _nothing
    if node.target is getattr and first in TENSORS and arguments == ("shape",):
        return Kind.SHAPE, _nothing
    if node.target == "size" and first in TENSORS and arguments in ((), (0,)):
        return Kind.BATCH if arguments else Kind.SHAPE, _nothing
    raise Unfit(f"{node.name}: only the number of images may be asked for")


def _nothing(run: Run, given: object) -> None:
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
CALLS: Mapping[Any, Callable[[fx.Node, Sequence[Kind]], Lowered]] = MappingProxyType(
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
