import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.utils import prune as torch_prune

from scyc import seeds
from scyc.networks.fully_connected import FullyConnected
from scyc.networks.resnet20 import ResNet20
from scyc.pruning import unstructured
from scyc.pruning import weights as pruning_weights
from scyc.pruning.criteria import CRITERIA, criterion_rule


def weights_of(network: torch.nn.Module) -> dict[str, Tensor]:
    names = pruning_weights.prunable_names(network)
    return {name: network.state_dict()[name].clone() for name in names}


def network() -> FullyConnected:
    torch.manual_seed(3)
    return FullyConnected(20, 5, (30, 40))


def test_the_last_linear_layer_is_counted_but_not_pruned() -> None:
    resnet = ResNet20(3, 10)
    assert "output.weight" in pruning_weights.weight_names(resnet)
    assert "output.weight" not in pruning_weights.prunable_names(resnet)
    assert "output.weight" in pruning_weights.prunable_names(resnet, prune_last=True)


def test_resnet_20s_weights_remaining_are_the_papers() -> None:
    resnet = ResNet20(3, 10)
    state = resnet.state_dict()
    masks = pruning_weights.unpruned(state, pruning_weights.prunable_names(resnet))
    names, weights = pruning_weights.weight_names(resnet), weights_of(resnet)
    cut = {}
    for cycle in range(19):
        left = pruning_weights.weights_remaining(masks, state, names)
        cut[cycle] = int(left * 100) / 100 if left < 10 else int(left * 10) / 10
        masks = unstructured.prune(masks, unstructured.magnitude_scores(weights), 0.2, "global")
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


def trained_further(ours: FullyConnected, theirs: FullyConnected, cycle: int) -> None:
    """Move the weights of both networks by the same small steps; theirs keep torch's masks."""
    generator = torch.Generator().manual_seed(cycle)
    for mine, other in zip(ours.layers[:-1], theirs.layers[:-1], strict=True):
        step = 0.05 * torch.randn(mine.weight.shape, generator=generator)
        mine.weight.data += step
        other.weight_orig.data += step
        other.weight = other.weight_orig * other.weight_mask


@pytest.mark.parametrize("rate", [0.2, 0.5])
@pytest.mark.parametrize("criterion", ["global_magnitude", "layer_magnitude"])
def test_magnitude_masks_are_torchs_over_several_cycles(criterion: str, rate: float) -> None:
    ours, theirs = network(), network()
    names = pruning_weights.prunable_names(ours)
    masks = pruning_weights.unpruned(ours.state_dict(), names)
    layers = [(layer, "weight") for layer in theirs.layers[:-1]]
    for cycle in range(5):
        scored = unstructured.magnitude_scores(weights_of(ours))
        masks = unstructured.prune(
            masks, scored, rate, "global" if criterion.startswith("global") else "layer"
        )
        if criterion == "global_magnitude":
            torch_prune.global_unstructured(layers, torch_prune.L1Unstructured, amount=rate)
        else:
            for layer, name in layers:
                torch_prune.l1_unstructured(layer, name, amount=rate)
        for (layer, _), mask in zip(layers, masks.values(), strict=True):
            assert torch.equal(layer.weight_mask.bool(), mask)
        trained_further(ours, theirs, cycle)


def test_the_gradient_criterion_is_weight_times_gradient() -> None:
    weights = {"w": torch.tensor([1.0, -2.0, 3.0, 0.5])}
    gradients = {"w": torch.tensor([4.0, -0.1, 0.2, 8.0])}
    scored = unstructured.gradient_scores(weights, gradients)
    assert scored["w"].tolist() == pytest.approx([4.0, 0.2, 0.6, 4.0])
    masks = unstructured.prune({"w": torch.ones(4, dtype=torch.bool)}, scored, 0.5, "global")
    assert masks["w"].tolist() == [True, False, False, True]


def test_the_random_criterion_draws_a_uniform_number_a_weight_in_the_names_order() -> None:
    weights = {"b": torch.ones(2, 3), "a": torch.zeros(4)}
    scored = unstructured.random_scores(weights, seeds.generator(0, "random"))
    drawn = torch.rand(10, generator=seeds.generator(0, "random"), dtype=torch.float64)
    assert torch.equal(scored["b"], drawn[:6].reshape(2, 3))
    assert torch.equal(scored["a"], drawn[6:])


def test_random_pruning_is_the_same_for_the_same_purpose_and_removes_exact_counts() -> None:
    weights = {"wide": torch.randn(60, 50), "narrow": torch.randn(40, 25)}

    def after(cycles: int, seed: int) -> list[dict[str, Tensor]]:
        masks = [pruning_weights.unpruned(weights, list(weights))]
        for cycle in range(cycles):
            drawn = seeds.generator(seed, "random", cycle)
            scored = unstructured.random_scores(weights, drawn)
            masks.append(unstructured.prune(masks[-1], scored, 0.3, "global"))
        return masks

    first, again, other = after(4, 0), after(4, 0), after(4, 1)
    counts = [sum(int(mask.sum()) for mask in masks.values()) for masks in first]
    assert counts == [4000, 2800, 1960, 1372, 960]
    assert all(torch.equal(first[-1][name], again[-1][name]) for name in weights)
    assert not torch.equal(first[-1]["wide"], other[-1]["wide"])
    for mask in first[-1].values():  # no layer is spared
        assert float(mask.double().mean()) == pytest.approx(0.24, abs=0.04)


@pytest.mark.parametrize("name", CRITERIA)
def test_every_known_criterion_breaks_no_rule(name: str) -> None:
    assert criterion_rule(name) is None


@pytest.mark.parametrize("name", ["imp", "IMP", "Imp"])
def test_imp_is_refused_with_the_two_settings_that_make_it(name: str) -> None:
    rule = criterion_rule(name)
    assert rule == "IMP is two settings; write criterion: global_magnitude and rewind: init"


def test_an_unknown_criterion_gets_a_did_you_mean() -> None:
    rule = criterion_rule("globl_magnitude")
    assert rule is not None
    assert 'did you mean "global_magnitude"?' in rule
    assert "l1_filter" in rule


def test_weights_remaining_leaves_masks_of_biases_and_batch_norms_out() -> None:
    state = {"0.weight": torch.ones(4, 5), "0.bias": torch.ones(4), "1.weight": torch.ones(4)}
    masks = {name: torch.ones_like(value, dtype=torch.bool) for name, value in state.items()}
    masks["0.weight"][:1], masks["0.bias"][:1], masks["1.weight"][:3] = False, False, False
    assert pruning_weights.weights_remaining(masks, state, ("0.weight",)) == 75


def test_equal_scores_go_in_order_of_name_and_position() -> None:
    masks = {"b": torch.ones(3, dtype=torch.bool), "a": torch.ones(3, dtype=torch.bool)}
    scored = {"a": torch.zeros(3), "b": torch.zeros(3)}
    after = unstructured.prune(masks, scored, 0.67, "global")
    assert [after["a"].tolist(), after["b"].tolist()] == [[False] * 3, [False, True, True]]


def test_a_score_that_is_not_a_number_is_refused() -> None:
    masks = {"w": torch.ones(2, dtype=torch.bool)}
    with pytest.raises(ValueError, match="diverged"):
        unstructured.prune(masks, {"w": torch.tensor([1.0, float("nan")])}, 0.5, "global")


@given(
    sizes=st.lists(st.integers(1, 60), min_size=1, max_size=4),
    rate=st.floats(0.01, 0.99),
    cycles=st.integers(1, 4),
    layerwise=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_counts_are_exact_and_pruned_weights_stay_pruned(
    sizes: list[int], rate: float, cycles: int, layerwise: bool, seed: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    masks = {str(i): torch.ones(size, dtype=torch.bool) for i, size in enumerate(sizes)}
    scored = {name: torch.rand(mask.shape, generator=generator) for name, mask in masks.items()}
    for _ in range(cycles):
        after = unstructured.prune(masks, scored, rate, "layer" if layerwise else "global")
        groups = [[name] for name in masks] if layerwise else [list(masks)]
        for group in groups:
            before = sum(int(masks[name].sum()) for name in group)
            left = sum(int(after[name].sum()) for name in group)
            assert left == before - round(rate * before)
        assert all(not bool((after[name] & ~masks[name]).any()) for name in masks)
        masks = after
