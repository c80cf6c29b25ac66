"""A table of the paper's size, 26 pruning cycles and 60 learning rates. Nothing in it was trained.

Every accuracy is a made-up curve over log max_lr plus made-up noise: a maximum that rises in an S
over the cycles, on a plateau that narrows. Regions and intervals follow from the same curve.
"""

from __future__ import annotations

import math
import random
import statistics
from typing import Any

from oracle.stats.region import MaxLrScores, feasible_region

CYCLES, RATES, REPLICATES = 26, 60, 3
_TOLERANCE, _NOISE, _SEED = 0.5, 0.25, 7
_LOW, _HIGH = 0.004, 1.0


def rates(count: int = RATES) -> list[float]:
    """The grid: logarithmic from 0.004 to 1."""
    step = math.log(_HIGH / _LOW) / (count - 1)
    return [float(f"{_LOW * math.exp(step * index):.4g}") for index in range(count)]


def made_up_table(cycles: int = CYCLES, count: int = RATES) -> dict[str, Any]:
    """An oracle run's table of so many pruning cycles after the unpruned network."""
    noise = random.Random(_SEED)
    return {
        "kind": "oracle",
        "study": "made-up accuracies (synthetic)",
        "run_id": "synthetic-00000000",
        "shrunk": {},
        "replicates": REPLICATES,
        "complete": True,
        "tolerance": _TOLERANCE,
        "tolerance_kind": "points",
        "search": "grid",
        "cycles": [_cycle(cycle, cycles, rates(count), noise) for cycle in range(cycles + 1)],
        "paper_table": None,
        "cost": {
            name: {"trainings": 0, "steps": 0, "seconds": 0.0} for name in ("oracle", "s_cyc")
        },
        "beam": None,
        "rivals": [],
        "fit": None,
    }


def _s_cyc(cycle: int, cycles: int) -> float:
    return 0.04 + 0.16 / (1 + math.exp(-(cycle - 0.45 * cycles) / (0.07 * cycles)))


def _cycle(cycle: int, cycles: int, grid: list[float], noise: random.Random) -> dict[str, Any]:
    best, width = 1.15 * _s_cyc(cycle, cycles), 1.3 - 0.6 * cycle / cycles
    top = 94.0 - 4.0 * (cycle / cycles) ** 2
    entries, tried = [], {}
    for rate in grid:
        away = abs(math.log(rate / best)) / width
        diverged = rate > 0.9
        mean = top - (0.5 * away**3 if rate < best else 0.8 * away**3.2)
        values = [0.0 if diverged else mean + noise.gauss(0.0, _NOISE) for _ in range(REPLICATES)]
        entries.append(
            {"max_lr": rate, "val_accuracy": values, "test_accuracy": values, "diverged": diverged}
        )
        tried[rate] = MaxLrScores(tuple(values), diverged)
    region = feasible_region(tried, _TOLERANCE, "points")
    assert region is not None
    low, high = best * math.exp(-width), best * math.exp(width * (0.5 / 0.8) ** (1 / 3.2))
    spread = 0.1 + 0.15 * cycle / cycles
    s_cyc = _s_cyc(cycle, cycles)
    return {
        "cycle": cycle,
        "weights_remaining": 100 * 0.8**cycle,
        "replicates": REPLICATES,
        "grid": entries,
        "well_tuned": region.well_tuned,
        "feasible": {
            "low": region.low,
            "high": region.high,
            "cut_low": region.touches_low,
            "cut_high": region.touches_high,
            "contiguous": region.contiguous,
            "members": list(region.members),
        },
        "evidence": {
            "paired": [],
            "low": {"low": low * math.exp(-spread), "high": low * math.exp(spread), "beyond": 0.0},
            "high": {
                "low": high * math.exp(-spread),
                "high": high * math.exp(spread),
                "beyond": 0.0,
            },
            "best_again": statistics.fmean([top - 0.1, top]),
            "estimated": {
                "well_tuned": best,
                "low": low,
                "high": high,
                "parts": [[low, high]],
                "regret": 0.05,
                "flat": 0.0,
                "noise": _NOISE,
                "noise_floor": None,
            },
            "s_cyc": {
                "verdict": "inside" if low < s_cyc < high else "outside",
                "chance": 0.97 if low < s_cyc < high else 0.02,
                "more": 0,
            },
        },
        "s_cyc": {
            "max_lr": s_cyc,
            "inside": region.low <= s_cyc <= region.high,
            "val_accuracy": None,
            "test_accuracy": None,
            "diverged": None,
        },
        "paper": None,
    }
