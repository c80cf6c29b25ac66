import copy
from collections.abc import Callable, Mapping

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from scyc import torchvision_compat
from scyc.networks.resnet20 import ResNet20
from scyc.pruning import filter_groups, structured
from scyc.pruning import weights as pruning_weights
from scyc.pruning.filter_groups import Coupling


class Tiny(nn.Module):
    """conv - bn - relu - pool - conv - relu - flatten - linear - relu - linear, by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.second = nn.Conv2d(4, 6, 3)
        self.hidden = nn.Linear(6 * 2 * 2, 5)
        self.output = nn.Linear(5, 3)

    def forward(self, images: Tensor) -> Tensor:
        values = functional.max_pool2d(functional.relu(self.norm(self.first(images))), 2)
        values = self.second(values).relu()
        values = values.view(values.size(0), -1)
        return self.output(functional.dropout(torch.tanh(self.hidden(values)), 0.1, self.training))


def zeroed(state: Mapping[str, Tensor], masks: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {
        name: value.masked_fill(~masks[name], 0) if name in masks else value.clone()
        for name, value in state.items()
    }


def pruned(
    network: nn.Module, couplings: tuple[Coupling, ...], cycles: int, rate: float = 0.3
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """State and masks after some cycles of pruning without training."""
    state = {name: value.clone() for name, value in network.state_dict().items()}
    masks = pruning_weights.unpruned(state, pruning_weights.prunable_names(network))
    for _ in range(cycles):
        masks = structured.prune(couplings, state, masks, rate)
        state = zeroed(state, masks)
    return state, masks


@pytest.mark.costly
def test_the_coupled_weights_of_each_layer_of_a_tiny_network() -> None:
    assert filter_groups.couplings(Tiny(), (3, 8, 8)) == (
        Coupling(
            "first",
            ("first.bias", "norm.weight", "norm.bias"),
            ("norm.running_mean", "norm.running_var"),
            (("second.weight", 1),),
        ),
        Coupling("second", ("second.bias",), (), (("hidden.weight", 4),)),
        Coupling("hidden", ("hidden.bias",), (), (("output.weight", 1),)),
    )


@pytest.mark.costly
def test_every_prunable_layer_of_torchvisions_networks_is_found() -> None:
    models = torchvision_compat.torchvision().models
    with torch.device("meta"):
        alexnet, vgg16 = models.alexnet(), models.vgg16_bn()
        vgg19, resnet50 = models.vgg19_bn(), models.resnet50()
    assert len(filter_groups.couplings(alexnet, (3, 224, 224))) == 5 + 2
    couplings = filter_groups.couplings(vgg16, (3, 32, 32))
    assert len(couplings) == 13 + 2
    assert couplings[12].consumers == (("classifier.0.weight", 49),)
    assert len(filter_groups.couplings(vgg19, (3, 32, 32))) == 16 + 2
    blocks = [f"layer{stage + 1}.{i}" for stage, n in enumerate((3, 4, 6, 3)) for i in range(n)]
    inner = [f"{block}.conv{i}" for block in blocks for i in (1, 2)]
    assert [c.layer for c in filter_groups.couplings(resnet50, (3, 64, 64))] == ["conv1", *inner]


def test_of_a_residual_block_only_the_inner_convolution_is_prunable() -> None:
    layers = [coupling.layer for coupling in filter_groups.couplings(ResNet20(3, 10, 2), (3, 8, 8))]
    assert layers == [f"blocks.{index}.conv1" for index in range(9)]


class Between(nn.Module):
    """Two convolutions and something between them."""

    def __init__(self, between: Callable[[nn.Module, Tensor], Tensor], **layers: nn.Module) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, padding=1)
        self.second = nn.Conv2d(4, 4, 3, padding=1)
        for name, layer in layers.items():
            self.add_module(name, layer)
        self.between = between

    def forward(self, images: Tensor) -> Tensor:
        return self.between(self, self.first(images))


REFUSED: dict[str, tuple[Callable[[nn.Module, Tensor], Tensor], dict[str, nn.Module]]] = {
    "added": (lambda net, x: net.second(x) + x, {}),
    "concatenated": (lambda net, x: net.second(torch.cat([x], dim=1)), {}),
    "handed out": (lambda net, x: (net.second(x), x)[1], {}),
    "used by nothing": (lambda net, x: net.second(torch.zeros(2, 4, 8, 8)), {}),
    "sigmoid": (lambda net, x: net.second(torch.sigmoid(x)), {}),
    "softplus": (lambda net, x: net.second(net.act(x)), {"act": nn.Softplus()}),
    "a constant": (lambda net, x: net.second(x + 1), {}),
    "plain batch norm": (
        lambda net, x: net.second(net.norm(x)),
        {"norm": nn.BatchNorm2d(4, affine=False)},
    ),
    "group norm": (lambda net, x: net.second(net.norm(x)), {"norm": nn.GroupNorm(2, 4)}),
    "softmax": (lambda net, x: net.second(x.softmax(dim=1)), {}),
    "mean over channels": (
        lambda net, x: net.second(x.mean(dim=(1, 2), keepdim=True).expand(-1, 4, 8, -1)),
        {},
    ),
    "a depthwise convolution": (
        lambda net, x: net.second(net.depth(x)),
        {"depth": nn.Conv2d(4, 4, 1, groups=4)},
    ),
    "a size in the code": (lambda net, x: net.out(x.view(-1, 256)), {"out": nn.Linear(256, 2)}),
    "a size that follows the channels": (
        lambda net, x: net.second(x) / x.size(1),
        {},
    ),
    "a layer over the image's rows": (lambda net, x: net.out(x), {"out": nn.Linear(8, 2)}),
    "a step of one's own": (
        lambda net, x: net.second(torch.where(x > 0, x, 1.0)),
        {},
    ),
    "a next layer that is called twice": (lambda net, x: net.second(net.second(x)), {}),
    "a weight that is read by itself": (
        lambda net, x: net.second(x) + net.first.weight.sum(),
        {},
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_layer_that_cannot_lose_a_filter_without_more_is_not_prunable(case: str) -> None:
    between, layers = REFUSED[case]
    couplings = filter_groups.couplings(Between(between, **layers), (3, 8, 8))
    assert "first" not in [coupling.layer for coupling in couplings]


def test_grouped_and_shared_convolutions_are_not_prunable() -> None:
    grouped = nn.Sequential(nn.Conv2d(4, 4, 1, groups=2), nn.ReLU(), nn.Conv2d(4, 2, 1))
    assert filter_groups.couplings(grouped, (4, 4, 4)) == ()
    one = nn.Linear(4, 4)
    shared = nn.Sequential(one, nn.ReLU(), one, nn.ReLU(), nn.Linear(4, 2))
    assert filter_groups.couplings(shared, (4,)) == ()
    tied = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2))
    tied[2].weight = tied[0].weight
    assert filter_groups.couplings(tied, (4,)) == ()


def test_a_pool_over_channels_or_neurons_ties_them_together() -> None:
    channels = nn.Sequential(nn.Conv1d(3, 4, 1), nn.MaxPool2d((2, 1)), nn.Conv1d(2, 2, 1))
    assert filter_groups.couplings(channels, (3, 6)) == ()
    neurons = nn.Sequential(nn.Linear(4, 8), nn.MaxPool1d(2), nn.Linear(4, 2))
    assert filter_groups.couplings(neurons, (4,)) == ()


def test_series_of_one_dimension_lose_filters_as_images_do() -> None:
    network = nn.Sequential(
        *(nn.Conv1d(2, 6, 3), nn.BatchNorm1d(6), nn.LeakyReLU(), nn.AvgPool1d(2)),
        *(nn.Conv1d(6, 4, 2), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 3, 5)),
    ).eval()
    couplings = filter_groups.couplings(network, (2, 10))
    assert [coupling.consumers for coupling in couplings] == [
        (("4.weight", 1),),
        (("7.weight", 3),),
    ]
    state, masks = pruned(network, couplings, cycles=1)
    small = structured.shrink(network, couplings, state, masks)
    network.load_state_dict(state)
    series = torch.randn(3, 2, 10)
    assert (small[0].out_channels, small[4].out_channels, small[7].in_features) == (4, 3, 9)
    assert torch.allclose(small(series), network(series), atol=1e-6)


def test_neurons_over_tokens_are_pruned_like_those_of_a_perceptron() -> None:
    network = nn.Sequential(nn.Linear(6, 8), nn.GELU(), nn.Dropout(), nn.Linear(8, 6)).eval()
    couplings = filter_groups.couplings(network, (5, 6))
    assert couplings == (Coupling("0", ("0.bias",), (), (("3.weight", 1),)),)
    state, masks = pruned(network, couplings, cycles=1)
    small = structured.shrink(network, couplings, state, masks)
    network.load_state_dict(state)
    tokens = torch.randn(2, 5, 6)
    assert small[0].out_features == 6
    assert torch.allclose(small(tokens), network(tokens), atol=1e-6)


def test_a_network_that_cannot_be_traced_is_refused_with_the_remedy() -> None:
    class Choosy(Tiny):
        def forward(self, images: Tensor) -> Tensor:
            return super().forward(images if images.sum() > 0 else -images)

    with pytest.raises(ValueError, match=r"cannot trace Choosy.*take out.*single weights"):
        filter_groups.couplings(Choosy(), (3, 8, 8))


def test_tracing_leaves_the_network_alone() -> None:
    network = Tiny()
    before = copy.deepcopy(network.state_dict())
    filter_groups.couplings(network.train(), (3, 8, 8))
    assert network.training
    assert network.norm.training
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
