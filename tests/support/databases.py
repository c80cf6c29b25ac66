"""A PostgreSQL server for the tests, where its programs are installed."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from required import missing

USER = "postgres"


def programs() -> Path | None:
    """The folder of PostgreSQL's programs, or None."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    path = shutil.which("initdb")
    return next(iter(folders), Path(path).parent if path else None)


def required_programs() -> Path:
    """The same folder; without it the test is skipped, and fails in CI."""
    folder = programs()
    if folder is None:
        missing("PostgreSQL's programs are not installed")
    return folder


class Server:
    """A server on a free port of this machine."""

    def __init__(self, bin_folder: Path, scratch: str, durable: bool) -> None:
        self._as_user = ["runuser", "-u", USER, "--"] if os.geteuid() == 0 else []
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if self._as_user:
            shutil.chown(scratch, USER)
        self._data = Path(scratch) / "data"
        make = [bin_folder / "initdb", "-D", self._data, "-U", USER, "-A", "trust", "--no-sync"]
        subprocess.run([*self._as_user, *make], check=True, capture_output=True)
        fsync = "on" if durable else "off"
        options = f"-p {port} -k {scratch} -c listen_addresses=127.0.0.1 -c fsync={fsync}"
        self._control = [*self._as_user, bin_folder / "pg_ctl", "-D", self._data, "-w"]
        self._start = [*self._control, "-o", options, "-l", f"{scratch}/log", "start"]
        self.url = f"postgresql+psycopg://{USER}@127.0.0.1:{port}/postgres"

    def start(self) -> None:
        """Start it, also after it was killed: its processes may take a moment to end."""
        for _ in range(20):
            done = subprocess.run(self._start, check=False, capture_output=True, text=True)
            if done.returncode == 0:
                return
            time.sleep(0.5)
        raise RuntimeError(done.stdout + done.stderr)

    def kill(self) -> None:
        """Kill its first process; the others end when they see it."""
        file = self._data / "postmaster.pid"
        os.kill(int(file.read_text().split()[0]), signal.SIGKILL)

    def stop(self) -> None:
        """End it at once."""
        stop = [*self._control, "-m", "immediate", "stop"]
        subprocess.run(stop, check=True, capture_output=True)


@contextlib.contextmanager
def server(bin_folder: Path, durable: bool = False) -> Iterator[Server]:
    """A server that runs.

    durable: whether what is committed would outlive the machine's power; tests need no such thing.
    """
    with tempfile.TemporaryDirectory(prefix="pg-") as scratch:
        new_server = Server(bin_folder, scratch, durable)
        new_server.start()
        try:
            yield new_server
        finally:
            new_server.stop()


@contextlib.contextmanager
def postgresql(bin_folder: Path, durable: bool = False) -> Iterator[str]:
    """As :func:`server`; gives the URL of its database."""
    with server(bin_folder, durable) as running:
        yield running.url
