"""A service on an empty database, one on a database with a finished run, and clients of both."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from factories import tiny_content
from fastapi import FastAPI
from required import missing
from starlette.testclient import TestClient

from oracle.database import sqlite_url
from oracle.records.jobs import Holder, Job
from oracle.rest.settings import WebSettings
from oracle.runs import execute, prepare
from oracle.service.service import Service
from oracle.service.settings import ServerSettings
from oracle.settings import Settings
from oracle.study.validation import parse
from oracle.web.app import create_app

STUDY: dict[str, Any] = tiny_content()
_CHROMIUM = Path("/usr/bin/chromium")
PATIENCE = 900_000  # milliseconds that a browser waits for what a test expects
HOME = "http://127.0.0.1:8000"  # as a browser on the server's own machine names it


def opened(folder: Path, **changes: Any) -> Service:
    settings = {"url": sqlite_url(folder / "oracle.db"), "folder": folder, "backend": "inline"}
    return Service(ServerSettings(**settings | changes))


def web_settings(**changes: Any) -> WebSettings:
    """Without a limit that a test meets by chance."""
    return WebSettings(**{"rate": 1e6, "burst": 10**6} | changes)


def finished(folder: Path, **changes: Any) -> str:
    """Runs a tiny study in this process; returns its run's id."""
    storage = sqlite_url(folder / "oracle.db").render_as_string(hide_password=False)
    settings = Settings(folder=folder, storage=storage, backend="inline", workers=1)
    prepared = prepare.prepare(parse(STUDY | changes, "tiny.yaml"), settings)
    execute.execute(prepared)
    return prepared.run_id


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """On an empty database; `ServerSettings` of its own where a test needs them."""
    opened_service = opened(tmp_path)
    yield opened_service
    opened_service.close()


@pytest.fixture
def app(service: Service) -> FastAPI:
    return create_app(service, web_settings())


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, base_url=HOME) as test_client:
        yield test_client


@pytest.fixture(scope="session", name="opened")
def opened_fixture() -> Callable[..., Service]:
    """Opens a service in a folder, which the test closes."""
    return opened


@pytest.fixture(scope="session", name="finished")
def finished_fixture() -> Callable[..., str]:
    return finished


@pytest.fixture(scope="session", name="web_settings")
def web_settings_fixture() -> Callable[..., WebSettings]:
    return web_settings


@pytest.fixture(scope="session")
def tiny() -> dict[str, Any]:
    """The fields of the tiny study."""
    return dict(STUDY)


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, str]]:
    """A service on a database with a finished run, and its id; for tests that only read."""
    folder = tmp_path_factory.mktemp("ran")
    run_id = finished(folder)
    opened_service = opened(folder)
    yield opened_service, run_id
    opened_service.close()


@pytest.fixture
def reader(ran: tuple[Service, str]) -> Iterator[TestClient]:
    """A client of the service with a finished run."""
    with TestClient(create_app(ran[0], web_settings()), base_url=HOME) as test_client:
        yield test_client


@pytest.fixture
def study_yaml() -> Callable[..., str]:
    """The tiny study as YAML; keyword arguments change its fields."""
    return lambda **changes: yaml.safe_dump(STUDY | changes, sort_keys=False)


@pytest.fixture
def drive(service: Service) -> Callable[..., Job]:
    """Claims the next job and plays its driver: cells, lines, and how it ends."""

    def play(
        state: Any = None, cells: tuple[int, int] = (3, 12), lines: tuple[str, ...] = ()
    ) -> Job:
        holder = Holder("test", "host 1 1")
        job = service.jobs.claim(holder)
        assert job is not None
        assert service.jobs.ran_as(job.id, holder, f"{job.study_name}-00000000")
        assert service.jobs.progress(job.id, holder, *cells, 4.0)
        for line in lines:
            assert service.jobs.tell(job.id, holder, "line", line)
        if state is not None:
            return service.jobs.release(job.id, holder, state)
        return service.jobs.get(job.id)

    return play


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium."""
    if not _CHROMIUM.exists():
        missing("Debian's Chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(_CHROMIUM), args=["--no-sandbox"])
        yield chromium
        chromium.close()


def open_context(browser: Any, **options: Any) -> Any:
    """Open a browser's context that waits long for what it expects: a machine may be busy.

    Args:
        browser: Playwright's.
        **options: Of `Browser.new_context`.

    Returns:
        The context.
    """
    context = browser.new_context(**options)
    context.set_default_timeout(PATIENCE)
    return context
