"""Which weight decay each parameter has, where that of norms and biases differs.

The rules are those of torchvision's reference scripts, ``--norm-weight-decay`` and
``--bias-weight-decay``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch import nn
from torch.nn.modules.batchnorm import _NormBase

from scyc.specs.system import TrainingSpec

_NORMS = (_NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm)  # _NormBase: batch and instance norm


def weight_decays(network: nn.Module, training: TrainingSpec) -> dict[str, float] | None:
    """Return the weight decay of each parameter by name; None where all have the optimizer's.

    A parameter named ``bias`` has ``bias_weight_decay``, also that of a norm; another parameter of
    a norm has ``norm_weight_decay``, as has its bias where ``bias_weight_decay`` is left out.

    Args:
        network: Whose parameters are to be trained.
        training: With the optimizer's weight decay, and those that differ from it.

    Returns:
        Weight decay by name of the parameter.
    """
    of_norms, of_biases = training.norm_weight_decay, training.bias_weight_decay
    if of_norms is None and of_biases is None:
        return None
    decays: dict[str, float] = {}
    for name, parameter_of, owner in _owners(network):
        decay = training.optimizer_weight_decay
        if parameter_of == "bias" and of_biases is not None:
            decay = of_biases
        elif isinstance(owner, _NORMS) and of_norms is not None:
            decay = of_norms
        decays[name] = decay
    return decays


def parameter_groups(network: nn.Module, training: TrainingSpec) -> Iterable[Any]:
    """Return what PyTorch's optimizers take: the parameters, or a group for each weight decay.

    Args:
        network: The network as PyTorch has it.
        training: Iterations, batch size, optimizer and precision.

    Returns:
        Parameters; or mappings of `params` and `weight_decay`, the smallest decay first.
    """
    decays = weight_decays(network, training)
    if decays is None:
        return network.parameters()
    named = dict(network.named_parameters())
    return [
        {"params": [named[name] for name in decays if decays[name] == decay], "weight_decay": decay}
        for decay in sorted(set(decays.values()))
    ]


def has_norms(network: nn.Module) -> bool:
    """Return whether a norm of the network has parameters.

    Args:
        network: The network as PyTorch has it.

    Returns:
        True where `norm_weight_decay` would apply to a parameter.
    """
    return any(isinstance(owner, _NORMS) for _, _, owner in _owners(network))


def has_biases(network: nn.Module) -> bool:
    """Return whether the network has a parameter named ``bias``.

    Args:
        network: The network as PyTorch has it.

    Returns:
        True where `bias_weight_decay` would apply to a parameter.
    """
    return any(own == "bias" for _, own, _ in _owners(network))


def _owners(network: nn.Module) -> list[tuple[str, str, nn.Module]]:
    """Return each parameter's name, its name in its module, and that module."""
    owners = []
    for name, _ in network.named_parameters():
        path, _, own = name.rpartition(".")
        owners.append((name, own, network.get_submodule(path)))
    return owners
