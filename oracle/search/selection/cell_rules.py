"""Rules by which the next (max_lr, replicate) of a cycle are chosen, read off the posterior.

As long as the best max_lr is not known within the bound of the regret: the cells that are expected
to raise the best posterior mean most, the knowledge gradient (Frazier et al. 2009). From then on:
those that tell most about both ends of the region, by the share of a target's variance that they
explain. A cell tells of its max_lr as far as the effect of its replicate is known
(`oracle.search.selection.joint`). After each choice the covariances are those that its result would
leave, so that a batch does not ask twice. The other rules are there to be compared.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from oracle.search.selection.cycle_answer import Answer, Cell, CycleSearch, Known
from oracle.search.selection.joint import noise_variance, with_effects
from oracle.stats.noise import Array

BEST_WEIGHT = 5.0  # of the best max_lr, relative to each end; set on `SETTING` families
NODES = 15  # of the quadrature over what a cell's result may be

Rule = Callable[[CycleSearch, Known, Answer, int], list[Cell]]


def _information(search: CycleSearch, known: Known, answer: Answer, count: int) -> list[Cell]:
    """Choose cells that explain most of the variance of the best max_lr and of both ends."""
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
    size = len(search.grid)

    def gains(moves: Array) -> Array:
        gain: Array = (moves[size:].T ** 2) @ worth
        return gain

    return _one_by_one(search, known, answer, covariance, gains, count)


def _knowledge_gradient(
    search: CycleSearch, known: Known, answer: Answer, count: int
) -> list[Cell]:
    """Choose cells whose results are expected to raise the best posterior mean most."""
    drawn = answer.posterior.at(search.grid)
    mean = drawn.mean(axis=0)
    curves = drawn - mean
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    weights = weights / weights.sum()

    covariance, top = curves.T @ curves / len(curves), int(np.argmax(mean))
    spread = np.diag(covariance) + covariance[top, top] - 2 * covariance[top]
    # no result of `nodes` brings the others above the best: the same gains in less time
    near = mean[top] - mean <= nodes[-1] * np.sqrt(np.maximum(spread, 0.0)) + 1e-9

    def gains(moves: Array) -> Array:
        tops = [(mean[near, None] + moves[near] * node).max(axis=0) for node in nodes]
        raised: Array = np.stack(tops, axis=1) @ weights - mean[top]
        return raised

    return _one_by_one(search, known, answer, covariance, gains, count)


def _best_first(search: CycleSearch, known: Known, answer: Answer, count: int) -> list[Cell]:
    """Choose for the best max_lr until it is known well enough, then for the region's ends.

    Of the rules that were compared this one had the least regret, with ends as good: a target's
    variance, which `_information` explains, counts max_lr that are far apart and equally good.
    """
    known_well = answer.ends.regret(answer.well_tuned) <= search.regret
    rule = _information if known_well else _knowledge_gradient
    return rule(search, known, answer, count)


def _one_by_one(
    search: CycleSearch,
    known: Known,
    answer: Answer,
    covariance: Array,
    gains: Callable[[Array], Array],
    count: int,
) -> list[Cell]:
    """Choose the cells of the highest gains, one after another.

    Args:
        search: the cycle's.
        known: what was trained.
        answer: what is known by that.
        covariance: of the curve at the grid's values, then of the other requested values.
        gains: of one more replicate of each value, given how much its result moves the means of
            all that `covariance` is of, by its standard deviation: (queried, grid).
        count: cells to choose, at most.
    """
    values, queried = np.arange(len(search.grid)), len(covariance)
    noise = noise_variance(answer)
    joint = with_effects(covariance, known, noise)
    given = known.trained.sum(axis=1)
    chosen: list[Cell] = []
    for _ in range(count):
        effects = queried + np.minimum(given, search.replicates - 1)  # of the next replicates
        columns = joint[:, values] + joint[:, effects]
        variance = columns[values, values] + columns[effects, values] + noise
        worth = np.round(gains(columns[:queried] / np.sqrt(variance)), 9)
        worth = np.where(answer.deep, 0.0, worth)  # it would tell of its replicate's effect alone
        worth = np.where(given < search.replicates, worth, -1.0)
        value = int(np.argmax(worth))
        if worth[value] < 0:
            break
        column = columns[:, value]
        joint = joint - np.outer(column, column) / variance[value]
        chosen.append((value, _free(known, chosen, value)))
        given = given.copy()
        given[value] += 1
    return chosen


def _straddle(search: CycleSearch, known: Known, answer: Answer, count: int) -> list[Cell]:
    """Choose the cells most uncertain about the threshold (Bryan et al. 2005), or the best."""
    curves = answer.posterior.at(search.grid)
    top = curves.max(axis=1).mean()
    mean, spread = curves.mean(axis=0), curves.std(axis=0)
    doubt = np.maximum(1.96 * spread - np.abs(mean - (top - search.tolerance)), 0)
    return _highest(search, known, doubt + np.maximum(mean + 1.96 * spread - top, 0), count)


def _racing(search: CycleSearch, known: Known, answer: Answer, count: int) -> list[Cell]:
    """Choose the values likeliest feasible, as long as they have replicates left."""
    chance = np.interp(np.log(search.grid), np.log(answer.ends.points), answer.ends.feasible)
    return _highest(search, known, chance / (1 + known.trained.sum(axis=1)), count)


def _spread(search: CycleSearch, known: Known, answer: Answer, count: int) -> list[Cell]:
    """Every k-th value with all replicates, whatever the results: what a coarser grid costs."""
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
    """Return the first replicate of a value that is neither trained nor chosen."""
    taken = {replicate for other, replicate in chosen if other == value}
    free = [int(r) for r in np.flatnonzero(~known.trained[value]) if int(r) not in taken]
    return free[0]


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "adaptive": _best_first,
        "information": _information,
        "knowledge gradient": _knowledge_gradient,
        "straddle": _straddle,
        "racing": _racing,
        "coarser grid": _spread,
    }
)
