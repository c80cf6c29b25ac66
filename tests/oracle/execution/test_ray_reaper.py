"""What a killed driver has started does not outlive it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from oracle.execution import ray_reaper

DRIVER = """
import os, subprocess, sys, time
from pathlib import Path
from oracle.execution import ray_reaper
scratch = Path(sys.argv[1])
ray_reaper.__file__ = sys.argv[4]
with ray_reaper.none_left(scratch, grace=0.5, poll=0.1):
    plain = subprocess.Popen(["sleep", "300"])
    own_session = subprocess.Popen(["sleep", "300"], start_new_session=True)
    Path(sys.argv[2]).write_text(f"{plain.pid} {own_session.pid}")
    time.sleep(float(sys.argv[3]))
    plain.kill(), own_session.kill(), plain.wait(), own_session.wait()
"""
WATCHER = f"""
import sys
from pathlib import Path
sys.path.append({str(Path(ray_reaper.__file__).parent)!r})
import ray_reaper
below = ray_reaper._below
def noted(driver):
    processes = below(driver)
    Path(__file__).with_name("seen").write_text(" ".join(str(pid) for pid, _ in processes))
    return processes
ray_reaper._below = noted
ray_reaper.main()
"""


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "300"])
    yield process
    process.kill()
    process.wait()


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def drive(tmp_path: Path, seconds: float) -> tuple[subprocess.Popen[bytes], list[int]]:
    (tmp_path / "scratch").mkdir()
    pids, watcher = tmp_path / "pids", tmp_path / "watcher.py"
    watcher.write_text(WATCHER)
    arguments = [str(tmp_path / "scratch"), str(pids), str(seconds), str(watcher)]
    process = subprocess.Popen([sys.executable, "-c", DRIVER, *arguments])
    until(lambda: len(numbers(pids)) == 2)
    return process, numbers(pids)


def numbers(file: Path) -> list[int]:
    return [int(each) for each in file.read_text().split()] if file.exists() else []


def until(true: Callable[[], bool]) -> None:
    patience = time.monotonic() + 120
    while not true():
        assert time.monotonic() < patience
        time.sleep(0.02)


def test_what_a_killed_driver_has_started_is_killed(
    tmp_path: Path, bystander: subprocess.Popen[bytes]
) -> None:
    driver, started = drive(tmp_path, 300)
    token = f"RAY_AUTH_TOKEN_PATH={tmp_path}/scratch/token"
    marked = subprocess.Popen(["env", token, "sleep", "300"], start_new_session=True)
    until(lambda: set(started) <= set(numbers(tmp_path / "seen")))  # the watcher has looked
    assert all(lives(each) for each in started)
    os.kill(driver.pid, signal.SIGKILL)
    driver.wait()
    until(lambda: not any(lives(each) for each in (*started, marked.pid)))
    assert marked.wait() == -signal.SIGKILL
    until(lambda: not (tmp_path / "scratch").exists())
    assert bystander.poll() is None


def test_a_driver_that_ends_by_itself_leaves_no_watcher(tmp_path: Path) -> None:
    driver, _ = drive(tmp_path, 0.2)
    assert driver.wait(120) == 0
    listed = subprocess.run(["pgrep", "-f", str(tmp_path)], capture_output=True, check=False)
    assert listed.stdout == b""
