"""The studies of the paper's tables and figures.

What is expected here is arithmetic, or what the paper says elsewhere than in the table itself.
"""

import functools
import re
import shlex
from decimal import ROUND_DOWN, Decimal
from typing import Any

import pytest
import torch
from torch import nn

from oracle.analysis import paper
from oracle.cli.study_commands import run
from oracle.settings import ScaleDown
from oracle.study.base import Study
from oracle.study.built_in import bundled_studies
from oracle.study.distributions import DistributionsStudy
from oracle.study.loading import read_yaml
from oracle.study.oracle import OracleStudy, PaperOracle
from oracle.study.parts import grid
from oracle.study.scale_down import scale_down
from oracle.study.schedules import Entry, PaperSchedules, SchedulesStudy
from oracle.study.validation import parse
from oracle.tables import schedules
from oracle.tables.schedules import EntryResults
from scyc.networks import registry
from scyc.pruning import weights as pruning_weights
from scyc.specs.base import as_json
from scyc.specs.schedules import WarmupSpec
from scyc.specs.system import SplitSpec

ORACLES = ["table3", "table7", "table8"]
# each part of Table 2, the table with all its columns, and the oracle of the same setting
PARTS = [("table2a", "table9", "table7"), ("table2b", "table10", "table3")]
PARTS += [("table2c", "table11", "table8")]
COMPARISONS = [name for part in PARTS for name in part[:2]] + ["table5", "table6"]
FIGURES = ["figure1", "figure3", "figure4", "figure5", "figure6"]
ALL = [*ORACLES, *COMPARISONS, *FIGURES]
SHAPES = {"cifar10": (3, 32, 32), "tiny_imagenet": (3, 64, 64), "fashion_mnist": (1, 28, 28)}
CLASSES = {"cifar10": 10, "tiny_imagenet": 200, "fashion_mnist": 10}
FILES = bundled_studies()


@functools.cache
def load_study(name: str) -> Study:
    return parse(read_yaml(FILES[name], name), name)


def comparison(name: str) -> SchedulesStudy:
    study = load_study(name)
    assert isinstance(study, SchedulesStudy)
    return study


def printed(name: str) -> PaperOracle | PaperSchedules:
    study = load_study(name)
    assert isinstance(study, OracleStudy | SchedulesStudy)
    assert study.paper is not None
    return study.paper


def entries(name: str) -> dict[str, Entry]:
    return {entry.label: entry for entry in comparison(name).schedules}


def cut(value: float, like: float) -> Decimal:
    """A value cut, not rounded, to the digits of another."""
    digits = Decimal(repr(like)).normalize()
    step = Decimal(1) if digits == digits.to_integral_value() else digits
    return Decimal(repr(value)).quantize(step, ROUND_DOWN)


def built(study: Study) -> nn.Module:
    """A study's network, without values."""
    data = study.dataset.name
    with torch.device("meta"):
        return registry.build(study.network, SHAPES[data], CLASSES[data], seed=0)


def unpruned_share(network: nn.Module) -> float:
    """The last linear layer's share of the weights of convolutions and linear layers."""
    weights = network.state_dict()
    counted, pruned = (
        sum(weights[name].numel() for name in names)
        for names in (
            pruning_weights.weight_names(network),
            pruning_weights.prunable_names(network),
        )
    )
    return 1 - pruned / counted


@pytest.mark.parametrize("name", ALL)
def test_each_table_and_figure_has_a_study_of_its_kind(name: str) -> None:
    study = load_study(name)
    assert study.name == name
    assert study.description.endswith(" of the S-Cyc paper.")
    if isinstance(study, DistributionsStudy):
        assert study.paper is not None
        assert name == f"figure{study.paper.figure}"
    else:
        number = str(printed(name).table)
        assert name == "table" + number.replace("(", "").replace(")", "")


def test_no_other_study_takes_such_a_name() -> None:
    named = {name for name in FILES if re.match(r"(table|figure)\d", name)}
    assert named == set(ALL)


@pytest.mark.parametrize("name", ALL)
def test_each_study_has_the_papers_protocol(name: str) -> None:
    study = load_study(name)
    assert study.pruning.rate == 0.2
    assert study.replicates == 5
    if isinstance(study, DistributionsStudy):
        assert study.cycles == 10
        assert study.record.what == ("weight_gradients", "activations")
    else:
        assert study.cycles == 25
        assert study.split == SplitSpec(train=0.6, validation=0.2)
        assert study.training.batch == 128


@pytest.mark.parametrize("name", [*ORACLES, *COMPARISONS])
def test_the_printed_percentages_are_resnet_20s_after_those_cycles(name: str) -> None:
    published = printed(name)
    unpruned = 650 / 272_474  # the share of ResNet-20's last layer, which is not pruned
    for percent, cycle in zip(published.weights_remaining, published.cycles, strict=True):
        remaining = 100 * (unpruned + (1 - unpruned) * 0.8**cycle)
        assert cut(remaining, percent) == Decimal(repr(percent))


@pytest.mark.parametrize("name", COMPARISONS)
def test_a_comparison_shows_the_printed_columns(name: str) -> None:
    study = comparison(name)
    assert study.columns == printed(name).cycles
    assert study.paper is not None
    assert list(study.paper.accuracy) == [entry.label for entry in study.schedules]


@pytest.mark.parametrize(("part", "whole", "_"), PARTS)
def test_table_2_is_columns_of_the_larger_tables(part: str, whole: str, _: str) -> None:
    few, many = comparison(part).paper, comparison(whole).paper
    assert few is not None
    assert many is not None
    assert len(few.cycles) < len(many.cycles)
    for label, row in few.accuracy.items():
        assert row == tuple(many.accuracy[label][many.cycles.index(c)] for c in few.cycles)


@pytest.mark.parametrize(("part", "whole", "oracle"), PARTS)
def test_tables_of_one_setting_train_the_same_system(part: str, whole: str, oracle: str) -> None:
    of_oracle = load_study(oracle)
    assert isinstance(of_oracle, OracleStudy)
    for name in (part, whole):
        assert comparison(name).system == of_oracle.system
        assert comparison(name).dataset == of_oracle.dataset
        mine = entries(name)["S-Cyc"]
        assert (mine.schedule, mine.s_cyc) == (of_oracle.schedule, of_oracle.s_cyc)
    same = {label for label, entry in entries(part).items() if entry == entries(whole)[label]}
    differ = {"LR decay", "cyclical"} if part == "table2a" else set()
    assert same == entries(part).keys() - differ


@pytest.mark.parametrize("name", COMPARISONS)
def test_s_cyc_rises_from_one_warm_up_to_the_other(name: str) -> None:
    by_label = entries(name)
    warm_ups = [by_label["LR-warmup-1"], by_label["LR-warmup-2"]]
    curve = by_label["S-Cyc"].s_cyc
    assert curve is not None
    ends = [curve.epsilon, curve.epsilon + curve.delta]
    assert sorted(entry.max_lr or 0 for entry in warm_ups) == pytest.approx(ends)
    assert {entry.schedule for entry in (*warm_ups, by_label["S-Cyc"])} == {warm_ups[0].schedule}


@pytest.mark.parametrize("name", COMPARISONS)
def test_every_rate_can_be_tuned_as_in_the_comment(name: str) -> None:
    comment = re.search(r"^#   (tune: .+)$", FILES[name], re.MULTILINE)
    assert comment is not None
    tune = read_yaml(comment[1], name)
    assert isinstance(tune, dict)
    content = as_json(comparison(name))
    for entry in content["schedules"]:
        if entry["max_lr"] is not None:
            entry.update(tune, max_lr=None)
    tuned = parse(content, name)
    assert isinstance(tuned, SchedulesStudy)
    rates = [
        grid.grid_values(entry.tune.max_lr) for entry in tuned.schedules if entry.tune is not None
    ]
    assert [(row[0], row[-1]) for row in rates] == [(1e-4, 0.1)] * 5


# Section 5.2's three improvements, at 2.03 %; Appendix A.2's range over all but the first column
@pytest.mark.parametrize(
    ("name", "columns", "expected"),
    [
        ("table2a", slice(-1, None), {2.1}),
        ("table2b", slice(-1, None), {3.4}),
        ("table2c", slice(-1, None), {3.2}),
        ("table5", slice(1, None), {0.8, 2.7}),
        ("table6", slice(1, None), {0.3, 7.3}),  # which Appendix A.2's range leaves out
    ],
)
def test_the_papers_improvements_are_relative(
    name: str, columns: slice, expected: set[float]
) -> None:
    study = comparison(name)
    entries = [EntryResults(entry) for entry in study.schedules]
    table = schedules.table(study, "run", entries, complete=False)
    relative = [column["paper"]["relative"] for column in table["columns"][columns]]
    assert {round(min(relative), 1), round(max(relative), 1)} == expected


@pytest.mark.parametrize(
    ("name", "percents"), [("table9", {80, 64}), ("table10", {80}), ("table11", {80})]
)
def test_s_cyc_is_not_ahead_in_every_printed_column(name: str, percents: set[float]) -> None:
    published = comparison(name).paper
    assert published is not None
    means = {label: [mean for mean, _ in row] for label, row in published.accuracy.items()}
    mine = means.pop("S-Cyc")
    behind = {
        percent
        for column, percent in enumerate(published.weights_remaining)
        if mine[column] <= max(row[column] for row in means.values())
    }
    assert behind - {100} == percents


@pytest.mark.parametrize("name", ORACLES)
def test_the_grid_contains_every_printed_rate_and_extends_past_them(name: str) -> None:
    study = load_study(name)
    published = printed(name)
    assert isinstance(study, OracleStudy)
    assert isinstance(published, PaperOracle)
    rates = grid.grid_values(study.grid)
    assert rates == [round(0.002 * (index + 1), 3) for index in range(60)]
    assert {*published.well_tuned, *published.feasible_low, *published.feasible_high} <= set(
        rates[1:-1]
    )
    rows = zip(published.feasible_low, published.well_tuned, published.feasible_high, strict=True)
    assert all(low <= best <= high for low, best, high in rows)


@pytest.mark.parametrize(("number", "known"), [(3, 7), (7, 7), (8, 0)])
def test_the_printed_row_of_s_cyc_is_equation_2_cut(number: int, known: int) -> None:
    cells = paper.check_paper_table(number).cells
    assert [cell.reproduced for cell in cells].count(True) == known
    assert not any(cell.reproduced is False for cell in cells)


@pytest.mark.parametrize(
    ("name", "million"),  # as the paper's tables print it
    [("table3", 139), ("table2b", 139), ("table10", 139), ("figure6", 134)],
)
def test_the_networks_have_the_printed_size(name: str, million: int) -> None:
    assert registry.parameter_count(built(load_study(name))) // 1_000_000 == million


@pytest.mark.parametrize("name", ["table8", "table2c", "table11"])
def test_resnet_50s_printed_size_is_that_of_its_convolutions_and_linear_layer(name: str) -> None:
    network = built(load_study(name))
    weights = sum(
        network.get_parameter(each).numel() for each in pruning_weights.weight_names(network)
    )
    assert weights // 100_000 == 238


# What the comments say remains, where the paper prints another percentage
@pytest.mark.parametrize(
    ("name", "cycle", "comment"),
    [
        *((name, 7, "has 20.99 % remaining where 21.1 is") for name in ("table3", "table10")),
        *((name, 7, "has 22.3 % remaining where 21.1 is") for name in ("table8", "table11")),
        *((name, 18, "and 3.49 where 2.03 is") for name in ("table8", "table2c")),
        ("figure5", 9, "has 13.6 % of its weights remaining, where 13.4 is"),
    ],
)
def test_the_comments_say_what_remains_of_other_networks(
    name: str, cycle: int, comment: str
) -> None:
    unpruned = unpruned_share(built(load_study(name)))
    number = re.search(r"\d+\.\d+", comment)
    assert number is not None
    remaining = 100 * (unpruned + (1 - unpruned) * 0.8**cycle)
    assert remaining == pytest.approx(float(number[0]), abs=10 ** -len(number[0].split(".")[1]))
    assert comment in " ".join(FILES[name].replace("\n#", " ").split())


@pytest.mark.parametrize("name", ALL)
def test_each_network_accepts_its_images(name: str) -> None:
    study = load_study(name)
    data = study.dataset.name
    last = study.pruning.prune_last
    assert registry.problems(study.network, SHAPES[data], CLASSES[data], last) == []


def test_figure_1_trains_for_500_epochs_of_four_fifths_of_the_images() -> None:
    study = load_study("figure1")
    images = round(70_000 * study.split.train)
    assert images == 56_000
    assert study.training.steps * study.training.batch == 500 * images


def test_figure_1s_percentage_needs_every_layer_pruned() -> None:
    assert load_study("figure1").pruning.prune_last
    layers = [784 * 256, 256 * 256, 256 * 256, 256 * 10]
    unpruned = layers[-1] / sum(layers)
    assert cut(100 * 0.8**9, 13.4) == Decimal("13.4")
    assert cut(100 * (unpruned + (1 - unpruned) * 0.8**9), 13.4) == Decimal("14.0")


def test_figure_3_is_figure_1_with_batch_norm() -> None:
    one, three = (as_json(load_study(name).system) for name in ("figure1", "figure3"))
    assert three["network"].pop("batch_norm")
    assert not one["network"].pop("batch_norm")
    assert one.pop("record") != three.pop("record")
    assert one == three


@pytest.mark.parametrize(
    ("figure", "table"), [("figure5", "table2a"), ("figure6", "table2b")]
)  # Table 4 prints for them what Table 2 does for these
def test_a_figure_trains_with_the_settings_of_table_4(figure: str, table: str) -> None:
    study = load_study(figure)
    assert isinstance(study, DistributionsStudy)
    warm_up = entries(table)["LR-warmup-1"]
    assert (study.schedule, study.max_lr) == (warm_up.schedule, warm_up.max_lr)
    assert study.training == comparison(table).training


def schedules_of(study: Study) -> list[Any]:
    if isinstance(study, SchedulesStudy):
        return [entry.schedule for entry in study.schedules]
    assert isinstance(study, OracleStudy | DistributionsStudy)
    return [study.schedule]


@pytest.mark.parametrize("name", ALL)
def test_each_study_can_be_scaled_down_and_reports_it(name: str) -> None:
    study = load_study(name)
    values = 8 if isinstance(study, OracleStudy) else None
    small = scale_down(
        study, ScaleDown(scale=0.02, subset=0.1, cycles=4, grid=values, replicates=2)
    )
    steps = study.training.steps // 50
    assert small.training.steps == steps
    assert small.training.validate_every == min(1000, steps // 10)
    assert (small.subset, small.cycles, small.replicates) == (0.1, 4, 2)
    for before, after in zip(schedules_of(study), schedules_of(small), strict=True):
        assert type(after) is type(before)
        if isinstance(before, WarmupSpec):
            assert (after.warmup, *after.drops) == tuple(
                length // 50 for length in (before.warmup, *before.drops)
            )
    changes = small.shrunk
    assert changes["iterations"].startswith(f"{steps:,} of {study.training.steps:,}")
    assert changes["images"].startswith("10 of 100 %")
    assert changes["cycles"] == f"4 of {study.cycles}"
    assert changes["replicates"] == "2 of 5"
    assert changes.get("grid") == (None if values is None else "8 of 60 max_lr")


@pytest.mark.parametrize("name", ALL)
def test_the_commands_in_each_comment_run_the_study_and_shrink_it(name: str) -> None:
    commands = re.findall(r"^#   oracle run (.+)$", FILES[name], re.MULTILINE)
    full, shrunk = (shlex.split(line) for line in commands)
    assert full == [name, "--data", "FOLDER"]
    assert wanted(full) == ScaleDown()
    small = scale_down(load_study(name), wanted(shrunk))
    shown = getattr(small, "columns", None) or range(small.cycles + 1)
    assert len(shown) > 1


def wanted(arguments: list[str]) -> ScaleDown:
    """The options of a command line that scale a study down."""
    options = run.make_context("run", list(arguments)).params
    fields = ("scale", "subset", "classes", "cycles", "grid", "replicates")
    return ScaleDown(**{field: options[field] for field in fields})
