"""Answers that take long to compute do not keep others from theirs."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import uvicorn
from anyio.to_thread import current_default_thread_limiter
from starlette.testclient import TestClient

from oracle.rest.settings import WebSettings
from oracle.service.heavy_work import HeavyWork
from oracle.service.service import Service
from oracle.web.app import create_app

AT_ONCE, MANY = 2, 20
RUN = {"name": "mine", "grid": {"max_lr": [0.05, 0.1]}, "cycles": 1, "replicates": 1}


class Server(uvicorn.Server):
    """Has few threads for requests, as the real one."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        current_default_thread_limiter().total_tokens = 4
        await super().startup(sockets)


@pytest.fixture
def port(service: Service) -> Iterator[int]:
    app = create_app(service, WebSettings(rate=1e6, burst=10**6, heavy_answers=AT_ONCE))
    server = Server(uvicorn.Config(app, port=0, log_level="critical"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


def ask(port: int, path: str) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("GET", path)
    answer = connection.getresponse()
    reply = answer.status, json.load(answer)
    connection.close()
    return reply


def test_twenty_expensive_requests_do_not_delay_others(
    service: Service, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on, lock = threading.Semaphore(0), threading.Event(), threading.Lock()
    working: list[int] = [0, 0]  # now, and most at a time
    find = service.outside.find

    def slow(text: str) -> Any:
        with lock:
            working[0] += 1
            working[1] = max(working)
        begun.release()
        assert go_on.wait(120)
        with lock:
            working[0] -= 1
        return find(text)

    monkeypatch.setattr(service.outside, "find", slow)
    with ThreadPoolExecutor(MANY) as callers:
        heavy = [callers.submit(ask, port, "/v1/oracle/none") for _ in range(MANY)]
        for _ in range(AT_ONCE):
            assert begun.acquire(timeout=120)
        try:
            for _ in range(10):
                assert ask(port, "/healthz") == (200, {"status": "ok"})
                assert ask(port, "/readyz")[0] == 200
                assert ask(port, "/v1/jobs")[1]["items"] == []
            assert not any(each.done() for each in heavy)
        finally:
            go_on.set()
        assert {each.result()[0] for each in heavy} == {404}
    assert working == [0, AT_ONCE]


def test_a_caller_whose_turn_does_not_come_gets_a_retry_after(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(service, WebSettings())
    app.state.heavy = HeavyWork(at_once=1, patience=0.05)
    begun, go_on, find = threading.Event(), threading.Event(), service.outside.find

    def slow(text: str) -> Any:
        begun.set()
        assert go_on.wait(120)
        return find(text)

    monkeypatch.setattr(service.outside, "find", slow)
    home = "http://127.0.0.1:8000"
    with TestClient(app, base_url=home) as client, ThreadPoolExecutor(1) as callers:
        first = callers.submit(client.get, "/v1/oracle/none")
        assert begun.wait(120)
        refused = client.get("/v1/oracle/none")
        go_on.set()
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
        assert "come again later" in refused.json()["detail"]
        assert first.result().status_code == 404
        assert client.get("/v1/oracle/none").status_code == 404  # the turn was given back


def test_external_runs_are_listed_page_by_page(client: TestClient) -> None:
    names = [f"mine{number}" for number in range(5)]
    for name in names:
        assert client.post("/v1/oracle", json=RUN | {"name": name}).status_code == 201
    pages, after = [], 0
    while after is not None:
        page = client.get("/v1/oracle", params={"limit": 2, "after": after}).json()
        pages.append([each["declaration"]["name"] for each in page["items"]])
        after = page["next"]
    assert pages == [names[:2], names[2:4], names[4:]]
    assert client.get("/v1/oracle").json()["next"] is None
    assert client.get("/v1/oracle", params={"limit": 201}).status_code == 422
