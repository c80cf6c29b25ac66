"""What a server bounds: set by name, and refused before anything is computed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from oracle.cli.main import main
from oracle.errors import QueueFull
from oracle.service import admission, external_runs
from oracle.service.limit_names import LIMITS, read_limits
from oracle.service.limits import Limits
from oracle.service.service import Service
from oracle.study.base import Study
from oracle.study.parts.external_run import ExternalRun
from oracle.web import server
from scyc.errors import BadInput

NAMES = {
    "values": "grid-values",
    "cycle_replicates": "cycle-replicates",
    "cells": "training-runs",
    "searched_values": "adaptive-grid-values",
}


def external(**changes: Any) -> ExternalRun:
    grid = {"kind": "log", "low": 0.01, "high": 0.1, "count": 10}
    content = {"name": "mine", "grid": grid, "cycles": 4, "replicates": 3}
    return ExternalRun.model_validate(content | changes)


def test_every_limit_is_read_by_its_name_and_reaches_the_server() -> None:
    given = read_limits({name: str(index) for index, name in enumerate(LIMITS, start=1)})
    options = server.ServeOptions(limits=given)
    assert [options.limit(name) for name in LIMITS] == [*range(1, len(LIMITS) + 1)]
    assert server.ServeOptions().limit("queued-jobs") == LIMITS["queued-jobs"].default


def test_unknown_limits_and_numbers_that_are_none_are_refused_all_at_once() -> None:
    wrong = {"training-run": "5", "grid-values": "0", "connections": "1e3", "body-bytes": "9" * 99}
    with pytest.raises(BadInput) as refused:
        read_limits(wrong)
    rules = {each.path: each.rule for each in refused.value.problems}
    assert rules.keys() == {
        "limit", "limit.grid-values", "limit.connections", "limit.body-bytes"
    }  # fmt: skip
    assert 'did you mean "training-runs"?' in rules["limit"]


def test_a_limit_that_is_none_ends_the_command_before_a_server_starts(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        main,
        ["serve", "--runs", str(tmp_path / "r"), "--limit", "cells=5", "--limit", "queued-jobs"],
    )
    assert result.exit_code != 0
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize(
    ("limits", "run", "value"),
    [
        ({"values": 9}, external(), 10),
        ({"cycle_replicates": 14}, external(), 15),
        ({"cells": 149}, external(), 150),
        ({"searched_values": 9}, external(search={"name": "adaptive"}), 10),
    ],
)
def test_an_external_run_over_a_limit_is_refused_before_its_grid_is_computed(
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    limits: dict[str, int],
    run: ExternalRun,
    value: int,
) -> None:
    def computed(*_: object) -> Any:
        raise AssertionError("the grid was computed")

    monkeypatch.setattr(external_runs, "growth_problems", computed)
    service.outside._limits = Limits(**limits)
    with pytest.raises(BadInput) as refused:
        service.outside.declare(run, "me")
    [problem] = refused.value.problems
    [(name, bound)] = limits.items()
    assert problem.value == value
    assert f"{bound:,}" in problem.rule
    assert problem.rule.endswith(f"ask whoever runs the server for a higher --limit {NAMES[name]}")
    assert service.outside.all() == []


def test_a_study_over_a_limit_is_refused_before_it_is_checked(
    opened: Callable[..., Service],
    study_yaml: Callable[..., str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def computed(_: Study) -> Any:
        raise AssertionError("the study was looked at")

    monkeypatch.setattr(admission, "start_problems", computed)
    service = opened(tmp_path, limits=Limits(cells=17))
    with pytest.raises(BadInput, match=r"17 training runs here.*--limit training-runs"):
        service.submit(study_yaml(), form="yaml", owner="me")
    assert service.jobs.page() == []
    service.close()


def test_no_more_external_runs_are_declared_than_are_allowed(service: Service) -> None:
    service.outside._limits = Limits(external_runs=1)
    assert service.outside.declare(external(), "me")
    assert not service.outside.declare(external(), "me")  # it is there
    with pytest.raises(QueueFull, match="--limit external-runs"):
        service.outside.declare(external(name="another"), "me")


def test_states_of_external_runs_are_cached_up_to_a_size(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(external_runs, "_CACHED", 65)
    runs = [external(name=f"mine{number}") for number in range(4)]  # each requests 30 at first
    for run in runs:
        service.outside.declare(run, "me")
        service.outside.find(run.id)
    service.outside.find(runs[2].id)
    assert list(service.outside._standings) == [runs[3].id, runs[2].id]
    assert service.outside.find(runs[0].id) is not None
    assert list(service.outside._standings) == [runs[2].id, runs[0].id]
