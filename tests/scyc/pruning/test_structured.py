import copy
from collections.abc import Callable, Mapping

import pytest
import torch
from costly import costly
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import prune as torch_prune

from scyc import torchvision_compat
from scyc.networks.fully_connected import FullyConnected
from scyc.networks.registry import parameter_count
from scyc.networks.resnet20 import ResNet20
from scyc.networks.torchvision import SmallAlexNet, SmallVgg
from scyc.pruning import filter_groups, structured
from scyc.pruning import weights as pruning_weights
from scyc.pruning.filter_groups import Coupling
from studies.own_network import small_cnn

Shape = tuple[int, int, int]


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


def torchvision_vgg() -> nn.Module:
    """torchvision's VGG with its three linear layers behind 7 x 7 pixels, and few channels."""
    vgg = torchvision_compat.torchvision().models.vgg
    with torch.device("meta"):
        network = vgg.vgg11()
    network.features = vgg.make_layers([4, "M", 6, "M", 8, 8, "M"], batch_norm=True)
    network.classifier = nn.Sequential(
        *(nn.Linear(8 * 49, 16), nn.ReLU(True), nn.Dropout()),
        *(nn.Linear(16, 12), nn.ReLU(True), nn.Dropout(), nn.Linear(12, 5)),
    )
    return network


def torchvision_alexnet() -> nn.Module:
    """torchvision's AlexNet, with fewer neurons behind its convolutions."""
    with torch.device("meta"):
        whole = torchvision_compat.torchvision().models.alexnet()
    network = whole.to_empty(device="cpu")
    network.classifier = nn.Sequential(
        *(nn.Dropout(), nn.Linear(256 * 36, 24), nn.ReLU(True)),
        *(nn.Dropout(), nn.Linear(24, 16), nn.ReLU(True), nn.Linear(16, 5)),
    )
    for layer in network.features:
        if isinstance(layer, nn.Conv2d):
            layer.reset_parameters()
    return network


def torchvision_resnet50() -> nn.Module:
    """torchvision's bottleneck ResNet with one block a stage, its inner convolutions narrow."""
    resnet = torchvision_compat.torchvision().models.resnet
    return resnet.ResNet(resnet.Bottleneck, [1, 2, 1, 1], num_classes=5, width_per_group=8)


FAMILIES: dict[str, tuple[Callable[[], nn.Module], Shape, int]] = {
    "by hand": (Tiny, (3, 8, 8), 3),
    "fully connected": (lambda: FullyConnected(48, 5, (20, 15)), (3, 4, 4), 2),
    "fully connected, batch norm": (
        lambda: FullyConnected(48, 5, (20, 15), batch_norm=True),
        (3, 4, 4),
        2,
    ),
    "resnet20": (lambda: ResNet20(3, 5, width=4), (3, 8, 8), 9),
    "small vgg16": (lambda: SmallVgg("vgg16", 3, 5, width=4), (3, 16, 16), 13),
    "small alexnet": (lambda: SmallAlexNet(3, 5, neurons=32), (3, 16, 16), 7),
    "torchvision vgg": (torchvision_vgg, (3, 16, 16), 6),
    "torchvision alexnet": (torchvision_alexnet, (3, 63, 63), 7),
    "torchvision resnet50": (torchvision_resnet50, (3, 32, 32), 11),
    "a user's own": (lambda: small_cnn((3, 8, 8), 5), (3, 8, 8), 2),
}


def made(family: str, dtype: torch.dtype = torch.float64) -> tuple[nn.Module, Shape]:
    """A network of a family as if trained: batch norms and biases are random, too."""
    build, shape, _ = FAMILIES[family]
    torch.manual_seed(7)
    network = build().to(dtype)
    generator = torch.Generator().manual_seed(5)
    state = network.state_dict()
    for name, value in state.items():
        if value.is_floating_point() and value.ndim == 1:
            drawn = torch.rand(value.shape, generator=generator, dtype=dtype)
            value.copy_(drawn + 0.5 if name.endswith("running_var") else drawn - 0.3)
    return network.eval(), shape


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


def test_pruning_by_hand() -> None:
    network = nn.Sequential(
        nn.Conv2d(1, 3, 1), nn.ReLU(), nn.Flatten(), nn.Linear(6, 2, bias=False)
    )
    state = network.state_dict()
    state["0.weight"].copy_(torch.tensor([2.0, -1.0, 3.0]).view(3, 1, 1, 1))
    couplings = filter_groups.couplings(network, (1, 1, 2))
    masks = structured.prune(couplings, state, {}, 0.4)
    assert {name: mask.flatten().tolist() for name, mask in masks.items()} == {
        "0.weight": [True, False, True],
        "0.bias": [True, False, True],
        "3.weight": [True, True, False, False, True, True] * 2,
    }
    state = zeroed(state, masks)
    masks = structured.prune(couplings, state, masks, 0.4)
    assert masks["0.bias"].tolist() == [False, False, True]
    assert masks["3.weight"].tolist() == [[False] * 4 + [True] * 2] * 2


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    ("dtype", "close"), [(torch.float64, 1e-10), *costly((torch.float32, 1e-4))]
)
def test_the_smaller_network_gives_what_the_masked_one_gives(
    family: str, dtype: torch.dtype, close: float
) -> None:
    network, shape = made(family, dtype)
    couplings = filter_groups.couplings(network, shape)
    assert len(couplings) == FAMILIES[family][2]
    state, masks = pruned(network, couplings, cycles=2)
    small = structured.shrink(network, couplings, state, masks)
    masked = copy.deepcopy(network)
    masked.load_state_dict(state)
    images = torch.randn(3, *shape, generator=torch.Generator().manual_seed(1), dtype=dtype)
    with torch.no_grad():
        expected, actual, whole = masked(images), small(images), network(images)
    scale = float(expected.abs().max())
    assert float((actual - expected).abs().max()) <= close * max(1.0, scale)
    assert float((whole - expected).abs().max()) > 1e-3 * scale  # there was something to lose
    dead = sum(
        int((~masks[name]).sum()) for coupling in couplings for name, _, _ in coupling.pruned[:1]
    )
    assert 0 < dead <= parameter_count(network) - parameter_count(small)


def test_the_smaller_network_has_no_pruned_parameter_and_right_sizes() -> None:
    network, shape = made("by hand")
    couplings = filter_groups.couplings(network, shape)
    state, masks = pruned(network, couplings, cycles=2)
    small = structured.shrink(network, couplings, state, masks)
    left = sum(int(mask.sum()) for mask in masks.values())
    whole = sum(v.numel() for n, v in network.named_parameters() if n not in masks)
    assert parameter_count(small) == left + whole
    assert (small.first.out_channels, small.norm.num_features, small.second.in_channels) == (2,) * 3
    assert (small.second.out_channels, small.hidden.in_features) == (3, 3 * 2 * 2)
    assert (small.hidden.out_features, small.output.in_features) == (2, 2)
    assert small.output.out_features == 3
    assert len(small.norm.running_var) == 2
    assert (network.first.out_channels, network.norm.num_features) == (4, 4)
    again = filter_groups.couplings(small, shape)
    assert [c.layer for c in again] == ["first", "second", "hidden"]
    loss = small.train()(torch.randn(4, *shape, dtype=torch.float64)).sum()
    loss.backward()
    assert all(p.grad is not None and p.grad.shape == p.shape for p in small.parameters())


@pytest.mark.parametrize("family", FAMILIES)
def test_what_a_dead_filter_feeds_is_dead_too(family: str) -> None:
    network, shape = made(family, torch.float32)
    couplings = filter_groups.couplings(network, shape)
    state, masks = pruned(network, couplings, cycles=2)
    for coupling in couplings:
        remaining = structured.remaining(coupling, state, masks)
        assert 0 < int(remaining.sum()) < len(remaining)
        for name in coupling.entries:
            assert torch.equal(masks[name], remaining)
        for name, columns in coupling.consumers:
            dead = (~remaining).repeat_interleave(columns)
            assert not bool(masks[name][:, dead].any())


@pytest.mark.parametrize("training", [False, True])
def test_a_pruned_channel_is_exactly_zero_behind_its_batch_norm(training: bool) -> None:
    network, shape = made("resnet20", torch.float32)
    couplings = filter_groups.couplings(network, shape)
    state, masks = pruned(network, couplings, cycles=1)
    network.load_state_dict(state)
    network.train(training)
    seen = []
    network.blocks[0].bn1.register_forward_hook(lambda *call: seen.append(call[2]))
    with torch.no_grad():
        network(torch.randn(4, *shape))
    remaining = structured.remaining(couplings[0], state, masks)
    assert float(seen[0][:, ~remaining].abs().max()) == 0
    assert float(seen[0][:, remaining].abs().amax(dim=(0, 2, 3)).min()) > 0


@pytest.mark.parametrize("family", ["resnet20", "fully connected, batch norm", "a user's own"])
def test_the_smaller_network_trains_as_the_masked_one_does(family: str) -> None:
    network, shape = made(family)
    couplings = filter_groups.couplings(network, shape)
    state, masks = pruned(network, couplings, cycles=2)
    small = structured.shrink(network, couplings, state, masks)
    network.load_state_dict(state)
    generator = torch.Generator().manual_seed(2)
    images = torch.randn(4, 8, *shape, generator=generator, dtype=torch.float64)
    logits = []
    for each, masks_of_each in ((network, masks), (small, {})):
        weights = dict(each.named_parameters())
        sgd = torch.optim.SGD(weights.values(), lr=0.05, momentum=0.9, weight_decay=1e-3)
        each.train()
        for batch in images:
            sgd.zero_grad()
            functional.cross_entropy(each(batch), torch.arange(8) % 3).backward()
            sgd.step()
            with torch.no_grad():
                for name, mask in masks_of_each.items():
                    weights[name].masked_fill_(~mask, 0)
        with torch.no_grad():
            logits.append(each.eval()(images[0]))
    steps = [(network.state_dict()[name] - state[name]).abs().max() for name in masks]
    assert float(max(steps)) > 1e-2
    assert float((logits[0] - logits[1]).abs().max()) < 1e-8


def test_counts_are_exact_in_every_layer_and_the_last_filter_stays() -> None:
    network, shape = made("small vgg16", torch.float32)
    couplings = filter_groups.couplings(network, shape)
    state = network.state_dict()
    masks: dict[str, Tensor] = {}
    expected = [len(state[coupling.weight]) for coupling in couplings]
    for _ in range(6):
        masks = structured.prune(couplings, state, masks, 0.6)
        state = zeroed(state, masks)
        expected = [n - min(round(0.6 * n), n - 1) for n in expected]
        left = [int(structured.remaining(c, state, masks).sum()) for c in couplings]
        assert left == expected
    assert expected == [1] * 13


def test_pruned_weights_stay_pruned_and_the_given_masks_are_not_modified() -> None:
    network, shape = made("by hand")
    couplings = filter_groups.couplings(network, shape)
    state, before = pruned(network, couplings, cycles=1)
    copies = {name: mask.clone() for name, mask in before.items()}
    after = structured.prune(couplings, state, before, 0.4)
    assert set(after) == set(before)
    assert all(torch.equal(before[name], copies[name]) for name in before)
    assert not any(bool((after[name] & ~before[name]).any()) for name in after)
    assert sum(int(m.sum()) for m in after.values()) < sum(int(m.sum()) for m in before.values())


def test_the_first_cycle_is_torchs_structured_l1_pruning() -> None:
    network, shape = made("small vgg16")
    couplings = filter_groups.couplings(network, shape)
    masks = structured.prune(couplings, network.state_dict(), {}, 0.3)
    for coupling in couplings:
        layer = network.get_submodule(coupling.layer)
        torch_prune.ln_structured(layer, "weight", amount=0.3, n=1, dim=0)
        remaining = layer.weight_mask.flatten(1).bool().any(dim=1)
        assert torch.equal(masks[f"{coupling.layer}.bias"], remaining)


def test_equal_norms_go_in_order_of_position() -> None:
    network = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 2))
    state = network.state_dict()
    state["0.weight"].copy_(torch.tensor([1.0, 3.0, -1.0, 1.0, 1.0]).unsqueeze(1).expand(5, 3))
    masks = structured.prune(filter_groups.couplings(network, (3,)), state, {}, 0.4)
    assert masks["0.bias"].tolist() == [False, True, False, True, True]


def test_norms_are_summed_in_double_precision() -> None:
    network = nn.Sequential(nn.Linear(3, 2), nn.ReLU(), nn.Linear(2, 2))
    state = network.state_dict()  # in float32 both sums are 2^24
    state["0.weight"].copy_(torch.tensor([[2.0**24, 0.5, 0.25], [2.0**24, 0.25, 0.25]]))
    masks = structured.prune(filter_groups.couplings(network, (3,)), state, {}, 0.5)
    assert masks["0.bias"].tolist() == [True, False]


def test_a_norm_that_is_not_a_number_is_refused_unless_its_filter_is_gone() -> None:
    network = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    couplings, state = filter_groups.couplings(network, (3,)), network.state_dict()
    state["0.weight"][1, 2] = float("nan")
    with pytest.raises(ValueError, match="diverged"):
        structured.prune(couplings, state, {}, 0.25)
    remaining = torch.tensor([True, False, True, True])
    masks = {"0.weight": remaining.unsqueeze(1).expand(4, 3), "0.bias": remaining}
    assert int(structured.prune(couplings, state, masks, 0.34)["0.bias"].sum()) == 2


def test_a_filter_without_weights_that_still_has_a_bias_is_not_taken_out() -> None:
    network, shape = made("by hand")
    couplings = filter_groups.couplings(network, shape)
    state = network.state_dict()
    masks = {"hidden.weight": torch.ones(5, 24, dtype=torch.bool)}
    masks["hidden.weight"][2] = False
    state = zeroed(state, masks)
    assert structured.remaining(couplings[2], state, masks).tolist() == [True] * 5
    small = structured.shrink(network, couplings, state, masks)
    assert small.hidden.out_features == 5


def test_a_layer_without_any_filter_left_is_refused() -> None:
    network = nn.Sequential(nn.Linear(3, 4, bias=False), nn.ReLU(), nn.Linear(4, 2))
    couplings = filter_groups.couplings(network, (3,))
    masks = {"0.weight": torch.zeros(4, 3, dtype=torch.bool)}
    with pytest.raises(ValueError, match="0 has no filter left"):
        structured.shrink(network, couplings, zeroed(network.state_dict(), masks), masks)


def test_weights_remaining_counts_weights_alone() -> None:
    network = nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.Linear(5, 2))
    state, names = network.state_dict(), pruning_weights.weight_names(network)
    masks = structured.prune(filter_groups.couplings(network, (4,)), state, {}, 0.4)
    assert set(masks) == {"0.weight", "0.bias", "1.weight", "1.bias", "3.weight"}
    left = 3 * 4 + 2 * 3
    assert pruning_weights.weights_remaining(masks, state, names) == pytest.approx(100 * left / 30)
