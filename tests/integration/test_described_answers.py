"""Whatever is sent to the API: it answers, and as its description says."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import plotly.graph_objects as go
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from oracle.records.jobs import Holder
from oracle.rest.reference.examples import REQUESTS
from oracle.rest.settings import WebSettings
from oracle.service.service import Service
from oracle.study.parts.external_run import ExternalRun
from oracle.study.validation import parse_as
from oracle.web.app import create_app

schemathesis.serializer.alias("application/zip", "application/octet-stream")
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
OPERATIONS = (
    "submit", "listJobs", "getJob", "changeJob", "watchJob", "cancelJob", "resumeJob",
    "listRuns", "getRun", "getTable", "getFigure", "getReport", "getStudy", "getRegion",
    "exportNetwork", "summarizeRun", "renameRun", "exportRun", "importRun",
    "listShipped", "declareOutside", "listOutside", "getOutside", "getMaxLr", "observe",
    "health", "ready", "metrics", "deleteRun",  # last: the others need the run
)  # fmt: skip
OUTSIDE = ("getOutside", "observe")  # of a run that was declared
FEW, MANY = 20, 1000


@pytest.fixture(scope="module")
def seen(
    tmp_path_factory: pytest.TempPathFactory,
    opened: Callable[..., Service],
    finished: Callable[..., str],
    web_settings: Callable[..., WebSettings],
    tiny: dict[str, Any],
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """The operations of a server with a finished run and an ended job, and the names of both."""
    folder = tmp_path_factory.mktemp("described")
    run = finished(folder)
    service = opened(folder, queue=10**6)
    outside = parse_as(ExternalRun, REQUESTS["declareOutside", "application/json"], "run")
    service.outside.declare(outside, "local")
    job, _ = service.submit(json.dumps(tiny), form="json", owner="local")
    holder = Holder("test", "host 1 1")
    service.jobs.claim(holder)
    service.jobs.ran_as(job.id, holder, run)
    service.jobs.release(job.id, holder, "done")
    app = create_app(service, web_settings(allowed_hosts=("testserver", "localhost")))
    schema = schemathesis.openapi.from_asgi("/v1/openapi.json", app)
    every = [each.ok() for each in schema.get_all_operations()]
    operations = {each.definition.raw["operationId"]: each for each in every}
    names = {"run": run, "job": job.id, "cycle": 1}
    yield (
        operations,
        {name: names | {"run": outside.id} if name in OUTSIDE else names for name in operations},
    )
    service.close()


def conforms(seen: tuple[dict[str, Any], dict[str, Any]], name: str, examples: int) -> Counter[int]:
    """Try an operation with what its description allows and with what it does not.

    Returns how often which status came.
    """
    operation = seen[0][name]
    taken = {each.name for each in operation.path_parameters}
    real = {key: value for key, value in seen[1][name].items() if key in taken}
    fit = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    cases = [fit, operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)]
    if real:
        cases = [
            operation.as_strategy(generation_mode=mode, path_parameters=real)
            for mode in GenerationMode
        ] + cases
    statuses: Counter[int] = Counter()
    if example := REQUESTS.get((name, "application/json")):  # drawn bodies are seldom right
        case = operation.Case(path_parameters=real, body=example, media_type="application/json")
        statuses[case.call_and_validate(checks=CHECKS).status_code] += 1

    @settings(
        max_examples=examples,
        database=None,
        derandomize=examples == FEW,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.one_of(cases))
    def sent(case: Any) -> None:
        answer = case.call_and_validate(checks=CHECKS)
        statuses[answer.status_code] += 1

    sent()
    return statuses


@pytest.fixture(autouse=True)
def drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures without a browser."""
    monkeypatch.setattr(go.Figure, "to_image", lambda self, **given: b"picture")


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_answer_is_as_described(seen: Any, name: str) -> None:
    statuses = conforms(seen, name, FEW)
    done = {409} if name in ("cancelJob", "resumeJob") else {200, 201}  # the job has ended
    assert statuses.keys() & (done if name != "importRun" else {422})  # bytes by chance are no zip


@pytest.mark.slow
@pytest.mark.parametrize("name", OPERATIONS)
def test_a_thousand_answers_are_as_described(seen: Any, name: str) -> None:
    conforms(seen, name, MANY)


def test_every_operation_is_tried(seen: Any) -> None:
    assert set(seen[0]) == set(OPERATIONS)
