"""Networks over HTTP: the command's own file, for owner and admin alone, and few at once."""

import gc
import io
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from starlette.testclient import TestClient

import oracle
from oracle.database import sqlite_url
from oracle.export.export import Selection
from oracle.records.jobs import Holder
from oracle.rest.exports import Exporter
from oracle.rest.problems import HttpProblem
from oracle.service.service import Service
from oracle.web.app import create_app

Ran = tuple[Service, str]
HOME = "http://127.0.0.1:8000"


@pytest.fixture
def stored(ran: Ran) -> oracle.Run:
    """The run as Python finds it."""
    folder = ran[0].settings.folder
    storage = sqlite_url(folder / "oracle.db").render_as_string(hide_password=False)
    return oracle.load_run(ran[1], runs=folder, storage=storage)


def test_a_network_over_http_is_the_file_that_the_command_writes(
    reader: TestClient, ran: Ran, stored: oracle.Run, tmp_path: Path
) -> None:
    answer = reader.get(f"/v1/runs/{ran[1]}/export", params={"cycle": 1, "format": "npz"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == (f'attachment; filename="{ran[1]}-cycle1.npz"')
    stored.export(tmp_path / "own.npz", 1, format="npz")
    ours, theirs = np.load(tmp_path / "own.npz"), np.load(io.BytesIO(answer.content))
    assert list(ours) == list(theirs)
    assert all(np.array_equal(ours[name], theirs[name]) for name in ours)
    assert int(answer.headers["content-length"]) == len(answer.content)


def test_which_network_is_chosen_as_in_the_command(
    reader: TestClient, ran: Ran, stored: oracle.Run
) -> None:
    selection = {"cycle": 1, "replicate": 1, "state": "ticket"}
    answer = reader.get(f"/v1/runs/{ran[1]}/export", params=selection)
    content = torch.load(io.BytesIO(answer.content), weights_only=True)
    ticket = stored.network(1, replicate=1, state="ticket").state_dict()
    assert all(torch.equal(ticket[name], value) for name, value in content["state_dict"].items())
    assert content["metadata"]["replicate"] == 1


@pytest.mark.parametrize(
    ("selection", "status", "words"),
    [
        ({"cycle": 9}, 422, "is no finished cycle"),
        ({"cycle": 1, "max_lr": 7.0}, 422, "was not tried in cycle 1"),
        ({"cycle": 1, "replicate": 5}, 422, "must be 0 to 1"),
        ({"cycle": 1, "shrink": "true"}, 422, "only l1_filter prunes filters whole"),
        ({"cycle": 1, "format": "pickle"}, 422, "format"),
        ({}, 422, "cycle"),
    ],
)
def test_missing_networks_are_refused_with_the_rule(
    reader: TestClient, ran: Ran, selection: dict[str, Any], status: int, words: str
) -> None:
    answer = reader.get(f"/v1/runs/{ran[1]}/export", params=selection)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert words in answer.text


def test_the_error_for_a_discarded_network_names_the_command_that_restores_it(
    reader: TestClient, ran: Ran, stored: oracle.Run
) -> None:
    cycle = stored.table["cycles"][1]
    lost = next(each["max_lr"] for each in cycle["grid"] if each["max_lr"] != cycle["well_tuned"])
    answer = reader.get(f"/v1/runs/{ran[1]}/export", params={"cycle": 1, "max_lr": lost})
    assert answer.status_code == 422
    (problem,) = answer.json()["errors"]
    assert "run the study again with that, in another folder of runs" in problem["rule"]
    assert "keep_checkpoints: all" in problem["rule"]


@pytest.fixture
def callers(
    tmp_path: Path,
    opened: Callable[..., Service],
    finished: Callable[..., str],
    web_settings: Callable[..., Any],
    study_yaml: Callable[..., str],
) -> Iterator[tuple[TestClient, str, dict[str, str]]]:
    """A server that requires tokens, with a run of ada's job; and the tokens by name."""
    run_id = finished(tmp_path)
    service = opened(tmp_path)
    job, _ = service.submit(study_yaml(), form="yaml", owner="ada")
    holder = Holder("test", "host 1 1")
    assert service.jobs.claim(holder) is not None
    assert service.jobs.ran_as(job.id, holder, run_id)
    secrets = {
        name: service.tokens.create(name, scope)
        for name, scope in (
            ("ada", "submit"),
            ("bob", "submit"),
            ("eve", "read"),
            ("root", "admin"),
        )
    }
    app = create_app(service, web_settings(tokens_required=True))
    with TestClient(app, base_url=HOME) as client:
        yield client, run_id, secrets
    service.close()


def test_a_network_is_its_owners_and_an_admins(
    callers: tuple[TestClient, str, dict[str, str]],
) -> None:
    client, run_id, secrets = callers
    expected = {"ada": 200, "root": 200, "bob": 403, "eve": 403, "nobody": 401}
    for name, status in expected.items():
        headers = {"Authorization": f"Bearer {secrets[name]}"} if name in secrets else {}
        answer = client.get(f"/v1/runs/{run_id}/export", params={"cycle": 0}, headers=headers)
        assert answer.status_code == status, name
        if status == 403:
            assert "are ada's; ask them, or an admin" in answer.json()["detail"]


def test_the_number_of_open_exports_is_limited_and_an_unread_one_expires(
    ran: Ran, stored: oracle.Run
) -> None:
    exporter = Exporter(patience=0.0, most=1)

    def file() -> Any:
        return exporter.file(stored._stored, stored._settings, "npz", Selection(0))

    first = file()
    with pytest.raises(HttpProblem, match="others have networks exported") as caught:
        file()
    assert caught.value.status == 503
    assert b"".join(first)[:2] == b"PK"
    second = file()  # the first was read to its end
    del second
    gc.collect()
    third = file()
    third.close()
    with pytest.raises(oracle.BadInput):
        exporter.file(stored._stored, stored._settings, "npz", Selection(9))
    file().close()  # a refusal keeps nothing open


def test_one_network_is_written_at_a_time(
    ran: Ran, stored: oracle.Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    exporter = Exporter(patience=0.0)
    inside, go_on = threading.Event(), threading.Event()

    def slow(*arguments: Any) -> Any:
        inside.set()
        assert go_on.wait(120)
        return io.BytesIO(b"x")

    monkeypatch.setattr(exporter, "_written", slow)
    thread = threading.Thread(
        target=exporter.file, args=(stored._stored, stored._settings, "npz", Selection(0))
    )
    thread.start()
    assert inside.wait(120)
    with pytest.raises(HttpProblem, match="others have networks exported"):
        exporter.file(stored._stored, stored._settings, "npz", Selection(0))
    go_on.set()
    thread.join()


def test_a_file_that_is_too_large_is_refused_with_the_remedy(ran: Ran, stored: oracle.Run) -> None:
    exporter = Exporter(largest=100)
    with pytest.raises(HttpProblem, match="whoever runs the server can write it") as caught:
        exporter.file(stored._stored, stored._settings, "torch", Selection(0))
    assert caught.value.status == 409
