"""Code of a network's own that only the solo engine carries out is not lost in silence."""

from collections.abc import Callable
from types import MethodType
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from scyc.data.images import Images
from scyc.engines import graphed, grouped, solo, stacked, vmap
from scyc.engines.registry import ENGINES, candidates
from scyc.networks.fully_connected import FullyConnected
from scyc.pruning.pruned_network import Network
from scyc.specs.system import SystemSpec
from scyc.trainer import Trainer
from scyc.training.job import Job

CPU, GPU = torch.device("cpu"), torch.device("cuda")
Systems = Callable[..., SystemSpec]


class Normalised(nn.Module):
    """A convolution with batch norm, on 3 x 8 x 8 images."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 3, padding=1)
        self.norm = nn.BatchNorm2d(6)
        self.relu = nn.ReLU()
        self.drop = nn.Dropout(0.0)
        self.output = nn.Linear(6 * 64, 3)

    def forward(self, images: Tensor) -> Tensor:
        return self.output(self.drop(self.relu(self.norm(self.conv(images)))).flatten(1))


class FrozenNorm(Normalised):
    """Keeps its batch norm in evaluation mode, as in fine-tuning."""

    def train(self, mode: bool = True) -> nn.Module:
        super().train(mode)
        self.norm.eval()
        return self


def with_parameter_hook(network: Normalised) -> None:
    network.conv.weight.register_hook(lambda gradient: 0.1 * gradient)


def with_post_accumulate_hook(network: Normalised) -> None:
    def halve(weight: Tensor) -> None:
        assert weight.grad is not None
        weight.grad.mul_(0.5)

    network.conv.weight.register_post_accumulate_grad_hook(halve)


def with_forward_hook(network: Normalised) -> None:
    network.drop.register_forward_hook(lambda module, inputs, output: 2 * output)


def with_pre_hook(network: Normalised) -> None:
    network.register_forward_pre_hook(lambda module, inputs: (inputs[0] + 1,))


def with_backward_hook(network: Normalised) -> None:
    network.norm.register_full_backward_hook(lambda module, given, taken: (2 * given[0],))


def with_backward_pre_hook(network: Normalised) -> None:
    network.norm.register_full_backward_pre_hook(lambda module, taken: (2 * taken[0],))


def with_replaced_train(network: Normalised) -> None:
    def train(self: Normalised, mode: bool = True) -> nn.Module:
        nn.Module.train(self, mode)
        self.norm.eval()
        return self

    network.train = MethodType(train, network)  # type: ignore[method-assign]


def with_replaced_forward(network: Normalised) -> None:
    network.relu.forward = torch.tanh  # type: ignore[method-assign]


CHANGES: dict[str, tuple[Callable[[Normalised], None], str]] = {
    "a parameter hook": (with_parameter_hook, r"conv\.weight: the parameter has a hook"),
    "a post-accumulate hook": (with_post_accumulate_hook, r"conv\.weight: the parameter has"),
    "a forward hook": (with_forward_hook, "drop: has a forward hook"),
    "a pre-hook": (with_pre_hook, "Normalised: has a forward pre-hook"),
    "a backward hook": (with_backward_hook, "norm: has a backward hook"),
    "a backward pre-hook": (with_backward_pre_hook, "norm: has a backward pre-hook"),
    "a replaced train()": (with_replaced_train, r"Normalised: its train\(\) was replaced"),
    "a replaced forward()": (with_replaced_forward, r"relu: its forward\(\) was replaced"),
}


def jobs_of(one: Trainer, network: nn.Module) -> list[Job]:
    feed, order = one._feed(0, 0)
    start = Network({name: value.clone() for name, value in network.state_dict().items()}, {})
    return [Job(start, [0.05] * len(order), feed, order, seed=0)] * 2


@pytest.mark.parametrize("engine", [vmap, grouped, graphed], ids=lambda module: module.__name__)
@pytest.mark.parametrize("name", CHANGES)
def test_only_solo_trains_networks_with_hooks_or_replaced_methods(
    system: Systems, colours: Images, engine: Any, name: str
) -> None:
    change, rule = CHANGES[name]
    one, network = Trainer(system(), colours), Normalised()
    training = one.system.training
    assert engine.why_unsupported(network, GPU, training) is None
    change(network)
    assert engine.why_unsupported(network, GPU, training) is not None
    with pytest.raises(ValueError, match=f"Normalised: {rule}.*; use the solo engine"):
        engine.train(network, jobs_of(one, network), training)
    assert candidates(training, network, GPU) == ("solo",)


def test_solo_trains_with_the_networks_own_train(system: Systems, colours: Images) -> None:
    """Batch norm that stays in evaluation mode keeps its statistics; the others refuse it."""
    one, network = Trainer(system(precision="fp64"), colours), FrozenNorm().double()
    training = one.system.training
    (trained, _) = solo.train(network, jobs_of(one, network), training)
    assert torch.equal(trained.network.state["norm.running_mean"], torch.zeros(6).double())
    assert int(trained.network.state["norm.num_batches_tracked"]) == 0
    plain = Normalised().double()
    (trained, _) = grouped.train(plain, jobs_of(one, plain), training)
    assert int(trained.network.state["norm.num_batches_tracked"]) == training.steps
    for name in ("vmap", "grouped", "graphed"):
        rule = ENGINES[name].why_unsupported(network, GPU, training)
        assert rule == "FrozenNorm: FrozenNorm has its own train()"
    assert candidates(training, network, GPU) == ("solo",)


class HookedActivation(nn.Module):
    """Halves the gradient of its hidden values; vmap drops such a hook without a word."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(192, 8)
        self.output = nn.Linear(8, 3)

    def forward(self, images: Tensor) -> Tensor:
        hidden = self.hidden(images.flatten(1))
        if hidden.requires_grad:
            hidden.register_hook(lambda gradient: 0.5 * gradient)
        return self.output(torch.relu(hidden))


def test_vmap_refuses_a_network_for_which_it_computes_another_gradient(
    system: Systems, colours: Images
) -> None:
    one, network = Trainer(system(), colours), HookedActivation()
    jobs = jobs_of(one, network)
    with pytest.raises(ValueError, match=r"hidden.weight has another gradient than by itself"):
        vmap.train(network, jobs, one.system.training)
    alone = solo.train(network, jobs, one.system.training)
    graphs = graphed.train(network, jobs, one.system.training)
    for a, b in zip(alone, graphs, strict=True):
        for name, value in a.network.state.items():
            assert torch.allclose(value, b.network.state[name], atol=1e-5)


def freeze(network: FullyConnected) -> None:
    network.layers[0].weight.requires_grad_(False)


def tie(network: FullyConnected) -> None:
    network.layers[1].weight = network.layers[0].weight


def another_activation(network: FullyConnected) -> None:
    network.relus[0] = nn.Tanh()


def another_norm(network: FullyConnected) -> None:
    network.norms[0] = nn.LayerNorm(12)


def without_bias(network: FullyConnected) -> None:
    network.layers[0] = nn.Linear(12, 12, bias=False)


def another_layer(network: FullyConnected) -> None:
    network.extra = nn.Linear(2, 2)


def parametrised(network: FullyConnected) -> None:
    nn.utils.parametrizations.weight_norm(network.layers[0])


def hooked(network: FullyConnected) -> None:
    network.layers[0].weight.register_hook(lambda gradient: 0 * gradient)


CHANGED = [
    freeze,
    tie,
    another_activation,
    another_norm,
    without_bias,
    another_layer,
    parametrised,
    hooked,
]


@pytest.mark.parametrize("change", CHANGED, ids=lambda change: change.__name__)
def test_a_fully_connected_network_that_was_changed_is_not_stacked(
    system: Systems, colours: Images, change: Callable[[FullyConnected], None]
) -> None:
    """A factory may build one and freeze a layer: on a CPU `auto` must not train it all."""
    one, network = Trainer(system(), colours), FullyConnected(12, 3, (12, 12))
    training = one.system.training
    assert candidates(training, network, CPU) == ("stacked",)
    change(network)
    assert candidates(training, network, CPU) == ("solo",)
    with pytest.raises(ValueError, match=r"FullyConnected: .*; use the solo engine"):
        stacked.train(network, jobs_of(one, network), training)
