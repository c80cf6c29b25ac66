import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from oracle.cli import main
from oracle.reports import formats
from oracle.runs import catalog, execute, prepare
from oracle.settings import Progress, Settings
from oracle.study.aliases import shown_reductions
from oracle.study.loading import load_study
from oracle.study.validation import parse
from scyc.schedules import rates as schedules
from scyc.schedules import scyc_curve

STUDY = """
name: tiny
dataset: digits
subset: 0.2
network: {name: fully_connected, hidden: [16]}
training:
  steps: 12
  batch: 16
  validate_every: 6
schedule: {warmup: 3, drops: [8]}
grid: {max_lr: [0.05, 0.1, 0.2]}
cycles: 2
replicates: 2
s_cyc: {epsilon: 0.07, delta: 0.1, q: 0, beta: 3.0}
pack: 4
"""


COMPARISON = """
name: several
kind: schedules
dataset: digits
subset: 0.2
network: {name: fully_connected, hidden: [16]}
training: {steps: 12, batch: 16, validate_every: 6}
schedules:
  - {label: warm-up, schedule: {warmup: 3, drops: [8]}, max_lr: 0.07}
  - label: tuned
    schedule: {name: cyclical, step: 4}
    tune: {max_lr: {max_lr: [0.05, 0.1], extend: false}}
  - label: S-Cyc
    schedule: {warmup: 3, drops: [8]}
    s_cyc: {epsilon: 0.07, delta: 0.1, q: 0, beta: 3.0}
cycles: 1
replicates: 2
"""


RECORDING = """
name: recorded
kind: distributions
dataset: digits
subset: 0.2
network: {name: fully_connected, hidden: [16]}
training: {steps: 12, batch: 16, validate_every: 6}
schedule: {warmup: 3, drops: [8]}
max_lr: 0.1
record: {what: [weight_gradients], batches: 1, outside: [-0.1, 0.1]}
cycles: 1
replicates: 1
"""


@pytest.fixture
def workdir(tmp_path: Path) -> Path:
    """A working folder with a space in its name, and a study in it."""
    folder = tmp_path / "a folder"
    folder.mkdir()
    (folder / "tiny.yaml").write_text(STUDY)
    (folder / "several.yaml").write_text(COMPARISON)
    (folder / "recorded.yaml").write_text(RECORDING)
    return folder


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "oracle.cli", *arguments]


def oracle(workdir: Path, *arguments: str, code: int = 0, timeout: float = 240) -> str:
    done = subprocess.run(
        command(*arguments),
        cwd=workdir,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout if code == 0 else done.stderr


@pytest.fixture
def inside(
    workdir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """Calls the command in this process; returns what it printed, or, if it failed, its errors."""
    monkeypatch.chdir(workdir)
    monkeypatch.setattr("oracle.runs.estimate._TIMED_SECONDS", 0.01)

    def call(*arguments: str, code: int = 0) -> str:
        monkeypatch.setattr(sys, "path", list(sys.path))
        monkeypatch.setattr(sys, "argv", ["oracle", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main.entry()
        output = capsys.readouterr()
        assert ended.value.code == code, output.out + output.err
        return output.out if code == 0 else output.err

    return call


def timeless(table: str) -> dict[str, Any]:
    read_table: dict[str, Any] = json.loads(table)
    for cost in read_table["cost"].values():
        del cost["seconds"]
    return read_table


INLINE = ("--backend", "inline", "--device", "cpu")


FORMS = ("text", "json", "csv", "markdown", "latex")


Call = Callable[..., str]


def test_run_then_show(workdir: Path, inside: Call) -> None:
    shown = oracle(workdir, "run", "tiny.yaml", *INLINE)
    run_id = re.search(r"tiny-[0-9a-f]{8}", shown)
    assert run_id is not None
    table = inside("table", "tiny")
    assert table.splitlines() == shown.splitlines()[: len(table.splitlines())]
    assert (workdir / "runs" / "tiny" / f"{run_id[0]}.html").stat().st_size > 500_000
    assert re.search(rf"{run_id[0]} +done ", inside("list"))
    read_table = catalog.stored_table(catalog.find_run("tiny", Settings()))
    for form in FORMS[1:]:
        assert inside("table", run_id[0], "--format", form) == formats.FORMATS[form](read_table)
    assert inside("plot", "tiny", "-o", "region.html").strip() == "region.html"
    assert (workdir / "region.html").is_file()
    again = inside("run", "tiny.yaml", "--quiet", *INLINE)
    assert again == ""


def test_a_comparison_runs_and_is_shown_in_every_form(workdir: Path, inside: Call) -> None:
    shown = inside("run", "several.yaml", *INLINE)
    assert "S-Cyc is ahead of the best other schedule in" in shown
    table = timeless(inside("table", "several", "--format", "json"))
    assert (table["kind"], table["complete"]) == ("schedules", True)
    assert [row["label"] for row in table["schedules"]] == ["warm-up", "tuned", "S-Cyc"]
    read_table = catalog.stored_table(catalog.find_run("several", Settings()))
    for form in FORMS[1:]:
        assert inside("table", "several", "--format", form) == formats.FORMATS[form](read_table)
    assert inside("table", "several").splitlines() == shown.splitlines()[:-3]
    inside("plot", "several", "-o", "several.html")
    assert "Difference to S-Cyc" in (workdir / "several.html").read_text()
    output = inside("fit", "several", code=2)
    assert 'RUN = "several"    is no oracle run; it has no regions' in output
    output = inside("table", "several", "--distributions", "S-Cyc", code=2)
    assert "records no distributions; add record to the study" in output


def test_a_run_of_distributions_is_shown_by_its_name_or_at_once(
    workdir: Path, inside: Call
) -> None:
    shown = inside("run", "recorded.yaml", *INLINE)
    assert "weight gradients are" in shown
    whole = json.loads(inside("table", "recorded", "--format", "json"))
    named = json.loads(
        inside("table", "recorded", "--distributions", "training", "--format", "json")
    )
    assert named == whole | {"label": "training"}
    assert inside("plot", "recorded", "-o", "one.html") == "one.html\n"
    output = inside("table", "recorded", "--distributions", "trainign", code=2)
    assert 'did you mean "training"? known: training' in output
    assert "no oracle run" in inside("fit", "recorded", code=2)


def test_distributions_of_an_oracle_run_are_selected_by_name(workdir: Path, inside: Call) -> None:
    record = {"what": ["activations"], "batches": 1}
    changed = yaml.safe_load(STUDY) | {"record": record, "cycles": 1, "replicates": 1}
    (workdir / "tiny.yaml").write_text(yaml.safe_dump(changed))
    inside("run", "tiny.yaml", "--quiet", *INLINE)
    assert "S-Cyc verdict: with " in inside("table", "tiny")
    command_line = ("table", "tiny", "--distributions")
    by_name = {
        name: json.loads(inside(*command_line, name, "--format", "json"))
        for name in ("oracle", "S-Cyc")
    }
    for name, table in by_name.items():
        assert (table["kind"], table["label"]) == ("distributions", name)
        assert [cycle["activations"]["count"] for cycle in table["cycles"]] == [256, 256]
        for form in FORMS:
            assert formats.FORMATS[form](table) == inside(*command_line, name, "--format", form)
    assert by_name["S-Cyc"]["cycles"][0]["max_lr"] == 0.07
    assert by_name["oracle"]["cycles"] != by_name["S-Cyc"]["cycles"]
    inside("plot", "tiny", "--distributions", "oracle", "-o", "oracle.html")
    assert "Post-ReLU outputs" in (workdir / "oracle.html").read_text()
    assert "known: S-Cyc, oracle" in inside(*command_line, "trained", code=2)


@pytest.mark.parametrize("study", ["tiny", "several", "recorded"])
def test_of_a_run_without_a_finished_cycle_nothing_can_be_drawn(
    workdir: Path, inside: Call, study: str
) -> None:
    class Killed(BaseException):
        pass

    def at_once(done: int, total: int) -> None:
        raise Killed

    content = yaml.safe_load((workdir / f"{study}.yaml").read_text())
    where = Settings(backend="inline", device="cpu")
    with pytest.raises(Killed):
        execute.execute(prepare.prepare(parse(content, study), where), Progress(cells=at_once))
    assert re.search(rf"{study}-[0-9a-f]{{8}} +stopped ", inside("list"))
    assert "nothing to draw" in inside("plot", study, code=1)
    assert "not complete" in inside("table", study)
    assert not list(workdir.glob("*.html"))


def test_check_prints_the_cost_and_writes_nothing(workdir: Path, inside: Call) -> None:
    before = sorted(workdir.rglob("*"))
    shown = inside("check", "tiny.yaml", *INLINE)
    assert "grid           oracle: 3 learning rates: 0.05, 0.1, 0.2" in shown
    assert "grows by up to 6 more learning rates per cycle" in shown  # 3 on either side
    assert "24 = 3 learning rates x 3 networks x 2 replicates + 6 for S-Cyc; more where" in shown
    assert "steps          288 (" in shown
    assert "time           about" in shown
    assert sorted(workdir.rglob("*")) == before


def test_check_counts_what_a_comparison_trains(workdir: Path, inside: Call) -> None:
    before = sorted(workdir.rglob("*"))
    shown = inside("check", "several.yaml", *INLINE)
    assert "grid           tuned: 2 learning rates: 0.05, 0.1\n" in shown
    # two runs of 2 networks that share the unpruned one, the grid, and the tuned one's second
    assert "training runs  12 = 3 schedules x 2 networks x 2 replicates\n" in shown  # extend: false
    assert "steps          144 (" in shown
    shown = inside("check", "several.yaml", "--replicates", "1", "--scale", "0.5", *INLINE)
    assert "training runs  6 = 3 schedules x 2 networks x 1 replicate\n" in shown
    assert "steps          36 (" in shown
    assert "scaled down    steps 6 of 12 (warm-up and milestones with them)" in shown
    assert "training runs  2 = 2 networks x 1 replicate\n" in inside(
        "check", "recorded.yaml", *INLINE
    )
    assert sorted(workdir.rglob("*")) == before


def test_every_output_of_a_run_shows_how_it_was_scaled_down(workdir: Path, inside: Call) -> None:
    smaller = ("--scale", "0.5", "--cycles", "1", "--grid", "2", "--replicates", "1")
    shown = inside("run", "tiny.yaml", *smaller, *INLINE)
    changes = {
        "iterations": "6 of 12 (warm-up and drops with them)",
        "cycles": "1 of 2",
        "replicates": "1 of 2",
        "grid": "2 of 3 max_lr",
    }
    outputs = [shown, *(inside("table", "tiny", "--format", f) for f in ("markdown", "latex"))]
    for what, how in changes.items():
        (words,) = shown_reductions({what: how})
        assert all(words in output for output in outputs)
    table = json.loads(inside("table", "tiny", "--format", "json"))
    assert table["shrunk"] == changes
    assert [cycle["cycle"] for cycle in table["cycles"]] == [0, 1]
    assert table["cost"]["oracle"]["steps"] == 6 * table["cost"]["oracle"]["trainings"]
    (page,) = (workdir / "runs" / "tiny").glob("*.html")
    assert "replicates 1 of 2" in page.read_text().split("<ul>")[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("tiny.yaml", "--cycles", "3"), "--cycles = 3    is above the study's 2"),
        (("tiny.yaml", "--grid", "4", "--replicates", "9"), "tiny: 2 problems"),
        (("tiny.yaml", "--scale", "0.05"), "makes milestones coincide"),
        (("tiny.yaml", "--scale", "0"), "--scale"),
        (("tiny.yaml", "--scale", "1.5"), "--scale"),
        (("tiny.yaml", "--classes", "1"), "--classes"),
        (("tiny.yaml", "--classes", "11"), "has 10 classes"),
        (("recorded.yaml", "--grid", "2"), "searches no grid"),
    ],
)
def test_a_scale_that_is_not_smaller_is_refused_with_2(
    workdir: Path, inside: Call, arguments: tuple[str, ...], message: str
) -> None:
    before = sorted(workdir.rglob("*"))
    for command_name in ("run", "check"):
        assert message in inside(command_name, *arguments, *INLINE, code=2)
    assert sorted(workdir.rglob("*")) == before


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, Path]]:
    """Figures that were drawn, with where they would have been written to."""
    saved: list[tuple[Any, Path]] = []
    monkeypatch.setattr(
        "oracle.plots.page.save", lambda figure, to, panels=None: saved.append((figure, to))
    )
    return saved


def test_a_schedule_is_drawn_from_its_study_alone(workdir: Path, inside: Call) -> None:
    assert inside("plot-schedule", "table7", "-o", "x.html") == "x.html\n"
    page = (workdir / "x.html").read_text()
    assert "max_lr over the pruning cycles" in page
    assert "Learning rate within a pruning cycle" in page
    assert inside("plot-schedule", "recorded.yaml") == "recorded-schedule.html\n"
    assert sorted(path.suffix for path in workdir.iterdir()) == [".html"] * 2 + [".yaml"] * 3


def test_the_drawn_max_lr_are_the_studys(inside: Call, drawn: list[tuple[Any, Path]]) -> None:
    curve = load_study("table7").s_cyc
    expected = [scyc_curve.max_lr(curve, cycle, 0.2) for cycle in range(26)]
    inside("plot-schedule", "table7")
    inside("plot-schedule", "table7", "--cycle", "13", "--cycle", "0")
    inside("plot-schedule", "table2a")
    (default, _), (chosen, target), (of_entry, _) = drawn
    assert str(target) == "table7-schedule.html"
    for figure in (default, chosen, of_entry):
        assert list(figure.data[0].y) == pytest.approx(expected)
    assert [trace.name.split(" ")[0] for trace in default.data[1:]] == ["0", "3", "6", "12", "25"]
    assert [trace.name.split(" ")[0] for trace in chosen.data[1:]] == ["0", "13"]
    assert max(chosen.data[2].y) == pytest.approx(expected[13], rel=1e-4)


@pytest.mark.parametrize(("entry", "max_lr"), [("LR-warmup-2", 0.07), ("cyclical", 0.025)])
def test_an_entry_is_drawn_by_its_label(
    inside: Call, drawn: list[tuple[Any, Path]], entry: str, max_lr: float
) -> None:
    inside("plot-schedule", "table2a", "--entry", entry, "--cycle", "4", "-o", "y.svg")
    ((figure, target),) = drawn
    assert str(target) == "y.svg"
    assert set(figure.data[0].y) == {max_lr}
    declared = {each.label: each.schedule for each in load_study("table2a").schedules}[entry]
    rates = schedules.rates(declared, max_lr, 63_000)
    (line,) = figure.data[1:]
    assert list(line.y) == [rates[step] for step in line.x]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("table2a", "--entry", "LR-warmup-3"), 'did you mean "LR-warmup-2"?'),
        (("several.yaml", "--entry", "tuned"), "not known before it is tuned"),
        (("table7", "--entry", "S-Cyc"), "has one schedule; leave the option out"),
        (("recorded.yaml", "--entry", "x"), "has one schedule; leave the option out"),
        (("table7", "--cycle", "26"), "--cycle 26: the study's last cycle is 25"),
        (("table7", "--cycle", "-1"), "--cycle"),
        (("table7", "-o", "x.pdf"), "ends in .pdf"),
        (("tabel7",), 'did you mean "table7"?'),
    ],
)
def test_a_schedule_that_cannot_be_drawn_is_refused_with_2(
    workdir: Path, inside: Call, arguments: tuple[str, ...], message: str
) -> None:
    assert message in inside("plot-schedule", *arguments, code=2)
    assert {path.suffix for path in workdir.iterdir()} == {".yaml"}


def test_bad_input_is_exit_code_2_with_all_problems(workdir: Path, inside: Call) -> None:
    bad = STUDY.replace("cycles: 2", "cycles: 0\nextra: 1").replace("0.2]", "-0.2]")
    (workdir / "tiny.yaml").write_text(bad)
    output = inside("run", "tiny.yaml", code=2)
    assert "tiny.yaml: 3 problems" in output
    assert "grid.max_lr[2] = -0.2    a learning rate must be above 0" in output
    assert inside("check", "tiny.yaml", code=2) == output
    assert {path.suffix for path in workdir.iterdir()} == {".yaml"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", "digit"), 'did you mean "digits"?'),
        (("run", "nowhere.yaml"), "no such file"),
        (("run", "tiny.yaml", "--storage", "mysql://u:canary@h/x"), "--storage"),
        (("run", "tiny.yaml", "--storage", "sqlite:////proc/x.db"), "--storage"),
        (("run", "tiny.yaml", "--runs", "tiny.yaml/runs"), "--runs"),
        (("run", "tiny.yaml", "--workers", "0"), "--workers"),
        (("run", "cifar10-resnet20-small"), "--data"),
        (("run", "cifar10-resnet20-small", "--data", "nowhere"), "no such folder"),
        (("run", "table7"), "with --download it is downloaded there first"),
        (("run", "tiny.yaml", "--download"), "--download    fetches the datasets cifar10"),
        (("table", "nothing"), "no such run"),
        (("table", "nothing", "--format", "yaml"), "--format"),
        (("plot", "nothing"), "no such run"),
        (("fit", "nothing"), "no such run"),
        (("paper", "4"), "paper"),
        (("nonsense",), "nonsense"),
    ],
)
def test_every_wrong_call_is_refused_with_2(
    inside: Call, arguments: tuple[str, ...], message: str
) -> None:
    shown = inside(*arguments, code=2)
    assert message in shown.lower() or message in shown
    assert "canary" not in shown


def test_paper_needs_no_run_and_no_torch(workdir: Path, inside: Call) -> None:
    code = (
        "import sys; sys.argv = ['oracle', 'paper', '7', '--format', 'json']\n"
        "from oracle.cli import main as cli\n"
        "try: cli.entry()\n"
        "finally: assert 'torch' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=workdir, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout)["outside"] == 2
    assert "2 of 7 outside" in inside("paper", "7")
    assert "0 of 7 outside" in inside("paper", "3")


def test_fit_finds_parameters_for_a_run_and_for_the_paper(inside: Call) -> None:
    assert "inside 7 of 7 regions" in inside("fit", "--paper", "7")
    content = json.loads(inside("fit", "--paper", "3", "--format", "json"))
    assert content["fits"]
    inside("run", "tiny.yaml", "--quiet", *INLINE)
    assert "of 3 regions" in inside("fit", "tiny")
    assert "name a RUN" in inside("fit", code=2)
    assert "name a RUN" in inside("fit", "tiny", "--paper", "7", code=2)
