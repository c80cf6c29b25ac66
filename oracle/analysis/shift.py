"""How far the regions of one oracle run lie from those of another, over their pruned cycles.

Each quantity's shift is the mean, over the pruning cycles that both tables have, of the log ratio
of its posterior medians. It has the two 90 % intervals of a trend (`oracle.analysis.trend`): by the
draws, cycles and runs taken as independent, and by the replicates, each left out of all cycles and
of both runs at once, which pairs the runs where their replicates have the same seeds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from oracle.analysis import trend
from oracle.errors import SettingProblem
from oracle.stats.decisions import INTERVAL
from oracle.tables.oracle import OracleTable
from scyc.errors import BadInput
from scyc.json_types import JsonObject

Direction = Literal["higher", "lower", "not told apart"]
_PEAKS_DIFFER = 0.01  # of max_lr


@dataclass(frozen=True)
class Shift:
    """How far one quantity lies from that of another run; values are of log max_lr."""

    quantity: str
    by_cycle: tuple[float, ...]
    mean: float
    drawn: tuple[float, float]  # 90 % interval of the mean, by the posteriors' draws
    paired: tuple[float, float] | None  # over the replicates; None with fewer than 3

    @property
    def direction(self) -> Direction:
        """Which way it lies, where both intervals say so."""
        names: tuple[Direction, ...] = ("not told apart", "higher", "lower")
        return names[trend.sign(self.drawn, self.paired)]


@dataclass(frozen=True)
class Comparison:
    """One run's regions against another's."""

    name: str
    base: str
    cycles: tuple[int, ...]
    replicates: int
    peaks: tuple[float, float]  # highest rates that are reached, shares of max_lr; the base's last
    shifts: tuple[Shift, ...]


def compare(table: OracleTable, base: OracleTable) -> Comparison:
    """Return how far the regions of a table lie from those of another.

    Args:
        table: Of an oracle run, as JSON values.
        base: Likewise; what it is compared with.

    Returns:
        Ratios of the regions, cycle by cycle and over all, as natural logarithms.

    Raises:
        BadInput: They have no pruned cycle in common whose region has intervals.
    """
    pairs = _pairs(table, base, None)
    if not pairs:
        rule = f"has no pruned cycle with 2 replicates or more in common with {base['run_id']}"
        raise BadInput("run", [SettingProblem("run", rule, table["run_id"])])
    replicates = min(table["replicates"], base["replicates"])
    left: list[list[tuple[trend.CycleDraws, trend.CycleDraws]]] = []
    if replicates >= trend.LEAST_REPLICATES:
        left = [_pairs(table, base, one) for one in range(replicates)]
    whole = all(len(each) == len(pairs) for each in left)
    return Comparison(
        table["run_id"],
        base["run_id"],
        tuple(each.cycle for each, _ in pairs),
        replicates,
        (table.get("peak", 1.0), base.get("peak", 1.0)),
        tuple(_shift(name, pairs, left if whole else []) for name in trend.QUANTITIES),
    )


def _pairs(
    table: OracleTable, base: OracleTable, without: int | None
) -> list[tuple[trend.CycleDraws, trend.CycleDraws]]:
    """Pair the draws of the pruned cycles that both have."""
    others = {cycle["cycle"]: cycle for cycle in base["cycles"]}
    pairs = []
    for cycle in table["cycles"]:
        if cycle["cycle"] == 0 or cycle["cycle"] not in others:
            continue
        one = trend.draws(cycle, table["tolerance"], table["tolerance_kind"], without)
        other = trend.draws(
            others[cycle["cycle"]], base["tolerance"], base["tolerance_kind"], without
        )
        if one is not None and other is not None:
            pairs.append((one, other))
    return pairs


def _shift(
    name: str,
    pairs: list[tuple[trend.CycleDraws, trend.CycleDraws]],
    left: list[list[tuple[trend.CycleDraws, trend.CycleDraws]]],
) -> Shift:
    drawn = np.zeros(len(pairs[0][0].logs[name]))
    for one, other in pairs:
        # All draws come from the same random numbers; their order must not.
        first, second = (np.random.default_rng([one.cycle, each]) for each in (1, 2))
        drawn += first.permutation(one.logs[name]) - second.permutation(other.logs[name])
    drawn /= len(pairs)
    by_cycle = [one.middle(name) - other.middle(name) for one, other in pairs]
    mean = float(np.mean(by_cycle))
    parts = [float(np.mean([a.middle(name) - b.middle(name) for a, b in part])) for part in left]
    out = (1 - INTERVAL) / 2
    return Shift(
        name,
        tuple(by_cycle),
        mean,
        (float(np.quantile(drawn, out)), float(np.quantile(drawn, 1 - out))),
        trend.jackknife(mean, parts) if parts else None,
    )


def text(comparison: Comparison) -> str:
    """Format the finding for a terminal.

    Args:
        comparison: The shift.

    Returns:
        Lines with an end; factors with 90 % intervals.
    """
    first, last = comparison.cycles[0], comparison.cycles[-1]
    lines = [
        f"{comparison.name} against {comparison.base}: cycles {first} to {last}, "
        f"{comparison.replicates} replicates",
        f"  {'':<19}{'factor':<9}{'90 % by draws':<18}{'90 % by replicates':<20}",
    ]
    for each in comparison.shifts:
        paired = "-" if each.paired is None else _interval(each.paired)
        lines.append(
            f"  {trend.QUANTITIES[each.quantity]:<19}{math.exp(each.mean):<9.3f}"
            f"{_interval(each.drawn):<18}{paired:<20}{trend.printed(each.direction)}"
        )
    own, other = comparison.peaks
    if abs(own - other) > _PEAKS_DIFFER:
        lines.append(
            f"  Its training runs reach {100 * own:.1f} % of max_lr, the other's {100 * other:.1f} "
            f"%: in rates that are reached, each factor is {own / other:.3f} times as large."
        )
    return "\n".join(lines) + "\n"


def as_json(comparison: Comparison) -> JsonObject:
    """Convert the finding to JSON values.

    Args:
        comparison: The shift, of the natural logarithm of max_lr.

    Returns:
        Keys as :class:`Comparison`; `mean` and intervals are natural logarithms of factors.
    """
    return {
        "run_id": comparison.name,
        "against": comparison.base,
        "cycles": list(comparison.cycles),
        "replicates": comparison.replicates,
        "peak": comparison.peaks[0],
        "peak_against": comparison.peaks[1],
        "shifts": [
            {
                "quantity": each.quantity,
                "by_cycle": list(each.by_cycle),
                "mean": each.mean,
                "by_draws": list(each.drawn),
                "by_replicates": list(each.paired) if each.paired else None,
                "direction": each.direction,
            }
            for each in comparison.shifts
        ],
    }


def _interval(logs: tuple[float, float]) -> str:
    return "[" + ", ".join(f"{math.exp(value):.3f}" for value in logs) + "]"
