"""Replicates that are added where the verdict on S-Cyc's max_lr is open."""

import itertools
import math
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import search_fixtures
from factories import cell_result

from oracle.experiments.base import ExperimentCallbacks
from oracle.experiments.registry import expected_cells, experiment
from oracle.search.graph import Cell, CellResult, Graph
from oracle.search.grid_search import OracleCycle
from oracle.search.selection.replication import added
from oracle.stats.region_intervals import infer_region
from oracle.study.base import Study
from oracle.study.oracle import OracleStudy
from scyc import max_lr

Make = Callable[..., Study]
Curve = Callable[[Cell], float | None]

GROWING: dict[str, Any] = {
    "replicates": {"least": 3, "most": 7},
    "grid": {"max_lr": [0.05, 0.1, 0.2, 0.4], "extend": False},
    "s_cyc": {"epsilon": 0.1, "delta": 0.0, "q": 0, "beta": 1.0},
    "cycles": 2,
}


def noisy(*cycles: int) -> Curve:
    """Clear but in some cycles, where the replicates of S-Cyc's max_lr swing by 16 points."""

    def curve(cell: Cell) -> float:
        if cell.cycle in cycles:
            swing = 88.0 if cell.replicate % 2 else 72.0
            return swing if 0.07 < cell.max_lr < 0.14 else 80.0 if 0.14 < cell.max_lr < 0.28 else 60
        return 80 - 4 * abs(math.log2(cell.max_lr / 0.1)) + cell.replicate

    return curve


def verdict(study: Study, cycle: OracleCycle) -> str:
    assert isinstance(study, OracleStudy)
    region = infer_region(cycle.tried, study.tolerance, study.tolerance_kind, study.seed)
    assert region is not None
    return region.verdict(max_lr(study.s_cyc, cycle.cycle, study.pruning.rate)).kind


def test_where_every_verdict_is_clear_no_replicate_is_added(study: Make, searched: Any) -> None:
    growing, *results = searched(study(**GROWING), noisy())
    plain, *expected = searched(study(**GROWING | {"replicates": 3}), noisy())
    assert results == expected
    assert growing.trained == plain.trained


def test_an_open_verdict_adds_replicates_up_to_the_bound(study: Make, searched: Any) -> None:
    declared = study(**GROWING)
    _, cycles, path = searched(declared, noisy(0, 1, 2))
    assert len(cycles) == 3
    for cycle in cycles:
        assert 3 <= cycle.replicates <= 7
        assert cycle.replicates == 7 or verdict(declared, cycle) != "undecided"
        assert {len(row) for row in cycle.results.values()} == {cycle.replicates}
        assert {len(row) for row in cycle.cells.values()} == {cycle.replicates}
    assert max(cycle.replicates for cycle in cycles) > 3
    assert {len(each.results) for each in path} == {3}


def test_only_the_cycle_that_is_open_grows(study: Make, searched: Any) -> None:
    _, cycles, _ = searched(study(**GROWING), noisy(1))
    assert [cycle.replicates > 3 for cycle in cycles] == [False, True, False]


def test_an_added_replicate_goes_its_own_way_by_the_winners(study: Make, searched: Any) -> None:
    rehearsal, cycles, _ = searched(study(**GROWING), noisy(2))
    won = [cycle.region.well_tuned for cycle in cycles]
    for row in cycles[2].cells.values():
        assert [cell.replicate for cell in row] == list(range(cycles[2].replicates))
        for cell in row:
            assert cell.parent is not None
            assert cell.parent.parent is not None
            assert [cell.parent.parent.max_lr, cell.parent.max_lr] == won[:2]
    way = {cell.parent for row in cycles[2].cells.values() for cell in row[3:]}
    way |= {cell.parent for cell in way if cell is not None}
    where = {cell: key for cell, key in rehearsal.recorded if cell in way}
    assert {cell.id for cell in way if cell} == {result.cell for result in cycles[2].passed}
    assert set(where.values()) == {cycles[0].study_key, cycles[1].study_key}
    assert all(cycles[cell.cycle].study_key == key for cell, key in where.items())


def turning(cell: Cell) -> float:
    """0.2 is best for three replicates, which swing at 0.1; with more of them 0.4 is."""
    early = {0.05: 70.0, 0.1: 88.0 if cell.replicate % 2 else 72.0, 0.2: 80.0, 0.4: 79.0}
    late = {0.05: 70.0, 0.1: 90.0, 0.2: 80.0, 0.4: 96.0}
    return (early if cell.replicate < 3 else late).get(cell.max_lr, 70.0)


def test_the_region_and_the_winner_are_those_of_all_replicates(study: Make, searched: Any) -> None:
    _, few, _ = searched(study(**GROWING | {"replicates": 3}), turning)
    _, more, _ = searched(study(**GROWING), turning)
    assert few[0].region.well_tuned == 0.2
    assert more[0].replicates > 3
    assert more[0].region.well_tuned == 0.4
    assert more[0].region.best_accuracy == more[0].tried[0.4].mean
    assert {cell.parent.max_lr for row in more[1].cells.values() for cell in row} == {0.4}


def test_a_replicate_that_diverges_on_its_way_ends_the_growth(study: Make, searched: Any) -> None:
    noise = noisy(1)

    def curve(cell: Cell) -> float | None:
        return None if (cell.cycle, cell.replicate) == (0, 4) else noise(cell)

    _, cycles, _ = searched(study(**GROWING), curve)
    assert [cycle.replicates for cycle in cycles] == [3, 4, 3]
    assert any(result.diverged for result in cycles[1].passed)


def test_the_grid_grows_where_the_added_replicates_move_the_region(
    study: Make, searched: Any
) -> None:
    grid = {"kind": "log", "low": 0.05, "high": 0.4, "count": 4, "ceiling": 1.6, "floor": 0.05}
    _, few, _ = searched(study(**GROWING | {"grid": grid, "replicates": 3}), turning)
    _, more, _ = searched(study(**GROWING | {"grid": grid}), turning)
    assert list(few[0].cells) == [0.05, 0.1, 0.2, 0.4]
    assert list(more[0].cells) == [0.05, 0.1, 0.2, 0.4, 0.8]
    assert {len(row) for row in more[0].results.values()} == {more[0].replicates}


def judged(cell: Cell, accuracy: float) -> CellResult:
    """An accuracy on 100 validation images of 10 even classes."""
    part = {"images": 100, "largest": 10, "missing": 0}
    return replace(cell_result(cell, accuracy), split={"validation": part, "test": part})


@pytest.mark.parametrize(("points", "grows"), [(70.0, False), (20.0, True)])
def test_no_replicate_is_added_where_nothing_is_above_chance(
    study: Make, searched: Any, monkeypatch: pytest.MonkeyPatch, points: float, grows: bool
) -> None:
    noise = noisy(0, 1, 2)
    monkeypatch.setattr(
        search_fixtures, "answer", lambda _, cell: judged(cell, max(0.0, noise(cell) - points))
    )
    declared = study(**GROWING)
    _, cycles, _ = searched(declared, noise)
    assert verdict(declared, cycles[0]) == "undecided" or grows
    assert (cycles[0].replicates > 3) is grows


def test_an_adaptive_search_grows_too(study: Make, searched: Any) -> None:
    grid = {"kind": "log", "low": 0.01, "high": 1.0, "count": 40, "extend": False}
    declared = study(**GROWING | {"grid": grid, "search": "adaptive"})
    _, cycles, _ = searched(declared, noisy(1))
    assert cycles[1].replicates > 3
    for cycle in cycles:
        assert len(cycle.cells) < 40
        assert {len(row) for row in cycle.results.values()} == {cycle.replicates}


def test_results_do_not_depend_on_who_finishes_first(study: Make, searched: Any) -> None:
    declared = study(**GROWING)
    orders: list[Callable[[list[Any]], int]] = [
        lambda packs: 0,
        lambda packs: len(packs) - 1,
        lambda packs: random.Random(len(packs)).randrange(len(packs)),
    ]
    outcomes = [searched(declared, noisy(0, 1, 2), order=order) for order in orders]
    assert outcomes[0][1:] == outcomes[1][1:] == outcomes[2][1:]
    packs = [{tuple(c.id for c in p.cells) for p in each[0].packs} for each in outcomes]
    assert packs[0] == packs[1] == packs[2]


@pytest.mark.costly
def test_an_interrupted_growth_ends_as_an_uninterrupted_one(
    study: Make, searched: Any, Rehearsal: Any
) -> None:
    declared, curve = study(**GROWING), noisy(0, 2)
    whole, *expected = searched(declared, curve)
    assert len(whole.packs) > 10
    for stop in range(1, len(whole.packs)):
        first, *_ = searched(declared, curve, stop_after=stop)
        second, *again = searched(declared, curve, Rehearsal(curve, known=first.known))
        assert again == expected
        assert sorted(first.trained + second.trained) == sorted(whole.trained)


def growing(
    study: Study, rehearsal: Any, delete_lost: bool = True
) -> tuple[list[OracleCycle], set[str]]:
    """Run a study; return its cycles and the results whose networks may be deleted."""
    gone: set[str] = set()

    def drop(discardable: Any) -> None:
        lost: list[CellResult] = [
            loser for loser in discardable if loser.cell not in study_experiment.known_cells()
        ]
        gone.update(loser.checkpoint for loser in lost if loser.checkpoint)
        rehearsal.lost.update(gone)

    hooks = ExperimentCallbacks(on_discardable=drop) if delete_lost else ExperimentCallbacks()
    study_experiment: Any = experiment(study, Graph(study.system, "0" * 64), hooks)
    rehearsal.run(study_experiment.searches())
    return study_experiment.cycles, gone


def test_no_network_that_was_deleted_is_needed_again(study: Make, Rehearsal: Any) -> None:
    rehearsal = Rehearsal(noisy(0, 2))
    cycles, gone = growing(study(**GROWING), rehearsal)
    assert [cycle.replicates > 3 for cycle in cycles] == [True, False, True]
    assert len(gone) > 20
    assert len(rehearsal.trained) == len(set(rehearsal.trained))


def test_a_network_on_the_way_that_is_lost_is_made_again(study: Make, Rehearsal: Any) -> None:
    curve = noisy(2)
    whole = Rehearsal(curve)
    cycles, _ = growing(study(**GROWING), whole, delete_lost=False)
    way = [result.checkpoint for result in cycles[2].passed]
    last = {cell.id for row in cycles[2].cells.values() for cell in row[3:]}
    known = {cell: result for cell, result in whole.known.items() if cell not in last}
    rest = Rehearsal(curve, known=known, lost=set(way))
    again, _ = growing(study(**GROWING), rest, delete_lost=False)
    assert again == cycles
    assert set(rest.trained) == last | set(way)
    assert {cell.id for cell, _ in rest.recorded} == last


def test_a_plain_number_is_grown_from_without_training_anything_again(
    study: Make, searched: Any, Rehearsal: Any
) -> None:
    curve = noisy(0, 1, 2)
    plain, *_ = searched(study(**GROWING | {"replicates": 3}), curve)
    _, *expected = searched(study(**GROWING), curve)
    more, *results = searched(study(**GROWING), curve, Rehearsal(curve, known=dict(plain.known)))
    assert results == expected
    assert set(more.trained).isdisjoint(plain.trained)


def test_the_expected_number_of_training_runs_is_that_without_growth(study: Make) -> None:
    graph = Graph(study().system, "0" * 64)
    plain = experiment(study(**GROWING | {"replicates": 3}), graph)
    assert expected_cells(experiment(study(**GROWING), graph)) == expected_cells(plain)


@pytest.mark.parametrize(
    ("have", "wanted", "most", "more"),
    [(3, 1, 12, 1), (3, 40, 12, 2), (3, None, 12, 2), (8, 3, 12, 3), (8, 40, 10, 2), (3, 0, 9, 1)],
)
def test_a_round_adds_the_wanted_replicates_but_at_most_half_of_the_present_number(
    have: int, wanted: int | None, most: int, more: int
) -> None:
    assert added(have, wanted, most) == more


def test_rounds_come_to_the_bound() -> None:
    counts = list(itertools.accumulate([3, *[0] * 5], lambda have, _: have + added(have, None, 12)))
    assert counts[:4] == [3, 5, 8, 12]
    assert counts[-1] == 12
