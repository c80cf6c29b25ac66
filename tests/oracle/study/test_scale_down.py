"""A study made smaller: what is refused, what is said of it, and what it shares."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from factories import tiny_content

from oracle.experiments.registry import experiment
from oracle.experiments.schedules import SchedulesExperiment
from oracle.plots import registry
from oracle.reports import formats
from oracle.runs import execute, html_report, prepare
from oracle.runs.run_ids import run_id
from oracle.search.graph import Graph
from oracle.settings import Progress, ScaleDown, Settings
from oracle.study.aliases import shown_reductions
from oracle.study.base import Study
from oracle.study.distributions import DistributionsStudy
from oracle.study.oracle import OracleStudy
from oracle.study.parts import grid
from oracle.study.scale_down import scale_down
from oracle.study.schedules import SchedulesStudy
from oracle.study.validation import parse
from oracle.tables import oracle as compare
from oracle.tables import schedules as schedule_tables
from oracle.tables.registry import Table
from scyc.errors import BadInput
from scyc.specs.base import as_json

Make = Callable[..., Study]
WARMUP = {"warmup": 30, "drops": [60, 90]}
LONG: dict[str, Any] = {
    "training": {"steps": 120, "batch": 16, "validate_every": 40},
    "schedule": WARMUP,
}


def others(**changes: Any) -> dict[str, Any]:
    """What a study of another kind declares."""
    common = tiny_content(
        without=(
            "subset",
            "pruning",
            "schedule",
            "grid",
            "s_cyc",
            "pack",
        ),
        training={"steps": 120, "batch": 16, "validate_every": 40},
        cycles=5,
        replicates=3,
    )
    return common | changes


def comparison(**changes: Any) -> SchedulesStudy:
    tune = {"max_lr": {"kind": "log", "low": 0.01, "high": 0.1, "count": 7}}
    listed = {"max_lr": {"max_lr": [0.01, 0.02, 0.05, 0.1, 0.2]}}
    entries = [
        {"label": "decay", "schedule": {"name": "lr_decay", "iterations": 100}, "tune": tune},
        {"label": "cyclical", "schedule": {"name": "cyclical", "step": 20}, "tune": listed},
        {"label": "warm-up", "schedule": WARMUP, "max_lr": 0.1},
        {"label": "cosine", "schedule": {"name": "cosine", "warmup": 3}, "max_lr": 0.1},
    ]
    content = {"kind": "schedules", "schedules": entries, "columns": [0, 3, 5]}
    study = parse(others(**(content | changes)), "tiny.yaml")
    assert isinstance(study, SchedulesStudy)
    return study


def one_run(**changes: Any) -> DistributionsStudy:
    content = {
        "kind": "distributions",
        "schedule": WARMUP,
        "max_lr": 0.1,
        "record": {"what": ["activations"]},
    }
    study = parse(others(**(content | changes)), "tiny.yaml")
    assert isinstance(study, DistributionsStudy)
    return study


def refused(study: Study, **wanted: Any) -> list[tuple[str, object]]:
    """The options that are refused, with their values."""
    with pytest.raises(BadInput) as caught:
        scale_down(study, ScaleDown(**wanted))
    assert caught.value.source == "tiny"
    return [(problem.path, problem.value) for problem in caught.value.problems]


# What is refused


@pytest.mark.parametrize(
    ("option", "value", "of"),
    [("subset", 0.5, "0.2"), ("classes", 4, "3"), ("cycles", 3, "2"), ("replicates", 3, "2")],
)
def test_a_value_above_the_studys_is_refused(
    study: Make, option: str, value: float, of: str
) -> None:
    declared = study(classes=3)
    with pytest.raises(BadInput, match=rf"  {option} = {value} +is above the study's {of};"):
        scale_down(declared, ScaleDown(**{option: value}))


def test_a_larger_grid_is_refused_whether_listed_or_ranged(study: Make) -> None:
    assert refused(study(), grid=4) == [("grid", 4)]
    ranged = study(grid={"kind": "linear", "low": 0.1, "high": 0.5, "count": 5})
    assert refused(ranged, grid=6) == [("grid", 6)]
    assert refused(comparison(), grid=6) == [("grid", 6)]  # 7 are enough, 5 are not
    assert refused(comparison(), grid=8) == [("grid", 8)] * 2


def test_a_grid_cannot_be_thinned_where_there_is_none() -> None:
    with pytest.raises(BadInput, match="searches no grid of max_lr; leave the option out"):
        scale_down(one_run(), ScaleDown(grid=2))
    fixed = comparison(
        schedules=[
            {"label": label, "schedule": "constant", "max_lr": 0.1} for label in ("one", "two")
        ]
    )
    assert refused(fixed, grid=2) == [("grid", 2)]


def test_drops_that_fall_together_are_refused_with_where(study: Make) -> None:
    declared = study(**LONG)
    small = scale_down(declared, ScaleDown(scale=0.03))
    assert isinstance(small, OracleStudy)
    assert (small.training.steps, small.schedule.drops) == (4, (2, 3))
    with pytest.raises(BadInput, match=r"milestones coincide at iterations \[1, 1\] of 2; raise"):
        scale_down(declared, ScaleDown(scale=0.015))
    with pytest.raises(BadInput, match=r"at iterations \[1, 2\] of 2"):  # the second at the end
        scale_down(
            study(**LONG | {"schedule": {"drops": [60, 119], "warmup": 3}}), ScaleDown(scale=0.017)
        )


def test_every_schedule_whose_drops_coincide_is_reported() -> None:
    entries = [{"label": label, "schedule": WARMUP, "max_lr": 0.1} for label in ("one", "two")]
    declared = comparison(schedules=entries, columns=None)
    assert refused(declared, scale=0.01) == [("scale", 0.01)] * 2


def test_all_problems_are_reported_at_once(study: Make) -> None:
    problems = refused(study(**LONG), scale=0.01, subset=0.9, cycles=9, grid=9, replicates=9)
    assert [path for path, _ in problems] == [
        "scale",
        "subset",
        "cycles",
        "replicates",
        "grid",
    ]


def test_the_scaled_down_study_must_be_valid() -> None:
    entries = [
        {"label": "one", "schedule": {"name": "one_cycle", "rise": 0.1}, "max_lr": 0.1},
        {"label": "two", "schedule": "constant", "max_lr": 0.1},
    ]
    with pytest.raises(BadInput, match=r"schedules\[0\].schedule.rise = 0.1    0.1 ends before"):
        scale_down(comparison(schedules=entries, columns=None), ScaleDown(scale=0.05))


# What is made smaller


def test_all_numbers_of_iterations_shrink_together() -> None:
    small = scale_down(comparison(pruning={"rewind": 40}), ScaleDown(scale=0.1))
    assert small.training.steps == 12
    assert small.training.validate_every == 4
    assert small.pruning.rewind == 4
    decay, cyclical, warm_up, cosine = (entry.schedule for entry in small.schedules)
    assert (decay.iterations, cyclical.step) == (10, 2)
    assert (warm_up.warmup, warm_up.drops) == (3, (6, 9))
    assert cosine.warmup == 0  # a warm-up may vanish; the others keep an iteration
    least = scale_down(comparison(schedules=comparison_without_drops()), ScaleDown(scale=0.001))
    assert [getattr(e.schedule, "iterations", 1) for e in least.schedules] == [1, 1]
    assert (least.training.steps, least.training.validate_every) == (1, 1)


def comparison_without_drops() -> list[dict[str, Any]]:
    schedules = ({"name": "lr_decay", "iterations": 100}, {"name": "cyclical", "step": 20})
    return [{"label": each["name"], "schedule": each, "max_lr": 0.1} for each in schedules]


def test_validation_does_not_cost_more_than_training() -> None:
    often = {"steps": 1000, "batch": 16, "validate_every": 1}
    small = scale_down(one_run(training=often, schedule="constant"), ScaleDown(scale=0.1))
    assert (small.training.steps, small.training.validate_every) == (100, 1)  # as often as it was
    seldom = {"steps": 10_000, "batch": 16, "validate_every": 20}
    small = scale_down(one_run(training=seldom, schedule="constant"), ScaleDown(scale=0.01))
    assert (small.training.steps, small.training.validate_every) == (100, 10)  # ten evaluations


def test_a_thinner_grid_keeps_its_ends() -> None:
    small = scale_down(comparison(), ScaleDown(grid=3))
    ranged, listed = (entry.tune.max_lr for entry in small.schedules[:2] if entry.tune)
    assert grid.grid_values(ranged) == [0.01, 0.03162, 0.1]
    assert grid.grid_values(listed) == [0.01, 0.05, 0.2]


def test_columns_after_the_last_cycle_are_replaced_by_it() -> None:
    assert scale_down(comparison(), ScaleDown(cycles=4)).columns == (0, 3, 4)
    assert scale_down(comparison(), ScaleDown(cycles=3)).columns == (0, 3)
    assert scale_down(comparison(columns=None), ScaleDown(cycles=3)).columns is None


def test_the_papers_columns_that_are_left_stay(study: Make) -> None:
    printed = {
        "table": 7,
        "weights_remaining": [100, 64],
        "cycles": [0, 2],
        "well_tuned": [0.1, 0.2],
        "feasible_low": [0.1, 0.2],
        "feasible_high": [0.1, 0.2],
        "s_cyc": None,
    }
    small = scale_down(study(paper=printed), ScaleDown(cycles=1))
    assert isinstance(small, OracleStudy)
    assert small.paper is not None
    assert small.paper.cycles == (0, 2)
    assert small.cycles == 1


def test_fields_that_are_not_scaled_down_do_not_change(study: Make) -> None:
    for declared in (study(), comparison(), one_run()):
        assert scale_down(declared, ScaleDown()) == declared
        changed = scale_down(declared, ScaleDown(replicates=1))
        apart = {"replicates": declared.replicates, "shrunk": {}}
        assert as_json(changed) | apart == as_json(declared)


# What is said of it


EVERYTHING = ScaleDown(scale=0.1, subset=0.1, classes=5, cycles=2, grid=3, replicates=2)
SAID = {
    "iterations": "12 of 120 (warm-up and drops with them)",
    "images": "10 of 100 % of each class",
    "classes": "the first 5",
    "cycles": "2 of 5",
    "replicates": "2 of 3",
    "grid": "3 of 7 and 5 max_lr",
}


def test_a_scaled_down_study_lists_what_was_reduced() -> None:
    assert scale_down(comparison(), EVERYTHING).shrunk == SAID
    assert comparison().shrunk == {}


@pytest.mark.costly
def test_every_output_lists_what_was_reduced(study: Make, searched: Any, Rehearsal: Any) -> None:
    small = scale_down(study(), ScaleDown(replicates=1, cycles=1))
    _, cycles, path = searched(small, lambda cell: 90 - abs(cell.max_lr - 0.1))
    assert isinstance(small, OracleStudy)
    oracle = compare.table(small, "tiny-0", cycles, path, complete=True)
    several = scale_down(comparison(), EVERYTHING)
    study_experiment = experiment(several, Graph(several.system, "0" * 64))
    assert isinstance(study_experiment, SchedulesExperiment)
    Rehearsal(lambda cell: 90 - abs(cell.max_lr - 0.05)).run(study_experiment.searches())
    compared = schedule_tables.table(
        several, "tiny-0", list(study_experiment.entries.values()), complete=True
    )
    for declared, table in ((small, oracle), (several, compared)):
        assert table["shrunk"] == declared.shrunk
        figure = registry.FIGURES[table["kind"]].figure(table)
        outputs = [
            formats.text(table, width=1000),
            formats.as_markdown(table),
            formats.as_latex(table),
            formats.dashboard_note(table),
            html_report.page(table, declared),
            figure.layout.title.subtitle.text,
        ]
        parts = shown_reductions(declared.shrunk)
        assert all(part in output for output in outputs for part in parts)
        for what, how in declared.shrunk.items():
            assert f'"{what}": "{how}"' in formats.as_json(table)


def test_a_study_as_written_lists_no_reductions(study: Make, searched: Any) -> None:
    declared = study()
    assert isinstance(declared, OracleStudy)
    _, cycles, path = searched(declared, lambda cell: 90 - abs(cell.max_lr - 0.1))
    table = compare.table(declared, "tiny-0", cycles, path, complete=True)
    assert table["shrunk"] == {}
    assert "hrunk" not in formats.text(table)
    assert registry.FIGURES["oracle"].figure(table).layout.title.subtitle.text == ""


# What it shares


def test_a_scaled_down_run_has_its_own_id_and_shares_equal_cells(study: Make) -> None:
    whole = study()
    fewer = scale_down(whole, ScaleDown(cycles=1, replicates=1, grid=2))
    assert fewer.shrunk
    assert Graph(fewer.system, "0" * 64).id == Graph(whole.system, "0" * 64).id
    same = fewer.model_copy(update={"shrunk": {}})
    ids = {run_id(each, "0" * 64) for each in (whole, fewer, same)}
    assert len(ids) == 3
    shorter = scale_down(whole, ScaleDown(scale=0.5))
    assert Graph(shorter.system, "0" * 64).id != Graph(whole.system, "0" * 64).id


def test_a_run_with_fewer_cycles_is_the_start_of_the_full_one(study: Make, tmp_path: Path) -> None:
    apart = {"epsilon": 0.07, "delta": 0.0, "q": 0, "beta": 3.0}
    whole = study(grid={"max_lr": [0.05, 0.1], "extend": False}, s_cyc=apart, replicates=1)
    where = Settings(folder=tmp_path, backend="inline", device="cpu")
    trained: list[int] = []
    counting = Progress(cells=lambda done, total: trained.append(done))

    def run(declared: Study) -> tuple[Table, int]:
        trained.clear()
        table = execute.execute(prepare.prepare(declared, where), counting)
        return table, trained[-1] - trained[0]  # the first count is of what was there already

    first, new = run(scale_down(whole, ScaleDown(cycles=1)))
    assert new == 2 * 2 + 2
    second, new = run(whole)
    assert new == 2 + 1
    assert second["cycles"][:2] == first["cycles"]
    assert first["run_id"] != second["run_id"]


def test_a_number_is_distinguished_from_the_one_below_it(study: Any) -> None:
    with pytest.raises(BadInput, match=r"subset = 0\.2000001    is above the study's 0\.2;"):
        scale_down(study(), ScaleDown(subset=0.2000001))
    large = study(grid={"max_lr": [0.1, 0.3], "extend": False})
    same = study(grid={"max_lr": [0.1, 0.1 + 0.2], "extend": False})  # 0.30000000000000004
    assert same == large
    assert same.identity_fields() == large.identity_fields()
