"""Runs over HTTP, named, deleted, exported and imported: by their owners and by admins alone."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from web_fixtures import HOME

from oracle.records.jobs import Holder
from oracle.service.service import Service
from oracle.web.app import create_app

Callers = tuple[TestClient, str, Callable[[str], dict[str, str]]]


@pytest.fixture
def callers(
    ran: tuple[Service, str],
    tmp_path: Path,
    opened: Callable[..., Service],
    web_settings: Callable[..., Any],
    study_yaml: Callable[..., str],
) -> Iterator[Callers]:
    """A server that requires tokens, with a run of ada's job; its id; headers by caller."""
    shutil.copytree(ran[0].settings.folder, tmp_path / "runs")
    service = opened(tmp_path / "runs")
    job, _ = service.submit(study_yaml(), form="yaml", owner="ada")
    holder = Holder("test", "host 1 1")
    assert service.jobs.claim(holder) is not None
    assert service.jobs.ran_as(job.id, holder, ran[1])
    service.jobs.release(job.id, holder, "done")
    secrets = {
        name: service.tokens.create(name, scope)
        for name, scope in (
            ("ada", "submit"),
            ("bob", "submit"),
            ("eve", "read"),
            ("root", "admin"),
        )
    }
    app = create_app(service, web_settings(tokens_required=True, upload_limit=1_000_000))
    with TestClient(app, base_url=HOME) as client:
        yield client, ran[1], lambda name: {"Authorization": f"Bearer {secrets[name]}"}
    service.close()


def test_a_summary_has_progress_size_and_owner(callers: Callers) -> None:
    client, run_id, by = callers
    shown = client.get("/v1/runs/tiny/summary", headers=by("eve")).json()
    assert (shown["id"], shown["state"], shown["owners"]) == (run_id, "done", ["ada"])
    assert shown["done"] == shown["expected"] > 0
    assert shown["bytes"] > 0
    assert "folder" not in shown


def test_others_may_not_change_a_run(callers: Callers) -> None:
    client, run_id, by = callers
    path = f"/v1/runs/{run_id}"
    for name, status in (("bob", 403), ("eve", 403)):
        answers = [
            client.delete(path, headers=by(name)),
            client.patch(path, headers=by(name), json={"name": "mine"}),
            client.get(f"{path}/archive", headers=by(name)),
            client.post("/v1/runs", headers=by(name) | ZIP, content=b"x"),
        ]
        assert [answer.status_code for answer in answers] == [status] * 4
    assert client.delete(path).status_code == 401
    assert client.post("/v1/runs", headers=ZIP, content=b"x").status_code == 401
    assert client.post("/v1/runs", headers=by("ada") | ZIP, content=b"x").status_code == 403
    assert client.get(path, headers=by("eve")).json()["state"] == "done"


ZIP = {"Content-Type": "application/zip"}


def test_an_owner_names_exports_and_deletes_a_run_and_an_admin_brings_it_back(
    callers: Callers, study_yaml: Callable[..., str]
) -> None:
    client, run_id, by = callers
    named = client.patch(f"/v1/runs/{run_id}", headers=by("ada"), json={"name": "baseline"})
    assert named.json()["name"] == "baseline"
    table = client.get("/v1/runs/baseline/table", headers=by("eve")).content
    file = client.get("/v1/runs/baseline/archive", headers=by("ada"))
    assert file.headers["content-type"] == "application/zip"
    assert int(file.headers["content-length"]) == len(file.content)
    gone = client.delete("/v1/runs/baseline", headers=by("ada")).json()
    assert gone["id"] == run_id
    assert gone["trainings"] > 0
    assert client.get(f"/v1/runs/{run_id}", headers=by("eve")).status_code == 404
    yaml = {"Content-Type": "application/yaml"}
    again = client.post("/v1/jobs", headers=by("ada") | yaml, content=study_yaml())
    assert (again.status_code, again.json()["state"]) == (201, "queued")  # it runs anew
    for _ in range(2):
        back = client.post("/v1/runs", headers=by("root") | ZIP, content=file.content)
        assert (back.status_code, back.json()["id"], back.json()["state"]) == (200, run_id, "done")
    assert client.get(f"/v1/runs/{run_id}/table", headers=by("eve")).content == table


def test_a_file_that_is_no_exported_run_is_refused(callers: Callers) -> None:
    client, _, by = callers

    def sent(content: bytes, **headers: str) -> Any:
        return client.post("/v1/runs", headers=by("root") | ZIP | headers, content=content)

    refused = sent(b"no zip")
    assert refused.status_code == 422
    assert "is no archive of a run" in refused.json()["errors"][0]["rule"]
    assert "/" not in refused.json()["detail"]
    assert sent(b"{}", **{"Content-Type": "application/json"}).status_code == 415
    assert sent(bytes(1_000_001)).status_code == 413

    def pieces() -> Iterator[bytes]:
        for _ in range(11):
            yield bytes(100_000)

    answer = client.post("/v1/runs", headers=by("root") | ZIP, content=pieces())
    assert answer.status_code == 413  # without Content-Length
