"""One cycle's search of single (max_lr, replicate): what to train next, from finished results.

Choices rest on whole rounds: what a round requested is finished before the next one is chosen, so
they do not depend on which result came first, on how many workers there are, or on a restart.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from oracle.search.graph import CellResult
from oracle.search.selection.cycle_answer import Answer, CycleSearch, Known, infer_cycle
from oracle.search.selection.next_cells import Decision, StopReason, budget_cells, next_cells
from oracle.stats.region import Region, ToleranceKind
from oracle.study.parts.cell_search import CellSearch

REACHES = 0.5  # chance that the region reaches an end of the grid, above which the grid grows


@dataclass(frozen=True)
class SearchEnd:
    """How a cycle's search of single cells ended."""

    reason: StopReason
    rounds: int
    trained: int  # cells
    budget: int  # cells


@dataclass(frozen=True)
class CellRule:
    """How the cells of a cycle are chosen: a study's declaration and a max_lr to decide on."""

    bounds: CellSearch
    tolerance: float
    tolerance_kind: ToleranceKind
    seed: int = 0

    def search(
        self, values: Sequence[float], replicates: int, verdict_for: float | None = None
    ) -> CycleSearch:
        """Make the search of one cycle.

        Args:
            values: max_lr of the grid, rising.
            replicates: Of each.
            verdict_for: A max_lr whose verdict is wanted, or None.

        Returns:
            The search, with its budget in training runs.
        """
        bounds = self.bounds
        return CycleSearch(
            tuple(values),
            replicates,
            self.tolerance,
            budget_cells(len(values), replicates, bounds.budget),
            bounds.batch,
            self.tolerance_kind,
            bounds.regret,
            verdict_for if bounds.verdict else None,
            self.seed,
        )


def known_cells(search: CycleSearch, results: Mapping[float, Sequence[CellResult]]) -> Known:
    """Return results by max_lr, each in the replicates' order, the last ones perhaps missing.

    Args:
        search: The search of one cycle.
        results: Results by max_lr, in the order of the replicates.

    Returns:
        Accuracies in percent and divergence, (grid, replicates); NaN where nothing was trained.
    """
    shape = (len(search.grid), search.replicates)
    table, diverged = np.full(shape, np.nan), np.full(shape, np.nan)
    for value, max_lr in enumerate(search.grid):
        for replicate, result in enumerate(results.get(max_lr, ())):
            diverged[value, replicate] = float(result.diverged)
            if not result.diverged:
                table[value, replicate] = result.val_accuracy
    return Known(table, diverged)


def choose(search: CycleSearch, results: Mapping[float, Sequence[CellResult]]) -> Decision:
    """Choose what to train next.

    Args:
        search: The cycle's.
        results: Of the finished cells, by max_lr, in the replicates' order.

    Returns:
        Cells by replicate and then by max_lr, so that packs share a parent, or why the search ends.
    """
    decision = next_cells(search, known_cells(search, results))
    cells = tuple(sorted(decision.cells, key=lambda cell: (cell[1], cell[0])))
    return Decision(cells, decision.reason)


def reached_ends(
    search: CycleSearch, results: Mapping[float, Sequence[CellResult]]
) -> tuple[bool, bool]:
    """Return whether the region likely reaches the lower and the upper end of the grid.

    Args:
        search: The search of one cycle.
        results: Results by max_lr, in the order of the replicates.

    Returns:
        (lower, upper). The lower one, too, where no max_lr has all its replicates without
        divergence: the grid may go on below.
    """
    known = known_cells(search, results)
    if np.isnan(known.table).all():
        return True, False
    answer = infer_cycle(search, known)
    if answer.complete is None:
        return True, False
    ends = answer.ends
    return bool(ends.open_low.mean() > REACHES), bool(ends.open_high.mean() > REACHES)


def read_region(
    search: CycleSearch, results: Mapping[float, Sequence[CellResult]]
) -> Region | None:
    """Read the region off the posterior.

    Its members are the trained max_lr whose expected accuracy is within the tolerance. A raw mean
    would not do: other replicates were trained at one max_lr than at another.

    Args:
        search: The search of one cycle.
        results: Results by max_lr, in the order of the replicates.

    Returns:
        The region; None where no max_lr has all its replicates without divergence.
    """
    known = known_cells(search, results)
    if np.isnan(known.table).all():
        return None
    answer = infer_cycle(search, known)
    if answer.complete is None:
        return None
    return _region(search, known, answer, answer.complete)


def _region(search: CycleSearch, known: Known, answer: Answer, best: float) -> Region:
    rates = [search.grid[value] for value in np.flatnonzero(known.trained.any(axis=1)).tolist()]
    posterior = answer.posterior
    means = np.interp(np.log(rates), np.log(posterior.points), posterior.mean)
    accuracy = known.table[search.grid.index(best)]
    top = math.fsum(accuracy.tolist()) / len(accuracy)
    allowed = search.tolerance
    if search.tolerance_kind == "relative":
        allowed *= abs(top) / 100
    inside = np.round(means, 6) >= round(float(means[rates.index(best)]) - allowed, 6)
    members = tuple(rate for rate, member in zip(rates, inside, strict=True) if member)
    span = rates[rates.index(members[0]) : rates.index(members[-1]) + 1]
    low, high = answer.ends.open_low.mean(), answer.ends.open_high.mean()
    return Region(
        well_tuned=best,
        best_accuracy=top,
        members=members,
        contiguous=len(span) == len(members),
        touches_low=members[0] == search.grid[0] or bool(low > REACHES),
        touches_high=members[-1] == search.grid[-1] or bool(high > REACHES),
    )
