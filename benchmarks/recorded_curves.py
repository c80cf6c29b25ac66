"""Accuracy curves of recorded runs as families for the benchmarks, one a run.

The posterior mean of a cycle's whole grid, without a prior of its height, counts as its true curve;
a case draws one cycle, and replicates of it are simulated as for the other families. Points of
accuracy are scaled so that the run's tolerance is `TOLERANCE`. What diverged is part of the mean.
Runs in the order of their names: those at even positions are for setting constants, those at odd
ones for judging.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from cycle_families import (
    FAMILIES,
    JUDGING,
    SETTING,
    TOLERANCE,
    Array,
    Curve,
    Family,
    Rng,
    never,
)

from oracle.analysis.trend import scores
from oracle.stats.posterior import curve_posterior
from oracle.stats.region_intervals import observed_cells

RESULTS = Path(__file__).parent.parent / "docs" / "results"
HALVES = ("setting", "judging", "all", "setting-runs", "judging-runs")
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
    cells = observed_cells(scores(cycle))
    posterior = curve_posterior(cells, tolerance, cells.rates.tolist(), height=0.0)
    return np.log(posterior.points), posterior.mean * TOLERANCE / tolerance


def _family(table: dict[str, Any], rng: Rng) -> tuple[Curve, Curve]:
    """Draw a cycle of a run, over the range of all its grids."""
    cycles = _cycles(table)
    ends = [np.log([row["max_lr"] for row in each["grid"]]) for each in cycles]
    low, high = min(each.min() for each in ends), max(each.max() for each in ends)
    logs, values = _curve(cycles[int(rng.integers(len(cycles)))], table["tolerance"])
    return lambda at: np.interp(at, (logs - low) / (high - low), values), never


@cache
def recorded_families() -> Mapping[str, Family]:
    """Return a family for each run in `RESULTS` whose grids are whole, by name."""
    families = {}
    for file in sorted(RESULTS.glob("*.json")):
        table = json.loads(file.read_text("utf-8"))
        if isinstance(table, dict) and "cycles" in table and len(_cycles(table)) >= LEAST_CYCLES:
            families[file.stem] = partial(_family, table)
    return MappingProxyType(families)


def families_of(half: str) -> Mapping[str, Family]:
    """Return the families of one of `HALVES`, by name."""
    if half.endswith("-runs"):
        runs = recorded_families()
        return {name: runs[name] for name in tuple(runs)[half == "judging-runs" :: 2]}
    names = {"setting": SETTING, "judging": JUDGING, "all": tuple(FAMILIES)}[half]
    return {name: FAMILIES[name] for name in names}
