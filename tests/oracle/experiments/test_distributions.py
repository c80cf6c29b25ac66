"""Distributions while a network is pruned: recorded in runs of every kind, pooled, and shown."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
import torch

from oracle.errors import AllDiverged
from oracle.experiments.registry import experiment
from oracle.plots.registry import FIGURES
from oracle.reports import distributions as distributions_reports
from oracle.reports import formats
from oracle.runs import catalog, execute, html_report, prepare
from oracle.runs.stored import recorded
from oracle.search.graph import CellResult
from oracle.search.pruning_run import RunCycle
from oracle.search.request import replay
from oracle.settings import Progress, Settings
from oracle.storage import session
from oracle.study.base import Study
from oracle.study.distributions import DistributionsStudy
from oracle.study.validation import parse
from oracle.tables import distributions as distribution_tables
from oracle.tables.registry import Table
from scyc import seeds
from scyc.data import images as data
from scyc.errors import BadInput
from scyc.networks import registry
from scyc.recording import distributions, recording
from scyc.recording.pooling import pooled
from scyc.storage.checkpoint_store import CheckpointStore

WARMUP = {"warmup": 3, "drops": [8]}
RECORD = {"what": ["weight_gradients", "activations"], "batches": 2, "outside": [-0.02, 0.03]}
COMMON: dict[str, Any] = {
    "name": "tiny",
    "dataset": "digits",
    "subset": 0.2,
    "network": {"name": "fully_connected", "hidden": [16]},
    "training": {"steps": 12, "batch": 16, "validate_every": 6},
    "cycles": 2,
    "replicates": 2,
    "record": RECORD,
}
CURVE = {"epsilon": 0.1, "delta": 0.1, "q": 0, "beta": 3.0}


def study(**changes: Any) -> DistributionsStudy:
    """Two replicates, two pruning cycles, both distributions."""
    content = {"kind": "distributions", "schedule": WARMUP, "s_cyc": CURVE}
    parsed = parse(COMMON | content | changes, "tiny.yaml")
    assert isinstance(parsed, DistributionsStudy)
    return parsed


def settings(folder: Path, **changes: Any) -> Settings:
    return Settings(**({"folder": folder, "backend": "inline", "device": "cpu"} | changes))


def run(declared: Study, where: Settings, progress: Progress | None = None) -> Table:
    return execute.execute(prepare.prepare(declared, where), progress)


def timeless(table: Table) -> Table:
    """A table without the seconds."""
    read_table: Table = json.loads(json.dumps(table))
    for cost in read_table["cost"].values():
        del cost["seconds"]
    return read_table


def recorded_again(
    prepared: prepare.PreparedRun, result: CellResult, replicate: int, cycle: int
) -> Any:
    """What the recorder gives for a network that is pruned next, on batches that are built here."""
    declared, images = prepared.study, prepared.images
    assert declared.record is not None
    assert result.checkpoint is not None
    folder = prepared.settings.study_folder(declared.name)
    network_state = CheckpointStore(folder / "checkpoints").load(result.checkpoint)
    split = data.split(images, declared.split, declared.seed, replicate)
    drawn = seeds.generator(declared.seed, "record", replicate, cycle)
    order = data.batches(len(split.train), declared.training.batch, declared.record.batches, drawn)
    mean, std = (each.float().view(1, -1, 1, 1) for each in (split.mean, split.std))
    batches = [
        ((images.pixels[indices].float() - mean) / std, images.labels[indices])
        for indices in split.train[order]
    ]
    network = registry.build(declared.network, images.shape, len(images.classes), seed=5)
    seed = seeds.seed(declared.seed, "record", replicate, cycle)
    wanted = declared.record
    return recording.record(network, network_state, batches, wanted.what, wanted.outside, seed)


def test_a_run_records_the_networks_that_it_prunes_next(storage: str, tmp_path: Path) -> None:
    prepared = prepare.prepare(study(), settings(tmp_path, storage=storage))
    table = execute.execute(prepared)
    stored_run = catalog.find_run("tiny", prepared.settings)
    assert (stored_run.state, table["complete"]) == ("done", True)
    assert catalog.stored_table(stored_run) == table
    assert recorded.stored_distributions(stored_run, "training")["cycles"] == table["cycles"]
    found_cycles = path_cycles(prepared)["training"]
    assert len(found_cycles) == len(table["cycles"]) == 3
    for done, row in zip(found_cycles, table["cycles"], strict=True):
        again = [
            recorded_again(prepared, result, replicate, done.cycle)
            for replicate, result in enumerate(done.results)
        ]
        assert [result.recorded for result in done.results] == again
        for what in RECORD["what"]:
            assert row[what] == pooled([each[what] for each in again])
            assert row["std"][what] == [each[what]["std"] for each in again]
            assert row["outside"][what] == [
                100 * (each[what]["below"] + each[what]["above"]) / each[what]["count"]
                for each in again
            ]


def path_cycles(prepared: prepare.PreparedRun) -> Any:
    """A run's iterative pruning runs, from its storage."""
    study_experiment = experiment(prepared.study, prepared.graph)
    with session.opened(session.study_url(prepared.settings, prepared.study.name)) as (_, store):
        known = store.results(prepared.graph)
    for search in study_experiment.searches():
        replay(search, known)
    return study_experiment.runs()


class Killed(BaseException):
    """Ends a run as a signal would."""


def test_an_interrupted_run_has_the_same_distributions(tmp_path: Path) -> None:
    def cells(done: int, total: int) -> None:
        assert total == 4
        if done == 3:
            raise Killed

    short = study(cycles=1, max_lr=0.1, s_cyc=None)
    with pytest.raises(Killed):
        run(short, settings(tmp_path / "broken"), Progress(cells=cells))
    partial = catalog.stored_table(catalog.find_run("tiny", settings(tmp_path / "broken")))
    assert [cycle["cycle"] for cycle in partial["cycles"]] == [0]
    assert "not complete" in formats.text(partial)
    whole = run(short, settings(tmp_path / "whole"))
    assert timeless(run(short, settings(tmp_path / "broken"))) == timeless(whole)


def test_an_oracle_run_has_the_distributions_of_the_oracle_and_of_s_cyc(tmp_path: Path) -> None:
    grid = {"max_lr": [0.05, 0.4], "extend": False}
    oracle = {"schedule": WARMUP, "grid": grid, "s_cyc": CURVE, "cycles": 1}
    prepared = prepare.prepare(parse(COMMON | oracle, "tiny.yaml"), settings(tmp_path))
    table = execute.execute(prepared)
    stored_run = catalog.find_run("tiny", prepared.settings)
    won = recorded.stored_distributions(stored_run, "oracle")
    s_cyc = recorded.stored_distributions(stored_run, "S-Cyc")
    assert (won["kind"], won["label"], won["complete"]) == ("distributions", "oracle", True)
    assert (won["run_id"], won["paper"]) == (table["run_id"], None)
    assert [cycle["max_lr"] for cycle in won["cycles"]] == [
        cycle["well_tuned"] for cycle in table["cycles"]
    ]
    assert [cycle["max_lr"] for cycle in s_cyc["cycles"]] == [
        cycle["s_cyc"]["max_lr"] for cycle in table["cycles"]
    ]
    assert [cycle["test_accuracy"] for cycle in s_cyc["cycles"]] == [
        cycle["s_cyc"]["test_accuracy"] for cycle in table["cycles"]
    ]
    assert won["cycles"][0]["activations"] != s_cyc["cycles"][0]["activations"]
    (_, last) = path_cycles(prepared)["oracle"]
    again = [recorded_again(prepared, each, r, 1) for r, each in enumerate(last.results)]
    assert won["cycles"][1]["activations"] == pooled([each["activations"] for each in again])
    for name, shown in (("oracle", won), ("S-Cyc", s_cyc)):
        assert f"{name}: recorded at the end of each training run" in formats.text(shown)
    with pytest.raises(BadInput, match='did you mean "S-Cyc"') as refused:
        recorded.stored_distributions(stored_run, "SCyc")
    assert refused.value.problems[0].path == "distributions"


def test_a_comparison_has_the_distributions_of_each_schedule(tmp_path: Path) -> None:
    entries = [
        {"label": "steady", "schedule": "constant", "max_lr": 0.05},
        {
            "label": "tuned",
            "schedule": WARMUP,
            "tune": {"max_lr": {"max_lr": [0.05, 0.1], "extend": False}},
        },
    ]
    content = {"kind": "schedules", "schedules": entries, "cycles": 1, "replicates": 1}
    table = run(parse(COMMON | content, "tiny.yaml"), settings(tmp_path))
    stored_run = catalog.find_run("tiny", settings(tmp_path))
    shown = {
        label: recorded.stored_distributions(stored_run, label) for label in ("steady", "tuned")
    }
    for row in table["schedules"]:
        cycles = shown[row["label"]]["cycles"]
        for key in ("cycle", "max_lr", "weights_remaining", "test_accuracy"):
            assert [each[key] for each in cycles] == [each[key] for each in row["cycles"]]
        assert all(each["weight_gradients"]["count"] > 0 for each in cycles)
    assert shown["steady"]["cycles"] != shown["tuned"]["cycles"]
    with pytest.raises(BadInput, match="known: steady, tuned"):
        recorded.stored_distributions(stored_run, "training")


def test_a_run_that_recorded_nothing_is_refused(tmp_path: Path) -> None:
    content = {"schedule": WARMUP, "grid": {"max_lr": [0.1], "extend": False}, "s_cyc": CURVE}
    short = {"cycles": 1, "replicates": 1, "record": None}
    run(parse(COMMON | content | short, "tiny.yaml"), settings(tmp_path))
    stored_run = catalog.find_run("tiny", settings(tmp_path))
    with pytest.raises(BadInput, match="records no distributions; add record"):
        recorded.stored_distributions(stored_run, "oracle")
    with pytest.raises(ValueError, match="records no distributions"):
        distribution_tables.table(stored_run.study, "tiny-0", [], complete=True)


def test_a_run_whose_replicates_all_diverge_keeps_its_row_and_gives_the_reason(
    tmp_path: Path,
) -> None:
    wild = study(max_lr=1e25, s_cyc=None, schedule="constant")
    with pytest.raises(AllDiverged, match="a replicate of cycle 0 diverged; lower max_lr"):
        run(wild, settings(tmp_path))
    stored_run = catalog.find_run("tiny", settings(tmp_path))
    assert stored_run.state == "no winner"
    table = catalog.stored_table(stored_run)
    (row,) = table["cycles"]
    assert (row["diverged"], row["std"], "weight_gradients" in row) == (True, {}, False)
    assert table["complete"]  # nothing more can follow
    assert distributions_reports.sheet(table).rows[0][3:] == ["diverged", *["-"] * 7]
    for render in formats.FORMATS.values():
        assert render(table)


# The table by hand


def result(replicate: int, values: dict[str, list[float]] | None) -> CellResult:
    """A finished training that recorded these values; None diverged."""
    recorded = None
    if values is not None:
        histograms = {what: distributions.Distribution((-0.5, 0.5)) for what in values}
        for what, numbers in values.items():
            histograms[what].add(torch.tensor(numbers, dtype=torch.float64))
        recorded = {what: each.to_json() for what, each in histograms.items()}
    return CellResult(
        cell=str(replicate),
        curve=((10, 50.0),),
        val_accuracy=50.0,
        test_accuracy=60.0 + replicate,
        diverged=values is None,
        weights_remaining=64.0,
        steps=10,
        seconds=0.5,
        checkpoint=None,
        device="cpu",
        recorded=recorded,
    )


WIDE = {"weight_gradients": [-1.0, 0.0, 0.0, 1.0], "activations": [0.0, 2.0]}
WIDER = {"weight_gradients": [-2.0, 2.0], "activations": [0.0, 0.0, 0.0, 4.0]}
NARROW = {"weight_gradients": [-0.25, 0.25], "activations": [0.0, 1.0]}


def table_of(*cycles: list[dict[str, list[float]] | None], **changes: Any) -> Table:
    cycles_of_run = [
        RunCycle(cycle, 0.1, (), tuple(result(r, values) for r, values in enumerate(replicates)))
        for cycle, replicates in enumerate(cycles)
    ]
    declared = study(record=RECORD | {"outside": [-0.5, 0.5]}, **changes)
    return distribution_tables.table(declared, "tiny-00000000", cycles_of_run, complete=True)


def test_replicates_are_pooled_and_their_spread_is_given() -> None:
    table = table_of([WIDE, WIDER], [NARROW, NARROW])
    first, second = table["cycles"]
    assert first["std"]["weight_gradients"] == [pytest.approx(0.5**0.5), 2.0]
    assert first["outside"] == {"weight_gradients": [50.0, 100.0], "activations": [50.0, 25.0]}
    pooled = first["weight_gradients"]
    assert (pooled["count"], pooled["zeros"], pooled["below"], pooled["above"]) == (6, 2, 2, 2)
    assert (pooled["min"], pooled["max"], pooled["mean"]) == (-2.0, 2.0, 0.0)
    assert pooled["std"] == pytest.approx((10 / 6) ** 0.5)
    assert second["outside"]["weight_gradients"] == [0.0, 0.0]
    assert table["cost"] == {"training": {"trainings": 2, "steps": 20, "seconds": 1.0}}


def test_the_printed_row_is_the_spread_over_replicates() -> None:
    table = table_of([WIDE, WIDER], [NARROW, NARROW])
    sheet = distributions_reports.sheet(table)
    assert [head.replace("\n", " ") for head in sheet.headers[4:]] == [
        "weight gradients: std",
        "5 to 95 %",
        "outside [-0.5, 0.5], %",
        "zeros, %",
        "ReLU outputs: std",
        "5 to 95 %",
        "zeros, %",
    ]
    first, second = sheet.rows
    assert first[:4] == ["0", "64.00", "0.1", "60.50 ± 0.71"]
    assert first[4] == "1.35 ± 0.9"  # of 0.707 and 2
    assert first[6:8] == ["75.00 ± 35.36", "33.3"]
    assert first[10] == "66.7"  # 4 of 6 outputs are off
    assert second[4:8] == ["0.25 ± 0", "[-0.25, 0.25]", "0.00 ± 0.00", "0.0"]
    assert sheet.verdict == (
        "From 64.0 to 64.0 % of weights remaining, weight gradients are narrower (std 1.35 to "
        "0.25); ReLU outputs are narrower (std 1.37 to 0.5)."
    )


@pytest.mark.costly
def test_each_form_has_the_rows() -> None:
    table = table_of([WIDE, WIDER], [NARROW, NARROW], paper={"figure": 5, "claim": "one two"})
    rows = list(csv.DictReader(io.StringIO(formats.as_csv(table))))
    assert [(row["cycle"], row["what"]) for row in rows] == [
        (cycle, what) for cycle in "01" for what in RECORD["what"]
    ]
    assert float(rows[0]["std"]) == table["cycles"][0]["weight_gradients"]["std"]
    assert float(rows[3]["quantile_95"]) == table["cycles"][1]["activations"]["quantiles"]["95"]
    markdown = [line for line in formats.as_markdown(table).splitlines() if line.startswith("|")]
    assert len(markdown) == 2 + 2
    assert len({line.count("|") for line in markdown}) == 1
    assert "- The paper's Figure 5: one two\n" in formats.as_markdown(table)
    latex = formats.as_latex(table)
    assert latex.count(r"\\") == 1 + 2
    assert all(line[0] == "%" for line in latex.split(r"\end{tabular}")[1].splitlines() if line)
    assert json.loads(formats.as_json(table)) == table
    page = html_report.page(table, study())
    assert page.count("<tr>") == 1 + 2
    assert {trace.name for trace in FIGURES["distributions"].figure(table).data} >= {"64 %"}


def test_of_a_cycle_with_a_diverged_replicate_the_others_are_shown() -> None:
    table = table_of([WIDE, WIDER], [NARROW, None])
    last = table["cycles"][1]
    assert last["diverged"]
    assert last["weight_gradients"]["count"] == 2
    assert last["std"]["weight_gradients"] == [0.25]
    sheet = distributions_reports.sheet(table)
    assert sheet.rows[1][3:6] == ["diverged", "0.25", "[-0.25, 0.25]"]
    assert any(note.startswith("Diverged: ") for note in sheet.notes)
    assert sheet.verdict.startswith("Fewer than two cycles are finished")


def test_wider_distributions_are_called_wider() -> None:
    assert "weight gradients are wider (std 0.25 to 2)" in distributions_reports.verdict(
        table_of([NARROW, NARROW], [WIDER, WIDER])
    )


@pytest.mark.parametrize(("what", "columns"), [("weight_gradients", 4), ("activations", 3)])
def test_a_quantity_that_is_not_recorded_has_no_column(what: str, columns: int) -> None:
    one = {what: WIDE[what]}
    cycles = [RunCycle(0, 0.1, (), (result(0, one),))]
    declared = study(record={"what": [what], "outside": [-0.5, 0.5]}, replicates=1)
    table = distribution_tables.table(declared, "tiny-0", cycles, complete=False)
    sheet = distributions_reports.sheet(table)
    assert len(sheet.headers) == len(sheet.rows[0]) == 4 + columns
    assert set(table["cycles"][0]["std"]) == {what}


def test_without_bounds_nothing_is_counted_outside() -> None:
    declared = study(record={"what": ["weight_gradients"]}, replicates=1)
    histogram = distributions.Distribution(None)
    histogram.add(torch.tensor([-1.0, 1.0]))
    trained = result(0, None)
    some = CellResult(**vars(trained) | {"recorded": {"weight_gradients": histogram.to_json()}})
    cycles = [RunCycle(0, 0.1, (), (some,))]
    table = distribution_tables.table(declared, "tiny-0", cycles, complete=True)
    assert table["cycles"][0]["outside"] == {}
    assert len(distributions_reports.sheet(table).headers) == 4 + 3
