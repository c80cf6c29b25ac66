"""The paper's recipe for S-Cyc's parameters, and every combination of a grid, on known curves."""

import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from costly import costly

from oracle.execution.pack_queue import Pack
from oracle.search.graph import Cell, Graph
from oracle.search.greedy import greedy_oracle
from oracle.search.s_cyc.candidates import curve_rates
from oracle.study.base import Study
from oracle.study.search import SearchStudy
from scyc.schedules import scyc_curve
from scyc.specs.base import SCyc

Make = Callable[..., SearchStudy]
IDEAL = SCyc(epsilon=0.1, delta=0.2, q=2, beta=5.0)
WIDE = {
    "name": "paper",
    "epsilon": {"max_lr": [0.05, 0.1, 0.2]},
    "delta": [0.05, 0.08, 0.1, 0.12, 0.14, 0.16, 0.18, 0.2, 0.22, 0.25, 0.3, 0.35, 0.4, 0.5],
    "start": {"q": 3, "beta": 4.0},
    "trials": 20,
}


def curves(search_experiment: Any) -> list[SCyc]:
    return [each.curve for each in search_experiment.board.candidates]


def summary(search_experiment: Any) -> dict[str, Any]:
    table: dict[str, Any] = search_experiment.table("seek-0")
    return table


def before_pruning(search_experiment: Any) -> list[Cell]:
    return [cell for each in search_experiment.board.candidates for cell in each.path.rows[0]]


def test_each_parameter_is_chosen_by_the_papers_rule(
    seeking: Make, run_search: Any, near: Any
) -> None:
    _, search_experiment = run_search(seeking(search=WIDE, cycles=7), near(IDEAL))
    best = search_experiment.results.best[0].curve
    assert best.epsilon == 0.1  # best on the unpruned network
    assert (best.q, best.beta) == (2, 5.0)
    target = {
        each.curve.delta: each
        for each in search_experiment.board.candidates
        if "delta" in each.steps
    }
    assert list(target) == WIDE["delta"]
    assert best.delta == max(target, key=lambda delta: target[delta].score([7]))
    stopped = {
        each.curve.epsilon: each.last for each in search_experiment.board.candidates if each.stopped
    }
    assert stopped == {0.05: 0, 0.2: 0}


def test_delta_is_judged_at_the_target_and_q_and_beta_by_the_objective(
    seeking: Make, run_search: Any
) -> None:
    def accuracy(cell: Cell) -> float:  # high rates win at the last cycle and lose before it
        if cell.cycle == 0:
            return 90 - 100 * abs(cell.max_lr - 0.1)
        return 50 + (cell.max_lr - 0.1) * (10 if cell.cycle == 3 else -1000)

    _, by_mean = run_search(seeking(objective="mean"), accuracy)
    _, by_target = run_search(seeking(objective="target"), accuracy)
    (mean,), (target,) = by_mean.results.best, by_target.results.best
    assert (mean.curve.delta, target.curve.delta) == (0.3, 0.3)
    assert (mean.curve.q, target.curve.q) == (2, 0)


def test_of_equal_values_the_one_that_won_before_stays(seeking: Make, run_search: Any) -> None:
    grid = {"max_lr": [0.05, 0.1], "extend": False}
    search = {"name": "paper", "epsilon": grid, "delta": [0.1, 0.2]}
    _, search_experiment = run_search(seeking(search=search), lambda cell: 80.0)
    (best,) = search_experiment.results.best
    assert best.curve == SCyc(epsilon=0.05, delta=0.1, q=1, beta=4.0)
    assert summary(search_experiment)["candidates"][0]["candidate"] == best.number


def test_twenty_runs_of_eight_networks_train_at_most_six_tenths_of_what_they_name(
    seeking: Make, run_search: Any, near: Any
) -> None:
    declared = seeking(search=WIDE, cycles=7, replicates=1)
    rehearsal, search_experiment = run_search(declared, near(IDEAL))
    runs = [each for each in search_experiment.board.candidates if each.whole]
    assert len(runs) == 20
    counts = summary(search_experiment)["trainings"]
    alone = len(search_experiment.board.candidates) - len(runs)  # on the unpruned network only
    assert (counts["named"], alone) == (160 + 2, 2)
    assert counts["made"] == len(rehearsal.trained) == len(set(rehearsal.trained)) == 95
    assert counts["made"] <= 0.6 * 160


def test_rounded_max_lr_shares_more_and_never_moves_the_no_growth_phase(
    seeking: Make, run_search: Any, near: Any
) -> None:
    made = {}
    for digits in (None, 3, 2, 1):
        declared = seeking(search=WIDE, cycles=7, resolution=digits)
        rehearsal, search_experiment = run_search(declared, near(IDEAL))
        made[digits] = len(rehearsal.trained)
        for each in search_experiment.board.candidates:
            assert set(each.path.max_lr[: each.curve.q + 1]) == {each.curve.epsilon}
    assert made[None] >= made[3] > made[2] > made[1]


@pytest.mark.parametrize("epsilon", [0.1, 0.02129, 1 / 3])
@pytest.mark.parametrize("digits", [None, 1, 2, 3, 12])
def test_rates_follow_equation_2_to_the_requested_number_of_digits(
    epsilon: float, digits: int | None
) -> None:
    curve = SCyc(epsilon=epsilon, delta=0.37, q=2, beta=4.0)
    rates = curve_rates(curve, 9, 0.2, digits)
    assert rates[:3] == (epsilon,) * 3
    for cycle, value in enumerate(rates):
        exact = scyc_curve.max_lr(curve, cycle, 0.2)
        if digits is None:
            assert value == exact
        elif value != epsilon:
            assert value == pytest.approx(exact, rel=0.5 * 10 ** (1 - digits))
            assert f"{value:.{digits}g}" == f"{exact:.{digits}g}"
        else:
            assert f"{exact:.{digits}g}" == f"{epsilon:.{digits}g}"
    assert list(rates) == sorted(rates)


def test_sharing_changes_no_candidate_and_not_the_best(
    seeking: Make, run_search: Any, near: Any
) -> None:
    together = summary(run_search(seeking(search=WIDE, cycles=7), near(IDEAL))[1])
    for each in together["candidates"]:
        if each["stopped"]:
            continue
        only = {name: [each[name]] for name in ("epsilon", "delta", "q", "beta")}
        alone = summary(
            run_search(seeking(search={"name": "grid", **only}, cycles=7), near(IDEAL))[1]
        )
        assert alone["candidates"][0]["cycles"] == each["cycles"]
        assert alone["candidates"][0]["objectives"] == each["objectives"]


def test_the_step_for_epsilon_requests_the_oracles_first_cycle(
    seeking: Make, run_search: Any, study: Callable[..., Study], Rehearsal: Any, near: Any
) -> None:
    declared = seeking(search=WIDE)
    shown: Any = study(grid={"max_lr": [0.05, 0.1, 0.2]}, cycles=3)
    rehearsal = Rehearsal(near(IDEAL))
    rehearsal.run([greedy_oracle(shown, Graph(shown.system, "0" * 64), lambda cycle: None)])
    before = set(rehearsal.known)
    again, search_experiment = run_search(
        declared, near(IDEAL), rehearsal=Rehearsal(near(IDEAL), known=dict(rehearsal.known))
    )
    assert search_experiment.results.complete
    assert not before & set(again.trained)
    epsilons = {cell.id for cell in before_pruning(search_experiment)}
    assert len(epsilons) == 3 * 2
    assert epsilons <= before


@pytest.mark.parametrize("stop", [1, 10, *costly(*range(2, 10), *range(11, 21))])
def test_an_interrupted_recipe_ends_as_an_uninterrupted_one(
    seeking: Make, run_search: Any, near: Any, Rehearsal: Any, stop: int
) -> None:
    declared = seeking(search=WIDE, cycles=4)
    whole, expected = run_search(declared, near(IDEAL))
    assert len(whole.packs) == 21
    first, half = run_search(declared, near(IDEAL), stop_after=stop)
    assert not half.results.complete
    summary(half)  # of a run that is not complete, too
    second, again = run_search(
        declared, near(IDEAL), rehearsal=Rehearsal(near(IDEAL), known=first.known)
    )
    assert summary(again) == summary(expected)
    assert sorted(first.trained + second.trained) == sorted(whole.trained)


def test_any_order_of_completion_gives_the_same_candidates(
    seeking: Make, run_search: Any, near: Any
) -> None:
    declared = seeking(search=WIDE, cycles=4)
    expected = summary(run_search(declared, near(IDEAL))[1])
    for seed in range(5):
        shuffled = random.Random(seed)

        def order(packs: Sequence[Pack], shuffled: random.Random = shuffled) -> int:
            return shuffled.randrange(len(packs))

        _, search_experiment = run_search(declared, near(IDEAL), order=order)
        assert summary(search_experiment) == expected


def test_a_candidate_that_diverges_is_passed_over(seeking: Make, run_search: Any) -> None:
    def accuracy(cell: Cell) -> float | None:
        return None if cell.max_lr > 0.25 else 80 + 10 * cell.max_lr

    grid = {"max_lr": [0.1], "extend": False}
    search = {"name": "paper", "epsilon": grid, "delta": [0.0, 0.1, 0.3]}
    declared = seeking(search=search, cycles=6)
    _, search_experiment = run_search(declared, accuracy)
    fallen = [
        each.curve.delta
        for each in search_experiment.board.candidates
        if each.stopped == "diverged"
    ]
    assert fallen == [0.3]
    (best,) = search_experiment.results.best
    assert best.curve.delta == 0.1
    assert best.whole
    assert summary(search_experiment)["candidates"][-1]["stopped"] == "diverged"
    assert search_experiment.failure() is None


def test_when_all_diverge_the_search_reports_it(seeking: Make, run_search: Any) -> None:
    _, search_experiment = run_search(seeking(), lambda cell: None)
    assert search_experiment.failure() == "every epsilon diverged; lower search.epsilon"
    _, search_experiment = run_search(seeking(), lambda cell: None if cell.cycle else 90.0)
    assert search_experiment.failure() == "every delta diverged; lower epsilon or delta"
    listed = {"name": "grid", "epsilon": [0.1], "delta": [0.1], "q": [0], "beta": [3]}
    _, search_experiment = run_search(seeking(search=listed), lambda cell: None)
    assert search_experiment.failure() == "every candidate diverged; lower epsilon or delta"
    assert search_experiment.results.best == []


def test_a_grid_tries_every_combination_once(seeking: Make, run_search: Any, near: Any) -> None:
    listed = {
        "name": "grid", "epsilon": [0.05, 0.1], "delta": [0.1, 0.2], "q": [0, 2], "beta": [3, 5],
    }  # fmt: skip
    rehearsal, search_experiment = run_search(seeking(search=listed, cycles=4), near(IDEAL))
    assert len(set(map(str, curves(search_experiment)))) == 16
    assert search_experiment.results.best[0].curve == IDEAL
    assert len(rehearsal.trained) == len(set(rehearsal.trained))
    scores = [sum(each["objectives"][0]) for each in summary(search_experiment)["candidates"]]
    assert scores == sorted(scores, reverse=True)


def test_several_objectives_give_the_pareto_front(seeking: Make, run_search: Any) -> None:
    def accuracy(cell: Cell) -> float:  # at cycle 1 low rates are better, at cycle 3 high ones
        return 80 - 30 * cell.max_lr if cell.cycle < 2 else 60 + 20 * cell.max_lr

    listed = {"name": "grid", "epsilon": [0.1, 0.2], "delta": [0.1, 0.2], "q": [0, 1], "beta": [3]}
    declared = seeking(search=listed, objective={"name": "pareto", "cycles": [1, 3]})
    _, search_experiment = run_search(declared, accuracy)
    front = search_experiment.results.best
    points = [(each.score([1]), each.score([3])) for each in search_experiment.board.candidates]
    expected = [
        each
        for each, (a, b) in zip(search_experiment.board.candidates, points, strict=True)
        if not any(x >= a and y >= b and (x > a or y > b) for x, y in points)
    ]
    assert front == expected
    assert 1 < len(front) < 8
    order = [each["best"] for each in summary(search_experiment)["candidates"]]
    assert order == sorted(order, reverse=True)


def test_a_tie_by_rounding_goes_to_the_lower_value(seeking: Make, run_search: Any) -> None:
    exact = {0.05: (94.5, 83.6), 0.1: (94.2, 83.9)}  # both 89.05, as floats 1.4e-14 apart

    def tie(cell: Cell) -> float:
        if cell.cycle == 0:
            return exact[cell.max_lr][cell.replicate]
        return (94.5, 83.6)[cell.replicate] if cell.max_lr < 0.12 else (94.2, 83.9)[cell.replicate]

    grid = {"max_lr": [0.05, 0.1], "extend": False}
    recipe = {"name": "paper", "epsilon": grid, "delta": [0.05, 0.2]}
    _, search_experiment = run_search(seeking(search=recipe, replicates=2, objective="target"), tie)
    (best,) = search_experiment.results.best
    assert best.curve == SCyc(epsilon=0.05, delta=0.05, q=1, beta=4.0)
    assert summary(search_experiment)["candidates"][0]["candidate"] == best.number

    listed = {"name": "grid", "epsilon": [0.05, 0.1], "delta": [0.05], "q": [1], "beta": [4]}

    def level(cell: Cell) -> float:
        return exact[0.05 if cell.max_lr < 0.1 else 0.1][cell.replicate]

    declared = seeking(search=listed, replicates=2, objective="target", cycles=1)
    _, search_experiment = run_search(declared, level)
    (best,) = search_experiment.results.best
    assert best.number == 0
    assert [each["candidate"] for each in summary(search_experiment)["candidates"]] == [0, 1]
    pareto = seeking(
        search=listed, replicates=2, cycles=1, objective={"name": "pareto", "cycles": [0, 1]}
    )
    _, search_experiment = run_search(pareto, level)
    assert [each.number for each in search_experiment.results.best] == [
        0,
        1,
    ]  # equal: neither beats the other
