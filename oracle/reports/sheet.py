"""A printed table: what every kind of study gives, and every format shows."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class ReportTable:
    """A table for people, and the same numbers flat for spreadsheets."""

    title: str
    run_id: str
    headers: Sequence[str]  # a line break in a head is a line break in the print
    rows: Sequence[Sequence[str]]
    verdict: str
    notes: Sequence[str]  # what must be said beside the table for it to be read rightly
    costs: Sequence[str]
    flat: Sequence[Mapping[str, object]]
    flat_heads: Sequence[str]
    left: frozenset[int] = field(default_factory=frozenset)  # columns of words
    series: str = ""  # what its flat rows are of, where they stand among those of other tables
    subtables: Sequence[ReportTable] = ()  # tables that stand below this one


def format_lr(value: float | None) -> str:
    """A learning rate in four digits."""
    return "-" if value is None else f"{value:.4g}"


def format_mean_std(accuracies: Sequence[float] | None) -> str:
    """Mean ± standard deviation over replicates."""
    if not accuracies:
        return "-"
    mean = f"{statistics.fmean(accuracies):.2f}"
    if len(accuracies) == 1:
        return mean
    return f"{mean} ± {statistics.stdev(accuracies):.2f}"


def flat_spread(name: str, values: Sequence[float] | None) -> dict[str, float | None]:
    """Mean and standard deviation over replicates, for a spreadsheet."""
    several = values is not None and len(values) > 1
    return {
        f"{name}_mean": statistics.fmean(values) if values else None,
        f"{name}_std": statistics.stdev(values) if values and several else None,
    }


def shrunk_lines(table: Mapping[str, Any]) -> list[str]:
    """What was shrunk, by the study or on the command line, for every output to say so."""
    if not table["shrunk"]:
        return []
    said = "; ".join(f"{what} {how}" for what, how in table["shrunk"].items())
    return [f"Shrunk: {said}."]


def cost_lines(
    costs: Mapping[str, Mapping[str, float]], names: Mapping[str, str] | None = None
) -> list[str]:
    """What each part of a run cost, aligned."""
    shown = {who: (names or {}).get(who, who) for who in costs}
    width = max([6, *(len(name) for name in shown.values())])
    return [
        f"{shown[who]:<{width}} {cost['trainings']:>7,} trainings {cost['steps']:>12,} steps "
        f"{cost['seconds']:>10,.1f} s of worker time"
        for who, cost in costs.items()
    ]
