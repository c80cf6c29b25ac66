"""What a user's own network may not be made of: refused by name before anything is trained."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from scyc.pruning import weights

# Of these a parameter called "weight" is known to be neither pruned nor counted.
_UNPRUNED = (
    nn.Embedding,
    nn.EmbeddingBag,
    nn.LayerNorm,
    nn.GroupNorm,
    nn.PReLU,
    nn.modules.batchnorm._NormBase,
)


def problems(network: nn.Module) -> list[str]:
    """Return the rules that a network breaks, with the remedies.

    Args:
        network: as the user's factory returns it.

    Returns:
        Rule and remedy of each, as text; [] where the network can be trained and pruned.
    """
    parameters = list(network.named_parameters())
    lazy = [name for name, value in (*parameters, *network.named_buffers()) if is_lazy(value)]
    if lazy:
        return [
            f"{lazy[0]}: a lazy layer has no sizes before it is called; call the network once in "
            "the factory, or use the layer that is not lazy"
        ]
    rules = [
        f"{name} is computed from other parameters (weight_norm, spectral_norm, orthogonal or "
        "torch.nn.utils.prune), so it cannot be pruned; remove that from the layer"
        for name in weights.computed_names(network)
    ]
    state = network.state_dict()
    for name, value in state.items():
        if name.endswith("_extra_state") or not isinstance(value, Tensor):
            rules.append(
                f"{name}: a checkpoint holds parameters and buffers alone; take out "
                "get_extra_state, and keep what it holds in a buffer"
            )
        elif value.is_complex():
            rules.append(f"{name} is complex; only real parameters and buffers are trained")
    rules += [_unknown_weight(name, module) for name, module in _unknown_weights(network)]
    rules += [
        f"{one} and {other} lie in the same memory, but are two parameters; give the layers one "
        "and the same parameter, or two copies"
        for one, other in _overlapping(network)
    ]
    if not any(value.requires_grad for _, value in parameters):
        rules.append("all of its parameters are frozen; set requires_grad for those to train")
    return rules


def storages(network: nn.Module) -> dict[int, str]:
    """Return the names of parameters and buffers by the address of their storage.

    Args:
        network: The network as PyTorch has it.

    Returns:
        The last name in each storage, by address; storages of 0 bytes are left out.
    """
    named = (*network.named_parameters(), *network.named_buffers())
    return {
        value.untyped_storage().data_ptr(): name
        for name, value in named
        if value.untyped_storage().nbytes()
    }


def _unknown_weights(network: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    for path, module in network.named_modules():
        if isinstance(module, _UNPRUNED):
            continue
        known = weights.weight_attributes(module)
        for name, value in module._parameters.items():
            if value is None or value.dim() < 2 or name in known or "weight" not in name:
                continue
            if path and "parametrizations" in path.split("."):
                continue
            if not name.endswith(("_orig", "_g", "_v")):  # reported as computed weights
                yield (f"{path}.{name}" if path else name), module


def _unknown_weight(name: str, module: nn.Module) -> str:
    return (
        f"{name} would be neither pruned nor counted, for {type(module).__name__} is no layer "
        "that is known; use PyTorch's linear, convolution, attention or recurrent layers, or give "
        'the parameter a name without "weight" if it is not to be pruned'
    )


def _overlapping(network: nn.Module) -> Iterator[tuple[str, str]]:
    """Pairs of names of different parameters that share memory."""
    spans: dict[int, list[tuple[int, int, str]]] = {}
    for name, value in network.named_parameters():
        if not value.numel() or value.layout is not torch.strided:
            continue
        extent = sum((n - 1) * step for n, step in zip(value.shape, value.stride(), strict=True))
        first = value.data_ptr()
        last = first + extent * value.element_size()
        for begin, end, other in spans.setdefault(value.untyped_storage().data_ptr(), []):
            if first <= end and begin <= last:
                yield other, name
        spans[value.untyped_storage().data_ptr()].append((first, last, name))
