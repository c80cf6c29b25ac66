"""Which (max_lr, replicate) of one cycle to train next, and when enough is known.

A pure function of what is known. The first batch spreads over the grid, with two replicates where
the grid is long; every further batch is chosen by a rule of `oracle.search.selection.cell_rules`.
Values that decide nothing get no further replicate. The max_lr that is named in the end has every
replicate: the next cycle starts from these networks, so they are part of the budget. The last cells
complete those max_lr of which the best is named (`oracle.search.selection.finalists`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from oracle.search.selection.cell_rules import RULES
from oracle.search.selection.cycle_answer import Answer, Cell, CycleSearch, Known, infer_cycle
from oracle.search.selection.finalists import finalists
from oracle.stats.decisions import FLAT, well_tuned
from oracle.stats.noise import SHORT_GRID
from oracle.stats.one_thread import one_thread

StopReason = Literal["budget", "regret and ends", "flat", "verdict", "whole grid"]

FIRST_REPLICATES = 2  # of the first batch: one says nothing of the noise
FINALISTS = 2  # whose replicates but the first are kept until last; set on `SETTING` families
END_STEPS = 1.0  # grid steps to which both ends are known when the search may stop
SHARES = ((14, 1 / 2), (29, 1 / 3))  # of the whole grid, by most values
LONG_SHARE = 1 / 4  # of longer grids
LEAST_VALUES = 4  # of the grid that any budget allows for, besides the best one's replicates
REMEMBERED = 2048  # decisions that are cached


@dataclass(frozen=True)
class Decision:
    """What to train next; nothing, and why, when the search ends."""

    cells: tuple[Cell, ...]
    reason: StopReason | None


def budget_share(count: int) -> float:
    """Return the share of a grid's training runs that a search may take where none is declared.

    Args:
        count: Values of the grid.

    Returns:
        1/2 up to 14 values, 1/3 up to 29, 1/4 of longer grids.
    """
    return next((share for most, share in SHARES if count <= most), LONG_SHARE)


def budget_cells(count: int, replicates: int, share: float | None = None) -> int:
    """Return how many cells of a cycle a search may train.

    Args:
        count: values of the grid.
        replicates: of each.
        share: of the whole grid; None: :func:`budget_share`.

    Returns:
        As many as the best max_lr with all its replicates and `LEAST_VALUES` others need, at least.
    """
    share = budget_share(count) if share is None else share
    cells = math.floor(share * count * replicates + 1e-9)
    return min(count * replicates, max(cells, replicates + LEAST_VALUES))


def next_cells(search: CycleSearch, known: Known, rule: str = "adaptive") -> Decision:
    """Decide which cells to train next.

    A run that is read again and every observation of an external run request the same decisions, so
    these are cached.

    Args:
        search: the cycle's grid, bounds and what ends the search.
        known: what was trained so far.
        rule: by which rule cells are chosen, a key of `RULES`.

    Returns:
        The cells to train together, as (position in the grid, replicate); none, and the reason,
        when the search ends.

    Raises:
        KeyError: where there is no such rule.
    """
    return _decided(search, known.table.tobytes(), known.diverged.tobytes(), rule)


@lru_cache(maxsize=REMEMBERED)
def _decided(search: CycleSearch, table: bytes, diverged: bytes, rule: str) -> Decision:
    shape = (len(search.grid), search.replicates)
    cells = (np.frombuffer(each).reshape(shape) for each in (table, diverged))
    return _decide(search, Known(*cells), rule)


@one_thread()
def _decide(search: CycleSearch, known: Known, rule: str) -> Decision:
    spent = int(known.trained.sum())
    if not spent:
        return Decision(tuple(_first(search)), None)
    if known.trained.all():
        return Decision((), "whole grid")
    if np.isnan(known.table).all():
        return Decision(tuple(_untried(search, known)[: search.batch]), None)
    answer, left = infer_cycle(search, known), search.budget - spent
    if reason := _enough(search, answer):
        return _end(search, known, answer, reason)
    free = left - FINALISTS * (search.replicates - 1)
    if free <= 0:
        return _last(search, known, answer, left)
    cells = RULES[rule](search, known, answer, min(search.batch, free))
    return Decision(tuple(cells), None) if cells else Decision((), "whole grid")


def _last(search: CycleSearch, known: Known, answer: Answer, left: int) -> Decision:
    """Spend what is left: on the best max_lr, and on the ends once that is known and complete."""
    cells: list[Cell] = []
    if answer.complete is None or answer.ends.regret(answer.complete) > search.regret:
        cells = finalists(search, known, answer, left)
    if not cells and left > 0 and answer.complete is not None:
        cells = RULES["information"](search, known, answer, min(search.batch, left))
    return Decision(tuple(cells), None) if cells else _end(search, known, answer, "budget")


def _end(search: CycleSearch, known: Known, answer: Answer, reason: StopReason) -> Decision:
    """End, once the best max_lr that the budget allows for has every replicate.

    Where all that was tried diverged in some replicate, the search goes on beyond its budget:
    without a max_lr of which none did no cycle can follow.
    """
    never = known.trained.any(axis=1) & ~(known.diverged == 1).any(axis=1)
    if not never.any():
        return Decision(tuple(_untried(search, known)[: search.batch]), None)
    lacking, left = (~known.trained).sum(axis=1), search.budget - int(known.trained.sum())
    allowed = never & ((lacking <= left) | (lacking == 0))
    rates = np.array(search.grid)[allowed if allowed.any() else never]
    rest = _missing(search, known, well_tuned(answer.posterior, rates.tolist()))
    return Decision(tuple(rest), None) if rest else Decision((), reason)


def _missing(search: CycleSearch, known: Known, max_lr: float) -> list[Cell]:
    """Return the replicates that a max_lr lacks."""
    value = search.grid.index(max_lr)
    return [(value, int(replicate)) for replicate in np.flatnonzero(~known.trained[value])]


def _first(search: CycleSearch) -> list[Cell]:
    """Values spread over the grid, both ends included, with two replicates.

    On a short grid there are few, and one more value tells more than a second replicate: only the
    middle one has two, which ties the replicates to each other.
    """
    count = len(search.grid)
    replicates = min(FIRST_REPLICATES, search.replicates)
    size = max(4, round(1.3 * math.sqrt(count)))
    size = min(count, size, max(2, round(0.6 * search.budget / replicates)))
    if replicates == 1 or count > SHORT_GRID:
        return [(value, each) for each in range(replicates) for value in _spread(count, size)]
    values = _spread(count, min(count, 2 * size - 1))
    return [*((value, 0) for value in values), (values[len(values) // 2], 1)]


def _spread(count: int, size: int) -> list[int]:
    """Return positions of a grid, the first and the last one included."""
    values: list[int] = np.unique(np.round(np.linspace(0, count - 1, size)).astype(int)).tolist()
    return values


def _untried(search: CycleSearch, known: Known) -> list[Cell]:
    return [(value, 0) for value in np.flatnonzero(~known.trained.any(axis=1)).tolist()] or [
        (int(value), int(replicate)) for value, replicate in np.argwhere(~known.trained)
    ]


def _enough(search: CycleSearch, answer: Answer) -> StopReason | None:
    """Why the search may stop, if it may."""
    ends = answer.ends
    if ends.flat >= FLAT:
        return "flat"
    if ends.regret(answer.well_tuned) > search.regret:
        return None
    if search.verdict_for is not None and ends.verdict(search.verdict_for) in ("inside", "outside"):
        return "verdict"
    step = math.log(search.grid[-1] / search.grid[0]) / max(1, len(search.grid) - 1)
    spans = [ends.interval("low"), ends.interval("high")]
    sharp = all(math.log(high / low) <= END_STEPS * step for low, high in spans)
    return "regret and ends" if sharp else None
