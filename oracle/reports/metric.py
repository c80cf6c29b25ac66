"""How the values of a metric of the user's own are called and printed."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from oracle.reports.sheet import ReportTable
from oracle.stats.paired_difference import Difference
from oracle.tables.oracle import Table

_PERCENT = {"name": "accuracy", "mode": "max", "unit": "%"}


def is_own(table: Table) -> bool:
    """Whether a table's values are another metric than accuracy in percent."""
    return (table.get("metric") or _PERCENT) != _PERCENT


def name(table: Table) -> str:
    """What the values are called."""
    return str((table.get("metric") or _PERCENT)["name"])


def unit(table: Table) -> str:
    """The unit, as it ends a label: ``, %``; nothing where there is none."""
    found = (table.get("metric") or _PERCENT)["unit"]
    return f", {found}" if found else ""


def mean_std(values: Sequence[float | None] | None) -> str:
    """Mean ± standard deviation over replicates, in four digits; none where one diverged."""
    known = [value for value in values or () if value is not None]
    if not known or len(known) < len(values or ()):
        return "-"
    spread = f" ± {statistics.stdev(known):.2g}" if len(known) > 1 else ""
    return f"{statistics.fmean(known):.4g}{spread}"


def again(cycle: Mapping[str, Any]) -> str:
    """The best value by replicates that did not choose it."""
    found = (cycle["evidence"] or {}).get("best_again")
    return "" if found is None else f"again {found:.4g}"


def paired(cycle: Mapping[str, Any], part: str) -> str:
    """The oracle less S-Cyc, with its standard error."""
    found = Difference.from_json((cycle.get("oracle_less_s_cyc") or {}).get(part))
    if found is None or found.standard_error is None:
        return ""
    return f"{found.points:+.3g} ± {found.standard_error:.2g}"


def named(printed: ReportTable, table: Table) -> ReportTable:
    """Return a printed table whose words are about its own metric."""
    if not is_own(table):
        return printed
    label = name(table)

    def said(text: str) -> str:
        for old, new in (
            ("accuracies", f"{label} values"),
            ("accuracy", label),
            (" points", unit(table).replace(",", "")),
            ("such a replicate scores 0, and", "such a replicate has no value, and"),
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
        verdict=said(printed.verdict),
        notes=[said(line) for line in printed.notes],
        flat=[
            {key.replace("accuracy", label): value for key, value in row.items()}
            for row in printed.flat
        ],
        flat_heads=[head.replace("accuracy", label) for head in printed.flat_heads],
    )
