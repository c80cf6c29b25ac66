"""Tables of an oracle run whose best rates and ends are known."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

GRID = [float(rate) for rate in np.geomspace(0.01, 0.64, 13)]  # a factor of 1.41


def table(tops: Sequence[float], noise: float = 0.1, replicates: int = 4) -> dict[str, Any]:
    """A table whose accuracy falls by 2 points for each factor of e from the cycle's best rate."""
    random = np.random.default_rng(0)
    cycles = []
    for cycle, top in enumerate(tops):
        effects = random.normal(0, 1, replicates)
        grid = [
            {
                "max_lr": rate,
                "val_accuracy": [
                    float(90 - 2 * math.log(rate / top) ** 2 + effect + random.normal(0, noise))
                    for effect in effects
                ],
                "diverged": False,
            }
            for rate in GRID
        ]
        weights = 100 * 0.5**cycle
        cycles.append(
            {
                "cycle": cycle,
                "weights_remaining": weights,
                "replicates": replicates,
                "grid": grid,
                "plateau": {"verdict": "plateau"},
            }
        )
    return {
        "kind": "oracle",
        "run_id": "known-00000000",
        "tolerance": 0.5,
        "tolerance_kind": "points",
        "replicates": replicates,
        "cycles": cycles,
        "fit": {"rate": 0.5},
    }
