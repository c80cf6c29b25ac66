"""`oracle runs --server` tells of a server's runs what it tells of a home's."""

import functools
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient
from web_fixtures import HOME

from oracle.cli.main import main
from oracle.client import client
from oracle.errors import ServerError
from oracle.service.service import Service
from oracle.web.app import create_app

Ask = Callable[..., Any]


@pytest.fixture
def run_id(ran: tuple[Service, str]) -> str:
    return ran[1]


@pytest.fixture
def ask(
    ran: tuple[Service, str],
    tmp_path: Path,
    opened: Callable[..., Service],
    web_settings: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Ask]:
    """Runs a command against a server that requires tokens and has one run, of the tiny study."""
    shutil.copytree(ran[0].settings.folder, tmp_path / "runs")
    service = opened(tmp_path / "runs")
    token = service.tokens.create("root", "admin")
    app = create_app(service, web_settings(tokens_required=True))
    with TestClient(app, base_url=HOME) as server:

        def answer(request: httpx.Request) -> httpx.Response:
            sent = server.request(
                request.method, str(request.url), headers=request.headers, content=request.content
            )
            return httpx.Response(sent.status_code, headers=sent.headers, content=sent.content)

        transport = httpx.MockTransport(answer)
        monkeypatch.setattr(client, "Client", functools.partial(client.Client, transport=transport))
        monkeypatch.setenv("ORACLE_TOKEN", token)

        def invoke(*words: str, **options: Any) -> Any:
            return CliRunner().invoke(main, ["runs", *words, "--server", HOME], **options)

        yield invoke
    service.close()


def test_a_list_has_the_runs_of_the_server_and_not_of_the_home(ask: Ask, run_id: str) -> None:
    lines = ask("list").stdout.splitlines()
    assert lines[0].split() == [
        "run",
        "name",
        "state",
        "progress",
        "scale",
        "latest",
        "size",
        "owner",
    ]
    assert [line.split()[:2] for line in lines[1:]] == [[run_id, "done"]]
    (listed,) = json.loads(ask("list", "--format", "json").stdout)
    assert json.loads(ask("show", "tiny", "--format", "json").stdout) == listed
    assert (listed["id"], listed["study"], listed["owners"]) == (run_id, "tiny", [])
    shown = ask("show", "tiny").stdout
    assert f"progress  {listed['done']} of {listed['expected']} training runs\n" in shown
    assert "folder" not in shown


def test_a_run_of_a_server_is_renamed_and_deleted(ask: Ask, run_id: str) -> None:
    assert ask("rename", "tiny", "baseline").stdout == f"{run_id}  baseline\n"
    assert "name      baseline\n" in ask("show", "baseline").stdout
    refused = ask("delete", "baseline", input="n\n")
    assert refused.stdout.endswith("nothing was deleted\n")
    assert f"Delete {run_id}?" in refused.stdout
    output = ask("delete", "baseline", "--yes").stdout
    assert output.startswith(f"{run_id} is deleted: ")
    assert ask("list").stdout == "no runs yet; start one: oracle run STUDY\n"
    gone = ask("show", run_id)
    assert isinstance(gone.exception, ServerError)
    assert "not found" in str(gone.exception)


def test_a_token_is_read_from_a_file_and_a_wrong_one_is_refused(
    ask: Ask, tmp_path: Path, run_id: str
) -> None:
    (tmp_path / "token").write_text("wrong\n")
    refused = ask("list", "--token-file", str(tmp_path / "token"))
    assert isinstance(refused.exception, ServerError)
    assert run_id not in refused.output


def test_a_server_and_a_home_cannot_both_be_given(ask: Ask) -> None:
    both = ask("list", "--runs", "here")
    assert both.exit_code == 2
    assert "leave out one" in both.output
