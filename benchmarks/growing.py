"""Verdicts where replicates are added while one is open, on known curves: how often they are right.

    python benchmarks/growing.py [--cases N]

A verdict that is asked for again and again has more chances to be wrong than one that is asked for
once. Each case is a cycle of `benchmarks/cycle_families.py`, whose true region is known; S-Cyc's
max_lr lies anywhere on the grid in half of the cases, and within two values of an end of the region
in the others.
"""

from __future__ import annotations

import click
import numpy as np
from cycle_families import FAMILIES, HIGH, LOW, TOLERANCE, Case, case

from oracle.search.selection.replication import added
from oracle.stats.decisions import VerdictKind
from oracle.stats.region_intervals import infer_region
from oracle.study.parts.replicates import ReplicateRange

COUNTS = (10, 20, 40)


def asked(given: Case, seed: int) -> float:
    """Return S-Cyc's max_lr in a case."""
    rng = np.random.default_rng([seed, 1])
    if rng.random() < 0.5:
        return float(rng.choice(given.rates))
    _, low, high = given.truth()
    step = 1 / (len(given.rates) - 1)
    place = (low if rng.random() < 0.5 else high) + float(rng.uniform(-2, 2)) * step
    return float(LOW * (HIGH / LOW) ** min(max(place, 0.0), 1.0))


def verdict(given: Case, replicates: int, max_lr: float) -> tuple[VerdictKind, int | None]:
    """Return the verdict with so many replicates, and how many more would decide it."""
    found = infer_region(given.tried(replicates), TOLERANCE, "points")
    assert found is not None
    told = found.verdict(max_lr)
    return told.kind, told.replicates_needed


def grown(given: Case, growth: ReplicateRange, max_lr: float) -> tuple[VerdictKind, int]:
    """Return the verdict at which the growth ends, and with how many replicates."""
    have = growth.least
    while True:
        kind, more = verdict(given, have, max_lr)
        if kind != "undecided" or have == growth.most:
            return kind, have
        have += added(have, more, growth.most)


@click.command()
@click.option("--cases", type=click.IntRange(1), default=30, show_default=True, help="A family.")
def main(cases: int) -> None:
    """Print, for fixed and for growing replicates, what is decided and how much of it is right."""
    growth = ReplicateRange()
    told: dict[str, list[tuple[VerdictKind, bool, int]]] = {}
    for family in FAMILIES:
        for seed in range(cases):
            given = case(family, COUNTS[seed % len(COUNTS)], growth.most, seed)
            max_lr = asked(given, seed)
            truth = given.inside(max_lr)
            for count in (growth.least, growth.most):
                kind, _ = verdict(given, count, max_lr)
                told.setdefault(f"{count} replicates", []).append((kind, truth, count))
            name = f"auto, {growth.least} to {growth.most}"
            kind, count = grown(given, growth, max_lr)
            told.setdefault(name, []).append((kind, truth, count))
    click.echo(f"{'':16} {'cycles':>8} {'replicates':>12} {'decided':>9} {'of them right':>15}")
    for name, rows in told.items():
        decided = [
            (kind == "inside") == truth for kind, truth, _ in rows if kind in ("inside", "outside")
        ]
        mean = sum(count for _, _, count in rows) / len(rows)
        click.echo(
            f"{name:16} {len(rows):>8} {mean:>12.1f} {100 * len(decided) / len(rows):>7.0f} % "
            f"{100 * sum(decided) / len(decided):>13.1f} %"
        )


if __name__ == "__main__":
    main()
