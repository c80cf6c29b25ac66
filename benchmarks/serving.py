"""A real server for a benchmark: started, requested, stopped; and an empty PostgreSQL."""

from __future__ import annotations

import contextlib
import http.client
import importlib.util
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from oracle.database import RunDatabase, parse_url

ORACLE = (str(Path(sys.executable).with_name("oracle")),)
_DATABASES = Path(__file__).parents[1] / "tests" / "oracle" / "databases.py"


@dataclass
class Server:
    """A server of our own, and how to ask it."""

    port: int
    tokens: list[str]
    process: subprocess.Popen[bytes]

    def ask(
        self, path: str, token: int = 0, content: object = None, connection: Any = None
    ) -> tuple[int, bytes, Mapping[str, str]]:
        """Return one request with one of the tokens: status, body, headers by their small names."""
        mine = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        headers = {"Content-Type": "application/json"}
        if self.tokens:
            headers["Authorization"] = f"Bearer {self.tokens[token]}"
        body = None if content is None else json.dumps(content)
        mine.request("GET" if content is None else "POST", path, body, headers)
        answer = mine.getresponse()
        names = {name.lower(): value for name, value in answer.headers.items()}
        answered = answer.status, answer.read(), names
        if connection is None:
            mine.close()
        return answered

    def json(self, path: str) -> Any:
        """Return what a path answers."""
        status, body, _ = self.ask(path)
        if status != 200:
            raise click.ClickException(f"{path} answered {status}: {body.decode()[:500]}")
        return json.loads(body)

    def submit(self, study: object) -> str:
        """Return a job's id."""
        status, body, _ = self.ask("/v1/jobs", 0, {"study": study})
        if status not in (200, 201):
            raise click.ClickException(f"submitting answered {status}: {body.decode()[:500]}")
        return str(json.loads(body)["id"])

    def state(self, job: str) -> str:
        """Return the state of a job."""
        return str(self.json(f"/v1/jobs/{job}")["state"])

    def cpu(self) -> float:
        """Return seconds of CPU of the server's own process, its drivers not counted."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def serving(
    folder: Path,
    storage: str,
    tokens: int = 0,
    command: Sequence[str] = ORACLE,
    options: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """`oracle serve` on a free port, with so many tokens that may submit, or without any."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    ledger = RunDatabase(parse_url(storage))
    secrets = [ledger.tokens().create(f"client-{each}", "submit") for each in range(tokens)]
    ledger.close()
    whole = [
        *command, "serve", "--storage", storage, "--runs", str(folder), "--port", str(port),
        "--backend", "inline", "--device", "cpu", *options,
        *(["--require-tokens"] if tokens else []),
    ]  # fmt: skip
    log = folder / "server.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(  # noqa: S603  # our own program
            whole,
            env=os.environ | {"OMP_NUM_THREADS": "1"} | dict(environment or {}),
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    server = Server(port, secrets, process)
    try:
        wait(lambda: _ready(server, log), "the server does not start")
        yield server
    finally:
        process.terminate()
        process.wait(120)


def _ready(server: Server, log: Path) -> bool:
    if server.process.poll() is not None:
        raise click.ClickException(f"the server has ended:\n{log.read_text()[-2000:]}")
    with contextlib.suppress(OSError):
        return server.ask("/readyz")[0] == 200
    return False


def wait(done: Callable[[], bool], otherwise: str, seconds: float = 120) -> None:
    """Wait until it is done; fails after so many seconds."""
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            raise click.ClickException(otherwise)
        time.sleep(0.2)


@contextlib.contextmanager
def database(storage: str, folder: Path) -> Iterator[str]:
    """The URL of an empty database: "sqlite", "postgresql" (a server of our own), or a URL."""
    if storage == "sqlite":
        yield f"sqlite:///{folder}/oracle.db"
        return
    if storage != "postgresql":
        yield storage
        return
    spec = importlib.util.spec_from_file_location("databases", _DATABASES)
    assert spec is not None
    assert spec.loader is not None
    databases = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(databases)
    programs = databases.programs()
    if programs is None:
        raise click.ClickException("PostgreSQL's programs are not installed; give a URL")
    with databases.postgresql(programs, durable=True) as url:
        yield url
