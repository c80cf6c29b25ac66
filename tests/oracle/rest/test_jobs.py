"""Jobs over HTTP: submitted in every form, listed, changed, refused."""

from collections.abc import Callable
from typing import Any

import pytest
import yaml
from starlette.testclient import TestClient

from oracle.records.jobs import Job
from oracle.service.service import Service

YAML = {"Content-Type": "application/yaml"}
Study = Callable[..., str]


def problem(answer: Any, status: int) -> dict[str, Any]:
    """The problem details of a refusal."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert body["detail"]
    assert set(body) == {"type", "title", "status", "detail", "instance", "errors"}
    return body


def submitted(client: TestClient, study: str, **query: Any) -> dict[str, Any]:
    answer = client.post("/v1/jobs", content=study, headers=YAML, params=query)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_a_study_is_one_job_in_whichever_form_it_comes(
    client: TestClient, study_yaml: Study
) -> None:
    text = study_yaml()
    first = client.post("/v1/jobs", content=text, headers=YAML)
    as_text = client.post("/v1/jobs", json={"study": text})
    as_fields = client.post("/v1/jobs", json={"study": yaml.safe_load(text)})
    assert [each.status_code for each in (first, as_text, as_fields)] == [201, 200, 200]
    assert len({each.json()["id"] for each in (first, as_text, as_fields)}) == 1
    job = first.json()
    assert first.headers["location"] == f"/v1/jobs/{job['id']}"
    assert client.get(first.headers["location"]).json() == job
    assert (job["state"], job["study"], job["owner"]) == ("queued", "tiny", "local")
    assert (job["done"], job["known"], job["run"]) == (0, 0, None)


def test_a_smaller_study_is_another_job(client: TestClient, study_yaml: Study) -> None:
    whole = submitted(client, study_yaml())
    body = {"study": study_yaml(), "shrink": {"cycles": 1}}
    smaller = client.post("/v1/jobs", json=body)
    assert smaller.status_code == 201
    assert smaller.json()["id"] != whole["id"]
    larger = client.post("/v1/jobs", json={"study": study_yaml(), "shrink": {"cycles": 7}})
    (error,) = problem(larger, 422)["errors"]
    assert error["path"] == "shrink.cycles"
    assert "smaller" in error["rule"]


def test_every_problem_of_a_study_is_reported_with_its_path(
    client: TestClient, study_yaml: Study
) -> None:
    bad = study_yaml(cycles=0, grid={"max_lr": [0.1, -0.2]}, network="fuly_connected")
    body = problem(client.post("/v1/jobs", content=bad, headers=YAML), 422)
    assert {"cycles", "grid.max_lr[1]", "network"} <= {e["path"] for e in body["errors"]}
    assert next(e for e in body["errors"] if e["path"] == "cycles")["value"] == 0
    assert body["instance"] == "/v1/jobs"


@pytest.mark.parametrize(
    ("body", "media", "status"),
    [
        ("name: x", "text/plain", 415),
        ("name: x", "", 415),
        ('{"study": ', "application/json", 400),
        ('{"study": {}, "study": {}}', "application/json", 400),
        ('{"study": NaN}', "application/json", 400),
        ("[" * 5000, "application/json", 400),
        (b"\xff\xfe", "application/yaml", 400),
        ("a: &x 1\nb: *x", "application/yaml", 422),
        ("[" * 5000, "application/yaml", 422),
        ("[]", "application/json", 422),
        ('{"study": "name: x", "priority": 101}', "application/json", 422),
        ('{"study": "name: x", "folder": "/etc"}', "application/json", 422),
        ('{"study": {}, "shrink": {"cycles": 0}}', "application/json", 422),
        ('{"study": "name: \\u0000\\ud800"}', "application/json", 400),
    ],
)
def test_a_body_that_is_no_submission_is_refused(
    client: TestClient, body: Any, media: str, status: int
) -> None:
    headers = {"Content-Type": media} if media else {}
    problem(client.post("/v1/jobs", content=body, headers=headers), status)
    assert client.get("/v1/jobs").json()["items"] == []


def test_an_idempotency_key_is_for_one_study(client: TestClient, study_yaml: Study) -> None:
    headers = YAML | {"Idempotency-Key": "monday"}
    first = client.post("/v1/jobs", content=study_yaml(), headers=headers)
    again = client.post("/v1/jobs", content=study_yaml(), headers=headers)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    other = client.post("/v1/jobs", content=study_yaml(name="other"), headers=headers)
    assert first.json()["id"] in problem(other, 422)["detail"]
    assert len(client.get("/v1/jobs").json()["items"]) == 1


def test_jobs_are_listed_page_by_page_the_newest_first(
    client: TestClient, study_yaml: Study, drive: Callable[..., Job]
) -> None:
    ids = [submitted(client, study_yaml(name=f"s{number}"))["id"] for number in range(5)]
    drive("done")
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        page = client.get("/v1/jobs", params=query).json()
        seen += [job["id"] for job in page["items"]]
        if page["next"] is None:
            break
        query["before"] = page["next"]
    assert seen == ids[::-1]
    assert page["count"] == {"queued": 4, "running": 0, "done": 1, "failed": 0, "cancelled": 0}


def test_a_list_is_narrowed_by_state_study_and_owner(
    client: TestClient, study_yaml: Study, drive: Callable[..., Job]
) -> None:
    first, second = (submitted(client, study_yaml(name=name))["id"] for name in ("one", "two"))
    drive("done")

    def listed(**query: Any) -> list[str]:
        return [job["id"] for job in client.get("/v1/jobs", params=query).json()["items"]]

    assert listed(state="done") == [first]
    assert listed(state=["queued", "done"]) == [second, first]
    assert listed(study="two") == [second]
    assert listed(owner="local") == [second, first]
    assert listed(owner="ada") == []
    assert listed(text=first[-8:]) == [first]
    problem(client.get("/v1/jobs", params={"state": "finished"}), 422)
    problem(client.get("/v1/jobs", params={"limit": 201}), 422)
    problem(client.get("/v1/jobs", params={"before": -1}), 422)


def test_a_job_is_cancelled_resumed_and_given_a_priority(
    client: TestClient, study_yaml: Study
) -> None:
    path = f"/v1/jobs/{submitted(client, study_yaml(), priority=-7)['id']}"
    assert client.get(path).json()["priority"] == -7
    assert client.post(f"{path}/cancel").json()["state"] == "cancelled"
    assert client.post(f"{path}/cancel").json()["state"] == "cancelled"
    assert client.post(f"{path}/resume").json()["state"] == "queued"
    assert client.patch(path, json={"priority": 7}).json()["priority"] == 7
    problem(client.patch(path, json={"priority": 101}), 422)
    problem(client.patch(path, json={"priority": 1, "state": "done"}), 422)
    problem(client.patch(path, content="{", headers={"Content-Type": "application/json"}), 400)


def test_a_done_job_is_not_cancelled(
    client: TestClient, study_yaml: Study, drive: Callable[..., Job]
) -> None:
    path = f"/v1/jobs/{submitted(client, study_yaml())['id']}"
    drive("done", cells=(12, 12))
    assert "done" in problem(client.post(f"{path}/cancel"), 409)["detail"]
    problem(client.post(f"{path}/resume"), 409)
    shown = client.get(path).json()
    assert (shown["state"], shown["done"], shown["known"]) == ("done", 12, 12)


@pytest.mark.parametrize("name", ["none-00000000", "%00", "..%2f..", "\ud83d\ude00", "x" * 100])
def test_a_job_that_is_not_there_is_404_for_every_method(client: TestClient, name: str) -> None:
    path = f"/v1/jobs/{name.encode('utf-16', 'surrogatepass').decode('utf-16')}"
    problem(client.get(path), 404)
    problem(client.get(f"{path}/events"), 404)
    problem(client.post(f"{path}/cancel"), 404)
    problem(client.post(f"{path}/resume"), 404)
    problem(client.patch(path, json={"priority": 0}), 404)


def test_unexpected_errors_are_reported_as_problem_details_too(
    service: Service,
    client: TestClient,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    problem(client.get("/v1/nothing"), 404)
    assert problem(client.put("/v1/jobs"), 405)["title"] == "Method Not Allowed"

    def broken(job_id: str) -> Job:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(service.jobs, "get", broken)
    answer = client.get("/v1/jobs/tiny-00000000")
    assert "secret" not in answer.text
    problem(answer, 500)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "ZeroDivisionError: secret" in caplog.text
    assert 'oracle_http_answers_total{status="500"} 1.0' in client.get("/metrics").text


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v1/jobs", "GET, POST"),
        ("DELETE", "/v1/jobs/nowhere", "GET, PATCH"),
        ("GET", "/v1/jobs/nowhere/cancel", "POST"),
        ("PUT", "/v1/runs", "GET, POST"),
    ],
)
def test_the_answer_to_a_wrong_method_lists_the_allowed_ones(
    client: TestClient, method: str, path: str, allowed: str
) -> None:
    answer = client.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
