"""The weights of a network: which are counted, which may be pruned, and how many remain.

Weights are found by identity: one parameter under two names is one weight, known by the first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

Tensors = Mapping[str, Tensor]

_LAYERS = (
    nn.Linear,
    nn.Bilinear,
    nn.Conv1d,
    nn.Conv2d,
    nn.Conv3d,
    nn.ConvTranspose1d,
    nn.ConvTranspose2d,
    nn.ConvTranspose3d,
)
_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
_ATTENTION = ("in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight")


def weight_attributes(module: nn.Module) -> tuple[str, ...]:
    """Return the attributes of a module that hold its weights; biases and norms hold none.

    Args:
        module: any; linear, convolution, transposed convolution, attention and recurrent layers
            have weights.

    Returns:
        Names of attributes of the module; () where it has no weights.
    """
    if isinstance(module, _LAYERS):
        return ("weight",)
    if isinstance(module, nn.MultiheadAttention):  # its `out_proj` is a linear layer of its own
        return tuple(name for name in _ATTENTION if getattr(module, name) is not None)
    if isinstance(module, nn.RNNBase):
        return tuple(name for name in module._flat_weights_names if name.startswith("weight_"))
    if isinstance(module, nn.RNNCellBase):
        return ("weight_ih", "weight_hh")
    return ()


def weight_names(network: nn.Module) -> tuple[str, ...]:
    """Return the names of all weights, in the network's own order, each parameter once.

    Args:
        network: The network as PyTorch has it.

    Returns:
        Names as in :meth:`~torch.nn.Module.named_parameters`; a shared parameter has its first
        name.
    """
    names: dict[int, str] = {}
    for path, module in network.named_modules():
        for attribute in weight_attributes(module):
            parameter = module._parameters.get(attribute)
            if parameter is not None:
                names.setdefault(id(parameter), _joined(path, attribute))
    return tuple(names.values())


def computed_names(network: nn.Module) -> tuple[str, ...]:
    """Return the names of weights that are no parameters, but computed from others.

    So they are under ``weight_norm``, ``spectral_norm``, ``orthogonal`` and PyTorch's own pruning:
    what is pruned there would be computed anew.

    Args:
        network: The network as PyTorch has it.

    Returns:
        Names in the order of the modules; () where every weight is a parameter.
    """
    return tuple(
        _joined(path, attribute)
        for path, module in network.named_modules()
        for attribute in weight_attributes(module)
        if module._parameters.get(attribute) is None
    )


def prunable_names(
    network: nn.Module, prune_last: bool = False, last: str | None = None
) -> tuple[str, ...]:
    """Return the names of the weights that may be pruned.

    All but those that are frozen (``requires_grad`` is False), which training cannot make up for,
    and that of the last linear layer: the paper's printed percentages show that ResNet-20's is
    counted in the weights remaining but never pruned.

    Args:
        network: any.
        prune_last: whether the last linear layer is pruned too.
        last: name of its weight (see :func:`last_linear`); the one that is registered last if left
            out.

    Returns:
        Names in the order of :func:`weight_names`; () where nothing can be pruned.
    """
    parameters = dict(network.named_parameters(remove_duplicate=False))
    linear = [
        _joined(path, "weight")
        for path, module in network.named_modules()
        if isinstance(module, nn.Linear) and "weight" in module._parameters
    ]
    last = last or (linear[-1] if linear else None)
    spared = parameters[last] if last is not None and not prune_last else None
    return tuple(
        name
        for name in weight_names(network)
        if parameters[name].requires_grad and parameters[name] is not spared
    )


def last_linear(network: nn.Module, shape: Sequence[int]) -> str | None:
    """Return the name of the weight of the linear layer that is called last; None without one.

    Args:
        network: any, on one device; called in evaluation mode and left as it was.
        shape: of one image.

    Returns:
        Name as in :meth:`~torch.nn.Module.named_parameters`.

    Raises:
        Exception: whatever the network raises when it is called.
    """
    called: list[str] = []
    hooks = [
        module.register_forward_hook(lambda *_, path=path: called.append(path))
        for path, module in network.named_modules()
        if isinstance(module, nn.Linear)
    ]
    first = next(network.parameters())
    modes = {module: module.training for module in network.modules()}
    try:
        with torch.no_grad(), torch.random.fork_rng():
            network.eval()(torch.zeros(2, *shape, dtype=first.dtype, device=first.device))
    finally:
        for hook in hooks:
            hook.remove()
        for module, mode in modes.items():
            module.training = mode
    return _joined(called[-1], "weight") if called else None


def norm_names(network: nn.Module) -> tuple[str, ...]:
    """Return the names of the batch-norm scales that are trained, each parameter once.

    They are no weights of :func:`weight_names`. A study may prune them with the weights, and counts
    them then.

    Args:
        network: The network as PyTorch has it.

    Returns:
        Names in the network's order; () without trained batch norm.
    """
    names: dict[int, str] = {}
    for path, module in network.named_modules():
        if not isinstance(module, _NORMS):
            continue
        scale = module._parameters.get("weight")
        if scale is not None and scale.requires_grad:
            names.setdefault(id(scale), _joined(path, "weight"))
    return tuple(names.values())


def aliases(network: nn.Module) -> dict[str, str]:
    """Return the first name of every parameter that has several, by each of the others.

    Args:
        network: The network as PyTorch has it.

    Returns:
        First names by the other ones; {} where no parameter is shared.
    """
    first: dict[int, str] = {}
    shared = {}
    for name, parameter in network.named_parameters(remove_duplicate=False):
        own = first.setdefault(id(parameter), name)
        if own != name:
            shared[name] = own
    return shared


def unpruned(state: Tensors, names: Sequence[str]) -> dict[str, Tensor]:
    """Return masks that keep everything: bool tensors of the shapes of the named weights.

    Args:
        state: Tensors of the network, by name.
        names: Of the weights.

    Returns:
        Masks by name, True everywhere, on the devices of the weights.
    """
    return {name: torch.ones_like(state[name], dtype=torch.bool) for name in names}


def weights_remaining(masks: Tensors, state: Tensors, names: Sequence[str]) -> float:
    """Return lambda, the percent of weights remaining.

    Args:
        masks: bool, True where a weight remains. Those of other parameters, which go with their
            filters, are not counted.
        state: the network's ``state_dict``.
        names: all weights (:func:`weight_names`); those without a mask, such as the last layer's
            and frozen ones, remain whole and are counted.

    Returns:
        Percent, in (0, 100].
    """
    total = sum(state[name].numel() for name in names)
    left = sum(int(masks[name].sum()) if name in masks else state[name].numel() for name in names)
    return 100.0 * left / total


def _joined(path: str, attribute: str) -> str:
    return f"{path}.{attribute}" if path else attribute
