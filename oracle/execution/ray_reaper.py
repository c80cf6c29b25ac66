"""Ends what the Ray of a killed driver leaves running: some of its processes wait for ever.

A small process of its own sees the driver end, by a pipe that the system closes, and kills whatever
the driver had started or still runs with that Ray's token. It is started by its path and imports
nothing of the project.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

_POLL = 5.0  # seconds between two polls of the driver's processes
_GRACE = 5.0  # seconds that Ray's processes get to end by themselves
_TRIES = 5  # what is killed may have started something just then


@contextlib.contextmanager
def none_left(scratch: Path, grace: float = _GRACE, poll: float = _POLL) -> Iterator[None]:
    """End the processes of the Ray in a folder soon after this process ends, while this holds.

    Args:
        scratch: The folder of that Ray.
        grace: Seconds that they have to end by themselves.
        poll: Seconds between two polls of this process.

    Yields:
        Nothing.
    """
    arguments = (os.getpid(), scratch, grace, poll)
    command = [sys.executable, "-I", "-S", __file__, *map(str, arguments)]
    watcher = subprocess.Popen(  # noqa: S603  # this very file
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # whoever kills the driver's group does not mean this one
    )
    try:
        yield
    finally:
        watcher.kill()  # Ray was shut down by whoever started it
        watcher.wait()
        assert watcher.stdin is not None
        watcher.stdin.close()


def _processes() -> dict[int, tuple[int, str]]:
    """All processes: parent, and when it started, which detects a reused pid."""
    processes = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if fields[0] != "Z":
                    processes[int(entry.name)] = (int(fields[1]), fields[19])
    return processes


def _below(driver: int) -> set[tuple[int, str]]:
    """Find the processes that a driver has started, and those that they have, but for this one."""
    there = _processes()
    below, before = {driver}, 0
    while len(below) > before:
        before = len(below)
        below |= {pid for pid, (parent, _) in there.items() if parent in below}
    return {(pid, there[pid][1]) for pid in below - {driver, os.getpid()} if pid in there}


def _with_token(scratch: str) -> set[tuple[int, str]]:
    """Find the processes that were given the token in a folder; titles hide that of some."""
    mark = f"RAY_AUTH_TOKEN_PATH={scratch}/".encode()
    processes = set()
    for pid, (_, started) in _processes().items():
        with contextlib.suppress(OSError):
            if mark in Path(f"/proc/{pid}/environ").read_bytes():
                processes.add((pid, started))
    return processes


def _living(known: set[tuple[int, str]], scratch: str) -> list[int]:
    there = _processes()
    still = {(pid, started) for pid, started in known if there.get(pid, (0, ""))[1] == started}
    return [pid for pid, _ in still | _with_token(scratch)]


def main() -> None:
    """Wait for the driver's end, then for Ray's, and see to it."""
    driver, scratch = int(sys.argv[1]), sys.argv[2]
    grace, poll = float(sys.argv[3]), float(sys.argv[4])
    known: set[tuple[int, str]] = set()
    while not select.select([sys.stdin], [], [], poll)[0]:
        known |= _below(driver)
    patience = time.monotonic() + grace
    while _living(known, scratch) and time.monotonic() < patience:
        time.sleep(0.5)
    for _ in range(_TRIES):
        for process in _living(known, scratch):
            with contextlib.suppress(OSError):
                os.kill(process, signal.SIGKILL)
        time.sleep(0.5)
    shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
