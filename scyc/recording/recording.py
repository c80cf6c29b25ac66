"""Weight gradients and post-ReLU outputs of a trained network (Liu et al. 2021, Section 3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from scyc.pruning import weights as pruning_weights
from scyc.pruning.pruned_network import Network
from scyc.recording.distributions import CHUNK, Distribution
from scyc.specs.system import Recorded


def record(
    network: nn.Module,
    state: Network,
    batches: Iterable[tuple[Tensor, Tensor]],
    what: Sequence[Recorded],
    outside: tuple[float, float] | None,
    seed: int,
) -> dict[str, dict[str, Any]]:
    """The distributions of a trained network, by what is recorded (:meth:`Distribution.to_json`).

    network: any, on the device of the batches; loaded with `state`, whose weights and buffers it
    has afterwards too, without gradients and in the mode that it came in. batches: images
    [batch, ...] and labels int64 [batch]. outside: see :class:`Distribution`. seed: of what the
    network itself draws, such as dropout.

    weight_gradients: dL/dw of the mean cross-entropy of each batch alone, not of their average, in
    training mode: what the learning rate is multiplied by in one step of SGD, "the weight updating
    size" whose shrinking asks for a larger rate (Liu et al. 2021, Eq. 1 and Section 3.1). Of all
    convolution and linear weights that remain; those that no mask covers count whole.

    activations: outputs of every nn.ReLU, each time it is called (Section 3.2), in training mode.
    Raises ValueError where they are wanted of a network that has none.
    """
    found = {each: Distribution(outside) for each in what}
    gradients, activations = found.get("weight_gradients"), found.get("activations")
    relus = [module for module in network.modules() if isinstance(module, nn.ReLU)]
    if activations is not None and not relus:
        raise ValueError(
            f"activations: {type(network).__name__} has no nn.ReLU module to look at; "
            "call ReLU as a module, or record weight_gradients alone"
        )

    def look(_module: nn.Module, _inputs: object, output: Tensor) -> None:
        assert activations is not None
        activations.add(output)

    hooks = [relu.register_forward_hook(look) for relu in relus] if activations is not None else []
    network.load_state_dict(state.state)
    mode = network.training
    network.train()
    devices = range(torch.cuda.device_count()) if next(network.parameters()).is_cuda else ()
    try:
        with torch.random.fork_rng(devices), torch.set_grad_enabled(gradients is not None):
            torch.manual_seed(seed)
            for images, labels in batches:
                network.zero_grad(set_to_none=True)
                loss = functional.cross_entropy(network(images), labels)
                if gradients is not None:
                    loss.backward()
                    _add_gradients(gradients, network, state.masks)
    finally:
        for hook in hooks:
            hook.remove()
        network.zero_grad(set_to_none=True)
        network.load_state_dict(state.state)
        network.train(mode)
    return {name: distribution.to_json() for name, distribution in found.items()}


def _add_gradients(
    distribution: Distribution, network: nn.Module, masks: Mapping[str, Tensor]
) -> None:
    """Add the gradients of the weights that remain; a weight the loss does not reach adds zeros."""
    weights = dict(network.named_parameters())
    for name in pruning_weights.weight_names(network):
        gradient = weights[name].grad
        gradient = torch.zeros_like(weights[name]) if gradient is None else gradient
        if name not in masks:
            distribution.add(gradient)
            continue
        pieces = gradient.detach().reshape(-1).split(CHUNK)
        for piece, mask in zip(pieces, masks[name].reshape(-1).split(CHUNK), strict=True):
            distribution.add(piece[mask.to(piece.device)])
