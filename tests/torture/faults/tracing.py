"""What strace does to a driver at one of its system calls, and what it has seen of them."""

from __future__ import annotations

import functools
import re
import socket
import subprocess
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from faults.drivers import Victim, ended

CALLS = (
    "write", "pwrite64", "fsync", "fdatasync", "rename", "renameat", "renameat2", "unlink",
    "unlinkat", "ftruncate", "mkdir", "rmdir",
)  # fmt: skip
_CALL = re.compile(r"^(\d+) +(\w+)\((.*)")


@dataclass(frozen=True)
class Window:
    """The calls of one function or method: all that it does at its count-th passing."""

    owner: Any
    name: str
    count: int = 1

    def arm(self, line: socket.socket) -> None:
        """Wait in this process for a tracer before that passing, and after it."""
        original = getattr(self.owner, self.name)
        passed = 0

        @functools.wraps(original)
        def passing(*arguments: Any, **named: Any) -> Any:
            nonlocal passed
            passed += 1
            if passed != self.count:
                return original(*arguments, **named)
            _wait(line, b"in")
            try:
                return original(*arguments, **named)
            finally:
                _wait(line, b"out")

        setattr(self.owner, self.name, passing)


@dataclass(frozen=True)
class Traced:
    """How a driver ended, and the calls of its window, in their order: a name and what is shown."""

    code: int
    calls: list[tuple[str, str]] = field(default_factory=list)

    @property
    def counts(self) -> Counter[str]:
        """How often each call was made."""
        return Counter(name for name, _ in self.calls)


def traced(
    victim: Victim,
    window: Window,
    inject: str = "",
    armed: Callable[[], None] = lambda: None,
) -> Traced:
    """Drive a run of which strace sees one window, and does there what `inject` says.

    inject: as strace has it, such as "fsync:signal=SIGKILL:when=2".
    """
    here, there = socket.socketpair()
    log = victim.runs_folder.parent / "strace"

    def held() -> None:
        here.close()
        window.arm(there)  # first, so that what else is armed lies outside the window
        armed()

    log.unlink(missing_ok=True)
    with here:
        with there:
            pid = victim.start(held)
        tracer = _attached(pid, inject, log) if here.recv(3) == b"in" else None
        if tracer is not None:
            _go(here)
            _released(tracer, lives=here.recv(3) == b"out")
            _go(here)
        code = ended(pid)
    return Traced(code, _calls(log, pid) if tracer is not None else [])


def unflushed(calls: Sequence[tuple[str, str]]) -> list[str]:
    """What a failure of power could lose of the files and folders that these calls have made.

    A file is flushed before it gets its name, and a folder after a name in it was made.
    """
    problems, flushed, named = [], set(), {}
    for name, shown in calls:
        paths = re.findall(r'[<"](/[^<">]*)[>"]', shown)
        if not shown.rpartition("= ")[2].startswith("0"):
            continue
        if name in ("fsync", "fdatasync"):
            flushed.add(paths[0])
            named.pop(paths[0], None)
        elif name == "rename":
            problems += [] if paths[0] in flushed else [f"{paths[1]} was not flushed"]
            named[str(Path(paths[1]).parent)] = paths[1]
        elif name == "mkdir":
            named[str(Path(paths[0]).parent)] = paths[0]
    return [*problems, *(f"the name of {path} was not flushed" for path in named.values())]


def _attached(pid: int, inject: str, log: Path) -> subprocess.Popen[str]:
    command = ["strace", "-f", "-y", "-o", str(log), "-e", f"trace={','.join(CALLS)}"]
    command += ["-e", f"inject={inject}"] if inject else []
    tracer = subprocess.Popen([*command, "-p", str(pid)], stderr=subprocess.PIPE, text=True)
    assert tracer.stderr is not None
    output = tracer.stderr.readline()
    assert "attached" in output, output
    return tracer


def _released(tracer: subprocess.Popen[str], lives: bool) -> None:
    """End a tracer. If its threads die meanwhile, strace may wait for them in the wrong order."""
    if lives:
        tracer.terminate()
    try:
        tracer.communicate(timeout=10)
    except subprocess.TimeoutExpired:
        tracer.kill()
        tracer.communicate()


def _calls(log: Path, pid: int) -> list[tuple[str, str]]:
    matches = map(_CALL.match, log.read_text(errors="replace").splitlines())
    return [(each[2], each[3]) for each in matches if each and int(each[1]) == pid]


def _wait(line: socket.socket, word: bytes) -> None:
    line.send(word)  # neither this nor recv is among CALLS
    line.recv(1)


def _go(line: socket.socket) -> None:
    try:
        line.send(b".")
    except BrokenPipeError:
        return
