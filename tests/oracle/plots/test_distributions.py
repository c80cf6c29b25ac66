from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
import torch

from oracle.plots import distributions as distribution_plots
from oracle.plots.distributions import dashboard_panels, distributions
from oracle.plots.histograms import shown, together
from scyc.recording.bins import Bins
from scyc.recording.distributions import Distribution

BOUNDS = (-0.02, 0.03)


def as_json(values: torch.Tensor) -> dict[str, Any]:
    distribution = Distribution(BOUNDS)
    distribution.add(values)
    return distribution.to_json()


def gradients(cycle: int) -> torch.Tensor:
    """Narrower with every cycle, some exactly 0."""
    generator = torch.Generator().manual_seed(cycle)
    drawn = torch.randn(20_000, generator=generator) * 0.02 * 0.8**cycle
    return torch.where(torch.rand(20_000, generator=generator) < 0.1, 0.0, drawn)


def outputs(cycle: int) -> torch.Tensor:
    return (torch.randn(5_000, generator=torch.Generator().manual_seed(cycle)) / (1 + cycle)).relu()


def make_table(cycles: int = 4, what: tuple[str, ...] = ("weight_gradients", "activations")) -> Any:
    drawn = {"weight_gradients": gradients, "activations": outputs}
    return {
        "kind": "distributions",
        "study": "tiny",
        "run_id": "r",
        "shrunk": {},
        "record": {"what": list(what), "outside": list(BOUNDS)},
        "cycles": [
            {
                "cycle": cycle,
                "weights_remaining": 100 * 0.8**cycle,
                "max_lr": 0.1,
                **{name: as_json(drawn[name](cycle)) for name in what},
            }
            for cycle in range(cycles)
        ],
    }


def lines(figure: go.Figure, name: str) -> list[go.Scatter]:
    return [trace for trace in figure.data if trace.name == name]


def test_a_histogram_is_numpys_on_its_edges_for_every_network() -> None:
    for trace, cycle in zip(lines_of_networks(distributions(make_table())), range(4), strict=True):
        values = gradients(cycle).double().numpy()
        steps = [
            (left, right, share)
            for left, right, share, end in zip(
                trace.x, trace.x[1:], trace.customdata, trace.customdata[1:], strict=False
            )
            if share and share == end and right > left
        ]
        assert sum(share for *_, share in steps) > 99.5
        for left, right, share in steps:
            inside = ((values >= left) & (values < right)).sum()
            assert share == pytest.approx(100 * inside / len(values), abs=1e-9)


def lines_of_networks(figure: go.Figure) -> list[go.Scatter]:
    """The histograms of the first panel."""
    return [t for t in figure.data if t.xaxis == "x" and str(t.legendgroup).startswith("cycle")]


def test_all_networks_have_the_same_bins_with_zero_in_the_middle_of_one() -> None:
    traces = lines_of_networks(distributions(make_table()))
    edges = sorted({x for trace in traces for x in trace.x if x is not None})
    width = edges[1] - edges[0]
    assert np.diff(edges) == pytest.approx(width)
    assert min(abs(edge) for edge in edges) == width / 2
    widest = traces[0]
    assert (min(widest.x), max(widest.x)) == (edges[0], edges[-1])


def test_values_that_cannot_be_negative_have_an_edge_at_zero() -> None:
    figure = distributions(make_table())
    first = next(t for t in figure.data if t.xaxis == "x2" and t.legendgroup == "cycle 0")
    assert first.x[0] == 0.0
    assert first.customdata[0] > 50  # half of them are exactly 0
    assert not first.showlegend


@pytest.mark.parametrize(("low", "high"), [(-1.0, 1.0), (0.0, 1.0), (0.2, 0.9), (-3.0, -1.0)])
def test_bins_of_different_widths_are_counted_together_exactly(low: float, high: float) -> None:
    drawn = [gradients(0) * 40, gradients(5) * 40 + 0.3, gradients(9) * 40]
    edges, counts = together([Bins.from_json(as_json(part)["bins"]) for part in drawn], low, high)
    assert edges[0] <= low
    assert edges[-1] > high
    for part, counted in zip(drawn, counts, strict=True):
        values = part.double().numpy()
        inside = values[values < edges[-1]]
        assert counted == np.histogram(inside, edges)[0].tolist()
    most = 16  # ceil(log2 20,000) + 1
    assert len(edges) - 1 <= most + 2


def test_at_most_six_networks_are_shown_the_first_and_the_last_among_them() -> None:
    table = make_table(cycles=12, what=("weight_gradients",))
    picked = [cycle["cycle"] for cycle in shown(table["cycles"])]
    assert picked == [0, 2, 4, 7, 9, 11]
    assert [cycle["cycle"] for cycle in shown(table["cycles"][:3])] == [0, 1, 2]
    names = [trace.name for trace in lines_of_networks(distributions(table))]
    assert names == ["100 %", "64 %", "41 %", "21 %", "13.4 %", "8.59 %"]
    assert len({trace.line.color for trace in lines_of_networks(distributions(table))}) == 6


def test_the_spread_below_is_that_of_every_network() -> None:
    table = make_table(cycles=12)
    figure = distributions(table)
    deviation = lines(figure, "standard deviation")[0]
    assert list(deviation.x) == [cycle["weights_remaining"] for cycle in table["cycles"]]
    assert list(deviation.y) == [cycle["weight_gradients"]["std"] for cycle in table["cycles"]]
    assert list(deviation.y) == sorted(deviation.y, reverse=True)
    band = lines(figure, "5 % to 95 % quantile")[0]
    quantiles = [cycle["weight_gradients"]["quantiles"] for cycle in table["cycles"]]
    upper, lower = list(band.y)[:12], list(band.y)[12:]
    assert upper == [each["95"] for each in quantiles]
    assert lower[::-1] == [each["5"] for each in quantiles]


def test_the_share_outside_the_bounds_is_counted_and_the_bounds_are_drawn() -> None:
    figure = distributions(make_table())
    outside = lines(figure, "outside [-0.02, 0.03]")
    assert len(outside) == 1  # the bounds are the gradients'
    for cycle, share in enumerate(outside[0].y):
        values = gradients(cycle).double()
        assert share == 100 * int(((values < -0.02) | (values > 0.03)).sum()) / 20_000
    assert sorted(shape.x0 for shape in figure.layout.shapes) == [-0.02, 0.03]
    assert {shape.line.dash for shape in figure.layout.shapes} == {"dash"}
    zeros = lines(figure, "exactly 0")
    assert zeros[0].y[0] == 100 * int((gradients(0) == 0).sum()) / 20_000
    assert len(zeros) == 2


def test_bounds_are_the_outputs_where_these_are_recorded_alone() -> None:
    figure = distributions(make_table(what=("activations",)))
    assert len(lines(figure, "outside [-0.02, 0.03]")) == 1
    assert len(figure.layout.shapes) == 2


def test_without_bounds_there_are_none() -> None:
    table = make_table()
    table["record"]["outside"] = None
    figure = distributions(table)
    assert not figure.layout.shapes
    assert not [trace for trace in figure.data if str(trace.name).startswith("outside")]


def test_the_figure_shows_how_the_study_was_scaled_down() -> None:
    table = make_table()
    assert distributions(table).layout.title.subtitle.text == ""
    table["shrunk"] = {"cycles": "3, not 10"}
    subtitle = distributions(table).layout.title.subtitle.text
    assert subtitle == "Scaled down: cycles 3, not 10."


def test_values_outside_the_axis_are_mentioned() -> None:
    table = make_table(what=("weight_gradients",))
    plain = distributions(table).layout.xaxis
    far = torch.cat([gradients(0), torch.tensor([5.0, -5.0])])
    table["cycles"][0]["weight_gradients"] = as_json(far)
    figure = distributions(table)
    assert figure.layout.xaxis.range[1] < 0.5
    assert figure.layout.xaxis.title.text == "dL/dw (up to 0.01 % of values lie beyond)"
    assert plain.title.text == "dL/dw"


def test_a_network_that_was_not_recorded_is_left_out() -> None:
    table = make_table()
    del table["cycles"][2]["activations"]
    table["cycles"][3]["activations"] = as_json(torch.tensor([torch.nan]))
    deviations = lines(distributions(table), "standard deviation")
    assert [len(each.x) for each in deviations] == [4, 2]


def test_before_any_network_is_recorded_the_figure_is_empty_with_a_note() -> None:
    table = make_table(cycles=0)
    figure = distributions(table)
    assert not figure.data
    assert "yet" in figure.layout.annotations[0].text
    assert dashboard_panels(table) == {}


@pytest.mark.parametrize("value", [0.0, 1e-40, -3.0, 2e30])
def test_values_that_are_all_the_same_make_one_bar(value: float) -> None:
    table = make_table(cycles=1, what=("weight_gradients",))
    table["record"]["outside"] = None
    table["cycles"][0]["weight_gradients"] = as_json(torch.full((9,), value))
    trace = lines_of_networks(distributions(table))[0]
    bar = [x for x, share in zip(trace.x, trace.customdata, strict=True) if share == 100]
    exact = torch.tensor(value).item()
    assert len(bar) == 2
    assert bar[0] <= exact < bar[1]


@pytest.mark.costly
def test_every_panel_is_a_card_with_the_same_numbers() -> None:
    table = make_table()
    made = dashboard_panels(table)
    assert list(made) == [
        "weight_gradients",
        "weight_gradients_spread",
        "weight_gradients_shares",
        "activations",
        "activations_spread",
        "activations_shares",
    ]
    assert {(card.layout.width, card.layout.height) for card in made.values()} == {(None, 440)}
    whole = distributions(table)
    assert sum(len(card.data) for card in made.values()) == len(whole.data)
    first = lines_of_networks(whole)[0]
    assert made["weight_gradients"].data[0].y == first.y
    assert made["activations"].data[0].showlegend
    assert {trace.legend for card in made.values() for trace in card.data} == {"legend"}  # below it


def test_axes_name_what_they_show_and_its_unit() -> None:
    figure = distributions(make_table())
    titles = {axis.title.text for axis in figure.select_xaxes()}
    assert titles == {"dL/dw", "post-ReLU output", "weights remaining, %"}
    upright = [axis.title.text for axis in figure.select_yaxes()]
    assert upright[0].startswith("share of values, % per bin of 0.0")
    assert upright[2:4] == ["dL/dw", "share of values, %"]
    assert distribution_plots._TITLES["activations"] in {a.text for a in figure.layout.annotations}
