"""Shifts between two runs whose best rates and ends are known."""

import json
import math
from pathlib import Path

import pytest
from trend_tables import table

from oracle.analysis import shift
from oracle.cli import main
from scyc.errors import BadInput

TOPS = [0.05, 0.07, 0.09]


def test_a_shift_of_known_size_is_detected_in_all_three_quantities() -> None:
    """Every best rate is 1.5 times the other run's; the ends lie at fixed factors of it."""
    higher, base = table([1.5 * top for top in TOPS]), table(TOPS)
    shift_of_curves = shift.compare(higher, base)
    assert (shift_of_curves.cycles, shift_of_curves.replicates) == ((1, 2), 4)
    for each in shift_of_curves.shifts:
        assert each.direction == "higher"
        assert each.mean == pytest.approx(math.log(1.5), abs=0.06)
        assert each.drawn[0] < math.log(1.5) < each.drawn[1]
        assert each.mean == pytest.approx(sum(each.by_cycle) / 2)
    content = shift.as_json(shift_of_curves)
    assert [each["mean"] for each in content["shifts"]] == [
        each.mean for each in shift_of_curves.shifts
    ]
    assert [each["quantity"] for each in content["shifts"]] == ["well_tuned", "low", "high"]


def test_cycle_0_is_left_out_and_a_run_does_not_differ_from_itself() -> None:
    base, other = (table([top, *TOPS[1:]], noise=1.0, replicates=3) for top in (TOPS[0], 0.4))
    comparison = shift.compare(other, base)
    for each in comparison.shifts:
        assert each.direction == "not told apart"
        assert each.mean == pytest.approx(0.0, abs=0.2)
    assert all(
        line.endswith("not significant") for line in shift.text(comparison).splitlines()[2:5]
    )


def test_runs_without_a_pruned_cycle_in_common_are_refused() -> None:
    with pytest.raises(BadInput, match="no pruned cycle"):
        shift.compare(table(TOPS[:1]), table(TOPS))


def test_the_command_prints_the_shift_and_the_share_of_max_lr_reached(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut, base = tmp_path / "cut.json", tmp_path / "base.json"
    lower = [top / 1.5 for top in TOPS]
    cut.write_text(json.dumps(table(lower, replicates=2) | {"peak": 0.7}))
    base.write_text(json.dumps(table(TOPS, replicates=2)))
    main.main(["trend", str(cut), "--against", str(base)], standalone_mode=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "known-00000000 against known-00000000: cycles 1 to 2, 2 replicates"
    assert all(line.endswith("lower") for line in lines[2:5])
    assert lines[5].endswith("in rates that are reached, each factor is 0.700 times as large.")
