"""The command as a user runs it, in a process of its own."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import optuna
import pytest
import yaml

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


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A working folder with a space in its name, and a study in it."""
    folder = tmp_path / "a place"
    folder.mkdir()
    (folder / "tiny.yaml").write_text(STUDY)
    return folder


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "oracle.cli", *arguments]


def oracle(place: Path, *arguments: str, code: int = 0, timeout: float = 240) -> str:
    done = subprocess.run(
        command(*arguments), cwd=place, capture_output=True, text=True, timeout=timeout, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout if code == 0 else done.stderr


def timeless(table: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(table)
    for cost in found["cost"].values():
        del cost["seconds"]
    return found


INLINE = ("--backend", "inline", "--device", "cpu")


def test_run_then_look(place: Path) -> None:
    shown = oracle(place, "run", "tiny.yaml", *INLINE)
    run_id = re.search(r"tiny-[0-9a-f]{8}", shown)
    assert run_id is not None
    table = oracle(place, "table", "tiny")
    assert table.splitlines() == shown.splitlines()[: len(table.splitlines())]
    assert (place / "runs" / "tiny" / f"{run_id[0]}.html").stat().st_size > 1_000_000
    assert f"{run_id[0]}" in oracle(place, "list")
    assert "done" in oracle(place, "list")
    for form in ("json", "csv", "markdown", "latex"):
        assert oracle(place, "table", run_id[0], "--format", form)
    assert oracle(place, "plot", "tiny", "-o", "region.html").strip() == "region.html"
    assert (place / "region.html").is_file()
    again = oracle(place, "run", "tiny.yaml", "--quiet", *INLINE)
    assert again == ""


def test_check_tells_the_cost_and_writes_nothing(place: Path) -> None:
    before = sorted(place.rglob("*"))
    shown = oracle(place, "check", "tiny.yaml", *INLINE)
    assert "18 oracle + 6 S-Cyc" in shown
    assert "steps       288" in shown
    assert "time        about" in shown
    assert sorted(place.rglob("*")) == before


def test_bad_input_is_exit_code_2_with_all_problems(place: Path) -> None:
    bad = STUDY.replace("cycles: 2", "cycles: 0\nextra: 1").replace("0.2]", "-0.2]")
    (place / "tiny.yaml").write_text(bad)
    told = oracle(place, "run", "tiny.yaml", code=2)
    assert "tiny.yaml: 3 problems" in told
    assert "grid.max_lr[2] = -0.2    a learning rate must be above 0" in told
    assert oracle(place, "check", "tiny.yaml", code=2) == told
    assert sorted(path.name for path in place.iterdir()) == ["tiny.yaml"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("run", "digit"), 'did you mean "digits"?'),
        (("run", "nowhere.yaml"), "no such file"),
        (("run", "tiny.yaml", "--storage", "mysql://u:canary@h/x"), "--storage"),
        (("run", "tiny.yaml", "--storage", "sqlite:////proc/x.db"), "--storage"),
        (("run", "tiny.yaml", "--runs", "tiny.yaml/runs"), "--runs"),
        (("run", "tiny.yaml", "--workers", "0"), "--workers"),
        (("run", "cifar10-resnet20-small"), "--data"),
        (("run", "cifar10-resnet20-small", "--data", "nowhere"), "no such folder"),
        (("table", "nothing"), "no such run"),
        (("plot", "nothing"), "no such run"),
        (("paper", "4"), "paper"),
        (("nonsense",), "nonsense"),
    ],
)
def test_every_wrong_call_is_refused_with_2(
    place: Path, arguments: tuple[str, ...], told: str
) -> None:
    shown = oracle(place, *arguments, code=2)
    assert told in shown.lower() or told in shown
    assert "canary" not in shown


def test_paper_needs_no_run_and_no_torch(place: Path) -> None:
    code = (
        "import sys; sys.argv = ['oracle', 'paper', '7', '--format', 'json']\n"
        "from oracle import cli\n"
        "try: cli.entry()\n"
        "finally: assert 'torch' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=place, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout)["outside"] == 2
    assert "2 of 7 outside" in oracle(place, "paper", "7")
    assert "0 of 7 outside" in oracle(place, "paper", "3")


def test_fit_finds_parameters_for_a_run_and_for_the_paper(place: Path) -> None:
    assert "inside 7 of 7 regions" in oracle(place, "fit", "--paper", "7")
    found = json.loads(oracle(place, "fit", "--paper", "3", "--format", "json"))
    assert found["fits"]
    oracle(place, "run", "tiny.yaml", "--quiet", *INLINE)
    assert "of 3 regions" in oracle(place, "fit", "tiny")
    assert "name a RUN" in oracle(place, "fit", code=2)
    assert "name a RUN" in oracle(place, "fit", "tiny", "--paper", "7", code=2)


def test_a_users_own_module_is_found_in_the_current_folder(place: Path) -> None:
    (place / "mine.py").write_text(
        "from torch import nn\n"
        "def network(shape, classes):\n"
        "    return nn.Sequential(nn.Flatten(), nn.Linear(64, 9), nn.Linear(9, classes))\n"
    )
    changed = yaml.safe_load(STUDY) | {"network": "mine:network", "cycles": 1}
    (place / "mine.yaml").write_text(yaml.safe_dump(changed))
    assert "S-Cyc's max_lr lies" in oracle(place, "run", "mine.yaml", *INLINE)


def started(place: Path, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command("run", "tiny.yaml", *arguments),
        cwd=place,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def stored(place: Path) -> int:
    """Complete trials in the storage so far."""
    file = place / "runs" / "tiny" / "oracle.db"
    if not file.is_file():
        return 0
    url = f"sqlite:///{file}"
    try:
        return sum(each.n_trials for each in optuna.get_all_study_summaries(url))
    except Exception:  # its tables are not all there yet
        return 0


def wait_for(place: Path, cells: int, process: subprocess.Popen[bytes]) -> None:
    patience = time.monotonic() + 120
    while stored(place) < cells and process.poll() is None:
        assert time.monotonic() < patience
        time.sleep(0.02)


def longer(place: Path) -> None:
    """Make trainings long enough to be hit while they run."""
    text = STUDY.replace("steps: 12", "steps: 400").replace(
        "validate_every: 6", "validate_every: 100"
    )
    (place / "tiny.yaml").write_text(text)


@pytest.mark.ray
@pytest.mark.parametrize("backend", ["inline", "ray"])
def test_ctrl_c_is_exit_code_130_and_the_run_goes_on_later(place: Path, backend: str) -> None:
    longer(place)
    process = started(place, "--backend", backend, "--device", "cpu")
    wait_for(place, 4, process)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers too
    assert process.wait(60) == 130
    assert "stopped" in oracle(place, "list")
    oracle(place, "run", "tiny.yaml", "--quiet", *INLINE)
    assert timeless(oracle(place, "table", "tiny", "--format", "json"))["complete"]


@pytest.mark.ray
def test_ray_works_from_an_environment_with_a_space_in_its_path(place: Path) -> None:
    python = place / "python"
    python.symlink_to(sys.executable)
    packages = [path for path in sys.path if path.endswith("site-packages")]
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [str(python), "-m", "oracle.cli", "run", "tiny.yaml", "--workers", "1", "--device", "cpu"],
        cwd=place,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([root, *packages])},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "S-Cyc's max_lr lies" in done.stdout


@pytest.mark.ray
def test_ray_gives_the_table_of_one_process_though_it_is_killed_five_times(place: Path) -> None:
    """SIGKILL of the driver and its Ray at five moments in a row, then the run to its end."""
    longer(place)
    reference = place / "reference"
    reference.mkdir()
    (reference / "tiny.yaml").write_text((place / "tiny.yaml").read_text())
    oracle(reference, "run", "tiny.yaml", "--quiet", *INLINE)
    expected = timeless(oracle(reference, "table", "tiny", "--format", "json"))
    whole = stored(reference)
    killed = 0
    for moment in range(5):
        process = started(place, "--workers", "2", "--device", "cpu")
        if moment % 2:
            wait_for(place, stored(place) + 2, process)  # just after results were stored
        else:
            time.sleep(5 + 2 * moment)  # while Ray starts, or trains
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            killed += 1
        process.wait()
    assert killed == 5
    oracle(place, "run", "tiny.yaml", "--quiet", "--workers", "2", "--device", "cpu")
    assert timeless(oracle(place, "table", "tiny", "--format", "json")) == expected
    assert stored(place) == whole
    url = f"sqlite:///{place}/runs/tiny/oracle.db"
    states, cells = set(), []
    for summary in optuna.get_all_study_summaries(url):
        for trial in optuna.load_study(study_name=summary.study_name, storage=url).trials:
            states.add(trial.state.name)
            cells.append(trial.user_attrs["cell"])
    assert states == {"COMPLETE"}
    assert len(cells) == len(set(cells)) == whole
