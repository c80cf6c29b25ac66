"""Fields that are set on the command line."""

import pytest

from oracle.study.assignments import load_with, text_with, with_fields
from oracle.study.loading import load_study, read_yaml
from oracle.study.validation import parse
from scyc.errors import BadInput


def test_a_set_field_gives_the_study_that_the_edited_file_gives() -> None:
    study = load_with("digits", ["training.steps=500", "grid={max_lr: [1e-3, 1]}", "s_cyc.q = 2"])
    assert study.training.steps == 500
    text, source = text_with(
        "digits", ["training.steps=500", "grid={max_lr: [1e-3, 1]}", "s_cyc.q=2"]
    )
    assert parse(read_yaml(text, source), source) == study
    assert text_with("digits", [])[0] == text_with("digits", ())[0]
    assert load_with("digits", []) == load_study("digits")


@pytest.mark.parametrize(
    ("assignment", "expected"),
    [
        ("a.b=1", {"a": {"b": 1}, "list": [{"x": 1}], "network": "fully_connected"}),
        ("list[0].x=2", {"list": [{"x": 2}], "network": "fully_connected"}),
        (
            "network.hidden=[4]",
            {"list": [{"x": 1}], "network": {"name": "fully_connected", "hidden": [4]}},
        ),
        ("list=", {"list": None, "network": "fully_connected"}),
        ("network=a=b", {"list": [{"x": 1}], "network": "a=b"}),
    ],
)
def test_a_path_names_a_field(assignment: str, expected: object) -> None:
    content = {"list": [{"x": 1}], "network": "fully_connected"}
    assert with_fields(content, [assignment]) == expected


def test_the_short_form_of_own_code_keeps_its_factory() -> None:
    content = with_fields({"network": "mine:make"}, ["network.options.width=4"])
    assert content == {"network": {"factory": "mine:make", "options": {"width": 4}}}


def test_all_wrong_assignments_are_reported_at_once() -> None:
    wrong = ["steps", "a..b=1", "list[3]=1", "number.x=1", "list.x=1", "a=[1"]
    with pytest.raises(BadInput) as refused:
        with_fields({"list": [1], "number": 2}, wrong)
    assert [problem.value for problem in refused.value.problems] == wrong
    rules = " ".join(problem.rule for problem in refused.value.problems)
    assert "must be FIELD=VALUE" in rules
    assert "the list has 1, counted from 0" in rules
    assert "only a mapping has fields" in rules
    assert "is no YAML" in rules


def test_an_unknown_field_is_refused_by_name() -> None:
    with pytest.raises(BadInput, match=r"training\.stepz"):
        load_with("digits", ["training.stepz=500"])


@pytest.mark.parametrize("written", ["drops", "milestones"])
@pytest.mark.parametrize("named", ["drops", "milestones"])
def test_a_field_of_two_names_is_set_by_either(written: str, named: str) -> None:
    content = {"schedule": {"warmup": 10, written: [40]}}
    assert with_fields(content, [f"schedule.{named}=[50]"]) == {
        "schedule": {"warmup": 10, written: [50]}
    }
    assert with_fields({"schedule": {"warmup": 10}}, [f"schedule.{named}=[50]"]) == {
        "schedule": {"warmup": 10, named: [50]}
    }


def test_a_field_in_a_list_and_one_of_the_study_are_set_by_either_name() -> None:
    content = {"rivals": ["constant"], "schedules": [{"schedule": {"drops": [40]}}]}
    assignments = ["baselines=[warm_start]", "schedules[0].schedule.milestones=[50]"]
    assert with_fields(content, assignments) == {
        "rivals": ["warm_start"],
        "schedules": [{"schedule": {"drops": [50]}}],
    }
