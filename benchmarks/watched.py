"""A command and all processes below it: wall time, CPU time by role, peak memory. Linux's /proc."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_WORKERS = ("ray::TrainPack", "ray::ResourceTrainable", "ray::ImplicitFunc")  # titles of Tune's
_EVERY = 0.1  # seconds between two samples


@dataclass
class Watched:
    """What a command took. cpu: seconds by role, children that have ended included."""

    wall: float = 0.0
    peak: float = 0.0  # bytes of the whole tree at once; what processes share counts once
    cpu: dict[str, float] = field(default_factory=dict)
    samples: list[tuple[float, float, float, int]] = field(default_factory=list)
    # (seconds, CPU of the driver, CPU of the workers, workers) at each sample

    def steady(self, workers: int) -> tuple[float, float, float]:
        """Return (wall, the driver's CPU, the workers' CPU) while all workers were there."""
        there = [sample for sample in self.samples if sample[3] >= workers]
        if len(there) < 2:
            return 0.0, 0.0, 0.0
        first, last = there[0], there[-1]
        return last[0] - first[0], last[1] - first[1], last[2] - first[2]


def watch(command: Sequence[str], cwd: Path | None = None, memory: bool = True) -> Watched:
    """Run a command to its end.

    memory: whether to measure it, too; with ten large processes that alone takes a third of a core.

    Raises CalledProcessError, with what was written to stderr, where it fails.
    """
    watched = Watched()
    last: dict[int, tuple[str, float]] = {}
    start = time.monotonic()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(  # noqa: S603  # the benchmarks' own commands
            command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=output, text=True
        )
        while process.poll() is None:
            used, there = 0.0, 0
            for pid in _tree(process.pid):
                try:
                    title, cpu = _title(pid), _cpu(pid)
                    used += _memory(pid) if memory else 0.0
                except (OSError, ValueError, IndexError):
                    continue  # it has ended
                role = "driver" if pid == process.pid else "other"
                role = "workers" if title.startswith(_WORKERS) else last.get(pid, (role,))[0]
                there += role == "workers"
                last[pid] = (role, cpu)
            watched.peak = max(watched.peak, used)
            watched.cpu = {
                role: sum(cpu for each, cpu in last.values() if each == role)
                for role in ("driver", "workers", "other")
            }
            now = time.monotonic() - start
            watched.samples.append((now, watched.cpu["driver"], watched.cpu["workers"], there))
            time.sleep(_EVERY)
        watched.wall = time.monotonic() - start
        if process.returncode:
            output.seek(0)
            raise subprocess.CalledProcessError(
                process.returncode, command, stderr=output.read()[-4000:]
            )
    return watched


def _tree(root: int) -> list[int]:
    """A process and all below it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError):
                continue
            children.setdefault(parent, []).append(int(entry.name))
    pids, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        pids.append(pid)
        waiting += children.get(pid, [])
    return pids


def _title(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def _memory(pid: int) -> float:
    """Proportional set size: a page that n processes share counts 1/n for each."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return 1024.0 * int(line.split()[1])
    return 0.0
