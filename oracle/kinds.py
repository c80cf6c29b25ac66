"""How each kind of study is shown: its printed table and its figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from plotly.graph_objects import Figure

from oracle import (
    comparison_plots,
    distribution_plots,
    distribution_tables,
    region_plots,
    schedule_tables,
    search_plots,
    search_sheet,
    tables,
)
from oracle.compare import Table
from oracle.sheets import Sheet


@dataclass(frozen=True)
class Kind:
    """The faces of one kind of study's table."""

    sheet: Callable[[Table], Sheet]
    figure: Callable[[Table], Figure]
    cards: Callable[[Table], dict[str, Figure]]  # small, for the Optuna dashboard


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "oracle": Kind(tables.sheet, region_plots.regions, region_plots.cards),
        "schedules": Kind(
            schedule_tables.sheet, comparison_plots.comparison, comparison_plots.cards
        ),
        "distributions": Kind(
            distribution_tables.sheet, distribution_plots.distributions, distribution_plots.cards
        ),
        "search": Kind(search_sheet.sheet, search_plots.search, search_plots.cards),
    }
)
