"""Fields of a study by their other names: the same study, the same ids."""

from typing import Any

import pytest

from oracle.study.aliases import shown_reductions, with_shown_names, with_stored_names
from oracle.study.built_in import bundled_studies
from oracle.study.loading import read_yaml
from oracle.study.validation import parse
from scyc.errors import BadInput


def demo(**changes: Any) -> dict[str, Any]:
    content: Any = read_yaml(bundled_studies()["demo-rivals"], "demo-rivals")
    return with_stored_names(content)[0] | changes


def renamed(content: dict[str, Any]) -> dict[str, Any]:
    """The same study in the other names."""
    content = dict(content)
    content["baselines"] = content.pop("rivals")
    content["shares_storage_with"] = content.pop("beside")
    content["keep_checkpoints"] = "winning path"
    content["training"] = training = dict(content["training"])
    training["validation_interval"] = training.pop("validate_every")
    training["prune_weights"] = "last"
    content["schedule"] = {"warmup": 60, "milestones": [180, 240]}
    return content


def test_a_study_in_the_other_names_is_the_same_study() -> None:
    declared = demo()
    assert {"rivals", "beside"} <= declared.keys()
    one, other = parse(declared, "a"), parse(renamed(declared), "b")
    assert one == other
    assert one.identity_fields() == other.identity_fields()


def test_a_problem_is_reported_by_the_name_in_the_file() -> None:
    content = renamed(demo())
    content["schedule"] = {"warmup": 60, "milestones": [180, -1]}
    content["baselines"] = ["constantt"]
    content["training"]["prune_weights"] = "some"
    with pytest.raises(BadInput) as refused:
        parse(content, "mine")
    assert {problem.path for problem in refused.value.problems} == {
        "schedule.milestones[1]",
        "baselines[0]",
        "training.prune_weights",
    }


@pytest.mark.parametrize("names", [("drops", "milestones"), ("milestones", "drops")])
def test_a_field_under_both_names_is_refused_with_a_reason(names: tuple[str, str]) -> None:
    content = demo(schedule={"warmup": 60} | {name: [180] for name in names})
    content["baselines"] = ["warm_start"]
    with pytest.raises(BadInput) as refused:
        parse(content, "mine")
    rule = 'is the same field as "{}", which is given too; remove one of them'
    assert {problem.path: problem.rule for problem in refused.value.problems} == {
        "schedule.milestones": rule.format("drops"),
        "baselines": rule.format("rivals"),
    }


def test_a_misspelt_second_name_is_suggested() -> None:
    with pytest.raises(BadInput) as refused:
        parse(demo(schedule={"warmup": 60, "milestone": [180]}), "mine")
    (problem,) = refused.value.problems
    assert problem.path == "schedule.milestone"
    assert problem.rule.startswith('unknown key; did you mean "milestones"? known: ')
    assert "drops" not in problem.rule


@pytest.mark.parametrize("name", sorted(bundled_studies()))
def test_a_built_in_study_uses_the_names_for_people(name: str) -> None:
    content: Any = read_yaml(bundled_studies()[name], name)
    assert with_shown_names(content) == content
    assert with_shown_names(with_stored_names(content)[0]) == content


def test_a_missing_field_has_its_name_for_people() -> None:
    content = demo()
    del content["training"]["validate_every"]
    with pytest.raises(BadInput) as refused:
        parse(content, "mine")
    (problem,) = refused.value.problems
    assert (problem.path, problem.rule) == ("training.validation_interval", "is missing; add it")


def test_how_a_study_was_scaled_down_is_shown_in_the_names_for_people() -> None:
    stored = {"iterations": "6 of 12 (warm-up and drops with them)", "grid": "2 of 3 max_lr"}
    shown = ["steps 6 of 12 (warm-up and milestones with them)", "grid 2 of 3 learning rates"]
    assert shown_reductions(stored) == shown
