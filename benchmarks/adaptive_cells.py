"""Searches that choose single (max_lr, replicate) against the whole raw grid, on known curves.

    python benchmarks/adaptive_cells.py [--cases N] [--half setting|judging] [--json]

A case is one cycle of `benchmarks/cycle_families.py`. Every rule of `oracle.search.next_cells`
sees the same results, up to a budget of the whole grid's trainings; its answer is read off the
posterior. Differences are a rule's less the whole raw grid's, paired over cases, with the upper
end of their 95 % interval.
"""

from __future__ import annotations

import itertools
import json
import math
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

import click
import numpy as np
from cycle_families import FAMILIES, HIGH, JUDGING, LOW, SETTING, TOLERANCE, Case, case

from oracle.search.next_cells import RULES, CycleSearch, Known, infer_cycle, next_cells

BUDGETS = {10: 1 / 2, 20: 1 / 3, 40: 1 / 4, 60: 1 / 5}
REPLICATES = (3, 5, 8)
BATCH = 8


@dataclass(frozen=True)
class Outcome:
    """One answer: how far from the truth, and what it cost."""

    method: str
    family: str
    count: int
    replicates: int
    regret: float  # points
    end: float  # steps
    share: float  # of the whole grid's trainings
    rounds: int
    reason: str
    seconds: float  # of a decision


def searched(given: Case, rule: str) -> Outcome:
    """A case as a rule answers it."""
    count, replicates = given.table.shape
    budget = max(4, math.floor(BUDGETS[count] * count * replicates))
    search = CycleSearch(tuple(given.rates.tolist()), replicates, TOLERANCE, budget, BATCH)
    table, diverged = np.full((count, replicates), np.nan), np.full((count, replicates), np.nan)
    rounds, spent = 0, 0.0
    while True:
        started = time.process_time()
        decision = next_cells(search, Known(table, diverged), rule)
        spent += time.process_time() - started
        if not decision.cells:
            break
        rounds += 1
        for cell in decision.cells:
            table[cell], diverged[cell] = given.table[cell], given.diverged[cell]
    answer = infer_cycle(search, Known(table, diverged))
    medians = [answer.ends.median("low"), answer.ends.median("high")]
    ends = [math.log(rate / LOW) / math.log(HIGH / LOW) for rate in medians]
    chosen = given.places[int(np.argmin(np.abs(given.rates - answer.well_tuned)))]
    share = float((~np.isnan(diverged)).mean())
    reason = decision.reason or ""
    return _outcome(given, rule, float(chosen), ends, share, rounds, reason, spent / (rounds + 1))


def raw(given: Case) -> Outcome:
    """The whole grid's best mean and the ends of what is within the tolerance of it."""
    sound = ~np.isnan(given.table).any(axis=1)
    means = np.where(sound, np.nan_to_num(given.table).mean(axis=1), -np.inf)
    members = np.flatnonzero(means >= means.max() - TOLERANCE)
    ends = [float(given.places[members[0]]), float(given.places[members[-1]])]
    chosen = float(given.places[int(np.argmax(means))])
    return _outcome(given, "whole grid, raw", chosen, ends, 1.0, 1, "whole grid", 0.0)


def _outcome(
    given: Case,
    method: str,
    chosen: float,
    ends: Sequence[float],
    share: float,
    rounds: int,
    reason: str,
    seconds: float,
) -> Outcome:
    best, *truth = given.truth()
    steps = len(given.rates) - 1
    errors = [abs(a - b) * steps for a, b in zip(ends, truth, strict=True)]
    return Outcome(
        method=method,
        family=given.family,
        count=len(given.rates),
        replicates=given.table.shape[1],
        regret=float(best - given.expected(np.array([chosen]))[0]),
        end=statistics.fmean(errors),
        share=share,
        rounds=rounds,
        reason=reason,
        seconds=seconds,
    )


def summary(ours: Sequence[Outcome], raws: Sequence[Outcome]) -> dict[str, float]:
    """Means of a method, and its differences to the raw grid with their upper 95 % bound."""
    row = {
        "cases": float(len(ours)),
        "share": statistics.fmean(o.share for o in ours),
        "rounds": statistics.fmean(o.rounds for o in ours),
        "milliseconds": 1000 * statistics.fmean(o.seconds for o in ours),
    }
    for name in ("regret", "end"):
        gaps = [getattr(a, name) - getattr(b, name) for a, b in zip(ours, raws, strict=True)]
        row[name] = statistics.fmean(getattr(o, name) for o in ours)
        row[f"{name}_difference"] = statistics.fmean(gaps)
        error = statistics.stdev(gaps) / math.sqrt(len(gaps)) if len(gaps) > 1 else math.nan
        row[f"{name}_upper"] = row[f"{name}_difference"] + 1.96 * error
    return row


@click.command(help="Searches that choose single cells, on known curves.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--cases", default=5, show_default=True, help="Of each family, grid and replicates.")
@click.option("--half", type=click.Choice(["setting", "judging", "all"]), default="judging")
@click.option("--rules", default=",".join(RULES), show_default=True, help="By comma.")
def main(as_json: bool, cases: int, half: str, rules: str) -> None:
    """Print a row for every method and size of the grid, and for every family."""
    families = {"setting": SETTING, "judging": JUDGING, "all": tuple(FAMILIES)}[half]
    made = [case(*each) for each in itertools.product(families, BUDGETS, REPLICATES, range(cases))]
    raws = [raw(given) for given in made]
    rows = {}
    for method in ("whole grid, raw", *rules.split(",")):
        ours = raws if method not in RULES else [searched(given, method) for given in made]
        pairs = list(zip(ours, raws, strict=True))
        for name, key in (("grid", "count"), ("family", "family")):
            for kind in dict.fromkeys(getattr(o, key) for o in raws):
                some = [pair for pair in pairs if getattr(pair[0], key) == kind]
                rows[f"{method}, {name} {kind}"] = summary(*zip(*some, strict=True))
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    heads = list(next(iter(rows.values())))
    click.echo(f"{'':<42}" + "".join(f"{head[:13]:>14}" for head in heads))
    for name, row in rows.items():
        click.echo(f"{name:<42}" + "".join(f"{row[head]:>14.3f}" for head in heads))


if __name__ == "__main__":
    main()
