"""The oracle for training runs of other programs, on known curves."""

import itertools
import math
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from oracle.search.ask_tell import ExternalRunState, Training, standing, suggestion
from oracle.study.base import Study
from oracle.study.parts.external_run import ExternalRun
from scyc.specs.base import SCyc

Curve = Callable[[Training], float | None]


def make_run(**changes: Any) -> ExternalRun:
    fields: dict[str, Any] = {
        "name": "mine",
        "grid": {"max_lr": (0.05, 0.1, 0.2), "extend": False},
        "cycles": 2,
        "replicates": 2,
    }
    return ExternalRun(**(fields | changes))


def peak(top: Callable[[int], float]) -> Curve:
    """4 points are lost for each factor of 2 between max_lr and a cycle's best."""

    def accuracy(training: Training) -> float:
        away = abs(math.log2(training.max_lr / top(training.cycle)))
        return 90 - 4 * away + 0.1 * training.replicate

    return accuracy


def finish(
    run: ExternalRun,
    curve: Curve,
    pick: Callable[[ExternalRunState], Training] = lambda now: now.missing[0],
) -> tuple[ExternalRunState, list[Training]]:
    seen: dict[Training, float | None] = {}
    order = []
    while (now := standing(run, seen)).missing:
        training = pick(now)
        order.append(training)
        seen[training] = curve(training)
    return now, order


def test_it_asks_for_a_cycles_grid_replicate_by_replicate() -> None:
    now = standing(make_run(), {})
    assert now.missing == tuple(
        Training(0, rate, replicate) for replicate in (0, 1) for rate in (0.05, 0.1, 0.2)
    )
    assert (now.state, now.cycle, now.done, now.known) == ("open", 0, 0, 18)
    assert now.start(now.missing[0]) is None


def test_a_complete_cycle_has_a_winner_and_the_next_one_starts_from_its_networks() -> None:
    curve = peak(lambda cycle: 0.1)
    seen = {each: curve(each) for each in standing(make_run(), {}).missing}
    now = standing(make_run(), seen)
    assert [each.region.well_tuned for each in now.cycles if each.region] == [0.1]
    assert now.missing[0] == Training(1, 0.05, 0)
    assert now.start(now.missing[0]) == 0.1
    assert (now.cycle, now.done, now.known) == (1, 6, 18)


def test_the_well_tuned_max_lr_follows_the_curve_to_the_end() -> None:
    now, order = finish(make_run(), peak(lambda cycle: (0.05, 0.1, 0.2)[cycle]))
    assert [each.region.well_tuned for each in now.cycles if each.region] == [0.05, 0.1, 0.2]
    assert (now.state, now.cycle, now.missing, now.done, now.known) == ("done", None, (), 18, 18)
    assert len(order) == len(set(order)) == 18


@pytest.mark.parametrize(("search", "count"), [("grid", 10), ("adaptive", 24)])
def test_the_order_of_observations_changes_nothing(search: str, count: int) -> None:
    run = make_run(
        grid={"kind": "log", "low": 0.01, "high": 0.4, "count": count}, search=search, cycles=1
    )
    curve = peak(lambda cycle: 0.08 + 0.1 * cycle)
    cycles, order = finish(run, curve)
    shuffled, other = finish(
        run, curve, lambda now: random.Random(len(now.requested)).choice(now.missing)
    )
    assert order != other
    assert sorted(order) == sorted(other)
    assert [each.results for each in cycles.cycles] == [each.results for each in shuffled.cycles]


@pytest.mark.costly
def test_it_finds_what_a_run_of_our_own_finds(
    study: Callable[..., Study], searched: Callable[..., Any]
) -> None:
    grid = {"kind": "log", "low": 0.02, "high": 0.2, "count": 12}
    own = study(grid=grid, cycles=3, search="adaptive")
    curve = peak(lambda cycle: 0.05 * 2**cycle)
    _, cycles, _ = searched(
        own, lambda cell: curve(Training(cell.cycle, cell.max_lr, cell.replicate))
    )
    run = make_run(grid=grid, cycles=3, search="adaptive")
    results, _ = finish(run, curve)
    assert [each.region for each in results.cycles] == [each.region for each in cycles]
    assert [list(each.results) for each in results.cycles] == [
        list(each.results) for each in cycles
    ]


def test_a_grid_grows_where_the_best_value_touches_its_end() -> None:
    run = make_run(grid={"max_lr": (0.05, 0.1)}, cycles=0, replicates=1)
    cycles, order = finish(run, peak(lambda cycle: 0.4))
    assert [each.max_lr for each in order] == [0.05, 0.1, 0.2, 0.4, 0.8]
    assert cycles.cycles[0].region is not None
    assert cycles.cycles[0].region.well_tuned == 0.4


def test_a_max_lr_with_a_diverged_replicate_never_wins() -> None:
    def curve(training: Training) -> float | None:
        return None if training == Training(0, 0.2, 1) else 80 + 10 * training.max_lr

    cycles, _ = finish(make_run(cycles=0), curve)
    assert cycles.cycles[0].region is not None
    assert cycles.cycles[0].region.well_tuned == 0.1


def test_a_cycle_without_a_winner_ends_the_run() -> None:
    cycles, order = finish(make_run(), lambda training: None)
    assert (cycles.state, cycles.missing, len(order)) == ("no winner", (), 6)
    assert cycles.cycles[0].region is None


def test_a_training_is_given_to_one_trainer_until_its_lease_has_ended() -> None:
    missing = standing(make_run(), {}).missing
    leases: dict[Training, float] = {}
    for count in range(len(missing)):
        suggested = suggestion(missing, leases, now=0.0)
        assert suggested == missing[count]
        leases[suggested] = 10.0 - count
    assert suggestion(missing, leases, now=4.0) is None
    assert suggestion(missing, leases, now=5.0) == missing[-1]  # the first lease that ended
    assert suggestion(missing, leases, now=10.0) == missing[-1]
    assert suggestion(missing[:2], leases, now=9.0) == missing[1]
    assert suggestion((), leases, now=20.0) is None


@pytest.mark.parametrize(
    ("training", "path", "rule"),
    [
        (Training(1, 0.1, 0), "observations[0].cycle", "has not begun, cycle 0 is under way"),
        (Training(0, 0.11, 0), "observations[0].max_lr", "requested: 0.05, 0.1, 0.2"),
        (Training(0, 0.1, 2), "observations[0].replicate", "must be 0 to 1"),
        (Training(0, 0.1, -1), "observations[0].replicate", "must be 0 to 1"),
    ],
)
def test_an_observation_that_was_not_requested_is_refused(
    training: Training, path: str, rule: str
) -> None:
    (problem,) = standing(make_run(), {}).problems([training])
    assert problem.path == path
    assert rule in problem.rule


def test_every_refused_observation_is_reported_and_requested_ones_are_accepted() -> None:
    now = standing(make_run(), {})
    wrong = [Training(0, 0.1, 0), Training(0, 0.1, 5), Training(9, 0.1, 0)]
    problems = [problem.path for problem in now.problems(wrong)]
    assert problems == ["observations[1].replicate", "observations[2].cycle"]
    assert now.problems(now.missing) == []


def test_an_ended_run_is_reported_as_ended() -> None:
    cycles, _ = finish(make_run(cycles=0), peak(lambda cycle: 0.1))
    (problem,) = cycles.problems([Training(1, 0.1, 0)])
    assert problem.rule.startswith("has not begun, the run ended at 0")


def test_the_same_declaration_is_the_same_run_and_any_change_another() -> None:
    runs: list[Mapping[str, Any]] = [
        {},
        {"name": "other"},
        {"cycles": 3},
        {"replicates": 3},
        {"tolerance": 1.0},
        {"tolerance_kind": "relative"},
        {"search": "adaptive"},
        {"pruning_rate": 0.5},
        {"grid": {"max_lr": (0.05, 0.1, 0.2)}},
        {"s_cyc": SCyc(epsilon=0.1, delta=0.1, q=1, beta=5.0)},
    ]
    ids = [make_run(**changes).id for changes in runs]
    assert len(set(ids)) == len(ids)
    assert make_run().id == ids[0] == "mine-41c3e69b"


def test_s_cycs_curve_is_that_of_the_declared_pruning_rate() -> None:
    curve = SCyc(epsilon=0.03, delta=0.04, q=1, beta=5.0)
    run = make_run(s_cyc=curve, pruning_rate=0.5)
    assert run.curve(0) == run.curve(1) == 0.03
    assert run.curve(2) == pytest.approx(0.03 + 0.04 / 2)  # gamma = 1/2
    assert make_run().curve(5) is None


@pytest.mark.parametrize(
    "changes", [{"cycles": -1}, {"replicates": 0}, {"name": "No"}, {"grid": {"max_lr": ()}}]
)
def test_a_run_that_makes_no_sense_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        make_run(**changes)


@pytest.mark.costly
def test_the_known_results_are_never_fewer_than_the_requested_ones() -> None:
    run = make_run(grid={"kind": "log", "low": 0.01, "high": 0.4, "count": 24}, search="adaptive")
    seen: dict[Training, float | None] = {}
    curve = peak(lambda cycle: 0.39)
    for _ in itertools.count():
        now = standing(run, seen)
        assert now.done == len(seen)
        assert now.known >= len(now.requested)
        if not now.missing:
            break
        seen[now.missing[0]] = curve(now.missing[0])
    assert now.known == now.done == len(seen)


def test_the_guide_describes_every_field() -> None:
    guide = (Path(__file__).parents[3] / "docs/how-to/ask-and-tell.md").read_text("utf-8")
    rows = {
        name for line in guide.splitlines() if line.startswith("| `") for name in line.split("`")
    }
    assert ExternalRun.model_fields.keys() <= rows
