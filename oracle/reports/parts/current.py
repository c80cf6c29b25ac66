"""The printed table of a cycle that is not finished."""

from __future__ import annotations

from oracle.reports.sheet import ReportTable, format_lr, format_mean_std
from oracle.tables.oracle import OracleTable
from oracle.tables.parts.current import CurrentCycle, CurrentValue

STATES = ("finished", "running", "partly finished", "queued", "not trained", "diverged")
_HEADS = ("max_lr", "training runs\nfinished", "validation, %\nso far", "state")


def sheet(table: OracleTable, current: CurrentCycle) -> ReportTable:
    """Return the table of the cycle that a run is in: a row for each requested max_lr.

    Args:
        table: Of an oracle run.
        current: The cycle that is under way.

    Returns:
        The printed table.
    """
    provisional = sentence(current)
    return ReportTable(
        title=f"Cycle {current['cycle']}, not finished",
        run_id=table["run_id"],
        headers=_HEADS,
        rows=[_row(value) for value in current["grid"]],
        verdict=f"{_counted(current)} {provisional}".rstrip(),
        notes=["So far: over the replicates that are finished. The region follows when all are."],
        costs=(),
        flat=(),
        flat_heads=(),
    )


def sentence(current: CurrentCycle) -> str:
    """Say what the finished training runs of a cycle show so far.

    Args:
        current: The cycle that is under way.

    Returns:
        A sentence that says it is provisional; "" before the first result.
    """
    so_far = current.get("so_far")
    if not so_far:
        return ""
    return (
        f"Provisional: the best max_lr so far is {format_lr(so_far['well_tuned'])}, the region "
        f"[{format_lr(so_far['low'])}, {format_lr(so_far['high'])}], from "
        f"{so_far['max_lr_tried']} of {len(current['grid'])} max_lr."
    )


def state(value: CurrentValue) -> str:
    """Return the state of a max_lr in a word or two.

    A training run counts as running from its first validation on, a second after it began at the
    earliest.

    Args:
        value: One max_lr of the cycle.

    Returns:
        One of `STATES`.
    """
    if value["diverged"]:
        return "diverged"
    if len(value["val_accuracy"]) == value["asked"]:
        return "finished"
    if value.get("running"):
        return "running"
    if value["val_accuracy"]:
        return "partly finished"
    return "queued" if "running" in value else "not trained"


def _counted(current: CurrentCycle) -> str:
    count = f"{current['finished']} of {current['asked']} training runs are finished"
    running = sum(value.get("running", 0) for value in current["grid"])
    return f"Cycle {current['cycle']}: {count}{f', {running} running' if running else ''}."


def _row(value: CurrentValue) -> list[str]:
    accuracies = [] if value["diverged"] else value["val_accuracy"]
    return [
        format_lr(value["max_lr"]),
        f"{len(value['val_accuracy'])} of {value['asked']}",
        format_mean_std(accuracies),
        state(value),
    ]
