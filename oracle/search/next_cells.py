"""Which (max_lr, replicate) of one cycle to train next, and when enough is known.

A pure function of what is known. The first batch spreads over the grid with two replicates. Every
further batch is read off draws of the curve's posterior (`oracle.stats.posterior`): the cells whose
results would tell most about the best max_lr and both ends of the region. How much a cell tells is
the share of a target's variance that it explains, by the draws' covariance with it; after each
choice the covariances are those that its result would leave, so that a batch does not ask twice.
Values that decide nothing get no further replicate. The max_lr that is named in the end has every
replicate: the next cycle starts from these networks, so they are part of the budget.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

import numpy as np

from oracle.stats.decisions import Ends, draw_ends, well_tuned
from oracle.stats.noise import Array
from oracle.stats.posterior import Cells, CurvePosterior, curve_posterior
from oracle.stats.region import ToleranceKind
from oracle.stats.region_intervals import SPARSE_FLOOR

StopReason = Literal["budget", "regret and ends", "flat", "verdict", "whole grid"]
Cell = tuple[int, int]  # position in the grid, replicate

FIRST_REPLICATES = 2  # of the first batch: one says nothing of the noise
END_STEPS = 1.0  # grid steps to which both ends are known when the search may stop
SURE = 0.95
DRAWS = 400  # of a decision
BEST_WEIGHT = 2.0  # of the best max_lr beside each end
SHARES = ((14, 1 / 2), (29, 1 / 3))  # of the whole grid, by most values; set on `SETTING` families
LONG_SHARE = 1 / 4  # of longer grids
LEAST_VALUES = 4  # of the grid that any budget allows for, beside the best one's replicates
REMEMBERED = 2048  # decisions that are kept


@dataclass(frozen=True)
class CycleSearch:
    """What a search of one cycle knows and is asked. Accuracies in percent."""

    grid: tuple[float, ...]  # max_lr, rising
    replicates: int
    tolerance: float
    budget: int  # cells that may be trained in all
    batch: int  # cells at a time; the workers' packs
    tolerance_kind: ToleranceKind = "points"
    regret: float = 0.1  # expected points below which the best max_lr is known well enough
    asked: float | None = None  # a max_lr whose verdict is wanted
    seed: int = 0


@dataclass(frozen=True)
class Known:
    """Results of one cycle, by (max_lr, replicate)."""

    table: Array  # accuracies, (grid, replicates); NaN: diverged, or not trained
    diverged: Array  # 1 diverged, 0 did not, NaN not trained

    @property
    def trained(self) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
        """Which cells are."""
        return np.asarray(~np.isnan(self.diverged))


@dataclass(frozen=True)
class Decision:
    """What to train next; nothing, and why, when the search ends."""

    cells: tuple[Cell, ...]
    reason: StopReason | None


@dataclass(frozen=True)
class Answer:
    """What is known of the cycle."""

    posterior: CurvePosterior
    ends: Ends
    well_tuned: float  # best posterior mean among the values of which no replicate diverged
    complete: float | None  # the same of those that have every replicate


Rule = Callable[[CycleSearch, Known, Answer, int], list[Cell]]


def budget_share(count: int) -> float:
    """The share of a whole grid's training runs that a search may take where none is declared."""
    return next((share for most, share in SHARES if count <= most), LONG_SHARE)


def budget_cells(count: int, replicates: int, share: float | None = None) -> int:
    """How many cells of a cycle a search may train.

    Args:
        count: values of the grid.
        replicates: of each.
        share: of the whole grid; None: :func:`budget_share`.

    Returns:
        As many as the best max_lr with all its replicates and `LEAST_VALUES` others need, at least.

    """
    share = budget_share(count) if share is None else share
    wanted = math.floor(share * count * replicates + 1e-9)
    return min(count * replicates, max(wanted, replicates + LEAST_VALUES))


def next_cells(search: CycleSearch, known: Known, rule: str = "information") -> Decision:
    """Decide which cells to train next.

    The same is asked over and over, by a run that is read again and by every observation of an
    external run, so decisions are kept.

    Args:
        search: the cycle's grid, bounds and what ends the search.
        known: what was trained so far.
        rule: by which rule cells are chosen, a key of `RULES`.

    """
    return _decided(search, known.table.tobytes(), known.diverged.tobytes(), rule)


@lru_cache(maxsize=REMEMBERED)
def _decided(search: CycleSearch, table: bytes, diverged: bytes, rule: str) -> Decision:
    shape = (len(search.grid), search.replicates)
    cells = (np.frombuffer(each).reshape(shape) for each in (table, diverged))
    return _decide(search, Known(*cells), rule)


def _decide(search: CycleSearch, known: Known, rule: str) -> Decision:
    spent = int(known.trained.sum())
    if not spent:
        return Decision(tuple(_first(search)), None)
    if known.trained.all():
        return Decision((), "whole grid")
    if np.isnan(known.table).all():
        return Decision(tuple(_untried(search, known)[: search.batch]), None)
    answer = infer_cycle(search, known)
    rest = _missing(search, known, answer.well_tuned)
    kept = len(rest) if answer.complete is not None else search.replicates - 1
    left = search.budget - spent - kept
    if reason := _enough(search, answer) or ("budget" if left <= 0 else None):
        return _end(search, known, answer, rest, reason)
    cells = RULES[rule](search, known, answer, min(search.batch, left))
    return Decision(tuple(cells), None) if cells else Decision((), "whole grid")


def _end(
    search: CycleSearch, known: Known, answer: Answer, rest: list[Cell], reason: StopReason
) -> Decision:
    """End, once a max_lr of which nothing diverged has every replicate.

    Where all that was tried diverged in some replicate, the search goes on beyond its budget:
    without such a max_lr no cycle can follow.
    """
    over = int(known.trained.sum()) + len(rest) > search.budget
    if answer.complete is not None and (not rest or over):
        return Decision((), reason)
    gone = (known.diverged[search.grid.index(answer.well_tuned)] == 1).any()
    return Decision(tuple(_untried(search, known)[: search.batch] if gone else rest), None)


def _missing(search: CycleSearch, known: Known, max_lr: float) -> list[Cell]:
    """The replicates that a max_lr lacks."""
    value = search.grid.index(max_lr)
    return [(value, int(replicate)) for replicate in np.flatnonzero(~known.trained[value])]


def infer_cycle(search: CycleSearch, known: Known) -> Answer:
    """The posterior of a cycle given its cells, some of them missing; at least one is sound."""
    rows = np.flatnonzero(known.trained.any(axis=1))
    rates = np.array(search.grid)
    cells = Cells(rates[rows], known.table[rows], known.diverged[rows])
    sound = ~np.isnan(known.table[rows]).all(axis=1)
    best = float(np.nanmean(known.table[rows][sound], axis=1).max())
    kind = search.tolerance_kind
    tolerance = search.tolerance if kind == "points" else best * search.tolerance / 100
    posterior = curve_posterior(
        cells, tolerance, search.grid, floor=SPARSE_FLOOR, seed=search.seed, draws=DRAWS
    )
    never = rows[~(known.diverged[rows] == 1).any(axis=1)]
    whole = never[known.trained[never].all(axis=1)]
    return Answer(
        posterior,
        draw_ends(posterior, search.tolerance, kind),
        well_tuned(posterior, rates[never if len(never) else rows[sound]].tolist()),
        well_tuned(posterior, rates[whole].tolist()) if len(whole) else None,
    )


def _first(search: CycleSearch) -> list[Cell]:
    """Values spread over the grid, both ends included, with two replicates."""
    count = len(search.grid)
    replicates = min(FIRST_REPLICATES, search.replicates)
    wanted = max(4, round(1.3 * math.sqrt(count)))
    wanted = min(count, wanted, max(2, round(0.6 * search.budget / replicates)))
    values = np.unique(np.round(np.linspace(0, count - 1, wanted)).astype(int)).tolist()
    return [(value, replicate) for replicate in range(replicates) for value in values]


def _untried(search: CycleSearch, known: Known) -> list[Cell]:
    return [(value, 0) for value in np.flatnonzero(~known.trained.any(axis=1)).tolist()] or [
        (int(value), int(replicate)) for value, replicate in np.argwhere(~known.trained)
    ]


def _enough(search: CycleSearch, answer: Answer) -> StopReason | None:
    """Why the search may stop, if it may."""
    ends = answer.ends
    if ends.flat >= SURE:
        return "flat"
    if ends.regret(answer.well_tuned) > search.regret:
        return None
    if search.asked is not None and ends.verdict(search.asked) in ("inside", "outside"):
        return "verdict"
    step = math.log(search.grid[-1] / search.grid[0]) / max(1, len(search.grid) - 1)
    spans = [ends.interval("low"), ends.interval("high")]
    sharp = all(math.log(high / low) <= END_STEPS * step for low, high in spans)
    return "regret and ends" if sharp else None


def _information(search: CycleSearch, known: Known, answer: Answer, count: int) -> list[Cell]:
    """The cells that explain most of the variance of the best max_lr and of both ends."""
    drawn = answer.posterior.at(search.grid)
    curves, best = drawn - drawn.mean(axis=0), drawn.argmax(axis=1).astype(float)
    targets = np.stack([np.log(answer.ends.low), np.log(answer.ends.high), best], axis=1)
    targets = targets - targets.mean(axis=0)
    spread = targets.std(axis=0)
    targets = targets / np.maximum(spread, 1e-9)
    step = math.log(search.grid[-1] / search.grid[0]) / max(1, len(search.grid) - 1)
    worth = np.array([spread[0] / step, spread[1] / step, 0.0]) ** 2
    worth[2] = (
        BEST_WEIGHT
        * spread[2] ** 2
        * min(1.0, answer.ends.regret(answer.well_tuned) / max(search.regret, 1e-9))
    )
    joint = np.concatenate([curves, targets], axis=1)
    covariance = joint.T @ joint / len(joint)
    size, noise = len(search.grid), max(answer.posterior.noise.near_best, SPARSE_FLOOR) ** 2
    given = known.trained.sum(axis=1)
    chosen: list[Cell] = []
    for _ in range(count):
        variance = np.diag(covariance)[:size] + noise
        gains = (covariance[:size, size:] ** 2 / variance[:, None]) @ worth
        gains = np.where(given < search.replicates, np.round(gains, 12), -1.0)
        value = int(np.argmax(gains))
        if gains[value] < 0:
            break
        row = covariance[value]
        covariance = covariance - np.outer(row, row) / variance[value]
        chosen.append((value, _free(known, chosen, value)))
        given = given.copy()
        given[value] += 1
    return chosen


def _straddle(search: CycleSearch, known: Known, answer: Answer, count: int) -> list[Cell]:
    """The cells that are most uncertain about the threshold (Bryan et al. 2005), or the best."""
    curves = answer.posterior.at(search.grid)
    top = curves.max(axis=1).mean()
    mean, spread = curves.mean(axis=0), curves.std(axis=0)
    doubt = np.maximum(1.96 * spread - np.abs(mean - (top - search.tolerance)), 0)
    return _highest(search, known, doubt + np.maximum(mean + 1.96 * spread - top, 0), count)


def _racing(search: CycleSearch, known: Known, answer: Answer, count: int) -> list[Cell]:
    """The values that are likeliest feasible, as long as they have replicates left."""
    chance = np.interp(np.log(search.grid), np.log(answer.ends.points), answer.ends.feasible)
    return _highest(search, known, chance / (1 + known.trained.sum(axis=1)), count)


def _spread(search: CycleSearch, known: Known, answer: Answer, count: int) -> list[Cell]:
    """Every k-th value with all replicates, whatever was found: what a coarser grid costs."""
    del answer
    given = known.trained.sum(axis=1)
    started = np.flatnonzero(given)
    far = np.abs(np.subtract.outer(np.arange(len(given)), started)).min(axis=1)
    open_ones = (given > 0) & (given < search.replicates)
    return _highest(search, known, np.where(open_ones, len(given), far), count)


def _highest(search: CycleSearch, known: Known, scores: Array, count: int) -> list[Cell]:
    given = known.trained.sum(axis=1)
    order = np.argsort(-np.where(given < search.replicates, np.round(scores, 9), -1), kind="stable")
    chosen: list[Cell] = []
    for value in order[:count].tolist():
        if given[value] < search.replicates:
            chosen.append((value, _free(known, chosen, value)))
    return chosen


def _free(known: Known, chosen: Sequence[Cell], value: int) -> int:
    """The first replicate of a value that is neither trained nor chosen."""
    taken = {replicate for other, replicate in chosen if other == value}
    free = [int(r) for r in np.flatnonzero(~known.trained[value]) if int(r) not in taken]
    return free[0]


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "information": _information,
        "straddle": _straddle,
        "racing": _racing,
        "coarser grid": _spread,
    }
)
