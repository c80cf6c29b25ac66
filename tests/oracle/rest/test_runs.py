"""Runs over HTTP: the command's own bytes, figures, regions, studies; and what is refused."""

import csv
import io
import json
import re
import threading
from typing import Any

import plotly.graph_objects as go
import pytest
from starlette.testclient import TestClient

from oracle.database import RunRecord
from oracle.reports import formats
from oracle.rest.image_export import Drawing
from oracle.rest.problems import HttpProblem
from oracle.rest.runs import study_yaml as as_yaml
from oracle.runs import catalog, html_report
from oracle.service.service import Service
from oracle.settings import Settings
from oracle.study.built_in import bundled_studies
from oracle.study.loading import read_yaml
from oracle.study.validation import parse

Ran = tuple[Service, str]
ANY_ID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}"  # Plotly draws one for each figure


def refused(answer: Any, status: int) -> str:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return str(answer.json()["detail"])


@pytest.fixture
def stored(ran: Ran) -> catalog.StoredRun:
    """The run as the command line finds it."""
    settings = ran[0].settings
    storage = settings.url.render_as_string(hide_password=False)
    return catalog.find_run(ran[1], Settings(folder=settings.folder, storage=storage))


@pytest.mark.parametrize(
    ("form", "media", "ending"),
    [
        ("json", "application/json", "json"),
        ("csv", "text/csv; charset=utf-8", "csv"),
        ("markdown", "text/markdown; charset=utf-8", "md"),
        ("latex", "application/x-latex; charset=utf-8", "tex"),
        ("text", "text/plain; charset=utf-8", "txt"),
    ],
)
def test_a_table_is_byte_for_byte_what_the_command_prints(
    reader: TestClient, ran: Ran, stored: catalog.StoredRun, form: str, media: str, ending: str
) -> None:
    answer = reader.get(f"/v1/runs/{ran[1]}/table", params={"format": form})
    table = catalog.stored_table(stored)
    printed = formats.text(table, 160) if form == "text" else formats.FORMATS[form](table)
    assert answer.content == printed.encode()
    assert answer.headers["content-type"] == media
    assert f'filename="{ran[1]}.{ending}"' in answer.headers["content-disposition"]


def test_text_is_as_wide_as_requested(
    reader: TestClient, ran: Ran, stored: catalog.StoredRun
) -> None:
    path = f"/v1/runs/{ran[1]}/table"
    narrow = reader.get(path, params={"format": "text", "width": 100})
    assert narrow.text == formats.text(catalog.stored_table(stored), 100)
    assert narrow.content != reader.get(path, params={"format": "text"}).content
    refused(reader.get(path, params={"format": "text", "width": 10}), 422)
    refused(reader.get(path, params={"format": "pdf"}), 422)


def test_a_run_is_found_by_its_id_and_by_its_study(reader: TestClient, ran: Ran) -> None:
    shown = reader.get(f"/v1/runs/{ran[1]}").json()
    assert shown == reader.get("/v1/runs/tiny").json()
    assert shown == reader.get("/v1/runs").json()["items"][0]
    assert (shown["id"], shown["study"], shown["kind"]) == (ran[1], "tiny", "oracle")
    assert (shown["state"], shown["cycles"], shown["shrunk"]) == ("done", 2, {})


@pytest.mark.parametrize("part", ["", "/table", "/figure", "/report", "/study", "/cycles/0/region"])
def test_a_run_that_is_not_there_is_404(reader: TestClient, part: str) -> None:
    assert "other-00000000" in refused(reader.get(f"/v1/runs/other-00000000{part}"), 404)


def test_a_job_names_its_run_and_has_none_before_it_starts(
    client: TestClient, study_yaml: Any
) -> None:
    body = {"study": study_yaml()}
    job = client.post("/v1/jobs", json=body).json()["id"]
    assert "no run yet" in refused(client.get(f"/v1/runs/{job}/table"), 404)
    assert client.get("/v1/runs").json() == {"items": [], "next": None}


def test_a_region_is_that_of_the_table(
    reader: TestClient, ran: Ran, stored: catalog.StoredRun
) -> None:
    row = catalog.stored_table(stored)["cycles"][1]
    body = reader.get(f"/v1/runs/{ran[1]}/cycles/1/region").json()
    assert body == {
        "run": ran[1],
        "cycle": 1,
        "weights_remaining": row["weights_remaining"],
        "well_tuned": row["well_tuned"],
        "feasible": row["feasible"],
        "s_cyc": row["s_cyc"],
    }
    assert body["feasible"]["low"] <= body["well_tuned"] <= body["feasible"]["high"]
    assert "cycle 3" in refused(reader.get(f"/v1/runs/{ran[1]}/cycles/3/region"), 404)
    refused(reader.get(f"/v1/runs/{ran[1]}/cycles/-1/region"), 422)
    refused(reader.get(f"/v1/runs/{ran[1]}/cycles/one/region"), 422)


def test_a_figure_is_plotlys_json_or_a_page_that_reaches_nothing(
    reader: TestClient, ran: Ran
) -> None:
    path = f"/v1/runs/{ran[1]}/figure"
    figure = go.Figure(reader.get(path).json())
    assert "measured region" in " ".join(str(trace.name) for trace in figure.data)
    page = reader.get(path, params={"format": "html"})
    assert "<script" in page.text
    policy = page.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-scripts")
    assert "default-src 'none'" in policy
    assert "allow-same-origin" not in policy


def test_a_report_is_what_a_run_writes(
    reader: TestClient, ran: Ran, stored: catalog.StoredRun
) -> None:
    answer = reader.get(f"/v1/runs/{ran[1]}/report")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"].startswith("sandbox")
    page = html_report.page(catalog.stored_table(stored), stored.study)
    assert re.sub(ANY_ID, "", answer.text) == re.sub(ANY_ID, "", page)


@pytest.mark.parametrize("form", ["png", "svg"])
def test_pictures_are_drawn_by_a_browser(
    reader: TestClient, ran: Ran, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[dict[str, Any]] = []

    def to_image(self: go.Figure, **given: Any) -> bytes:
        calls.append(given)
        return b"drawn"

    monkeypatch.setattr(go.Figure, "to_image", to_image)
    answer = reader.get(f"/v1/runs/{ran[1]}/figure", params={"format": form})
    assert answer.content == b"drawn"
    assert answer.headers["content-type"].startswith("image/")
    assert calls == [{"format": form, "scale": 2 if form == "png" else 1}]


@pytest.mark.parametrize(
    ("error", "message"), [(RuntimeError("no chrome"), "Chromium"), (OSError("gone"), "log")]
)
def test_without_a_browser_a_picture_is_refused_and_the_next_may_come(
    reader: TestClient, ran: Ran, monkeypatch: pytest.MonkeyPatch, error: Exception, message: str
) -> None:
    def fail(self: go.Figure, **given: Any) -> bytes:
        raise error

    monkeypatch.setattr(go.Figure, "to_image", fail)
    for _ in range(2):
        answer = reader.get(f"/v1/runs/{ran[1]}/figure", params={"format": "png"})
        assert message in refused(answer, 503)
        assert int(answer.headers["retry-after"]) > 0


def test_pictures_are_drawn_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    began, go_on = threading.Event(), threading.Event()

    def slow(self: go.Figure, **given: Any) -> bytes:
        began.set()
        assert go_on.wait(120)
        return b"first"

    monkeypatch.setattr(go.Figure, "to_image", slow)
    drawing = Drawing(patience=0.05)
    first = threading.Thread(target=drawing.picture, args=(go.Figure(), "png"))
    first.start()
    assert began.wait(120)
    with pytest.raises(HttpProblem, match="come again") as error:
        drawing.picture(go.Figure(), "png")
    assert error.value.status == 503
    go_on.set()
    first.join()
    assert drawing.picture(go.Figure(), "svg") == b"first"


def test_a_runs_study_can_be_submitted_again(reader: TestClient, ran: Ran) -> None:
    answer = reader.get(f"/v1/runs/{ran[1]}/study")
    assert answer.headers["content-type"].startswith("application/yaml")
    assert parse(read_yaml(answer.text, "again"), "again") == ran[0].run(ran[1]).study


@pytest.mark.parametrize("name", sorted(bundled_studies()))
def test_every_study_that_ships_survives_its_yaml(
    name: str, stored: catalog.StoredRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    study = parse(read_yaml(bundled_studies()[name], name), name)
    text = as_yaml(replace(stored, study=study))
    assert parse(read_yaml(text, name), name) == study


def test_the_studies_that_ship_are_listed(reader: TestClient) -> None:
    body = reader.get("/v1/shipped").json()
    assert body == bundled_studies()
    assert "digits" in body


def test_distributions_are_of_a_study_that_records(reader: TestClient, ran: Ran) -> None:
    path = f"/v1/runs/{ran[1]}/table"
    answer = reader.get(path, params={"distributions": "oracle"})
    refused(answer, 422)
    assert "record" in answer.json()["errors"][0]["rule"]


def test_csv_has_a_row_a_cycle_and_json_has_the_same_values(reader: TestClient, ran: Ran) -> None:
    path = f"/v1/runs/{ran[1]}/table"
    rows = list(csv.DictReader(io.StringIO(reader.get(path, params={"format": "csv"}).text)))
    cycles = json.loads(reader.get(path).content)["cycles"]
    assert [float(row["well_tuned"]) for row in rows] == [each["well_tuned"] for each in cycles]
    assert len(rows) == 3


def test_runs_are_listed_page_by_page_the_newest_first(
    service: Service, client: TestClient, ran: Ran
) -> None:
    study = ran[0].database.runs()[0].study
    names = [f"tiny-{number:08x}" for number in range(5)]
    for name in names:
        service.database.register(RunRecord(name, "0" * 64, "0" * 64, study, "done"))
    pages, before = [], ""
    while True:
        body = client.get(f"/v1/runs?limit=2{before}").json()
        pages.append([each["id"] for each in body["items"]])
        if body["next"] is None:
            break
        before = f"&before={body['next']}"
    assert pages == [names[:2:-1], names[2:0:-1], names[:1]]
    assert [each["id"] for each in client.get("/v1/runs").json()["items"]] == names[::-1]
    assert client.get("/v1/runs?limit=201").status_code == 422
