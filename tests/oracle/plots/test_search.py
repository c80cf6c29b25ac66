"""The panels of a search of S-Cyc's parameters."""

from typing import Any

import pytest

from oracle.plots.search import dashboard_panels


def candidate(number: int, q: int, best: bool = False) -> dict[str, Any]:
    rate, accuracy = 0.05 + 0.01 * q, 90.0 + q
    cycles = [{"cycle": c, "max_lr": rate, "val_accuracy": [accuracy]} for c in (0, 1, 2)]
    return {
        "candidate": number, "steps": ["epsilon", "q"], "epsilon": 0.05, "delta": 0.1, "q": q,
        "beta": 4.0, "objectives": [[accuracy]], "best": best, "stopped": None, "cycles": cycles,
    }  # fmt: skip


@pytest.fixture
def table() -> dict[str, Any]:
    every = [candidate(0, 0), candidate(1, 1), candidate(2, 2, best=True), candidate(3, 1)]
    return {"candidates": every, "objective": {"name": "mean", "cycles": [[0, 1, 2]]}}


@pytest.mark.costly
def test_a_legend_names_each_kind_of_candidate_once(table: Any) -> None:
    for panel in dashboard_panels(table).values():
        names = [trace.name for trace in panel.data if trace.showlegend]
        assert len(names) == len(set(names))
    rates = [t.name for t in dashboard_panels(table)["max_lr"].data if t.showlegend]
    assert set(rates) == {"max_lr of a candidate", "max_lr of best"}


def test_cycles_and_q_have_ticks_at_whole_numbers_alone(table: Any) -> None:
    panels = dashboard_panels(table)
    assert list(panels["max_lr"].layout.xaxis.tickvals) == [0, 1, 2]
    assert list(panels["parameters"].layout.xaxis3.tickvals) == [0, 1, 2]
