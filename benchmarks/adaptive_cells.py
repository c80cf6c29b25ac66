"""Searches that choose single (max_lr, replicate) against the whole raw grid, on known curves.

    python benchmarks/adaptive_cells.py [--cases N] [--half HALF] [--json]

A case is one cycle of `benchmarks/cycle_families.py`. Every rule of
`oracle.search.selection.cell_rules` sees the same results, up to a budget of the whole grid's
training runs; its answer is read off the posterior, as a study's is. Differences are a rule's less
the whole raw grid's, paired over cases, with the upper end of their 95 % interval. Verdicts are
asked as in `benchmarks/coverage.py`.
"""

from __future__ import annotations

import itertools
import json
import math
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import click
import numpy as np
from coverage import questions
from cycle_families import HIGH, LOW, TOLERANCE, Case, case
from recorded_curves import HALVES, families_of

from oracle.search.selection.cell_rules import RULES
from oracle.search.selection.cycle_answer import CycleSearch, Known, infer_cycle
from oracle.search.selection.next_cells import budget_cells, next_cells

BUDGETS = {10: 1 / 2, 20: 1 / 3, 40: 1 / 4, 60: 1 / 5}
REPLICATES = (3, 5, 8)
BATCH = 16
WORKERS = (1, 8, 64)
RAW = "whole grid, raw"


@dataclass(frozen=True)
class Outcome:
    """One answer: how far from the truth, and what it cost."""

    method: str
    family: str
    count: int
    replicates: int
    regret: float  # points
    end: float  # steps
    f1: float  # of the grid's values inside the region
    share: float  # of the whole grid's training runs
    batches: tuple[int, ...]  # training runs of each round
    reason: str
    seconds: float  # of a decision
    covered: tuple[bool, ...] = ()  # each end by its interval
    verdicts: tuple[tuple[str, bool], ...] = ()  # kind, whether it is truly inside

    def wall(self, workers: int) -> float:
        """Return durations of a training run until the end, each worker training one at a time."""
        return float(sum(-(-batch // workers) for batch in self.batches))


def searched(given: Case, rule: str, batch: int = BATCH, share: float | None = None) -> Outcome:
    """Return a case as a rule answers it."""
    count, replicates = given.table.shape
    budget = budget_cells(count, replicates, share or BUDGETS[count])
    search = CycleSearch(tuple(given.rates.tolist()), replicates, TOLERANCE, budget, batch)
    table, diverged = np.full((count, replicates), np.nan), np.full((count, replicates), np.nan)
    batches, spent = [], 0.0
    while True:
        started = time.process_time()
        decision = next_cells(search, Known(table, diverged), rule)
        spent += time.process_time() - started
        if not decision.cells:
            break
        batches.append(len(decision.cells))
        for cell in decision.cells:
            table[cell], diverged[cell] = given.table[cell], given.diverged[cell]
    answer = infer_cycle(search, Known(table, diverged))
    _, low, high = given.truth()
    covered, verdicts = [], []
    for end, truth in (("low", low), ("high", high)):
        first, last = (_place(rate) for rate in answer.ends.interval(end))
        covered.append(first - 1e-3 <= truth <= last + 1e-3)
    for place in questions(given):
        verdict = answer.ends.verdict(LOW * (HIGH / LOW) ** place)
        verdicts.append((verdict, low <= place <= high))
    chosen = answer.complete or answer.well_tuned
    return _outcome(
        given,
        rule,
        float(given.places[int(np.argmin(np.abs(given.rates - chosen)))]),
        [_place(answer.ends.median("low")), _place(answer.ends.median("high"))],
        batches,
        (decision.reason or "", spent / (len(batches) + 1)),
        (tuple(covered), tuple(verdicts)),
    )


def raw(given: Case) -> Outcome:
    """Return the whole grid's best mean and the ends of what is within the tolerance of it."""
    sound = ~np.isnan(given.table).any(axis=1)
    means = np.where(sound, np.nan_to_num(given.table).mean(axis=1), -np.inf)
    members = np.flatnonzero(means >= means.max() - TOLERANCE)
    ends = [float(given.places[members[0]]), float(given.places[members[-1]])]
    chosen = float(given.places[int(np.argmax(means))])
    return _outcome(given, RAW, chosen, ends, [given.table.size], ("whole grid", 0.0))


def _outcome(
    given: Case,
    method: str,
    chosen: float,
    ends: Sequence[float],
    batches: Sequence[int],
    decided: tuple[str, float],
    told: tuple[tuple[bool, ...], tuple[tuple[str, bool], ...]] = ((), ()),
) -> Outcome:
    best, *truth = given.truth()
    steps = len(given.rates) - 1
    errors = [abs(a - b) * steps for a, b in zip(ends, truth, strict=True)]
    inside, mine = (
        (given.places >= low - 1e-9) & (given.places <= high + 1e-9) for low, high in (truth, ends)
    )
    return Outcome(
        method=method,
        family=given.family,
        count=len(given.rates),
        replicates=given.table.shape[1],
        regret=float(best - given.expected(np.array([chosen]))[0]),
        end=statistics.fmean(errors),
        f1=2 * float((inside & mine).sum()) / float(inside.sum() + mine.sum()),
        share=sum(batches) / given.table.size,
        batches=tuple(batches),
        reason=decided[0],
        seconds=decided[1],
        covered=told[0],
        verdicts=told[1],
    )


def summary(ours: Sequence[Outcome], raws: Sequence[Outcome]) -> dict[str, float | None]:
    """Return means of a method, and its differences to the raw grid with their upper 95 % bound."""
    mean = statistics.fmean
    row: dict[str, float | None] = {
        "cases": float(len(ours)),
        "share": mean(o.share for o in ours),
        "rounds": mean(len(o.batches) for o in ours),
        "f1": mean(o.f1 for o in ours),
        "flat": float(sum(o.reason == "flat" for o in ours)),
        "milliseconds": 1000 * mean(o.seconds for o in ours),
    }
    for name in ("regret", "end"):
        gaps = [getattr(a, name) - getattr(b, name) for a, b in zip(ours, raws, strict=True)]
        row[name] = mean(getattr(o, name) for o in ours)
        difference = row[f"{name}_difference"] = mean(gaps)
        error = statistics.stdev(gaps) / math.sqrt(len(gaps)) if len(gaps) > 1 else math.nan
        row[f"{name}_upper"] = difference + 1.96 * error
    for workers in WORKERS:
        walls = mean(o.wall(workers) for o in ours), mean(o.wall(workers) for o in raws)
        row[f"wall_{workers}"] = walls[0] / walls[1]
    row["covered"] = mean(c for o in ours for c in o.covered) if ours[0].covered else None
    asked = [each for one in ours for each in one.verdicts]
    for kind in ("inside", "outside"):
        told = [truth == (kind == "inside") for name, truth in asked if name == kind]
        row[f"{kind}_wrong"] = 1 - mean(told) if told else None
    return row


def _place(rate: float) -> float:
    return math.log(rate / LOW) / math.log(HIGH / LOW)


@click.command(help="Searches that choose single cells, on known curves.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--cases", default=5, show_default=True, help="Of each family, grid and replicates.")
@click.option("--first", default=0, show_default=True, help="Seed of the first case.")
@click.option(
    "--grids", default=",".join(map(str, BUDGETS)), show_default=True, help="Sizes, by comma."
)
@click.option("--half", type=click.Choice(HALVES), default="judging")
@click.option("--rules", default=",".join(RULES), show_default=True, help="By comma.")
@click.option("--batch", default=BATCH, show_default=True, help="Training runs of a round.")
def main(
    as_json: bool, cases: int, first: int, grids: str, half: str, rules: str, batch: int
) -> None:
    """Print a row for every method and size of the grid, and for every family."""
    families = families_of(half)
    counts, seeds = [int(each) for each in grids.split(",")], range(first, first + cases)
    every = itertools.product(families, counts, REPLICATES, seeds)
    made = [case(*each, families) for each in every]
    raws = [raw(given) for given in made]
    rows, kept = {}, []
    for method in (RAW, *rules.split(",")):
        ours = raws if method == RAW else [searched(given, method, batch) for given in made]
        kept += ours
        pairs = list(zip(ours, raws, strict=True))
        for name, key in (("all", None), ("grid", "count"), ("family", "family")):
            for kind in dict.fromkeys(getattr(o, key) if key else "" for o in raws):
                some = [p for p in pairs if key is None or getattr(p[0], key) == kind]
                rows[f"{method}, {name} {kind}".strip()] = summary(*zip(*some, strict=True))
    if as_json:
        click.echo(json.dumps({"rows": rows, "cases": [asdict(each) for each in kept]}))
        return
    heads = list(next(iter(rows.values())))
    click.echo(f"{'':<42}" + "".join(f"{head[:13]:>14}" for head in heads))
    for name, row in rows.items():
        shown = ("-" if row[head] is None else f"{row[head]:.3f}" for head in heads)
        click.echo(f"{name:<42}" + "".join(f"{each:>14}" for each in shown))


if __name__ == "__main__":
    main()
