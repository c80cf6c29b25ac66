"""What a killed driver has started does not outlive it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

DRIVER = """
import os, subprocess, sys, time
from pathlib import Path
from oracle.execution import ray_reaper
scratch = Path(sys.argv[1])
with ray_reaper.none_left(scratch, grace=0.5, look=0.1):
    plain = subprocess.Popen(["sleep", "300"])
    own_session = subprocess.Popen(["sleep", "300"], start_new_session=True)
    Path(sys.argv[2]).write_text(f"{plain.pid} {own_session.pid}")
    time.sleep(float(sys.argv[3]))
    plain.kill(), own_session.kill(), plain.wait(), own_session.wait()
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
    told = tmp_path / "told"
    command = [sys.executable, "-c", DRIVER, str(tmp_path / "scratch"), str(told), str(seconds)]
    process = subprocess.Popen(command)
    patience = time.monotonic() + 60
    while not told.exists() or len(told.read_text().split()) < 2:
        assert time.monotonic() < patience
        time.sleep(0.02)
    return process, [int(each) for each in told.read_text().split()]


def test_what_a_killed_driver_has_started_is_killed(
    tmp_path: Path, bystander: subprocess.Popen[bytes]
) -> None:
    driver, started = drive(tmp_path, 300)
    token = f"RAY_AUTH_TOKEN_PATH={tmp_path}/scratch/token"
    marked = subprocess.Popen(["env", token, "sleep", "300"], start_new_session=True)
    time.sleep(0.5)  # so that the watcher has looked
    assert all(lives(each) for each in started)
    os.kill(driver.pid, signal.SIGKILL)
    driver.wait()
    patience = time.monotonic() + 20
    while any(lives(each) for each in (*started, marked.pid)):
        assert time.monotonic() < patience
        time.sleep(0.05)
    assert marked.wait() == -signal.SIGKILL
    while (tmp_path / "scratch").exists():
        assert time.monotonic() < patience
        time.sleep(0.05)
    assert bystander.poll() is None


def test_a_driver_that_ends_by_itself_leaves_no_watcher(tmp_path: Path) -> None:
    driver, _ = drive(tmp_path, 0.2)
    assert driver.wait(30) == 0
    found = subprocess.run(["pgrep", "-f", str(tmp_path)], capture_output=True, check=False)
    assert found.stdout == b""
