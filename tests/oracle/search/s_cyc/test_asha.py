"""Candidates that Optuna's samplers suggest, and halving, on known curves."""

import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from costly import costly

from oracle.execution.pack_queue import Pack
from oracle.search.graph import Cell, Graph
from oracle.search.s_cyc import samplers
from oracle.search.s_cyc.asha import Sampled
from oracle.search.s_cyc.candidates import Candidate, CandidatePool
from oracle.study.search import SampledSearch, SearchStudy
from scyc.specs.base import SCyc

Make = Callable[..., SearchStudy]
IDEAL = SCyc(epsilon=0.1, delta=0.2, q=1, beta=4.0)
RANGES: dict[str, Any] = {
    "name": "optuna",
    "epsilon": {"low": 0.02, "high": 0.4, "log": True},
    "delta": {"low": 0.0, "high": 0.5},
    "trials": 24,
}
HALVED = RANGES | {"halving": {"first": 2, "factor": 2}}


def summary(search_experiment: Any) -> dict[str, Any]:
    table: dict[str, Any] = search_experiment.table("seek-0")
    return table


@pytest.mark.parametrize("sampler", ["tpe", "random", *costly("qmc")])
def test_every_sampler_stays_in_its_bounds_and_moves(
    seeking: Make, run_search: Any, near: Any, sampler: str
) -> None:
    _, search_experiment = run_search(seeking(search=RANGES | {"sampler": sampler}), near(IDEAL))
    curves = [each.curve for each in search_experiment.board.candidates]
    assert len({str(curve) for curve in curves}) == 24
    assert all(0.02 <= curve.epsilon <= 0.4 and 0 <= curve.delta <= 0.5 for curve in curves)
    assert {curve.q for curve in curves} == {0, 1, 2, 3}
    assert all(3 <= curve.beta <= 6 for curve in curves)
    assert all(float(f"{curve.epsilon:.4g}") == curve.epsilon for curve in curves)


def test_the_gaussian_process_suggests_from_earlier_results(
    seeking: Make, run_search: Any, near: Any
) -> None:
    search = RANGES | {"sampler": "gp", "trials": 5, "startup": 4, "parallel": 1}
    _, first = run_search(seeking(search=search), near(IDEAL))
    _, other = run_search(seeking(search=search), near(IDEAL.model_copy(update={"delta": 0.5})))
    here, there = first.board.candidates, other.board.candidates
    assert [each.curve for each in here[:4]] == [each.curve for each in there[:4]]
    assert here[4].curve != there[4].curve
    assert samplers.suggest(seeking(search=search), 4, here[:4], []) == here[4].curve


@pytest.mark.costly
def test_tpe_finds_better_than_it_starts_with(seeking: Make, run_search: Any, near: Any) -> None:
    _, search_experiment = run_search(
        seeking(search=RANGES | {"trials": 32}, cycles=6), near(IDEAL)
    )
    cycles = tuple(range(7))
    scores = [each.score(cycles) for each in search_experiment.board.candidates]
    assert max(scores[8:]) > max(scores[:8])
    assert sum(scores[-12:]) / 12 > sum(scores[:8]) / 8 + 1


def test_a_suggestion_knows_those_that_ended_and_the_curves_of_those_under_way(
    seeking: Make, Rehearsal: Any, near: Any
) -> None:
    declared = seeking(search=RANGES | {"trials": 9, "parallel": 3})
    calls: dict[int, tuple[int, list[int], bool]] = {}

    def suggest(number: int, past: Sequence[Candidate], out: Sequence[Candidate]) -> SCyc:
        ended = all(each.ended for each in past)
        calls[number] = (len(past), [each.number for each in out], ended)
        return IDEAL.model_copy(update={"delta": 0.01 * number})

    assert isinstance(declared.search, SampledSearch)
    board = CandidatePool(declared, Graph(declared.system, "0" * 64))
    search = Sampled(board, declared.search, suggest, lambda line: None)
    Rehearsal(near(IDEAL)).run(search.searches(), order=lambda packs: len(packs) - 1)
    assert calls == {
        number: (max(0, number - 2), list(range(max(0, number - 2), number)), True)
        for number in range(9)
    }


def test_so_many_candidates_are_under_way_at_once(
    seeking: Make, near: Any, Rehearsal: Any, run_search: Any
) -> None:
    for parallel in (1, 3):
        declared = seeking(search=RANGES | {"trials": 6, "parallel": parallel}, replicates=1)
        out: list[int] = []

        def order(packs: Sequence[Pack], out: list[int] = out) -> int:
            out.append(len(packs))
            return 0

        run_search(declared, near(IDEAL), rehearsal=Rehearsal(near(IDEAL)), order=order)
        assert max(out) == parallel


@pytest.mark.costly
def test_halving_saves_training_runs_and_keeps_the_best(
    seeking: Make, run_search: Any, near: Any
) -> None:
    search = RANGES | {"sampler": "random"}
    whole, every = run_search(seeking(search=search, cycles=8), near(IDEAL))
    search |= {"halving": {"first": 2, "factor": 2}}
    halved, search_experiment = run_search(seeking(search=search, cycles=8), near(IDEAL))
    assert [c.curve for c in search_experiment.board.candidates] == [
        c.curve for c in every.board.candidates
    ]
    assert search_experiment.results.best[0].curve == every.results.best[0].curve
    assert len(halved.trained) < 0.65 * len(whole.trained)
    last = [each.last for each in search_experiment.board.candidates if each.stopped == "halving"]
    assert set(last) == {2, 4}
    assert summary(search_experiment)["trainings"]["asked"] < summary(every)["trainings"]["asked"]


def test_a_candidate_is_promoted_when_it_is_among_the_best_so_far(
    seeking: Make, run_search: Any, near: Any
) -> None:
    _, search_experiment = run_search(seeking(search=HALVED, cycles=8), near(IDEAL))
    for rung, cycles in ((2, range(3)), (4, range(5))):
        came: list[float] = []
        for each in search_experiment.board.candidates:
            if each.last < rung:
                continue
            score = each.score(list(cycles))
            came.append(score)
            rank = sum(other > score for other in came)
            goes_on = rank < -(-len(came) // 2)
            assert goes_on == (each.last > rung)


@pytest.mark.parametrize("search", [HALVED, *costly(RANGES, HALVED | {"parallel": 1})])
def test_any_order_of_completion_gives_the_same_candidates(
    seeking: Make, run_search: Any, near: Any, search: dict[str, Any]
) -> None:
    declared = seeking(search=search | {"trials": 10}, cycles=5)
    whole, expected = run_search(declared, near(IDEAL))
    for seed in range(3):
        shuffled = random.Random(seed)

        def order(packs: Sequence[Pack], shuffled: random.Random = shuffled) -> int:
            return shuffled.randrange(len(packs))

        again, search_experiment = run_search(declared, near(IDEAL), order=order)
        assert summary(search_experiment) == summary(expected)
        assert sorted(again.trained) == sorted(whole.trained)


@pytest.mark.parametrize("stop", [3, 18, *costly(1, 2, 7, 11, 26, 33, 40)])
def test_an_interrupted_search_ends_as_an_uninterrupted_one(
    seeking: Make, run_search: Any, near: Any, Rehearsal: Any, stop: int
) -> None:
    declared = seeking(search=HALVED | {"trials": 14}, cycles=5)
    whole, expected = run_search(declared, near(IDEAL))
    assert len(whole.packs) > 40
    first, half = run_search(declared, near(IDEAL), stop_after=stop)
    assert not half.results.complete
    summary(half)
    second, again = run_search(
        declared, near(IDEAL), rehearsal=Rehearsal(near(IDEAL), known=first.known)
    )
    assert summary(again) == summary(expected)
    assert sorted(first.trained + second.trained) == sorted(whole.trained)


@pytest.mark.costly
def test_candidates_that_diverge_are_recorded_as_0_and_do_not_stop_others(
    seeking: Make, run_search: Any
) -> None:
    def accuracy(cell: Cell) -> float | None:
        return None if cell.max_lr > 0.3 else 80 + 20 * cell.max_lr

    declared = seeking(search=HALVED, cycles=6)
    orders: list[Callable[[Sequence[Pack]], int]] = [lambda packs: 0, lambda packs: len(packs) - 1]
    tables = [summary(run_search(declared, accuracy, order=order)[1]) for order in orders]
    assert tables[0] == tables[1]
    fallen = [each for each in tables[0]["candidates"] if each["stopped"] == "diverged"]
    assert fallen
    assert tables[0]["candidates"][-len(fallen) :] == fallen
    assert all(each["max_lr"][each["last_cycle"]] > 0.3 for each in fallen)


def test_several_objectives_are_sampled_together(seeking: Make, run_search: Any, near: Any) -> None:
    for sampler in ("tpe", "random", "qmc"):
        search = RANGES | {"sampler": sampler, "trials": 12}
        declared = seeking(search=search, objective={"name": "pareto", "cycles": [0, 2, 3]})
        _, search_experiment = run_search(declared, near(IDEAL))
        assert summary(search_experiment)["best"]
        assert len(summary(search_experiment)["candidates"][0]["objectives"]) == 3


def test_another_seed_draws_other_candidates(seeking: Make) -> None:
    drawn = {
        (sampler, seed): samplers.suggest(
            seeking(search=RANGES | {"sampler": sampler}, seed=seed), 3, [], []
        )
        for sampler in ("tpe", "gp", "random", "qmc")
        for seed in (0, 1)
    }
    for sampler in ("tpe", "gp", "random", "qmc"):
        assert drawn[sampler, 0] != drawn[sampler, 1]


def test_a_tie_by_rounding_stops_no_candidate_that_an_exact_tie_would_let_go_on(
    seeking: Make, run_search: Any
) -> None:
    pairs = ((94.2, 83.9), (94.5, 83.6))  # both 89.05, as floats 1.4e-14 apart
    search = HALVED | {"sampler": "random", "trials": 8}

    def last(curve: Any) -> list[int]:
        _, search_experiment = run_search(seeking(search=search, cycles=8, replicates=2), curve)
        return [each.last for each in search_experiment.board.candidates]

    def rounded(cell: Cell) -> float:
        return pairs[hash(cell.max_lr) % 2][cell.replicate]

    assert last(rounded) == last(lambda cell: 89.05) == [8] * 8
