"""The figures of each kind of study."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from plotly.graph_objects import Figure

from oracle.plots import distributions, oracle, schedules, search


@dataclass(frozen=True)
class Figures:
    """The figures of one kind of study, drawn from its table."""

    figure: Callable[[Any], Figure]  # takes the table of its own kind
    cards: Callable[[Any], dict[str, Figure]]  # its panels, for pages and the Optuna dashboard
    captions: Callable[[Any], dict[str, str]] = lambda _: {}  # what panels show, in words


FIGURES: Mapping[str, Figures] = MappingProxyType(
    {
        "oracle": Figures(oracle.regions, oracle.dashboard_panels, oracle.captions),
        "schedules": Figures(schedules.comparison, schedules.dashboard_panels),
        "distributions": Figures(distributions.distributions, distributions.dashboard_panels),
        "search": Figures(search.search, search.dashboard_panels),
    }
)
