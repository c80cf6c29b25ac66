"""Processes that a test has started, and their children: identified by an inherited variable."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

TAG = "FAULTS_TAG"


def tagged(tag: str) -> set[int]:
    """Pids of living processes whose environment has this tag.

    A process that gives itself a title, as Ray's workers do, may lose sight of its environment;
    see :func:`in_sessions`.
    """
    line, pids = f"{TAG}={tag}".encode(), set()
    for pid in _living():
        with contextlib.suppress(OSError):
            if line in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                pids.add(pid)
    return pids


def in_sessions(sessions: set[int]) -> set[int]:
    """Pids of living processes of some sessions."""
    return {pid for pid, session in _living().items() if session in sessions}


def sessions(pids: set[int]) -> set[int]:
    """The sessions of processes."""
    return {session for pid, session in _living().items() if pid in pids}


def _living() -> dict[int, int]:
    """Every process that runs, and its session."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if fields[0] not in "ZX":
                parents[int(folder.name)] = int(fields[3])
    return parents


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
