"""A PostgreSQL server for the tests, where its programs are installed."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

USER = "postgres"


def programs() -> Path | None:
    """The folder of PostgreSQL's programs, or None."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which("initdb")
    return next(iter(folders), Path(found).parent if found else None)


@contextlib.contextmanager
def postgresql(bin_folder: Path, durable: bool = False) -> Iterator[str]:
    """A server on a free port of this machine; gives the URL of its database.

    durable: whether what is committed would outlive the machine's power; tests need no such thing.
    """
    as_user = ["runuser", "-u", USER, "--"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(prefix="pg-") as scratch, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        if as_user:
            shutil.chown(scratch, USER)
        data = f"{scratch}/data"
        make = [bin_folder / "initdb", "-D", data, "-U", USER, "-A", "trust", "--no-sync"]
        subprocess.run([*as_user, *make], check=True, capture_output=True)
        fsync = "on" if durable else "off"
        options = f"-p {port} -k {scratch} -c listen_addresses=127.0.0.1 -c fsync={fsync}"
        control = [*as_user, bin_folder / "pg_ctl", "-D", data, "-w"]
        start = [*control, "-o", options, "-l", f"{scratch}/log", "start"]
        subprocess.run(start, check=True, capture_output=True)
        try:
            yield f"postgresql+psycopg://{USER}@127.0.0.1:{port}/postgres"
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], check=True, capture_output=True)
