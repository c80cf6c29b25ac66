"""A study is refused with path, value, rule and remedy, all problems at once."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.study.base import Study
from oracle.study.loading import bundled_studies, load_study, read_yaml
from oracle.study.validation import parse
from scyc.errors import BadInput, Problem, unknown

GOOD = """
name: tiny
dataset: digits
network: fully_connected
training:
  steps: 100
  batch: 16
  validate_every: 20
  optimizer: {weight_decay: 1e-4}
schedule: {warmup: 20, drops: [60, 80]}
grid: {max_lr: [1e-2, 0.1]}
cycles: 2
s_cyc: {epsilon: 3e-2, delta: 0.04, q: 1, beta: 5}
"""


def refused(text: str) -> list[Problem]:
    with pytest.raises(BadInput) as caught:
        parse(read_yaml(text, "mine.yaml"), "mine.yaml")
    assert str(caught.value).startswith("mine.yaml: ")
    return list(caught.value.problems)


def test_the_good_study_is_read_and_exponents_are_numbers() -> None:
    study = parse(read_yaml(GOOD, "mine.yaml"), "mine.yaml")
    assert study.s_cyc.epsilon == 0.03
    assert study.training.optimizer.weight_decay == 1e-4
    assert study.grid.max_lr == (0.01, 0.1)
    assert study.replicates == 3


# what replaces what in GOOD; the path of the problem; a part of its rule
CASES: list[tuple[str, str, str, str]] = [
    ("cycles: 2", "cycles: 0", "cycles", "at least 1 pruning cycle is needed"),
    ("cycles: 2", "cycles: two", "cycles", "must be a whole number"),
    ("cycles: 2", "cycles: 2.5", "cycles", "must be a whole number"),
    ("cycles: 2", "cycles: true", "cycles", "must be a whole number"),
    ("cycles: 2", "", "cycles", "is missing"),
    ("cycles: 2", "cycels: 2\ncycles: 2", "cycels", 'unknown key; did you mean "cycles"?'),
    ("[1e-2, 0.1]", "[]", "grid.max_lr", "needs at least 1"),
    ("[1e-2, 0.1]", "[0.1, -0.02]", "grid.max_lr[1]", "a learning rate must be above 0"),
    ("[1e-2, 0.1]", "[0.1, 0]", "grid.max_lr[1]", "a learning rate must be above 0"),
    ("[1e-2, 0.1]", '["1e-3"]', "grid.max_lr[0]", "must be a number, without quotes"),
    ("[1e-2, 0.1]", "[0.1, 0.1]", "grid.max_lr", "is given twice"),
    ("[1e-2, 0.1]", "[.nan]", "grid.max_lr[0]", "finite"),
    ("[1e-2, 0.1]", "[.inf]", "grid.max_lr[0]", "finite"),
    ("[1e-2, 0.1]", "[1" + "0" * 399 + "]", "grid.max_lr[0]", "must be a number"),
    ("[1e-2, 0.1]", "0.1", "grid.max_lr", "must be a list"),
    ("{max_lr: [1e-2, 0.1]}", "{kind: log, low: 0.2, high: 0.1, count: 5}", "grid", "below"),
    (
        "{max_lr: [1e-2, 0.1]}",
        "{kind: log, low: 0.1, high: 0.2, count: 1}",
        "grid.count",
        "at least 2",
    ),
    ("{max_lr: [1e-2, 0.1]}", "{kind: logg, low: 0.1, high: 0.2, count: 5}", "grid.kind", "one of"),
    ("{max_lr: [1e-2, 0.1]}", "{max_lr: [0.1], floor: 0.2}", "grid", "grid.floor"),
    (
        "{max_lr: [1e-2, 0.1]}",
        "{max_lr: [0.1], exted: true}",
        "grid.exted",
        'did you mean "extend"?',
    ),
    ("{max_lr: [1e-2, 0.1]}", "7", "grid", ""),
    ("network: fully_connected", "network: resnet2O", "network", 'did you mean "resnet20"?'),
    ("network: fully_connected", "network: {hidden: [3]}", "network", "give one of"),
    (
        "network: fully_connected",
        "network: {name: fully_connected, hidden: []}",
        "network.hidden",
        "at least 1",
    ),
    (
        "network: fully_connected",
        "network: {name: resnet20, widht: 3}",
        "network.widht",
        'did you mean "width"?',
    ),
    ("network: fully_connected", "network: 'a b:c'", "network.factory", "pattern"),
    ("network: fully_connected", "network: 5", "network", "give one of"),
    ("dataset: digits", "dataset: digit", "dataset", 'did you mean "digits"?'),
    ("dataset: digits", "dataset: {name: digits, root: x}", "dataset.root", "unknown key"),
    ("name: tiny", "name: ../escape", "name", "1 to 64"),
    ("name: tiny", "name: 'a\\0b'", "name", "1 to 64"),
    ("name: tiny", "name: " + "a" * 65, "name", "1 to 64"),
    ("name: tiny", "name: TINY", "name", "1 to 64"),
    (
        "name: tiny",
        "name: tiny\npruning: {criterion: globl_magnitude}",
        "pruning",
        'did you mean "global_magnitude"?',
    ),
    ("name: tiny", "name: tiny\npruning: {rate: 0}", "pruning.rate", "above 0"),
    ("name: tiny", "name: tiny\npruning: {rate: 1}", "pruning.rate", "below 1"),
    ("name: tiny", "name: tiny\npruning: {rate: 20}", "pruning.rate", "below 1"),
    (
        "name: tiny",
        "name: tiny\nsplit: {train: 0.8, validation: 0.2}",
        "split",
        "share for testing",
    ),
    ("name: tiny", "name: tiny\ntolerance: -1", "tolerance", "at least 0"),
    ("name: tiny", "name: tiny\ntolerance_kind: absolute", "tolerance_kind", "'points'"),
    ("name: tiny", "name: tiny\nsubset: 0", "subset", "above 0"),
    ("name: tiny", "name: tiny\npack: 0", "pack", "at least 1"),
    ("name: tiny", "name: tiny\nreplicates: 0", "replicates", "at least 1"),
    ("name: tiny", "name: tiny\nseed: -1", "seed", "at least 0"),
    ("name: tiny", "name: tiny\nkind: orakle", "kind", 'did you mean "oracle"'),
    ("steps: 100", "steps: 70", "schedule.drops", "last"),
    ("steps: 100", "steps: 0", "training.steps", "at least 1"),
    ("warmup: 20", "warmup: 101", "schedule.warmup", "longer than 100 steps"),
    ("[60, 80]", "[80, 60]", "schedule", "must rise"),
    ("validate_every: 20", "validate_every: 101", "training", "longer than 100 steps"),
    ("batch: 16", "batch: '16'", "training.batch", "without quotes"),
    ("epsilon: 3e-2", "epsilon: 0", "s_cyc.epsilon", "above 0"),
    ("beta: 5", "beta: -5", "s_cyc.beta", "above 0"),
    ("q: 1", "q: -1", "s_cyc.q", "at least 0"),
    ("q: 1", "alpha: 1", "s_cyc.q", "is missing"),
    ("delta: 0.04", "delta: no", "s_cyc.delta", "must be a number"),
]


@pytest.mark.parametrize(("old", "new", "path", "rule"), CASES)
def test_a_problem_is_reported_with_its_path_and_rule(
    old: str, new: str, path: str, rule: str
) -> None:
    assert old in GOOD
    problems = refused(GOOD.replace(old, new, 1))
    assert path in [problem.path for problem in problems]
    assert rule in next(problem.rule for problem in problems if problem.path == path)


def test_all_problems_are_reported_at_once() -> None:
    text = GOOD.replace("cycles: 2", "cycles: 0\ntolerance: -1").replace("0.1]", "-0.1]")
    assert [str(problem) for problem in refused(text)] == [
        "cycles = 0    at least 1 pruning cycle is needed",
        "grid.max_lr[1] = -0.1    a learning rate must be above 0",
        "tolerance = -1    must be at least 0",
    ]


@pytest.mark.parametrize(
    ("text", "where", "rule"),
    [
        ("name: a\nname: b", "line 2", "is given twice"),
        ("a: {b: 1, b: 2}", "line 1", "is given twice"),
        ("a: &x [1]\nb: *x", "line 1", "anchors and aliases"),
        ("a: !!python/object/apply:os.system ['true']", "line 1", "tag"),
        ("a: !!str 3", "line 1", "tag"),
        ("a: " + "[" * 5000 + "]" * 5000, "line 1", "nested"),
        ("a: 1\n---\nb: 2", "line 2", "second document"),
        ("a:\n\t- 1", "line 2", "cannot start any token"),
        ("{a: 1", "line 1", ""),
        ("1: 2", "line 1", "is not text"),
        ("a: \x00", "study", "not YAML"),
        ("x" * 1_000_001, "study", "over 1000000 bytes"),
        ("a: " + "9" * 401, "line 1", "400 digits"),
    ],
)
def test_yaml_that_is_not_plain_is_refused_with_its_line(text: str, where: str, rule: str) -> None:
    (problem,) = refused(text)
    assert problem.path.startswith(where)
    assert rule in problem.rule


@pytest.mark.parametrize("text", ["", "- 1", "text", "3", "null"])
def test_a_study_is_a_mapping(text: str) -> None:
    assert "mapping" in refused(text)[0].rule


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 1e-3),
        ("1E3", 1000.0),
        ("-.5", -0.5),
        ("1.", 1.0),
        ("3", 3),
        ("010", 10),
        ("no", "no"),
        ("on", "on"),
        ("true", True),
        ("~", None),
        ("1:30", "1:30"),
        ("2026-01-01", "2026-01-01"),
        ("0x10", "0x10"),
        ("1_000", "1_000"),
    ],
)
def test_plain_values_read_as_they_look(text: str, value: object) -> None:
    content = read_yaml(f"a: {text}", "x")
    assert content == {"a": value}
    assert isinstance(content, dict)
    assert type(content["a"]) is type(value)


@pytest.mark.costly
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
        ),
        max_leaves=6,
    ),
    st.sampled_from(
        ["grid", "network", "dataset", "training", "s_cyc", "pruning", "name", "split"]
    ),
)
def test_anything_in_any_field_is_read_or_refused(junk: Any, field: str) -> None:
    content = read_yaml(GOOD, "mine.yaml")
    assert isinstance(content, dict)
    content = copy.deepcopy(content) | {field: junk}
    try:
        outcome: Study | BadInput = parse(content, "mine.yaml")
    except BadInput as error:
        outcome = error
    assert isinstance(outcome, Study) or outcome.problems


@pytest.mark.costly
def test_every_study_that_ships_is_valid() -> None:
    assert {"digits", "cifar10-resnet20-small", "own-network"} <= bundled_studies().keys()
    for name in bundled_studies():
        assert load_study(name).name == name


def test_an_unknown_study_is_refused_with_a_guess() -> None:
    with pytest.raises(BadInput, match='did you mean "digits"'):
        load_study("digit")
    with pytest.raises(BadInput, match="no such file"):
        load_study("nowhere.yaml")


def test_the_folder_of_the_images_is_not_part_of_the_id(study: Callable[..., Study]) -> None:
    here, there = (
        study(dataset={"name": "image_folder", "root": root, "size": 4}) for root in ("a", "b")
    )
    assert here.identity_fields() == there.identity_fields()
    assert (
        here.identity_fields()
        != study(dataset={"name": "image_folder", "size": 5}).identity_fields()
    )


def test_every_field_is_declared_defaults_included(study: Callable[..., Study]) -> None:
    declared = study().identity_fields()
    assert declared["pruning"]["batches"] == 8
    assert declared["training"]["optimizer"] == {
        "name": "sgd",
        "momentum": 0.9,
        "weight_decay": 1e-4,
    }


def test_the_guess_is_close_or_none() -> None:
    assert (
        unknown("globl", ["global", "local"])
        == 'unknown; did you mean "global"? known: global, local'
    )
    assert unknown("zzz", ["global"]) == "unknown; known: global"
