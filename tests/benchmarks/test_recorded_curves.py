"""Recorded runs as families of curves: which runs, and what curve."""

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmark_scripts import benchmark


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """The module, with a folder of its own for the tables of runs."""
    with benchmark("recorded_curves") as script:
        monkeypatch.setattr(script, "RESULTS", tmp_path)
        yield script


def table(peak: int, tolerance: float = 0.5, **more: Any) -> dict[str, Any]:
    """Three cycles with the same peak, a point lost a step."""
    grid = [
        {
            "max_lr": 0.01 * 2**step,
            "val_accuracy": [90.0 - abs(step - peak) + noise for noise in (-0.1, 0.0, 0.1)],
            "diverged": False,
        }
        for step in range(9)
    ]
    return {"tolerance": tolerance, "search": "grid", "cycles": [{"grid": grid}] * 3, **more}


def save(folder: Path, name: str, content: dict[str, Any]) -> None:
    (folder / f"{name}.json").write_text(json.dumps(content))


def test_each_run_with_whole_grids_is_in_one_half(recorded: Any, tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        save(tmp_path, name, table(4))
    save(tmp_path, "few-cycles", {**table(4), "cycles": table(4)["cycles"][:2]})
    save(tmp_path, "searched", table(4, search="adaptive"))
    save(tmp_path, "trends", {"runs": []})
    assert list(recorded.families_of("setting-runs")) == ["a", "c"]
    assert list(recorded.families_of("judging-runs")) == ["b"]


@pytest.mark.parametrize("peak", [2, 6])
def test_a_curve_is_the_recorded_one_in_tolerances(
    recorded: Any, tmp_path: Path, peak: int
) -> None:
    save(tmp_path, "run", table(peak, tolerance=1.0))
    families = recorded.families_of("setting-runs")
    case = importlib.import_module("cycle_families").case("run", 9, 3, 0, families)
    means = case.expected(case.places)
    assert int(np.argmax(means)) == peak
    # 2 points, where the tolerance is 1
    assert means[peak] - means[peak - 2] == pytest.approx(1.0, abs=0.2)
