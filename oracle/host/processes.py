"""Telling processes apart, and whether one still lives, on Linux."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import signal
import threading
from pathlib import Path

_PR_SET_PDEATHSIG = 1


@functools.cache  # a hook is never taken back; forks have it, too
def end_forks_with_this_process() -> None:
    """Have every process that is forked from now on killed when the one that forked it ends.

    So a child of a user's own code does not outlive a run that is killed. The system sends the
    signal when the *thread* that forked ends, so this holds for forks of the main thread alone,
    such as those of a data factory; a program that is started (``subprocess``) is not a fork. For a
    process that is there for a run: the hook stays until its end. Nothing happens on a system
    without ``prctl``.
    """
    try:
        prctl = ctypes.CDLL(None).prctl
    except (OSError, AttributeError):
        return
    forker = 0  # the pid, where the main thread forks

    def before() -> None:
        nonlocal forker
        by_main = threading.current_thread() is threading.main_thread()
        forker = os.getpid() if by_main else 0

    def in_child() -> None:
        if not forker:
            return
        with contextlib.suppress(ctypes.ArgumentError):
            prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != forker:  # it has ended before the system was set to signal it
            os.kill(os.getpid(), signal.SIGKILL)

    os.register_at_fork(before=before, after_in_child=in_child)


def process_id_string() -> str:
    """Identify this process among all others: host, pid, start time, and the host's name."""
    pid = os.getpid()
    return f"{_host()} {pid} {_started(pid)} {os.uname().nodename}"


def on_this_host(process: str) -> bool:
    """Return whether a process ran under this boot, in this namespace of pids.

    Args:
        process: As :func:`process_id_string` gives it.

    Returns:
        False for a process of before the last boot, and of another container.
    """
    return process.split(maxsplit=1)[0] == _host()


def is_alive(process: str) -> bool:
    """Return whether a process of this host still runs; its pid may be another's by now.

    Args:
        process: As :func:`process_id_string` gives it, of this host.

    Returns:
        True where the pid runs and was started at that time.
    """
    return _started(pid_of(process)) == process.split()[2]


def pid_of(process: str) -> int:
    """Return the pid of a process.

    Args:
        process: As :func:`process_id_string` gives it.

    Returns:
        A number, of the process's own host.
    """
    return int(process.split()[1])


def host_name(process: str) -> str:
    """Return the name of the host where a process runs or ran.

    Args:
        process: As :func:`process_id_string` gives it.

    Returns:
        As ``uname -n`` prints it.
    """
    return process.split()[3]


def _host() -> str:
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{boot}/{Path('/proc/self/ns/pid').readlink()}"


def _started(pid: int) -> str:
    """When a process started, in clock ticks since boot; "ended" when there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return "ended"
    fields = stat.rpartition(")")[2].split()
    return "ended" if fields[0] == "Z" else fields[19]
