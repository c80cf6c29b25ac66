"""Whole runs whose cycles come to different numbers of replicates."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from oracle.runs import catalog, execute, prepare
from oracle.settings import Progress, Settings
from oracle.study.base import Study

Make = Callable[..., Study]
GROWING: dict[str, Any] = {
    "replicates": {"least": 2, "most": 3},
    "grid": {"max_lr": [0.05, 0.1, 0.2], "extend": False},
    "cycles": 1,
    "s_cyc": {"epsilon": 0.001, "delta": 0.4, "q": 0, "beta": 1.0},  # below the grid, then in it
}


def settings(folder: Path) -> Settings:
    return Settings(folder=folder, backend="inline", device="cpu")


def regions(storage: str, run_id: str) -> Any:
    """What `tests/region_from_storage.py` computes from the trials alone."""
    path = Path(__file__).parents[2] / "region_from_storage.py"
    spec = importlib.util.spec_from_file_location("region_from_storage", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.regions(storage, run_id)


def same(table: dict[str, Any]) -> Any:
    """A table without what was computed in which time."""
    return {key: value for key, value in table.items() if key != "cost"}


def test_a_growing_run_is_stored_read_and_gone_on_with_like_any_other(
    study: Make, tmp_path: Path
) -> None:
    declared, where = study(**GROWING), settings(tmp_path)
    counted: list[tuple[int, int]] = []
    progress = Progress(cells=lambda done, total: counted.append((done, total)))
    table = execute.execute(prepare.prepare(declared, where), progress)
    counts = [cycle["replicates"] for cycle in table["cycles"]]
    assert counts == [2, 3]
    assert counted[-1][0] == counted[-1][1]
    assert all(done <= total for done, total in counted)
    run = catalog.find_run("tiny", where)
    assert catalog.stored_table(run) == table
    expected = [
        {
            "cycle": cycle["cycle"],
            "well_tuned": cycle["well_tuned"],
            **{key: cycle["feasible"][key] for key in ("low", "high", "members")},
        }
        for cycle in table["cycles"]
    ]
    assert regions(f"sqlite:///{tmp_path}/_oracle/oracle.db", table["run_id"]) == expected


def test_an_interrupted_growing_run_ends_with_the_same_table(study: Make, tmp_path: Path) -> None:
    declared = study(**GROWING)
    whole = execute.execute(prepare.prepare(declared, settings(tmp_path / "whole")))

    def stop(done: int, total: int) -> None:
        if done >= 9:
            raise KeyboardInterrupt

    where = settings(tmp_path / "again")
    with pytest.raises(KeyboardInterrupt):
        execute.execute(prepare.prepare(declared, where), Progress(cells=stop))
    assert not catalog.stored_table(catalog.find_run("tiny", where))["complete"]
    assert same(execute.execute(prepare.prepare(declared, where))) == same(whole)
