"""Whether the adaptive search knows when it may end, on known curves.

    python benchmarks/stopping.py [--cases N] [--half HALF] [--json]

A case is one cycle of `benchmarks/cycle_families.py` with 10, 20 or 40 learning rates, searched
until its budget is spent. Before each round the regret that the posterior expects is compared with
the true one. Then it is computed what ending earlier would have saved and cost, where the expected
regret is at most `REGRET` and the 90 % intervals of both ends are at most so many steps wide.
"""

from __future__ import annotations

import itertools
import json
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import click
import numpy as np
from adaptive_cells import BATCH, BUDGETS
from cycle_families import HIGH, LOW, TOLERANCE, Case, case
from recorded_curves import HALVES, families_of

from oracle.search.selection.cycle_answer import CycleSearch, Known, infer_cycle
from oracle.search.selection.next_cells import budget_cells, next_cells
from oracle.stats.decisions import Ends

COUNTS = (10, 20, 40)
REPLICATES = (3, 5, 8)
REGRET = 0.1  # points
STEPS = (1.0, 2.0, 3.0, 5.0, math.inf)
BINS = (0.0, 0.03, 0.06, 0.1, 0.2, 0.5, math.inf)  # points of expected regret
MOST = 2.0  # points that a regret counts


@dataclass(frozen=True)
class Moment:
    """What a search knew before one of its rounds, or at its end."""

    spent: float  # share of the budget
    expected: float  # regret, points
    true: float
    width: float  # of the wider interval of both ends, steps
    error: float  # mean of both ends, steps


def moments(given: Case) -> list[Moment]:
    """Return what a search knew before each round but the first, and at its end."""
    count, replicates = given.table.shape
    budget = budget_cells(count, replicates, BUDGETS[count])
    search = CycleSearch(tuple(given.rates.tolist()), replicates, TOLERANCE, budget, BATCH)
    table, diverged = np.full((count, replicates), np.nan), np.full((count, replicates), np.nan)
    best, *truth = given.truth()
    found: list[Moment] = []
    while True:
        known = Known(table, diverged)
        decision = next_cells(search, known)
        if known.trained.any() and not np.isnan(table).all():
            answer = infer_cycle(search, known)
            last = not decision.cells and answer.complete is not None
            named = answer.complete if last else answer.well_tuned
            assert named is not None
            loss = best - float(given.expected(np.array([_place(named)]))[0])
            width, error = _ends(answer.ends, truth, count - 1)
            spent = float(known.trained.sum()) / budget
            found.append(Moment(spent, answer.ends.regret(named), min(MOST, loss), width, error))
        if not decision.cells:
            return found
        for cell in decision.cells:
            table[cell], diverged[cell] = given.table[cell], given.diverged[cell]


def _ends(ends: Ends, truth: Sequence[float], steps: int) -> tuple[float, float]:
    """Return the width of the wider interval and the mean error of both ends, in steps."""
    spans = [ends.interval("low"), ends.interval("high")]
    width = max(_place(last) - _place(first) for first, last in spans)
    middles = [_place(ends.median("low")), _place(ends.median("high"))]
    error = statistics.fmean(abs(a - b) for a, b in zip(middles, truth, strict=True))
    return width * steps, error * steps


def _place(rate: float) -> float:
    return math.log(rate / LOW) / math.log(HIGH / LOW)


def calibration(every: Sequence[Sequence[Moment]]) -> list[dict[str, float]]:
    """Return mean expected and true regret, by the expected one."""
    rows = []
    for low, high in itertools.pairwise(BINS):
        some = [m for found in every for m in found if low <= m.expected < high]
        if some:
            expected = statistics.fmean(m.expected for m in some)
            row = {"from": low, "moments": len(some), "expected": expected}
            rows.append(row | _mean("true", [m.true for m in some]))
    return rows


def ending(every: Sequence[Sequence[Moment]], steps: float) -> dict[str, float]:
    """Return what ending at intervals of so many steps saves of the budget, and what it costs."""
    pairs = []
    for found in every:
        known = (m for m in found if m.expected <= REGRET and m.width <= steps)
        pairs.append((next(known, found[-1]), found[-1]))
    row = {"steps": steps, "budget": statistics.fmean(a.spent for a, _ in pairs)}
    row |= _mean("regret", [a.true - b.true for a, b in pairs])
    return row | _mean("error", [a.error - b.error for a, b in pairs])


def _mean(name: str, values: Sequence[float]) -> dict[str, float]:
    error = statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return {name: statistics.fmean(values), f"{name}_error": error}


@click.command(help="Whether the adaptive search knows when it may end, on known curves.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--cases", default=4, show_default=True, help="Of each family, grid and replicates.")
@click.option("--half", type=click.Choice(HALVES), default="judging")
def main(as_json: bool, cases: int, half: str) -> None:
    """Print expected and true regret, and a row for each width of the intervals."""
    families = families_of(half)
    made = itertools.product(families, COUNTS, REPLICATES, range(cases))
    every = [moments(case(*each, families)) for each in made]
    rows, ends = calibration(every), [ending(every, steps) for steps in STEPS]
    if as_json:
        click.echo(json.dumps({"calibration": rows, "ending": ends}))
        return
    for title, table in (("expected and true regret, points", rows), ("ending earlier", ends)):
        click.echo(title)
        click.echo("".join(f"{head:>14}" for head in table[0]))
        for row in table:
            click.echo("".join(f"{value:>14.3f}" for value in row.values()))


if __name__ == "__main__":
    main()
