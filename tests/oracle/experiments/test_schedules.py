"""Schedules against each other: their searches on known curves."""

import itertools
import json
import math
import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest

from oracle.execution.pack_queue import Pack
from oracle.experiments.registry import expected_cells, experiment
from oracle.experiments.schedules import SchedulesExperiment
from oracle.plots import schedules
from oracle.reports import formats
from oracle.reports import schedules as schedules_reports
from oracle.search.graph import Cell, CellResult, Graph
from oracle.search.pruning_run import RunCycle
from oracle.study.schedules import SchedulesStudy
from oracle.study.validation import parse
from oracle.tables.schedules import EntryResults
from scyc.errors import BadInput

WARMUP = {"warmup": 3, "drops": [8]}
CYCLICAL = {"name": "cyclical", "step": 4}
S_CYC = {"epsilon": 0.1, "delta": 0.1, "q": 1, "beta": 3.0}
ENTRIES: list[dict[str, Any]] = [
    {"label": "steady", "schedule": "constant", "max_lr": 0.05},
    {"label": "warm-up", "schedule": WARMUP, "max_lr": 0.1},
    {"label": "S-Cyc", "schedule": WARMUP, "s_cyc": S_CYC},
]


def tuned(label: str = "tuned", schedule: Any = CYCLICAL, **grid: Any) -> dict[str, Any]:
    """An entry whose max_lr is searched."""
    return {"label": label, "schedule": schedule, "tune": {"max_lr": grid}}


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


def begun(declared: SchedulesStudy) -> SchedulesExperiment:
    study_experiment = experiment(declared, Graph(declared.system, "0" * 64))
    assert isinstance(study_experiment, SchedulesExperiment)
    return study_experiment


def hump(cell: Cell) -> float:
    """Accuracy that is best at a max_lr of 0.1, and lower with each cycle."""
    return 90 - 4 * abs(math.log2(cell.max_lr / 0.1)) - cell.cycle - cell.replicate / 8


@pytest.fixture
def ran(Rehearsal: Any) -> Callable[..., Any]:
    """Runs a study on a known curve; returns the experiment and the rehearsal."""

    def run(declared: SchedulesStudy, curve: Any = hump, **options: Any) -> Any:
        study_experiment = begun(declared)
        rehearsal = Rehearsal(curve, known=options.pop("known", {}))
        rehearsal.run(study_experiment.searches(), **options)
        return study_experiment, rehearsal

    return run


def of(study_experiment: SchedulesExperiment, label: str) -> list[RunCycle]:
    return study_experiment.entries[label].path


# What is trained


def test_each_entry_is_one_pruning_run_with_its_own_rates(ran: Any) -> None:
    study_experiment, _ = ran(study())
    rates = {
        label: [each.max_lr for each in each_found.path]
        for label, each_found in paths(study_experiment)
    }
    assert rates["steady"] == [0.05] * 5
    assert rates["warm-up"] == [0.1] * 5
    assert rates["S-Cyc"][:2] == [0.1, 0.1]
    assert rates["S-Cyc"][2:] == sorted(rates["S-Cyc"][2:])
    assert 0.1 < rates["S-Cyc"][2] < rates["S-Cyc"][4] < 0.2
    for _, each in paths(study_experiment):
        for before, after in itertools.pairwise(each.path):
            assert [cell.parent for cell in after.cells] == list(before.cells)
            assert [cell.replicate for cell in after.cells] == [0, 1]


def paths(study_experiment: SchedulesExperiment) -> Iterable[tuple[str, EntryResults]]:
    return study_experiment.entries.items()


@pytest.mark.parametrize("q", [0, 1, 3])
def test_s_cyc_and_the_warm_up_it_starts_from_share_the_no_growth_phase(ran: Any, q: int) -> None:
    study_experiment, rehearsal = ran(study(*ENTRIES[:2], ENTRIES[2] | {"s_cyc": S_CYC | {"q": q}}))
    shared = set(ids(of(study_experiment, "S-Cyc"))) & set(ids(of(study_experiment, "warm-up")))
    assert shared == set(ids(of(study_experiment, "warm-up")[: q + 1]))
    assert len(rehearsal.trained) == len(set(rehearsal.trained)) == 3 * 5 * 2 - 2 * (q + 1)
    assert not set(ids(of(study_experiment, "steady"))) & (
        shared | set(ids(of(study_experiment, "S-Cyc")))
    )


def ids(path: Sequence[RunCycle]) -> list[str]:
    return [cell.id for each in path for cell in each.cells]


def test_schedules_with_the_same_max_lr_share_nothing(ran: Any) -> None:
    flat = {"label": "flat", "schedule": "constant", "max_lr": 0.1}
    _, rehearsal = ran(study(ENTRIES[1], flat))
    assert len(set(rehearsal.trained)) == 2 * 5 * 2


def test_max_lr_is_tuned_on_the_unpruned_network_only(ran: Any) -> None:
    grid = {"max_lr": [0.05, 0.1, 0.2]}
    study_experiment, rehearsal = ran(study(ENTRIES[0], tuned(**grid)))
    tuning = study_experiment.entries["tuned"].tuning
    assert list(tuning.cells) == [0.05, 0.1, 0.2]
    assert {cell.cycle for row in tuning.cells.values() for cell in row} == {0}
    assert [each.max_lr for each in of(study_experiment, "tuned")] == [0.1] * 5
    assert (
        of(study_experiment, "tuned")[0].cells == tuning.cells[0.1]
    )  # its cycle 0 is not trained again
    assert len(rehearsal.trained) == len(set(rehearsal.trained)) == 5 * 2 + 3 * 2 + 4 * 2


def test_a_tuned_grid_grows_until_its_best_lies_inside(ran: Any) -> None:
    entry = tuned(kind="log", low=0.2, high=0.8, count=3)
    study_experiment, rehearsal = ran(study(ENTRIES[0], entry))
    assert list(study_experiment.entries["tuned"].tuning.cells) == [0.05, 0.1, 0.2, 0.4, 0.8]
    assert {each.max_lr for each in of(study_experiment, "tuned")} == {0.1}
    assert len(set(rehearsal.trained)) == 5 * 2 + 5 * 2 + 4 * 2


def test_the_mean_validation_accuracy_over_replicates_picks_the_max_lr(ran: Any) -> None:
    row = {0.05: (90.0, 90.0), 0.1: (95.0, 86.0), 0.2: (92.0, 91.0)}
    entry = tuned(max_lr=[0.05, 0.1, 0.2], extend=False)
    study_experiment, _ = ran(
        study(ENTRIES[0], entry), lambda cell: row[cell.max_lr][cell.replicate]
    )
    assert {each.max_lr for each in of(study_experiment, "tuned")} == {0.2}


def test_the_test_accuracy_has_no_say_in_tuning(Rehearsal: Any, answer: Any) -> None:
    declared = study(ENTRIES[0], tuned(max_lr=[0.05, 0.1, 0.2], extend=False))
    study_experiment = begun(declared)
    (*_, search) = study_experiment.searches()
    ask = next(search)
    results = {cell.id: answer(hump, cell) for cell in ask.cells}
    for cell in ask.cells:
        fields = vars(results[cell.id]) | {"test_accuracy": 100.0 if cell.max_lr == 0.2 else 0.0}
        results[cell.id] = CellResult(**fields)
    assert {cell.max_lr for cell in search.send(results).cells} == {0.1}


def test_a_grid_shares_the_cells_of_a_run_with_the_same_schedule(ran: Any) -> None:
    entry = tuned(schedule=WARMUP, max_lr=[0.05, 0.1, 0.2], extend=False)
    study_experiment, rehearsal = ran(study(*ENTRIES, entry))
    assert ids(of(study_experiment, "tuned")) == ids(of(study_experiment, "warm-up"))
    # the three runs, less S-Cyc's No Growth, and the two other values of the grid
    assert len(rehearsal.trained) == len(set(rehearsal.trained)) == 3 * 5 * 2 - 2 * 2 + 2 * 2


# What diverges


def test_an_entry_that_diverges_ends_its_own_row_and_no_other(ran: Any) -> None:
    def curve(cell: Cell) -> float | None:
        unlucky = cell.max_lr == 0.05 and cell.cycle == 2 and cell.replicate == 1
        return None if unlucky else hump(cell)

    study_experiment, rehearsal = ran(study(), curve)
    assert [len(each.path) for _, each in paths(study_experiment)] == [3, 5, 5]
    assert len(rehearsal.trained) == 3 * 2 + 5 * 2 + 3 * 2
    table = study_experiment.table("tiny-0")
    assert table["complete"]
    assert study_experiment.failure() is None
    assert [cell["diverged"] for cell in table["schedules"][0]["cycles"]] == [False, False, True]
    (row, *_) = schedules_reports.sheet(table).rows
    assert row[4:] == ["diverged"] * 3
    assert "diverged" not in row[2:4]
    assert not any("steady" in column["best"] for column in table["columns"][2:])
    assert any(note.startswith("Diverged: ") for note in schedules_reports.sheet(table).notes)


def test_an_entry_whose_whole_grid_diverges_has_no_run_and_is_reported(ran: Any) -> None:
    entry = tuned(max_lr=[1.0, 2.0], extend=False)
    study_experiment, rehearsal = ran(
        study(*ENTRIES[1:], entry), lambda cell: None if cell.max_lr >= 1 else hump(cell)
    )
    assert of(study_experiment, "tuned") == []
    assert study_experiment.entries["tuned"].untunable
    assert len(rehearsal.trained) == 8 * 2 + 2 * 2
    table = study_experiment.table("tiny-0")
    assert table["complete"]
    row = table["schedules"][-1]
    assert (row["max_lr"], row["cycles"]) == (None, [])
    assert [each["diverged"] for each in row["tuned"]] == [True, True]
    printed = next(r for r in schedules_reports.sheet(table).rows if r[0] == "tuned")
    assert printed[2:] == ["diverged"] * 5
    assert any(note.startswith("Diverged: ") for note in schedules_reports.sheet(table).notes)
    schedules.comparison(table)  # an entry without a run is drawn as an empty line
    for render in formats.FORMATS.values():
        assert "tuned" in render(table) or render is formats.as_csv


def test_a_tuned_max_lr_may_diverge_later(ran: Any) -> None:
    entry = tuned(max_lr=[0.05, 0.1, 0.2], extend=False)
    study_experiment, _ = ran(
        study(ENTRIES[0], entry),
        lambda cell: None if (cell.max_lr, cell.cycle) == (0.1, 1) else hump(cell),
    )
    assert len(of(study_experiment, "tuned")) == 2
    assert not study_experiment.entries["tuned"].untunable
    assert study_experiment.table("tiny-0")["complete"]


def test_where_s_cyc_diverges_nothing_is_compared_with_it(ran: Any) -> None:
    study_experiment, _ = ran(study(), lambda cell: None if cell.max_lr > 0.1 else hump(cell))
    table = study_experiment.table("tiny-0")
    assert [column["against"] is None for column in table["columns"]] == [False] * 2 + [True] * 3
    assert "of 2 columns" in schedules_reports.verdict(table)


# Interruption, order, counts

MIXED = (*ENTRIES, tuned(kind="log", low=0.2, high=0.8, count=3))


def test_an_interruption_at_any_point_changes_nothing_and_trains_nothing_twice(ran: Any) -> None:
    declared = study(*MIXED, cycles=3)
    whole, all_of_it = ran(declared)
    expected = whole.table("tiny-0")
    assert expected["complete"]
    for stop in range(1, len(all_of_it.packs)):
        partial, first = ran(declared, stop_after=stop)
        assert not partial.table("tiny-0")["complete"]
        second_found, second = ran(declared, known=first.known)
        assert second_found.table("tiny-0") == expected
        assert sorted(first.trained + second.trained) == sorted(all_of_it.trained)
        recorded = [cell.id for cell, _ in first.recorded + second.recorded]
        assert len(recorded) == len(set(recorded)) == len(all_of_it.recorded)


def test_the_order_of_finishing_does_not_matter(ran: Any) -> None:
    def anyhow(seed: int) -> Callable[[Sequence[Pack]], int]:
        drawn = random.Random(seed)
        return lambda packs: drawn.randrange(len(packs))

    declared = study(*MIXED, cycles=3)
    study_experiment, rehearsal = ran(declared)
    orders = [lambda packs: len(packs) - 1, anyhow(1), anyhow(2), anyhow(3)]
    for order in orders:
        again, other = ran(declared, order=order)
        assert json.dumps(again.table("tiny-0")) == json.dumps(study_experiment.table("tiny-0"))
        assert sorted(other.trained) == sorted(rehearsal.trained)


@pytest.mark.parametrize(
    ("entries", "grid"), [(ENTRIES, 0), ([*ENTRIES, tuned(max_lr=[0.05, 0.1, 0.2])], 3)]
)
def test_what_a_run_will_train_is_counted_before_it_starts(
    ran: Any, entries: list[Any], grid: int
) -> None:
    declared = study(*entries)
    fresh = begun(declared)
    assert expected_cells(fresh) == 26 + (grid + 4 if grid else 0) * 2
    _, rehearsal = ran(declared)
    assert len(rehearsal.trained) == expected_cells(fresh)
    assert fresh.known_cells() | fresh.first_grids() <= set(rehearsal.trained)
    assert len(fresh.first_grids()) == 2 * grid


def test_the_count_stays_the_same_during_a_run(Rehearsal: Any) -> None:
    declared = study(*ENTRIES, tuned(max_lr=[0.05, 0.1, 0.2]))
    study_experiment = begun(declared)
    expected, counts = expected_cells(study_experiment), []
    rehearsal = Rehearsal(hump)
    for stop in range(1, 50):
        queue = rehearsal.run(study_experiment.searches(), stop_after=stop)
        counts.append(expected_cells(study_experiment, queue.requested))
        if queue.finished:
            break
        study_experiment = begun(declared)
    assert set(counts) == {expected}
    assert len(rehearsal.known) == expected


def test_the_oracles_first_grid_is_counted_too(study: Any, searched: Any) -> None:
    apart = {"epsilon": 0.07, "delta": 0.1, "q": 0, "beta": 3.0}
    declared = study(s_cyc=apart, grid={"max_lr": [0.05, 0.1, 0.2], "extend": False})
    fresh = experiment(declared, Graph(declared.system, "0" * 64))
    rehearsal, *_ = searched(declared, hump)
    assert expected_cells(fresh) == len(rehearsal.trained) == 3 * 3 * 2 + 3 * 2


def test_each_run_and_each_grid_has_a_study_of_its_own(ran: Any) -> None:
    study_experiment, rehearsal = ran(study(*ENTRIES, tuned(max_lr=[0.05, 0.1, 0.2])))
    keys = {json.dumps(role): key for key, role in study_experiment.study_keys()}
    assert [json.loads(role) for role in keys] == [
        {"role": "schedule", "label": "steady"},
        {"role": "schedule", "label": "warm-up"},
        {"role": "schedule", "label": "S-Cyc"},
        {"role": "schedule", "label": "tuned"},
        {"role": "tuning", "label": "tuned"},
    ]
    assert len(set(keys.values())) == 5
    assert {key for _, key in rehearsal.recorded} == set(keys.values())
    by_kind = {kind: [p for p in keys.values() if p.kind == kind] for kind in ("oracle", "path")}
    assert [len(by_kind[kind]) for kind in by_kind] == [1, 4]


def test_each_finished_cycle_is_reported_in_a_line(Rehearsal: Any) -> None:
    declared = study(*ENTRIES[:2], tuned(max_lr=[0.05, 0.1, 0.2]), cycles=1)
    lines: list[str] = []
    lost: list[CellResult] = []
    study_experiment = begun(declared)
    study_experiment.hooks.on_cycle = lines.append
    study_experiment.hooks.on_discardable = lost.extend
    Rehearsal(hump).run(study_experiment.searches())
    assert sorted(lines) == [
        "steady: cycle  0  100.00 % remaining  test 85.94 %",
        "steady: cycle  1   80.00 % remaining  test 84.94 %",
        "tuned: cycle  0  100.00 % remaining  test 89.94 %",
        "tuned: cycle  1   80.00 % remaining  test 88.94 %",
        "tuned: max_lr 0.1 is best on the unpruned network",
        "warm-up: cycle  0  100.00 % remaining  test 89.94 %",
        "warm-up: cycle  1   80.00 % remaining  test 88.94 %",
    ]
    assert {result.val_accuracy for result in lost} == {86.0, 85.875}  # 0.05 and 0.2


# What is shown of it


def test_every_training_is_paid_once_though_two_schedules_share_it(ran: Any) -> None:
    study_experiment, _ = ran(
        study(*ENTRIES, tuned(schedule=WARMUP, max_lr=[0.05, 0.1, 0.2], extend=False))
    )
    paid = {
        who: cost["trainings"] for who, cost in study_experiment.table("tiny-0")["cost"].items()
    }
    assert paid == {"steady": 10, "warm-up": 10, "S-Cyc": 10, "tuned": 14, "together": 30}


def test_a_run_under_way_is_marked_and_shows_its_results_so_far(ran: Any) -> None:
    study_experiment, _ = ran(study(*ENTRIES, tuned(max_lr=[0.05, 0.1, 0.2])), stop_after=2)
    table = study_experiment.table("tiny-0")
    text = formats.text(table)
    assert "not complete" in text
    rows = {row[0]: row for row in schedules_reports.sheet(table).rows}
    assert rows["tuned"][1:] == ["-", "-", "-", "-", "-", "-"]
    assert rows["steady"][2] == "85.94 ± 0.09"


def test_before_anything_is_finished_every_form_and_figure_is_made() -> None:
    table = begun(study()).table("tiny-0")
    assert all(column["weights_remaining"] is None for column in table["columns"])
    for render in formats.FORMATS.values():
        assert render(table)
    assert all(not trace.x for trace in schedules.comparison(table).data)


# What may be declared


def test_a_tuned_grid_must_lie_above_the_low_end_of_a_cyclical_rate() -> None:
    cyclical = CYCLICAL | {"low": 0.05}
    with pytest.raises(BadInput, match=r"schedule.low 0.05 must lie below max_lr 0.02"):
        study(ENTRIES[0], tuned(schedule=cyclical, max_lr=[0.02, 0.1], extend=False))
    with pytest.raises(BadInput, match=r"max_lr 0.006; lower it, or set the grid's floor"):
        study(ENTRIES[0], tuned(schedule=cyclical, max_lr=[0.06, 0.1]))
    with pytest.raises(BadInput, match=r"schedule.low 0.05 must lie below max_lr 0.001"):
        study(ENTRIES[0], tuned(schedule=cyclical, kind="log", low=0.01, high=0.1, count=4))
    grown = tuned(schedule=cyclical, max_lr=[0.06, 0.1], floor=0.055)
    assert study(ENTRIES[0], grown).schedules[1].tune
