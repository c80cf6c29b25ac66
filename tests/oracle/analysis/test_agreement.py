"""How far the adaptive oracle agrees with the whole grid, and the whole grid with itself."""

import json
import math
from collections.abc import Callable
from typing import Any

import pytest

from oracle.analysis import agreement, replay
from oracle.search.graph import Cell, Graph
from oracle.study.base import Study
from oracle.tables import oracle

Make = Callable[..., Study]
GRID = {"kind": "log", "low": 0.005, "high": 0.5, "count": 41}


def agreement_of(
    study: Make, searched: Any, curve: Callable[[Cell], float], replicates: int = 4
) -> Any:
    declared = study(grid=GRID, cycles=1, replicates=replicates)
    _, cycles, path = searched(declared, curve)
    table = oracle.table(declared, "tiny-0", cycles, path, complete=True)
    return table, replay.replays(declared, Graph(declared.system, "0" * 64), cycles), cycles


def hump(cell: Cell, shift: float = 0.0) -> float:
    return 90 - 2 * (math.log2(cell.max_lr / 0.05) - shift) ** 2


def test_replicates_that_agree_give_halves_that_agree(study: Make, searched: Any) -> None:
    _, agreements, _ = agreement_of(study, searched, hump)
    assert agreement.halves(agreements, 0.5, "points") == {
        "same_best": 1,
        "ends_near": 1,
        "both": 1,
    }


def test_replicates_that_differ_give_halves_that_differ(study: Make, searched: Any) -> None:
    _, agreements, _ = agreement_of(study, searched, lambda cell: hump(cell, cell.replicate % 2))
    assert agreement.halves(agreements, 0.5, "points") == {
        "same_best": 0,
        "ends_near": 0,
        "both": 0,
    }


def test_one_replicate_has_no_halves(study: Make, searched: Any) -> None:
    table, agreements, _ = agreement_of(study, searched, hump, replicates=1)
    assert agreement.halves(agreements, 0.5, "points") is None
    assert agreement.halves([], 0.5, "points") is None
    assert "even replicates" not in agreement.text(table, agreements, None)


def test_text_and_json_say_the_same(study: Make, searched: Any) -> None:
    table, agreements, cycles = agreement_of(study, searched, hump)
    shown = agreement.text(table, agreements, cycles[:1])
    content = json.loads(json.dumps(agreement.as_json(table, agreements, cycles[:1])))
    assert content["said"]["same_best"] == 1
    assert content["path"] == [pytest.approx(cycles[0].region.well_tuned)]
    assert [each["cycle"] for each in content["cycles"]] == [0, 1]
    assert "same well-tuned max_lr 100% (or not significantly worse 100%)" in shown
    assert "1 of 2 cycles are recorded, of which 1 have the same well-tuned max_lr" in shown
    share = content["said"]["share"]
    assert f"of 2 cycles, with {share:.0%} of the training runs" in shown
