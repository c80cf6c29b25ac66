"""The command in processes of its own: interrupted, killed, in unusual folders."""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gate as gate_module
import pytest
import yaml
from gate import Gate
from optuna_trials import COUNT, trained

from oracle.cli import main

Call = Callable[..., str]
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
def workdir(tmp_path: Path) -> Path:
    """A working folder with a space in its name, and a study in it."""
    folder = tmp_path / "a folder"
    folder.mkdir()
    (folder / "tiny.yaml").write_text(STUDY)
    return folder


@pytest.fixture
def oracle(
    workdir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    """Calls the command in this process, in a folder; returns what it printed."""

    def call(*arguments: str, at: Path = workdir) -> str:
        monkeypatch.chdir(at)
        monkeypatch.setattr(sys, "path", [each for each in sys.path if each])
        monkeypatch.setattr(sys, "argv", ["oracle", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main.entry()
        output = capsys.readouterr()
        assert ended.value.code == 0, output
        return output.out

    return call


def timeless(table: str) -> dict[str, Any]:
    read_table: dict[str, Any] = json.loads(table)
    for cost in read_table["cost"].values():
        del cost["seconds"]
    return read_table


INLINE = ("--backend", "inline", "--device", "cpu")


def test_a_users_own_module_is_found_in_the_current_folder(
    workdir: Path, oracle: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workdir / "ones_own.py").write_text(
        "from torch import nn\n"
        "def network(shape, classes):\n"
        "    return nn.Sequential(nn.Flatten(), nn.Linear(64, 9), nn.Linear(9, classes))\n"
    )
    changed = yaml.safe_load(STUDY) | {"network": "ones_own:network", "cycles": 1}
    (workdir / "mine.yaml").write_text(yaml.safe_dump(changed))
    assert "S-Cyc verdict: with " in oracle("run", "mine.yaml", *INLINE)
    assert sys.modules["ones_own"].__file__ == str(workdir / "ones_own.py")
    monkeypatch.delitem(sys.modules, "ones_own")


@pytest.fixture
def python(workdir: Path) -> list[str | Path]:
    """A Python with a space in its path, which has to say so to Ray."""
    python = workdir / "python"
    python.symlink_to(sys.executable)
    start = str(Path(gate_module.__file__).parent / "start")  # of what is held at a gate
    paths = os.pathsep.join([start, *(each for each in sys.path if each)])
    return ["env", f"PYTHONPATH={paths}", python]


@pytest.fixture
def started(
    workdir: Path, python: list[str | Path]
) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts `oracle run tiny.yaml` in a session of its own."""
    processes: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [*python, "-m", "oracle.cli", "run", "tiny.yaml", "--device", "cpu", *arguments],
            cwd=workdir,
            stdout=subprocess.DEVNULL,
            stderr=(workdir / "errors").open("wb"),
            start_new_session=True,
            # A shell gives what it runs in the background SIGINT ignored; these tests send it.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  # as said
        )
        processes.append(process)
        return process

    yield start
    for each in processes:
        if each.poll() is None:
            os.killpg(each.pid, signal.SIGKILL)
            each.wait()


def stored(workdir: Path) -> int:
    """Complete trials in the storage so far."""
    file = workdir / "runs" / "_oracle" / "oracle.db"
    if not file.is_file():
        return 0
    try:
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
            (count,) = database.execute(COUNT).fetchone()
    except sqlite3.OperationalError:  # its tables are not all there yet
        return 0
    return int(count)


def wait_for(workdir: Path, cells: int, process: subprocess.Popen[bytes]) -> None:
    patience = time.monotonic() + 120
    while stored(workdir) < cells and process.poll() is None:
        assert time.monotonic() < patience
        time.sleep(0.02)


def longer(workdir: Path) -> None:
    """Make training runs long enough to be hit while they run, and few."""
    text = STUDY.replace("steps: 12", "steps: 500").replace("cycles: 2", "cycles: 1")
    (workdir / "tiny.yaml").write_text(text.replace("validate_every: 6", "validate_every: 250"))


def test_ctrl_c_is_exit_code_130_and_the_run_continues_later(
    workdir: Path, oracle: Call, started: Callable[..., subprocess.Popen[bytes]], gate: Gate
) -> None:
    gate.shut(after=4)
    process = started(*INLINE)
    wait_for(workdir, 4, process)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(120) == 130
    gate.open()
    assert "Traceback" not in (workdir / "errors").read_text()
    assert "stopped" in oracle("list")
    oracle("run", "tiny.yaml", "--quiet", *INLINE)
    assert timeless(oracle("table", "tiny", "--format", "json"))["complete"]


@pytest.mark.ray
@pytest.mark.parametrize(
    "stops",
    [
        (signal.SIGKILL,),
        pytest.param((signal.SIGKILL, signal.SIGINT), marks=pytest.mark.slow),
        pytest.param((signal.SIGKILL,) * 5, marks=pytest.mark.slow),
    ],
)
def test_ray_gives_the_table_of_one_process_though_it_is_stopped_again_and_again(
    workdir: Path,
    oracle: Call,
    started: Callable[..., subprocess.Popen[bytes]],
    stops: tuple[signal.Signals, ...],
    gate: Gate,
) -> None:
    """Signals to the driver and its Ray at several moments in a row, then the run to its end.

    All from an environment with a space in its path.
    """
    longer(workdir)
    reference = workdir / "reference"
    reference.mkdir()
    (reference / "tiny.yaml").write_text((workdir / "tiny.yaml").read_text())
    oracle("run", "tiny.yaml", "--quiet", *INLINE, at=reference)
    expected = timeless(oracle("table", "tiny", "--format", "json", at=reference))
    whole = stored(reference)
    gate.shut(after=2)  # so that no process ends before it is stopped
    for moment, number in enumerate(stops):
        process = started("--workers", "2")
        if moment % 2:
            wait_for(workdir, stored(workdir) + 2, process)  # just after results were stored
        else:
            time.sleep(5 + 2 * moment)  # while Ray starts, or trains
        os.killpg(process.pid, number)  # as a terminal does: to the workers too
        assert process.wait(120) == (130 if number == signal.SIGINT else -number)
        assert number != signal.SIGINT or "stopped" in oracle("list")
    gate.open()
    assert started("--quiet", "--workers", "2").wait(240) == 0, (workdir / "errors").read_text()
    assert timeless(oracle("table", "tiny", "--format", "json")) == expected
    assert stored(workdir) == whole
    url = f"sqlite:///{workdir}/runs/_oracle/oracle.db"
    states, cells = set(), []
    for trial in trained(url):
        states.add(trial.state.name)
        cells.append(trial.user_attrs["cell"])
    assert states == {"COMPLETE"}
    assert len(cells) == len(set(cells)) == whole
