"""Who may do what: every endpoint that there is, with every kind of caller."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from oracle.database import sqlite_url
from oracle.rest.auth import COOKIE
from oracle.rest.settings import WebSettings
from oracle.service.service import Service
from oracle.service.settings import ServerSettings
from oracle.web.app import create_app

HOME = "http://127.0.0.1:8000"
OPEN = {"/healthz", "/readyz", "/sign-in", "/sign-out", "/assets/{stamp}/{name}"}  # to anybody
STREAM = "/live"  # has no end
SUBMIT = {"POST", "PATCH", "PUT", "DELETE"}  # need a token that may submit
Study = Callable[..., str]


@pytest.fixture
def closed(service: Service) -> FastAPI:
    """An app that requires a token from everybody."""
    return create_app(service, WebSettings(rate=1e6, burst=10**6, tokens_required=True))


@pytest.fixture
def visitor(closed: FastAPI) -> Iterator[TestClient]:
    with TestClient(closed, base_url=HOME, follow_redirects=False) as client:
        yield client


def endpoints(app: FastAPI) -> list[tuple[str, str]]:
    """Every method and path of ours, from the app itself: a new one cannot be forgotten."""
    every_route = []
    for each in app.routes:
        routes = getattr(getattr(each, "original_router", None), "routes", [each])
        every_route += [
            (method, route.path)
            for route in routes
            if isinstance(route, APIRoute)
            for method in sorted(route.methods - {"HEAD"})
        ]
    return every_route


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def filled(path: str) -> str:
    """A path with its parameters filled in."""
    for name, value in (("{cycle}", "0"), ("{name}", "oracle.css"), ("{action}", "cancel")):
        path = path.replace(name, value)
    parts = ["tiny-00000000" if part.startswith("{") else part for part in path.split("/")]
    return "/".join(parts)


def refused(answer: Any) -> bool:
    """Whether an anonymous request was refused: with 401, or redirected to the sign-in page."""
    to_sign_in = answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")
    return answer.status_code == 401 or to_sign_in


def test_the_list_of_endpoints_is_the_whole_app(closed: FastAPI) -> None:
    routes = endpoints(closed)
    described = {
        (method.upper(), path)
        for path, methods in closed.openapi()["paths"].items()
        for method in methods
    }
    assert described <= set(routes)
    assert len(routes) >= 25


def test_without_a_valid_token_every_route_is_refused(closed: FastAPI, visitor: TestClient) -> None:
    for method, path in endpoints(closed):
        if path in OPEN:
            continue
        for headers in ({}, bearer("oracle_wrong"), {"Authorization": "Basic YTpi"}):
            answer = visitor.request(method, filled(path), headers=headers)
            assert refused(answer), (method, path, headers, answer.status_code)


def test_a_token_that_may_read_changes_nothing(
    closed: FastAPI, visitor: TestClient, service: Service
) -> None:
    secret = service.tokens.create("reader", "read")
    changing = [each for each in endpoints(closed) if each[0] in SUBMIT and each[1] not in OPEN]
    assert len(changing) >= 6
    for method, path in changing:
        body = {"headers": {**bearer(secret), "Content-Type": "application/yaml"}, "content": "a"}
        answer = visitor.request(method, filled(path), **body)  # type: ignore[arg-type]
        assert answer.status_code == 403, (method, path, answer.text)


def test_a_token_that_may_read_reads_everything(
    closed: FastAPI, visitor: TestClient, service: Service
) -> None:
    secret = service.tokens.create("reader", "read")
    for method, path in endpoints(closed):
        if method == "GET" and path != STREAM:
            answer = visitor.get(filled(path), headers=bearer(secret))
            assert answer.status_code not in {401, 500}, (path, answer.text)


def test_anothers_job_is_an_admins_to_change_only(
    visitor: TestClient, service: Service, study_yaml: Study
) -> None:
    ada, bob, root = (
        service.tokens.create(name, scope)  # type: ignore[arg-type]
        for name, scope in (("ada", "submit"), ("bob", "submit"), ("root", "admin"))
    )
    job, _ = service.submit(study_yaml(), form="yaml", owner="ada")
    for path, body in ((f"/v1/jobs/{job.id}/cancel", None), (f"/v1/jobs/{job.id}/resume", None)):
        answer = visitor.post(path, headers=bearer(bob), json=body)
        assert answer.status_code == 403
        assert "ada" in answer.json()["detail"]
    patched = visitor.patch(f"/v1/jobs/{job.id}", headers=bearer(bob), json={"priority": 9})
    assert patched.status_code == 403
    assert service.jobs.get(job.id).state == "queued"
    assert service.jobs.get(job.id).priority == 0
    assert visitor.get(f"/v1/jobs/{job.id}", headers=bearer(bob)).status_code == 200
    assert visitor.post(f"/v1/jobs/{job.id}/cancel", headers=bearer(ada)).status_code == 200
    assert visitor.post(f"/v1/jobs/{job.id}/resume", headers=bearer(root)).status_code == 200


def test_a_revoked_token_and_its_sessions_end_at_once(
    visitor: TestClient, service: Service
) -> None:
    secret = service.tokens.create("ada", "submit")
    signed_in(visitor, secret)
    assert visitor.get("/").status_code == 200
    assert visitor.get("/v1/jobs", headers=bearer(secret)).status_code == 200
    service.tokens.revoke("ada")
    assert refused(visitor.get("/"))
    assert refused(visitor.get("/v1/jobs", headers=bearer(secret)))


def signed_in(visitor: TestClient, secret: str, after: str = "/") -> Any:
    """The answer to the form of the sign-in page, as a browser sends it."""
    page = visitor.get("/sign-in").text
    csrf = page.split('name="csrf" value="')[1].split('"')[0]
    form = {"token": secret, "csrf": csrf, "next": after}
    return visitor.post("/sign-in", data=form, headers={"Origin": HOME})


def test_signing_in_gives_a_cookie_that_no_script_and_no_other_site_gets(
    visitor: TestClient, service: Service
) -> None:
    secret = service.tokens.create("ada", "read")
    answer = signed_in(visitor, secret, "/runs")
    assert (answer.status_code, answer.headers["location"]) == (303, "/runs")
    attributes = {part.strip().lower() for part in answer.headers["set-cookie"].split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/"} <= attributes
    assert secret not in answer.headers["set-cookie"]


@pytest.mark.parametrize("tls", [True, False])
def test_the_cookie_is_for_tls_alone_where_the_server_is_reached_so(
    service: Service, tls: bool
) -> None:
    settings = WebSettings(rate=1e6, burst=10**6, tokens_required=True, cookie_secure=tls)
    secret = service.tokens.create("ada", "read")
    with TestClient(create_app(service, settings), base_url=HOME, follow_redirects=False) as client:
        assert ("secure" in signed_in(client, secret).headers["set-cookie"].lower()) is tls


@pytest.mark.parametrize(
    "after", ["//evil.example", "https://evil.example", "/\\evil.example", "/a\nb", ""]
)
def test_signing_in_leads_nowhere_else(visitor: TestClient, service: Service, after: str) -> None:
    secret = service.tokens.create("ada", "read")
    assert signed_in(visitor, secret, after).headers["location"] == "/"


def test_a_wrong_token_does_not_sign_in(visitor: TestClient) -> None:
    answer = signed_in(visitor, "oracle_wrong")
    assert answer.status_code == 401
    assert COOKIE not in answer.headers.get("set-cookie", "")
    assert "unknown" in answer.text


def test_signing_out_ends_the_session_on_the_server_too(
    visitor: TestClient, service: Service
) -> None:
    signed_in(visitor, service.tokens.create("ada", "read"))
    session = visitor.cookies[COOKIE]
    page = visitor.get("/").text
    csrf = page.split('name="csrf" value="')[1].split('"')[0]
    assert visitor.post("/sign-out", data={"csrf": csrf}).status_code == 303
    visitor.cookies.set(COOKIE, session)
    assert refused(visitor.get("/"))


def test_secrets_are_nowhere_in_the_database(
    visitor: TestClient, service: Service, tmp_path: Path
) -> None:
    secret = service.tokens.create("ada", "read")
    signed_in(visitor, secret)
    session = visitor.cookies[COOKIE]
    service.database.close()
    stored = b"".join(each.read_bytes() for each in tmp_path.glob("oracle.db*"))
    assert b"ada" in stored
    assert secret.encode() not in stored
    assert session.encode() not in stored


def test_on_the_servers_own_machine_no_token_is_needed(tmp_path: Path) -> None:
    service = Service(ServerSettings(sqlite_url(tmp_path / "oracle.db"), tmp_path))
    with TestClient(create_app(service, WebSettings()), base_url=HOME) as client:
        assert client.get("/v1/jobs").status_code == 200
        assert client.get("/v1/jobs", headers=bearer("oracle_wrong")).status_code == 401
    service.close()
