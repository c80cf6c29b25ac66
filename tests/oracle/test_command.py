"""The command in processes of its own: interrupted, killed, in odd places."""

import contextlib
import json
import os
import signal
import sqlite3
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
        # A shell gives what it runs in the background SIGINT ignored; these tests send it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  # as said
    )


def stored(place: Path) -> int:
    """Complete trials in the storage so far."""
    file = place / "runs" / "tiny" / "oracle.db"
    if not file.is_file():
        return 0
    try:
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
            (count,) = database.execute("SELECT COUNT(*) FROM trials").fetchone()
    except sqlite3.OperationalError:  # its tables are not all there yet
        return 0
    return int(count)


def wait_for(place: Path, cells: int, process: subprocess.Popen[bytes]) -> None:
    patience = time.monotonic() + 120
    while stored(place) < cells and process.poll() is None:
        assert time.monotonic() < patience
        time.sleep(0.02)


def longer(place: Path) -> None:
    """Make trainings long enough to be hit while they run."""
    text = STUDY.replace("steps: 12", "steps: 1000").replace(
        "validate_every: 6", "validate_every: 250"
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
@pytest.mark.parametrize("kills", [2, pytest.param(5, marks=pytest.mark.slow)])
def test_ray_gives_the_table_of_one_process_though_it_is_killed_again_and_again(
    place: Path, kills: int
) -> None:
    """SIGKILL of the driver and its Ray at several moments in a row, then the run to its end."""
    longer(place)
    reference = place / "reference"
    reference.mkdir()
    (reference / "tiny.yaml").write_text((place / "tiny.yaml").read_text())
    oracle(reference, "run", "tiny.yaml", "--quiet", *INLINE)
    expected = timeless(oracle(reference, "table", "tiny", "--format", "json"))
    whole = stored(reference)
    killed = 0
    for moment in range(kills):
        process = started(place, "--workers", "2", "--device", "cpu")
        if moment % 2:
            wait_for(place, stored(place) + 2, process)  # just after results were stored
        else:
            time.sleep(5 + 2 * moment)  # while Ray starts, or trains
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            killed += 1
        process.wait()
    assert killed == kills
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
