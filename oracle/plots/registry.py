"""The figures of each kind of study."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from plotly.graph_objects import Figure

from oracle.plots import distributions, oracle, schedules, search
from oracle.tables.oracle import Table


@dataclass(frozen=True)
class Figures:
    """The figures of one kind of study, drawn from its table."""

    figure: Callable[[Table], Figure]
    cards: Callable[[Table], dict[str, Figure]]  # small, for the Optuna dashboard


def is_drawable(table: Table) -> bool:
    """Whether a cycle of a table is finished, so that there is something to draw."""
    parts: Sequence[Table] = table.get("schedules") or table.get("candidates") or [table]
    return any(part.get("cycles") for part in parts)


FIGURES: Mapping[str, Figures] = MappingProxyType(
    {
        "oracle": Figures(oracle.regions, oracle.dashboard_panels),
        "schedules": Figures(schedules.comparison, schedules.dashboard_panels),
        "distributions": Figures(distributions.distributions, distributions.dashboard_panels),
        "search": Figures(search.search, search.dashboard_panels),
    }
)
