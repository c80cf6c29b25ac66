"""The adaptive oracle replayed on the results of a full grid."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from oracle.analysis import replay
from oracle.experiments.registry import experiment
from oracle.search.graph import Cell, Graph
from oracle.study.base import Study

Make = Callable[..., Study]
GRID = {"kind": "log", "low": 0.005, "high": 0.5, "count": 41}


def smooth(cell: Cell, first: float = 0.03) -> float:
    """A hump whose best max_lr rises with the cycles; the replicates differ by a point."""
    best = first * 1.5**cell.cycle
    return 90 + cell.replicate - 2 * math.log2(cell.max_lr / best) ** 2


@pytest.fixture
def run(study: Make, searched: Any) -> Any:
    declared = study(grid=GRID)
    rehearsal, cycles, _ = searched(declared, smooth)
    return declared, Graph(declared.system, "0" * 64), cycles, rehearsal


def test_on_smooth_curves_every_cycle_has_the_full_grids_answer(run: Any) -> None:
    declared, graph, cycles, _ = run
    replays = replay.replays(declared, graph, cycles)
    assert len(replays) == declared.cycles + 1 == 3
    for each in replays:
        assert (each.same_best, each.low_error, each.high_error) == (True, 0, 0)
        assert each.behind.points == 0
        assert len(each.adaptive.cells) < len(each.full.cells) / 2
        assert each.adaptive.results.items() <= each.full.results.items()
    shares = replay.agreement_shares(replays)
    assert (shares["same_best"], shares["ends_near"], shares["both"], shares["cycles"]) == (
        1,
        1,
        1,
        3,
    )
    assert shares["share"] == sum(len(each.adaptive.cells) for each in replays) / (3 * 41)


def test_a_replay_trains_what_the_adaptive_oracle_trains(
    study: Make, searched: Any, run: Any
) -> None:
    declared, graph, cycles, _ = run
    _, alone, _ = searched(study(grid=GRID, search="adaptive"), smooth)
    replays = replay.replays(declared, graph, cycles)
    assert [each.adaptive.cells for each in replays] == [each.cells for each in alone]
    own = {result.cell for each in alone for row in each.results.values() for result in row}
    assert {result.cell for result in replay.trained(replays)} == own


def test_the_whole_path_goes_as_far_as_it_is_recorded(run: Any) -> None:
    declared, graph, cycles, rehearsal = run
    whole = replay.path(declared, graph, rehearsal.known)
    assert [_answer(each) for each in whole] == [_answer(each) for each in cycles]
    some = {result.cell: result for row in cycles[0].results.values() for result in row}
    assert [each.cycle for each in replay.path(declared, graph, some)] == [0]
    assert replay.path(declared, graph, {}) == []


def test_a_narrow_peak_between_tried_values_is_missed_and_reported_as_missed(
    study: Make, searched: Any
) -> None:
    def needle(cell: Cell) -> float:
        return 95.0 if math.isclose(cell.max_lr, 0.2506) else smooth(cell)

    declared = study(grid=GRID, cycles=1, replicates=3)
    _, cycles, _ = searched(declared, needle)
    replays = replay.replays(declared, Graph(declared.system, "0" * 64), cycles)
    first = replays[0]
    assert cycles[0].region.well_tuned == 0.2506
    assert not first.same_best
    assert not first.best_as_good
    assert not first.ends_near
    assert first.behind.points == pytest.approx(4, abs=0.1)
    assert first.low_error > 5
    assert replay.agreement_shares(replays)["both"] < 1


@pytest.mark.parametrize(("noise", "as_good"), [(0.0, False), (1.0, True)])
def test_a_max_lr_without_a_significant_difference_is_as_good(
    study: Make, searched: Any, noise: float, as_good: bool
) -> None:
    def curve(cell: Cell) -> float:
        return 90 + (cell.max_lr == 0.05) * (0.2 + noise * (cell.replicate - 1))

    declared = study(grid={"max_lr": [0.05, 0.1], "extend": False}, cycles=1, replicates=3)
    full = searched(declared, curve)[1][0]
    assert full.region.well_tuned == 0.05
    other = replace(full, region=replace(full.region, well_tuned=0.1))
    each = replay.Replay(full, other, 1)
    assert each.behind.points == pytest.approx(0.2)
    assert not each.same_best
    assert each.best_as_good is as_good
    assert each.best_inside


def test_cycles_without_a_winner_are_left_out(study: Make, searched: Any) -> None:
    declared = study(grid=GRID)
    _, cycles, _ = searched(declared, lambda cell: None if cell.cycle else smooth(cell))
    replays = replay.replays(declared, Graph(declared.system, "0" * 64), cycles)
    assert cycles[-1].region is None
    assert [each.full.cycle for each in replays] == [0]
    assert replay.agreement_shares([]) == {}


def test_added_replicates_are_replayed_too(study: Make, searched: Any) -> None:
    def noisy(cell: Cell) -> float:  # S-Cyc's 0.1 is where the region ends
        bend = 1 if cell.replicate % 2 else -1
        return smooth(cell, 0.0707) + bend * math.sin(900 * cell.max_lr)

    declared = study(grid=GRID, replicates={"least": 2, "most": 5}, cycles=1)
    _, cycles, _ = searched(declared, noisy)
    assert max(each.replicates for each in cycles) > 2
    for each in replay.replays(declared, Graph(declared.system, "0" * 64), cycles):
        assert each.adaptive.replicates == each.full.replicates


def test_the_table_of_a_full_grid_gives_the_cost_of_the_adaptive_oracle(
    study: Make, Rehearsal: Any
) -> None:
    declared = study(grid=GRID)
    study_experiment = experiment(declared, Graph(declared.system, "0" * 64))
    Rehearsal(smooth).run(study_experiment.searches())
    costs = study_experiment.table("tiny-0")["cost"]
    assert costs["oracle"]["trainings"] == 3 * 41 * 2
    assert costs["adaptive"]["trainings"] < costs["oracle"]["trainings"] / 2
    assert costs["adaptive"]["steps"] == 10 * costs["adaptive"]["trainings"]
    json.dumps(costs)


def _answer(cycle: Any) -> tuple[float, float, float]:
    return cycle.region.well_tuned, cycle.region.low, cycle.region.high
