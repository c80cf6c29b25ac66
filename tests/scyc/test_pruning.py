import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.utils import prune as torch_prune

from scyc import pruning
from scyc.networks import FullyConnected, ResNet20
from scyc.pruning import CRITERIA


def weights_of(network: torch.nn.Module) -> dict[str, Tensor]:
    names = pruning.prunable_names(network)
    return {name: network.state_dict()[name].clone() for name in names}


def network() -> FullyConnected:
    torch.manual_seed(3)
    return FullyConnected(20, 5, (30, 40))


def test_the_last_linear_layer_is_counted_but_not_pruned() -> None:
    resnet = ResNet20(3, 10)
    assert "output.weight" in pruning.weight_names(resnet)
    assert "output.weight" not in pruning.prunable_names(resnet)
    assert "output.weight" in pruning.prunable_names(resnet, prune_last=True)


def test_resnet_20s_weights_remaining_are_the_papers() -> None:
    resnet = ResNet20(3, 10)
    state = resnet.state_dict()
    masks = pruning.unpruned(state, pruning.prunable_names(resnet))
    names, weights = pruning.weight_names(resnet), weights_of(resnet)
    cut = {}
    for cycle in range(19):
        left = pruning.weights_remaining(masks, state, names)
        cut[cycle] = int(left * 100) / 100 if left < 10 else int(left * 10) / 10
        masks = pruning.prune(
            masks, pruning.scores(CRITERIA["global_magnitude"], weights, None), 0.2, "global"
        )
    printed = {
        0: 100,
        1: 80,
        2: 64,
        3: 51.3,
        4: 41.1,
        5: 32.9,
        7: 21.1,
        10: 10.9,
        13: 5.72,
        18: 2.03,
    }
    assert {cycle: cut[cycle] for cycle in (5, 7, 10, 13, 18)} == {
        cycle: printed[cycle] for cycle in (5, 7, 10, 13, 18)
    }
    for cycle in (0, 1, 2, 3, 4):  # printed with fewer digits
        assert cut[cycle] == pytest.approx(printed[cycle], abs=0.15)


@pytest.mark.parametrize("rate", [0.2, 0.5])
def test_global_magnitude_is_torchs(rate: float) -> None:
    ours = network()
    masks = pruning.unpruned(ours.state_dict(), pruning.prunable_names(ours))
    scored = pruning.scores(CRITERIA["global_magnitude"], weights_of(ours), None)
    masks = pruning.prune(masks, scored, rate, "global")
    theirs = network()
    layers = [(theirs.layers[0], "weight"), (theirs.layers[1], "weight")]
    torch_prune.global_unstructured(layers, pruning_method=torch_prune.L1Unstructured, amount=rate)
    for (layer, _), mask in zip(layers, masks.values(), strict=True):
        assert torch.equal(layer.weight_mask.bool(), mask)


def test_layer_magnitude_is_torchs_two_cycles_on() -> None:
    ours, theirs = network(), network()
    masks = pruning.unpruned(ours.state_dict(), pruning.prunable_names(ours))
    scored = pruning.scores(CRITERIA["layer_magnitude"], weights_of(ours), None)
    for _ in range(2):
        masks = pruning.prune(masks, scored, 0.2, "layer")
        for layer in theirs.layers[:-1]:
            torch_prune.l1_unstructured(layer, "weight", amount=0.2)
    for layer, mask in zip(theirs.layers[:-1], masks.values(), strict=True):
        assert torch.equal(layer.weight_mask.bool(), mask)


def test_the_gradient_criterion_is_weight_times_gradient() -> None:
    weights = {"w": torch.tensor([1.0, -2.0, 3.0, 0.5])}
    gradients = {"w": torch.tensor([4.0, -0.1, 0.2, 8.0])}
    scored = pruning.scores(CRITERIA["global_gradient"], weights, gradients)
    assert scored["w"].tolist() == pytest.approx([4.0, 0.2, 0.6, 4.0])
    masks = pruning.prune({"w": torch.ones(4, dtype=torch.bool)}, scored, 0.5, "global")
    assert masks["w"].tolist() == [True, False, False, True]


def test_a_gradient_criterion_without_gradients_is_refused() -> None:
    with pytest.raises(ValueError, match="gradients"):
        pruning.scores(CRITERIA["layer_gradient"], {"w": torch.ones(2)}, None)


def test_equal_scores_go_in_order_of_name_and_position() -> None:
    masks = {"b": torch.ones(3, dtype=torch.bool), "a": torch.ones(3, dtype=torch.bool)}
    scored = {"a": torch.zeros(3), "b": torch.zeros(3)}
    after = pruning.prune(masks, scored, 0.67, "global")
    assert [after["b"].tolist(), after["a"].tolist()] == [[False] * 3, [False, True, True]]


def test_a_score_that_is_not_a_number_is_refused() -> None:
    masks = {"w": torch.ones(2, dtype=torch.bool)}
    with pytest.raises(ValueError, match="diverged"):
        pruning.prune(masks, {"w": torch.tensor([1.0, float("nan")])}, 0.5, "global")


@given(
    sizes=st.lists(st.integers(1, 60), min_size=1, max_size=4),
    rate=st.floats(0.01, 0.99),
    cycles=st.integers(1, 4),
    layerwise=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_counts_are_exact_and_what_is_pruned_stays_pruned(
    sizes: list[int], rate: float, cycles: int, layerwise: bool, seed: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    masks = {str(i): torch.ones(size, dtype=torch.bool) for i, size in enumerate(sizes)}
    scored = {name: torch.rand(mask.shape, generator=generator) for name, mask in masks.items()}
    for _ in range(cycles):
        after = pruning.prune(masks, scored, rate, "layer" if layerwise else "global")
        groups = [[name] for name in masks] if layerwise else [list(masks)]
        for group in groups:
            before = sum(int(masks[name].sum()) for name in group)
            left = sum(int(after[name].sum()) for name in group)
            assert left == before - round(rate * before)
        assert all(not bool((after[name] & ~masks[name]).any()) for name in masks)
        masks = after
