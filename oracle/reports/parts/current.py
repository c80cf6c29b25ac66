"""The printed table of a cycle that is not finished."""

from __future__ import annotations

from oracle.reports.sheet import ReportTable, format_lr, format_mean_std
from oracle.tables.oracle import OracleTable
from oracle.tables.parts.current import CurrentCycle, CurrentValue

_HEADS = ("max_lr", "training runs\nfinished", "validation, %\nso far", "state")


def sheet(table: OracleTable, current: CurrentCycle) -> ReportTable:
    """Return the table of the cycle that a run is in: a row for each max_lr that was asked for.

    Args:
        table: Of an oracle run.
        current: The cycle that is under way.

    Returns:
        The printed table.
    """
    count = f"{current['finished']} of {current['asked']} training runs"
    return ReportTable(
        title=f"Cycle {current['cycle']}, not finished",
        run_id=table["run_id"],
        headers=_HEADS,
        rows=[_row(value) for value in current["grid"]],
        verdict=f"Cycle {current['cycle']}: {count} are finished.",
        notes=["So far: over the replicates that are finished. The region follows when all are."],
        costs=(),
        flat=(),
        flat_heads=(),
    )


def state(value: CurrentValue) -> str:
    """Return the state of a max_lr in a word or two.

    The storage has finished training runs only, so those that are running count as queued.

    Args:
        value: One max_lr of the cycle.

    Returns:
        "diverged", "finished", "partly finished" or "queued or running".
    """
    if value["diverged"]:
        return "diverged"
    if len(value["val_accuracy"]) == value["asked"]:
        return "finished"
    return "partly finished" if value["val_accuracy"] else "queued or running"


def _row(value: CurrentValue) -> list[str]:
    accuracies = [] if value["diverged"] else value["val_accuracy"]
    return [
        format_lr(value["max_lr"]),
        f"{len(value['val_accuracy'])} of {value['asked']}",
        format_mean_std(accuracies),
        state(value),
    ]
