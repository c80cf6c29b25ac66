"""One cell of the matrix: a run whose processes are real, held at a moment while one is killed."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from faults import invariants, processes
from faults.drivers import Victim, until

WHO = ("worker", "node", "driver", "server", "database", "group")
MOMENTS: Mapping[str, tuple[str, int]] = MappingProxyType(
    {  # when: where a process is held, and at which passing
        "training": ("training", 5),
        "between result and commit": ("between result and commit", 6),
        "between commit and acknowledgement": ("between commit and acknowledgement", 6),
        "writing a checkpoint": ("a checkpoint", 2),
        "between cycles": ("between cycles", 3),
        "during recovery": ("after the results are read", 1),
    }
)
_START = Path(__file__).with_name("start")
_WORKERS = ("ray::TrainPack", "ray::ResourceTrainable")  # titles of Tune's, at one time or another
_PATIENCE = 300.0  # seconds for a moment to come, or a run to end
_AFTER = 120.0  # seconds for what a dead driver leaves behind
_PACKS = 2 * 4  # training runs under way: two workers, packs of four


@dataclass
class Site:
    """A folder of runs and all that is started for it.

    database: a PostgreSQL server that can be killed; else SQLite.
    nodes: of a cluster; else each driver has a Ray of its own.
    """

    victim: Victim
    database: Any = None
    cluster: Any = None
    backend: str = "ray"
    environment: Mapping[str, str] = field(default_factory=dict)
    tag: str = field(default_factory=lambda: secrets.token_hex(8))
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)
    holds: int = 0
    sessions: set[int] = field(default_factory=set)  # that its processes have led

    def __post_init__(self) -> None:
        self.folder = self.victim.runs_folder.parent
        self.folder.mkdir(parents=True, exist_ok=True)
        self.journal = self.folder / "journal"
        self.orders = self.folder / "orders"
        (self.folder / "tiny.yaml").write_text(json.dumps(dict(self.victim.declared)))
        self.order(None)

    @property
    def variables(self) -> dict[str, str]:
        """What all processes of the site have in their environment."""
        folders = [_START, _START.parents[1], Path(__file__).parents[3]]
        return {
            "FAULTS": str(self.orders),
            processes.TAG: self.tag,
            "PYTHONPATH": os.pathsep.join(map(str, folders)),
        }

    @property
    def flag(self) -> Path:
        """Made by the process that is held."""
        return self.folder / f"held-{self.holds}"

    def order(self, hold: str | None, count: int = 1) -> None:
        """From now on, hold the process that comes first to a moment; None: nobody."""
        self.holds += 1
        orders = {"hold": hold, "count": count, "flag": str(self.flag)}
        self.orders.write_text(json.dumps(orders | {"journal": str(self.journal)}))

    def held(self, process: subprocess.Popen[bytes]) -> int:
        """Wait for the process that is held; its pid. Raises RuntimeError where none will be."""

        def there() -> bool:
            self.alive()
            if process.poll() is not None:
                raise RuntimeError(f"it has ended with {process.returncode}: {self.output}")
            return self.flag.is_file() and self.flag.read_text() != ""

        until(there, _PATIENCE)
        return int(self.flag.read_text())

    def release(self) -> None:
        """Let it go on."""
        self.flag.with_suffix(".go").touch()

    def command(self, *arguments: str) -> subprocess.Popen[bytes]:
        """An `oracle` command in a session of its own; its output goes to a file."""
        with (self.folder / "output").open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "oracle.cli", *arguments],
                cwd=self.folder,
                env=os.environ | dict(self.environment) | self.variables,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.started.append(process)
        return process

    def run(self) -> subprocess.Popen[bytes]:
        """`oracle run` with two workers of Ray's."""
        return self.command("run", "tiny.yaml", *self._where, "--quiet")

    def serve(self) -> tuple[subprocess.Popen[bytes], str]:
        """`oracle serve`, and its address once it listens."""
        before = len(self.output)
        server = self.command("serve", "--port", "0", *self._where)

        def address() -> str:
            assert server.poll() is None, self.output
            lines = self.output[before:].splitlines()
            return next((line.strip() for line in lines if line.startswith("http")), "")

        until(lambda: address() != "", _PATIENCE)
        return server, address()

    @property
    def _where(self) -> tuple[str, ...]:
        storage = ("--storage", self.victim.url) if self.victim.url else ()
        how = ("--backend", self.backend, "--device", "cpu", "--workers", "2")
        return ("--runs", str(self.victim.runs_folder), *how, *storage)

    @property
    def output(self) -> str:
        """What all commands output so far."""
        file = self.folder / "output"
        return file.read_text() if file.is_file() else ""

    def left(self, patience: float = _AFTER) -> list[str]:
        """I8: what of the site still lives when a while has gone by."""
        with contextlib.suppress(TimeoutError):
            until(lambda: not self.alive() - self._others, patience)
        alive = self.alive() - self._others
        living = [f"I8: {processes.title(pid)[:80]} still lives" for pid in sorted(alive)]
        processes.kill(alive)
        return living

    def alive(self) -> set[int]:
        """Pids of all that was started for it, and what these have started."""
        pids = processes.tagged(self.tag)
        self.sessions |= processes.sessions(pids)
        return pids | processes.in_sessions(self.sessions)

    @property
    def _others(self) -> set[int]:
        """Processes that are no driver's: those of a cluster."""
        nodes = self.cluster.nodes if self.cluster else []
        return {pid for node in nodes for pid in node.processes()} | (
            self.cluster.head.processes() if self.cluster else set()
        )

    def end(self) -> None:
        """Kill whatever is left."""
        processes.kill(self.alive())
        for process in self.started:
            process.wait()


def ended(process: subprocess.Popen[bytes], patience: float = _PATIENCE) -> int:
    """How a process ended; minus SIGALRM's number where it did not."""
    try:
        return process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return -signal.SIGALRM


def worker(site: Site, held: int) -> int:
    """Pid of a worker that trains, once there is one; the one that is held, if it is one."""
    seen: set[int] = set()

    def trains() -> bool:
        titles = {pid: processes.title(pid) for pid in site.alive()}
        seen.update(pid for pid, title in titles.items() if title.startswith(_WORKERS))
        if titles.get(held, "").startswith("ray::"):
            seen.add(held)
        return bool(seen)

    until(trains, _PATIENCE)
    return held if held in seen else min(seen)


def hurt(who: str, site: Site, process: subprocess.Popen[bytes], held: int) -> None:
    """Kill one of a site's processes, or all; held: the one that stands at the moment."""
    if who == "worker":
        processes.kill({worker(site, held)})
    elif who == "node":
        nodes = site.cluster.nodes
        node_of_it = next((node for node in nodes if held in node.processes()), nodes[0])
        node_of_it.kill()
        nodes.remove(node_of_it)
    elif who == "database":
        site.database.kill()
        time.sleep(2)
        site.database.start()
    elif who == "group":
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()


def broken(who: str, when: str, site: Site, reference: Victim) -> list[str]:
    """Kill somebody at a moment, take the run up again until it ends: the invariants that broke."""
    begin = _served if who == "server" else _ran
    kills = 0
    if when == "during recovery":
        site.order(*MOMENTS["between commit and acknowledgement"])
        with begin(site) as (first, _):
            site.held(first)
            os.killpg(first.pid, signal.SIGKILL)
            ended(first)
        kills += 1
        if problems := site.left():
            return problems
    hold, count = MOMENTS[when]
    if when == "during recovery" and who in ("worker", "node"):
        hold, count = "before training", 1
    site.order(hold, count)
    with begin(site) as (process, finish):
        hurt(who, site, process, site.held(process))
        kills += 1
        site.release()
        code = finish() if who in ("worker", "node", "database") else ended(process)
    problems = (
        [] if code in (0, 1, -signal.SIGKILL) else [f"it ends with {code}: {site.output[-800:]}"]
    )
    if who in ("worker", "node", "database") and "Traceback" in site.output:
        problems.append(f"no clear message: {site.output[-1500:]}")
    problems += site.left()
    site.order(None)
    if who == "server" or code != 0:
        with begin(site) as (process, finish):
            if code := finish():
                return [*problems, f"taken up again, it ends with {code}: {site.output[-800:]}"]
        problems += site.left()
    return problems + invariants.broken(site.victim, reference, site.journal, kills * _PACKS)


Begun = tuple[subprocess.Popen[bytes], Callable[[], int]]


@contextlib.contextmanager
def _ran(site: Site) -> Iterator[Begun]:
    process = site.run()
    yield process, lambda: ended(process)


@contextlib.contextmanager
def _served(site: Site) -> Iterator[Begun]:
    """A server that has the job, and what waits for the job's end."""
    server, address = site.serve()
    assert ended(site.command("submit", "tiny.yaml", "--quiet", "--server", address)) == 0

    def finish() -> int:
        return ended(site.command("submit", "tiny.yaml", "--wait", "--quiet", "--server", address))

    yield server, finish
    if server.poll() is None:
        server.terminate()
        ended(server)
