"""Searches of single cells on recorded grids."""

import csv
import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from oracle.analysis.cell_replay import (
    COLUMNS,
    RecordedCycle,
    read_recorded,
    replay_cells,
    tidy_rows,
)
from oracle.cli.replay_command import RULES, replay
from oracle.search.selection import next_cells
from scyc.errors import BadInput

RESULTS = Path(__file__).parents[3] / "docs" / "results"


def test_the_public_file_is_the_tables_grids() -> None:
    table = json.loads((RESULTS / "digits-fine.json").read_text())
    with (RESULTS / "digits-fine.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert [{name: str(value) for name, value in row.items()} for row in tidy_rows(table)] == rows


@pytest.mark.costly
def test_the_table_and_the_tidy_file_replay_alike() -> None:
    replays = [
        replay_cells(read_recorded(RESULTS / name)[:2], "racing", 0.2, 0.5, splits=1)
        for name in ("digits-fine.json", "digits-fine.csv")
    ]
    assert replays[0] == replays[1]


@pytest.mark.costly
def test_a_wide_spread_past_a_cliff_does_not_hide_the_best() -> None:
    cycles = read_recorded(RESULTS / "digits-fine.csv")
    replays = replay_cells([cycles[3], cycles[8]], "adaptive", 0.25, 0.5, splits=1)
    assert all(each.raw_held_out - each.held_out < 0.5 for each in replays)  # points of accuracy


@pytest.mark.costly
def test_several_splits_are_all_that_there_are_and_the_first_is_of_even_and_odd_numbers() -> None:
    (cycle,) = read_recorded(RESULTS / "digits-fine.csv")[:1]
    rows = np.flatnonzero(~np.isnan(cycle.table).any(axis=1))[::5]
    rates = tuple(cycle.rates[row] for row in rows)
    few = RecordedCycle(cycle.cycle, rates, cycle.table[rows, :5])

    def raw_held_out(seen: tuple[int, ...]) -> float:
        """Judge the best mean of some replicates by the others."""
        best = int(few.table[:, list(seen)].mean(axis=1).argmax())
        return float(np.delete(few.table, seen, axis=1).mean(axis=1)[best])

    replays = replay_cells([few], "coarser grid", 0.5, 0.5, splits=99)
    assert [(each.split, each.half) for each in replays] == [
        (split, half) for split in range(10) for half in (0, 1)
    ]  # three of five replicates are seen, and then the two others
    for half, size in ((0, 3), (1, 2)):
        expected = sorted(raw_held_out(some) for some in itertools.combinations(range(5), size))
        assert sorted(e.raw_held_out for e in replays if e.half == half) == expected
    assert replays[0].raw_held_out == raw_held_out((0, 2, 4))
    assert replay_cells([few], "coarser grid", 0.5, 0.5, splits=1) == replays[:2]


@pytest.mark.slow
def test_recorded_cycles_lose_little_at_a_quarter_of_the_training_runs() -> None:
    cycles = read_recorded(RESULTS / "digits-fine.csv")
    replays = replay_cells(cycles, "adaptive", 0.25, 0.5, splits=8)
    assert len(replays) == 9 * 8 * 2
    assert max(each.share for each in replays) <= 0.25
    gaps = [each.held_out - each.raw_held_out for each in replays]
    assert sum(gaps) / len(gaps) > -0.05  # points of accuracy, by replicates it never saw


@pytest.mark.slow
def test_the_command_prints_both_accuracies_and_refuses_a_file_without_a_recorded_grid(
    tmp_path: Path,
) -> None:
    file = str(RESULTS / "digits-fine.csv")
    shown = CliRunner().invoke(replay, [file, "--search", "racing", "--splits", "2"])
    assert shown.exit_code == 0
    assert "racing: 20 % of the training runs" in shown.output
    assert "2 splits of the replicates" in shown.output
    assert "held-out accuracy" in shown.output
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("a,b\n1,2\n")
    with pytest.raises(BadInput, match="no recorded grid"):
        read_recorded(wrong)
    with pytest.raises(BadInput, match="at least 4 are needed"):
        read_recorded(RESULTS / "digits.json")  # 3 replicates


def test_the_command_knows_every_rule() -> None:
    assert set(RULES) == set(next_cells.RULES)
