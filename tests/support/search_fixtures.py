"""A known curve instead of training runs, to test searches on."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from factories import cell_result, tiny_content

from oracle.execution.pack_queue import Pack, PackQueue
from oracle.experiments.base import ExperimentCallbacks
from oracle.experiments.registry import experiment
from oracle.experiments.search import SearchExperiment
from oracle.search.graph import Cell, CellResult, Graph
from oracle.search.grid_search import OracleCycle
from oracle.search.pruning_run import RunCycle
from oracle.search.request import Search, StudyKey
from oracle.study.base import Study
from oracle.study.search import SearchStudy
from oracle.study.validation import parse
from scyc.schedules import scyc_curve
from scyc.specs.base import SCyc
from scyc.tuning.plan import Plan

Curve = Callable[[Cell], float | None]  # validation accuracy; None: it diverges


def answer(curve: Curve, cell: Cell) -> CellResult:
    """The result of a cell under a known curve."""
    return cell_result(cell, curve(cell))


@dataclass
class KeptEvents:
    """Keeps what a queue reports."""

    recorded: list[tuple[Cell, StudyKey]] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)  # checkpoints that are gone
    plans: list[Plan] = field(default_factory=list)
    stored: list[Pack] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    curves: list[tuple[str, int, float]] = field(default_factory=list)
    restarted: list[Pack] = field(default_factory=list)

    def on_result(self, cell: Cell, result: CellResult, key: StudyKey) -> None:
        self.recorded.append((cell, key))

    def on_validation(self, points: Sequence[tuple[Cell, int, float]], key: StudyKey) -> None:
        self.curves += [(cell.id, step, value) for cell, step, value in points]

    def on_restart(self, pack: Pack) -> None:
        self.restarted.append(pack)

    def on_pack_stored(self, pack: Pack) -> None:
        self.stored.append(pack)

    def on_plan(self, plan: Plan) -> None:
        self.plans.append(plan)

    def has_checkpoint(self, sha256: str) -> bool:
        return sha256 not in self.lost

    def check_lease(self) -> None:
        """Hold the lease always."""

    def say(self, line: str) -> None:
        self.lines.append(line)


@dataclass
class Rehearsal:
    """Runs searches on a known curve, and keeps what was trained and recorded."""

    curve: Curve
    most: int = 4
    known: dict[str, CellResult] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)  # checkpoints that are gone
    packs: list[Pack] = field(default_factory=list)
    recorded: list[tuple[Cell, StudyKey]] = field(default_factory=list)

    def run(
        self,
        searches: Iterable[Search],
        stop_after: int | None = None,
        order: Callable[[Sequence[Pack]], int] = lambda packs: 0,
    ) -> PackQueue:
        """Train until the searches end, or for some packs; `order` picks who finishes first."""
        queue = PackQueue(self.most, self.known, KeptEvents(recorded=self.recorded, lost=self.lost))
        queue.start(searches)
        out: list[Pack] = []
        while not queue.finished and (stop_after is None or len(self.packs) < stop_after):
            while (pack := queue.next()) is not None:
                out.append(pack)
            pack = out.pop(order(out))
            self.packs.append(pack)
            results = [answer(self.curve, cell) for cell in pack.cells]
            self.lost -= {result.checkpoint for result in results if result.checkpoint}
            queue.complete(pack, results)
        return queue

    @property
    def trained(self) -> list[str]:
        """Ids of all cells that were trained, as often as they were."""
        return [cell.id for pack in self.packs for cell in pack.cells]


def searched(
    study: Study, curve: Curve, rehearsal: Rehearsal | None = None, **options: Any
) -> tuple[Rehearsal, list[OracleCycle], list[RunCycle]]:
    """The oracle and S-Cyc's run of a study on a known curve."""
    rehearsal = rehearsal or Rehearsal(curve)
    study_experiment: Any = experiment(study, Graph(study.system, "0" * 64))
    rehearsal.run(study_experiment.searches(), **options)
    return rehearsal, study_experiment.cycles, study_experiment.s_cyc


@pytest.fixture(name="searched")
def searched_fixture() -> Callable[..., tuple[Rehearsal, list[OracleCycle], list[RunCycle]]]:
    return searched


@pytest.fixture(name="Rehearsal")
def rehearsal_fixture() -> type[Rehearsal]:
    return Rehearsal


@pytest.fixture(name="answer")
def answer_fixture() -> Callable[[Curve, Cell], CellResult]:
    return answer


SEARCH: dict[str, Any] = tiny_content(
    without=(
        "grid",
        "s_cyc",
    ),
    name="seek",
    kind="search",
    search={
        "name": "paper",
        "epsilon": {"max_lr": [0.05, 0.1, 0.2]},
        "delta": [0.0, 0.1, 0.3],
    },
    cycles=3,
)


@pytest.fixture
def seeking() -> Callable[..., SearchStudy]:
    """Makes a tiny search; fields of its `search` are changed by a dict of them."""

    def make(**changes: Any) -> SearchStudy:
        study = parse(SEARCH | changes, "seek.yaml")
        assert isinstance(study, SearchStudy)
        return study

    return make


@pytest.fixture
def run_search() -> Callable[..., tuple[Rehearsal, SearchExperiment]]:
    """Runs a search on a known curve."""

    def run(
        study: SearchStudy,
        curve: Curve,
        rehearsal: Rehearsal | None = None,
        hooks: ExperimentCallbacks | None = None,
        **options: Any,
    ) -> tuple[Rehearsal, SearchExperiment]:
        rehearsal = rehearsal or Rehearsal(curve)
        study_experiment = SearchExperiment(
            study, Graph(study.system, "0" * 64), hooks or ExperimentCallbacks()
        )
        rehearsal.run(study_experiment.searches(), **options)
        return rehearsal, study_experiment

    return run


@pytest.fixture
def near() -> Callable[[SCyc], Curve]:
    """Makes a known curve: 4 points are lost for each factor of 2 between max_lr and a curve's."""

    def make(ideal: SCyc) -> Curve:
        def accuracy(cell: Cell) -> float:
            away = abs(math.log2(cell.max_lr / scyc_curve.max_lr(ideal, cell.cycle, 0.2)))
            return 90 - 4 * away - 0.5 * cell.cycle + 0.3 * cell.replicate

        return accuracy

    return make
