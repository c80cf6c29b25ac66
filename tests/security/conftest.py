"""A server with a finished run, and what tells whether a canary was touched."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from factories import tiny_content
from fastapi import FastAPI
from starlette.testclient import TestClient

from oracle.cli import main
from oracle.database import sqlite_url
from oracle.rest.settings import WebSettings
from oracle.runs import execute, prepare
from oracle.service.service import Service
from oracle.service.settings import ServerSettings
from oracle.settings import Settings
from oracle.study.validation import parse
from oracle.web.app import create_app

HOME = "http://127.0.0.1:8000"
TINY: dict[str, Any] = tiny_content(grid={"max_lr": [0.05, 0.1]}, cycles=1, replicates=1)


@dataclass(frozen=True)
class Served:
    """A service whose database has one finished run, of the study `tiny`."""

    service: Service
    folder: Path
    run: str

    def app(self, **changes: Any) -> FastAPI:
        return create_app(self.service, WebSettings(**{"rate": 1e6, "burst": 10**6} | changes))

    def client(self, **changes: Any) -> TestClient:
        return TestClient(self.app(**changes), base_url=HOME, follow_redirects=False)


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    (folder / "pics" / "train" / "cat").mkdir(parents=True)
    url = sqlite_url(folder / "oracle.db")
    storage = url.render_as_string(hide_password=False)
    settings = Settings(folder=folder, storage=storage, backend="inline", workers=1)
    prepared = prepare.prepare(parse(TINY, "tiny.yaml"), settings)
    execute.execute(prepared)
    data = {"pics": folder / "pics"}
    service = Service(ServerSettings(url, folder, data=data, backend="inline"))
    yield Served(service, folder, prepared.run_id)
    service.close()


@pytest.fixture(scope="session")
def client(served: Served) -> TestClient:
    """Of a server without tokens."""
    return served.client()


@pytest.fixture(scope="session")
def tiny() -> dict[str, Any]:
    return dict(TINY)


@pytest.fixture
def alive(tmp_path: Path) -> Callable[[], bool]:
    """Whether the canary of this test, `tmp_path / "canary"`, was left alone."""
    return lambda: not (tmp_path / "canary").exists()


@pytest.fixture
def oracle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[Any, str]]:
    """The `oracle` command in an empty folder: its exit code, and what it says."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[Any, str]:
        monkeypatch.setattr(sys, "argv", ["oracle", *arguments])
        with pytest.raises(SystemExit) as ended:
            main.entry()
        printed = capsys.readouterr()
        output = printed.err + printed.out
        assert "Traceback" not in output
        assert not any(ord(letter) < 32 and letter not in "\n\t" for letter in output)
        return ended.value.code, output

    return call
