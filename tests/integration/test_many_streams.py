"""Streams over real connections: more than the thread pool has threads, while others are served."""

import contextlib
import http.client
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import uvicorn
from fastapi import FastAPI

from oracle.records.jobs import Holder
from oracle.service.service import Service

STREAMS = 60  # the pool has 40 threads


@pytest.fixture
def port(app: FastAPI) -> Iterator[int]:
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    app.state.watcher.close()
    server.should_exit = True
    thread.join(120)
    assert not thread.is_alive()


def test_streams_hold_no_thread_that_another_request_needs(
    app: FastAPI, port: int, service: Service, study_yaml: Callable[..., str]
) -> None:
    job, _ = service.submit(study_yaml(), form="yaml", owner="local")
    with contextlib.ExitStack() as stack:
        answers = []
        for _ in range(STREAMS):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
            stack.callback(connection.close)
            connection.request("GET", f"/v1/jobs/{job.id}/events")
            answers.append(connection.getresponse())
            assert answers[-1].status == 200

        def wait_for_line(answer: http.client.HTTPResponse, text: bytes) -> None:
            while text not in (line := answer.readline()):
                assert line, "the stream ended"

        for answer in answers:
            wait_for_line(answer, b'"queued"')
        for _ in range(5):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
            connection.request("GET", "/v1/jobs")
            assert connection.getresponse().status == 200
            connection.close()
        service.jobs.claim(Holder("test", "host 1 1"))
        for answer in answers:
            wait_for_line(answer, b'"running"')
        app.state.watcher.close()
        for answer in answers:
            assert answer.read().endswith(b"\n\n")  # whole events, then the end
