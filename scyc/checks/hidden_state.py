"""What a network holds besides its state_dict, to see whether training changes it."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

_CLOSE = 1e-3  # relative difference that rounding may make


def attributes(network: nn.Module) -> dict[str, Any]:
    """Return copies of what a network holds besides its state_dict, by name.

    Args:
        network: The network as PyTorch has it.

    Returns:
        Copies by path: buffers that are not persistent, and attributes that are not torch's own.
    """
    held: dict[str, Any] = {}
    for path, module in network.named_modules():
        prefix = f"{path}." if path else ""
        for name in module._non_persistent_buffers_set:
            held[prefix + name] = _plain(module._buffers[name])
        for name, value in vars(module).items():
            if name not in _OF_MODULE:
                held[prefix + name] = _plain(value)
    return held


_OF_MODULE = frozenset(vars(nn.Module())) | {"_flat_weights", "_flat_weight_refs"}


def _plain(value: Any, depth: int = 0) -> Any:  # noqa: PLR0911  # a kind of value a line
    """Copy a value so that it can be compared; None for anything else, such as a function."""
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, np.ndarray):
        return torch.from_numpy(value.copy()) if value.dtype.kind in "fiub" else value.tolist()
    if value is None or isinstance(value, bool | int | float | str | bytes):
        return value
    if isinstance(value, torch.Generator):
        return value.get_state()
    if isinstance(value, random.Random):
        return repr(value.getstate())
    if isinstance(value, np.random.Generator):
        return repr(value.bit_generator.state)
    if isinstance(value, np.random.RandomState):
        return repr(value.get_state(legacy=False))
    if depth > 4 or isinstance(value, nn.Module | type) or callable(value):
        return None
    if isinstance(value, Mapping):
        return {repr(key): _plain(each, depth + 1) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each, depth + 1) for each in value]
    if isinstance(value, set | frozenset):
        return sorted(map(repr, value))
    if hasattr(value, "__dict__"):
        return {name: _plain(each, depth + 1) for name, each in vars(value).items()}
    return repr(value) if type(value).__module__ in ("collections", "itertools") else None


def same(one: Any, two: Any) -> bool:
    """Return whether two values are equal, numbers but for rounding.

    Args:
        one: Tensor, array, number or a collection of them.
        two: What it is compared with.

    Returns:
        True where type, shape, keys and order agree, and tensors agree within 1e-3 of their values;
        NaN equals NaN.
    """
    if isinstance(one, Tensor) and isinstance(two, Tensor):
        if one.shape != two.shape or one.dtype != two.dtype:
            return False
        return torch.equal(one, two) or bool(
            torch.allclose(one.double(), two.double(), rtol=_CLOSE, atol=1e-6, equal_nan=True)
        )
    if isinstance(one, dict) and isinstance(two, dict):
        return one.keys() == two.keys() and all(same(one[key], two[key]) for key in one)
    if isinstance(one, list) and isinstance(two, list):
        return len(one) == len(two) and all(same(a, b) for a, b in zip(one, two, strict=True))
    return type(one) is type(two) and repr(one) == repr(two)  # NaN is like NaN
