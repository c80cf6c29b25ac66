"""The printed table of each kind of study."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from oracle.reports import distributions, oracle, schedules, search
from oracle.reports.sheet import ReportTable

# Each takes the table of its own kind.
SHEETS: Mapping[str, Callable[[Any], ReportTable]] = MappingProxyType(
    {
        "oracle": oracle.sheet,
        "schedules": schedules.sheet,
        "distributions": distributions.sheet,
        "search": search.sheet,
    }
)
