"""What must be said of a run's split and of its accuracies against always naming one class."""

from __future__ import annotations

from oracle.tables.oracle import OracleTable
from oracle.tables.parts.majority import Split
from oracle.tables.schedules import SchedulesTable
from oracle.tables.search import SearchTable

SplitTable = OracleTable | SchedulesTable | SearchTable  # of those that train on a split
_LARGE = 50.0  # percent of a part that one class holds, from which it is reported


def split_notes(table: SplitTable) -> list[str]:
    """Return the sentences for any kind of table; none where its results have no split.

    Args:
        table: Of a run.

    Returns:
        Sentences for the notes.
    """
    split = table.get("split")
    if split is None:
        return []
    return [
        *_missing(split),
        *_large_class(split),
        *_at_chance(table, split),
        *_fine_tolerance(table, split),
    ]


def _missing(split: Split) -> list[str]:
    lacking = [(part, each["missing"]) for part, each in split.items() if each["missing"]]
    if not lacking:
        return []
    parts = ", ".join(f"{count} classes in the {part} part" for part, count in lacking)
    return [f"Classes without an image in at least one replicate's split: up to {parts}."]


def _large_class(split: Split) -> list[str]:
    validation, test = (split[part]["majority"] for part in ("validation", "test"))
    if max(validation, test) < _LARGE:
        return []
    return [
        f"Chance level (always predicting the largest class): {validation:.1f} % on validation, "
        f"{test:.1f} % on test images."
    ]


def _at_chance(table: SplitTable, split: Split) -> list[str]:
    """Which cycles' networks have learned nothing; of a search, those of the last one."""
    if table["kind"] == "search":
        cycles = "the last cycle" if table.get("at_chance") else ""
    else:
        rows = table["cycles"] if table["kind"] == "oracle" else table["columns"]
        numbers = [str(each["cycle"]) for each in rows if each.get("at_chance")]
        cycles = f"cycle {', '.join(numbers)}" if numbers else ""
    if not cycles:
        return []
    part = "validation" if table["kind"] == "oracle" else "test"
    images, majority = split[part]["images"], split[part]["majority"]
    ends = ""
    if table["kind"] == "oracle" and table.get("most_replicates", 0) > table["replicates"]:
        ends = ", and no replicates are added"
    return [
        f"At chance level at {cycles}: no network is better than always predicting the "
        f"largest class ({majority:.1f} % of {images:,} {part} images); no verdict there{ends}."
    ]


def _fine_tolerance(table: SplitTable, split: Split) -> list[str]:
    if table["kind"] != "oracle":
        return []
    images = split["validation"]["images"]
    if table["tolerance"] >= 100 / images:
        return []
    unit = "points" if table["tolerance_kind"] == "points" else "% of the best"
    return [
        f"The tolerance of {table['tolerance']} {unit} is below the resolution of {images:,} "
        f"validation images ({100 / images:.2f} points)."
    ]
