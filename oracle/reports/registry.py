"""The printed table of each kind of study."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from oracle.reports import distributions, oracle, schedules, search
from oracle.reports.sheet import ReportTable
from oracle.tables.oracle import Table

SHEETS: Mapping[str, Callable[[Table], ReportTable]] = MappingProxyType(
    {
        "oracle": oracle.sheet,
        "schedules": schedules.sheet,
        "distributions": distributions.sheet,
        "search": search.sheet,
    }
)
