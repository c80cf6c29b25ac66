"""A study's search of single cells: what it trains, why it ends, and that nothing else decides."""

import itertools
import math
import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from costly import costly
from factories import make_study

from oracle.execution.pack_queue import Pack
from oracle.reports import formats
from oracle.search.ask_tell import Training, standing
from oracle.search.graph import Cell
from oracle.search.grid_search import OracleCycle
from oracle.service.limits import Limits
from oracle.study.base import Study
from oracle.study.oracle import OracleStudy
from oracle.study.parts.external_run import ExternalRun
from oracle.tables import oracle as tables
from scyc.errors import BadInput

GRID = {"kind": "log", "low": 0.01, "high": 0.4, "count": 20, "extend": False}
Make = Callable[..., Study]


def noise(cell: Cell) -> float:
    """Half a point, always the same for the same cell."""
    return 0.5 * float(np.random.default_rng([*bytes.fromhex(cell.id[:16])]).standard_normal())


def hump(cell: Cell) -> float:
    """Best at 0.05, and higher by half at each cycle; replicates differ by 2 points."""
    away = abs(math.log2(cell.max_lr / (0.05 * 1.5**cell.cycle)))
    return 80 - 4 * away**2 + 2 * cell.replicate + noise(cell)


def declare(**changes: Any) -> OracleStudy:
    study = make_study(
        **{"grid": GRID, "replicates": 4, "search": {"name": "adaptive"}, "cycles": 2} | changes
    )
    assert isinstance(study, OracleStudy)
    return study


def counts(cycle: OracleCycle) -> list[int]:
    return [len(row) for row in cycle.results.values()]


def test_a_third_of_the_training_runs_finds_every_cycles_best(searched: Any) -> None:
    _, cycles, _ = searched(declare(), hump)
    assert len(cycles) == 3
    for cycle in cycles:
        assert cycle.region is not None
        assert cycle.end is not None
        assert abs(math.log2(cycle.region.well_tuned / (0.05 * 1.5**cycle.cycle))) < 0.5
        assert sum(counts(cycle)) == cycle.end.trained <= cycle.end.budget == 26
        assert len(set(counts(cycle))) > 1  # max_lr that lost have fewer replicates


def test_the_next_cycle_starts_from_every_replicate_of_the_well_tuned_max_lr(searched: Any) -> None:
    _, cycles, _ = searched(declare(), hump)
    for before, after in itertools.pairwise(cycles):
        won = before.cells[before.region.well_tuned]
        assert [cell.replicate for cell in won] == [0, 1, 2, 3]
        assert {cell.parent for row in after.cells.values() for cell in row} <= set(won)


def test_the_training_runs_do_not_depend_on_the_order_of_results(
    searched: Any, Rehearsal: Any
) -> None:
    orders: list[Callable[[Sequence[Pack]], int]] = [
        lambda packs: 0,
        lambda packs: len(packs) - 1,
        lambda packs: random.Random(len(packs)).randrange(len(packs)),
    ]
    outcomes = [searched(declare(), hump, Rehearsal(hump, most=3), order=each) for each in orders]
    assert outcomes[0][1] == outcomes[1][1] == outcomes[2][1]
    trained = [sorted(rehearsal.trained) for rehearsal, _, _ in outcomes]
    assert trained[0] == trained[1] == trained[2]
    assert len(set(trained[0])) == len(trained[0])


@pytest.mark.parametrize("stop", [4, *costly(1, 9, 14)])
def test_a_killed_search_continues_with_the_same_choices(
    searched: Any, Rehearsal: Any, stop: int
) -> None:
    whole, cycles, path = searched(declare(), hump)
    first, *_ = searched(declare(), hump, stop_after=stop)
    second, *again = searched(declare(), hump, rehearsal=Rehearsal(hump, known=first.known))
    assert again == [cycles, path]
    assert sorted(first.trained + second.trained) == sorted(whole.trained)


def test_a_flat_curve_ends_early_and_the_table_reports_it(searched: Any) -> None:
    study = declare(replicates=6, search={"name": "adaptive", "budget": 1.0})
    _, cycles, path = searched(study, lambda cell: 80 + 2 * cell.replicate + 0.3 * noise(cell))
    assert [cycle.end.reason for cycle in cycles] == ["flat"] * 3
    assert all(cycle.end.trained < 60 for cycle in cycles)  # of 120
    table = tables.table(study, "tiny-0", cycles, path, True)
    assert [cycle["search"]["ended_by"] for cycle in table["cycles"]] == ["flat"] * 3
    text = " ".join(formats.text(table).split())
    assert "no max_lr better than another" in text
    assert "No max_lr is better than another at cycle 0, 1, 2" in text


def test_the_table_shows_what_ended_each_cycle_and_its_bounds(searched: Any) -> None:
    study = declare(search={"name": "adaptive", "regret": 0.01, "budget": 0.25})
    _, cycles, path = searched(study, hump)
    table = tables.table(study, "tiny-0", cycles, path, True)
    assert table["search"] == "adaptive"
    assert table["search_bounds"] == {
        "name": "adaptive",
        "regret": 0.01,
        "budget": 0.25,
        "batch": 16,
        "verdict": True,
    }
    for cycle in table["cycles"]:
        ended = cycle["search"]
        assert ended["ended_by"] == "budget"
        assert ended["trainings"] <= ended["budget"] == 20
        assert ended["trainings"] == sum(len(entry["val_accuracy"]) for entry in cycle["grid"])
        assert cycle["evidence"]["low"]["low"] <= cycle["evidence"]["low"]["high"]
        assert cycle["evidence"]["best_again"] is None
    assert "budget spent" in " ".join(formats.text(table).split())


@pytest.mark.costly
def test_a_certain_verdict_ends_a_cycle_whose_best_is_known(searched: Any) -> None:
    far = {"epsilon": 0.012, "delta": 0.0, "q": 0, "beta": 1.0}
    reasons = {}
    for wanted in (True, False):
        how = {"name": "adaptive", "budget": 1.0, "regret": 0.3, "verdict": wanted}
        _, cycles, _ = searched(declare(search=how, s_cyc=far, cycles=1), hump)
        reasons[wanted] = [cycle.end.reason for cycle in cycles]
    assert reasons[True] == ["verdict"] * 2
    assert "verdict" not in reasons[False]


def test_the_grid_grows_where_the_region_reaches_its_end(searched: Any) -> None:
    grid = GRID | {"high": 0.05, "count": 10, "extend": True, "ceiling": 0.4}
    _, cycles, _ = searched(declare(grid=grid, cycles=1), hump)
    for cycle in cycles:
        assert cycle.grid[-1] > 0.07
        assert cycle.grid[-1] in cycle.results
        assert abs(math.log2(cycle.region.well_tuned / (0.05 * 1.5**cycle.cycle))) < 0.6


def test_a_max_lr_of_which_a_replicate_diverged_is_never_selected(searched: Any) -> None:
    def curve(cell: Cell) -> float | None:
        return None if cell.max_lr > 0.045 and cell.replicate == 3 else hump(cell)

    _, cycles, _ = searched(declare(cycles=1), curve)
    for cycle in cycles:
        assert cycle.region.well_tuned < 0.045
        assert not any(result.diverged for result in cycle.results[cycle.region.well_tuned])


@pytest.mark.costly
def test_where_all_diverges_the_whole_grid_is_tried_and_there_is_no_winner(searched: Any) -> None:
    _, cycles, _ = searched(declare(), lambda cell: None)
    assert [cycle.region for cycle in cycles] == [None]
    assert cycles[0].end.reason == "whole grid"
    assert sum(counts(cycles[0])) == 80


@pytest.mark.costly
def test_ask_and_tell_suggests_the_same_cells(searched: Any) -> None:
    def curve(cycle: int, max_lr: float, replicate: int) -> float:
        away = abs(math.log2(max_lr / (0.05 * 1.5**cycle)))
        return 80 - 4 * away**2 + 2 * replicate + 0.3 * math.sin(1e4 * max_lr * (replicate + 1))

    _, cycles, _ = searched(
        declare(cycles=1), lambda cell: curve(cell.cycle, cell.max_lr, cell.replicate)
    )
    study = declare(cycles=1)
    run = ExternalRun(
        name="mine",
        grid=study.grid,
        cycles=1,
        replicates=4,
        search=study.search,
        s_cyc=study.s_cyc,
    )
    seen: dict[Training, float | None] = {}
    while (now := standing(run, seen)).missing:
        each = random.Random(len(seen)).choice(now.missing)
        seen[each] = curve(each.cycle, each.max_lr, each.replicate)
        assert now.known >= len(now.requested)
    assert [cycle.end for cycle in now.cycles] == [cycle.end for cycle in cycles]
    assert [cycle.region for cycle in now.cycles] == [cycle.region for cycle in cycles]
    assert [counts(cycle) for cycle in now.cycles] == [counts(cycle) for cycle in cycles]
    skipped = next(
        Training(0, rate, len(row)) for rate, row in now.cycles[0].results.items() if len(row) < 4
    )
    (problem,) = now.problems([skipped])
    assert "was not requested at max_lr" in problem.rule


def test_the_word_adaptive_alone_keeps_its_meaning_and_every_id() -> None:
    assert declare(search="adaptive").search == "adaptive"
    assert declare(search="grid").identity_fields()["search"] == "grid"
    with_bounds = declare().identity_fields()["search"]
    assert with_bounds["name"] == "adaptive"
    assert with_bounds["budget"] is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"replicates": 1}, "replicates = 1    search: {name: adaptive} chooses"),
        ({"replicates": "auto"}, 'replicates = "auto"    search: {name: adaptive} chooses'),
        ({"beam": 2}, "beam = 2    the beam keeps networks of every replicate"),
        ({"search": {"name": "adaptive", "budget": 1.5}}, "search.budget = 1.5    must be at most"),
        ({"search": {"name": "adaptive", "regret": 0}}, "search.regret = 0    must be above 0"),
        ({"search": {"name": "adaptive", "batch": 0}}, "search.batch = 0    must be at least 1"),
        ({"search": {"name": "adaptive", "rule": 1}}, "search.rule = 1    unknown key"),
        ({"search": {"budget": 0.5}}, 'search    name must be "adaptive"'),
        ({"search": "adaptiv"}, 'did you mean "adaptive"?'),
    ],
)
def test_bounds_that_make_no_sense_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput) as caught:
        declare(**changes)
    assert message in str(caught.value)


def test_a_server_refuses_grids_whose_single_cells_would_take_too_long() -> None:
    grid = {"kind": "log", "low": 0.01, "high": 0.4, "count": 300, "extend": False}
    for search, refused in (({"name": "adaptive"}, True), ("adaptive", False), ("grid", False)):
        problems = Limits().study_problems(declare(grid=grid, search=search))
        assert [problem.path for problem in problems] == ["grid"] * refused
        run = ExternalRun(
            name="mine",
            grid=declare(grid=grid).grid,
            cycles=2,
            replicates=2,
            search=declare(search=search).search,
        )
        assert len(Limits().external_run_problems(run)) == refused
