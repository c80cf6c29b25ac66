"""Notes on a search of single cells: why it stopped at each cycle."""

from __future__ import annotations

from collections.abc import Sequence

from oracle.tables.oracle import OracleTable

ENDINGS = {
    "regret and ends": "best max_lr and both bounds known",
    "verdict": "best max_lr and S-Cyc verdict known",
    "flat": "no max_lr better than another",
    "budget": "budget spent",
    "whole grid": "whole grid trained",
}


def notes(table: OracleTable) -> list[str]:
    """Return notes on why the search of each cycle stopped; none for other searches.

    Args:
        table: Of an oracle run.

    Returns:
        Sentences for the notes.
    """
    searches = [(c["cycle"], c.get("search")) for c in table["cycles"]]
    ended = [(cycle, end) for cycle, end in searches if end is not None]
    bounds = table.get("search_bounds")
    if not ended or bounds is None:
        return []
    parts = [
        f"{text} at {_cycles([cycle for cycle, end in ended if end['ended_by'] == kind])}"
        for kind, text in ENDINGS.items()
        if any(end["ended_by"] == kind for _, end in ended)
    ]
    return [
        f"Ended by: {'; '.join(parts)}.",
        "Some replicates are missing: region and well-tuned max_lr are estimated.",
    ]


def _cycles(numbers: Sequence[int]) -> str:
    """Format cycle numbers; three and more consecutive ones as a range."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    parts = [f"{run[0]} to {run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs]
    return f"cycle{'s' * (len(numbers) > 1)} {', '.join(parts)}"
