"""A comparison of schedules on given accuracies, for tests of its table and of its figures."""

import itertools
from collections.abc import Sequence
from typing import Any

import pytest

from oracle.search.graph import CellResult
from oracle.search.pruning_run import RunCycle
from oracle.study.schedules import SchedulesStudy
from oracle.study.validation import parse
from oracle.tables import schedules
from oracle.tables.registry import Table
from oracle.tables.schedules import EntryResults

WARMUP = {"warmup": 3, "drops": [8]}
S_CYC = {"epsilon": 0.1, "delta": 0.1, "q": 1, "beta": 3.0}


ENTRIES: list[dict[str, Any]] = [
    {"label": "steady", "schedule": "constant", "max_lr": 0.05},
    {"label": "warm-up", "schedule": WARMUP, "max_lr": 0.1},
    {"label": "S-Cyc", "schedule": WARMUP, "s_cyc": S_CYC},
]


def study(*entries: dict[str, Any], **changes: Any) -> SchedulesStudy:
    """Two replicates, four pruning cycles."""
    content = {
        "name": "tiny",
        "kind": "schedules",
        "dataset": "digits",
        "network": {"name": "fully_connected", "hidden": [16]},
        "training": {"steps": 12, "batch": 16, "validate_every": 6},
        "schedules": list(entries or ENTRIES),
        "cycles": 4,
        "replicates": 2,
    }
    parsed = parse(content | changes, "tiny.yaml")
    assert isinstance(parsed, SchedulesStudy)
    return parsed


def outcome(*accuracies: float | None) -> tuple[CellResult, ...]:
    """Results with these test accuracies, one a replicate; None diverged."""
    fresh = map(str, itertools.count())
    return tuple(
        CellResult(
            cell=f"{next(fresh)} {accuracies}",
            curve=((10, accuracy or 0.0),),
            val_accuracy=(accuracy or 0.0) / 2,
            test_accuracy=accuracy or 0.0,
            diverged=accuracy is None,
            weights_remaining=80.0,
            steps=10,
            seconds=1.5,
            checkpoint=None,
            device="cpu",
        )
        for accuracy in accuracies
    )


def given(
    declared: SchedulesStudy, *rows: Sequence[Sequence[float | None]], cycles: Sequence[int] = ()
) -> Table:
    """The table of these test accuracies: by entry, by cycle, by replicate."""
    results = [
        EntryResults(
            entry,
            path=[
                RunCycle(cycle, entry.max_lr or 0.15, (), outcome(*accuracies))
                for cycle, accuracies in zip(cycles or itertools.count(), row, strict=False)
            ],
        )
        for entry, row in zip(declared.schedules, rows, strict=True)
    ]
    return schedules.table(declared, "tiny-00000000", results, complete=True)


@pytest.fixture(name="table")
def comparison() -> Table:
    """Three replicates; S-Cyc ahead at cycle 1, level at 0 with the warm-up, alone at 2."""
    declared = study(
        cycles=2,
        replicates=3,
        paper={
            "table": "2(x)",
            "weights_remaining": [100, 64],
            "cycles": [0, 2],
            "accuracy": {"steady": [[80, 1], [60, 2]], "S-Cyc": [[81.6, 0.5], [63, 1.5]]},
        },
        columns=[0, 1, 2],
    )
    return given(
        declared,
        [[80, 81, 82], [70, 71, 75], [None, 60, 60]],
        [[88, 90, 92], [70, 72, 74], [None, None, 50]],
        [[88, 90, 92], [71, 75, 76], [66, 67, 68]],
    )
