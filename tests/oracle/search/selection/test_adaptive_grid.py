"""The adaptive search against the full grid, on the same results."""

import importlib.util
import math
import random
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from costly import costly

from oracle.execution.pack_queue import Pack
from oracle.experiments.registry import expected_cells, experiment
from oracle.reports import oracle as tables
from oracle.search.graph import Cell, Graph
from oracle.search.grid_search import OracleCycle
from oracle.search.selection.adaptive_grid import GridState, coarse_step, select_adaptive
from oracle.search.selection.expected import cells_a_cycle
from oracle.stats.region import MaxLrScores
from oracle.study.base import Study
from oracle.study.parts.cell_search import CellSearch
from oracle.study.parts.grid_spec import ListGrid, RangeGrid
from oracle.tables import oracle

Make = Callable[..., Study]
GRID = {"kind": "log", "low": 0.005, "high": 0.5, "count": 41}
CASES = 16  # of each of the 13 families: 208
SMOOTH = {  # mean share of the full grid's training runs, at most
    "hump": 0.35,
    "plateau": 0.40,  # exactly level, so nothing says which of many values is the best
    "two humps": 0.35,
    "cliff": 0.33,
    "edge": 0.33,
}
NOISY = {  # well-tuned as the full grid's, ends within a step of its: shares of cases, at least
    "hump, noise 0.3": (0.85, 0.85),
    "hump, noise 0.7": (0.75, 0.60),
    "hump, noise 1.4": (0.75, 0.75),
    "plateau, noise 0.7": (0.70, 0.15),  # 4 to 60 % of the grid are as good: its ends are chance
    "two humps, noise 0.7": (0.80, 0.60),
    "cliff, noise 0.7": (0.85, 0.75),
    "edge, noise 0.7": (0.75, 0.75),
    "hump, noise 0.4, 1 replicate": (0.80, 0.80),
}


def _benchmark() -> Any:
    path = Path(__file__).parents[4] / "benchmarks" / "adaptive.py"
    spec = importlib.util.spec_from_file_location("adaptive_benchmark", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look themselves up
    spec.loader.exec_module(module)
    return module


benchmark = _benchmark()


def rising(best: float) -> Callable[[Cell], float]:
    """A smooth hump whose best max_lr rises by half a cycle."""
    return lambda cell: 90 - 2 * math.log2(cell.max_lr / (best * 1.5**cell.cycle)) ** 2


def answers(cycles: Sequence[OracleCycle]) -> list[tuple[float, float, float] | None]:
    """What the search of each cycle is for."""
    return [
        (each.region.well_tuned, each.region.low, each.region.high) if each.region else None
        for each in cycles
    ]


def test_the_families_hold_every_known_one() -> None:
    assert SMOOTH.keys() | NOISY.keys() == benchmark.FAMILIES.keys()


@pytest.mark.parametrize("family", [*list(SMOOTH)[:1], *costly(*list(SMOOTH)[1:])])
def test_without_noise_it_finds_what_the_full_grid_finds_with_a_third_of_the_training_runs(
    family: str,
) -> None:
    row = benchmark.family(family, CASES)
    assert row.same_best >= 0.95
    assert row.ends_near >= 0.95
    assert row.share <= SMOOTH[family]


@pytest.mark.costly
@pytest.mark.parametrize("family", NOISY)
def test_with_noise_it_mostly_finds_what_the_full_grid_finds(family: str) -> None:
    row = benchmark.family(family, CASES)
    best, ends = NOISY[family]
    assert row.same_best >= best
    assert row.ends_near >= ends
    assert row.best_inside >= 0.85
    assert row.loss <= 0.15  # points that the adaptive search's best value lies below the grid's
    assert row.true_loss <= row.full_true_loss + 0.05  # but without noise it is as good
    assert row.share <= 0.40


@pytest.mark.parametrize(
    ("run", "most"),
    [
        ("digits", 0.95),  # of 10 to 14 values
        ("cifar10-resnet20-small", 1.0),  # of 6, which are tried whole
        ("cifar10-vgg19-small", 1.0),
    ],
)
def test_it_finds_the_regions_of_recorded_runs(run: str, most: float) -> None:
    cases = benchmark.recorded(benchmark.RESULTS / f"{run}.json")
    row = benchmark.row(run, map(benchmark.compared, cases))
    assert row.cases >= 5
    assert row.same_best >= 0.8
    assert row.best_inside == 1
    assert row.ends_near >= 0.75  # of 9 cycles two ends lie where 3 replicates scatter
    assert row.share <= most


@pytest.mark.parametrize("second", [89.7, 90.3, 91.0])
def test_it_notices_a_second_hump(second: float) -> None:
    def curve(at: float) -> tuple[float, ...]:
        one, two = 90 - 2 * ((at - 0.2) / 0.1) ** 2, second - 2 * ((at - 0.75) / 0.1) ** 2
        return (max(one, two),) * 3

    declared = RangeGrid(kind="linear", low=0.02, high=1.0, count=50)
    case = benchmark.Case(declared, curve, last=0.2)  # the cycle before was on the first one
    full, _ = benchmark.searched(case, "grid")
    few, _ = benchmark.searched(case, "adaptive")
    assert answers([few]) == answers([full])
    assert len(few.cells) < 25


@pytest.mark.parametrize("count", range(3, 9))
def test_a_short_grid_is_tried_whole(study: Make, searched: Any, count: int) -> None:
    rates = [round(0.05 * 1.3**index, 6) for index in range(count)]
    grid = {"max_lr": rates, "extend": False}
    _, whole, _ = searched(study(grid=grid), rising(0.09))
    _, cycles, _ = searched(study(grid=grid, search="adaptive"), rising(0.09))
    assert cycles == whole


@pytest.mark.parametrize(("best", "side"), [(0.001, "low"), (1.0, "high")])
def test_the_grid_grows_by_the_same_values(
    study: Make, searched: Any, best: float, side: str
) -> None:
    grid = {"kind": "log", "low": 0.02, "high": 0.16, "count": 31, "floor": 0.002, "ceiling": 0.8}
    _, whole, _ = searched(study(grid=grid, cycles=1), rising(best))
    _, cycles, _ = searched(study(grid=grid, cycles=1, search="adaptive"), rising(best))
    assert answers(cycles) == answers(whole)
    for few, full in zip(cycles, whole, strict=True):
        assert few.grid_size == len(full.cells) > 31
        assert few.cells.keys() < full.cells.keys()
        end = min if side == "low" else max
        assert end(few.cells) == end(full.cells)


def test_if_every_tried_max_lr_diverged_the_whole_grid_is_trained(
    study: Make, searched: Any
) -> None:
    def curve(cell: Cell) -> float | None:
        return 90.0 if cell.cycle == 0 or cell.max_lr == 0.006295 else None

    declared = study(grid=GRID, search="adaptive", cycles=2)
    _, cycles, _ = searched(declared, curve)
    assert cycles[1].region is not None
    assert cycles[1].region.members == (0.006295,)
    _, none, _ = searched(declared, lambda cell: None if cell.cycle else 90.0)
    assert none[1].region is None
    assert len(none[1].cells) == none[1].grid_size


def test_divergence_ends_the_region_where_the_full_grid_ends_it(study: Make, searched: Any) -> None:
    def curve(cell: Cell) -> float | None:
        if cell.max_lr > 0.11 and cell.replicate == 1:
            return None
        return rising(0.1)(cell)

    _, whole, _ = searched(study(grid=GRID), curve)
    _, cycles, _ = searched(study(grid=GRID, search="adaptive"), curve)
    assert answers(cycles) == answers(whole)


def test_of_equal_values_it_finds_the_lowest(study: Make, searched: Any) -> None:
    def level(cell: Cell) -> float:
        return 90 - 5 * max(0.0, abs(math.log2(cell.max_lr / 0.05)) - 1)

    _, whole, _ = searched(study(grid=GRID), level)
    _, cycles, _ = searched(study(grid=GRID, search="adaptive"), level)
    assert answers(cycles) == answers(whole)


def test_what_it_tries_depends_on_results_alone(study: Make, searched: Any, Rehearsal: Any) -> None:
    declared = study(grid=GRID, search="adaptive", cycles=3, pack=3)
    orders: list[Callable[[Sequence[Pack]], int]] = [
        lambda packs: 0,
        lambda packs: len(packs) - 1,
        lambda packs: random.Random(len(packs)).randrange(len(packs)),
    ]
    outcomes = [
        searched(declared, rising(0.03), rehearsal=Rehearsal(rising(0.03), most=3), order=order)
        for order in orders
    ]
    assert outcomes[0][1] == outcomes[1][1] == outcomes[2][1]
    packs = [{pack.cells for pack in rehearsal.packs} for rehearsal, *_ in outcomes]
    assert packs[0] == packs[1] == packs[2]


def test_the_order_of_known_results_does_not_matter() -> None:
    every = [0.01 * 1.1**index for index in range(40)]
    tried = {every[i]: MaxLrScores((90 - abs(i - 17) / 3,) * 2, False) for i in range(1, 40, 6)}
    requested = [
        select_adaptive(GridState(every, dict(order), 0.5, "points", coarse_step(40), every[20]))
        for order in (tried.items(), reversed(tried.items()))
    ]
    assert requested[0]
    assert requested[0] == requested[1]


@pytest.mark.costly
def test_interrupted_anywhere_it_ends_as_it_would_have(
    study: Make, searched: Any, Rehearsal: Any
) -> None:
    declared = study(grid=GRID, search="adaptive", cycles=1, pack=3)
    curve = rising(0.03)
    whole, *expected_ = searched(declared, curve, rehearsal=Rehearsal(curve, most=3))
    assert len(whole.packs) > 10
    for stop in range(1, len(whole.packs)):
        first, *_ = searched(declared, curve, rehearsal=Rehearsal(curve, most=3), stop_after=stop)
        rest = Rehearsal(curve, most=3, known=first.known)
        second, *again = searched(declared, curve, rehearsal=rest)
        assert again == expected_
        assert sorted(first.trained + second.trained) == sorted(whole.trained)


def test_after_the_full_grid_it_trains_nothing_and_before_it_only_what_the_grid_needs(
    study: Make, searched: Any, Rehearsal: Any
) -> None:
    curve = rising(0.03)
    full, few = study(grid=GRID), study(grid=GRID, search="adaptive")
    whole, *_ = searched(full, curve)
    after, *_ = searched(few, curve, rehearsal=Rehearsal(curve, known=dict(whole.known)))
    assert after.trained == []
    part, *_ = searched(few, curve)
    rest, *_ = searched(full, curve, rehearsal=Rehearsal(curve, known=dict(part.known)))
    assert sorted(part.trained + rest.trained) == sorted(whole.trained)
    assert len(part.trained) < len(whole.trained) / 2


def test_the_table_names_the_search(study: Make, searched: Any) -> None:
    declared = study(grid=GRID, search="adaptive")
    _, cycles, path = searched(declared, rising(0.03))
    table = oracle.table(declared, "tiny-00000000", cycles, path, complete=True)
    spent, whole = table["cost"]["oracle"]["trainings"], 3 * 41 * 2
    assert table["search"] == "adaptive"
    assert table["cost"]["oracle"]["full_grid_trainings"] == whole
    assert sum(len(cycle["grid"]) for cycle in table["cycles"]) * 2 == spent < whole / 2
    notes = tables.sheet(table).notes
    assert any(
        f"Adaptive search: {spent} of the full grid's {whole} training runs" in note
        for note in notes
    )


def test_the_table_of_a_full_grid_does_not(study: Make, searched: Any) -> None:
    _, cycles, path = searched(study(), rising(0.1))
    table = oracle.table(study(), "tiny-00000000", cycles, path, complete=True)
    assert table["search"] == "grid"
    assert "full_grid_trainings" not in table["cost"]["oracle"]
    assert not any("Adaptive" in note for note in tables.sheet(table).notes)


def test_its_cost_is_guessed_at_a_third(study: Make) -> None:
    declared = study(grid=GRID, search="adaptive")
    study_experiment = experiment(declared, Graph(declared.system, "0" * 64))
    s_cyc = len(study_experiment.known_cells())
    assert expected_cells(study_experiment) == s_cyc + 3 * (41 // 3) * 2
    study_experiment.searches()
    assert study_experiment.unknown_cells() == 2 * (41 // 3) * 2  # those of cycle 0 are requested
    assert [cells_a_cycle(count, 2, "adaptive") for count in (3, 8, 10, 60)] == [6, 16, 16, 40]
    assert cells_a_cycle(60, 2, "grid") == 120
    assert cells_a_cycle(60, 2, CellSearch(name="adaptive", budget=0.2)) == 24
    assert cells_a_cycle(3, 2, CellSearch(name="adaptive")) == 6


def test_a_recorded_adaptive_run_is_no_reference(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text('{"kind": "oracle", "search": "adaptive", "cycles": []}')
    assert benchmark.recorded(path) == []
    assert isinstance(benchmark.recorded(benchmark.RESULTS / "digits.json")[0].grid, ListGrid)
