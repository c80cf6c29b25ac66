"""What a network brings along that only the solo engine carries out as it was written.

The other engines call copies of a network with stacked weights, or replace its layers by batched
operations. Hooks, a ``train()`` of the network's own and replaced methods would be skipped there
without an error, so these engines refuse such networks.
"""

from __future__ import annotations

from torch import nn

_METHODS = ("train", "eval", "__call__")  # that a class may not override
_REPLACED = (*_METHODS, "forward")  # nor an object replace
_MODULE_HOOKS = {
    "_forward_hooks": "a forward hook",
    "_forward_pre_hooks": "a forward pre-hook",
    "_backward_hooks": "a backward hook",
    "_backward_pre_hooks": "a backward pre-hook",
}
_PARAMETER_HOOKS = ("_backward_hooks", "_post_accumulate_grad_hooks")


def custom_code(network: nn.Module) -> str | None:
    """Return why only the solo engine trains this network as it is written.

    Args:
        network: Any module; it is left as it is.

    Returns:
        The module or parameter and what it has, or None where there is nothing of the kind.
    """
    for name, module in network.named_modules():
        module_name = name or type(network).__name__
        for method in _METHODS:
            if getattr(type(module), method) is not getattr(nn.Module, method):
                return f"{module_name}: {type(module).__name__} has its own {method}()"
        for method in _REPLACED:
            if method in vars(module):
                return f"{module_name}: its {method}() was replaced"
        for attribute, kind in _MODULE_HOOKS.items():
            if getattr(module, attribute):
                return f"{module_name}: has {kind}"
    for name, parameter in network.named_parameters():
        if any(getattr(parameter, attribute, None) for attribute in _PARAMETER_HOOKS):
            return f"{name}: the parameter has a hook"
    return None
