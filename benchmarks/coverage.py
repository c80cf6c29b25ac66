"""A whole grid read off the posterior, against its raw best and ends, on known curves.

    python benchmarks/coverage.py [--cases N] [--half HALF] [--json]

Regret: points of expected accuracy below the best value of the grid. End: mean error of an end
against the true region of the continuous curve, in steps of the grid. Verdicts are asked on and off
the grid, within a sixth of it of an end, and counted as wrong by kind. "flat" counts the cycles of
which no max_lr is called better than another, "flat_wrong" those of them whose values differ by
more than the tolerance, and "flat_largest" is the largest such difference in points.
"""

from __future__ import annotations

import itertools
import json
import statistics
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import click
import numpy as np
from cycle_families import HIGH, LOW, TOLERANCE, Case, case
from recorded_curves import HALVES, families_of

from oracle.stats.decisions import FLAT, infer_ends, well_tuned

COUNTS = (10, 20, 40, 60)
REPLICATES = (3, 5, 8)
ASKED = 6  # questions a case


@dataclass(frozen=True)
class Outcome:
    """One case."""

    family: str
    count: int
    replicates: int
    noise: str
    regret: float
    raw_regret: float
    end: float
    raw_end: float
    low: bool  # covered
    high: bool
    width: float  # steps
    verdicts: tuple[tuple[str, bool], ...]  # kind, whether it is truly inside
    flat: float
    difference: float  # points between the best and the least expected value of the grid
    seconds: float


def outcome(given: Case) -> Outcome:
    """Return the posterior's answers, and the raw ones."""
    _, low, high = given.truth()
    rates, step = given.rates, 1 / (len(given.rates) - 1)
    started = time.process_time()
    posterior, ends = infer_ends(
        given.cells(),
        TOLERANCE,
        TOLERANCE,
        "points",
        rates.tolist(),
        floor=0.0,
        seed=0,
        sparse=False,
    )
    seconds = time.process_time() - started
    chosen = well_tuned(posterior, rates[(given.diverged == 0).any(axis=1)].tolist())
    truth = given.expected(given.places)
    sound = ~np.isnan(given.table).any(axis=1)
    means = np.where(sound, np.where(np.isnan(given.table), 0, given.table).mean(axis=1), -np.inf)
    members = np.flatnonzero(means >= means.max() - TOLERANCE)
    raw = given.places[members[0]], given.places[members[-1]]
    mine = tuple(_place(float(np.exp(np.median(np.log(each))))) for each in (ends.low, ends.high))
    spans = [tuple(_place(rate) for rate in ends.interval(end)) for end in ("low", "high")]
    verdicts = [
        (ends.verdict(float(LOW * (HIGH / LOW) ** place)), low <= place <= high)
        for place in questions(given)
    ]
    slack = 1e-3
    return Outcome(
        family=given.family,
        count=len(rates),
        replicates=given.table.shape[1],
        noise=given.noise,
        regret=float(truth.max() - given.expected(np.array([_place(chosen)]))[0]),
        raw_regret=float(truth.max() - truth[int(np.argmax(means))]),
        end=statistics.fmean(abs(a - b) for a, b in zip(mine, (low, high), strict=True)) / step,
        raw_end=statistics.fmean(abs(a - b) for a, b in zip(raw, (low, high), strict=True)) / step,
        low=spans[0][0] - slack <= low <= spans[0][1] + slack,
        high=spans[1][0] - slack <= high <= spans[1][1] + slack,
        width=statistics.fmean(b - a for a, b in spans) / step,
        verdicts=tuple(verdicts),
        flat=ends.flat,
        difference=float(truth.max() - truth.min()),
        seconds=seconds,
    )


def questions(given: Case) -> list[float]:
    """List where a verdict is asked for, a case's own: a third on the grid, half by each end."""
    _, *truth = given.truth()
    step = 1 / (len(given.rates) - 1)
    rng = np.random.default_rng(list(np.nan_to_num(given.table[0]).tobytes()))
    found = []
    for index in range(ASKED):
        near = truth[index % 2] + rng.uniform(-1 / 6, 1 / 6)
        if index % 3 == 0:
            near = round(near / step) * step
        found.append(float(np.clip(near, 0, 1)))
    return found


def summary(outcomes: Iterable[Outcome]) -> dict[str, float | None]:
    """Return outcomes of a kind together."""
    every, mean = list(outcomes), statistics.fmean
    asked = [each for one in every for each in one.verdicts]
    inside = [truth for kind, truth in asked if kind == "inside"]
    outside = [truth for kind, truth in asked if kind == "outside"]
    wrong = [o.difference for o in every if o.flat >= FLAT and o.difference > TOLERANCE]
    return {
        "cases": len(every),
        "regret": mean(o.regret for o in every),
        "raw_regret": mean(o.raw_regret for o in every),
        "end": mean(o.end for o in every),
        "raw_end": mean(o.raw_end for o in every),
        "low_covered": mean(o.low for o in every),
        "high_covered": mean(o.high for o in every),
        "width": mean(o.width for o in every),
        "decided": (len(inside) + len(outside)) / len(asked),
        "inside_wrong": 1 - mean(inside) if inside else None,
        "outside_wrong": mean(outside) if outside else None,
        "flat": sum(o.flat >= FLAT for o in every),
        "flat_wrong": len(wrong),
        "flat_largest": max(wrong, default=None),
        "milliseconds": 1000 * mean(o.seconds for o in every),
    }


def _place(rate: float) -> float:
    return float(np.log(rate / LOW) / np.log(HIGH / LOW))


@click.command(help="A whole grid read off the posterior, on known curves.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--cases", default=10, show_default=True, help="Of each family, grid and replicates.")
@click.option("--half", type=click.Choice(HALVES), default="judging")
def main(as_json: bool, cases: int, half: str) -> None:
    """Print a row for all cases, for each family and each size of the grid."""
    families = families_of(half)
    every = [
        outcome(case(family, count, replicates, seed, families))
        for family, count, replicates, seed in itertools.product(
            families, COUNTS, REPLICATES, range(cases)
        )
    ]
    rows = {"all": summary(every)}
    for name, key in (
        ("family", "family"),
        ("grid", "count"),
        ("replicates", "replicates"),
        ("noise", "noise"),
    ):
        for kind in dict.fromkeys(getattr(each, key) for each in every):
            rows[f"{name} {kind}"] = summary(o for o in every if getattr(o, key) == kind)
    if as_json:
        click.echo(json.dumps({"rows": rows, "cases": [asdict(o) for o in every]}, indent=2))
        return
    heads = list(rows["all"])
    click.echo(f"{'':<28}" + "".join(f"{head[:12]:>13}" for head in heads))
    for name, row in rows.items():
        cells = ("-" if row[head] is None else f"{row[head]:.3f}" for head in heads)
        click.echo(f"{name:<28}" + "".join(f"{cell:>13}" for cell in cells))


if __name__ == "__main__":
    main()
