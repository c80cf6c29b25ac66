"""A training function over HTTP: only where the server lists it."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from oracle.host.processes import process_id_string
from oracle.records.jobs import Holder
from oracle.service import driver
from oracle.service.service import Service
from oracle.web.app import create_app

ME = Holder("me", process_id_string())
MODULE = """
import math
import oracle

def train(task):
    value = 20 + 10 * abs(math.log(task.max_lr / 0.1)) + task.replicate + task.options["more"]
    task.report(1, validation=value + 1)
    (task.folder / "net.txt").write_text(str(task.max_lr))
    return oracle.Outcome(validation=value, test=value + 1)
"""
STUDY: dict[str, Any] = {
    "name": "text",
    "trainer": {"function": "mine", "options": {"more": 2}},
    "metric": {"name": "perplexity", "mode": "min"},
    "grid": {"max_lr": [0.05, 0.1, 0.2], "extend": False},
    "tolerance": 1.0,
    "cycles": 1,
    "replicates": 2,
    "s_cyc": {"epsilon": 0.1, "delta": 0.1, "q": 0, "beta": 3.0},
}


@pytest.fixture
def listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opened: Callable[..., Service]) -> Any:
    """Opens a client of a server that lists the function by a name."""
    (tmp_path / "served_function.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)

    def open_with(allow: dict[str, str], web_settings: Any) -> tuple[Service, TestClient]:
        service = opened(tmp_path, allow=allow)
        return service, TestClient(create_app(service, web_settings()), base_url="http://localhost")

    return open_with


def test_a_listed_function_is_submitted_run_and_tabled(listed: Any, web_settings: Any) -> None:
    service, client = listed({"mine": "served_function:train"}, web_settings)
    with client, contextlib.closing(service):
        answer = client.post("/v1/jobs", json={"study": STUDY})
        assert answer.status_code == 201, answer.text
        job = service.jobs.claim(ME)
        assert job is not None
        assert driver.run_job(job.id, service.settings, ME) == 0
        shown = client.get(f"/v1/jobs/{job.id}").json()
        assert shown["state"] == "done", shown
        table = client.get(f"/v1/runs/{job.id}/table").json()
        assert [cycle["well_tuned"] for cycle in table["cycles"]] == [0.1, 0.1]
        best = table["cycles"][1]["grid"][1]
        assert best["val_accuracy"] == [22.0, 23.0]
        assert best["test_accuracy"] == [23.0, 24.0]
        text = client.get(f"/v1/runs/{job.id}/table", params={"format": "text"}).text
        assert "perplexity" in text
        assert "accuracy" not in text
        page = client.get(f"/runs/{shown['run']}")
        assert page.status_code == 200
        refused = client.get(f"/v1/runs/{job.id}/export", params={"cycle": 1})
        assert refused.status_code == 422
        assert "the files that a training function left" in refused.text


@pytest.mark.parametrize("named", ["mine", "served_function:train", "os:system"])
def test_a_function_that_is_not_listed_is_refused(
    listed: Any, web_settings: Any, named: str
) -> None:
    service, client = listed({"other": "served_function:other"}, web_settings)
    with client, contextlib.closing(service):
        answer = client.post("/v1/jobs", json={"study": STUDY | {"trainer": named}})
        assert answer.status_code == 422
        paths = {each["path"] for each in answer.json()["errors"]}
        assert paths & {"trainer", "trainer.function"}
        assert service.jobs.page() == []
