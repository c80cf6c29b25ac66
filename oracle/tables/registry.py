"""The tables of all kinds of study."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from oracle.tables.distributions import DistributionsTable
from oracle.tables.oracle import OracleTable
from oracle.tables.schedules import SchedulesTable
from oracle.tables.search import SearchTable

Table = OracleTable | SchedulesTable | DistributionsTable | SearchTable

TABLES: Mapping[str, type[Any]] = MappingProxyType(
    {
        "oracle": OracleTable,
        "schedules": SchedulesTable,
        "distributions": DistributionsTable,
        "search": SearchTable,
    }
)


def is_empty(table: Table) -> bool:
    """Return whether no cycle of a table is finished, so that there is nothing to draw.

    Args:
        table: Of a run.

    Returns:
        True also of a table whose first cycle is under way.
    """
    if table["kind"] == "schedules":
        return not any(row["cycles"] for row in table["schedules"])
    if table["kind"] == "search":
        return not any(candidate["cycles"] for candidate in table["candidates"])
    return not table["cycles"]
