"""Processes that a test has started, and all that these have: found by a variable they inherit."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

TAG = "FAULTS_TAG"


def tagged(tag: str) -> set[int]:
    """Pids of living processes whose environment has this tag; never this process's own."""
    line, found = f"{TAG}={tag}".encode(), set()
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            dead = (folder / "stat").read_text().rpartition(")")[2].split()[0] in "ZX"
            if not dead and line in (folder / "environ").read_bytes().split(b"\0"):
                found.add(int(folder.name))
    return found - {os.getpid()}


def title(pid: int) -> str:
    """What a process calls itself, such as `ray::TrainPack`; "" of one that has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def kill(pids: set[int]) -> None:
    """Kill processes; those that have ended are left alone."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
