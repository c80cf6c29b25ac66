"""What was wrong once: identities that split or ran too deep, and refusals that misled."""

import math
from collections.abc import Callable
from typing import Any

import pytest

from oracle.reports import formats
from oracle.search.graph import Graph
from oracle.search.pruning_run import PruningPath
from oracle.search.request import StudyKey
from oracle.study.base import Study
from oracle.study.oracle import OracleStudy
from oracle.study.parts.grid import grid_values
from oracle.study.schedules import SchedulesStudy
from oracle.study.validation import parse
from oracle.tables import schedules
from oracle.tables.schedules import EntryResults
from scyc.errors import BadInput, Problem
from scyc.specs.base import as_json
from scyc.specs.schedules import ConstantSpec

DEEP = 1000  # pruning cycles, as many as a study may have
GOOD: dict[str, Any] = {
    "name": "good",
    "dataset": "digits",
    "network": "fully_connected",
    "training": {"steps": 10, "batch": 8, "validate_every": 5},
    "schedule": "constant",
    "grid": {"max_lr": [0.1]},
    "cycles": 2,
    "s_cyc": {"epsilon": 0.1, "delta": 0.1, "q": 1, "beta": 4.0},
}


def refusal(**changes: Any) -> list[str]:
    with pytest.raises(BadInput) as caught:
        parse(GOOD | changes, "good.yaml")
    return [str(problem) for problem in caught.value.problems]


def graph(**changes: Any) -> Graph:
    return Graph(parse(GOOD | changes, "good.yaml").system, "images")


def test_a_cell_below_a_thousand_others_knows_its_cycle_and_its_root(
    study: Callable[..., Study],
) -> None:
    schedule = ConstantSpec(name="constant")
    whole = Graph(study().system, "images")
    cell = first = whole.root(0, schedule, 0.1)
    for _ in range(DEEP):
        cell = whole.child(cell, schedule, 0.1)
    assert cell.cycle == DEEP
    assert cell.root is first


def test_runs_that_prune_differently_are_recorded_in_different_studies() -> None:
    schedule = ConstantSpec(name="constant")

    def study_key(criterion: str, replicates: int, *max_lr: float) -> StudyKey:
        whole = graph(pruning={"criterion": criterion})
        return PruningPath(whole, schedule, max_lr, replicates).study_key

    first = study_key("global_magnitude", 1, 0.1, 0.2)
    assert study_key("global_magnitude", 3, 0.1, 0.2) == first  # replicates that come later join
    others = [
        study_key("layer_magnitude", 1, 0.1, 0.2),
        study_key("global_magnitude", 1, 0.1, 0.3),
        study_key("global_magnitude", 1, 0.1),
    ]
    assert len({first, *others}) == 4


def test_the_order_in_which_recorded_distributions_are_named_is_no_other_training() -> None:
    names = ["weight_gradients", "activations"]
    assert graph(record={"what": names}).id == graph(record={"what": names[::-1]}).id
    assert graph(record={"what": names}).id != graph(record={"what": names[:1]}).id


def test_a_negative_zero_is_no_other_training_than_zero() -> None:
    ids = {
        graph(
            training=GOOD["training"] | {"optimizer": {"momentum": zero, "weight_decay": zero}}
        ).id
        for zero in (0, 0.0, -0.0)
    }
    assert len(ids) == 1
    bounds = [graph(record={"what": ["activations"], "outside": [z, 1]}).id for z in (0.0, -0.0)]
    assert bounds[0] == bounds[1]


def test_a_whole_number_is_the_same_parameter_as_the_float() -> None:
    five, same = (parse(GOOD | {"s_cyc": GOOD["s_cyc"] | {"beta": b}}, "x") for b in (5, 5.0))
    assert as_json(five) == as_json(same)


@pytest.mark.parametrize("field", ["network", "dataset", "schedule"])
def test_a_name_that_is_a_list_is_refused_as_unknown(field: str) -> None:
    (message,) = refusal(**{field: {"name": ["?"]}})
    assert message.startswith(f"{field} = ['?']    unknown; known: ")


def test_a_wrong_item_is_reported_without_a_false_count_of_items() -> None:
    assert refusal(network={"name": "fully_connected", "hidden": [0]}) == [
        "network.hidden[0] = 0    must be at least 1"
    ]
    assert refusal(network={"name": "fully_connected", "hidden": []}) == [
        "network.hidden = []    needs at least 1 value(s)"
    ]


def test_a_value_that_may_be_of_several_types_is_refused_once_with_its_own_path() -> None:
    assert refusal(pruning={"rewind": 0}) == [
        "pruning.rewind = 0    must be one of 'last', 'init' or 'reinit', or must be at least 1"
    ]
    (message,) = refusal(network={"factory": "my.module:make", "options": {"width": [1]}})
    assert message.startswith("network.options.width = [1]    must be text, or ")


def test_no_refusal_names_a_class_of_ours_where_fields_are_wanted() -> None:
    for field in ("pruning", "s_cyc", "training", "record"):
        assert refusal(**{field: 3}) == [f"{field} = 3    must be a mapping of fields"]
    (message,) = refusal(grid=3)
    assert message.startswith("grid = 3    a grid is {max_lr: ")


def test_a_refusal_is_one_line_that_no_terminal_acts_on() -> None:
    problem = Problem("a\x1b[2J", "b\nc", "d\u202e\x07")
    assert str(problem) == 'a\\x1b[2J = "d\\u202e\\x07"    b\\nc'


def comparison(*labels: str) -> dict[str, Any]:
    """The table of a run of schedules with these labels, one cycle long."""
    cycle = {
        "cycle": 0,
        "max_lr": 0.1,
        "weights_remaining": 100.0,
        "val_accuracy": [50.0],
        "test_accuracy": [50.0],
        "diverged": False,
        "paper": None,
    }
    row = {"schedule": {"name": "constant"}, "s_cyc": None, "max_lr": 0.1, "tuned": None}
    column = {"cycle": 0, "weights_remaining": 100.0, "best": [], "against": None, "paper": None}
    return {
        "kind": "schedules",
        "study": "good",
        "run_id": "good-0",
        "shrunk": {},
        "replicates": 1,
        "complete": True,
        "paper_table": None,
        "columns": [column],
        "schedules": [{"label": label, **row, "cycles": [cycle]} for label in labels],
        "cost": {label: {"trainings": 1, "steps": 1, "seconds": 1.0} for label in labels},
    }


def test_a_label_is_printed_letter_for_letter_and_without_a_verdicts_colour() -> None:
    table = comparison(":100: [b]x[/]", "outside")
    assert formats.text(table).count(":100: [b]x[/]") == 2  # in the table and below costs
    assert "\x1b[31m" not in formats.text(table, colour=True)


def test_a_label_is_no_link_and_no_code_in_markdown() -> None:
    rows = formats.as_markdown(comparison("[x](javascript:y) `z`")).splitlines()
    assert rows[2].startswith(r"| [x]\(javascript:y) \`z\` |")


@pytest.mark.parametrize(
    ("kind", "low", "high", "count", "rule"),
    [
        ("log", 0.1, 0.101, 20, "20 values would be too close"),
        ("linear", 0.1, 0.1 + 1e-12, 5, "5 values would be too close"),
        ("log", 1e-10, 1e10, 3, "over 1e+12 times grid.low"),
    ],
)
def test_a_grid_whose_values_would_coincide_or_overflow_is_refused(
    kind: str, low: float, high: float, count: int, rule: str
) -> None:
    (message,) = refusal(grid={"kind": kind, "low": low, "high": high, "count": count})
    assert rule in message


@pytest.mark.parametrize("low", [0.1, 0.0999, 0.5003, 0.99])
@pytest.mark.parametrize("count", [2, 7, 50])
def test_the_closest_accepted_grid_has_as_many_values_as_declared(low: float, count: int) -> None:
    for kind, high in (
        ("log", low * math.exp(1.101e-3 * (count - 1))),
        ("linear", low / (1 - 1.01e-10 * (count - 1))),
    ):
        grid = {"kind": kind, "low": low, "high": high, "count": count}
        taken = parse(GOOD | {"grid": grid}, "good.yaml")
        assert isinstance(taken, OracleStudy)
        assert len(set(grid_values(taken.grid))) == count


def test_a_printed_accuracy_of_zero_has_no_relative_improvement() -> None:
    study = parse(
        {key: GOOD[key] for key in ("name", "dataset", "network", "training", "cycles")}
        | {
            "kind": "schedules",
            "schedules": [
                {"label": "other", "schedule": "constant", "max_lr": 0.1},
                {"label": "S-Cyc", "schedule": "constant", "s_cyc": GOOD["s_cyc"]},
            ],
            "paper": {
                "table": "2",
                "weights_remaining": [100],
                "cycles": [0],
                "accuracy": {"other": [[0, 0]], "S-Cyc": [[1, 0]]},
            },
        },
        "good.yaml",
    )
    assert isinstance(study, SchedulesStudy)
    entries = [EntryResults(entry) for entry in study.schedules]
    (column,) = schedules.table(study, "good-0", entries, complete=False)["columns"]
    assert (column["paper"]["difference"], column["paper"]["relative"]) == (1.0, None)
