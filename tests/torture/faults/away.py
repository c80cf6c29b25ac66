"""Databases that are away for a while: a file that is locked, a server that is stopped."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

from oracle.database import engine as database

_LOCK = """
import sqlite3, sys, time
database = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
database.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
time.sleep(float(sys.argv[2]))
"""


def locked(file: Path, seconds: float) -> None:
    """Let another process keep a SQLite file locked for so long, from now on."""
    command = [sys.executable, "-SE", "-c", _LOCK, str(file), str(seconds)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"locked\n"


def server_control(url: str) -> tuple[list[str], list[str]]:
    """Commands that stop a PostgreSQL server and that start it again as it was."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        data = Path(connection.execute(sa.text("SHOW data_directory")).scalar_one())
    engine.dispose()
    program, *options = shlex.split((data / "postmaster.opts").read_text())
    user = ["runuser", "-u", data.owner(), "--"] if os.geteuid() == 0 else []
    control = [*user, str(Path(program).with_name("pg_ctl")), "-w", "-D", str(data)]
    start = [*control, "-o", shlex.join(options), "-l", str(data.parent / "log"), "start"]
    return [*control, "-m", "immediate", "stop"], start


def stopped(control: tuple[list[str], list[str]], seconds: float) -> None:
    """Stop a server, to be started again after so long."""
    stop, start = control
    subprocess.run(stop, check=True, capture_output=True)
    later = f"sleep {seconds}; exec {shlex.join(start)}"
    subprocess.Popen(["sh", "-c", later], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def patient(seconds: float) -> Callable[[], None]:
    """Makes SQLite's own waiting shorter, in this process."""

    def arm() -> None:
        database._PATIENCE = seconds

    return arm
