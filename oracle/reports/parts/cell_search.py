"""What is printed of a search of single cells: what ended it at each cycle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

ENDINGS = {
    "regret and ends": "best max_lr and both bounds known",
    "verdict": "best max_lr and S-Cyc verdict known",
    "flat": "no max_lr better than another",
    "budget": "budget spent",
    "whole grid": "whole grid trained",
}


def notes(table: Mapping[str, Any]) -> list[str]:
    """Which cycles ended by what, and what is missing; none of other searches."""
    ended = [(c["cycle"], c["search"]) for c in table["cycles"] if c.get("search")]
    if not ended:
        return []
    bounds = table["search_bounds"]
    parts = [
        f"{text} at {_cycles([cycle for cycle, end in ended if end['ended_by'] == kind])}"
        for kind, text in ENDINGS.items()
        if any(end["ended_by"] == kind for _, end in ended)
    ]
    return [
        f"Search ended by: {'; '.join(parts)}. Known: expected regret {bounds['regret']:g} points, "
        "bounds to one grid step at 90 %.",
        "Not every max_lr has all replicates; region and well-tuned max_lr are estimated.",
    ]


def _cycles(numbers: Sequence[int]) -> str:
    """Numbers of cycles, runs of three and more shortened."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    parts = [f"{run[0]} to {run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs]
    return f"cycle{'s' * (len(numbers) > 1)} {', '.join(parts)}"
