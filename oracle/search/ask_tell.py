"""The oracle for training runs that other programs run: what to try next, and the results.

Another program, in any framework, trains, prunes and validates; it observes the accuracies, and
the oracle says which max_lr to try. All of it is a function of the declared run and of what was
observed, in whatever order that came.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from oracle.search.graph import Cell, CellResult
from oracle.search.greedy import run_greedy
from oracle.search.grid_search import OracleCycle, grid_search
from oracle.search.request import Search, requests
from oracle.search.selection.expected import cells_a_cycle
from oracle.study.parts import grid
from oracle.study.parts.external_run import ExternalRun
from oracle.study.parts.metric import MetricScale
from scyc.errors import Problem
from scyc.specs.ranges import exact
from scyc.specs.schedules import ConstantSpec, ScheduleSpec

State = Literal["open", "done", "no winner"]
_SCHEDULE = ConstantSpec(name="constant")  # stands for one that only the other program knows
_SHOWN = 12  # values that a refusal lists at most


@dataclass(frozen=True, order=True)
class Training:
    """One training run that the oracle may request."""

    cycle: int  # completed pruning cycles, 0 for the unpruned network
    max_lr: float
    replicate: int  # counted from 0


Seen = Mapping[Training, float | None]  # validation values; None: it diverged


@dataclass(frozen=True)
class ExternalRunState:
    """How far a run has come."""

    run: ExternalRun
    cycles: tuple[OracleCycle, ...]  # the complete ones
    requested: frozenset[Training]
    missing: tuple[Training, ...]  # requested and not observed, in the order to train them

    @property
    def state(self) -> State:
        """Open while training runs are missing."""
        if self.missing:
            return "open"
        return "done" if self.cycles[-1].region else "no winner"

    @property
    def cycle(self) -> int | None:
        """The cycle that is under way; None where the run has ended."""
        return self.missing[0].cycle if self.missing else None

    @property
    def done(self) -> int:
        """Training runs that were requested and observed."""
        return len(self.requested) - len(self.missing)

    @property
    def known(self) -> int:
        """Training runs in all, as far as is known now."""
        if not self.missing:
            return len(self.requested)
        run = self.run
        each = cells_a_cycle(len(grid.grid_values(run.grid)), run.replicates, run.search)
        begun = len(self.cycles) + 1
        here = sum(training.cycle == begun - 1 for training in self.requested)
        return len(self.requested) + max(0, each - here) + (run.cycles + 1 - begun) * each

    def start(self, training: Training) -> float | None:
        """Return the max_lr whose network, of the same replicate, is pruned for a training run.

        Args:
            training: One that the oracle may ask for.

        Returns:
            The well-tuned max_lr of the cycle before; None for the unpruned network.
        """
        if training.cycle == 0:
            return None
        region = self.cycles[training.cycle - 1].region
        assert region is not None  # else nothing would have been requested below it
        return region.well_tuned

    @cached_property
    def _rates(self) -> Mapping[int, Sequence[float]]:
        """The requested max_lr of each cycle, rising."""
        by_cycle: dict[int, set[float]] = {}
        for training in self.requested:
            by_cycle.setdefault(training.cycle, set()).add(training.max_lr)
        return {cycle: sorted(rates) for cycle, rates in by_cycle.items()}

    def problems(self, trainings: Iterable[Training]) -> list[Problem]:
        """Return why observations are refused: one problem for each that was not requested.

        Args:
            trainings: The training runs of the observations.

        Returns:
            Problems by index of the observation; [] where the run requested all of them.
        """
        return [
            problem
            for index, training in enumerate(trainings)
            if training not in self.requested
            for problem in [self._problem(f"observations[{index}]", training)]
        ]

    def _problem(self, path: str, training: Training) -> Problem:
        rates = self._rates.get(training.cycle)
        if rates is None:
            begun = max(self._rates)
            after = f"cycle {begun} is under way" if self.missing else f"the run ended at {begun}"
            rule = f"has not begun, {after}; train what the oracle asks for"
            return Problem(f"{path}.cycle", rule, training.cycle)
        if training.max_lr not in rates:
            near = sorted(sorted(rates, key=lambda rate: abs(rate - training.max_lr))[:_SHOWN])
            listed = ", ".join(exact(rate) for rate in near)
            among = "among them " if len(near) < len(rates) else ""
            rule = f"was not requested in cycle {training.cycle}; requested: {among}{listed}"
            return Problem(f"{path}.max_lr", rule, training.max_lr)
        last = self.run.replicates - 1
        rule = f"must be 0 to {last}"
        if 0 <= training.replicate <= last:
            rule = f"was not requested at max_lr {training.max_lr:g} in cycle {training.cycle}"
            rule += "; train what the oracle asks for"
        return Problem(f"{path}.replicate", rule, training.replicate)


def standing(run: ExternalRun, seen: Seen) -> ExternalRunState:
    """Let the oracle of a run go as far as what was observed carries it.

    Args:
        run: The declared run.
        seen: Validation values by training run.

    Returns:
        Finished cycles, all requested training runs, and those of the last request that are
        missing.
    """
    cycles: list[OracleCycle] = []
    requested: list[Training] = []
    missing: list[Training] = []
    scale = run.scale
    results = [_result(run, training, value, scale) for training, value in seen.items()]
    for request in requests(_search(run, cycles), {result.cell: result for result in results}):
        trainings = [_training(cell) for cell in request.cells]
        requested += trainings
        missing = [training for training in trainings if training not in seen]
    return ExternalRunState(run, tuple(cycles), frozenset(requested), tuple(missing))


def suggestion(
    missing: Sequence[Training], leases: Mapping[Training, float], now: float
) -> Training | None:
    """Choose what to train next: what nobody was given yet, else the lease that ended first.

    Args:
        missing: training runs without an observation, in the order to train them.
        leases: when the lease of a training run that was given to a trainer ends, in seconds.
        now: seconds of the same clock.

    Returns:
        None where nothing is missing, or all that is missing is leased.

    """
    free = [training for training in missing if leases.get(training, -math.inf) <= now]
    return min(free, key=lambda training: leases.get(training, -math.inf), default=None)


def _search(run: ExternalRun, done: list[OracleCycle]) -> Search:
    in_points = run.model_copy(update={"tolerance": run.scale.tolerance})
    search = grid_search(_Trainings(run.id), _SCHEDULE, in_points)
    return run_greedy(search, run.cycles, run.replicates, done.append, verdict_for=run.curve)


@dataclass(frozen=True)
class _Trainings:
    """The training runs of a run; its greedy way is the only one, so that it need not be named."""

    run_id: str

    def root(self, replicate: int, schedule: ScheduleSpec, max_lr: float) -> Cell:
        return self._cell(None, 0, schedule, max_lr, replicate)

    def child(self, parent: Cell, schedule: ScheduleSpec, max_lr: float) -> Cell:
        return self._cell(parent, parent.cycle + 1, schedule, max_lr, parent.replicate)

    def study_key(self, parents: Sequence[Cell | None], schedule: ScheduleSpec) -> str:
        return self.run_id

    def _cell(
        self,
        parent: Cell | None,
        cycle: int,
        schedule: ScheduleSpec,
        max_lr: float,
        replicate: int,
    ) -> Cell:
        cell_id = _cell_id(self.run_id, Training(cycle, max_lr, replicate))
        return Cell(cell_id, parent, schedule, max_lr, replicate, self.run_id)


def _cell_id(run_id: str, training: Training) -> str:
    return f"{run_id}/{training.cycle}/{float(training.max_lr)!r}/{training.replicate}"


def _training(cell: Cell) -> Training:
    return Training(cell.cycle, cell.max_lr, cell.replicate)


def _result(
    run: ExternalRun, training: Training, value: float | None, scale: MetricScale
) -> CellResult:
    """Make a cell's result of an observation; the search reads the first three fields."""
    return CellResult(
        cell=_cell_id(run.id, training),
        val_accuracy=0.0 if value is None else scale.points(value),
        diverged=value is None,
        curve=(),
        test_accuracy=0.0,
        weights_remaining=100 * (1 - run.pruning_rate) ** training.cycle,
        steps=0,
        seconds=0.0,
        checkpoint=None,
        device="",
    )
