"""The rows of an oracle run's table for CSV and data frames: a column a number."""

from __future__ import annotations

from oracle.reports.parts import evidence as evidence_reports
from oracle.reports.sheet import flat_spread
from oracle.tables.parts import evidence
from oracle.tables.parts.cycles import OracleCycleRow, winner


def flat_heads() -> tuple[str, ...]:
    """Return the names of the columns, in their order."""
    means = [
        f"{who}_{part}_accuracy_{what}"
        for who in ("oracle", "s_cyc")
        for part in ("val", "test")
        for what in ("mean", "std")
    ]
    return (
        "cycle",
        "replicates",
        "weights_remaining",
        "well_tuned",
        "feasible_low",
        "feasible_high",
        "cut_low",
        "cut_high",
        "contiguous",
        "s_cyc_max_lr",
        "inside",
        *means,
        *evidence.FLAT_HEADS,
    )


def flat_row(cycle: OracleCycleRow) -> dict[str, object]:
    """Return the values of a pruning cycle, by column.

    Args:
        cycle: Row of the table.

    Returns:
        Values by the names of :func:`flat_heads`; None where there is none.
    """
    feasible, best, s_cyc = cycle["feasible"], winner(cycle), cycle["s_cyc"]
    return {
        "cycle": cycle["cycle"],
        "replicates": cycle["replicates"],
        "weights_remaining": cycle["weights_remaining"],
        "well_tuned": cycle["well_tuned"],
        "feasible_low": feasible and feasible["low"],
        "feasible_high": feasible and feasible["high"],
        "cut_low": feasible and feasible["cut_low"],
        "cut_high": feasible and feasible["cut_high"],
        "contiguous": feasible and feasible["contiguous"],
        "s_cyc_max_lr": s_cyc["max_lr"],
        "inside": s_cyc["inside"],
        **evidence_reports.flat(cycle),
        **flat_spread("oracle_val_accuracy", best and best["val_accuracy"]),
        **flat_spread("oracle_test_accuracy", best and best["test_accuracy"]),
        **flat_spread("s_cyc_val_accuracy", s_cyc["val_accuracy"]),
        **flat_spread("s_cyc_test_accuracy", s_cyc["test_accuracy"]),
    }
