"""The description of the API is complete, and its examples are what it says."""

import re
from typing import Any

import jsonschema
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from oracle.rest.reference.openapi import operations
from oracle.study.function import FunctionStudy
from oracle.study.registry import KINDS
from oracle.web.app import create_app

PROBLEM = "application/problem+json"
PATHS = {
    ("post", "/v1/jobs"),
    ("get", "/v1/jobs"),
    ("get", "/v1/jobs/{job}"),
    ("patch", "/v1/jobs/{job}"),
    ("get", "/v1/jobs/{job}/events"),
    ("post", "/v1/jobs/{job}/cancel"),
    ("post", "/v1/jobs/{job}/resume"),
    ("get", "/v1/runs"),
    ("get", "/v1/runs/{run}"),
    ("get", "/v1/runs/{run}/table"),
    ("get", "/v1/runs/{run}/figure"),
    ("get", "/v1/runs/{run}/report"),
    ("get", "/v1/runs/{run}/study"),
    ("get", "/v1/runs/{run}/export"),
    ("post", "/v1/runs"),
    ("get", "/v1/runs/{run}/summary"),
    ("get", "/v1/runs/{run}/archive"),
    ("patch", "/v1/runs/{run}"),
    ("delete", "/v1/runs/{run}"),
    ("get", "/v1/runs/{run}/cycles/{cycle}/region"),
    ("get", "/v1/shipped"),
    ("get", "/v1/oracle"),
    ("post", "/v1/oracle"),
    ("get", "/v1/oracle/{run}"),
    ("get", "/v1/oracle/{run}/max_lr"),
    ("post", "/v1/oracle/{run}/observations"),
    ("get", "/healthz"),
    ("get", "/readyz"),
    ("get", "/metrics"),
}


@pytest.fixture
def described(app: FastAPI) -> dict[str, Any]:
    return app.openapi()


def contents(operation: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Media type and description of every body that goes in or out."""
    bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
    return [each for body in bodies for each in body.get("content", {}).items()]


def test_what_the_api_has_is_described_and_the_pages_are_not(described: dict[str, Any]) -> None:
    assert described["openapi"].startswith("3.1")
    assert {(method, path) for method, path, _ in operations(described)} == PATHS


def test_every_operation_has_a_name_a_summary_a_description_and_a_known_tag(
    described: dict[str, Any],
) -> None:
    tags = {tag["name"] for tag in described["tags"] if tag["description"]}
    names = []
    for method, path, operation in operations(described):
        where = f"{method} {path}"
        names.append(operation["operationId"])
        assert re.fullmatch("[a-z]+([A-Z][a-z]+)*", operation["operationId"]), where
        assert operation["summary"], where
        assert operation["description"].endswith("."), where
        assert len(operation["tags"]) == 1, where
        assert set(operation["tags"]) <= tags, where
    assert len(set(names)) == len(names)


def test_every_parameter_has_a_description(described: dict[str, Any]) -> None:
    for method, path, operation in operations(described):
        for each in operation.get("parameters", []):
            assert each.get("description"), f"{method} {path}: {each['name']}"
            assert set(each["schema"]) & {"type", "anyOf", "enum", "$ref"}, each["name"]


def test_every_body_has_a_schema_and_an_example_that_fits_it(described: dict[str, Any]) -> None:
    for method, path, operation in operations(described):
        for media, content in contents(operation):
            where = f"{method} {path}: {media}"
            assert content["schema"], where
            assert "example" in content, where
            schema = content["schema"] | {"components": described["components"]}
            jsonschema.Draft202012Validator(schema).validate(content["example"])


def test_every_refusal_is_documented_as_problem_details(described: dict[str, Any]) -> None:
    for method, path, operation in operations(described):
        where, answers = f"{method} {path}", operation["responses"]
        assert set(answers) & {"200", "201"}, where
        assert {"400", "413", "421", "429", "500", "503"} <= set(answers), where
        if operation["operationId"] not in ("health", "ready"):
            assert {"401", "403"} <= set(answers), where
        if "{" in path:
            assert {"404", "422"} <= set(answers), where
        if "requestBody" in operation:
            assert "422" in answers, where
        for status, answer in answers.items():
            if status >= "400":
                assert list(answer["content"]) == [PROBLEM], where
                assert answer["description"], where
    for name, code in (("Retry-After", "429"), ("Retry-After", "503"), ("WWW-Authenticate", "401")):
        assert name in described["paths"]["/v1/jobs"]["get"]["responses"][code]["headers"]
    assert "HTTPValidationError" not in described["components"]["schemas"]


def test_no_reference_leads_nowhere(described: dict[str, Any]) -> None:
    def refs(value: Any) -> set[str]:
        if isinstance(value, dict):
            own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
            return own.union(*map(refs, value.values()))
        return set().union(*map(refs, value)) if isinstance(value, list) else set()

    references = refs(described)
    assert "#/components/schemas/ProblemDetails" in references
    known = {f"#/components/schemas/{name}" for name in described["components"]["schemas"]}
    assert references <= known


def test_a_submission_describes_every_kind_of_study(described: dict[str, Any]) -> None:
    schemas = described["components"]["schemas"]
    kinds = {each.get("$ref", "") for each in schemas["Submission"]["properties"]["study"]["anyOf"]}
    for kind in (*KINDS.values(), FunctionStudy):
        assert f"#/components/schemas/{kind.__name__}" in kinds
        assert "cycles" in schemas[kind.__name__]["properties"]


def test_a_server_that_requires_tokens_describes_them(
    service: Any, described: dict[str, Any]
) -> None:
    from oracle.rest.settings import WebSettings

    strict = create_app(service, WebSettings(tokens_required=True)).openapi()
    ways = {"bearer", "session"}
    assert set(strict["components"]["securitySchemes"]) == ways
    for _, path, operation in operations(strict):
        if path in ("/healthz", "/readyz"):
            assert "security" not in operation
        else:
            assert {name for way in operation["security"] for name in way} == ways
            assert {} not in operation["security"]
    submit = strict["paths"]["/v1/jobs"]["post"]["security"]
    assert submit == [{"bearer": ["submit"]}, {"session": ["submit"]}]
    assert {} in described["paths"]["/v1/jobs"]["post"]["security"]


def test_the_description_is_served_without_a_token(client: TestClient) -> None:
    answer = client.get("/v1/openapi.json")
    assert answer.status_code == 200
    assert answer.json()["info"]["title"] == "S-Cyc oracle"
