"""The field `replicates`: a number, or a range from which the verdicts choose."""

from collections.abc import Callable
from typing import Any

import pytest

from oracle.experiments.registry import expected_cells, experiment
from oracle.runs.estimate import Estimate
from oracle.runs.estimate_text import text
from oracle.search.graph import Graph
from oracle.settings import ScaleDown
from oracle.study.base import Study
from oracle.study.parts.replicates import ReplicateRange
from oracle.study.scale_down import scale_down
from oracle.study.validation import parse
from scyc.errors import BadInput
from scyc.specs.base import as_json

Make = Callable[..., Study]

SCHEDULES: dict[str, Any] = {
    "name": "several",
    "kind": "schedules",
    "dataset": "digits",
    "network": "fully_connected",
    "training": {"steps": 12, "batch": 16, "validate_every": 6},
    "cycles": 1,
    "schedules": [
        {"label": "a", "schedule": "constant", "max_lr": 0.01},
        {"label": "b", "schedule": "constant", "max_lr": 0.02},
    ],
}


def test_auto_is_3_to_12(study: Make) -> None:
    auto = study(replicates="auto")
    assert auto.replicates == ReplicateRange(least=3, most=12)
    assert (auto.least_replicates, auto.most_replicates) == (3, 12)
    assert as_json(auto)["replicates"] == {"least": 3, "most": 12}
    assert auto == study(replicates={"least": 3, "most": 12}) == parse(as_json(auto), "again")


def test_a_number_is_what_it_was(study: Make) -> None:
    plain = study(replicates=4)
    assert (plain.least_replicates, plain.most_replicates) == (4, 4)
    assert as_json(plain)["replicates"] == 4


@pytest.mark.parametrize(
    ("replicates", "message"),
    [
        ("many", 'replicates = "many"    must be a whole number, auto, or a mapping of least'),
        (0, "replicates = 0    must be at least 1"),
        (1001, "replicates = 1001    must be at most 1000"),
        ({"least": 1}, "replicates.least = 1    must be at least 2"),
        ({"most": 2000}, "replicates.most = 2000    must be at most 1000"),
        ({"least": 5, "most": 5}, "replicates    most, 5, must be above least, 5; or give one"),
        ({"least": 12}, "replicates    most, 12, must be above least, 12; or give one number"),
        ({"leest": 3}, 'replicates.leest = 3    unknown key; did you mean "least"?'),
    ],
)
def test_impossible_replicates_are_refused(study: Make, replicates: object, message: str) -> None:
    with pytest.raises(BadInput) as refused:
        study(replicates=replicates)
    assert message in str(refused.value)


@pytest.mark.parametrize("replicates", ["auto", {"least": 2, "most": 4}])
def test_another_kind_of_study_takes_a_number_alone(replicates: object) -> None:
    with pytest.raises(BadInput) as refused:
        parse(SCHEDULES | {"replicates": replicates}, "several.yaml")
    (problem,) = refused.value.problems
    assert problem.path == "replicates"
    assert problem.rule == (
        "only a study of kind oracle adds replicates by its verdicts; give a number"
    )
    assert parse(SCHEDULES | {"replicates": 2}, "several.yaml").least_replicates == 2


def test_a_number_on_the_command_line_ends_the_growth(study: Make) -> None:
    small = scale_down(study(replicates="auto"), ScaleDown(replicates=3))
    assert small.replicates == 3
    assert small.shrunk == {"replicates": "3 of 3 to 12"}
    with pytest.raises(BadInput, match="options only make a study smaller"):
        scale_down(study(replicates="auto"), ScaleDown(replicates=4))


def test_the_estimate_gives_the_most_replicates(study: Make) -> None:
    auto = study(replicates={"least": 2, "most": 5})
    cells = expected_cells(experiment(auto, Graph(auto.system, "0" * 64)))
    shown = {
        "study": "tiny", "run_id": "tiny-0", "shrunk": {}, "images": 9, "parameters": 9,
        "grids": {"oracle": [0.05, 0.1, 0.2]}, "growth": {"oracle": 6}, "cycles": 2,
        "cells": cells, "steps": 9, "evaluations": 9, "seconds_per_step": 0.1,
        "seconds_per_evaluation": 0.1, "workers": 1, "device": "cpu",
    }  # fmt: skip
    output = text(Estimate(**shown, replicates=2, most_replicates=5))
    assert f"training runs  {cells} = " in output
    most = cells + 3 * 3 * 3  # three more replicates of three max_lr in three cycles
    assert (
        f"replicates     up to 5 where a verdict is undecided; {most} training runs if all"
        in output
    )
    assert "replicates     up to" not in text(Estimate(**shown, replicates=2, most_replicates=2))
