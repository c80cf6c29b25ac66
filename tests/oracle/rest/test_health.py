"""Monitoring of a server: health, readiness, metrics."""

from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from oracle.errors import StorageError
from oracle.records.jobs import Job
from oracle.rest.settings import WebSettings
from oracle.service.service import Service
from oracle.web.app import create_app

HOME = "http://127.0.0.1:8000"


def samples(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """The value of each metric with its labels."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def labels(**given: str) -> frozenset[tuple[str, str]]:
    return frozenset(given.items())


def test_a_server_is_alive_without_its_database_but_not_ready(
    service: Service, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.get("/readyz").json() == {"status": "ok"}

    def away() -> Any:
        raise StorageError("the database is away")

    monkeypatch.setattr(service.jobs, "count", away)
    assert client.get("/healthz").json() == {"status": "ok"}
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) > 0


def test_a_server_without_a_scheduler_for_its_queue_is_not_ready(service: Service) -> None:
    alive = True
    with TestClient(create_app(service, WebSettings(), lambda: alive), base_url=HOME) as client:
        assert client.get("/readyz").status_code == 200
        alive = False
        answer = client.get("/readyz")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
        assert "start the server again" in answer.json()["detail"]
        assert client.get("/healthz").status_code == 200


def test_metrics_count_jobs_by_state_and_training_runs_of_running_jobs(
    client: TestClient, study_yaml: Callable[..., str], drive: Callable[..., Job]
) -> None:
    for name in ("one", "two", "three"):
        client.post("/v1/jobs", json={"study": study_yaml(name=name)})
    drive("failed", cells=(5, 12))
    drive(cells=(3, 12))
    metrics = samples(client.get("/metrics").text)
    states = {
        state: metrics["oracle_jobs", labels(state=state)]
        for state in ("queued", "running", "done", "failed", "cancelled")
    }
    assert states == {"queued": 1, "running": 1, "done": 0, "failed": 1, "cancelled": 0}
    assert metrics["oracle_cells", labels(state="done")] == 3
    assert metrics["oracle_cells", labels(state="known")] == 12


def test_requests_are_timed_by_their_pattern_and_answers_counted_by_status(
    client: TestClient,
) -> None:
    for name in ("a", "b", "c"):
        client.get(f"/v1/jobs/{name}")
    client.get("/v1/jobs")
    client.get("/nowhere")
    client.request("BREW", "/v1/jobs")
    metrics = samples(client.get("/metrics").text)
    count = "oracle_http_request_seconds_count"
    assert metrics[count, labels(method="GET", path="/v1/jobs/{job}")] == 3
    assert metrics[count, labels(method="GET", path="/v1/jobs")] == 1
    assert not any("nowhere" in str(key) or "BREW" in str(key) for key in metrics)
    assert metrics["oracle_http_answers_total", labels(status="404")] == 4
    assert metrics["oracle_http_answers_total", labels(status="405")] == 1
    total = metrics["oracle_http_request_seconds_sum", labels(method="GET", path="/v1/jobs")]
    assert 0 < total < 10


def test_metrics_are_for_who_may_read(service: Service) -> None:
    strict = create_app(service, WebSettings(tokens_required=True))
    secret = service.tokens.create("prometheus", "read")
    with TestClient(strict, base_url="http://127.0.0.1") as client:
        assert client.get("/metrics").status_code == 401
        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").status_code == 200
        answer = client.get("/metrics", headers={"Authorization": f"Bearer {secret}"})
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/plain; version=")
