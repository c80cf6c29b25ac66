"""A beam and rivals in every output of a run, and in a whole run."""

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna_trials import trained

from oracle.execution.worker import Worker
from oracle.experiments.registry import experiment
from oracle.plots import oracle
from oracle.reports import formats
from oracle.reports.parts import beam as beam_reports
from oracle.reports.parts import rivals as rivals_reports
from oracle.runs import catalog, execute, html_report, prepare
from oracle.runs.stored import recorded
from oracle.search.graph import Cell, Graph
from oracle.settings import Settings
from oracle.stats.paired_difference import difference, side
from oracle.study.base import Study
from oracle.tables.registry import Table
from scyc.errors import BadInput

Make = Callable[..., Study]
GRID = {"max_lr": [0.05, 0.1, 0.2, 0.4], "extend": False}


def curve(cell: Cell) -> float:
    """Best at 0.1, and at 0.2 after that; the replicates disagree a little."""
    best = 0.1 if cell.cycle == 0 else 0.2
    return 90 - 20 * abs(cell.max_lr - best) + (0.3 if cell.max_lr > 0.15 else 0.1) * cell.replicate


@pytest.fixture
def table(study: Make, Rehearsal: Any) -> Table:
    declared = study(grid=GRID, beam=2, rivals=["constant", "warm_start"])
    study_experiment = experiment(declared, Graph(declared.system, "0" * 64))
    Rehearsal(curve).run(study_experiment.searches())
    return study_experiment.table("tiny-00000000")


def test_the_printed_sheet_has_a_block_for_rivals_and_one_for_the_beam(table: Table) -> None:
    text = formats.text(table)
    main, rivals, beam = re.split(r"\n\ntiny: ", text)
    assert "constant" not in main
    assert rivals.startswith("S-Cyc and search-free baselines\n")
    rows = [
        line.split() for line in rivals.splitlines() if re.match(r" ?[a-z_]+ +\d+ +\d+\.", line)
    ]
    assert [(row[0], row[1]) for row in rows] == [
        (name, str(cycle)) for name in ("constant", "warm_start") for cycle in range(3)
    ]
    assert [row[3] for row in rows] == ["0.1", "0.1", "0.1", "0.1", "0.1", "0.2"]
    assert (
        "constant: the oracle's well-tuned max_lr of the unpruned network in all cycles" in rivals
    )
    assert beam.startswith("beam search (width 2) and greedy search\n")
    assert len([line for line in beam.splitlines() if re.match(r" *\d ", line)]) == 3


def test_the_verdicts_are_sentences_with_a_standard_error(table: Table) -> None:
    constant, warm = table["rivals"]
    error = constant["average"]["test"]["standard_error"]
    assert rivals_reports.verdict(constant) == (
        f"S-Cyc is {constant['average']['test']['points']:.2f} ± {error:.2f} points of test "
        "accuracy ahead of constant averaged over cycles 1 to 2: significant at p < 0.05 with 2 "
        "replicates."
    )
    assert "behind warm_start" in rivals_reports.verdict(warm)
    assert beam_reports.verdict(table["beam"], complete=True) == (
        "At cycle 2, the last, beam search (width 2) found the same network as greedy search, "
        "which loses nothing here."
    )
    assert "the last so far" in beam_reports.verdict(table["beam"], complete=False)


@pytest.mark.parametrize(
    ("mine", "message"),
    [
        (
            (91.0, 92.0, 93.1),
            "is 1.03 ± 0.03 points of test accuracy ahead of greedy search: signif",
        ),
        ((91.0, 92.0, 93.1), "3 replicates; greedy search loses accuracy here (validation: "),
        ((89.0, 90.0, 91.1), "0.97 ± 0.03 points of test accuracy behind greedy search: signif"),
        ((89.0, 90.0, 91.1), "greedy search loses nothing here"),
        ((92.0, 91.0, 92.1), "ahead of greedy search: not significant with 3 replicates (val"),
    ],
)
def test_greed_costs_accuracy_only_where_test_accuracy_is_significantly_lower(
    mine: tuple[float, ...], message: str
) -> None:
    paired = difference(mine, (90.0, 91.0, 92.0)).to_json()
    cycle = {"cycle": 4, "same": False, "test": paired, "validation": paired}
    assert message in beam_reports.verdict({"width": 3, "cycles": [cycle]}, complete=True)


def test_with_one_replicate_nothing_is_significant() -> None:
    paired = difference([91.0], [90.0])
    assert (paired.points, paired.standard_error, paired.p, paired.told_apart) == (
        1.0,
        None,
        None,
        False,
    )
    cycle = {"cycle": 1, "same": False, "test": paired.to_json(), "validation": paired.to_json()}
    message = beam_reports.verdict({"width": 2, "cycles": [cycle]}, complete=True)
    assert (
        "1.00 points of test accuracy ahead of greedy search: no significance test with 1 replicate"
        in message
    )


def test_a_difference_is_paired_and_tested_as_t_is_by_hand() -> None:
    paired = difference([3.0, 5.0, 9.0], [1.0, 4.0, 6.0])  # 2, 1 and 3
    assert paired.points == 2.0
    assert paired.standard_error == pytest.approx(1 / 3**0.5)
    assert paired.p == pytest.approx(0.0742, abs=1e-4)  # t = 3.464, 2 degrees of freedom
    assert side(paired) == "ahead of"
    assert side(difference([1.0, 2.001], [1.001, 2.0])) == "from"  # 0.00 points from it
    alike = difference([2.0, 3.0], [1.0, 2.0])
    assert (alike.p, alike.told_apart) == (None, True)
    assert difference([1.0, 2.0, 3.0], [1.0, 2.0]).none  # of those that both have


def test_csv_names_the_run_of_each_row(table: Table) -> None:
    rows = list(csv.DictReader(io.StringIO(formats.as_csv(table))))
    whose = ["oracle and S-Cyc"] * 3 + ["constant"] * 3 + ["warm_start"] * 3 + ["beam"] * 3
    assert [row["run"] for row in rows] == whose
    assert [row["well_tuned"] != "" for row in rows] == [True] * 3 + [False] * 9
    average = sum(float(row["test_difference"]) for row in rows[4:6]) / 2
    assert average == pytest.approx(table["rivals"][0]["average"]["test"]["points"])
    plain = table | {"beam": None, "rivals": []}
    assert not formats.as_csv(plain).startswith("run")


def test_markdown_latex_json_and_the_report_have_them_too(table: Table, study: Make) -> None:
    markdown = formats.as_markdown(table)
    assert "### tiny: S-Cyc and search-free baselines\n\n| baseline |" in markdown
    assert markdown.count("| :--- |") == 1
    assert formats.as_latex(table).count(r"\begin{tabular}") == 3
    assert json.loads(formats.as_json(table))["beam"]["width"] == 2
    page = html_report.page(table, study())
    assert page.count("<table>") == 3
    assert "<h2>tiny: beam search (width 2) and greedy search</h2>" in page
    assert page.count('<p class="verdict several">S-Cyc is') == 2  # one for each rival


def test_a_run_that_has_just_begun_is_reported_as_such(study: Make) -> None:
    declared = study(grid=GRID, beam=2, rivals=["constant"])
    table = experiment(declared, Graph(declared.system, "0" * 64)).table("tiny-0")
    text = formats.text(table)
    assert "No cycle is finished by both searches yet." in text
    assert "S-Cyc and constant have no pruned network to compare yet." in text


def test_the_region_figure_has_a_line_for_each_rival(table: Table) -> None:
    traces = {trace.name: trace for trace in oracle.regions(table).data}
    styles = set()
    for rival in table["rivals"]:
        trace = traces[rival["name"]]
        assert list(trace.y) == [cycle["max_lr"] for cycle in rival["cycles"]]
        assert trace.line.width < 3  # S-Cyc's
        styles.add((trace.line.color, trace.line.dash, trace.marker.symbol))
    assert len({each for style in styles for each in style}) == 3 * len(table["rivals"])
    assert not set(traces) & {"gradient_spread"}


RECORD = {"what": ["weight_gradients"], "batches": 1}


def test_a_whole_run_with_a_beam_and_every_rival(
    study: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rivals = ["constant", "warm_start", "gradient_spread"]
    grid = {"max_lr": [0.1, 0.2], "extend": False}
    declared = study(beam=2, rivals=rivals, record=RECORD, grid=grid)
    where = Settings(folder=tmp_path, backend="inline", device="cpu")
    train, tasks = Worker.train, list[str]()

    def counted(worker: Worker, pack: Any, *more: Any) -> Any:
        tasks.extend(each.cell for each in pack)
        return train(worker, pack, *more)

    monkeypatch.setattr(Worker, "train", counted)
    table = execute.execute(prepare.prepare(declared, where))
    assert table["complete"]
    assert len(tasks) == len(set(tasks))  # though networks were dropped on the way

    known = catalog.find_run("tiny", where)
    assert catalog.stored_table(known) == table
    for name in ("beam", "warm_start"):
        distributions = recorded.stored_distributions(known, name)
        assert [cycle["cycle"] for cycle in distributions["cycles"]] == [0, 1, 2]
        assert distributions["complete"]
    with pytest.raises(BadInput, match="beam, constant, gradient_spread"):
        recorded.stored_distributions(known, "warm")

    spread = table["rivals"][2]["cycles"]
    distributions = recorded.stored_distributions(known, "gradient_spread")["cycles"]
    stds = [cycle["std"]["weight_gradients"] for cycle in distributions]
    growth = 1.0
    for first, last in zip(stds[0], stds[1], strict=True):
        growth *= first / last
    assert spread[2]["max_lr"] == pytest.approx(0.1 * growth**0.5)

    files = {path.stem for path in (tmp_path / "tiny" / "checkpoints").rglob("*.pt")}
    url = f"sqlite:///{tmp_path}/_oracle/oracle.db"
    summaries = optuna.get_all_study_summaries(url)
    trials = trained(url)
    assert sorted(trial.user_attrs["cell"] for trial in trials) == sorted(tasks)
    roles = [each.user_attrs[f"run:{table['run_id']}"]["role"] for each in summaries]
    assert {"oracle", "beam", "s_cyc", "rival", "summary"} == set(roles)
    assert len(files) < len({trial.user_attrs["checkpoint"] for trial in trials})
