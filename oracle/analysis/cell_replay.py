"""A search of single cells on recorded cycles: what it would have trained, and how good its answer.

Nothing is trained. One half of the replicates answers the search, the other half judges: the mean
accuracy, by replicates that the search never saw, of the max_lr that it names. The same is done
with the halves exchanged, and with the whole grid's raw best. How good a search is depends on how
the replicates are split; several splits give a mean that depends on it less.
"""

from __future__ import annotations

import csv
import json
import math
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from oracle.errors import SettingProblem
from oracle.search.selection.cycle_answer import CycleSearch, Known, infer_cycle
from oracle.search.selection.next_cells import budget_cells, next_cells
from oracle.stats.noise import Array
from oracle.stats.region import ToleranceKind
from oracle.tables.metric import is_minimised
from oracle.tables.oracle import OracleTable
from scyc.errors import BadInput
from scyc.json_types import JsonMapping

COLUMNS = (
    "cycle",
    "weights_remaining",
    "max_lr",
    "replicate",
    "diverged",
    "val_accuracy",
    "test_accuracy",
)
LEAST_REPLICATES = 4  # two for the search, and two to judge


@dataclass(frozen=True)
class RecordedCycle:
    """A whole grid of one cycle: accuracies in percent, (max_lr, replicates); NaN: diverged."""

    cycle: int
    rates: tuple[float, ...]
    table: Array


@dataclass(frozen=True)
class CellReplay:
    """One cycle, by one half of its replicates. Held-out accuracies in percent."""

    cycle: int
    split: int
    half: int
    share: float  # of the half's whole grid that was trained
    rounds: int
    reason: str
    well_tuned: float
    held_out: float
    raw_well_tuned: float  # of the whole grid of the same half
    raw_held_out: float


def read_recorded(path: Path) -> list[RecordedCycle]:
    """Read a table as JSON (`oracle table RUN --format json`), or a tidy file with `COLUMNS`.

    Args:
        path: The file.

    Returns:
        The cycles in the order of the file, each with accuracies in percent [max_lr, replicate].

    Raises:
        BadInput: when it is neither, or a grid is not whole.
    """
    try:
        text = path.read_text(encoding="utf-8")
        rows = list(csv.DictReader(text.splitlines())) if path.suffix == ".csv" else None
        cycles = _tidy(rows) if rows is not None else _of_table(json.loads(text))
    except (OSError, ValueError, KeyError, TypeError) as error:
        rule = f"no recorded grid ({type(error).__name__}: {error}); give the table of a finished "
        rule += "oracle run as JSON, or a tidy CSV file"
        raise BadInput(str(path), [SettingProblem("file", rule, str(path))]) from None
    for each in cycles:
        if each.table.shape[1] < LEAST_REPLICATES:
            rule = f"cycle {each.cycle} has {each.table.shape[1]} replicates; at least "
            rule += f"{LEAST_REPLICATES} are needed, half of them to judge"
            raise BadInput(str(path), [SettingProblem("file", rule, str(path))])
    return cycles


def tidy_rows(table: OracleTable) -> list[dict[str, object]]:
    """Convert a table's grids to rows with `COLUMNS`, one a training run.

    Args:
        table: Of an oracle run.

    Returns:
        The rows, by column.
    """
    rows: list[dict[str, object]] = []
    for cycle in table["cycles"]:
        for entry in cycle["grid"]:
            values = zip(entry["val_accuracy"], entry["test_accuracy"], strict=True)
            rows += [
                {
                    "cycle": cycle["cycle"],
                    "weights_remaining": cycle["weights_remaining"],
                    "max_lr": entry["max_lr"],
                    "replicate": replicate,
                    "diverged": int(entry["diverged"] and val == 0),
                    "val_accuracy": val,
                    "test_accuracy": test,
                }
                for replicate, (val, test) in enumerate(values)
            ]
    return rows


def replay_cells(
    cycles: Sequence[RecordedCycle],
    rule: str,
    share: float,
    tolerance: float,
    kind: ToleranceKind = "points",
    batch: int = 16,
    *,
    splits: int,
) -> list[CellReplay]:
    """Replay every cycle with each half of its replicates.

    Args:
        cycles: recorded whole grids.
        rule: a key of `oracle.search.selection.cell_rules.RULES`.
        share: the budget, of the training runs of a half's whole grid.
        tolerance: of the region.
        kind: of the tolerance.
        batch: cells at a time.
        splits: ways to split the replicates into halves, at most as many as there are; the first
            one parts those of even and of odd number.

    Returns:
        Two replays a cycle and split: each half of the replicates is searched, and the other one
        judges it.
    """
    return [
        _replay(each, split, half, seen, rule, share, tolerance, kind, batch)
        for each in cycles
        for split, halves in enumerate(_splits(each.table.shape[1], splits))
        for half, seen in enumerate(halves)
    ]


def _splits(replicates: int, most: int) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Return ways to split replicates into halves: even and odd ones, then by chance."""
    numbers, size = range(replicates), (replicates + 1) // 2
    existing = math.comb(replicates, size) // (1 if replicates % 2 else 2)
    rng = np.random.default_rng(0)
    firsts = {tuple(numbers[::2]): None}  # in order
    while len(firsts) < min(most, existing):
        some = {*rng.permutation(replicates)[:size].tolist()}
        if replicates % 2 == 0 and 0 not in some:
            some = {*numbers} - some  # the same split, exchanged
        firsts.setdefault(tuple(sorted(some)))
    return [(first, tuple(sorted({*numbers} - {*first}))) for first in firsts]


def replay_text(replays: Sequence[CellReplay], rule: str) -> str:
    """Return replays for a terminal: the means over all of them, and a line a cycle.

    Args:
        replays: One for each cycle, split and half that was replayed.
        rule: Name of the search that was replayed.

    Returns:
        Lines with an end; held-out accuracies in percent, with the standard error of the
        difference, over the cycles.
    """
    mean = statistics.fmean
    by_cycle: dict[int, list[CellReplay]] = {}
    for each in replays:
        by_cycle.setdefault(each.cycle, []).append(each)
    gaps = {
        cycle: mean(each.held_out - each.raw_held_out for each in some)
        for cycle, some in by_cycle.items()
    }
    spread = list(gaps.values())
    error = statistics.stdev(spread) / math.sqrt(len(spread)) if len(spread) > 1 else math.nan
    splits = len({each.split for each in replays})
    lines = [
        f"{rule}: {100 * mean(e.share for e in replays):.0f} % of the training runs in "
        f"{mean(e.rounds for e in replays):.1f} rounds; {splits} "
        f"{'split' if splits == 1 else 'splits'} of the replicates into halves",
        f"held-out accuracy {mean(e.held_out for e in replays):.2f} %, whole raw grid "
        f"{mean(e.raw_held_out for e in replays):.2f} %: {mean(spread):+.2f} ± {error:.2f} points",
        "cycle   share  rounds  held out  whole raw grid  difference  ended by",
    ]
    for cycle, some in by_cycle.items():
        reasons = Counter(each.reason for each in some)
        lines.append(
            f"{cycle:>5}  {100 * mean(e.share for e in some):>4.0f} %  "
            f"{mean(e.rounds for e in some):>6.1f}  {mean(e.held_out for e in some):>8.2f}  "
            f"{mean(e.raw_held_out for e in some):>14.2f}  {gaps[cycle]:>+10.2f}  "
            + ", ".join(f"{reason} {count}" for reason, count in reasons.most_common())
        )
    return "\n".join(lines) + "\n"


def _replay(
    recorded: RecordedCycle,
    split: int,
    half: int,
    replicates_seen: tuple[int, ...],
    rule: str,
    share: float,
    tolerance: float,
    kind: ToleranceKind,
    batch: int,
) -> CellReplay:
    seen = recorded.table[:, replicates_seen]
    judge = np.delete(recorded.table, replicates_seen, axis=1)
    count, replicates = seen.shape
    budget = budget_cells(count, replicates, share)
    search = CycleSearch(recorded.rates, replicates, tolerance, budget, batch, kind)
    table, diverged = np.full(seen.shape, np.nan), np.full(seen.shape, np.nan)
    rounds = 0
    while (decision := next_cells(search, Known(table, diverged), rule)).cells:
        rounds += 1
        for cell in decision.cells:
            table[cell], diverged[cell] = seen[cell], float(np.isnan(seen[cell]))
    answer = infer_cycle(search, Known(table, diverged))
    means = np.where(np.isnan(seen).any(axis=1), -np.inf, np.nan_to_num(seen).mean(axis=1))
    raw = int(np.argmax(means))
    named = answer.complete or answer.well_tuned
    chosen = recorded.rates.index(named)
    held = np.nan_to_num(judge).mean(axis=1)
    return CellReplay(
        cycle=recorded.cycle,
        split=split,
        half=half,
        share=float((~np.isnan(diverged)).mean()),
        rounds=rounds,
        reason=decision.reason or "",
        well_tuned=named,
        held_out=float(held[chosen]),
        raw_well_tuned=recorded.rates[raw],
        raw_held_out=float(held[raw]),
    )


def _of_table(table: OracleTable) -> list[RecordedCycle]:
    if is_minimised(table):
        raise ValueError("its metric is minimised; searches are replayed on accuracies")
    if table["search"] != "grid":
        raise ValueError("the run was searched adaptively, and its grids are not whole")
    return _tidy(tidy_rows(table))


def _tidy(rows: Sequence[JsonMapping]) -> list[RecordedCycle]:
    cycles: dict[int, dict[float, dict[int, float]]] = {}
    for row in rows:
        diverged = int(row["diverged"]) == 1
        value = math.nan if diverged else float(row["val_accuracy"])
        grid = cycles.setdefault(int(row["cycle"]), {})
        grid.setdefault(float(row["max_lr"]), {})[int(row["replicate"])] = value
    recorded = []
    for cycle, grid in sorted(cycles.items()):
        counts = {len(row) for row in grid.values()}
        if len(counts) != 1:
            raise ValueError(f"cycle {cycle} has {sorted(counts)} replicates by max_lr")
        rates = sorted(grid)
        table = np.array([[grid[rate][r] for r in sorted(grid[rate])] for rate in rates])
        recorded.append(RecordedCycle(cycle, tuple(rates), table))
    if not recorded:
        raise ValueError("no rows")
    return recorded
