"""What a run's packs are as trials of Ray Tune; without Ray."""

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pytest
from search_fixtures import KeptEvents

from oracle.errors import PackFailed
from oracle.execution.pack_queue import PackQueue
from oracle.execution.ray_searcher import PackTrials
from oracle.experiments.registry import experiment
from oracle.search.graph import Cell, CellResult, Graph
from oracle.study.base import Study
from scyc.tuning.plan import Plan

Make = Callable[..., Study]
Answer = Callable[[Callable[[Cell], float], Cell], CellResult]
END = "the end of a search"


def curve(cell: Cell) -> float:
    return 50.0 + cell.max_lr


class Tune:
    """Stands for Ray Tune: asks for trials and tells the results of their workers."""

    def __init__(self, queue: PackQueue, workers: int) -> None:
        self.queue = queue
        self.trials = PackTrials(queue, workers, END)
        self.number = 0

    def ask(self) -> tuple[str, Any]:
        self.number += 1
        name = f"trial-{self.number}"
        return name, self.trials.suggest(name)

    def packs(self) -> dict[str, Any]:
        """The packs that are out, by trial."""
        return {name: pack for name, pack in self.trials._out.items() if pack is not None}

    def train(self, name: str, answer: Answer) -> None:
        results = [asdict(answer(curve, cell)) for cell in self.packs()[name].cells]
        reported = {"results": results}
        self.trials.complete(name, {"reported": json.dumps(reported)}, False)


@pytest.fixture
def tune(study: Make) -> Callable[..., Tune]:
    def make(workers: int, unplanned: bool = False, **changes: Any) -> Tune:
        declared = study(**changes)
        queue = PackQueue(1, {}, KeptEvents(), unplanned=unplanned)
        study_experiment: Any = experiment(declared, Graph(declared.system, "0" * 64))
        queue.start(study_experiment.searches())
        return Tune(queue, workers)

    return make


def test_the_first_trials_start_the_workers_and_no_pack_waits_for_a_start(
    tune: Callable[..., Tune],
) -> None:
    two = tune(2)
    first, second, none = two.ask(), two.ask(), two.ask()
    assert [content for _, content in (first, second, none)] == [{"nap": 0.0}, {"nap": 0.0}, None]
    assert two.packs() == {}
    two.trials.complete(first[0], {}, False)  # the second worker is still starting
    name, content = two.ask()
    assert set(content) == {"tasks", "engine"}
    assert list(two.packs()) == [name]


def test_no_more_trials_are_out_than_there_are_workers(
    tune: Callable[..., Tune], answer: Answer
) -> None:
    """More trials would wait for a worker that is never started."""
    three = tune(3)
    trained = 0
    while (task := three.ask())[1] != END:
        if task[1] is not None:
            continue
        assert len(three.trials._out) == 3
        name, pack = next(iter(three.trials._out.items()))
        if pack is None:
            three.trials.complete(name, {}, False)
        else:
            three.train(name, answer)
            trained += 1
    assert three.trials.failure is None
    assert trained == len(three.queue.known) > 6


def test_a_plan_is_measured_by_a_worker_that_has_started(tune: Callable[..., Tune]) -> None:
    one = tune(1, unplanned=True)
    name, content = one.ask()
    assert content == {"nap": 0.0}
    one.trials.complete(name, {}, False)
    name, content = one.ask()
    assert content == {"most": 1}
    plan = {"plan": asdict(Plan("grouped", 3))}
    one.trials.complete(name, {"reported": json.dumps(plan)}, False)
    one.ask()
    assert [len(pack.cells) for pack in one.packs().values()] == [3]


def test_a_pack_whose_workers_die_is_tried_four_times(tune: Callable[..., Tune]) -> None:
    one = tune(1)
    one.trials.complete(one.ask()[0], None, True)  # a worker that dies as it starts has no pack
    tried = []
    while (task := one.ask())[1] != END:
        tried += [pack.cells for pack in one.packs().values()]
        one.trials.complete(task[0], None, True)
    assert len(tried) == 4
    assert len(set(tried)) == 1
    assert isinstance(one.trials.failure, PackFailed)
    assert "died 4 times over the same pack" in str(one.trials.failure)
