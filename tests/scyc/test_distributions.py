import json
import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from scyc import distributions, vision
from scyc.checkpoint import Network
from scyc.distributions import PERMILLES, Bins, Distribution, pooled, record

FLOATS = st.floats(-(2.0**100), 2.0**100, width=32, allow_subnormal=False)
LISTS = st.lists(FLOATS, min_size=1, max_size=200)


def seen(values: Tensor, outside: tuple[float, float] | None = None) -> dict[str, Any]:
    distribution = Distribution(outside)
    distribution.add(values)
    return distribution.to_json()


def heavy_tailed(count: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randn(count, generator=generator) * torch.randn(count, generator=generator)
    return (0.01 * drawn.exp() * drawn.sign() * (drawn > -1)).to(torch.float32)


def edges(histogram: dict[str, Any]) -> list[float]:
    places = range(len(histogram["counts"]) + 1)
    return [histogram["low"] + place * histogram["width"] for place in places]


def exact_quantile(values: Tensor, permille: int) -> float:
    rank = max(1, math.ceil(permille * len(values) / 1000))
    return values.double().sort().values[rank - 1].item()


def assert_quantiles_within_a_percent(found: dict[str, Any], values: Tensor) -> None:
    for permille in PERMILLES:
        exact = exact_quantile(values, permille)
        assert abs(found["quantiles"][f"{permille / 10:g}"] - exact) <= abs(exact) / 128 * 1.0001


def assert_same_but_for_rounding(one: dict[str, Any], other: dict[str, Any]) -> None:
    for name in ("mean", "std"):
        spread = max(abs(one["min"]), abs(one["max"]))
        assert one[name] == pytest.approx(other[name], rel=1e-10, abs=1e-13 * spread)
    rest = set(one) - {"mean", "std"}
    assert {name: one[name] for name in rest} == {name: other[name] for name in rest}


@pytest.mark.parametrize("count", [1000, 100_000, distributions._CHUNK + 12_345])
def test_it_is_what_the_whole_data_give(count: int) -> None:
    values = heavy_tailed(count)
    whole = values.double().numpy()
    found = seen(values, outside=(-0.03, 0.05))
    assert found["count"] == count
    assert found["not_finite"] == 0
    assert found["zeros"] == int((whole == 0).sum()) > 0
    assert (found["below"], found["above"]) == ((whole < -0.03).sum(), (whole > 0.05).sum())
    assert found["mean"] == pytest.approx(whole.mean(), rel=1e-10)
    assert found["std"] == pytest.approx(whole.std(), rel=1e-10)
    assert (found["min"], found["max"]) == (whole.min(), whole.max())
    assert_quantiles_within_a_percent(found, values)


@pytest.mark.parametrize("count", [2, 3, 1000, 65_536, 65_537])
def test_the_histogram_is_numpys_on_the_printed_edges_with_as_many_bins_as_sturges_says(
    count: int,
) -> None:
    values = torch.randn(count, generator=torch.Generator().manual_seed(2))
    histogram = seen(values)["histogram"]
    assert len(histogram["counts"]) == math.ceil(math.log2(count)) + 1
    counted, _ = np.histogram(values.double().numpy(), edges(histogram))
    assert histogram["counts"] == counted.tolist()
    assert sum(histogram["counts"]) == count
    assert histogram["low"] <= values.min().item() < histogram["low"] + histogram["width"]
    last = edges(histogram)[-2:]
    assert last[0] - histogram["width"] <= values.max().item() < last[1]


def test_the_bins_that_are_kept_are_numpys_too_aligned_at_zero() -> None:
    values = heavy_tailed(50_000)
    bins = Bins.from_json(seen(values)["bins"])
    assert 64 <= len(bins.counts) <= 256
    assert math.frexp(bins.width)[0] == 0.5
    places = np.arange(bins.first, bins.first + len(bins.counts) + 1) * bins.width
    assert list(bins.counts) == np.histogram(values.double().numpy(), places)[0].tolist()
    assert Bins.from_json(json.loads(json.dumps(bins.to_json()))) == bins


@given(values=LISTS, cuts=st.lists(st.integers(0, 200), max_size=5), data=st.data())
def test_how_the_stream_is_cut_and_ordered_changes_nothing(
    values: list[float], cuts: list[int], data: st.DataObject
) -> None:
    whole = torch.tensor(values, dtype=torch.float32)
    shuffled = torch.tensor(data.draw(st.permutations(values)), dtype=torch.float32)
    places = sorted(min(cut, len(values)) for cut in cuts)
    in_parts = Distribution((-1.0, 1.0))
    for part in torch.tensor_split(shuffled, places):
        in_parts.add(part)
    assert_same_but_for_rounding(in_parts.to_json(), seen(whole, (-1.0, 1.0)))


@given(values=LISTS)
def test_any_values_are_counted_exactly_and_their_quantiles_found(values: list[float]) -> None:
    whole = torch.tensor(values, dtype=torch.float32)
    found = seen(whole)
    histogram = found["histogram"]
    counted, _ = np.histogram(whole.double().numpy(), edges(histogram))
    assert histogram["counts"] == counted.tolist()
    assert sum(found["bins"]["counts"]) == len(values)
    assert len(found["bins"]["counts"]) <= 256
    assert len(histogram["counts"]) <= math.ceil(math.log2(len(values))) + 1
    assert_quantiles_within_a_percent(found, whole)


@given(first=LISTS, second=LISTS)
def test_merging_two_is_adding_all_values_to_one(first: list[float], second: list[float]) -> None:
    one, other = Distribution((0.0, 2.0)), Distribution((0.0, 2.0))
    one.add(torch.tensor(first))
    other.add(torch.tensor(second))
    both = torch.tensor(first + second)
    pooled_parts = pooled([one.to_json(), other.to_json()])
    one.merge(other)
    together = seen(both, (0.0, 2.0))
    assert_same_but_for_rounding(one.to_json(), together)
    exact = set(together) - {"mean", "std", "quantiles", "histogram"}
    assert {name: pooled_parts[name] for name in exact} == {name: together[name] for name in exact}
    assert sum(pooled_parts["histogram"]["counts"]) == len(both)


def test_pooled_moments_and_histogram_are_those_of_all_values() -> None:
    parts = [heavy_tailed(20_000, seed) * (1 + seed) + seed / 100 for seed in range(3)]
    whole = torch.cat(parts).double().numpy()
    kept = [json.loads(json.dumps(seen(part))) for part in parts]
    found = pooled(kept)
    assert found["mean"] == pytest.approx(whole.mean(), rel=1e-10)
    assert found["std"] == pytest.approx(whole.std(), rel=1e-10)
    counted, _ = np.histogram(whole, edges(found["histogram"]))
    assert found["histogram"]["counts"] == counted.tolist()
    most = math.ceil(math.log2(len(whole))) + 1
    assert most - 5 <= len(found["histogram"]["counts"]) <= most
    medians = [part["quantiles"]["50"] for part in kept]
    assert found["quantiles"]["50"] == pytest.approx(sum(medians) / 3)
    assert pooled(kept[:1]) == kept[0]


def test_what_was_counted_at_other_bounds_is_not_merged() -> None:
    one, other = Distribution((0.0, 1.0)), Distribution((0.0, 2.0))
    with pytest.raises(ValueError, match="bounds"):
        one.merge(other)
    with pytest.raises(ValueError, match="bounds"):
        pooled([one.to_json(), other.to_json()])
    with pytest.raises(ValueError, match="at least 1"):
        pooled([])


def test_the_range_may_grow_over_12_orders_of_magnitude() -> None:
    steps = [heavy_tailed(500, seed) * 10.0**power for seed, power in enumerate(range(-9, 4))]
    growing = Distribution()
    for step in steps:
        growing.add(step)
    found, whole = growing.to_json(), torch.cat(steps)
    counted, _ = np.histogram(whole.double().numpy(), edges(found["histogram"]))
    assert found["histogram"]["counts"] == counted.tolist()
    assert len(found["histogram"]["counts"]) == math.ceil(math.log2(len(whole))) + 1
    assert_quantiles_within_a_percent(found, whole)
    assert_same_but_for_rounding(found, seen(torch.cat(steps[::-1])))


@pytest.mark.parametrize("value", [0.3, -1e-30, 7e20, 1.0])
def test_a_constant_is_one_bin_of_exact_numbers(value: float) -> None:
    found = seen(torch.full((7, 11), value))
    exact = torch.tensor(value).item()
    assert [found["min"], found["max"], *found["quantiles"].values()] == [exact] * 11
    assert found["mean"] == pytest.approx(exact)
    assert found["std"] == pytest.approx(0, abs=1e-9 * abs(exact))
    assert found["histogram"]["counts"] == found["bins"]["counts"] == [77]
    low, width = found["histogram"]["low"], found["histogram"]["width"]
    assert low <= exact < low + width


def test_zeros_of_either_sign_are_zeros() -> None:
    found = seen(torch.tensor([0.0, -0.0, 0.0]), outside=(0.0, 0.0))
    assert (found["count"], found["zeros"], found["below"], found["above"]) == (3, 3, 0, 0)
    assert found["histogram"] == {"low": 0.0, "width": 2.0**-1022, "counts": [3]}
    assert json.dumps(found).count("-0.0") == 0
    assert set(found["quantiles"].values()) == {0.0}


def test_zeros_then_a_value_share_the_bins_of_the_value() -> None:
    distribution = Distribution()
    distribution.add(torch.zeros(5))
    distribution.add(torch.tensor([-1.0]))
    found = distribution.to_json()
    assert (found["count"], found["zeros"], found["min"], found["max"]) == (6, 5, -1.0, 0.0)
    assert found["histogram"]["counts"] == [1, 0, 0, 5]
    assert list(found["quantiles"].values()) == [-1.0] * 3 + [0.0] * 6


def test_one_value_is_everything() -> None:
    found = seen(torch.tensor(-2.5))
    assert (found["count"], found["mean"], found["std"]) == (1, -2.5, 0.0)
    assert found["histogram"]["counts"] == [1]


def test_values_that_are_not_finite_are_counted_apart() -> None:
    bad = [math.nan, math.inf, -math.inf, math.nan]
    found = seen(torch.tensor([1.0, *bad, 3.0]), outside=(2.0, 2.5))
    assert found["not_finite"] == 4
    clean = seen(torch.tensor([1.0, 3.0]), outside=(2.0, 2.5))
    assert found == clean | {"not_finite": 4}
    nothing = seen(torch.tensor(bad))
    assert (nothing["count"], nothing["not_finite"]) == (0, 4)
    undefined = ("mean", "std", "min", "max", "quantiles", "histogram", "bins", "below")
    assert {nothing[name] for name in undefined} == {None}
    both = pooled([nothing, seen(torch.tensor([1.0, 3.0]))])
    assert (both["count"], both["not_finite"], both["mean"], both["std"]) == (2, 4, 2.0, 1.0)
    assert pooled([nothing, nothing]) == nothing | {"not_finite": 8}


def test_numbers_beyond_a_float64_are_null_and_the_rest_stands() -> None:
    found = seen(torch.tensor([-1e300, 5e-324, -1e-300, 1e300], dtype=torch.float64))
    assert (found["std"], found["min"], found["max"]) == (None, -1e300, 1e300)
    counts = np.array(found["bins"]["counts"])
    assert (counts.nonzero()[0] + found["bins"]["first"])[1:3].tolist() == [-1, 0]
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert pooled([found, found])["std"] is None


def test_a_tensors_shape_layout_and_type_do_not_matter() -> None:
    values = heavy_tailed(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    whole = seen(values.flatten())
    assert_same_but_for_rounding(seen(values.to(memory_format=torch.channels_last)), whole)
    assert_same_but_for_rounding(seen(values.double().requires_grad_()), whole)
    assert seen(values.bfloat16()) == seen(values.bfloat16().double())


def test_the_state_does_not_grow_and_its_json_is_small() -> None:
    distribution = Distribution((-1.0, 1.0))

    def size() -> int:
        return sum(
            value.nbytes if isinstance(value, Tensor) else 0
            for value in vars(distribution).values()
        )

    before, fields = size(), set(vars(distribution))
    for seed in range(20):
        distribution.add(heavy_tailed(100_000, seed) * 10.0**seed)
    assert size() == before < 400_000
    assert set(vars(distribution)) == fields
    assert len(json.dumps(distribution.to_json())) < 3000
    flat = Distribution((-1.0, 1.0))
    flat.add(torch.linspace(-1, 1, 2_000_000))  # as many digits as can be
    assert len(json.dumps(flat.to_json())) < 3000


def test_coarser_bins_keep_their_counts_at_the_old_edges() -> None:
    bins = Bins(-3, -5, (1, 2, 0, 4, 8, 16, 32))  # -5..1 in eighths
    assert bins.coarsened(-3) == bins
    assert bins.coarsened(-2) == Bins(-2, -3, (1, 2, 12, 48))
    assert bins.coarsened(3) == Bins(3, -1, (15, 48))
    assert bins + Bins(-2, 1, (100,)) == Bins(-2, -3, (1, 2, 12, 48, 100))


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


def assert_close(found: dict[str, Any], values: Tensor) -> None:
    assert found["count"] == len(values)
    assert found["zeros"] == int((values == 0).sum())
    expected = seen(values)
    for name in ("mean", "std", "min", "max"):
        assert found[name] == pytest.approx(expected[name], rel=1e-4, abs=1e-7)
    for name, value in expected["quantiles"].items():
        assert found["quantiles"][name] == pytest.approx(value, rel=0.017, abs=1e-7)


def test_gradients_are_those_of_each_batch_and_of_the_weights_that_remain() -> None:
    network, state, batches = tiny()
    found = record(network, state, batches, ["weight_gradients", "activations"], (-0.01, 0.02), 0)
    gradients, outputs = by_hand(state, batches)
    assert_close(found["weight_gradients"], torch.cat(gradients))
    assert_close(found["activations"], torch.cat(outputs))
    remaining = sum(int(mask.sum()) for mask in state.masks.values()) + 15 + 4
    assert found["weight_gradients"]["count"] == 3 * remaining
    assert found["activations"]["count"] == 3 * 8 * (5 + 5)  # one module, called twice
    assert found["activations"]["min"] == 0.0
    below = sum(int((part < -0.01).sum()) for part in gradients)
    assert found["weight_gradients"]["below"] == below > 0


@pytest.mark.parametrize("what", [["weight_gradients"], ["activations"]])
def test_one_of_the_two_is_what_it_is_beside_the_other(what: list[Any]) -> None:
    network, state, batches = tiny()
    both = record(network, state, batches, ["weight_gradients", "activations"], None, 0)
    assert record(network, state, batches, what, None, 0) == {what[0]: both[what[0]]}


def test_large_layers_are_looked_at_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    network, state, batches = tiny()
    whole = record(network, state, batches, ["weight_gradients"], None, 0)["weight_gradients"]
    monkeypatch.setattr(distributions, "_CHUNK", 7)
    pieces = record(network, state, batches, ["weight_gradients"], None, 0)["weight_gradients"]
    assert_same_but_for_rounding(pieces, whole)


@pytest.mark.parametrize("training", [True, False])
def test_the_network_is_left_with_the_state_that_was_looked_at(training: bool) -> None:
    network, state, batches = tiny()
    network.train(training)
    record(network, state, batches, ["weight_gradients", "activations"], None, 0)
    left = network.state_dict()
    assert all(torch.equal(left[name], value) for name, value in state.state.items())
    assert all(weight.grad is None for weight in network.parameters())
    assert network.training is training
    assert not network.relu._forward_hooks


def test_a_failing_batch_leaves_nothing_behind_either() -> None:
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
    found = record(network, state, batches, ["weight_gradients"], None, 0)
    assert found["weight_gradients"]["count"] == 3 * 18


def test_a_diverged_networks_gradients_are_counted_apart() -> None:
    network, state, batches = tiny()
    whole = record(network, state, batches, ["weight_gradients"], None, 0)["weight_gradients"]
    state.state["last.bias"][0] = math.nan
    found = record(network, state, batches, ["weight_gradients"], None, 0)["weight_gradients"]
    assert whole["not_finite"] == 0 < found["not_finite"]
    assert found["count"] + found["not_finite"] == whole["count"]
    assert 3 * 4 <= found["zeros"] <= found["count"]  # the idle layer's, and dead neurons'


def test_torchvisions_relu_is_looked_at_each_time_it_is_called() -> None:
    made = vision.torchvision().models.resnet18(num_classes=3)
    state = Network({name: value.clone() for name, value in made.state_dict().items()}, {})
    batches = [(torch.randn(2, 3, 32, 32), torch.tensor([0, 1]))]
    found = record(made, state, batches, ["activations"], None, 0)["activations"]
    stem = 64 * 16 * 16
    blocks = 4 * 64 * 8 * 8 + 4 * 128 * 4 * 4 + 4 * 256 * 2 * 2 + 4 * 512
    assert found["count"] == 2 * (stem + blocks)


@settings(deadline=None)
@given(values=st.lists(st.floats(-(2.0**-120), 2.0**-120, width=32), min_size=1, max_size=50))
def test_subnormal_values_are_counted_like_others(values: list[float]) -> None:
    whole = torch.tensor(values, dtype=torch.float32)
    histogram = seen(whole)["histogram"]
    counted, _ = np.histogram(whole.double().numpy(), edges(histogram))
    assert histogram["counts"] == counted.tolist()
