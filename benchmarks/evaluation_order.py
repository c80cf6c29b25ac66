"""How well the order of max_lr at each evaluation of a training run predicts the final order.

    oracle run digits
    python benchmarks/evaluation_order.py digits [--runs FOLDER] [--json]

RUN is a stored oracle run. Accuracies at an evaluation are means over replicates of the best so
far; the end is the best evaluation of each training run, as in the oracle. For each evaluation:
Spearman's rank correlation with the end, over all max_lr and over those within 2 points of the
best; how many points of the end are lost by who stops there and takes the best; by what factor that
max_lr is off (below 1: too low, on average over cycles); and how often halving there would have
stopped the best.
"""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click
import numpy as np
from scipy.stats import spearmanr

from oracle.experiments.oracle import OracleExperiment
from oracle.runs import catalog
from oracle.search.grid_search import OracleCycle
from oracle.settings import Settings
from oracle.storage.session import opened
from scyc.errors import BadInput

NEAR = 2.0  # points below the best at the end
LEAST = 4  # values, of which a rank correlation is taken


@dataclass(frozen=True)
class Evaluation:
    """One evaluation of one cycle."""

    cycle: int
    iterations: int
    correlation: float
    near_correlation: float | None  # None: fewer than `LEAST` max_lr are near
    lost: float  # points
    factor: float  # the max_lr chosen there over the one at the end
    stopped: bool  # halving at this evaluation would have stopped the best at the end


def evaluations(cycle: OracleCycle) -> list[Evaluation]:
    """Return every evaluation of a cycle but the last."""
    sound = {
        rate: row
        for rate, row in cycle.results.items()
        if not any(result.diverged for result in row)
    }
    rates = np.array(list(sound))
    curves = np.array([[[v for _, v in r.curve] for r in row] for row in sound.values()])
    at = [iterations for iterations, _ in next(iter(sound.values()))[0].curve]
    end = np.array([[result.val_accuracy for result in row] for row in sound.values()]).mean(axis=1)
    best, near = int(end.argmax()), end >= end.max() - NEAR
    rows = []
    for index, iterations in enumerate(at[:-1]):
        seen = curves[:, :, : index + 1].max(axis=2).mean(axis=1)  # the best evaluation so far
        chosen = int(seen.argmax())
        rows.append(
            Evaluation(
                cycle.cycle,
                iterations,
                _correlation(seen, end),
                _correlation(seen[near], end[near]) if near.sum() >= LEAST else None,
                float(end[best] - end[chosen]),
                float(rates[chosen] / rates[best]),
                bool((seen > seen[best]).sum() >= math.ceil(len(rates) / 2)),
            )
        )
    return rows


def _correlation(one: np.ndarray, other: np.ndarray) -> float:  # type: ignore[type-arg]
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return 0.0
    return float(spearmanr(one, other).statistic)


def text(every: Sequence[Evaluation]) -> str:
    """Return a row for each evaluation, averaged over cycles."""
    lines = [
        "iterations  cycles  order  near the best  points lost  factor  best stopped by halving"
    ]
    for iterations in sorted({each.iterations for each in every}):
        row = [each for each in every if each.iterations == iterations]
        near = [each.near_correlation for each in row if each.near_correlation is not None]
        shown = f"{statistics.fmean(near):.2f}" if near else "-"
        factor = math.exp(statistics.fmean(math.log(each.factor) for each in row))
        lines.append(
            f"{iterations:>10}  {len(row):>6}  {statistics.fmean(e.correlation for e in row):>5.2f}"
            f"  {shown:>13}  {statistics.fmean(e.lost for e in row):>11.2f}  {factor:>6.2f}"
            f"  {100 * statistics.fmean(e.stopped for e in row):>21.0f} %"
        )
    return "\n".join(lines) + "\n"


@click.command(help="How well the order of max_lr at each evaluation predicts the final order.")
@click.argument("run")
@click.option("--runs", default="runs", show_default=True, help="Folder of all runs.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def main(run: str, runs: str, as_json: bool) -> None:
    """Print a row for each evaluation of a stored oracle run."""
    try:
        known = catalog.find_run(run, Settings(folder=Path(runs)))
    except BadInput as error:
        raise click.ClickException(str(error)) from error
    with opened(known.url) as (_, store):
        experiment = catalog.replayed(known, store)
    if not isinstance(experiment, OracleExperiment):
        raise click.ClickException("not an oracle run")
    every = [each for cycle in experiment.cycles if cycle.region for each in evaluations(cycle)]
    if as_json:
        click.echo(json.dumps([asdict(each) for each in every]))
    else:
        click.echo(text(every), nl=False)


if __name__ == "__main__":
    main()
