"""``oracle serve``: what it refuses, and how it ends. A server is a fork of the tests' process."""

import http.client
import json
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from factories import tiny_content
from gate import Gate

from oracle.database import RunDatabase, sqlite_url
from oracle.settings import Settings
from oracle.web import server as serving
from scyc.errors import BadInput

EVERYWHERE = "0.0.0.0"  # noqa: S104  # what these tests are about
STUDY: dict[str, Any] = tiny_content(without=("pruning",), pack=1)


class Served:
    """A server that listens, on a free port of this machine."""

    def __init__(self, folder: Path, **options: Any) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        given: dict[str, Any] = {"data": {}, "allow": {}, "backend": "inline", "device": "cpu"}
        self.pid = os.fork()
        if self.pid == 0:
            code = 1
            try:
                chosen = serving.ServeOptions(**{"port": self.port} | given | options)
                serving.serve(Settings(folder=folder), chosen)
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(code)
        until(self.answers)

    def answers(self) -> bool:
        try:
            return self.ask("GET", "/healthz")[0] == 200
        except ConnectionError:
            assert os.waitpid(self.pid, os.WNOHANG) == (0, 0), "the server ended"
            return False

    def open(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        text = None if body is None else json.dumps(body)
        connection.request(method, path, text, {"Content-Type": "application/json"} | headers)
        return connection.getresponse()

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        with self.open(method, path, body, **headers) as answer:
            return answer.status, json.loads(answer.read())

    def end(self, number: int = signal.SIGTERM) -> int:
        os.kill(self.pid, number)
        _, status = os.waitpid(self.pid, 0)
        self.pid = 0
        return os.waitstatus_to_exitcode(status)


def until(true: Callable[[], Any]) -> None:
    patience = time.monotonic() + 120
    while not true():
        assert time.monotonic() < patience
        time.sleep(0.05)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    servers: list[Served] = []

    def start(**options: Any) -> Served:
        servers.append(Served(tmp_path / "runs", **options))
        return servers[-1]

    yield start
    for each in servers:
        if each.pid:
            each.end(signal.SIGKILL)


Serve = Callable[..., Served]


def refused(folder: Path, **options: Any) -> dict[str, str]:
    """What is wrong with the settings of a server: rules by path."""
    given = serving.ServeOptions(**{"port": 0} | options)
    with pytest.raises(BadInput) as caught:
        serving.serve(Settings(folder=folder), given)
    assert not (folder / "_oracle").exists()
    return {each.path: each.rule for each in caught.value.problems}


def test_all_problems_of_a_servers_settings_are_reported_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with socket.socket() as taken:
        taken.bind((EVERYWHERE, 0))
        taken.listen()
        refusal = refused(
            tmp_path / "file" / "runs",
            host=EVERYWHERE,
            port=taken.getsockname()[1],
            data={"images": str(tmp_path / "none"), "a/b": str(tmp_path)},
            allow={"digits": "os.path:join", "mine": "nowhere.at:all"},
        )
    assert refusal.keys() == {
        "storage", "runs", "data", "data.images", "allow", "allow.mine",
        "address",
    }  # fmt: skip
    assert "Address already in use" in refusal["address"]


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({"host": EVERYWHERE}, "host"),
        ({"host": "localhost", "require_tokens": True}, "require_tokens"),
    ],
)
def test_a_server_that_requires_tokens_needs_one_in_its_database(
    tmp_path: Path, options: dict[str, Any], path: str
) -> None:
    refusal = refused(tmp_path / "runs", **options)
    assert refusal.keys() == {path}
    assert "oracle token create" in refusal[path]


@pytest.mark.parametrize("host", ["no such host", "256.1.1.1"])
def test_a_host_that_is_none_is_refused(tmp_path: Path, host: str) -> None:
    assert "address" in refused(tmp_path / "runs", host=host)


def test_a_server_that_is_stopped_queues_its_jobs_even_while_a_client_listens(
    serve: Serve, tmp_path: Path, gate: Gate
) -> None:
    gate.shut(after=1)
    server = serve()
    status, job = server.ask("POST", "/v1/jobs", {"study": STUDY})
    assert (status, job["state"]) == (201, "queued")
    path = f"/v1/jobs/{job['id']}"
    until(lambda: server.ask("GET", path)[1]["run"])
    stream = server.open("GET", f"{path}/events", Accept="text/event-stream")
    assert stream.readline()
    assert server.end() == 0
    stream.close()
    ledger = RunDatabase(sqlite_url(tmp_path / "runs" / "_oracle" / "oracle.db"))
    assert ledger.jobs().get(job["id"]).state == "queued"
    assert ledger.jobs().held() == []
    ledger.close()


def test_a_server_on_all_interfaces_requires_tokens(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "runs" / "_oracle").mkdir(parents=True)
    ledger = RunDatabase(sqlite_url(tmp_path / "runs" / "_oracle" / "oracle.db"))
    secret = ledger.tokens().create("ann", "read")
    ledger.close()
    server = serve(host=EVERYWHERE, allowed_hosts=("127.0.0.1",))
    assert server.ask("GET", "/v1/jobs")[0] == 401
    bearer = {"Authorization": f"Bearer {secret}"}
    status, page = server.ask("GET", "/v1/jobs", **bearer)
    assert (status, page["items"]) == (200, [])
    assert server.ask("POST", "/v1/jobs", {"study": STUDY}, **bearer)[0] == 403
    assert server.end(signal.SIGINT) == 0
