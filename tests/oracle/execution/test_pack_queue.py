"""The queue's plan: measured first, made smaller when a pack was too large."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from search_fixtures import KeptEvents

from oracle.execution import pack_plan
from oracle.execution.pack_queue import PackQueue, packed
from oracle.experiments.registry import experiment
from oracle.search.graph import Cell, Graph
from oracle.study.base import Study
from scyc.tuning.plan import Plan

Make = Callable[..., Study]


def curve(cell: Cell) -> float:
    return 50.0 + cell.max_lr


def queue(study: Study, most: int, events: KeptEvents | None = None, **changes: Any) -> PackQueue:
    made = PackQueue(most, {}, events or KeptEvents(), **changes)
    study_experiment: Any = experiment(study, Graph(study.system, "0" * 64))
    made.start(study_experiment.searches())
    return made


def test_cells_are_packed_in_their_order_and_evenly_by_their_number_alone() -> None:
    study_cells: list[Any] = list(range(17))
    assert [len(part) for part in packed(study_cells, 16)] == [8, 9]
    assert [each for part in packed(study_cells, 5) for each in part] == study_cells
    assert packed(study_cells, 17) == [tuple(study_cells)]


def test_no_pack_is_handed_out_before_the_plan_is_measured(study: Make) -> None:
    events = KeptEvents()
    waiting = queue(study(), 0, events, unplanned=True)
    assert waiting.next() is None
    assert not waiting.finished
    assert waiting.requested == set()
    waiting.settle(Plan("grouped", 3))
    assert events.plans == [Plan("grouped", 3)]
    assert waiting.engine == "grouped"
    sizes = []
    while (pack := waiting.next()) is not None:
        sizes.append(len(pack.cells))
    known = queue(study(), 3)
    expected = []
    while (pack := known.next()) is not None:
        expected.append(len(pack.cells))
    assert sizes == expected == [3, 3]  # 3 rates x 2 replicates


def test_a_pack_that_was_too_large_makes_all_later_ones_smaller(
    study: Make, answer: Callable[..., Any]
) -> None:
    events = KeptEvents()
    grid = {"max_lr": [0.01 * (k + 1) for k in range(12)], "extend": False}
    running = queue(study(grid=grid, cycles=1), 8, events, engine="grouped")
    cells = {cell.id for pack in running.ready for cell in pack.cells}
    first = running.next()
    assert first is not None
    assert len(first.cells) == 8
    sizes = (4, 4, 4, 4, 2, 2, 2, 2)  # it was halved, and its second half again
    results = [
        replace(answer(curve, cell), engine="grouped", members=size)
        for cell, size in zip(first.cells, sizes, strict=True)
    ]
    running.complete(first, results)
    assert running.most == 4
    assert events.plans == [Plan("grouped", 4)]
    assert events.stored == [first]
    assert {len(pack.cells) for pack in running.ready} <= {3, 4}
    assert {c.id for p in (first, *running.ready) for c in p.cells} == cells
    while not running.finished:
        pack = running.next()
        assert pack is not None
        assert len(pack.cells) <= 4
        done = [replace(answer(curve, c), members=len(pack.cells)) for c in pack.cells]
        running.complete(pack, done)
    assert events.plans == [Plan("grouped", 4)]  # that a last pack is small says nothing


def test_what_a_study_leaves_open_is_measured_on_a_gpu_only(study: Make) -> None:
    def training(**changes: Any) -> dict[str, Any]:
        return {"steps": 12, "batch": 16, "validate_every": 6} | changes

    opened = study(pack=None)
    resnet = study(pack=None, network="resnet20")
    fixed = study(pack=4, training=training(engine="grouped"))
    solo = study(pack=None, training=training(engine="solo"))
    careful = study(pack=None, training=training(deterministic=True))
    fused = study(pack=None, training=training(engine="vmap"))
    cases = (opened, resnet, fixed, solo, careful, fused)
    assert [pack_plan.unplanned(each, False, None) for each in cases] == [False] * 6
    assert [pack_plan.unplanned(each, True, None) for each in cases] == [
        True, True, False, False, False, True,
    ]  # fmt: skip
    assert [pack_plan.unplanned(each, True, Plan("solo", 1)) for each in cases] == [False] * 6
    assert [pack_plan.most(each, False) for each in cases] == [16, 1, 4, 1, 1, 16]
    assert [pack_plan.most(each, True) for each in cases] == [0, 0, 4, 1, 1, 0]
    assert [pack_plan.engine(each) for each in cases] == [
        None, None, "grouped", "solo", "solo", "vmap",
    ]  # fmt: skip


@pytest.mark.parametrize("sizes", [(1, 3), (3, 16), (1, 16)])
def test_every_pack_size_trains_the_same_cells(
    study: Make, Rehearsal: Any, sizes: tuple[int, int]
) -> None:
    trained = []
    for most in sizes:
        rehearsal = Rehearsal(curve, most=most)
        declared = study()
        rehearsal.run(experiment(declared, Graph(declared.system, "0" * 64)).searches())
        trained.append(sorted(rehearsal.trained))
    assert trained[0] == trained[1]
