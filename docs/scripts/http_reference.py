"""Make docs/reference/http.md, the HTTP API, from the description that the server gives of itself.

python docs/scripts/pages.py
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from oracle.database import sqlite_url
from oracle.rest.reference.openapi import TAGS, operations
from oracle.rest.settings import WebSettings
from oracle.service.service import Service
from oracle.service.settings import ServerSettings
from oracle.web.app import create_app

_HEAD = """# HTTP API

`oracle serve` answers these requests; [Run a server](../how-to/server.md#the-api) has examples
with `curl` and in Python. The server describes all of it, with every schema and every error, as
OpenAPI 3.1 at `/v1/openapi.json`, from which tools make clients.

If the server requires tokens, send `Authorization: Bearer TOKEN`. A refusal is problem details
(RFC 9457, `application/problem+json`); `errors` has the path, the value and the rule of every
problem of an input.

This page is made from the server's own description by `python docs/scripts/pages.py`.
"""


def page() -> str:
    """Return the reference as Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        settings = ServerSettings(
            url=sqlite_url(Path(folder) / "oracle.db"), folder=Path(folder), backend="inline"
        )
        service = Service(settings)
        described = create_app(service, WebSettings()).openapi()
        service.close()
    parts = [_HEAD, *_errors(described)]
    for tag in TAGS:
        parts.append(f"## {tag['name'].capitalize()}\n\n{tag['description']}\n")
        for method, path, operation in operations(described):
            if operation["tags"] == [tag["name"]]:
                parts.extend(_operation(method, path, operation))
    return "\n".join(parts).rstrip() + "\n"


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield f"### {operation['summary']}\n\n```http\n{method.upper()} {path}\n```\n"
    yield _text(operation["description"]) + "\n"
    parameters = operation.get("parameters", [])
    if parameters:
        yield "| parameter | in | values | meaning |\n| --- | --- | --- | --- |"
        for each in parameters:
            needed = "" if each["required"] or "default" in each["schema"] else ", optional"
            yield (
                f"| `{each['name']}` | {each['in']}{needed} | {_values(each['schema'])} "
                f"| {_text(each.get('description', ''))} |"
            )
        yield ""
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        yield from _example(f"Body, `{media}`", media, content)
    for status, answer in operation["responses"].items():
        if status < "300":
            kinds = ", ".join(f"`{each}`" for each in answer.get("content", {}))
            yield f"Answer {status}: {_text(answer['description'])} {kinds}\n"
    errors = ", ".join(status for status in operation["responses"] if status >= "300")
    yield f"Errors: {errors}.\n"
    answer = next((v for k, v in operation["responses"].items() if k in ("200", "201")), {})
    for media, content in answer.get("content", {}).items():
        yield from _example("Example of an answer", media, content)
        break


def _errors(described: Mapping[str, Any]) -> Iterator[str]:
    """List the errors of all operations, each by the description that most of them give it."""
    texts: dict[str, Counter[str]] = {}
    for _, _, operation in operations(described):
        for status, answer in operation["responses"].items():
            if status >= "300":
                texts.setdefault(status, Counter())[_text(answer["description"])] += 1
    yield "## Errors\n\n| status | meaning |\n| --- | --- |"
    for status in sorted(texts):
        yield f"| {status} | {texts[status].most_common(1)[0][0]} |"
    yield ""


def _example(title: str, media: str, content: Mapping[str, Any]) -> Iterator[str]:
    shown = content.get("example")
    if shown is None:
        return
    if isinstance(shown, str):
        text = shown
    elif "yaml" in media:
        text = yaml.safe_dump(shown, sort_keys=False, default_flow_style=None)
    else:
        text = json.dumps(shown, indent=2)
    lines = text.rstrip().splitlines()
    if len(lines) > 24:
        lines = [*lines[:24], "..."]
    language = "yaml" if "yaml" in media else "json"
    if len(lines) == 25 or isinstance(shown, str):
        language = "text"
    body = "\n".join(lines)
    yield f"{title}:\n\n```{language}\n{body}\n```\n"


def _values(schema: Mapping[str, Any]) -> str:
    choices = [schema, *schema.get("anyOf", [])]
    kinds = [each["type"] for each in choices if each.get("type") not in (None, "null")]
    values = next((each["enum"] for each in choices if "enum" in each), None)
    bounds = [
        f"{word} {each[key]}"
        for each in choices
        for key, word in (("minimum", "from"), ("maximum", "to"))
        if key in each
    ]
    shown = ", ".join(f"`{each}`" for each in values) if values else " ".join([*kinds[:1], *bounds])
    default = schema.get("default")
    return shown + (f"; `{json.dumps(default)}` if left out" if default is not None else "")


def _text(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
