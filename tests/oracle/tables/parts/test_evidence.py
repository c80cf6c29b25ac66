"""Error bars and verdicts in the table of an oracle run."""

import csv
import io
import json
import math
import random
import re
from collections.abc import Callable
from typing import Any

import pytest

from oracle.reports import formats
from oracle.reports import oracle as tables
from oracle.runs import html_report
from oracle.search.graph import Cell
from oracle.stats.region import MaxLrScores
from oracle.stats.region_intervals import infer_region
from oracle.study.base import Study
from oracle.tables import oracle

Make = Callable[..., Study]
Curve = Callable[[Cell], float | None]

ACCURACY = {
    0.05: (60.0, 61.0, 62.0),
    0.1: (72.0, 88.0, 72.0),
    0.2: (80.0, 81.0, 79.0),
    0.4: (70.0, 71.0, 72.0),
}


def curve(cell: Cell) -> float | None:
    """S-Cyc's 0.1 swings at the unpruned network, and is clearly the best of the pruned ones."""
    if cell.max_lr not in ACCURACY:
        return None
    if cell.cycle and cell.max_lr == 0.1:
        return 90.0 + cell.replicate
    return ACCURACY[cell.max_lr][cell.replicate % 3]


@pytest.fixture
def made(study: Make, searched: Any) -> Callable[..., oracle.OracleTable]:
    def make(**changes: Any) -> oracle.OracleTable:
        declared = study(
            **{
                "grid": {"max_lr": [0.05, 0.1, 0.2, 0.4, 0.8], "extend": False},
                "s_cyc": {"epsilon": 0.1, "delta": 0.0, "q": 0, "beta": 3.0},
                "replicates": 3,
                "cycles": 1,
            }
            | changes
        )
        _, cycles, path = searched(declared, curve)
        return oracle.table(declared, "tiny-00000000", cycles, path, complete=True)

    return make


def columns(table: oracle.OracleTable, head: str) -> list[str]:
    """A column of the printed table, by its head in one line."""
    sheet = tables.sheet(table)
    (index,) = (i for i, each in enumerate(sheet.headers) if each.replace("\n", " ") == head)
    return [row[index] for row in sheet.rows]


def test_each_max_lr_has_its_paired_difference_and_standard_error(made: Any) -> None:
    first = made()["cycles"][0]
    assert first["well_tuned"] == 0.2
    paired = {each["max_lr"]: each for each in first["evidence"]["paired"]}
    assert list(paired) == [0.05, 0.1, 0.2, 0.4, 0.8]
    gaps = [a - b for a, b in zip(ACCURACY[0.1], ACCURACY[0.2], strict=True)]  # -8, 7, -7
    mean = sum(gaps) / 3
    assert paired[0.1]["difference"] == pytest.approx(mean)
    spread = sum((gap - mean) ** 2 for gap in gaps) / 2
    assert paired[0.1]["standard_error"] == pytest.approx(math.sqrt(spread / 3))
    assert paired[0.2]["difference"] == paired[0.2]["standard_error"] == 0.0
    assert paired[0.8]["standard_error"] is None  # it diverged


def test_ends_accuracy_and_verdict_are_those_of_the_evidence(made: Any) -> None:
    for cycle in made()["cycles"]:
        grid = cycle["grid"]
        tried = {e["max_lr"]: MaxLrScores(tuple(e["val_accuracy"]), e["diverged"]) for e in grid}
        region = infer_region(tried, 0.5, "points", 0)
        assert region is not None
        assert region.low is not None
        assert region.high is not None
        evidence = cycle["evidence"]
        for end in ("low", "high"):
            interval = getattr(region, end)
            assert evidence[end] == {
                "low": interval.low,
                "high": interval.high,
                "beyond": interval.beyond,
            }
        assert region.estimate is not None
        assert evidence["estimated"]["well_tuned"] == region.estimate.well_tuned
        assert evidence["estimated"]["regret"] == region.estimate.regret
        assert evidence["best_again"] == region.best_again
        verdict = region.verdict(0.1)
        assert evidence["s_cyc"] == {
            "verdict": verdict.kind,
            "chance": verdict.chance,
            "more": verdict.replicates_needed,
        }


def test_the_column_has_the_verdict_and_the_line_has_both(made: Any) -> None:
    table = made()
    kinds = [cycle["evidence"]["s_cyc"]["verdict"] for cycle in table["cycles"]]
    assert kinds == ["undecided", "inside"]
    assert [cycle["s_cyc"]["inside"] for cycle in table["cycles"]] == [False, True]
    table["cycles"][0]["evidence"]["s_cyc"] |= {"more": 7, "chance": 0.31}
    assert columns(table, "S-Cyc verdict")[::2] == ["undecided (+7)", "inside"]
    assert columns(table, "S-Cyc verdict")[1] == "31 %"
    assert tables.verdict(table) == (
        "S-Cyc verdict: with 3 replicates, 1 of 2 cycles is conclusive (1 inside, 0 outside). "
        "In the measured region: 1 of 2."
    )
    table["cycles"][0]["evidence"]["s_cyc"] |= {"more": None}
    assert columns(table, "S-Cyc verdict")[0] == "undecided"


def test_each_cycle_has_its_intervals_and_the_corrected_best_below_it(made: Any) -> None:
    table = made()
    table["cycles"][0]["evidence"] |= {
        "low": {"low": 0.012345, "high": 0.1},
        "high": {"low": 0.2, "high": 0.2},
        "best_again": 78.256,
    }
    assert columns(table, "measured region")[:2] == ["[0.2, 0.2]", ""]
    assert columns(table, "estimated region")[1] == "0.0123\N{EN DASH}0.1, 0.2"
    assert columns(table, "validation, % oracle")[1] == "corr. 78.26"
    assert "0.0123--0.1, 0.2" in formats.as_latex(table)
    assert any(line.startswith("Row 2") for line in tables.sheet(table).notes)


def test_measured_and_estimated_values_have_separate_columns(made: Any) -> None:
    table = made()
    first = table["cycles"][0]
    first["evidence"]["low"] |= {"beyond": 0.6}
    first["evidence"]["high"] |= {"beyond": 0.4}
    first["evidence"]["estimated"] |= {
        "well_tuned": 0.1, "low": 0.05, "high": 0.31234, "parts": [[0.05, 0.08], [0.1, 0.31]]
    }  # fmt: skip
    assert columns(table, "measured region")[0] == "[0.2, 0.2]"
    assert columns(table, "estimated region")[0] == "[<0.05, 0.312]*"
    assert columns(table, "well-tuned max_lr")[:2] == ["0.2", "est. 0.1"]
    first["evidence"]["estimated"] = None
    assert columns(table, "estimated region")[0] == "-"


@pytest.mark.parametrize("more", [None, 7, 12])
def test_the_printed_table_lines_up_in_160_columns(made: Any, more: int | None) -> None:
    table = made(replicates={"least": 3, "most": 7})
    assert len({cycle["replicates"] for cycle in table["cycles"]}) == 2
    for cycle in table["cycles"]:
        cycle["evidence"]["s_cyc"] |= {"verdict": "undecided", "more": more}
        ends = {"low": 0.02345, "high": 0.03456}
        cycle["evidence"] |= {"low": ends, "high": ends}
    lines = [line for line in formats.text(table, 160).splitlines() if "±" in line and "[" in line]
    assert len(lines) == 2
    assert len({len(line) for line in lines}) == 1
    assert len(lines[0]) <= 160


def test_with_one_replicate_everything_is_undecided(made: Any) -> None:
    table = made(replicates=1)
    for cycle in table["cycles"]:
        evidence = cycle["evidence"]
        assert (evidence["low"], evidence["high"], evidence["best_again"]) == (None, None, None)
        assert evidence["s_cyc"] == {"verdict": "undecided", "chance": None, "more": None}
        assert all(each["standard_error"] is None for each in evidence["paired"])
    assert columns(table, "S-Cyc verdict") == ["undecided", "undecided"]
    text = formats.text(table, 300)
    assert "One replicate: no region or verdict is conclusive." in text
    assert "with 1 replicate, 0 of 2 cycles are conclusive (0 inside, 0 outside)" in text
    assert json.loads(formats.as_json(table)) == table
    assert "Row 2" not in text


def test_a_run_without_a_cycle_is_reported_without_its_replicates(study: Make) -> None:
    table = oracle.table(study(replicates=3), "tiny-0", [], [], complete=False)
    text = formats.text(table, 300)
    assert "One replicate" not in text
    assert "The run is not complete; no cycle is finished yet." in text
    assert "the cycles finished so far" not in text


def test_a_cycle_without_a_winner_has_no_evidence(study: Make, searched: Any) -> None:
    declared = study()
    _, cycles, path = searched(declared, lambda cell: None if cell.cycle else 90.0)
    table = oracle.table(declared, "tiny-0", cycles, path, complete=True)
    assert [cycle["evidence"] is None for cycle in table["cycles"]] == [False, True]
    assert columns(table, "S-Cyc verdict")[-1] == "-"
    assert json.loads(formats.as_json(table)) == table
    assert "none: every max_lr diverged" in " ".join(formats.text(table).split())


def test_replicates_have_a_column_where_they_differ(made: Any) -> None:
    table = made(replicates={"least": 3, "most": 7})
    assert [cycle["replicates"] for cycle in table["cycles"]] == [7, 3]
    assert columns(table, "reps")[::2] == ["7", "3"]
    assert "3 to 7 replicates" in formats.text(table)
    assert "reps" not in tables.sheet(made()).headers
    assert [len(cycle["grid"][0]["val_accuracy"]) for cycle in table["cycles"]] == [7, 3]
    rows = list(csv.DictReader(io.StringIO(formats.as_csv(table))))
    assert [row["replicates"] for row in rows] == ["7", "3"]


def test_the_way_of_added_replicates_is_in_the_cost(study: Make, searched: Any) -> None:
    def late(cell: Cell) -> float:
        """Open at the second cycle only."""
        if cell.cycle == 1 and cell.max_lr == 0.1:
            return 88.0 if cell.replicate % 2 else 72.0
        return {0.05: 60.0, 0.1: 70.0, 0.2: 80.0}[cell.max_lr] + cell.replicate

    declared = study(
        grid={"max_lr": [0.05, 0.1, 0.2], "extend": False},
        s_cyc={"epsilon": 0.1, "delta": 0.0, "q": 0, "beta": 3.0},
        replicates={"least": 2, "most": 4},
        cycles=1,
    )
    rehearsal, cycles, path = searched(declared, late)
    table = oracle.table(declared, "tiny-0", cycles, path, complete=True)
    assert [cycle["replicates"] for cycle in table["cycles"]] == [2, 4]
    assert table["cost"]["oracle"]["trainings"] == 3 * 2 + 3 * 4 + 2  # two came by 0.2 at cycle 0
    s_cyc = 2  # at cycle 1; its unpruned networks are the grid's
    assert len(rehearsal.trained) == 3 * 2 + 3 * 4 + 2 + s_cyc


def test_csv_has_the_evidence(made: Any) -> None:
    table = made()
    row = next(csv.DictReader(io.StringIO(formats.as_csv(table))))
    evidence = table["cycles"][0]["evidence"]
    assert [float(row[name]) for name in ("low_from", "low_to", "high_from", "high_to")] == [
        *(evidence[end][bound] for end in ("low", "high") for bound in ("low", "high")),
    ]
    assert row["verdict"] == "undecided"
    assert float(row["chance_inside"]) == evidence["s_cyc"]["chance"]
    assert float(row["best_val_accuracy_again"]) == evidence["best_again"]
    assert row["inside"] == "False"


def test_the_report_marks_verdicts_and_the_rows_below_them(made: Any, study: Make) -> None:
    table = made()
    table["cycles"][0]["evidence"]["s_cyc"]["more"] = 7
    page = html_report.page(table, study())
    assert '<td class="undecided">undecided (+7)</td>' in page
    assert '<td class="inside">inside</td>' in page
    assert page.count('<tr class="below">') == 2


def test_pure_noise_does_not_begin_with_outside(study: Make, searched: Any) -> None:
    """The headline is of verdicts; what was measured comes after, as measured."""
    generator = random.Random(2)

    def noise(_: Cell) -> float:
        return 50 + generator.gauss(0, 1)

    declared = study(
        grid={"max_lr": [0.05, 0.07, 0.1, 0.14, 0.2, 0.28, 0.4], "extend": False},
        s_cyc={"epsilon": 0.1, "delta": 0.0, "q": 0, "beta": 3.0},
        replicates=3,
        cycles=1,
    )
    _, cycles, path = searched(declared, noise)
    line = tables.verdict(oracle.table(declared, "tiny-0", cycles, path, complete=True))
    assert re.match(
        r"S-Cyc verdict: with 3 replicates, . of 2 cycles (is|are) conclusive \(. inside, 0 out",
        line,
    )


@pytest.mark.parametrize(
    ("chance", "shown"), [(0.947, "94.7 %"), (0.9496, "94.96 %"), (0.31, "31 %"), (0.052, "5.2 %")]
)
def test_an_open_chance_never_prints_as_a_decided_one(made: Any, chance: float, shown: str) -> None:
    table = made()
    table["cycles"][0]["evidence"]["s_cyc"] |= {"verdict": "undecided", "chance": chance}
    assert columns(table, "S-Cyc verdict")[1] == shown


def test_past_a_cut_off_end_the_verdict_is_unknown(study: Make, searched: Any) -> None:
    def rising(cell: Cell) -> float:
        noise = 0.1 * math.sin(97 * cell.replicate / cell.max_lr)
        return 70 + 30 * cell.max_lr + cell.replicate + noise

    declared = study(
        grid={"max_lr": [0.05, 0.1, 0.2, 0.4], "extend": False},
        s_cyc={"epsilon": 0.5, "delta": 0.0, "q": 0, "beta": 3.0},
        replicates=3,
        cycles=1,
    )
    _, cycles, path = searched(declared, rising)
    table = oracle.table(declared, "tiny-0", cycles, path, complete=True)
    assert {c["evidence"]["s_cyc"]["verdict"] for c in table["cycles"]} == {"unknown"}
    assert {c["evidence"]["s_cyc"]["chance"] for c in table["cycles"]} == {None}
    text = formats.text(table, 160)
    assert "2 unknown beyond the end of the grid" in text
    assert "extend the grid" in text


def test_the_table_has_the_paired_difference_of_the_oracle_and_s_cyc(made: Any) -> None:
    table = made(replicates={"least": 3, "most": 7})
    first = table["cycles"][0]
    assert first["replicates"] == 7
    difference = first["oracle_less_s_cyc"]["validation"]
    gaps = [a - b for a, b in zip(ACCURACY[0.2], ACCURACY[0.1], strict=True)]
    assert difference["points"] == pytest.approx(sum(gaps) / 3)
    assert difference["replicates"] == 3  # S-Cyc's run has no more
    assert columns(table, "validation, % S-Cyc")[1].startswith(f"{sum(gaps) / 3:+.2f} ± ")
    assert "S-Cyc has 3 replicates; paired differences are over these." in " ".join(
        tables.sheet(table).notes
    )
