"""The highest rate that a schedule reaches, in addition to max_lr."""

from collections.abc import Callable
from typing import Any

import pytest

from oracle.reports import oracle as reports
from oracle.study.base import Study
from oracle.tables import oracle
from scyc.specs.schedules import CyclicalSpec, OneCycleSpec, WarmupSpec


def test_a_peak_is_the_highest_rate_of_all_iterations() -> None:
    assert WarmupSpec(warmup=4, drops=(8,)).peak(0.2, 12) == pytest.approx(0.2)
    assert WarmupSpec(warmup=4, drops=(4,)).peak(0.2, 12) == pytest.approx(0.15)  # 3 of 4 steps
    assert CyclicalSpec(name="cyclical", step=10).peak(0.2, 6) == pytest.approx(0.1)
    assert OneCycleSpec(name="one_cycle", rise=0.5).peak(0.2, 10) == pytest.approx(0.2)


def test_a_table_shows_which_share_of_max_lr_is_reached(
    study: Callable[..., Study], searched: Any
) -> None:
    whole, cut = (study(cycles=1, schedule={"warmup": warmup, "drops": [4]}) for warmup in (3, 4))
    tables = []
    for declared in (whole, cut):
        _, cycles, path = searched(declared, lambda cell: 80.0 + cell.max_lr)
        tables.append(oracle.table(declared, "tiny-00000000", cycles, path, complete=True))
    assert [table["peak"] for table in tables] == pytest.approx([1.0, 0.75])
    texts = [
        [line for line in reports.sheet(table).notes if "75.0 % of max_lr" in line]
        for table in tables
    ]
    assert [len(lines) for lines in texts] == [0, 1]
    del tables[1]["peak"]  # of an older version
    assert not any("% of max_lr" in line for line in reports.sheet(tables[1]).notes)
