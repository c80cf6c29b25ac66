"""The replay of recorded grids spends its budget and names the best max_lr of a clear peak."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from benchmark_scripts import benchmark


@pytest.fixture
def recorded() -> Iterator[Any]:
    with benchmark("recorded_verdicts") as script:
        yield script


def test_a_clear_peak_is_named_with_half_of_the_training_runs(recorded: Any) -> None:
    means = [50, 60, 70, 80, 88, 90, 88, 80, 0, 0]
    grid = [
        {
            "max_lr": 0.01 * 1.5**index,
            "val_accuracy": [mean + noise for noise in (-0.1, 0.0, 0.1)] if mean else [0.0] * 3,
            "diverged": not mean,
        }
        for index, mean in enumerate(means)
    ]
    cycle = {
        "grid": grid,
        "s_cyc": {"max_lr": grid[0]["max_lr"]},
        "evidence": {"s_cyc": {"verdict": "outside"}},
    }
    table = {"tolerance": 0.5, "tolerance_kind": "points"}
    replayed = recorded.replay(table, cycle, 0.5)
    assert replayed.loss == 0
    assert 0 < replayed.share <= 0.5
    assert (replayed.search, replayed.hindsight) == ("outside", "outside")
    summary = recorded.summary([replayed])
    assert (summary["search_conclusive"], summary["hindsight_conclusive"]) == (1, 1)
    assert summary["contradictions"] == 0


def test_hindsight_keeps_what_the_verdict_depends_on(recorded: Any) -> None:
    means = np.array([50.0, 60, 70, 80, 88, 90, 88, 80])
    table = np.repeat(means[:, None], 3, axis=1)
    cells = recorded.Cells(0.01 * 2.0 ** np.arange(8), table, np.zeros(table.shape))
    chosen = recorded._hindsight(cells, 0.011, 12)
    assert chosen.sum() == 12
    assert chosen[:, 0].all()
    assert chosen[[0, 5]].all()  # nearest to S-Cyc's max_lr, and the best one
