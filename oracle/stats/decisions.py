"""What a posterior of a cycle's curve says: the region's ends, verdicts, and the regret."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from oracle.stats.digits import round_digits
from oracle.stats.noise import Array
from oracle.stats.posterior import DRAWS, Cells, CurvePosterior, curve_posterior
from oracle.stats.region import ToleranceKind

VerdictKind = Literal["inside", "outside", "undecided", "unknown"]

SURE = 0.95  # a verdict is given where its chance of being wrong is at most 1 - SURE
# Of the drawn maxima' excess, what is taken off:
EXCESS = 0.5  # set on `SETTING` families and the runs of `setting-runs`
INTERVAL = 0.9  # of the draws of an end lie in its interval
DIGITS = 6  # of what is returned; the libraries of linear algebra differ in the last of 16
SLACK = 1e-9  # relative; a value of the grid is on the grid, whatever rounding says
FLAT = SURE  # chance that the whole grid is feasible, above which no max_lr is better than another


@dataclass(frozen=True)
class Ends:
    """Draws of the feasible region and what is read off them. Learning rates."""

    low: Array  # by draw; the lowest drawn max_lr where the region touches it
    high: Array
    open_low: Array  # by draw: whether the region reaches the end of the grid
    open_high: Array
    points: Array
    feasible: Array  # chance by point that the expected accuracy is within the tolerance
    regrets: Array = field(repr=False)  # by point: expected points below the best, 0 or more
    flat: float  # chance that the whole grid is feasible; the prior of a constant is 1/2

    def interval(self, end: Literal["low", "high"]) -> tuple[float, float]:
        """Return the central 90 % interval of an end of the region.

        Args:
            end: Which end.

        Returns:
            Its 5 % and 95 % quantiles over the draws, learning rates rounded to `DIGITS` digits.
        """
        out = (1 - INTERVAL) / 2
        first, last = self._quantile(end, out), self._quantile(end, 1 - out)
        return first, last

    def median(self, end: Literal["low", "high"]) -> float:
        """Return the median of an end of the region.

        Args:
            end: Which end.

        Returns:
            A learning rate, rounded to `DIGITS` digits.
        """
        return self._quantile(end, 0.5)

    def _quantile(self, end: Literal["low", "high"], share: float) -> float:
        """Round a quantile to `DIGITS`, so that the last bits of linear algebra do not show."""
        drawn = np.log(self.low if end == "low" else self.high)
        return round_digits(math.exp(float(np.quantile(drawn, share))), DIGITS)

    def chance(self, max_lr: float) -> float | None:
        """Return how likely a max_lr lies in the region [low, high].

        Args:
            max_lr: Any learning rate, tried or not, on the grid or beyond its ends.

        Returns:
            The share of the draws whose region holds it, in [0, 1]. Beyond an end of the grid: 0,
            or None where the region reaches that end with a chance above 1 - `SURE`, since it may
            go on there.
        """
        above, below = max_lr * (1 + SLACK), max_lr * (1 - SLACK)
        if above < self.points[0]:
            return None if self.open_low.mean() > 1 - SURE else 0.0
        if below > self.points[-1]:
            return None if self.open_high.mean() > 1 - SURE else 0.0
        return float(np.mean((self.low <= above) & (below <= self.high)))

    def verdict(self, max_lr: float) -> VerdictKind:
        """Return whether a max_lr lies in the region of the expected accuracy.

        Args:
            max_lr: Any learning rate, tried or not.

        Returns:
            `inside` where :meth:`chance` is at least `SURE`, `outside` where it is at most
            1 - `SURE`, `undecided` in between, `unknown` where it is None.
        """
        chance = self.chance(max_lr)
        if chance is None:
            return "unknown"
        if chance >= SURE:
            return "inside"
        return "outside" if chance <= 1 - SURE else "undecided"

    def regret(self, max_lr: float) -> float:
        """Return the regret of a max_lr: how far below the best of the curve it is expected to lie.

        Args:
            max_lr: A value of the grid.

        Returns:
            Points of accuracy.
        """
        return round(float(np.interp(np.log(max_lr), np.log(self.points), self.regrets)), DIGITS)

    def parts(self) -> list[tuple[float, float]]:
        """Return the stretches that are likelier feasible than not.

        Returns:
            (lowest, highest) learning rate of each, rising; two or more where a valley parts them.
        """
        inside = np.concatenate([[False], self.feasible >= 0.5, [False]])
        edges = np.flatnonzero(np.diff(inside.astype(int)))
        return [(self._rate(first), self._rate(last - 1)) for first, last in edges.reshape(-1, 2)]

    def _rate(self, index: int) -> float:
        return round_digits(float(self.points[index]), DIGITS)


def draw_ends(posterior: CurvePosterior, tolerance: float, kind: ToleranceKind) -> Ends:
    """Find the region of every drawn curve; its ends may lie between values that were tried.

    The best that it is held against is the best value of the grid: what a curve may reach between
    two of them nobody can have.

    Args:
        posterior: Of the cycle's curve.
        tolerance: In points, or in percent of the best.
        kind: Of the tolerance.

    Returns:
        The ends of every draw, the chance to be feasible and the expected regret by point.
    """
    curves, logs = posterior.curves, np.log(posterior.points)
    best = curves[:, posterior.on_grid].max(axis=1)
    excess = best.mean() - posterior.mean[posterior.on_grid].max()
    tops = best - EXCESS * excess
    allowed = tolerance if kind == "points" else np.abs(tops) * tolerance / 100
    above = curves - (tops - allowed)[:, None]
    members = above >= 0
    last_point = len(logs) - 1
    first = members.argmax(axis=1)
    last = last_point - members[:, ::-1].argmax(axis=1)
    all_feasible = float(members.all(axis=1).mean())
    lows = _crossing(above, logs, first, np.maximum(first - 1, 0))
    highs = _crossing(above, logs, last, np.minimum(last + 1, last_point))
    return Ends(
        low=np.exp(lows),
        high=np.exp(highs),
        open_low=first == 0,
        open_high=last == last_point,
        points=posterior.points,
        feasible=members.mean(axis=0),
        regrets=np.maximum(0.0, best.mean() - posterior.mean),
        flat=round(posterior.constant + (1 - posterior.constant) * all_feasible, DIGITS),
    )


def infer_ends(
    cells: Cells,
    allowed: float,
    tolerance: float,
    kind: ToleranceKind,
    grid: Sequence[float],
    *,
    floor: float,
    seed: int,
    sparse: bool,
    draws: int = DRAWS,
) -> tuple[CurvePosterior, Ends]:
    """Draw the curve behind the cells of a cycle, and find the region of every drawn curve.

    Args:
        cells: At least one that did not diverge.
        allowed: The tolerance in points of accuracy.
        tolerance: In points, or in percent of the best.
        kind: Of the tolerance.
        grid: max_lr, tried or not.
        floor: The least standard deviation of one replicate's noise, in points.
        seed: Of the random numbers.
        sparse: Whether cells are missing.
        draws: Number of curves.

    Returns:
        The posterior and its ends.
    """
    posterior = curve_posterior(cells, allowed, grid, floor, seed, draws, sparse)
    return posterior, draw_ends(posterior, tolerance, kind)


def well_tuned(posterior: CurvePosterior, rates: Sequence[float]) -> float:
    """Return of some max_lr the one with the best posterior mean.

    Args:
        posterior: Of the cycle's curve.
        rates: Learning rates to choose from, rising, one at least.

    Returns:
        One of `rates`; of those equal within 1e-6 points the lowest.
    """
    means = np.round(np.interp(np.log(rates), np.log(posterior.points), posterior.mean), 6)
    return float(rates[int(np.argmax(means))])


def _crossing(above: Array, logs: Array, inner: Array, outer: Array) -> Array:
    """Where each curve crosses its threshold between two neighbouring points, as a log max_lr."""
    draws = np.arange(len(above))
    high, low = above[draws, inner], above[draws, outer]
    share = np.where(inner == outer, 0.0, high / np.maximum(high - low, 1e-12))
    crossed: Array = logs[inner] + np.clip(share, 0, 1) * (logs[outer] - logs[inner])
    return crossed
