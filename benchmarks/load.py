"""Clients that ask a real `oracle serve` for everything, all at once; and one that asks too much.

    python benchmarks/load.py [--clients 50] [--seconds 60] [--busy] [--storage URL] [--json]

Each client has a token of its own and asks without a pause, one request after the other, for what
comes next in the mix: the jobs, one of them, its events, a table, a region, max_lr, the metrics,
the pages. Theirs is the second that the slowest in a hundred may take; ours is what it took. With
``--busy`` a job trains on the same machine meanwhile. Then one client sends four times the burst
that it may. Fails where a request was answered with 5xx.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import torch
from interleaved import Case, options, report

from oracle.jobs import NewJob
from oracle.ledger import Ledger, parse_url

_ALLOWED = 1000.0  # ms that the slowest in a hundred requests may take
_JOBS = 200  # in the list, beside those that ran
_BURST = 100  # requests that a client may send at once
_TINY: Mapping[str, Any] = {
    "name": "load",
    "dataset": "digits",
    "subset": 0.2,
    "network": {"name": "fully_connected", "hidden": [16]},
    "training": {"steps": 12, "batch": 16, "validate_every": 6},
    "schedule": {"warmup": 3, "drops": [8]},
    "grid": {"kind": "log", "low": 0.01, "high": 0.4, "count": 8},
    "cycles": 3,
    "replicates": 3,
    "s_cyc": {"epsilon": 0.1, "delta": 0.1, "q": 0, "beta": 3.0},
}


@dataclass
class Server:
    """A server of our own, and how to ask it."""

    port: int
    tokens: list[str]
    process: subprocess.Popen[bytes]

    def ask(
        self, path: str, token: str, content: object = None, connection: Any = None
    ) -> tuple[int, bytes, Mapping[str, str]]:
        """One request: status, body, headers."""
        mine = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        body = None if content is None else json.dumps(content)
        mine.request("GET" if content is None else "POST", path, body, headers)
        answer = mine.getresponse()
        found = answer.status, answer.read(), dict(answer.headers)
        if connection is None:
            mine.close()
        return found


@contextlib.contextmanager
def serving(folder: Path, storage: str, clients: int) -> Iterator[Server]:
    """`oracle serve` on a free port, with a token for each client and one more."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    ledger = Ledger(parse_url(storage))
    tokens = [ledger.tokens().create(f"client-{each}", "submit") for each in range(clients + 1)]
    for each in range(_JOBS):
        study = json.dumps({**_TINY, "name": f"listed-{each}", "seed": each})
        new = NewJob(f"listed-{each}-{each:08x}", "local", f"listed-{each}", study, study)
        job, _ = ledger.jobs().submit(new)
        ledger.jobs().cancel(job.id)
    ledger.close()
    command = [
        str(Path(sys.executable).with_name("oracle")), "serve", "--require-tokens",
        "--storage", storage, "--runs", str(folder), "--port", str(port),
        "--backend", "inline", "--device", "cpu", "--workers", "1",
    ]  # fmt: skip
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    log = (folder / "server.log").open("wb")
    process = subprocess.Popen(  # noqa: S603  # our own program
        command, env=environment, stdout=log, stderr=subprocess.STDOUT
    )
    server = Server(port, tokens, process)
    try:
        _wait(lambda: _ready(server), "the server does not start")
        yield server
    finally:
        process.terminate()
        process.wait(60)
        log.close()
        sys.stderr.write((folder / "server.log").read_text()[-2000:] if process.returncode else "")


def _ready(server: Server) -> bool:
    if server.process.poll() is not None:
        raise click.ClickException("the server has ended")
    with contextlib.suppress(OSError):
        return server.ask("/readyz", server.tokens[0])[0] == 200
    return False


def _wait(done: Callable[[], bool], otherwise: str, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            raise click.ClickException(otherwise)
        time.sleep(0.2)


def submit(server: Server, study: object) -> str:
    """A job's id."""
    status, body, _ = server.ask("/v1/jobs", server.tokens[0], {"study": study})
    if status not in (200, 201):
        raise click.ClickException(f"submitting answered {status}: {body.decode()[:500]}")
    return str(json.loads(body)["id"])


def _state(server: Server, job: str) -> str:
    return str(json.loads(server.ask(f"/v1/jobs/{job}", server.tokens[0])[1])["state"])


@dataclass
class Measured:
    """What the clients saw."""

    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))  # ms
    answers: Counter[int] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, kind: str, milliseconds: float, status: int) -> None:
        """Of one request."""
        with self.lock:
            self.took[kind].append(milliseconds)
            self.answers[status] += 1


def mix(job: str) -> Mapping[str, str]:
    """What is asked for, by kind."""
    return {
        "jobs": "/v1/jobs?limit=50",
        "job": f"/v1/jobs/{job}",
        "events": f"/v1/jobs/{job}/events",
        "table": f"/v1/runs/{job}/table?format=json",
        "text table": f"/v1/runs/{job}/table?format=text",
        "region": f"/v1/runs/{job}/cycles/1/region",
        "max_lr": f"/v1/oracle/{job}/max_lr?cycle=2",
        "metrics": "/metrics",
        "page of jobs": "/",
        "page of a job": f"/jobs/{job}",
    }


def client(
    server: Server, number: int, asked: Mapping[str, str], end: float, found: Measured
) -> None:
    """Ask for everything, again and again, in an order of its own."""
    chance = random.Random(number)  # noqa: S311  # an order, no secret
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    kinds = list(asked)
    while time.monotonic() < end:
        chance.shuffle(kinds)
        for kind in kinds:
            if time.monotonic() > end:
                break
            start = time.perf_counter()
            try:
                status = server.ask(asked[kind], server.tokens[number], None, connection)[0]
            except (OSError, http.client.HTTPException):
                connection.close()
                status = 0  # no answer
            found.keep(kind, 1000 * (time.perf_counter() - start), status)
    connection.close()


def burst(server: Server) -> Counter[int]:
    """What one client's requests are answered with when it sends four times as many as it may."""
    token = server.tokens[-1]

    def once(_: int) -> int:
        status, _, headers = server.ask("/v1/jobs?limit=1", token)
        if status == 429 and "retry-after" not in {name.lower() for name in headers}:
            raise click.ClickException("a refused request was not told when to come again")
        return status

    with ThreadPoolExecutor(32) as pool:
        return Counter(pool.map(once, range(4 * _BURST)))


def case(name: str, took: list[float], **more: float) -> Case:
    """The slowest in a hundred, against what is allowed."""
    slowest = statistics.quantiles(took, n=100)[-1] if len(took) > 1 else took[0]
    figures = {"p50 ms": statistics.median(took), "max ms": max(took), "requests": len(took)}
    return Case(name, [(_ALLOWED, slowest)], "ms, p99", figures | more)


@click.command(help="Many clients against a real server.")
@options
@click.option("--clients", default=50, show_default=True)
@click.option("--seconds", default=60.0, show_default=True)
@click.option("--busy", is_flag=True, help="A job trains meanwhile.")
@click.option("--storage", help="Database URL of an empty database; a SQLite file if not given.")
def main(
    device: str,
    quick: bool,
    as_json: bool,
    clients: int,
    seconds: float,
    busy: bool,
    storage: str | None,
) -> None:
    """Measure and print."""
    if quick:
        clients, seconds = min(clients, 10), min(seconds, 3.0)
    found = Measured()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        url = storage or f"sqlite:///{folder}/oracle.db"
        with serving(folder, url, clients) as server:
            job = submit(server, dict(_TINY))
            _wait(lambda: _state(server, job) == "done", "the job does not end")
            if busy:
                long = {**_TINY, "name": "busy", "cycles": 1000, "training": {
                    "steps": 500, "batch": 64, "validate_every": 100}}  # fmt: skip
                other = submit(server, long)
                _wait(lambda: _state(server, other) == "running", "the job does not start")
            end = time.monotonic() + seconds
            start = time.monotonic()
            threads = [
                threading.Thread(target=client, args=(server, each, mix(job), end, found))
                for each in range(clients)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            took = time.monotonic() - start
            refused = burst(server)
    cases = [case(kind, times) for kind, times in sorted(found.took.items())]
    every = [each for times in found.took.values() for each in times]
    failed = sum(count for status, count in found.answers.items() if not 200 <= status < 400)
    more = {"requests a second": len(every) / took, "clients": clients, "failed": failed}
    more |= {"burst sent": refused.total(), "burst refused": refused[429]}
    report("load", torch.device(device), [case("everything", every, **more), *cases], as_json)
    worse = {
        status: count for status, count in found.answers.items() if status >= 500 or not status
    }
    if worse or refused.keys() - {200, 429} or not refused[429]:
        raise click.ClickException(f"answers {dict(found.answers)}, to a burst {dict(refused)}")


if __name__ == "__main__":
    main()
