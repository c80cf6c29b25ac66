"""A Ray of a driver's own: on loopback alone, with a token that nobody else can read."""

import contextlib
import os
import secrets
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from factories import tiny_content

from oracle.database import RunDatabase, sqlite_url
from oracle.execution import ray_auth

STUDY: dict[str, Any] = tiny_content(
    without=("pruning",),
    name="ports",
    training={"steps": 1_000_000, "batch": 16, "validate_every": 500_000},
    grid={"max_lr": [0.05, 0.1]},
    cycles=1,
    replicates=1,
    s_cyc={"epsilon": 0.07, "delta": 0.1, "q": 0, "beta": 3.0},
    pack=2,
)
KNOCK = """
import sys
from ray._raylet import GcsClient
try:
    print(len(GcsClient(address=sys.argv[1]).internal_kv_keys(b"", None)))
except Exception as error:
    print(type(error).__name__)
"""


@contextlib.contextmanager
def careless() -> Iterator[None]:
    """A process that takes no right away from the files that it makes."""
    before = os.umask(0)
    try:
        yield
    finally:
        os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def quiet(_: str) -> None:
    """Nobody listens."""


def test_the_token_of_a_drivers_own_ray_is_for_its_user_alone_whatever_the_umask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_AUTH_TOKEN", "somebody's")
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    seen = set()
    for name in "ab":
        (tmp_path / name).mkdir()
        with careless(), ray_auth.environment(1, tmp_path / name, quiet):
            token = Path(os.environ["RAY_AUTH_TOKEN_PATH"])
            assert mode(token) == 0o600
            assert "RAY_AUTH_TOKEN" not in os.environ
            assert "RAY_AUTH_MODE" not in os.environ  # Ray requires tokens where none is set
            seen.add(token.read_text())
    assert {len(each) for each in seen} == {64}
    assert len(seen) == 2
    assert os.environ["RAY_AUTH_TOKEN"] == "somebody's"  # noqa: S105  # it is none
    assert os.environ["RAY_AUTH_MODE"] == "disabled"
    assert "RAY_AUTH_TOKEN_PATH" not in os.environ


@pytest.mark.parametrize(("rights", "warnings"), [(0o600, 0), (0o640, 1), (0o604, 1)])
def test_a_token_that_others_can_read_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rights: int, warnings: int
) -> None:
    token = tmp_path / ".ray" / "auth_token"
    token.parent.mkdir()
    token.write_text("canary")
    token.chmod(rights)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:6379")
    messages: list[str] = []
    with ray_auth.environment(1, None, messages.append):
        assert os.environ["RAY_AUTH_MODE"] == "token"
    assert len(messages) == warnings
    assert all("chmod 600" in each and "canary" not in each for each in messages)


def family(root: int) -> dict[int, str]:
    """A process and all that descends from it: pid and command line."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
            children.setdefault(int(parent), []).append(int(folder.name))
    commands: dict[int, str] = {}
    todo = [root]
    while todo:
        pid = todo.pop()
        with contextlib.suppress(OSError):
            commands[pid] = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
        todo += children.get(pid, [])
    return commands


def listening(pids: dict[int, str]) -> set[tuple[str, int, int]]:
    """Where processes listen: address, port, and the process. As `ss -ltnp` tells it."""
    owners = {}
    for pid in pids:
        with contextlib.suppress(OSError):
            for handle in Path(f"/proc/{pid}/fd").iterdir():
                with contextlib.suppress(OSError):
                    owners[str(handle.readlink())] = pid
    addresses = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            owner = owners.get(f"socket:[{fields[9]}]")
            if fields[3] == "0A" and owner is not None:
                address, _, port = fields[1].partition(":")
                words = [
                    bytes.fromhex(address[at : at + 8])[::-1] for at in range(0, len(address), 8)
                ]
                kind = socket.AF_INET if table == "tcp" else socket.AF_INET6
                shown = socket.inet_ntop(kind, b"".join(words)).removeprefix("::ffff:")
                addresses.add((shown, int(port, 16), owner))
    return addresses


def test_a_socket_on_every_address_is_seen() -> None:
    for kind, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):  # noqa: S104
        with socket.socket(kind) as bound:
            bound.bind((address, 0))
            bound.listen()
            here = (address, bound.getsockname()[1], os.getpid())
            assert here in listening({os.getpid(): ""})


class Served:
    """`oracle serve` on every address, which trains on a Ray of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        ledger = RunDatabase(sqlite_url(folder / "oracle.db"))
        self.secret = ledger.tokens().create("me", "admin")
        ledger.close()
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("ORACLE_", "RAY_"))
        }
        command = ["serve", "--runs", str(folder), "--host", "0.0.0.0", "--workers", "1"]  # noqa: S104
        self.process = subprocess.Popen(
            [Path(sys.executable).with_name("oracle"), *command, "--port", str(port),
             "--allowed-host", "127.0.0.1"],
            env=environment | {"OMP_NUM_THREADS": "1", "HOME": str(folder)},
            stderr=subprocess.DEVNULL, umask=0,
        )  # fmt: skip
        self.client = httpx.Client(
            base_url=f"http://127.0.0.1:{port}",
            headers={"Authorization": f"Bearer {self.secret}"},
            timeout=120,
        )

    def wait_for(self, what: Callable[[], Any], seconds: float = 240) -> Any:
        patience = time.monotonic() + seconds
        while True:
            with contextlib.suppress(httpx.TransportError):
                if value := what():
                    return value
            assert self.process.poll() is None, "the server has ended"
            assert time.monotonic() < patience, what
            time.sleep(0.2)

    def close(self) -> None:
        self.client.close()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(120)
        finally:
            for pid in family(self.process.pid) if self.process.poll() is None else ():
                os.kill(pid, signal.SIGKILL)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    new_server = Served(tmp_path, port)
    yield new_server
    new_server.close()


def token_of(pid: int) -> Path:
    """The file of the token that a Ray process requires."""
    variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    named = dict(each.partition(b"=")[::2] for each in variables)
    return Path(named[b"RAY_AUTH_TOKEN_PATH"].decode())


def knock(address: str, home: Path, **shown: str) -> subprocess.Popen[str]:
    environment = {name: each for name, each in os.environ.items() if not name.startswith("RAY_")}
    return subprocess.Popen(
        [sys.executable, "-c", KNOCK, address], text=True, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, env=environment | {"HOME": str(home)} | shown,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.ray
def test_while_a_job_trains_only_the_api_is_off_loopback_and_ray_requires_a_token(
    served: Served, tmp_path: Path
) -> None:
    served.wait_for(lambda: served.client.get("/readyz").status_code == 200)
    sent = served.client.post(
        "/v1/jobs", content=yaml.safe_dump(STUDY), headers={"Content-Type": "application/yaml"}
    )
    assert sent.status_code == 201, sent.text
    root = served.process.pid

    def training() -> dict[int, str] | None:
        processes = family(root)
        return processes if any("Trainable" in each for each in processes.values()) else None

    processes = served.wait_for(training)
    sockets = listening(processes)
    public = {each for each in sockets if each[0] not in ("127.0.0.1", "::1")}
    assert public == {("0.0.0.0", served.client.base_url.port, root)}  # noqa: S104
    gcs = next(pid for pid, command in processes.items() if "gcs_server" in command)
    assert any(owner == gcs for *_, owner in sockets)
    token = token_of(gcs)
    assert mode(token) == 0o600
    assert mode(token.parent) == 0o700
    sockets_of_files = [*token.parent.rglob("plasma_store")]
    assert sockets_of_files  # which ask for no token: their folder is closed to others
    assert not (tmp_path / ".ray").exists()  # where Ray would keep one for all, readable by all
    assert not any(
        word in command
        for command in processes.values()
        for word in (token.read_text(), served.secret)
    )
    port = next(port for _, port, owner in sockets if owner == gcs)
    callers = [
        knock(f"127.0.0.1:{port}", tmp_path, RAY_AUTH_MODE="disabled"),
        knock(
            f"127.0.0.1:{port}",
            tmp_path,
            RAY_AUTH_MODE="token",
            RAY_AUTH_TOKEN=secrets.token_hex(32),
        ),
        knock(
            f"127.0.0.1:{port}", tmp_path, RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=token.read_text()
        ),
    ]
    answers = [each.communicate(timeout=120)[0].strip() for each in callers]
    assert answers[:2] == ["AuthenticationError"] * 2
    assert int(answers[2]) > 0
