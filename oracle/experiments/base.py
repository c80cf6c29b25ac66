"""What an experiment is, and what all kinds of it are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from oracle.records.candidates import CandidateTrial
from oracle.reports.sheet import format_lr
from oracle.search.graph import CellResult, Graph
from oracle.search.grid_search import OracleCycle
from oracle.search.pruning_run import PruningPath, RunCycle
from oracle.search.request import Search, StudyKey, StudyRole, replicate_cells
from oracle.study.base import LearningRates, Study
from oracle.study.parts import grid
from oracle.study.parts.grid_spec import GridSpec
from oracle.tables.registry import Table
from scyc.specs.schedules import ScheduleSpec


@dataclass
class ExperimentCallbacks:
    """What is called while searches go on."""

    on_cycle: Callable[[str], None] = lambda text: None  # of a cycle that is finished
    on_discardable: Callable[[Iterable[CellResult]], None] = lambda results: (
        None
    )  # no path goes on from these
    on_candidate: Callable[[CandidateTrial], None] = lambda trial: (
        None
    )  # of a search, that has ended


class Experiment(Protocol):
    """One study's searches, and their results so far."""

    def searches(self) -> list[Search]:
        """Return what is to be trained; the searches named first are served first."""

    def known_cells(self) -> set[str]:
        """Return ids of the cells of iterative pruning runs whose max_lr is known."""

    def first_grids(self) -> set[str]:
        """Return ids of the cells of the grids that are searched on the unpruned network."""

    def unknown_cells(self) -> int:
        """Return how many more will be requested, if no grid grows any more."""

    def table(self, run_id: str) -> Table:
        """Make the table of the results.

        Args:
            run_id: Id of the run, which the table names.

        Returns:
            The table of this kind of study, of the cycles that are finished.
        """

    def study_keys(self) -> list[tuple[StudyKey, StudyRole]]:
        """Return the Optuna studies that hold it, and what each is in this study."""

    def runs(self) -> dict[str, Sequence[RunCycle]]:
        """Return the iterative pruning runs, by name, as far as they have come."""

    def failure(self) -> str | None:
        """Return why the study could not come to its end, if so."""


def path(study: Study, graph: Graph, rates: LearningRates) -> PruningPath:
    """Make the iterative pruning run of a study with given learning rates.

    Args:
        study: What is trained.
        graph: Names the training runs.
        rates: max_lr of each cycle, or S-Cyc's parameters.

    Returns:
        The run, whose cells are all named already.
    """
    each = tuple(rates.max_lr_at(cycle, study.pruning.rate) for cycle in range(study.cycles + 1))
    return PruningPath(graph, rates.schedule, each, study.least_replicates)


def first_grid(study: Study, graph: Graph, schedule: ScheduleSpec, searched: GridSpec) -> set[str]:
    """Return ids of the cells of a grid on the unpruned network.

    Args:
        study: What was declared.
        graph: Names the training runs of the system.
        schedule: Of the learning rate within the cycle.
        searched: The declared grid.

    Returns:
        Ids of every declared max_lr in the least number of replicates.
    """
    roots: list[None] = [None] * study.least_replicates
    return {
        cell.id
        for max_lr in grid.grid_values(searched)
        for cell in replicate_cells(graph, roots, schedule, max_lr)
    }


def no_winner(cycle: OracleCycle) -> str | None:
    """Explain a cycle of which every max_lr diverged.

    Args:
        cycle: A finished cycle.

    Returns:
        One sentence; None where some max_lr did not diverge.
    """
    if cycle.region is not None:
        return None
    return f"every max_lr of cycle {cycle.cycle} diverged; lower the grid, or training's rates"


def cycle_line(cycle: OracleCycle) -> str:
    """Format a finished cycle of the oracle in a line.

    Args:
        cycle: A cycle whose well-tuned max_lr is known.

    Returns:
        Weights remaining in percent, the well-tuned max_lr and the region; or that every max_lr
        diverged.
    """
    remaining = next(iter(cycle.results.values()))[0].weights_remaining
    start = f"cycle {cycle.cycle:>2}  {remaining:6.2f} % remaining  "
    if cycle.region is None:
        return start + "no winner: every max_lr diverged"
    measured = cycle.region
    region = f"[{format_lr(measured.low)}, {format_lr(measured.high)}]"
    return start + f"well-tuned {format_lr(measured.well_tuned):<8} region {region}"


def path_line(done: RunCycle) -> str:
    """Format a finished cycle of an iterative pruning run in a line.

    Args:
        done: The cycle.

    Returns:
        Weights remaining and the mean test accuracy over replicates, both in percent.
    """
    remaining = done.results[0].weights_remaining
    accuracies = [result.test_accuracy for result in done.results]
    mean = sum(accuracies) / len(accuracies)
    return f"cycle {done.cycle:>2}  {remaining:6.2f} % remaining  test {mean:.2f} %"
