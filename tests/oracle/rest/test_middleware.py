"""What other sites, wrong hosts, great bodies and hasty callers get."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from oracle.records.jobs import Job
from oracle.rest.middleware import Guards
from oracle.rest.settings import WebSettings, loopback
from oracle.service.service import Service
from oracle.web.app import create_app

HOME = "http://127.0.0.1:8000"
EVIL = {"Origin": "https://evil.example"}
YAML = {"Content-Type": "application/yaml"}
Study = Callable[..., str]


@pytest.fixture
def job(service: Service, study_yaml: Study) -> Job:
    return service.submit(study_yaml(), form="yaml", owner="local")[0]


def csrf(client: TestClient) -> str:
    return client.get("/sign-in").text.split('name="csrf" value="')[1].split('"')[0]


def states(service: Service) -> list[str]:
    return [each.state for each in service.jobs.page()]


@pytest.mark.parametrize(
    "headers",
    [EVIL, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "null"},
     {"Origin": "http://127.0.0.1:9999"}, {"Origin": "http://[evil"}],
)  # fmt: skip
def test_a_page_of_another_site_changes_nothing(
    client: TestClient, service: Service, job: Job, study_yaml: Study, headers: dict[str, str]
) -> None:
    cancelled = client.post(f"/v1/jobs/{job.id}/cancel", headers=headers)
    submitted = client.post(
        "/v1/jobs", content=study_yaml(name="other"), headers={**YAML, **headers}
    )
    assert (cancelled.status_code, submitted.status_code) == (403, 403)
    assert states(service) == ["queued"]


def test_what_a_form_of_another_site_could_send_is_not_read(
    client: TestClient, service: Service, study_yaml: Study
) -> None:
    body = json.dumps({"study": study_yaml()})
    for media in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        answer = client.post("/v1/jobs", content=body, headers={"Content-Type": media})
        assert answer.status_code == 415, media
    assert states(service) == []


def test_a_form_without_our_mark_is_refused(client: TestClient, service: Service, job: Job) -> None:
    for given in ({}, {"csrf": ""}, {"csrf": "0" * 64}):
        answer = client.post("/sign-in", data={"token": "x", **given}, headers={"Origin": HOME})
        assert answer.status_code == 403
    assert states(service) == ["queued"]


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:8000", "", "[::2]:80"])
def test_a_name_that_is_not_the_servers_is_misdirected(client: TestClient, host: str) -> None:
    for path in ("/", "/v1/jobs", "/dashboard", "/api/studies"):
        answer = client.get(path, headers={"Host": host})
        assert answer.status_code == 421, path


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "LOCALHOST:1", "[::1]:8000"])
def test_the_servers_own_names_are_known(client: TestClient, host: str) -> None:
    assert client.get("/v1/jobs", headers={"Host": host}).status_code == 200


def test_a_body_that_is_too_large_is_refused_with_or_without_a_content_length(
    client: TestClient, service: Service
) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(30):
            yield b"#" * 100_000

    for body in (b"#" * 3_000_000, chunks()):
        answer = client.post("/v1/jobs", content=body, headers=YAML)
        assert answer.status_code == 413
        assert answer.headers["content-type"] == "application/problem+json"
    assert states(service) == []


@pytest.mark.parametrize("length", ["-1", "x", "1e9", "²"])
def test_a_length_that_is_none_is_refused(client: TestClient, length: str) -> None:
    headers = {**YAML, "Content-Length": length.encode()}
    answer = client.post("/v1/jobs", content=b"a: 1", headers=headers)
    assert answer.status_code == 400
    assert "whole number" in answer.json()["detail"]


@pytest.mark.parametrize(
    "text", ["[" * 5000, "[" * 5000 + "]" * 5000, '{"a":' * 5000 + "1" + "}" * 5000]
)
def test_depth_is_limited_in_json_and_yaml(client: TestClient, text: str) -> None:
    as_yaml = client.post("/v1/jobs", content=text, headers=YAML)
    as_json = client.post(
        "/v1/jobs", content=f'{{"study": {text}}}', headers={"Content-Type": "application/json"}
    )
    patched = client.patch("/v1/jobs/x", content=text, headers={"Content-Type": "application/json"})
    for answer in (as_yaml, as_json, patched):
        assert answer.status_code in {400, 422}, answer.text


def test_a_burst_over_the_limit_gets_a_retry_after(service: Service) -> None:
    app = create_app(service, WebSettings(rate=0.001, burst=10))  # no second one in a test
    with TestClient(app, base_url=HOME) as client:
        answers = [client.get("/v1/jobs") for _ in range(30)]
        late = [each for each in answers if each.status_code == 429]
        assert len(late) == 20
        assert {each.status_code for each in answers} == {200, 429}
        assert all(int(each.headers["Retry-After"]) >= 1 for each in late)
        assert client.get("/healthz").status_code == 200


def test_another_token_each_time_gives_no_more_than_an_address_gets(service: Service) -> None:
    app = create_app(service, WebSettings(rate=0.01, burst=2))
    with TestClient(app, base_url=HOME) as client:
        headers = [{"Authorization": f"Bearer made-up-{number}"} for number in range(40)]
        answers = [client.get("/v1/jobs", headers=each).status_code for each in headers]
    assert answers == [401] * 20 + [429] * 20


def test_a_caller_gets_the_pace_that_is_allowed_and_others_are_not_slowed() -> None:
    now = [0.0]
    guards = Guards(lambda *_: None, WebSettings(rate=2.0, burst=3), lambda: now[0])  # type: ignore[arg-type,return-value]
    assert [guards._wait("ada") for _ in range(4)] == [0, 0, 0, 0.5]
    assert guards._wait("bob") == 0
    now[0] = 0.5
    assert [guards._wait("ada") for _ in range(2)] == [0, 0.5]
    now[0] = 100.0
    assert [guards._wait("ada") for _ in range(4)] == [0, 0, 0, 0.5]


@pytest.mark.parametrize("path", ["/", "/sign-in", "/v1/jobs", "/v1/nothing", "/dashboard", "/x"])
def test_every_answer_has_a_content_security_policy(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


def test_pages_run_no_inline_script(client: TestClient, job: Job) -> None:
    for path in ("/", f"/jobs/{job.id}", "/sign-in"):
        policy = client.get(path).headers["content-security-policy"]
        scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
        assert scripts == "script-src 'self'"


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/api/studies"), ("DELETE", "/api/studies/1"), ("PUT", "/api/studies/1/note"),
     ("POST", "/api/studies/1/rename"), ("POST", "/api/trials/1/tell"),
     ("POST", "/api/trials/1/user-attrs"), ("PATCH", "/dashboard")],
)  # fmt: skip
def test_the_dashboard_is_read_only_for_every_caller(
    client: TestClient, service: Service, method: str, path: str
) -> None:
    root = service.tokens.create("root", "admin")
    for headers in ({}, {"Authorization": f"Bearer {root}"}):
        answer = client.request(method, path, headers=headers, json={})
        assert answer.status_code == 403
        assert "read-only" in answer.json()["detail"]


def test_an_admin_writes_in_the_dashboard_where_the_server_allows_it(service: Service) -> None:
    settings = WebSettings(rate=1e6, burst=10**6, tokens_required=True, dashboard_writes=True)
    made: dict[str, Any] = {"study_name": "mine", "directions": ["maximize"]}
    with TestClient(create_app(service, settings), base_url=HOME) as client:
        for scope, status in (("read", 403), ("submit", 403), ("admin", 201)):
            secret = service.tokens.create(scope, scope)  # type: ignore[arg-type]
            headers = {"Authorization": f"Bearer {secret}"}
            assert client.post("/api/studies", headers=headers, json=made).status_code == status
        foreign = {"Authorization": "", **EVIL}
        assert client.post("/api/studies", headers=foreign, json=made).status_code in {401, 403}
        names = client.get("/api/studies", headers=headers).json()["study_summaries"]
        assert [each["study_name"] for each in names] == ["mine"]


def test_the_dashboard_shows_the_studies_of_a_run(reader: TestClient) -> None:
    names = [each["study_name"] for each in reader.get("/api/studies").json()["study_summaries"]]
    assert len([name for name in names if " / cycle " in name]) == 3
    page = reader.get("/dashboard")
    assert page.status_code == 200
    script = page.text.split('src="')[1].split('"')[0]
    assert reader.get(script).status_code == 200


@pytest.mark.parametrize(
    ("host", "own"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("[::1]", True), ("192.0.2.1", False),
     ("10.0.0.1", False), ("example.org", False), ("::", False)],
)  # fmt: skip
def test_only_loopback_is_the_servers_own_machine(host: str, own: bool) -> None:
    assert loopback(host) is own
