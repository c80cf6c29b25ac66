"""What is known of one cycle's grid, cell by cell, and what the posterior makes of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from oracle.stats.decisions import Ends, infer_ends, well_tuned
from oracle.stats.noise import SPARSE_FLOOR, Array, lowest
from oracle.stats.posterior import DEPTH, REACHES, Cells, CurvePosterior, Flags
from oracle.stats.region import ToleranceKind

Cell = tuple[int, int]  # position in the grid, replicate

DRAWS = 400  # of a decision


@dataclass(frozen=True)
class CycleSearch:
    """What a search of one cycle knows and has to decide. Accuracies in percent."""

    grid: tuple[float, ...]  # max_lr, rising
    replicates: int
    tolerance: float
    budget: int  # cells that may be trained in all
    batch: int  # cells at a time; the workers' packs
    tolerance_kind: ToleranceKind = "points"
    regret: float = 0.1  # expected points below which the best max_lr is known well enough
    verdict_for: float | None = None  # a max_lr, such as S-Cyc's
    seed: int = 0


@dataclass(frozen=True)
class Known:
    """Results of one cycle, by (max_lr, replicate)."""

    table: Array  # accuracies, (grid, replicates); NaN: diverged, or not trained
    diverged: Array  # 1 diverged, 0 did not, NaN not trained

    @property
    def trained(self) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
        """Which cells are trained, (grid, replicates)."""
        return np.asarray(~np.isnan(self.diverged))


@dataclass(frozen=True)
class Answer:
    """What is known of the cycle."""

    posterior: CurvePosterior
    ends: Ends
    well_tuned: float  # best posterior mean among the values of which no replicate diverged
    complete: float | None  # the same of those that have every replicate
    deep: Flags  # (grid,): tried, and so far below the best that it decides nothing in any draw


def infer_cycle(search: CycleSearch, known: Known) -> Answer:
    """Infer the posterior of a cycle from its cells.

    Args:
        search: The cycle's.
        known: Results, some of them missing; at least one has not diverged.

    Returns:
        The posterior of the curve at the whole grid, the ends of its region, and the best max_lr.
    """
    rows = np.flatnonzero(known.trained.any(axis=1))
    rates = np.array(search.grid)
    cells = Cells(rates[rows], known.table[rows], known.diverged[rows])
    sound = ~np.isnan(known.table[rows]).all(axis=1)
    best = float(np.nanmean(known.table[rows][sound], axis=1).max())
    kind = search.tolerance_kind
    tolerance = search.tolerance if kind == "points" else abs(best) * search.tolerance / 100
    posterior, ends = infer_ends(
        cells,
        tolerance,
        search.tolerance,
        kind,
        search.grid,
        floor=SPARSE_FLOOR,
        seed=search.seed,
        sparse=True,
        draws=DRAWS,
    )
    never = rows[~(known.diverged[rows] == 1).any(axis=1)]
    whole = never[known.trained[never].all(axis=1)]
    least = lowest(cells.table[sound], posterior.noise, DEPTH * tolerance, max(REACHES))
    deep = np.zeros(len(rates), bool)
    deep[rows[sound]] = posterior.noise.means < least
    return Answer(
        posterior,
        ends,
        well_tuned(posterior, rates[never if len(never) else rows[sound]].tolist()),
        well_tuned(posterior, rates[whole].tolist()) if len(whole) else None,
        deep,
    )
