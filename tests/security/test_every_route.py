"""All routes of the server and the scope that each needs: a new route cannot be forgotten."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from oracle.rest.auth import COOKIE

ANYBODY = {
    "/healthz", "/readyz", "/sign-in", "/sign-out", "/assets/{stamp}/{name}", "/v1/openapi.json",
}  # fmt: skip
CHANGING = {  # what a token that may read is refused
    ("POST", "/"), ("POST", "/v1/jobs"), ("PATCH", "/v1/jobs/{job}"),
    ("POST", "/v1/jobs/{job}/cancel"), ("POST", "/v1/jobs/{job}/resume"),
    ("POST", "/jobs/{job}/cancel"), ("POST", "/jobs/{job}/resume"), ("POST", "/v1/oracle"),
    ("POST", "/v1/oracle/{run}/observations"), ("POST", "/v1/runs"),
    ("PATCH", "/v1/runs/{run}"), ("DELETE", "/v1/runs/{run}"),
}  # fmt: skip
ADMINS = {("POST", "/v1/runs")}  # what a token that may submit is refused, too
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "QUERY", "get")
WRONG: tuple[dict[str, str], ...] = (
    {}, {"Authorization": "Bearer oracle_wrong"}, {"Authorization": "bearer"},
    {"Authorization": ""}, {"Cookie": f"{COOKIE}=wrong"}, {"Cookie": f"{COOKIE}="},
    {"X-Forwarded-User": "root"}, {"X-Forwarded-For": "127.0.0.1"}, {"X-Real-IP": "127.0.0.1"},
    {"Forwarded": "for=127.0.0.1"}, {"X-Original-URL": "/healthz"}, {"X-HTTP-Method": "GET"},
)  # fmt: skip


@pytest.fixture(scope="module")
def visitor(served: Any) -> Iterator[TestClient]:
    with served.client(tokens_required=True) as new_client:
        yield new_client


@pytest.fixture(scope="module")
def routes(served: Any) -> set[tuple[str, str]]:
    """Method and path of every route, of whatever class."""
    routes_found = set()
    for each in served.app().routes:
        for route in getattr(getattr(each, "original_router", None), "routes", [each]):
            if isinstance(route, Mount):
                assert route.name == "dashboard"  # test_dashboard.py has its routes
                continue
            assert isinstance(route, APIRoute | Route), route
            routes_found |= {(method, route.path) for method in route.methods or ()}
    return routes_found


@pytest.fixture(scope="module")
def bearers(served: Any) -> dict[str, dict[str, str]]:
    return {
        scope: {"Authorization": f"Bearer {served.service.tokens.create(f'route-{scope}', scope)}"}
        for scope in ("read", "submit", "admin")
    }


def filled(path: str) -> str:
    for name, value in (("{cycle}", "0"), ("{name}", "oracle.css")):
        path = path.replace(name, value)
    return "/".join("tiny-00000000" if part.startswith("{") else part for part in path.split("/"))


def turned_away(answer: Any) -> bool:
    to_sign_in = answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")
    return answer.status_code == 401 or to_sign_in


def test_every_route_is_known(served: Any, routes: set[tuple[str, str]]) -> None:
    described = {
        (method.upper(), path)
        for path, methods in served.app().openapi()["paths"].items()
        for method in methods
    }
    assert described <= routes
    changing = {each for each in routes if each[0] not in {"GET", "HEAD", "OPTIONS"}}
    assert {each for each in changing if each[1] not in ANYBODY} == CHANGING
    assert {path for _, path in routes} >= ANYBODY
    assert len({path for _, path in routes}) >= 30
    parts = {path.strip("/").split("/")[0] for _, path in routes}
    assert parts == {
        "", "v1", "healthz", "readyz", "metrics", "assets", "live", "sign-in", "sign-out", "jobs",
        "runs", "compare",
    }  # fmt: skip


def test_no_method_at_no_door_lets_a_stranger_in(
    served: Any, visitor: TestClient, routes: set[tuple[str, str]]
) -> None:
    before = served.service.jobs.count()
    for path in sorted({path for _, path in routes} - ANYBODY):
        known = {method for method, each in routes if each == path}
        for number, method in enumerate(METHODS):
            for each in WRONG[number % 3 :: 3] if method in known else WRONG[:1]:
                answer = visitor.request(method, filled(path), headers=each)
                closed = turned_away(answer) or answer.status_code == 405
                assert closed, (method, path, each, answer.status_code)
                assert "tiny-" not in answer.headers.get("location", "/sign-in")[:6]
    assert served.service.jobs.count() == before


def test_public_routes_reveal_nothing_about_runs(served: Any, visitor: TestClient) -> None:
    for path in ANYBODY:
        for method in ("GET", "HEAD", "OPTIONS"):
            answer = visitor.request(method, filled(path))
            assert answer.status_code in {200, 405}, (method, path)
            assert served.run not in answer.text
            assert str(served.folder) not in answer.text


@pytest.mark.parametrize("scope", ["read", "submit", "admin"])
def test_a_scope_allows_its_routes_and_no_other(
    served: Any, visitor: TestClient, routes: set[tuple[str, str]], bearers: Any, scope: str
) -> None:
    before = served.service.jobs.count()
    for method, path in sorted(routes - {("GET", "/live"), ("HEAD", "/live")}):
        if path in ANYBODY:
            continue
        answer = visitor.request(method, filled(path), headers=bearers[scope])
        refused = {"read": CHANGING, "submit": ADMINS}.get(scope, set())
        if (method, path) in refused:
            assert answer.status_code == 403, (method, path)
        else:
            assert answer.status_code not in {401, 500}, (method, path)
            # a form of the pages wants its mark, whoever sends it
            form = (method, path) in CHANGING and not path.startswith("/v1")
            assert (answer.status_code == 403) is form, (method, path, answer.text)
    assert served.service.jobs.count() == before


def test_metrics_are_for_those_who_may_read(visitor: TestClient, bearers: Any) -> None:
    for method in ("GET", "HEAD"):
        assert visitor.request(method, "/metrics").status_code in {401, 405}
    assert visitor.get("/metrics", headers=bearers["read"]).status_code == 200


def test_another_ones_job_stays_as_it_is_through_the_pages_too(
    served: Any, visitor: TestClient, bearers: Any, tiny: dict[str, Any]
) -> None:
    mine = served.service.tokens.create("owner", "submit")
    own = {"Authorization": f"Bearer {mine}"}
    study = tiny | {"name": "owned", "cycles": 2}
    job = visitor.post("/v1/jobs", json={"study": study}, headers=own).json()["id"]
    for path in (f"/jobs/{job}/cancel", f"/jobs/{job}/resume", f"/v1/jobs/{job}/cancel"):
        page = visitor.get("/sign-in").text
        csrf = page.split('name="csrf" value="')[1].split('"')[0]
        answer = visitor.post(path, data={"csrf": csrf}, headers=bearers["submit"])
        assert answer.status_code == 403
        assert "owner" in answer.text
    again = visitor.post(
        "/v1/jobs", json={"study": study, "priority": 90}, headers=bearers["submit"]
    )
    assert again.json()["owner"] == "owner"
    assert served.service.jobs.get(job).state == "queued"
    assert served.service.jobs.get(job).priority == 0
    assert visitor.post(f"/v1/jobs/{job}/cancel", headers=own).status_code == 200
