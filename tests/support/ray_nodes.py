"""A Ray cluster of several nodes on this machine's loopback addresses, as `docker/` starts it."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

_PATIENCE = 240.0  # seconds for a node to come up, on a machine that is busy with other tests


class Node:
    """A node: `ray start`, and all that it starts."""

    def __init__(self, arguments: list[str], environment: dict[str, str], log: Path) -> None:
        command = [Path(sys.executable).with_name("ray"), "start", "--block", *arguments]
        self._log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command, env=environment, stdout=output, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip

    def processes(self) -> set[int]:
        """The pids of the node: its own, and of all that descends from it."""
        parents = dict(_parents())
        pids = {self._process.pid}
        while more := {pid for pid, parent in parents.items() if parent in pids} - pids:
            pids |= more
        return pids

    def wait(self) -> None:
        """Wait until it is up. Raises RuntimeError with what it said instead."""
        patience = time.monotonic() + _PATIENCE
        while "Ray runtime started" not in (said := self._log.read_text()):
            if time.monotonic() > patience or self._process.poll() is not None:
                raise RuntimeError(said)
            time.sleep(0.1)

    def kill(self) -> None:
        """End it as a power cut would."""
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()

    def ask(self) -> None:
        """Ask it to end."""
        self._process.terminate()

    def stop(self) -> None:
        """End it, politely where that works."""
        before = self.processes()
        self.ask()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        self.kill()
        for pid in before & dict(_parents()).keys():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


class Cluster:
    """A head that trains nothing, and nodes with one CPU each."""

    def __init__(self, address: str, environment: dict[str, str], nodes: list[Node]) -> None:
        self.address = address
        self.environment = environment
        self.head, *self.nodes = nodes


@contextlib.contextmanager
def cluster(count: int, more: Mapping[str, str] | None = None) -> Iterator[Cluster]:
    """A cluster with so many nodes besides its head, which requires a token.

    more: of the environment of its processes.
    """
    folder = Path(tempfile.mkdtemp(prefix="rays-"))  # short, as a socket's path must be
    token = folder / "token"
    token.write_text(secrets.token_hex(32))
    environment = (
        os.environ
        | {
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN_PATH": str(token),
            "RAY_USAGE_STATS_ENABLED": "0",
            "PYTHONPATH": str(Path(__file__).parents[2]),
        }
        | dict(more or {})
    )
    environment.pop("RAY_ADDRESS", None)
    port = _free_port()
    address = f"127.0.0.2:{port}"  # Ray takes 127.0.0.1 for the machine's outer address
    shared = [
        "--disable-usage-stats", "--object-store-memory=80000000",
        "--min-worker-port=0", "--max-worker-port=0",
    ]  # fmt: skip
    head = [
        "--head", "--node-ip-address=127.0.0.2", f"--port={port}", "--num-cpus=0",
        "--include-dashboard=false", f"--temp-dir={folder}/head", *shared,
    ]  # fmt: skip
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        nodes: list[Node] = []
        for number in range(count + 1):
            arguments = head if number == 0 else [
                f"--address={address}", f"--node-ip-address=127.0.0.{2 + number}", "--num-cpus=1",
                f"--temp-dir={folder}/{number}", *shared,
            ]  # fmt: skip
            node = Node(arguments, environment, folder / f"{number}.log")
            stack.callback(node.stop)
            nodes.append(node)
            if number == 0:
                node.wait()
        for node in nodes:
            node.wait()
        yield Cluster(address, environment, nodes)
        for node in nodes:
            node.ask()


def _parents() -> Iterator[tuple[int, int]]:
    """Every process that runs, and its parent."""
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            if state != "Z":
                yield int(folder.name), int(parent)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.2", 0))
        return int(probe.getsockname()[1])
