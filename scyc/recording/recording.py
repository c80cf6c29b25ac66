"""Weight gradients and post-ReLU outputs of a trained network (Liu et al. 2021, Section 3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional

from scyc.pruning import weights as pruning_weights
from scyc.pruning.gradients import Loss
from scyc.pruning.pruned_network import Network
from scyc.recording.distributions import CHUNK, Distribution
from scyc.recording.stored import DistributionJson
from scyc.specs.system import RecordedDistribution


def record(
    network: nn.Module,
    state: Network,
    batches: Iterable[tuple[Tensor, Tensor]],
    what: Sequence[RecordedDistribution],
    outside: tuple[float, float] | None,
    seed: int,
    loss: Loss = functional.cross_entropy,
) -> dict[RecordedDistribution, DistributionJson]:
    """Record distributions of a trained network.

    weight_gradients: dL/dw of the mean cross-entropy of each batch alone, not of their average, in
    training mode: what the learning rate is multiplied by in one step of SGD, "the weight updating
    size" whose shrinking asks for a larger rate (Liu et al. 2021, Eq. 1 and Section 3.1). Of all
    convolution and linear weights that remain; those that no mask covers count whole.

    activations: outputs of every nn.ReLU, each time it is called (Section 3.2), in training mode.

    Args:
        network: On the device of the batches. It has the weights and buffers of `state` afterwards,
            no gradients, and the mode that it had before.
        state: The trained network.
        batches: Images [batch, ...] and labels int64 [batch].
        what: Which distributions are recorded.
        outside: See :class:`Distribution`.
        seed: Of what the network draws at random, such as dropout.
        loss: Of the logits and the labels, a mean over the batch.

    Returns:
        By what is recorded, :meth:`Distribution.to_json`.

    Raises:
        ValueError: Activations are requested of a network that has no nn.ReLU.
    """
    distributions = {name: Distribution(outside) for name in what}
    gradients = distributions.get("weight_gradients")
    activations = distributions.get("activations")
    relus = [module for module in network.modules() if isinstance(module, nn.ReLU)]
    if activations is not None and not relus:
        raise ValueError(
            f"activations: {type(network).__name__} has no nn.ReLU module to record; "
            "call ReLU as a module, or record weight_gradients alone"
        )

    seen = relus if activations is not None else []
    with _restored(network, state), _recorded_outputs(seen, activations):
        network.train()
        with torch.set_grad_enabled(gradients is not None):
            torch.manual_seed(seed)
            for images, labels in batches:
                network.zero_grad(set_to_none=True)
                value = loss(network(images), labels)
                if gradients is not None:
                    value.backward()
                    _add_gradients(gradients, network, state.masks)
    return {name: distribution.to_json() for name, distribution in distributions.items()}


@contextmanager
def _restored(network: nn.Module, state: Network) -> Iterator[None]:
    """Load a state, and afterwards again; restore the mode and PyTorch's generators."""
    network.load_state_dict(state.state)
    mode = network.training
    devices = range(torch.cuda.device_count()) if next(network.parameters()).is_cuda else ()
    try:
        with torch.random.fork_rng(devices):
            yield
    finally:
        network.zero_grad(set_to_none=True)
        network.load_state_dict(state.state)
        network.train(mode)


@contextmanager
def _recorded_outputs(
    modules: Sequence[nn.Module], distribution: Distribution | None
) -> Iterator[None]:
    """Add the outputs of some modules to a distribution."""

    def add_output(_module: nn.Module, _inputs: object, output: Tensor) -> None:
        assert distribution is not None
        distribution.add(output)

    hooks = [module.register_forward_hook(add_output) for module in modules]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _add_gradients(
    distribution: Distribution, network: nn.Module, masks: Mapping[str, Tensor]
) -> None:
    """Add the gradients of the weights that remain; 0 where the loss does not depend on one."""
    weights = dict(network.named_parameters(remove_duplicate=False))
    for name in pruning_weights.weight_names(network):
        gradient = weights[name].grad
        gradient = torch.zeros_like(weights[name]) if gradient is None else gradient
        if name not in masks:
            distribution.add(gradient)
            continue
        pieces = gradient.detach().reshape(-1).split(CHUNK)
        for piece, mask in zip(pieces, masks[name].reshape(-1).split(CHUNK), strict=True):
            distribution.add(piece[mask.to(piece.device)])
