"""The description of the API: what no operation's signature says is added to FastAPI's."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

from oracle.rest.auth import COOKIE
from oracle.rest.problems import MEDIA_TYPE, ProblemDetails, example
from oracle.rest.reference.examples import ANSWERS, REQUESTS
from oracle.rest.schemas import EventShown, JobShown, Submission
from oracle.rest.settings import WebSettings
from oracle.study.function import FunctionStudy
from oracle.study.registry import KINDS
from oracle.tables.json_schema import json_schema
from scyc.json_types import JsonMapping, JsonObject

_REF = "#/components/schemas/{model}"
_OPEN = frozenset({"health", "ready"})  # no token required
TAGS = (
    {"name": "jobs", "description": "Submitted studies: queued, run, watched."},
    {"name": "runs", "description": "What the storage has: tables, figures, regions."},
    {
        "name": "oracle",
        "description": "External training loops: ask and tell.",
    },
    {"name": "operations", "description": "For those who watch over the server."},
)
_SECURITY: JsonMapping = MappingProxyType(
    {
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "description": "A token that `oracle token create` made.",
        },
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": COOKIE,
            "description": "The page's session; only with requests of the server's own pages.",
        },
    }
)
_HEADERS: JsonMapping = MappingProxyType(
    {
        "Location": {"description": "Where it is.", "schema": {"type": "string"}},
        "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "string"}},
        "WWW-Authenticate": {"description": "Bearer.", "schema": {"type": "string"}},
    }
)
STUDY_MODELS: tuple[type[BaseModel], ...] = (*KINDS.values(), FunctionStudy)
STUDIES = (
    *({"$ref": _REF.format(model=kind.__name__)} for kind in STUDY_MODELS),
    {"type": "object", "description": "With names in place of parts, as studies are written."},
)


def _json(model: type[BaseModel]) -> JsonObject:
    """Text that holds a model's JSON."""
    schema = {"$ref": _REF.format(model=model.__name__)}
    return {"type": "string", "contentMediaType": "application/json", "contentSchema": schema}


STREAM: JsonMapping = MappingProxyType(  # one of a stream's events
    {
        "oneOf": [
            {
                "type": "object",
                "description": "The job, as it is now.",
                "properties": {"event": {"const": "job"}, "data": _json(JobShown)},
                "required": ["event", "data"],
            },
            {
                "type": "object",
                "description": "Something that happened to it.",
                "properties": {
                    "event": {"enum": ["state", "line", "say"]},
                    "id": {"type": "string", "pattern": "^[0-9]+$"},
                    "data": _json(EventShown),
                },
                "required": ["event", "id", "data"],
            },
        ]
    }
)
_CREATING = frozenset({"submit", "declareOutside"})


def describe(app: FastAPI, settings: WebSettings) -> None:
    """Have an application describe itself completely.

    Args:
        app: With all its routes.
        settings: Of which some are in the description, such as whether tokens are needed.
    """
    original = app.openapi

    def openapi() -> JsonObject:
        if app.openapi_schema is None:
            app.openapi_schema = _completed(original(), settings)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way


def operations(described: JsonMapping) -> Iterator[tuple[str, str, JsonObject]]:
    """List the operations of the API.

    Args:
        described: The OpenAPI document.

    Yields:
        Method, path and description of each.
    """
    for path, item in described["paths"].items():
        for method, operation in item.items():
            yield method, path, operation


def _completed(description: JsonObject, settings: WebSettings) -> JsonObject:
    parts = description["components"]
    schemas = parts.setdefault("schemas", {})
    models: list[type[BaseModel]] = [ProblemDetails, Submission, EventShown]
    for model in (*models, *STUDY_MODELS):
        schema = model.model_json_schema(ref_template=_REF)
        for name, each in {**schema.pop("$defs", {}), model.__name__: schema}.items():
            schemas.setdefault(name, each)
    tables = json_schema(ref_template=_REF)
    schemas.update(tables.pop("$defs"))
    schemas["Table"] = {"title": "Table", "description": "A run's table, by its kind.", **tables}
    study = schemas["Submission"]["properties"]["study"]
    study["anyOf"] = [*STUDIES, {"type": "string", "description": "YAML."}]
    parts["securitySchemes"] = dict(_SECURITY)
    for method, _, operation in operations(description):
        _complete(method, operation, settings)
    return description


def _complete(method: str, operation: JsonObject, settings: WebSettings) -> None:
    name = operation["operationId"]
    scope = "read" if method == "get" else "submit"
    if name not in _OPEN:
        anyone: list[dict[str, list[str]]] = [] if settings.tokens_required else [{}]
        operation["security"] = [{"bearer": [scope]}, {"session": [scope]}, *anyone]
    bodies = [operation.get("requestBody", {}), operation["responses"].get("200", {})]
    contents = [each for body in bodies for each in body.get("content", {}).items()]
    for media, content in contents:
        if media == "application/yaml":
            content["schema"] = {"anyOf": [*STUDIES]}
        elif media == "text/event-stream":
            content["schema"] = dict(STREAM)
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        _exemplify(content, REQUESTS.get((name, media)))
    for status, answer in operation["responses"].items():
        for media, content in answer.get("content", {}).items():
            refused = media == MEDIA_TYPE
            _exemplify(content, example(int(status)) if refused else ANSWERS.get((name, media)))
        heads = {"401": "WWW-Authenticate", "429": "Retry-After", "503": "Retry-After"}
        if name in _CREATING and status in ("200", "201"):
            answer["headers"] = {"Location": _HEADERS["Location"]}
        elif status in heads:
            answer["headers"] = {heads[status]: _HEADERS[heads[status]]}


def _exemplify(content: JsonObject, shown: Any) -> None:
    if shown is not None:
        content.setdefault("example", shown)
