"""The noise of a replicate in recorded runs, in tolerances, on which the prior of noise rests.

    python benchmarks/recorded_noise.py [TABLE ...] [--json]

TABLE is a file from `oracle table RUN --format json`; by default those in docs/results. For each
cycle of the oracle with two replicates or more, the noise near the best over the tolerance; for
each table the median over its cycles; then, over tables, the median and the standard deviation of
the logarithm.
"""

from __future__ import annotations

import json
import math
import statistics
from pathlib import Path
from typing import Any

import click
import numpy as np

from oracle.stats.noise import estimate_noise
from oracle.stats.region import points

RESULTS = Path(__file__).parent.parent / "docs" / "results"
LEAST_VALUES = 3  # max_lr of which no replicate diverged


def noises(table: dict[str, Any]) -> list[float]:
    """Return the noise of one replicate near the best, in tolerances, cycle by cycle."""
    found = []
    for cycle in table.get("cycles") or ():
        rows = [row for row in cycle.get("grid") or () if not row["diverged"]]
        most = max((len(row["val_accuracy"]) for row in rows), default=0)
        whole = [row for row in rows if len(row["val_accuracy"]) == most]
        if most < 2 or len(whole) < LEAST_VALUES:
            continue
        accuracies = np.array([row["val_accuracy"] for row in whole])
        logs = np.log([row["max_lr"] for row in whole])
        noise = estimate_noise(accuracies, (logs - logs[0]) / (logs[-1] - logs[0]))
        best = float(accuracies.mean(axis=1).max())
        found.append(noise.near_best / points(table["tolerance"], table["tolerance_kind"], best))
    return found


@click.command(help=__doc__)
@click.argument("tables", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True)
def main(tables: tuple[Path, ...], as_json: bool) -> None:
    """Print a line for each table, and one for all."""
    medians = {}
    for path in tables or sorted(RESULTS.glob("*.json")):
        table = json.loads(path.read_text())
        if isinstance(table, dict) and table.get("kind") == "oracle" and (found := noises(table)):
            medians[path.stem] = statistics.median(found)
    logs = [math.log(each) for each in medians.values()]
    together = {"median": math.exp(statistics.median(logs)), "std_of_log": statistics.pstdev(logs)}
    if as_json:
        click.echo(json.dumps({"tables": medians, **together}))
        return
    for name, median in medians.items():
        click.echo(f"{name:<32}{median:6.2f}")
    click.echo(f"{len(medians)} tables: median {together['median']:.2f} tolerances, ", nl=False)
    click.echo(f"standard deviation of the logarithm {together['std_of_log']:.2f}")


if __name__ == "__main__":
    main()
