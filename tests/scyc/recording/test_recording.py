import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from scyc import torchvision_compat
from scyc.pruning.pruned_network import Network
from scyc.recording import distributions, recording
from scyc.recording.distributions import Distribution
from scyc.recording.recording import record

MOMENTS = ("mean", "std")


class Tiny(nn.Module):
    """Two linear layers, batch norm, dropout, ReLU, and a weight that nothing reaches."""

    def __init__(self, dropout: float = 0.0) -> None:
        super().__init__()
        self.first = nn.Linear(6, 5)
        self.norm = nn.BatchNorm1d(5)
        self.relu = nn.ReLU(inplace=True)
        self.drop = nn.Dropout(dropout)
        self.middle = nn.Linear(5, 5)
        self.last = nn.Linear(5, 3)
        self.idle = nn.Linear(2, 2)

    def forward(self, images: Tensor) -> Tensor:
        hidden = self.drop(self.relu(self.norm(self.first(images.flatten(1)))))
        return self.last(self.relu(self.middle(hidden)))


def tiny(dropout: float = 0.0) -> tuple[nn.Module, Network, list[tuple[Tensor, Tensor]]]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        network = Tiny(dropout)
        masks = {"first.weight": torch.rand(5, 6) > 0.4, "middle.weight": torch.rand(5, 5) > 0.4}
        state = {name: value.clone() for name, value in network.state_dict().items()}
        for name, mask in masks.items():
            state[name] *= mask
        batches = [(torch.randn(8, 1, 2, 3), torch.randint(3, (8,))) for _ in range(3)]
    return network, Network(state, masks), batches


def by_hand(
    state: Network, batches: list[tuple[Tensor, Tensor]]
) -> tuple[list[Tensor], list[Tensor]]:
    """Gradients of the weights that remain, and post-ReLU outputs, without any module."""
    names = ("first.weight", "middle.weight", "last.weight")
    gradients, outputs = [], []
    for images, labels in batches:
        own = {name: value.clone() for name, value in state.state.items()}
        weights = [own[name].requires_grad_() for name in names]
        hidden = functional.linear(images.flatten(1), own["first.weight"], own["first.bias"])
        mean, var = hidden.mean(0), hidden.var(0, unbiased=False)
        hidden = (hidden - mean) / (var + 1e-5).sqrt()
        first = hidden.clamp(min=0)
        second = functional.linear(first, own["middle.weight"], own["middle.bias"]).clamp(min=0)
        logits = functional.linear(second, own["last.weight"], own["last.bias"])
        loss = -logits.log_softmax(1)[torch.arange(len(labels)), labels].mean()
        for name, slope in zip(names, torch.autograd.grad(loss, weights), strict=True):
            mask = state.masks.get(name, torch.ones_like(slope, dtype=torch.bool))
            gradients.append(slope[mask])
        gradients.append(torch.zeros(4))  # the idle layer's
        outputs += [first.detach().flatten(), second.detach().flatten()]
    return gradients, outputs


def assert_close(recorded: dict[str, Any], values: Tensor) -> None:
    assert recorded["count"] == len(values)
    assert recorded["zeros"] == int((values == 0).sum())
    exact = Distribution()
    exact.add(values)
    expected = exact.to_json()
    for name in ("mean", "std", "min", "max"):
        assert recorded[name] == pytest.approx(expected[name], rel=1e-4, abs=1e-7)
    for name, value in expected["quantiles"].items():
        assert recorded["quantiles"][name] == pytest.approx(value, rel=0.017, abs=1e-7)


def test_gradients_are_those_of_each_batch_and_of_the_weights_that_remain() -> None:
    network, state, batches = tiny()
    recorded = record(
        network, state, batches, ["weight_gradients", "activations"], (-0.01, 0.02), 0
    )
    gradients, outputs = by_hand(state, batches)
    assert_close(recorded["weight_gradients"], torch.cat(gradients))
    assert_close(recorded["activations"], torch.cat(outputs))
    remaining = sum(int(mask.sum()) for mask in state.masks.values()) + 15 + 4
    assert recorded["weight_gradients"]["count"] == 3 * remaining
    assert recorded["activations"]["count"] == 3 * 8 * (5 + 5)  # one module, called twice
    assert recorded["activations"]["min"] == 0.0
    below = sum(int((part < -0.01).sum()) for part in gradients)
    assert recorded["weight_gradients"]["below"] == below > 0


@pytest.mark.parametrize("what", [["weight_gradients"], ["activations"]])
def test_each_of_the_two_is_the_same_with_and_without_the_other(what: list[Any]) -> None:
    network, state, batches = tiny()
    both = record(network, state, batches, ["weight_gradients", "activations"], None, 0)
    assert record(network, state, batches, what, None, 0) == {what[0]: both[what[0]]}


def test_large_layers_are_processed_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    network, state, batches = tiny()
    whole = record(network, state, batches, ["weight_gradients"], None, 0)["weight_gradients"]
    monkeypatch.setattr(distributions, "CHUNK", 7)
    monkeypatch.setattr(recording, "CHUNK", 7)
    pieces = record(network, state, batches, ["weight_gradients"], None, 0)["weight_gradients"]
    assert {k: v for k, v in pieces.items() if k not in MOMENTS} == {
        k: v for k, v in whole.items() if k not in MOMENTS
    }
    for name in MOMENTS:
        assert pieces[name] == pytest.approx(whole[name], rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("training", [True, False])
def test_the_network_keeps_the_recorded_state(training: bool) -> None:
    network, state, batches = tiny()
    network.train(training)
    record(network, state, batches, ["weight_gradients", "activations"], None, 0)
    left = network.state_dict()
    assert all(torch.equal(left[name], value) for name, value in state.state.items())
    assert all(weight.grad is None for weight in network.parameters())
    assert network.training is training
    assert not network.relu._forward_hooks


def test_a_failing_batch_changes_no_state_and_leaves_no_hooks() -> None:
    network, state, batches = tiny()
    wrong = (torch.zeros(8, 1, 2, 9), batches[0][1])
    with pytest.raises(RuntimeError, match="shapes"):
        record(network, state, [batches[0], wrong], ["activations"], None, 0)
    left = network.state_dict()
    assert all(torch.equal(left[name], value) for name, value in state.state.items())
    assert not network.relu._forward_hooks


def test_dropout_follows_the_seed_and_leaves_the_global_state_alone() -> None:
    network, state, batches = tiny(dropout=0.5)
    torch.manual_seed(11)
    before = torch.get_rng_state()
    first = record(network, state, batches, ["weight_gradients"], None, 1)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(12)
    assert record(network, state, batches, ["weight_gradients"], None, 1) == first
    assert record(network, state, batches, ["weight_gradients"], None, 2) != first


def test_activations_of_a_network_without_relu_modules_are_refused() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(6, 3))
    state = Network(network.state_dict(), {})
    batches = tiny()[2]
    with pytest.raises(ValueError, match=r"Sequential has no nn.ReLU module.*as a module"):
        record(network, state, batches, ["activations"], None, 0)
    recorded = record(network, state, batches, ["weight_gradients"], None, 0)
    assert recorded["weight_gradients"]["count"] == 3 * 18


def test_gradients_that_are_not_finite_are_counted_separately() -> None:
    network, state, batches = tiny()
    whole = record(network, state, batches, ["weight_gradients"], None, 0)["weight_gradients"]
    state.state["last.bias"][0] = math.nan
    recorded = record(network, state, batches, ["weight_gradients"], None, 0)["weight_gradients"]
    assert whole["not_finite"] == 0 < recorded["not_finite"]
    assert recorded["count"] + recorded["not_finite"] == whole["count"]
    assert 3 * 4 <= recorded["zeros"] <= recorded["count"]  # the idle layer's, and dead neurons'


def test_torchvisions_relu_is_recorded_at_every_call() -> None:
    made = torchvision_compat.torchvision().models.resnet18(num_classes=3)
    state = Network({name: value.clone() for name, value in made.state_dict().items()}, {})
    batches = [(torch.randn(2, 3, 32, 32), torch.tensor([0, 1]))]
    recorded = record(made, state, batches, ["activations"], None, 0)["activations"]
    stem = 64 * 16 * 16
    blocks = 4 * 64 * 8 * 8 + 4 * 128 * 4 * 4 + 4 * 256 * 2 * 2 + 4 * 512
    assert recorded["count"] == 2 * (stem + blocks)
