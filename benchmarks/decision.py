"""CPU time of one decision of the adaptive search: which cells to train next.

    python benchmarks/decision.py [--values N] [--replicates N] [--rounds N] [--json]

Each round is one cycle of known accuracies whose last replicate is open, another table each time,
since a decision is kept. The threads of the linear algebra are limited to one.
"""

from __future__ import annotations

import json
import statistics
import time

import click
import numpy as np
from threadpoolctl import threadpool_limits

from oracle.search.selection.cycle_answer import CycleSearch, Known
from oracle.search.selection.next_cells import next_cells

RULES = ("information", "knowledge gradient")  # both of `search: {name: adaptive}`


def decide(rule: str, values: int, replicates: int, seed: int) -> float:
    """Return the seconds of CPU that one decision takes."""
    rng = np.random.default_rng(seed)
    grid = tuple(np.geomspace(0.005, 0.5, values).tolist())
    means = 90 - 10 * (np.linspace(0, 1, values) - 0.5) ** 2
    table = means[:, None] + rng.normal(0, 0.5, (values, replicates))
    diverged = np.zeros((values, replicates))
    table[:, -1], diverged[:, -1] = np.nan, np.nan
    search = CycleSearch(grid, replicates, 0.5, values * replicates, 8)
    started = time.process_time()
    decision = next_cells(search, Known(table, diverged), rule)
    spent = time.process_time() - started
    assert decision.cells
    return spent


@click.command(help=__doc__)
@click.option("--values", default=60, help="Learning rates of the grid.")
@click.option("--replicates", default=12)
@click.option("--rounds", default=20)
@click.option("--json", "as_json", is_flag=True)
def main(values: int, replicates: int, rounds: int, as_json: bool) -> None:
    """Measure each rule in turn, round by round."""
    times: dict[str, list[float]] = {rule: [] for rule in RULES}
    with threadpool_limits(1):
        for rule in RULES:
            decide(rule, values, replicates, rounds)  # imports and first calls
        for seed in range(rounds):
            for rule in RULES:
                times[rule].append(decide(rule, values, replicates, seed))
    answer = {
        rule: {"median_ms": 1000 * statistics.median(spent), "least_ms": 1000 * min(spent)}
        for rule, spent in times.items()
    }
    if as_json:
        click.echo(json.dumps({"values": values, "replicates": replicates, "rules": answer}))
        return
    for rule, took in answer.items():
        click.echo(f"{rule:20} {took['median_ms']:6.1f} ms of CPU, least {took['least_ms']:.1f}")


if __name__ == "__main__":
    main()
