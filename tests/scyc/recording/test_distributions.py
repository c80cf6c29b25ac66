import json
import math
from typing import Any

import numpy as np
import pytest
import torch
from costly import costly
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from scyc.recording import distributions
from scyc.recording.bins import Bins
from scyc.recording.distributions import PERMILLES, Distribution
from scyc.recording.pooling import pooled

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
    positions = range(len(histogram["counts"]) + 1)
    return [histogram["low"] + position * histogram["width"] for position in positions]


def exact_quantile(values: Tensor, permille: int) -> float:
    rank = max(1, math.ceil(permille * len(values) / 1000))
    return values.double().sort().values[rank - 1].item()


def assert_quantiles_within_a_percent(recorded: dict[str, Any], values: Tensor) -> None:
    for permille in PERMILLES:
        exact = exact_quantile(values, permille)
        assert abs(recorded["quantiles"][f"{permille / 10:g}"] - exact) <= abs(exact) / 128 * 1.0001


def assert_same_but_for_rounding(one: dict[str, Any], other: dict[str, Any]) -> None:
    for name in ("mean", "std"):
        spread = max(abs(one["min"]), abs(one["max"]))
        assert one[name] == pytest.approx(other[name], rel=1e-10, abs=1e-13 * spread)
    rest = set(one) - {"mean", "std"}
    assert {name: one[name] for name in rest} == {name: other[name] for name in rest}


@pytest.mark.parametrize("count", [1000, 100_000, *costly(distributions.CHUNK + 12_345)])
def test_it_is_what_the_whole_data_give(count: int) -> None:
    values = heavy_tailed(count)
    whole = values.double().numpy()
    recorded = seen(values, outside=(-0.03, 0.05))
    assert recorded["count"] == count
    assert recorded["not_finite"] == 0
    assert recorded["zeros"] == int((whole == 0).sum()) > 0
    assert (recorded["below"], recorded["above"]) == ((whole < -0.03).sum(), (whole > 0.05).sum())
    assert recorded["mean"] == pytest.approx(whole.mean(), rel=1e-10)
    assert recorded["std"] == pytest.approx(whole.std(), rel=1e-10)
    assert (recorded["min"], recorded["max"]) == (whole.min(), whole.max())
    assert_quantiles_within_a_percent(recorded, values)


@pytest.mark.parametrize("count", [2, 3, 1000, 65_536, 65_537])
def test_the_histogram_is_numpys_on_the_printed_edges_with_sturges_number_of_bins(
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


def test_the_recorded_bins_are_numpys_aligned_at_zero() -> None:
    values = heavy_tailed(50_000)
    bins = Bins.from_json(seen(values)["bins"])
    assert 64 <= len(bins.counts) <= 256
    assert math.frexp(bins.width)[0] == 0.5
    edges = np.arange(bins.first, bins.first + len(bins.counts) + 1) * bins.width
    assert list(bins.counts) == np.histogram(values.double().numpy(), edges)[0].tolist()
    assert Bins.from_json(json.loads(json.dumps(bins.to_json()))) == bins


@pytest.mark.costly
@given(values=LISTS, cuts=st.lists(st.integers(0, 200), max_size=5), data=st.data())
def test_chunks_and_order_of_the_stream_change_nothing(
    values: list[float], cuts: list[int], data: st.DataObject
) -> None:
    whole = torch.tensor(values, dtype=torch.float32)
    shuffled = torch.tensor(data.draw(st.permutations(values)), dtype=torch.float32)
    split_points = sorted(min(cut, len(values)) for cut in cuts)
    in_parts = Distribution((-1.0, 1.0))
    for part in torch.tensor_split(shuffled, split_points):
        in_parts.add(part)
    assert_same_but_for_rounding(in_parts.to_json(), seen(whole, (-1.0, 1.0)))


@pytest.mark.costly
@given(values=LISTS)
def test_any_values_are_counted_exactly_and_their_quantiles_are_right(values: list[float]) -> None:
    whole = torch.tensor(values, dtype=torch.float32)
    recorded = seen(whole)
    histogram = recorded["histogram"]
    counted, _ = np.histogram(whole.double().numpy(), edges(histogram))
    assert histogram["counts"] == counted.tolist()
    assert sum(recorded["bins"]["counts"]) == len(values)
    assert len(recorded["bins"]["counts"]) <= 256
    assert len(histogram["counts"]) <= math.ceil(math.log2(len(values))) + 1
    assert_quantiles_within_a_percent(recorded, whole)


@given(first=LISTS, second=LISTS)
@pytest.mark.costly
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
    recorded = [json.loads(json.dumps(seen(part))) for part in parts]
    pool = pooled(recorded)
    assert pool["mean"] == pytest.approx(whole.mean(), rel=1e-10)
    assert pool["std"] == pytest.approx(whole.std(), rel=1e-10)
    counted, _ = np.histogram(whole, edges(pool["histogram"]))
    assert pool["histogram"]["counts"] == counted.tolist()
    most = math.ceil(math.log2(len(whole))) + 1
    assert most - 5 <= len(pool["histogram"]["counts"]) <= most
    medians = [part["quantiles"]["50"] for part in recorded]
    assert pool["quantiles"]["50"] == pytest.approx(sum(medians) / 3)
    assert pooled(recorded[:1]) == recorded[0]


def test_distributions_with_other_bounds_are_not_merged() -> None:
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
    recorded, whole = growing.to_json(), torch.cat(steps)
    counted, _ = np.histogram(whole.double().numpy(), edges(recorded["histogram"]))
    assert recorded["histogram"]["counts"] == counted.tolist()
    assert len(recorded["histogram"]["counts"]) == math.ceil(math.log2(len(whole))) + 1
    assert_quantiles_within_a_percent(recorded, whole)
    assert_same_but_for_rounding(recorded, seen(torch.cat(steps[::-1])))


@pytest.mark.parametrize("value", [0.3, -1e-30, 7e20, 1.0])
def test_a_constant_is_one_bin_of_exact_numbers(value: float) -> None:
    recorded = seen(torch.full((7, 11), value))
    exact = torch.tensor(value).item()
    assert [recorded["min"], recorded["max"], *recorded["quantiles"].values()] == [exact] * 11
    assert recorded["mean"] == pytest.approx(exact)
    assert recorded["std"] == pytest.approx(0, abs=1e-9 * abs(exact))
    assert recorded["histogram"]["counts"] == recorded["bins"]["counts"] == [77]
    low, width = recorded["histogram"]["low"], recorded["histogram"]["width"]
    assert low <= exact < low + width


def test_zeros_of_either_sign_are_zeros() -> None:
    recorded = seen(torch.tensor([0.0, -0.0, 0.0]), outside=(0.0, 0.0))
    assert (recorded["count"], recorded["zeros"], recorded["below"], recorded["above"]) == (
        3,
        3,
        0,
        0,
    )
    assert recorded["histogram"] == {"low": 0.0, "width": 2.0**-1022, "counts": [3]}
    assert json.dumps(recorded).count("-0.0") == 0
    assert set(recorded["quantiles"].values()) == {0.0}


def test_zeros_then_a_value_share_the_bins_of_the_value() -> None:
    distribution = Distribution()
    distribution.add(torch.zeros(5))
    distribution.add(torch.tensor([-1.0]))
    recorded = distribution.to_json()
    assert (recorded["count"], recorded["zeros"], recorded["min"], recorded["max"]) == (
        6,
        5,
        -1.0,
        0.0,
    )
    assert recorded["histogram"]["counts"] == [1, 0, 0, 5]
    assert list(recorded["quantiles"].values()) == [-1.0] * 3 + [0.0] * 6


def test_one_value_is_everything() -> None:
    recorded = seen(torch.tensor(-2.5))
    assert (recorded["count"], recorded["mean"], recorded["std"]) == (1, -2.5, 0.0)
    assert recorded["histogram"]["counts"] == [1]


def test_values_that_are_not_finite_are_counted_separately() -> None:
    bad = [math.nan, math.inf, -math.inf, math.nan]
    recorded = seen(torch.tensor([1.0, *bad, 3.0]), outside=(2.0, 2.5))
    assert recorded["not_finite"] == 4
    clean = seen(torch.tensor([1.0, 3.0]), outside=(2.0, 2.5))
    assert recorded == clean | {"not_finite": 4}
    nothing = seen(torch.tensor(bad))
    assert (nothing["count"], nothing["not_finite"]) == (0, 4)
    undefined = ("mean", "std", "min", "max", "quantiles", "histogram", "bins", "below")
    assert {nothing[name] for name in undefined} == {None}
    both = pooled([nothing, seen(torch.tensor([1.0, 3.0]))])
    assert (both["count"], both["not_finite"], both["mean"], both["std"]) == (2, 4, 2.0, 1.0)
    assert pooled([nothing, nothing]) == nothing | {"not_finite": 8}


def test_numbers_that_overflow_float64_are_null_and_the_others_are_right() -> None:
    recorded = seen(torch.tensor([-1e300, 5e-324, -1e-300, 1e300], dtype=torch.float64))
    assert (recorded["std"], recorded["min"], recorded["max"]) == (None, -1e300, 1e300)
    counts = np.array(recorded["bins"]["counts"])
    assert (counts.nonzero()[0] + recorded["bins"]["first"])[1:3].tolist() == [-1, 0]
    assert json.loads(json.dumps(recorded, allow_nan=False)) == recorded
    assert pooled([recorded, recorded])["std"] is None


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


@pytest.mark.costly
@given(values=st.lists(st.floats(-(2.0**-120), 2.0**-120, width=32), min_size=1, max_size=50))
def test_subnormal_values_are_counted_like_others(values: list[float]) -> None:
    whole = torch.tensor(values, dtype=torch.float32)
    histogram = seen(whole)["histogram"]
    counted, _ = np.histogram(whole.double().numpy(), edges(histogram))
    assert histogram["counts"] == counted.tolist()
