"""Telling processes apart, and whether one still lives, on Linux."""

from __future__ import annotations

import os
from pathlib import Path


def process_id_string() -> str:
    """Identify this process among all others: host, pid, start time, and the host's name."""
    pid = os.getpid()
    return f"{_host()} {pid} {_started(pid)} {os.uname().nodename}"


def on_this_host(process: str) -> bool:
    """Whether a process ran under this boot, in this namespace of pids."""
    return process.split(maxsplit=1)[0] == _host()


def is_alive(process: str) -> bool:
    """Whether a process of this host still runs; its pid may be another's by now."""
    return _started(pid_of(process)) == process.split()[2]


def pid_of(process: str) -> int:
    """Return the pid of a process.

    Args:
        process: As :func:`process_id_string` gives it.
    """
    return int(process.split()[1])


def host_name(process: str) -> str:
    """Return the name of the host where a process runs or ran.

    Args:
        process: As :func:`process_id_string` gives it.
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
