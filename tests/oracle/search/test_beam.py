"""Beam search next to the greedy oracle: what it keeps, shares and may delete."""

import random
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import pytest
import search_fixtures
from costly import costly
from factories import make_study

from oracle.execution.pack_queue import Pack
from oracle.experiments.base import ExperimentCallbacks
from oracle.experiments.registry import expected_cells, experiment
from oracle.search.beam import best
from oracle.search.graph import Cell, Graph
from oracle.study.base import Study
from oracle.study.validation import parse
from scyc.errors import BadInput
from scyc.specs.base import as_json

Make = Callable[..., Study]
GRID = {"max_lr": [0.05, 0.1, 0.2, 0.4], "extend": False}
WITH_RIVALS: dict[str, Any] = {"cycles": 4, "rivals": ["constant", "warm_start"]}
AWAY = {"epsilon": 0.07, "delta": 0.01, "q": 0, "beta": 3.0}  # S-Cyc shares nothing with the grid


def way(cell: Cell | None) -> tuple[float, ...]:
    """The max_lr that led to a cell."""
    return () if cell is None else (*way(cell.parent), cell.max_lr)


def trap(cell: Cell) -> float:
    """0.1 is the best of the unpruned network, but what starts from 0.2 is better by 3 points."""
    start, last = way(cell)[0], way(cell)[-1]
    base = {0.05: 80.0, 0.1: 90.0, 0.2: 89.0, 0.4: 70.0}
    if cell.cycle == 0:
        return base.get(start, 60.0) + cell.replicate
    return 80 + (3 if start == 0.2 else 0) - 10 * abs(last - 0.2) + 0.5 * cell.replicate


def beamed(study: Make, **changes: Any) -> Any:
    declared = study(**({"grid": GRID, "s_cyc": AWAY, "beam": 2} | changes))
    return declared, experiment(declared, Graph(declared.system, "0" * 64))


def run(study: Make, Rehearsal: Any, curve: Any = trap, **changes: Any) -> tuple[Any, Any]:
    _, study_experiment = beamed(study, **changes)
    rehearsal = Rehearsal(curve)
    rehearsal.run(study_experiment.searches())
    return rehearsal, study_experiment


def test_a_beam_finds_the_network_that_greed_leaves_out(study: Make, Rehearsal: Any) -> None:
    _, study_experiment = run(study, Rehearsal)
    beam = study_experiment.table("tiny-0")["beam"]
    first, second, _ = beam["cycles"]
    assert first["kept"] == [[0.1], [0.2]]
    assert (first["same"], first["greedy_rank"], first["test"]["points"]) == (True, 1, 0)
    assert (second["max_lr"], second["parent"], second["greedy_rank"]) == ([0.2, 0.2], 2, None)
    assert second["greedy_max_lr"] == 0.2
    assert second["test"]["points"] == pytest.approx(3)
    assert second["validation"]["standard_error"] == pytest.approx(0)
    assert study_experiment.runs()["beam"][-1].max_lr == 0.2
    assert [each.max_lr for each in study_experiment.runs()["beam"]] == [0.2, 0.2, 0.2]


def test_what_greed_finds_is_the_same_with_a_beam_and_without(study: Make, Rehearsal: Any) -> None:
    _, alone = run(study, Rehearsal, beam=1)
    _, with_beam = run(study, Rehearsal, beam=3)
    tables = [each.table("tiny-0") for each in (alone, with_beam)]
    assert tables[0].pop("beam") is None
    assert tables[1].pop("beam") is not None
    assert tables[0] == tables[1]


def test_a_beam_and_greed_train_what_they_share_once(study: Make, Rehearsal: Any) -> None:
    rehearsal, study_experiment = run(study, Rehearsal)
    assert len(rehearsal.trained) == len(set(rehearsal.trained))
    costs = study_experiment.table("tiny-0")["beam"]["cost"]
    grid, replicates = 4, 2
    assert costs["greedy"]["trainings"] == 3 * grid * replicates
    # greed's network of cycle 1 is not among the two best, so at cycle 2 nothing is shared
    assert costs["beam"]["trainings"] == (1 + 2 + 2) * grid * replicates
    assert costs["shared"]["trainings"] == (1 + 1) * grid * replicates
    own = costs["beam"]["trainings"] - costs["shared"]["trainings"]
    assert len(rehearsal.trained) == costs["greedy"]["trainings"] + own + 3 * replicates


@pytest.mark.costly
def test_a_beam_as_wide_as_the_grid_tries_every_path(study: Make, Rehearsal: Any) -> None:
    _, study_experiment = run(study, Rehearsal, beam=100, cycles=2, replicates=1)
    beams = [len(cycle["kept"]) for cycle in study_experiment.table("tiny-0")["beam"]["cycles"]]
    assert beams == [4, 16, 64]


def test_equal_means_go_to_the_lower_max_lr_then_to_the_better_parent(
    study: Make, Rehearsal: Any
) -> None:
    def curve(cell: Cell) -> float:
        return {0.05: 90.0, 0.1: 89.0}.get(cell.max_lr, 80.0) if cell.cycle == 0 else 85.0

    _, study_experiment = run(study, Rehearsal, curve, cycles=1, beam=3)
    cycle = study_experiment.table("tiny-0")["beam"]["cycles"][1]
    assert cycle["kept"] == [[0.05, 0.05], [0.1, 0.05], [0.2, 0.05]]


def test_a_diverged_path_is_never_kept_and_a_beam_may_outlast_the_greedy_search(
    study: Make, Rehearsal: Any
) -> None:
    def curve(cell: Cell) -> float | None:
        """All that comes from 0.1, which greed prefers, diverges."""
        return None if cell.cycle and way(cell)[0] != 0.2 else trap(cell)

    _, study_experiment = run(study, Rehearsal, curve)
    table = study_experiment.table("tiny-0")
    assert [cycle["well_tuned"] for cycle in table["cycles"]] == [0.1, None]
    beams = [cycle["kept"] for cycle in table["beam"]["cycles"]]
    assert all(each[0] == 0.2 for row in beams[1:] for each in row)
    assert len(beams) == 3
    assert table["beam"]["cycles"][1]["test"] is None  # greed has nothing to be held against
    assert not table["complete"]


def test_a_beam_whose_every_network_diverges_ends(study: Make, Rehearsal: Any) -> None:
    _, study_experiment = run(
        study, Rehearsal, lambda cell: None if cell.cycle == 1 else trap(cell)
    )
    beam = study_experiment.table("tiny-0")["beam"]
    assert [cycle["kept"] for cycle in beam["cycles"]] == [[[0.1], [0.2]], []]
    assert beam["cycles"][1]["max_lr"] is None


def test_an_adaptive_beam_tries_fewer_and_keeps_greeds_answer(study: Make, Rehearsal: Any) -> None:
    grid = {"kind": "log", "low": 0.01, "high": 1.0, "count": 40, "extend": False}

    def curve(cell: Cell) -> float:
        return trap(cell) - 30 * abs(cell.max_lr - 0.1)

    whole, _ = run(study, Rehearsal, curve, grid=grid)
    fewer, adaptive = run(study, Rehearsal, curve, grid=grid, search="adaptive")
    assert len(fewer.trained) < 0.6 * len(whole.trained)
    assert len(fewer.trained) == len(set(fewer.trained))
    _, alone = run(study, Rehearsal, curve, grid=grid, search="adaptive", beam=1)
    assert adaptive.table("x")["cycles"] == alone.table("x")["cycles"]


def shuffled(seed: int) -> Callable[[Sequence[Pack]], int]:
    generator = random.Random(seed)
    return lambda packs: generator.randrange(len(packs))


ORDERS: dict[str, Callable[[Sequence[Pack]], int]] = {
    "first": lambda packs: 0,
    "last": lambda packs: len(packs) - 1,
    "oracle last": lambda packs: max(
        range(len(packs)), key=lambda at: (packs[at].study_key.kind != "oracle", at)
    ),
    **{f"seed {seed}": shuffled(seed) for seed in range(8)},
}


def rough(cell: Cell) -> float:
    return trap(cell) + random.Random(f"{way(cell)} {cell.replicate}").gauss(0, 1)


@cache
def undisturbed(beam: int) -> tuple[Any, list[str]]:
    """The table and the cells of a run that drops nothing and ends its packs in order."""
    _, whole = beamed(make_study, beam=beam, **WITH_RIVALS)
    plain = search_fixtures.Rehearsal(rough)
    plain.run(whole.searches())
    return whole.table("tiny-0"), plain.trained


@pytest.mark.parametrize(
    "order",
    [
        *("first", "oracle last"),
        *costly("last", "seed 0", "seed 1"),
        *(pytest.param(f"seed {seed}", marks=pytest.mark.slow) for seed in range(2, 8)),
    ],
)
@pytest.mark.parametrize("beam", [2, *costly(1, 3)])
def test_nothing_is_trained_twice_though_networks_are_dropped(
    study: Make, Rehearsal: Any, order: str, beam: int
) -> None:
    """In whatever order training runs finish, and with rivals in the same study."""
    declared, _ = beamed(study, beam=beam, **WITH_RIVALS)
    rehearsal = Rehearsal(rough)
    study_experiment: Any = experiment(declared, Graph(declared.system, "0" * 64))
    dropped: list[str] = []

    def drop(results: Any) -> None:
        needed = study_experiment.known_cells()
        gone = [result.checkpoint for result in results if result.cell not in needed]
        rehearsal.lost.update(gone)
        dropped.extend(gone)

    study_experiment.hooks.on_discardable = drop
    rehearsal.run(study_experiment.searches(), order=ORDERS[order])
    assert len(rehearsal.trained) == len(set(rehearsal.trained))
    assert study_experiment.table("tiny-0")["complete"]
    needed = {
        cell.id for run in study_experiment.runs().values() for each in run for cell in each.cells
    }
    assert not needed & set(dropped)
    # all is dropped but what one of them went on from
    assert len(set(rehearsal.trained) - set(dropped)) <= 5 * 2 * (1 + beam + 1 + 2)
    table, trained = undisturbed(beam)
    assert study_experiment.table("tiny-0") == table
    assert sorted(rehearsal.trained) == sorted(trained)


@pytest.mark.parametrize("stop", [4, *costly(1, 9, 14, 20)])
def test_an_interrupted_beam_ends_as_an_uninterrupted_one(
    study: Make, Rehearsal: Any, stop: int
) -> None:
    whole, expected = run(study, Rehearsal)
    _, first = beamed(study)
    before = Rehearsal(trap)
    before.run(first.searches(), stop_after=stop)
    _, second = beamed(study)
    after = Rehearsal(trap, known=before.known)
    after.run(second.searches())
    assert second.table("tiny-0") == expected.table("tiny-0")
    assert sorted(before.trained + after.trained) == sorted(whole.trained)


def test_the_expected_number_of_training_runs_counts_the_beam(study: Make, Rehearsal: Any) -> None:
    def smooth(cell: Cell) -> float:
        """Greed is right: its network stays the best one."""
        return 90 - abs(cell.max_lr - 0.1) * 100 - 0.1 * abs((way(cell)[-2:-1] or (0.1,))[0] - 0.1)

    for beam in (1, 2, 3):
        _, study_experiment = beamed(study, beam=beam)
        expected = expected_cells(study_experiment)
        rehearsal, after = run(study, Rehearsal, smooth, beam=beam)
        assert expected == len(rehearsal.trained)
        assert expected_cells(after, set(rehearsal.trained)) == expected


def test_a_beam_reports_its_cycles_and_the_studies_of_its_cells(
    study: Make, Rehearsal: Any
) -> None:
    lines: list[str] = []
    declared, _ = beamed(study)
    study_experiment = experiment(
        declared, Graph(declared.system, "0" * 64), ExperimentCallbacks(on_cycle=lines.append)
    )
    rehearsal = Rehearsal(trap)
    rehearsal.run(study_experiment.searches())
    assert sum("beam of 2: keeps" in line for line in lines) == 3
    keys = [key for key, _ in study_experiment.study_keys()]
    assert len(keys) == len(set(keys))
    assert {key for _, key in rehearsal.recorded} == set(keys)


def test_the_best_of_no_cycle_is_nothing() -> None:
    assert best((), (), 3) == ()


def test_a_beam_is_refused_where_cycles_may_have_other_replicates(study: Make) -> None:
    declared = as_json(study()) | {"beam": 2, "replicates": "auto"}
    with pytest.raises(BadInput, match="give replicates a number"):
        parse(declared, "tiny.yaml")
    with pytest.raises(BadInput, match="at least 1"):
        parse(declared | {"replicates": 2, "beam": 0}, "tiny.yaml")


def test_a_tie_by_rounding_goes_to_the_lower_max_lr_in_beam_and_greed(
    study: Make, Rehearsal: Any
) -> None:
    exact = {0.05: (94.5, 83.6), 0.1: (94.2, 83.9)}  # both 89.05, as floats 1.4e-14 apart

    def tie(cell: Cell) -> float:
        return exact.get(cell.max_lr, (80.0, 80.0))[cell.replicate]

    _, study_experiment = run(study, Rehearsal, tie, replicates=2, cycles=1)
    table = study_experiment.table("tiny-0")
    assert [cycle["well_tuned"] for cycle in table["cycles"]] == [0.05, 0.05]
    first, second = table["beam"]["cycles"]
    assert first["kept"] == [[0.05], [0.1]]
    assert second["kept"] == [[0.05, 0.05], [0.1, 0.05]]
    assert second["same"]
