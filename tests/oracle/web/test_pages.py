"""The pages as a browser without JavaScript gets them."""

import contextlib
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import optuna
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from web_fixtures import finished, opened

from oracle.database import RunDatabase
from oracle.records.jobs import Holder, NewJob
from oracle.rest.settings import WebSettings
from oracle.search.graph import Graph
from oracle.search.request import StudyKey
from oracle.service.service import Service
from oracle.study.oracle import OracleStudy
from oracle.web.app import create_app
from scyc.specs.schedules import WarmupSpec

HOME = "http://127.0.0.1:8000"
HOSTILE = "<script>alert(1)</script>'\"&amp;"
STUDY = """name: tiny
dataset: digits
subset: 0.2
network: {name: fully_connected, hidden: [16]}
pruning: {rewind: init}
training: {steps: 12, batch: 16, validate_every: 6}
schedule: {warmup: 3, drops: [8]}
grid: {max_lr: [0.05, 0.1, 0.2]}
cycles: 2
replicates: 2
s_cyc: {epsilon: 0.1, delta: 0.1, q: 0, beta: 3.0}
"""


class Outline(HTMLParser):
    """What a screen reader goes by."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.headings: list[int] = []
        self.landmarks: list[str] = []
        self.labelled: set[str] = set()
        self.inputs: list[dict[str, str | None]] = []
        self.tables = self.captions = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = dict(attributes)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag in ("header", "main", "nav"):
            self.landmarks.append(tag)
        if tag == "label" and values.get("for"):
            self.labelled.add(str(values["for"]))
        if tag in ("input", "select", "textarea") and values.get("type") != "hidden":
            self.inputs.append(values)
        self.tables += tag == "table"
        self.captions += tag == "caption"

    def unlabelled(self) -> list[dict[str, str | None]]:
        return [
            each
            for each in self.inputs
            if each.get("id") not in self.labelled
            and "aria-label" not in each
            and each.get("type") != "checkbox"  # these stand within their labels
        ]


def form(client: TestClient, **fields: str) -> dict[str, str]:
    page = client.get("/").text
    match = re.search(r'name="csrf" value="([^"]+)"', page)
    assert match is not None
    return {"csrf": match[1], **fields}


@pytest.fixture
def seen(ran: tuple[Service, str]) -> Iterator[tuple[TestClient, str]]:
    """A browser at a server with a finished run."""
    service, run_id = ran
    app = create_app(service, WebSettings(rate=1e6, burst=10**6))
    with TestClient(app, base_url=HOME) as client:
        yield client, run_id


def test_a_study_is_submitted_by_the_form_and_its_page_shown(client: TestClient) -> None:
    answer = client.post("/", data=form(client, study=STUDY), follow_redirects=False)
    assert answer.status_code == 303
    assert re.fullmatch(r"/jobs/tiny-[0-9a-f]{8}", answer.headers["location"])
    page = client.get(answer.headers["location"])
    assert page.status_code == 200
    assert 'class="state queued"' in page.text
    assert "The job is queued." in page.text


def test_lines_that_a_browser_ends_its_own_way_are_the_same_study(client: TestClient) -> None:
    first = client.post("/", data=form(client, study=STUDY), follow_redirects=False)
    ended = STUDY.replace("\n", "\r\n")
    second = client.post("/", data=form(client, study=ended), follow_redirects=False)
    assert first.headers["location"] == second.headers["location"]


def test_all_problems_are_shown_at_once_with_path_value_rule_and_line(client: TestClient) -> None:
    wrong = STUDY.replace("0.05, 0.1, 0.2", "0.05, -0.02").replace("cycles: 2", "cycles: 0")
    answer = client.post("/", data=form(client, study=wrong))
    assert answer.status_code == 422
    assert "2 problems: nothing was submitted" in answer.text
    assert "grid.max_lr[1] = -0.02" in answer.text
    assert 'data-line="8"' in answer.text
    assert 'data-line="9"' in answer.text
    assert "cycles: 0" in answer.text  # the text area keeps what was typed


def test_numbers_that_are_none_are_refused_at_their_fields(client: TestClient) -> None:
    given = form(client, study=STUDY, cycles="many", scale="2", priority="101")
    answer = client.post("/", data=given)
    assert answer.status_code == 422
    for name in ("cycles", "scale", "priority"):
        assert f'id="{name}-wrong"' in answer.text
    assert 'value="many"' in answer.text


def test_a_shrunk_study_is_another_job_than_the_whole_one(client: TestClient) -> None:
    whole = client.post("/", data=form(client, study=STUDY), follow_redirects=False)
    less = client.post("/", data=form(client, study=STUDY, cycles="1"), follow_redirects=False)
    assert less.status_code == 303
    assert less.headers["location"] != whole.headers["location"]


def test_a_form_without_its_csrf_field_is_refused(client: TestClient, service: Service) -> None:
    answer = client.post("/", data={"study": STUDY})
    assert answer.status_code == 403
    assert "the form has expired" in answer.text
    assert sum(service.jobs.count().values()) == 0


def test_cancel_and_resume_are_buttons(client: TestClient) -> None:
    sent = client.post("/", data=form(client, study=STUDY), follow_redirects=False)
    job = sent.headers["location"]
    csrf = form(client)
    cancelled = client.post(f"{job}/cancel", data=csrf)
    assert 'class="state cancelled"' in cancelled.text
    assert "No training runs." in cancelled.text
    assert "not counted yet" not in cancelled.text  # none will be
    resumed = client.post(f"{job}/resume", data=csrf)
    assert 'class="state queued"' in resumed.text


def test_hostile_text_is_shown_and_never_acted_on(client: TestClient, service: Service) -> None:
    new = NewJob(
        id="x-00000000", owner=HOSTILE, study_name=HOSTILE, study="{}", source=HOSTILE, data=HOSTILE
    )
    service.jobs.submit(new)
    holder = Holder("h", "p")
    assert service.jobs.claim(holder) is not None
    service.jobs.tell(new.id, holder, "line", HOSTILE)
    service.jobs.release(new.id, holder, "failed", HOSTILE)
    for path in ("/", f"/jobs/{new.id}", f"/?text={HOSTILE}", f"/compare?run={HOSTILE}"):
        page = client.get(path).text
        assert "<script>alert" not in page, path
        assert "&lt;script&gt;alert(1)" in page, path
    refused = client.post("/", data=form(client, study=f"name: {HOSTILE}", data=HOSTILE))
    assert "<script>alert" not in refused.text


def test_no_page_has_a_script_or_a_handler_of_its_own(seen: tuple[TestClient, str]) -> None:
    client, run_id = seen
    for path in ("/", f"/runs/{run_id}", f"/compare?run={run_id}", "/sign-in"):
        page = client.get(path).text
        assert not re.search(r"<script(?![^>]*\bsrc=)", page), path
        assert not re.search(r"\son\w+=", page), path
        assert not re.search(r'(?:src|href)="(?:https?:)?//', page), path


def test_a_missing_page_links_back(client: TestClient) -> None:
    for path in ("/jobs/nothing", "/runs/nothing"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert answer.headers["content-type"].startswith("text/html")
        assert "Back to the jobs" in answer.text
    assert "<code>oracle status</code> lists all jobs" in client.get("/jobs/nothing").text


def test_an_unknown_address_is_a_page_for_browsers_and_problem_details_for_others(
    client: TestClient,
) -> None:
    browser = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    page = client.get("/nothing", headers=browser)
    assert page.status_code == 404
    assert "Page not found" in page.text
    assert 'href="/"' in page.text
    kinds = {
        client.get("/nothing").headers["content-type"],
        client.get("/v1/nothing", headers=browser).headers["content-type"],
        client.post("/nothing", headers=browser).headers["content-type"],
    }
    assert kinds == {"application/problem+json"}


def test_a_visitor_is_redirected_to_sign_in_and_back(service: Service) -> None:
    app = create_app(service, WebSettings(tokens_required=True))
    with TestClient(app, base_url=HOME) as client:
        answer = client.get("/compare?run=a", follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=%2Fcompare%3Frun%3Da"


def test_the_page_of_a_run_has_its_table_and_downloads(
    seen: tuple[TestClient, str],
) -> None:
    client, run_id = seen
    page = client.get(f"/runs/{run_id}").text
    table = client.get(f"/v1/runs/{run_id}/table").json()
    assert page.count('<th scope="row"') >= len(table["cycles"])
    for cycle in table["cycles"]:
        assert f"{cycle['well_tuned']:.4g}" in page
    for kind in ("csv", "latex", "json", "markdown"):
        address = f"/v1/runs/{run_id}/table?format={kind}"
        assert address in page
        assert client.get(address).status_code == 200


def test_the_figures_of_a_run_come_one_by_one_and_in_words(seen: tuple[TestClient, str]) -> None:
    client, run_id = seen
    panels = client.get(f"/runs/{run_id}/panels").json()["panels"]
    assert [each["name"] for each in panels] == ["regions", "accuracies"]
    last = client.get(f"/v1/runs/{run_id}/table").json()["cycles"][-1]
    assert panels[0]["says"].startswith(f"At cycle 2, with {last['weights_remaining']:.3g} % of")
    assert len(panels[1]["figure"]["data"]) >= 3


def test_runs_are_compared_cycle_by_cycle(seen: tuple[TestClient, str]) -> None:
    client, run_id = seen
    one = client.get(f"/compare?run={run_id}")
    assert "Choose another" in one.text
    (panel,) = client.get(f"/compare/panels?run={run_id}").json()["panels"]
    assert [each["name"] for each in panel["figure"]["data"]] == [
        f"{run_id}: estimated region", "well-tuned max_lr", "S-Cyc",
    ]  # fmt: skip
    assert client.get("/compare?" + "&".join(["run=a"] * 7)).status_code == 422


def test_every_page_has_landmarks_labels_and_headings_in_order(
    seen: tuple[TestClient, str],
) -> None:
    client, run_id = seen
    for path in ("/", f"/runs/{run_id}", "/compare", f"/compare?run={run_id}", "/sign-in"):
        outline = Outline(client.get(path).text)
        assert outline.headings.count(1) == 1, path
        assert outline.headings[0] == 1, path
        steps = zip(outline.headings, outline.headings[1:], strict=False)
        assert all(after - before <= 1 for before, after in steps), path
        assert {"header", "main"} <= set(outline.landmarks), path
        assert outline.unlabelled() == [], path
        assert outline.tables == outline.captions, path


def test_files_of_pages_are_cached_for_good_and_sent_compressed(client: TestClient) -> None:
    page = client.get("/compare").text
    addresses = re.findall(r'(?:src|href)="(/assets/[^"]+)"', page)
    assert {each.rpartition("/")[2] for each in addresses} == {
        "figures.js", "live.js", "mark.svg", "oracle.css", "panels.css", "plotly.js",
    }  # fmt: skip
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["content-encoding"] == "gzip"
        again = client.get(address, headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304
    assert client.get("/assets/old/oracle.css").headers["cache-control"] == "no-cache"
    assert client.get("/assets/old/secrets.txt").status_code == 404


def test_the_app_describes_no_page_in_its_api(app: FastAPI) -> None:
    assert all(
        not path.startswith(("/jobs", "/runs", "/assets")) for path in app.openapi()["paths"]
    )


def test_another_server_of_the_database_takes_the_forms_of_this_one(
    client: TestClient, service: Service
) -> None:
    other = Service(service.settings)
    sent = form(client, study=STUDY)
    with TestClient(create_app(other, WebSettings()), base_url=HOME) as visitor:
        answer = visitor.post("/", data=sent, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"][:10]) == (303, "/jobs/tiny")
        wrong = sent | {"csrf": "0" * 64}
        assert visitor.post("/", data=wrong).status_code == 403
    other.close()
    assert service.sessions.find("forms") is None


def test_a_caller_who_may_only_read_sees_the_jobs_and_what_submitting_needs(
    service: Service,
) -> None:
    secret = service.tokens.create("reader", "read")
    app = create_app(service, WebSettings(tokens_required=True))
    with TestClient(app, HOME, headers={"Authorization": f"Bearer {secret}"}) as reading:
        page = reading.get("/")
    assert page.status_code == 200
    assert "Submitting needs the scope submit" in page.text
    assert "<textarea" not in page.text


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with a finished run, to be copied, and the run's id."""
    folder = tmp_path_factory.mktemp("trained")
    return folder, finished(folder)


def test_training_runs_under_way_are_a_table_of_the_run_s_page(
    tmp_path: Path, trained: tuple[Path, str]
) -> None:
    folder, run_id = trained
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    with contextlib.closing(opened(tmp_path)) as service:
        client = TestClient(create_app(service, WebSettings(rate=1e6, burst=10**6)), HOME)
        known = service.run(run_id)
        graph = Graph(known.study.system, known.record.fingerprint)
        cell = graph.root(0, WarmupSpec(warmup=3, drops=(8,)), 0.1234)
        key = StudyKey("oracle", 0, "a" * 64)
        assert ">Running</h2>" not in client.get(f"/runs/{run_id}").text
        with (
            contextlib.closing(RunDatabase(service.settings.url)) as database,
            database.lease(graph.id, print) as lease,
        ):
            curve = {6: 31.0, 12: 62.5}
            service.store.show_running(graph, "tiny", key, [(cell, curve)], lease.claim)
            database.register(replace(known.record, state="running"), lease.claim)
            page = client.get(f"/runs/{run_id}").text
        killed = client.get(f"/runs/{run_id}").text
    row = page[page.index(">Running</h2>") :].partition("</section>")[0]
    assert re.findall(r"<td>([^<]*)</td>", row) == ["0.1234", "0", "12", "62.50"]
    assert 'points="2.0,22.0 98.0,2.0"' in row
    assert ">Running</h2>" not in killed  # the trial is still there, and nobody trains it


def test_figures_show_which_max_lr_are_running_as_soon_as_they_are(
    tmp_path: Path, trained: tuple[Path, str]
) -> None:
    folder, run_id = trained
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    with contextlib.closing(opened(tmp_path)) as service:
        url = service.settings.url.render_as_string(hide_password=False)
        for name in optuna.get_all_study_names(url):
            optuna.delete_study(study_name=name, storage=url)
        client = TestClient(create_app(service, WebSettings(rate=1e6, burst=10**6)), HOME)
        known = service.run(run_id)
        assert isinstance(known.study, OracleStudy)
        graph = Graph(known.study.system, known.record.fingerprint)
        schedule, rates = known.study.schedule, [0.05, 0.2]
        cells = [graph.root(0, schedule, rate) for rate in rates]
        key = StudyKey("oracle", 0, graph.study_key([None], schedule))

        def drawn() -> dict[str, list[float]]:
            panels = client.get(f"/runs/{run_id}/panels").json()["panels"]
            return {
                trace["name"]: trace["y"]
                for panel in panels
                if panel["name"] == "regions"
                for trace in panel["figure"]["data"]
            }

        with (
            contextlib.closing(RunDatabase(service.settings.url)) as database,
            database.lease(graph.id, print) as lease,
        ):
            database.register(replace(known.record, state="running"), lease.claim)
            assert drawn() == {}
            for cell, expected in zip(cells, (rates[:1], rates), strict=True):
                service.store.show_running(graph, "tiny", key, [(cell, {6: 31.0})], lease.claim)
                assert drawn()["cycle 0: running"] == expected
        assert "running" not in "".join(drawn())  # the driver is gone
