"""Verdicts and best learning rate of the adaptive search on recorded grids, without training.

    python benchmarks/recorded_verdicts.py [TABLE ...] [--budget SHARE] [--json]

TABLE is a file from `oracle table RUN --format json`; by default `TABLES` of docs/results. In each
cycle with an S-Cyc verdict, the search may spend a share of the whole grid's training runs. Its
verdict is compared with the whole grid's, and the max_lr that it names with the one of the highest
mean over all recorded replicates, diverged ones counted as 0. "Hindsight" is the verdict by as many
training runs that are chosen knowing all results: each max_lr once, and all replicates of those
that are nearest to S-Cyc's max_lr or to the best one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
from recorded_curves import RESULTS

from oracle.analysis.trend import scores
from oracle.search.selection.cycle_answer import CycleSearch, Known, infer_cycle
from oracle.search.selection.next_cells import budget_cells, next_cells
from oracle.stats.posterior import Cells
from oracle.stats.region_intervals import observed_cells

TABLES = (
    "digits",
    "demo",
    "converged-fc",
    "converged-lenet",
    "converged-fc-20",
    "digits-converged",
    "mnist1d",
    "cifar10-resnet20-regions",
    "digits-fine",
)
BATCH = 16
CONCLUSIVE = ("inside", "outside")


@dataclass(frozen=True)
class CycleReplay:
    """One recorded cycle, searched."""

    whole: str  # verdict of the whole grid
    search: str  # verdict of the search
    hindsight: str  # verdict by as many training runs, chosen knowing all results
    share: float  # of the whole grid's training runs
    loss: float  # points of the named max_lr below the highest mean


def replay(table: dict[str, Any], cycle: dict[str, Any], budget: float) -> CycleReplay:
    """Search one recorded cycle."""
    whole = observed_cells(scores(cycle))
    rates, shape = tuple(whole.rates.tolist()), whole.table.shape
    means = np.nan_to_num(whole.table).mean(1)
    asked = cycle["s_cyc"]["max_lr"]
    search = CycleSearch(
        rates,
        shape[1],
        table["tolerance"],
        budget_cells(*shape, budget),
        BATCH,
        table["tolerance_kind"],
        verdict_for=asked,
    )
    known = Known(np.full(shape, np.nan), np.full(shape, np.nan))
    while cells := next_cells(search, known).cells:
        for cell in cells:
            known.table[cell], known.diverged[cell] = whole.table[cell], whole.diverged[cell]
        known = Known(known.table.copy(), known.diverged.copy())
    answer = infer_cycle(search, known)
    chosen = _hindsight(whole, asked, search.budget)
    nearest = Known(np.where(chosen, whole.table, np.nan), np.where(chosen, whole.diverged, np.nan))
    named = rates.index(answer.complete or answer.well_tuned)
    return CycleReplay(
        cycle["evidence"]["s_cyc"]["verdict"],
        answer.ends.verdict(asked),
        infer_cycle(search, nearest).ends.verdict(asked),
        float((~np.isnan(known.diverged)).mean()),
        float(means.max() - means[named]),
    )


def _hindsight(whole: Cells, asked: float, budget: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Choose each max_lr once, then all replicates of those that the verdict depends on most."""
    means = np.where(np.isnan(whole.table).any(1), -np.inf, whole.table.mean(1))
    asked_or_best = np.log([asked, whole.rates[int(means.argmax())]])
    apart = np.abs(np.subtract.outer(whole.log_max_lr, asked_or_best)).min(axis=1)
    chosen = np.zeros(whole.table.shape, bool)
    chosen[:, 0] = True
    for value in np.argsort(apart, kind="stable"):
        left = max(0, budget - int(chosen.sum()))
        chosen[value, : 1 + left] = True
    return chosen


def summary(replays: list[CycleReplay]) -> dict[str, float]:
    """Return counts of cycles, and means over them."""
    return {
        "cycles": len(replays),
        "whole_grid_conclusive": sum(each.whole in CONCLUSIVE for each in replays),
        "search_conclusive": sum(each.search in CONCLUSIVE for each in replays),
        "hindsight_conclusive": sum(each.hindsight in CONCLUSIVE for each in replays),
        "contradictions": sum({each.whole, each.search} == set(CONCLUSIVE) for each in replays),
        "share": float(np.mean([each.share for each in replays])),
        "loss": float(np.mean([each.loss for each in replays])),
    }


@click.command()
@click.argument("tables", nargs=-1, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--budget", type=click.FloatRange(0, 1, min_open=True), default=0.5)
@click.option("--json", "as_json", is_flag=True, help="JSON instead of a table.")
def main(tables: tuple[Path, ...], budget: float, as_json: bool) -> None:
    """Print a row a table and one of all."""
    every: list[CycleReplay] = []
    rows: dict[str, dict[str, float]] = {}
    for file in tables or [RESULTS / f"{name}.json" for name in TABLES]:
        table = json.loads(file.read_text("utf-8"))
        cycles = [each for each in table["cycles"] if each.get("s_cyc") and each.get("evidence")]
        replays = [replay(table, each, budget) for each in cycles]
        if replays:
            rows[file.stem] = summary(replays)
            every += replays
    if every:
        rows["all"] = summary(every)
    if as_json:
        click.echo(json.dumps({"budget": budget, "tables": rows}, indent=2))
        return
    click.echo(
        f"{'':26}  cycles  conclusive: whole grid  search  hindsight  contradictions  share    loss"
    )
    for name, row in rows.items():
        click.echo(
            f"{name:26}  {row['cycles']:6}  {row['whole_grid_conclusive']:22}"
            f"  {row['search_conclusive']:6}  {row['hindsight_conclusive']:9}"
            f"  {row['contradictions']:14}"
            f"  {row['share']:5.2f}  {row['loss']:6.3f}"
        )


if __name__ == "__main__":
    main()
