"""Trends over the cycles, on accuracy curves whose best rate and ends are known."""

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from trend_tables import table

from oracle.analysis import rise, shapes, trend
from oracle.cli import main
from scyc.errors import BadInput
from scyc.schedules import scyc_curve
from scyc.specs.base import SCyc


def test_a_slope_is_that_of_least_squares() -> None:
    """Deviations -1, 0, 1 of the cycles; values 1, 1, 4: (-1 + 4) / 2."""
    assert trend.slope([0, 1, 2], np.array([1.0, 1.0, 4.0])) == pytest.approx(1.5)
    assert trend.slope([1, 3], np.array([[0.0, 1.0], [0.0, -2.0]])) == pytest.approx([0.5, -1.0])


def test_the_jackknife_of_a_mean_is_students_interval() -> None:
    """Of 1, 2, 3, 6: mean 3, standard error sqrt(14 / 3 / 4) = 1.0801, t of 3 is 2.3534."""
    values = [1.0, 2.0, 3.0, 6.0]
    parts = [(sum(values) - value) / 3 for value in values]
    low, high = trend.jackknife(3.0, parts)
    assert low == pytest.approx(3 - 2.3534 * 1.0801, abs=1e-3)
    assert high == pytest.approx(3 + 2.3534 * 1.0801, abs=1e-3)


@pytest.mark.costly
def test_a_rise_of_known_size_is_detected_in_all_three_quantities() -> None:
    """The best rate rises by 1.3 a cycle; the ends lie at exp(-0.5) and exp(0.5) times it."""
    tops = [0.05 * 1.3**cycle for cycle in range(5)]
    for each in trend.trends(table(tops)):
        assert each.direction == "rises"
        assert each.slope == pytest.approx(math.log(1.3), abs=0.05)
        assert each.drawn[0] < math.log(1.3) < each.drawn[1]
        assert each.paired is not None
        assert each.paired[0] < each.slope < each.paired[1]
        side = {"well_tuned": 0.0, "low": -0.5, "high": 0.5}[each.quantity]
        expected = [top * math.exp(side) for top in tops]
        assert each.rates == pytest.approx(expected, rel=0.2)


@pytest.mark.costly
def test_where_nothing_rises_no_rise_is_reported() -> None:
    for each in trend.trends(table([0.08] * 5)):
        assert each.direction == "not told apart"
        assert each.drawn[0] < 0 < each.drawn[1]


def test_with_two_replicates_there_is_no_jackknife() -> None:
    trends = trend.trends(table([0.05, 0.08, 0.128], replicates=2))
    assert [each.paired for each in trends] == [None, None, None]
    assert trend.trends(table([0.05, 0.08])) == ()


def test_an_end_outside_the_grid_is_reported() -> None:
    upper = {each.quantity: each for each in trend.trends(table([0.1, 0.2, 0.6]))}["high"]
    assert upper.cut == (2,)


def test_leaving_out_a_replicate_also_leaves_out_its_divergence() -> None:
    grid = [{"max_lr": 0.1, "val_accuracy": [80.0, 0.0], "diverged": True}]
    cycle = {"grid": grid}
    assert trend.scores(cycle, without=1)[0.1].diverged is False
    assert trend.scores(cycle, without=0)[0.1].diverged is True
    assert trend.scores(cycle)[0.1].accuracies == (80.0, 0.0)


def test_the_null_of_a_diverged_replicate_is_read_as_its_divergence() -> None:
    """So it is written where the values are a metric's."""
    grid = [{"max_lr": 0.1, "val_accuracy": [80.0, None], "diverged": True}]
    assert trend.scores({"grid": grid}, without=1)[0.1].diverged is False
    assert trend.scores({"grid": grid}, without=0)[0.1].diverged is True
    assert trend.scores({"grid": grid})[0.1].accuracies == (80.0, 0.0)


def best(tops: Sequence[float], noise: float = 0.02) -> dict[str, shapes.Shape]:
    drawn = [trend.draws(cycle, 0.5, "points") for cycle in table(tops, noise)["cycles"]]
    regions = [each for each in drawn if each is not None]
    assert len(regions) == len(tops)
    return {each.name: each for each in shapes.compare(regions, 0.5)}


@pytest.mark.costly
def test_a_constant_is_detected_and_costs_least() -> None:
    shape = best([0.08] * 6)
    assert next(iter(shape)) == "constant"
    assert shape["constant"].values["max_lr"] == pytest.approx(0.08, rel=0.1)
    assert [shape[name].parameters for name in shapes.SHAPES] == [1, 2, 2, 4]


@pytest.mark.costly
def test_a_power_law_is_fitted_with_its_exponent() -> None:
    """Where each cycle keeps the same share of all weights, a line in log max_lr is the same."""
    shape = best([0.02 / 0.5 ** (0.7 * cycle) for cycle in range(7)])
    assert shape["power law"].values["alpha"] == pytest.approx(0.7, abs=0.05)
    assert shape["power law"].values["epsilon"] == pytest.approx(0.02, rel=0.15)
    assert shape["line in log max_lr"].aic == pytest.approx(shape["power law"].aic, abs=0.1)
    assert shape["constant"].aic > shape["power law"].aic + 10
    assert shape["power law"].inside == tuple(range(7))


@pytest.mark.costly
def test_an_s_is_distinguished_from_a_line_where_the_peaks_are_sharp() -> None:
    curve = SCyc(epsilon=0.02, delta=0.3, q=2, beta=6.0)
    shape = best([scyc_curve.max_lr(curve, cycle, 0.5) for cycle in range(9)])
    assert next(iter(shape)) == "S-Cyc"
    assert shape["S-Cyc"].values["q"] == 2
    assert shape["S-Cyc"].values["epsilon"] == pytest.approx(0.02, rel=0.15)
    assert shape["power law"].aic - shape["S-Cyc"].aic > shapes.DISTINCT


@pytest.mark.costly
def test_the_printed_table_has_the_amount_and_its_significance() -> None:
    rises = rise.of_table(table([0.05 * 1.3**cycle for cycle in range(5)]))
    lines = rise.text(rises).splitlines()
    assert lines[0] == "known-00000000: cycles 0 to 4, 4 replicates"
    (upper,) = [line for line in lines if line.strip().startswith("upper end")]
    assert upper.endswith("rises")
    content = rise.as_json(rises)
    assert [each["quantity"] for each in content["trends"]] == ["well_tuned", "low", "high"]
    assert content["shapes"][0]["aic"] <= content["shapes"][-1]["aic"]
    assert json.loads(json.dumps(content)) == content


@pytest.fixture(scope="module")
def flat() -> rise.Rise:
    """Of three cycles with the same best rate: one undertrained, one of an older version."""
    made = table([0.08] * 3)
    made["cycles"][1]["plateau"]["verdict"] = "undertrained"
    del made["cycles"][2]["plateau"]
    return rise.of_table(made)


def test_a_trend_that_is_not_significant_is_printed_so_and_stored_as_before(
    flat: rise.Rise,
) -> None:
    lines = rise.text(flat).splitlines()[2:5]
    assert [line.rsplit(", ", 1)[1] for line in lines] == ["not significant"] * 3
    directions = [each["direction"] for each in rise.as_json(flat)["trends"]]
    assert directions == ["not told apart"] * 3


def test_undertrained_cycles_are_named(flat: rise.Rise) -> None:
    assert (flat.undertrained, flat.unknown) == ((1,), (2,))
    assert "Undertrained at cycle 1." in rise.text(flat)


@pytest.fixture
def written(tmp_path: Path) -> Callable[[object], str]:
    def write(content: object) -> str:
        file = tmp_path / "table.json"
        file.write_text(json.dumps(content))
        return str(file)

    return write


def test_the_command_reads_a_committed_table(
    written: Callable[[object], str], capsys: pytest.CaptureFixture[str]
) -> None:
    main.main(["trend", written(table([0.05, 0.06, 0.07]))], standalone_mode=False)
    assert capsys.readouterr().out.startswith("known-00000000: cycles 0 to 2")


def test_a_file_that_is_no_table_or_lacks_the_rate_is_refused(
    written: Callable[[object], str],
) -> None:
    with pytest.raises(BadInput, match="is no table of an oracle run"):
        rise.read(Path(written({"kind": "search"})))
    with pytest.raises(BadInput, match="not complete"):
        rise.of_table(table([0.05, 0.06, 0.07]) | {"fit": None})
