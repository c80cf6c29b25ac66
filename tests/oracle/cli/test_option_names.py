"""What the command line calls the settings that were refused."""

import pytest

from oracle.cli.option_names import from_request, with_option_names
from oracle.errors import ScaleProblem, SettingProblem, StorageProblem
from scyc.errors import BadInput, Problem


@pytest.mark.parametrize(
    ("problem", "name"),
    [
        (SettingProblem("runs", "no"), "--runs"),
        (StorageProblem("storage", "no"), "--storage"),
        (ScaleProblem("cycles", "no", 3), "--cycles"),
        (SettingProblem("require_tokens", "no"), "--require-tokens"),
        (SettingProblem("data.images", "no"), "--data images"),
        (SettingProblem("address", "no"), "--host, --port"),
        (SettingProblem("run", "no"), "RUN"),
        (Problem("cycles", "no"), "cycles"),
        (Problem("grid.max_lr[4]", "no"), "grid.max_lr[4]"),
    ],
)
def test_a_setting_is_named_as_an_option_and_a_field_of_a_study_as_it_is(
    problem: Problem, name: str
) -> None:
    (shown,) = with_option_names(BadInput("x", [problem])).problems
    assert (shown.path, shown.rule, shown.value) == (name, problem.rule, problem.value)


def test_what_a_server_refuses_of_a_request_is_named_as_the_option_that_gave_it() -> None:
    refused = BadInput("study", [Problem(p, "no") for p in ("shrink.cycles", "cycles", "data")])
    shown = with_option_names(from_request(refused, ("data",)))
    assert [problem.path for problem in shown.problems] == ["--cycles", "cycles", "--data"]
    assert shown.source == "study"
