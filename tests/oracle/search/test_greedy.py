"""The searches on known curves, and the packs they become."""

import itertools
import math
import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from oracle.errors import CheckpointGoneError
from oracle.execution.pack_queue import Pack, packed
from oracle.experiments.registry import experiment
from oracle.search.graph import Cell, Graph
from oracle.search.greedy import greedy_oracle
from oracle.search.grid_search import OracleCycle
from oracle.study.base import Study
from scyc import max_lr
from scyc.specs.schedules import WarmupSpec

Make = Callable[..., Study]
WARMUP = WarmupSpec(warmup=3, drops=(8, 10))


def hump(best: float) -> Callable[[Cell], float]:
    """Accuracy that falls by 4 points a doubling away from a best max_lr, which rises by cycle."""
    return lambda cell: 90 - 4 * abs(math.log2(cell.max_lr / (best * 1.5**cell.cycle)))


def test_each_cycle_keeps_the_best_and_continues_below_it(study: Make, searched: Any) -> None:
    declared = study(grid={"kind": "log", "low": 0.01, "high": 0.64, "count": 7}, cycles=4)
    _, cycles, _ = searched(declared, hump(0.04))
    rates = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64]
    for cycle in cycles:
        assert cycle.region is not None
        target = 0.04 * 1.5**cycle.cycle
        assert cycle.region.well_tuned == min(rates, key=lambda r: abs(math.log2(r / target)))
    for before, after in itertools.pairwise(cycles):
        assert before.region is not None
        parents = {cell.parent for row in after.cells.values() for cell in row}
        assert parents == set(before.cells[before.region.well_tuned])


def test_the_mean_over_replicates_decides(study: Make, searched: Any) -> None:
    def curve(cell: Cell) -> float:
        return {0.05: (90.0, 90.0), 0.1: (95.0, 86.0), 0.2: (92.0, 91.0)}[cell.max_lr][
            cell.replicate
        ]

    declared = study(
        cycles=1,
        grid={"max_lr": [0.05, 0.1, 0.2], "extend": False},
        s_cyc={"epsilon": 0.1, "delta": 0.0, "q": 0, "beta": 1.0},
    )
    _, cycles, _ = searched(declared, curve)
    assert cycles[0].region is not None
    assert cycles[0].region.well_tuned == 0.2


@pytest.mark.parametrize(("best", "side"), [(0.001, "low"), (1.0, "high")])
def test_the_grid_grows_until_the_region_lies_inside_or_the_bound_is_reached(
    study: Make, searched: Any, best: float, side: str
) -> None:
    grid = {"kind": "log", "low": 0.02, "high": 0.08, "count": 3, "floor": 0.004, "ceiling": 0.4}
    _, cycles, _ = searched(study(grid=grid, cycles=1), hump(best))
    tried = list(cycles[0].cells)
    assert cycles[0].region is not None
    if side == "low":
        assert tried == [0.005, 0.01, 0.02, 0.04, 0.08]
        assert cycles[0].region.touches_low
    else:
        assert tried == [0.02, 0.04, 0.08, 0.16, 0.32]
        assert cycles[0].region.touches_high


def test_a_grid_that_holds_its_region_is_not_grown(study: Make, searched: Any) -> None:
    _, cycles, _ = searched(
        study(grid={"max_lr": [0.05, 0.1, 0.2]}, cycles=1), lambda c: 90 - abs(c.max_lr - 0.1) * 100
    )
    assert [list(cycle.cells) for cycle in cycles] == [[0.05, 0.1, 0.2]] * 2


def test_when_all_diverge_the_search_ends_without_a_winner(study: Make, searched: Any) -> None:
    _, cycles, path = searched(study(), lambda cell: None if cell.cycle == 1 else 90.0)
    assert [cycle.region is None for cycle in cycles] == [False, True]
    assert len(path) == 2  # S-Cyc's run too ends with what it cannot prune


def test_s_cyc_follows_equation_2_below_its_own_networks(study: Make, searched: Any) -> None:
    declared = study(cycles=4)
    _, _, path = searched(declared, hump(0.1))
    assert [each.max_lr for each in path] == [max_lr(declared.s_cyc, m, 0.2) for m in range(5)]
    for before, after in itertools.pairwise(path):
        assert [cell.parent for cell in after.cells] == list(before.cells)
    graph = Graph(declared.system, "0" * 64)
    known = experiment(declared, graph).known_cells()
    assert known == {cell.id for each in path for cell in each.cells}


def test_a_cell_that_both_want_is_trained_once(study: Make, searched: Any) -> None:
    declared = study(s_cyc={"epsilon": 0.1, "delta": 0.0, "q": 0, "beta": 1.0})
    rehearsal, cycles, path = searched(declared, lambda c: 90 - abs(c.max_lr - 0.1) * 100)
    assert all(c.region is not None and c.region.well_tuned == 0.1 for c in cycles)
    assert len(rehearsal.trained) == len(set(rehearsal.trained)) == 3 * 3 * 2  # S-Cyc adds none
    assert {key.kind for _, key in rehearsal.recorded} == {"oracle"}
    assert len(path) == 3


def test_packs_depend_on_the_study_alone(study: Make, searched: Any, Rehearsal: Any) -> None:
    declared = study(cycles=4, pack=5, grid={"kind": "log", "low": 0.05, "high": 0.2, "count": 4})
    orders: list[Callable[[Sequence[Pack]], int]] = [
        lambda packs: 0,
        lambda packs: len(packs) - 1,
        lambda packs: random.Random(len(packs)).randrange(len(packs)),
    ]
    seen = []
    for order in orders:
        rehearsal, _, _ = searched(
            declared, hump(0.4), rehearsal=Rehearsal(hump(0.4), most=5), order=order
        )
        seen.append({tuple(cell.id for cell in pack.cells) for pack in rehearsal.packs})
    assert seen[0] == seen[1] == seen[2]


@pytest.mark.parametrize("stop", range(1, 14))
def test_an_interrupted_search_ends_as_an_uninterrupted_one(
    study: Make, searched: Any, Rehearsal: Any, stop: int
) -> None:
    declared = study(cycles=3)
    whole, cycles, path = searched(declared, hump(0.1))
    first, *_ = searched(declared, hump(0.1), stop_after=stop)
    second, *again = searched(
        declared, hump(0.1), rehearsal=Rehearsal(hump(0.1), known=first.known)
    )
    assert again == [cycles, path]
    recorded = [cell.id for cell, _ in first.recorded + second.recorded]
    assert sorted(recorded) == sorted(cell.id for cell, _ in whole.recorded)
    assert len(set(recorded)) == len(recorded)
    assert len(first.packs) + len(second.packs) == len(whole.packs)
    assert sorted(first.trained + second.trained) == sorted(whole.trained)


def test_of_a_pack_that_was_stored_in_part_the_rest_is_recorded_once(
    study: Make, searched: Any, Rehearsal: Any
) -> None:
    declared = study(cycles=1, pack=4)
    whole, *expected = searched(declared, hump(0.1))
    results = dict(list(whole.known.items())[:2])  # the driver died within the first pack
    rest, *again = searched(declared, hump(0.1), rehearsal=Rehearsal(hump(0.1), known=results))
    assert again == expected
    assert len(rest.recorded) == len(whole.recorded) - 2
    assert rest.packs[0].cells == whole.packs[0].cells[2:]  # nothing is trained twice


def test_a_lost_checkpoint_is_made_again_by_its_own_pack_and_not_recorded_twice(
    study: Make,
    searched: Any,
    Rehearsal: Any,
) -> None:
    declared = study(cycles=2)
    whole, cycles, _ = searched(declared, hump(0.1))
    graph = Graph(declared.system, "0" * 64)
    winner = cycles[0].cells[cycles[0].region.well_tuned][0]
    first = {cell.id for cell, _ in whole.recorded if cell.cycle == 0}
    rest = Rehearsal(hump(0.1), lost={winner.id})
    rest.known.update({k: v for k, v in whole.known.items() if k in first})
    again: list[OracleCycle] = []
    rest.run([greedy_oracle(declared, graph, again.append)])
    assert again == cycles
    made_again = [pack for pack in rest.packs if winner in pack.cells]
    assert len(made_again) == 1
    assert made_again[0] in whole.packs
    assert not first & {cell.id for cell, _ in rest.recorded}


def test_a_checkpoint_that_comes_out_differently_stops_the_run(
    study: Make, searched: Any, Rehearsal: Any
) -> None:
    import dataclasses

    declared = study(cycles=1)
    whole, cycles, _ = searched(declared, hump(0.1))
    winner = cycles[0].cells[cycles[0].region.well_tuned][0]
    first = {cell.id for cell, _ in whole.recorded if cell.cycle == 0}
    rest = Rehearsal(hump(0.1), lost={"another"})
    rest.known.update({k: v for k, v in whole.known.items() if k in first})
    rest.known[winner.id] = dataclasses.replace(rest.known[winner.id], checkpoint="another")
    with pytest.raises(CheckpointGoneError, match="another"):
        rest.run([greedy_oracle(declared, Graph(declared.system, "0" * 64), lambda cycle: None)])


@pytest.mark.parametrize(
    ("count", "most", "sizes"), [(10, 4, [3, 4, 3]), (8, 4, [4, 4]), (3, 16, [3]), (1, 1, [1])]
)
def test_packs_are_even_and_keep_the_order(
    study: Make, count: int, most: int, sizes: list[int]
) -> None:
    graph = Graph(study().system, "0" * 64)
    cells = [graph.root(0, WARMUP, 0.1 + index) for index in range(count)]
    packs = packed(cells, most)
    assert sorted(len(pack) for pack in packs) == sorted(sizes)
    assert [cell for pack in packs for cell in pack] == cells
