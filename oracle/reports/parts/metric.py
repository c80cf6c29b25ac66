"""How the values of a metric of the user's own are called and printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from oracle.reports.sheet import ReportTable, format_mean_std
from oracle.search.chance import Part
from oracle.stats.paired_difference import Difference
from oracle.tables.base import MetricFields
from oracle.tables.oracle import OracleTable
from oracle.tables.parts.cycles import OracleCycleRow

_PERCENT: MetricFields = {"name": "accuracy", "mode": "max", "unit": "%"}


def is_own(table: OracleTable) -> bool:
    """Return whether a table's values are another metric than accuracy in percent.

    Args:
        table: Of an oracle run.

    Returns:
        True where a training function declared the metric.
    """
    return fields(table) != _PERCENT


def fields(table: OracleTable) -> MetricFields:
    """Return what the values of a table are; accuracy in percent where it does not say.

    Args:
        table: Of an oracle run.

    Returns:
        Name, mode and unit.
    """
    return table.get("metric", _PERCENT)


def name(table: OracleTable) -> str:
    """Return what the values are called.

    Args:
        table: Of the run.

    Returns:
        Such as "accuracy".
    """
    return fields(table)["name"]


def unit(table: OracleTable) -> str:
    """Return the unit, as it ends a label: ``, %``; nothing where there is none.

    Args:
        table: Of the run.

    Returns:
        The unit behind a comma, or "".
    """
    name = fields(table)["unit"]
    return f", {name}" if name else ""


def mean_std(values: Sequence[float | None] | None) -> str:
    """Return mean ± standard deviation over replicates, in four digits; none where one diverged.

    Args:
        values: One a replicate; None where it diverged.

    Returns:
        As :func:`oracle.reports.sheet.format_mean_std`.
    """
    return format_mean_std(values, ".4g", ".2g")


def again(cycle: OracleCycleRow) -> str:
    """Format the bias-corrected best value: by replicates that did not choose it.

    Args:
        cycle: Row of the table.

    Returns:
        Such as "corr. 1.234"; "" where it is not known.
    """
    value = cycle["evidence"] and cycle["evidence"]["best_again"]
    return "" if value is None else f"corr. {value:.4g}"


def paired(cycle: OracleCycleRow, part: Part) -> str:
    """Format the oracle less S-Cyc, with its standard error.

    Args:
        cycle: Row of the table.
        part: Validation or test.

    Returns:
        Such as "+0.12 ± 0.03", in the metric's unit; "" where there are fewer than two pairs.
    """
    difference = (
        Difference.from_json(differences[part])
        if (differences := cycle.get("oracle_less_s_cyc"))
        else None
    )
    if difference is None or difference.standard_error is None:
        return ""
    return f"{difference.points:+.3g} ± {difference.standard_error:.2g}"


def named(printed: ReportTable, table: OracleTable) -> ReportTable:
    """Return a printed table whose words are about its own metric.

    Args:
        printed: The printed table.
        table: Of an oracle run.

    Returns:
        `printed` itself where the values are accuracies in percent.
    """
    if not is_own(table):
        return printed
    label = name(table)

    def in_own_words(text: str) -> str:
        for old, new in (
            ("accuracies", f"{label} values"),
            ("accuracy", label),
            (" points", unit(table).replace(",", "")),
            ("(scored 0)", "(no value)"),
        ):
            text = text.replace(old, new)
        return text

    return replace(
        printed,
        headers=tuple(
            head.replace("validation, %\n", f"{label}{unit(table)}\nvalidation, ").replace(
                "test, %\n", f"{label}{unit(table)}\ntest, "
            )
            for head in printed.headers
        ),
        verdict=in_own_words(printed.verdict),
        notes=[in_own_words(line) for line in printed.notes],
        flat=[
            {key.replace("accuracy", label): value for key, value in row.items()}
            for row in printed.flat
        ],
        flat_heads=[head.replace("accuracy", label) for head in printed.flat_heads],
    )
