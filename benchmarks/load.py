"""Clients that ask a real `oracle serve` for everything, all at once; and one that asks too much.

    python benchmarks/load.py [--clients 50] [--seconds 60] [--busy] [--storage URL] [--json]

Each client has a token of its own and asks without a pause, one request after the other, for what
comes next in the mix: the jobs, one of them, its events, a table, a region, max_lr, the metrics,
the pages. Theirs is the second that the slowest in a hundred may take; ours is what it took. With
``--busy`` a job trains on the same machine meanwhile. Then one client sends four times the burst
that it may. Fails where a request was answered with 5xx.
"""

from __future__ import annotations

import http.client
import json
import random
import statistics
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import torch
from interleaved import Case, options, report
from serving import Server, database, serving, wait

from oracle.database import RunDatabase, parse_url
from oracle.records.jobs import NewJob

_ALLOWED = 1000.0  # ms that the slowest in a hundred requests may take
_JOBS = 200  # in the list, in addition to those that ran
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


def listed(storage: str) -> None:
    """Fill the list of jobs with some that nobody runs."""
    ledger = RunDatabase(parse_url(storage))
    for each in range(_JOBS):
        study = json.dumps({**_TINY, "name": f"listed-{each}", "seed": each})
        new = NewJob(f"listed-{each}-{each:08x}", "local", f"listed-{each}", study, study)
        job, _ = ledger.jobs().submit(new)
        ledger.jobs().cancel(job.id)
    ledger.close()


@dataclass
class Measured:
    """What the clients saw."""

    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))  # ms
    answers: Counter[int] = field(default_factory=Counter)
    failed: Counter[tuple[str, int]] = field(default_factory=Counter)  # by kind and status
    lock: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, kind: str, milliseconds: float, status: int) -> None:
        """Keep the time of one request."""
        with self.lock:
            self.took[kind].append(milliseconds)
            self.answers[status] += 1
            if not 200 <= status < 400:
                self.failed[kind, status] += 1


def mix(job: str) -> Mapping[str, str]:
    """Return the requested paths, by kind."""
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
    server: Server, number: int, paths: Mapping[str, str], end: float, measured: Measured
) -> None:
    """Ask for everything, again and again, in an order of its own."""
    chance = random.Random(number)  # noqa: S311  # an order, no secret
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    kinds = list(paths)
    while time.monotonic() < end:
        chance.shuffle(kinds)
        for kind in kinds:
            if time.monotonic() > end:
                break
            start = time.perf_counter()
            try:
                status = server.ask(paths[kind], number, None, connection)[0]
            except (OSError, http.client.HTTPException):
                connection.close()
                status = 0  # no answer
            measured.keep(kind, 1000 * (time.perf_counter() - start), status)
    connection.close()


def burst(server: Server) -> Counter[int]:
    """Collect one client's answers when it sends four times as many as it may."""

    def once(_: int) -> int:
        status, _, headers = server.ask("/v1/jobs?limit=1", -1)
        if status == 429 and "retry-after" not in headers:
            raise click.ClickException("a refused request has no Retry-After")
        return status

    with ThreadPoolExecutor(32) as pool:
        return Counter(pool.map(once, range(4 * _BURST)))


def case(name: str, took: list[float], **more: float) -> Case:
    """Return the slowest in a hundred, against what is allowed."""
    slowest = statistics.quantiles(took, n=100)[-1] if len(took) > 1 else took[0]
    figures = {"p50 ms": statistics.median(took), "max ms": max(took), "requests": len(took)}
    return Case(name, [(_ALLOWED, slowest)], "ms, p99", figures | more)


@click.command(help="Many clients against a real server.")
@options
@click.option("--clients", default=50, show_default=True)
@click.option("--seconds", default=60.0, show_default=True)
@click.option("--busy", is_flag=True, help="A job trains meanwhile.")
@click.option("--storage", default="sqlite", help="sqlite, postgresql, or an empty one's URL.")
def main(
    device: str,
    quick: bool,
    as_json: bool,
    clients: int,
    seconds: float,
    busy: bool,
    storage: str,
) -> None:
    """Measure and print."""
    if quick:
        clients, seconds = min(clients, 10), min(seconds, 3.0)
    measured = Measured()
    with (
        tempfile.TemporaryDirectory() as scratch,
        database(storage, Path(scratch)) as url,
        serving(Path(scratch), url, clients + 1, options=("--workers", "1")) as server,
    ):
        listed(url)
        job = server.submit(dict(_TINY))
        wait(lambda: server.state(job) == "done", "the job does not end")
        if busy:
            training = {"steps": 500, "batch": 64, "validate_every": 100}
            other = server.submit({**_TINY, "name": "busy", "cycles": 500, "training": training})
            wait(lambda: server.state(other) == "running", "the job does not start")
        first = {}
        for kind, path in mix(job).items():  # what was never drawn takes longer
            began = time.perf_counter()
            server.ask(path)
            first[kind] = 1000 * (time.perf_counter() - began)
        start, cpu = time.monotonic(), server.cpu()
        threads = [
            threading.Thread(
                target=client, args=(server, each, mix(job), start + seconds, measured)
            )
            for each in range(clients)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took, cpu = time.monotonic() - start, server.cpu() - cpu
        refused = burst(server)
    cases = [
        case(kind, times, **{"first ms": first[kind]})
        for kind, times in sorted(measured.took.items())
    ]
    every = [each for times in measured.took.values() for each in times]
    failed = measured.failed.total()
    more = {"requests a second": len(every) / took, "clients": clients, "failed": failed}
    more["ms of CPU a request"] = 1000 * cpu / len(every)
    more |= {"burst sent": refused.total(), "burst refused": refused[429]}
    report("load", torch.device(device), [case("everything", every, **more), *cases], as_json)
    worse = {
        status: count for status, count in measured.answers.items() if status >= 500 or not status
    }
    if worse or refused.keys() - {200, 429} or not refused[429]:
        raise click.ClickException(f"failed {dict(measured.failed)}, to a burst {dict(refused)}")


if __name__ == "__main__":
    main()
