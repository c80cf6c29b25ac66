"""Real drivers in forked processes: all is imported before, so that a run takes a second or two.

The real trainer trains a tiny network in them, on the backend of one process.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import click
import torch
from factories import tiny_content

from oracle.errors import (
    AllDiverged,
    CheckpointGoneError,
    LeaseHeld,
    LeaseLost,
    PackFailed,
    StorageError,
)
from oracle.runs import catalog, execute, prepare
from oracle.settings import Progress, Settings
from oracle.study.base import Study
from oracle.study.validation import parse
from scyc.errors import BadInput

TINY: Mapping[str, Any] = MappingProxyType(tiny_content())
ENDS: Mapping[type[BaseException], int] = MappingProxyType(
    {
        BadInput: 2,
        LeaseHeld: 10,
        LeaseLost: 11,
        StorageError: 12,
        CheckpointGoneError: 13,
        PackFailed: 14,
        AllDiverged: 15,
        OSError: 16,
        KeyboardInterrupt: 130,
    }
)
OTHER = 99  # the end by any other exception
TOO_LONG = 98  # neither ended nor killed in time


@dataclass
class Victim:
    """A folder of runs, its database, and the study that is run in it, again and again."""

    runs_folder: Path
    url: str | None = None  # of its database; a file in the study's folder if None
    declared: Mapping[str, Any] = field(default_factory=lambda: TINY)
    save_every: float = 5.0  # minutes between two saves of an unfinished pack
    keeps: dict[str, Any] = field(default_factory=dict)  # further settings

    @property
    def study(self) -> Study:
        """The study."""
        return parse(dict(self.declared), "tiny.yaml")

    @property
    def settings(self) -> Settings:
        """How it is run."""
        return Settings(
            folder=self.runs_folder,
            storage=self.url,
            workers=1,
            backend="inline",
            device="cpu",
            save_every=self.save_every,
            **self.keeps,
        )

    @property
    def folder(self) -> Path:
        """The study's folder: database, checkpoints, images."""
        return self.settings.study_folder(self.study.folder_name)

    @property
    def errors(self) -> str:
        """What the drivers said and how they failed, all of them so far."""
        file = self.runs_folder / "errors"
        return file.read_text() if file.is_file() else ""

    def drive(self, armed: Callable[[], None] = lambda: None, timeout: float = 240.0) -> int:
        """Run the study in a process of its own, to its end or to `armed`'s.

        armed: called first in that process. Returns 0, one of `ENDS`, or minus the signal that
        killed it.
        """
        return ended(self.start(armed), timeout)

    def start(self, armed: Callable[[], None] = lambda: None) -> int:
        """As :meth:`drive`, without waiting; returns the process's id."""
        self.runs_folder.mkdir(parents=True, exist_ok=True)

        def work() -> None:
            armed()
            self.run()

        return forked(work, self.runs_folder / "errors")

    def run(self) -> None:
        """Run the study to its end in this process."""
        progress = Progress(say=lambda text: click.echo(text, err=True))
        execute.execute(prepare.prepare(self.study, self.settings), progress)

    def table(self) -> bytes:
        """The run's table as JSON, from the storage alone, and without what it cost in time."""
        (known,) = catalog.find(self.settings)
        read_table: dict[str, Any] = json.loads(json.dumps(catalog.stored_table(known)))
        for cost in read_table["cost"].values():
            del cost["seconds"]
        return json.dumps(read_table, indent=1, sort_keys=True).encode()


def forked(work: Callable[[], None], errors: Path) -> int:
    """Do some work in a process and a session of its own; returns its id.

    Its exit code is one of `ENDS` where the work raises; what it prints is added to `errors`.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return pid
    code = OTHER
    try:
        os.setsid()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler)
        log = os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(log, 1)
        os.dup2(log, 2)
        sys.stdout = open(1, "w", buffering=1, closefd=False)  # noqa: SIM115  # pytest's is another
        sys.stderr = open(2, "w", buffering=1, closefd=False)  # noqa: SIM115  # pytest's is another
        torch.set_num_threads(1)
        work()
        code = 0
    except BaseException as error:
        traceback.print_exc()
        code = next((code for kind, code in ENDS.items() if isinstance(error, kind)), OTHER)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def ended(pid: int, timeout: float = 240.0) -> int:
    """How a process ended: exit code, or minus the signal; TOO_LONG where it was killed here."""
    late = threading.Event()

    def kill() -> None:
        late.set()
        os.kill(pid, signal.SIGKILL)

    timer = threading.Timer(timeout, kill)
    timer.start()
    try:
        _, status = os.waitpid(pid, 0)
    finally:
        timer.cancel()
    return TOO_LONG if late.is_set() else os.waitstatus_to_exitcode(status)


def until(condition: Callable[[], bool], timeout: float = 240.0) -> None:
    """Wait for something. Raises TimeoutError."""
    patience = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > patience:
            raise TimeoutError
        time.sleep(0.005)
