"""Numbers that break programs: each is refused with a word, or its outcome is stated.

What YAML and HTTP make of them is in tests/bad_input; what the engines do beside a training that
diverges is in tests/scyc/test_engines.py and test_fused_engines.py.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import torch
from faults.commands import Command
from faults.drivers import TINY, Victim

from oracle.database import RunDatabase, parse_url
from oracle.errors import AllDiverged
from oracle.records.tokens import Token
from oracle.runs import catalog
from oracle.search.ask_tell import Training
from oracle.search.graph import Graph
from oracle.search.grid_search import OracleCycle
from oracle.service.external_runs import ExternalRuns, Reported
from oracle.storage import session
from oracle.storage.result_store import ResultStore
from oracle.study.parts.external_run import ExternalRun
from oracle.study.validation import parse
from scyc.errors import BadInput
from scyc.pruning.pruned_network import Network
from scyc.storage.checkpoint_store import CheckpointStore

ME = Token("me", "submit", datetime.now(UTC))
DENORMAL = 5e-324
LEAST = 1e-12  # the least learning rate that a study may have
ALL_DIVERGE = {**TINY, "grid": {"max_lr": [1e30, 1e35], "extend": False}}


def well_tuned(cycle: OracleCycle) -> float:
    """The winner of a cycle."""
    assert cycle.region is not None
    return cycle.region.well_tuned


@pytest.mark.parametrize(
    "max_lr", [math.nan, math.inf, -math.inf, 0.0, -0.0, -0.1, 10**400, -(10**400)], ids=str
)
def test_an_invalid_max_lr_is_refused_with_its_path(max_lr: float) -> None:
    with pytest.raises(BadInput) as refused:
        parse({**TINY, "grid": {"max_lr": [0.1, max_lr]}}, "tiny.yaml")
    problems = {problem.path: problem.rule for problem in refused.value.problems}
    assert "grid.max_lr[1]" in problems
    assert problems["grid.max_lr[1]"]


@pytest.mark.parametrize("field", ["epsilon", "delta", "beta"])
@pytest.mark.parametrize("value", [math.nan, math.inf, 10**400], ids=["nan", "inf", "10^400"])
def test_so_is_a_parameter_of_s_cyc(field: str, value: float) -> None:
    s_cyc: dict[str, Any] = {**dict(TINY["s_cyc"]), field: value}
    with pytest.raises(BadInput) as refused:
        parse({**TINY, "s_cyc": s_cyc}, "tiny.yaml")
    assert [problem.path for problem in refused.value.problems] == [f"s_cyc.{field}"]


def test_a_run_whose_training_runs_all_diverge_ends_without_a_winner_and_stores_them(
    storage: str, tmp_path: Path
) -> None:
    victim = Victim(tmp_path, url=storage, declared=ALL_DIVERGE)
    with pytest.raises(AllDiverged, match="cycle 0"):
        victim.run()
    (run,) = catalog.find(victim.settings)
    assert run.state == "no winner"
    graph = Graph(run.study.system, run.record.fingerprint)
    with session.opened(run.url) as (_, store):
        results = store.results(graph)
    grid = [each for each in results.values() if each.diverged]
    assert len(grid) == 2 * 2
    assert all(each.checkpoint is None and each.val_accuracy == 0.0 for each in grid)
    with pytest.raises(AllDiverged):  # again: nothing is trained, and it ends as before
        victim.run()
    with session.opened(run.url) as (_, store):
        assert store.results(graph) == results


def test_the_command_prints_the_message_without_a_traceback(tmp_path: Path) -> None:
    command = Command(tmp_path / "runs", declared=ALL_DIVERGE)
    assert command.drive() == 1
    assert "cycle 0" in command.errors
    assert "Traceback" not in command.errors


@pytest.fixture
def outside(storage: str) -> Iterator[ExternalRuns]:
    ledger, store = RunDatabase(parse_url(storage)), ResultStore(parse_url(storage))
    yield ExternalRuns(ledger.observations(), store)
    store.close()
    ledger.close()


def declared(outside: ExternalRuns, grid: list[float]) -> str:
    run = ExternalRun.model_validate(
        {
            "name": "mine",
            "grid": {"max_lr": grid, "extend": False},
            "cycles": 1,
            "replicates": 1,
        }
    )
    outside.declare(run, "me")
    return run.id


def test_a_tie_of_external_training_runs_has_one_winner_on_every_database(
    outside: ExternalRuns,
) -> None:
    run = declared(outside, [0.05, 0.1, 0.2])
    reports = [Reported(Training(0, rate, 0), 90.0) for rate in (0.2, 0.1, 0.05)]
    (cycle,) = outside.observe(run, ME, reports).standing.cycles
    assert well_tuned(cycle) == 0.05


@pytest.mark.parametrize("accuracy", [-0.0, 0.0, DENORMAL, 1e-310, 100.0], ids=str)
def test_an_odd_accuracy_comes_back_as_it_was(outside: ExternalRuns, accuracy: float) -> None:
    run = declared(outside, [0.05, 0.1])
    report = Reported(Training(0, 0.1, 0), accuracy)
    assert outside.observe(run, ME, [report]).added == 1
    assert outside.observe(run, ME, [report]).added == 0  # the same again is no contradiction
    other = Reported(Training(0, 0.05, 0), 50.0)
    (cycle,) = outside.observe(run, ME, [other]).standing.cycles
    assert well_tuned(cycle) == (0.1 if accuracy == 100.0 else 0.05)


def test_the_smallest_max_lr_of_an_external_run_is_read_back(outside: ExternalRuns) -> None:
    run = declared(outside, [LEAST, 0.1])
    reports = [Reported(Training(0, LEAST, 0), 60.0), Reported(Training(0, 0.1, 0), None)]
    answer = outside.observe(run, ME, reports)
    (cycle,) = answer.standing.cycles
    assert answer.added == 2
    assert well_tuned(cycle) == LEAST


def test_an_external_run_whose_training_runs_all_diverge_has_no_next_task(
    outside: ExternalRuns,
) -> None:
    run = declared(outside, [0.05, 0.1])
    reports = [Reported(Training(0, rate, 0), None) for rate in (0.05, 0.1)]
    answer = outside.observe(run, ME, reports)
    assert answer.next is None
    assert answer.standing.cycles[-1].region is None


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -0.0, 1e-40], ids=str)
def test_a_network_of_odd_weights_comes_back_bit_by_bit(tmp_path: Path, value: float) -> None:
    store = CheckpointStore(tmp_path)
    weights = torch.tensor([1.0, value, 0.0])
    network = Network({"w": weights}, {"w": torch.tensor([True, True, False])})
    again = store.load(store.save(network))
    assert again.state["w"].view(torch.int32).tolist() == weights.view(torch.int32).tolist()
