"""Accuracy curves of recorded runs as families for the benchmarks, one a run: `RECORDED`.

The posterior mean of a cycle's whole grid counts as its true curve; a case draws one cycle, and
replicates of it are simulated as for the other families. Points of accuracy are scaled so that the
run's tolerance is `TOLERANCE`. What diverged is part of the mean. Runs in the order of their names:
those at even positions are for setting constants, those at odd ones for judging.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from cycle_families import FAMILIES, JUDGING, SETTING, TOLERANCE, Array, Curve, Rng, never
from recorded_verdicts import lost_cells

from oracle.stats.posterior import Cells, curve_posterior

RESULTS = Path(__file__).parent.parent / "docs" / "results"
LEAST_VALUES = 6  # of a grid whose curve is used
LEAST_CYCLES = 3  # of a run


def _cycles(table: dict[str, Any]) -> list[dict[str, Any]]:
    """List the cycles whose curve can be read: whole grids of several values and replicates."""
    if table.get("search", "grid") != "grid" or table.get("tolerance_kind", "points") != "points":
        return []
    cycles = [each for each in table["cycles"] if len(each.get("grid") or ()) >= LEAST_VALUES]
    return [each for each in cycles if len(each["grid"][0]["val_accuracy"]) > 1]


def _curve(cycle: dict[str, Any], tolerance: float) -> tuple[Array, Array]:
    """Return log max_lr and the expected accuracy there."""
    rows = cycle["grid"]
    accuracies = np.array([row["val_accuracy"] for row in rows], float)
    lost = lost_cells(rows, accuracies)
    rates = np.array([row["max_lr"] for row in rows])
    cells = Cells(rates, np.where(lost, np.nan, accuracies), lost.astype(float))
    posterior = curve_posterior(cells, tolerance, rates.tolist())
    return np.log(posterior.points), posterior.mean * TOLERANCE / tolerance


def _family(table: dict[str, Any], rng: Rng) -> tuple[Curve, Curve]:
    """Draw a cycle of a run, over the range of all its grids."""
    cycles = _cycles(table)
    ends = [np.log([row["max_lr"] for row in each["grid"]]) for each in cycles]
    low, high = min(each.min() for each in ends), max(each.max() for each in ends)
    logs, values = _curve(cycles[int(rng.integers(len(cycles)))], table["tolerance"])
    return lambda at: np.interp(at, (logs - low) / (high - low), values), never


def _families() -> dict[str, Callable[[Rng], tuple[Curve, Curve]]]:
    families = {}
    for file in sorted(RESULTS.glob("*.json")):
        table = json.loads(file.read_text("utf-8"))
        if isinstance(table, dict) and "cycles" in table and len(_cycles(table)) >= LEAST_CYCLES:
            families[file.stem] = partial(_family, table)
    return families


RECORDED: Mapping[str, Callable[[Rng], tuple[Curve, Curve]]] = MappingProxyType(_families())
SETTING_RUNS = tuple(RECORDED)[0::2]
JUDGING_RUNS = tuple(RECORDED)[1::2]

HALVES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "setting": SETTING,
        "judging": JUDGING,
        "all": tuple(FAMILIES),
        "setting-runs": SETTING_RUNS,
        "judging-runs": JUDGING_RUNS,
    }
)
EVERY = MappingProxyType({**FAMILIES, **RECORDED})
