"""The Optuna dashboard has no authentication: routes that change something are blocked."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from typing import Any

import bottle
import pytest
from optuna.artifacts import FileSystemArtifactStore
from optuna_dashboard import wsgi
from starlette.testclient import TestClient

from oracle.web.dashboard import PATHS

CALLERS = ("nobody", "wrong", "read", "submit", "admin")
OVERRIDES = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "_method")
WRITES = ("POST", "PUT", "DELETE", "PATCH")


@pytest.fixture(scope="module")
def routes(served: Any, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str]]:
    """Every method and path of the installed dashboard, its artifacts' and models' too."""
    store = FileSystemArtifactStore(str(tmp_path_factory.mktemp("artifacts")))
    application = wsgi(served.service.store._storage, artifact_store=store)
    unwrapped = application
    while not isinstance(unwrapped, bottle.Bottle):
        unwrapped = (
            unwrapped.__closure__[0].cell_contents
            if hasattr(unwrapped, "__closure__")
            else unwrapped.app
        )
    return sorted({(route.method, filled(route.rule)) for route in unwrapped.routes})


def filled(rule: str) -> str:
    """A path with its parameters filled in."""
    return re.sub(r"<([a-z_]*):?([^>]*(?:\(.*\))?[^>]*)>", "1", rule.replace("<:re:(/.*)?>", ""))


@pytest.fixture(scope="module")
def tokens(served: Any) -> dict[str, dict[str, str]]:
    """The headers of each kind of caller."""
    headers = {"nobody": {}, "wrong": {"Authorization": "Bearer oracle_wrong"}}
    for scope in ("read", "submit", "admin"):
        secret = served.service.tokens.create(f"dashboard-{scope}", scope)
        headers[scope] = {"Authorization": f"Bearer {secret}"}
    return headers


@pytest.fixture(scope="module", params=[True, False], ids=["tokens", "loopback"])
def visitor(served: Any, request: pytest.FixtureRequest) -> TestClient:
    new_client: TestClient = served.client(tokens_required=request.param)
    return new_client


@pytest.fixture
def unchanged(served: Any) -> Iterator[None]:
    """What the storage holds is the same after a test."""
    before = stored(served)
    yield
    assert stored(served) == before


def stored(served: Any) -> list[Any]:
    every = served.service.store._storage.get_all_studies()
    return [
        (each.study_name, each.user_attrs, each.system_attrs, each._study_id) for each in every
    ] + [len(served.service.store._storage.get_all_trials(each._study_id)) for each in every]


def test_the_routes_are_those_that_the_package_has(routes: list[tuple[str, str]]) -> None:
    methods = [method for method, _ in routes]
    assert methods.count("POST") >= 10
    assert methods.count("DELETE") >= 4
    assert methods.count("PUT") >= 3
    assert ("POST", "/api/artifacts/1") in routes
    assert not any("<" in path for _, path in routes)


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("caller", CALLERS)
def test_no_write_of_the_dashboard_is_reached(
    visitor: TestClient, routes: list[tuple[str, str]], tokens: Any, caller: str
) -> None:
    for method, path in routes:
        if path == "/":
            continue  # is our own page
        for sent in {method, *WRITES} - {"GET", "HEAD"} if method == "GET" else {method}:
            answer = visitor.request(sent, path, headers=tokens[caller], json={"study_name": "x"})
            assert answer.status_code in {401, 403, 404, 405}, (sent, path)
            assert answer.headers["content-type"] == "application/problem+json", (sent, path)


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("caller", ["nobody", "read", "admin"])
def test_a_method_is_not_overridden(
    visitor: TestClient, routes: list[tuple[str, str]], tokens: Any, caller: str
) -> None:
    for method, path in routes:
        if method == "GET":
            continue
        headers = tokens[caller] | dict.fromkeys(OVERRIDES, method)
        answer = visitor.get(path, params={"_method": method, "method": method}, headers=headers)
        assert answer.status_code < 500, path
        form = visitor.post(path, data={"_method": "GET"}, headers=headers)
        assert form.status_code in {401, 403, 404, 405}, path
    for odd in ("post", "Delete", "put", "GET\t", "PROPFIND", "TRACE", "CONNECT", "X"):
        answer = visitor.request(odd, "/api/studies/1", headers=tokens[caller])
        assert answer.status_code in {400, 401, 403, 405}, odd


@pytest.mark.usefixtures("unchanged")
def test_a_path_in_disguise_reaches_no_write(visitor: TestClient, tokens: Any) -> None:
    for path in (
        "//api/studies/1", "/x/../api/studies/1", "/api//studies/1", "/%61pi/studies/1",
        "/api/studies/1/", "/dashboard/../api/studies/1", "/API/studies/1", "/api/studies/1;x",
        "/static/../api/studies/1", "/api%2fstudies/1", "/./api/studies/1", "/artifacts/1/1",
    ):  # fmt: skip
        for headers in (tokens["read"], tokens["admin"], {"X-Script-Name": "/api"}):
            url = visitor.base_url.copy_with(raw_path=path.encode())
            answer = visitor.request("DELETE", url, headers=headers)
            assert answer.status_code in {401, 403, 404, 405}, path


def test_what_the_dashboard_shows_is_for_those_who_may_read(
    served: Any, routes: list[tuple[str, str]], tokens: Any
) -> None:
    visitor = served.client(tokens_required=True)
    for method, path in routes:
        if method != "GET" or not path.startswith(PATHS):
            continue
        for sent in ("GET", "HEAD"):
            for caller in ("nobody", "wrong"):
                answer = visitor.request(sent, path, headers=tokens[caller])
                to_sign_in = answer.status_code == 303 and path.startswith("/dashboard")
                assert answer.status_code == 401 or to_sign_in, (sent, path)
            answer = visitor.request(sent, path, headers=tokens["read"])
            assert answer.status_code not in {401, 403, 500} or "importances" in path, (sent, path)


def test_its_page_runs_no_script_that_stands_in_it(visitor: TestClient, tokens: Any) -> None:
    policy = visitor.get("/dashboard", headers=tokens["read"]).headers["content-security-policy"]
    scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert "inline" not in scripts


def test_its_files_come_to_a_caller_who_takes_anything(visitor: TestClient, tokens: Any) -> None:
    headers = tokens["read"] | {"Accept-Encoding": ""}
    request = visitor.build_request("GET", "/static/bundle.js", headers=headers)
    del request.headers["accept-encoding"]
    assert visitor.send(request).status_code == 200


HOSTILE = ("=1+1", "+cmd|'/c calc'!A1", "@SUM(1)", "-2+3", "a;=1", "\t=1", "plain", "-0.5")


def test_its_csv_has_no_formula_and_keeps_its_numbers(
    served: Any, visitor: TestClient, tokens: Any
) -> None:
    storage = served.service.store._storage
    number = storage.get_all_studies()[0]._study_id
    trial = storage.get_all_trials(number)[0]
    plain = visitor.get(f"/csv/{number}", headers=tokens["read"])
    assert plain.status_code == 200
    columns = {f"hostile {index}": text for index, text in enumerate(HOSTILE)}
    answers = csv_of(plain.text, columns)
    rows = list(csv.DictReader(io.StringIO(answers(formats_inert()))))
    assert len(rows) == len(storage.get_all_trials(number))
    assert {rows[0][name] for name in columns} == {
        "'=1+1", "'+cmd|'/c calc'!A1", "'@SUM(1)", "'-2+3", "a;'=1", "'\t=1", "plain", "-0.5",
    }  # fmt: skip
    (value,) = trial.values
    assert float(rows[0]["validation accuracy, %"]) == value


def formats_inert() -> Callable[[str], str]:
    from oracle.web import dashboard

    return dashboard._inert


def csv_of(text: str, columns: dict[str, str]) -> Callable[[Callable[[str], str]], str]:
    """The same CSV with more columns, before it is made harmless."""
    rows = list(csv.DictReader(io.StringIO(text)))
    out = io.StringIO()
    writer = csv.DictWriter(out, [*rows[0], *columns])
    writer.writeheader()
    writer.writerows(row | columns for row in rows)
    return lambda made: made(out.getvalue())
