"""Whether the well-tuned max_lr and the ends of the region rise with pruning.

Of each cycle the posterior of the accuracy curve (`oracle.stats.posterior`) gives draws of three
rates: the best one and the region's two ends. A trend is the least-squares slope of log max_lr over
the cycles. It has two 90 % intervals, which err in different ways. One is of the draws, the cycles
taken as independent. The other is over the replicates, which every cycle shares: the jackknife
(Efron and Stein 1981) leaves each of them out of all cycles at once. A rise is significant where
both say so.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from oracle.stats.decisions import INTERVAL
from oracle.stats.region import MaxLrScores, ToleranceKind
from oracle.stats.region_intervals import RegionPosterior, infer_region
from oracle.tables.oracle import OracleTable
from oracle.tables.parts.cycles import OracleCycleRow

Array = NDArray[np.float64]
Direction = Literal["rises", "falls", "not told apart"]
QUANTITIES: Mapping[str, str] = MappingProxyType(
    {"well_tuned": "well-tuned max_lr", "low": "lower end", "high": "upper end"}
)
_PRINTED: Mapping[str, str] = MappingProxyType({"not told apart": "not significant"})
LEAST_REPLICATES = 3  # so that one can be left out
LEAST_CYCLES = 3
_OPEN = 0.05  # chance from which a region may go on beyond the grid


@dataclass(frozen=True)
class CycleDraws:
    """One cycle's rates, drawn from its posterior."""

    cycle: int
    weights_remaining: float  # percent
    logs: Mapping[str, Array]  # natural logarithms of max_lr, by quantity [draws]
    region: RegionPosterior

    def middle(self, quantity: str) -> float:
        """Return the median of a quantity, as a logarithm.

        Args:
            quantity: A key of `QUANTITIES`.

        Returns:
            Natural logarithm of a max_lr.
        """
        return float(np.median(self.logs[quantity]))


def printed(direction: str) -> str:
    """Return a direction as it is printed; JSON keeps the older words for none.

    Args:
        direction: Of a trend or a shift.

    Returns:
        Such as ``rises``, ``higher`` or ``not significant``.
    """
    return _PRINTED.get(direction, direction)


def sign(drawn: tuple[float, float], paired: tuple[float, float] | None) -> int:
    """Return the sign of a quantity as far as its 90 % intervals agree on it.

    Args:
        drawn: Interval by the posterior's draws.
        paired: Interval over the replicates, if there is one.

    Returns:
        1 where all of them lie above 0, -1 where all lie below, else 0.
    """
    intervals = [drawn, *([paired] if paired else [])]
    if all(low > 0 for low, _ in intervals):
        return 1
    return -1 if all(high < 0 for _, high in intervals) else 0


@dataclass(frozen=True)
class Trend:
    """How one quantity changes over the cycles; slopes are of log max_lr, a cycle."""

    quantity: str
    rates: tuple[float, ...]  # its medians, a cycle
    slope: float
    drawn: tuple[float, float]  # 90 % interval of the slope, by the posterior's draws
    paired: tuple[float, float] | None  # over the replicates; None with fewer than 3
    cut: tuple[int, ...]  # cycles in which the region may go on beyond the grid there

    @property
    def direction(self) -> Direction:
        """The direction of the trend, if both intervals agree on it."""
        names: tuple[Direction, ...] = ("not told apart", "rises", "falls")
        return names[sign(self.drawn, self.paired)]


def scores(cycle: OracleCycleRow, without: int | None = None) -> dict[float, MaxLrScores]:
    """Return what was measured in a table's cycle.

    Args:
        cycle: Row of the table.
        without: Index of a replicate to leave out; None: all count.

    Returns:
        Validation accuracies in percent by max_lr; 0 for a replicate that diverged.
    """
    tried = {}
    for each in cycle["grid"]:
        # A diverged replicate's accuracy is 0, or null where the values are a metric's.
        accuracies = [accuracy or 0.0 for accuracy in each["val_accuracy"]]
        others = [accuracy for at, accuracy in enumerate(accuracies) if at != without]
        diverged = each["diverged"] and (0.0 in others or 0.0 not in accuracies)
        if others:
            tried[each["max_lr"]] = MaxLrScores(tuple(others), diverged)
    return tried


def draws(
    cycle: OracleCycleRow, tolerance: float, kind: ToleranceKind, without: int | None = None
) -> CycleDraws | None:
    """Draw the best rate and the region's ends of a table's cycle.

    Args:
        cycle: One of the table's.
        tolerance: Of the region.
        kind: Of the tolerance.
        without: A replicate to leave out.

    Returns:
        None where every max_lr diverged, and with one replicate, which gives no interval.
    """
    region = infer_region(scores(cycle, without), tolerance, kind, seed=cycle["cycle"])
    if region is None or region.ends is None or region.posterior is None:
        return None
    posterior = region.posterior
    tops = np.log(posterior.points)[posterior.curves.argmax(axis=1)]
    logs = {"well_tuned": tops, "low": np.log(region.ends.low), "high": np.log(region.ends.high)}
    return CycleDraws(cycle["cycle"], cycle["weights_remaining"], logs, region)


def slope(cycles: Sequence[float], logs: Array) -> Array:
    """Return least-squares slopes.

    Args:
        cycles: Where the values lie, at least two different ones.
        logs: Values [..., cycle].

    Returns:
        Slopes [...], in units of the values a cycle.
    """
    x = np.asarray(cycles, float) - statistics.fmean(cycles)
    return np.asarray(logs @ x / (x @ x), np.float64)


def jackknife(whole: float, parts: Sequence[float]) -> tuple[float, float]:
    """Return a 90 % interval from values that each leave one replicate out (Efron and Stein 1981).

    Args:
        whole: The value with all replicates.
        parts: With one of them left out, in turn; at least 2.

    Returns:
        Lower and upper end, by Student's t with one degree of freedom fewer than parts.
    """
    from scipy.stats import t  # noqa: PLC0415  # a second, which most commands are spared

    count = len(parts)
    pseudo = [count * whole - (count - 1) * part for part in parts]
    error = statistics.stdev(pseudo) / math.sqrt(count)
    reach = float(t.ppf((1 + INTERVAL) / 2, count - 1)) * error
    return whole - reach, whole + reach


def trends(table: OracleTable) -> tuple[Trend, ...]:
    """Return the trend of each quantity over the cycles of an oracle's table.

    Args:
        table: Of an oracle run.

    Returns:
        One a key of `QUANTITIES`, in their order; () where fewer than 3 cycles have a region with
        intervals.
    """
    settings = (table["tolerance"], table["tolerance_kind"])
    known = [(cycle, draws(cycle, *settings)) for cycle in table["cycles"]]
    pairs = [(cycle, drawn) for cycle, drawn in known if drawn is not None]
    if len(pairs) < LEAST_CYCLES:
        return ()
    replicates = min(cycle["replicates"] for cycle, _ in pairs)
    left: list[list[CycleDraws]] = []
    if replicates >= LEAST_REPLICATES:
        for one in range(replicates):
            parts = [draws(cycle, *settings, without=one) for cycle, _ in pairs]
            left.append([part for part in parts if part is not None])
    by_cycle = [each for _, each in pairs]
    paired = all(len(parts) == len(by_cycle) for parts in left) and bool(left)
    return tuple(_trend(name, by_cycle, left if paired else []) for name in QUANTITIES)


def _trend(name: str, draws: Sequence[CycleDraws], left: Sequence[Sequence[CycleDraws]]) -> Trend:
    cycles = [each.cycle for each in draws]
    shuffled = [  # all cycles draw from the same random numbers; permuting makes them independent
        np.random.default_rng([cycle, 1]).permutation(each.logs[name])
        for cycle, each in zip(cycles, draws, strict=True)
    ]
    slopes = slope(cycles, np.stack(shuffled, axis=1))
    out = (1 - INTERVAL) / 2
    middles = np.array([each.middle(name) for each in draws])
    whole = float(slope(cycles, middles))
    parts = [float(slope(cycles, np.array([each.middle(name) for each in part]))) for part in left]
    side = {"low": "open_low", "high": "open_high"}.get(name)
    cut = [
        each.cycle
        for each in draws
        if side and float(getattr(each.region.ends, side).mean()) > _OPEN
    ]
    return Trend(
        quantity=name,
        rates=tuple(np.exp(middles).tolist()),
        slope=whole,
        drawn=(float(np.quantile(slopes, out)), float(np.quantile(slopes, 1 - out))),
        paired=jackknife(whole, parts) if parts else None,
        cut=tuple(cut),
    )
