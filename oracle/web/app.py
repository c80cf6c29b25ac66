"""The web application: what is put together, and in which order."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable

from fastapi import FastAPI

from oracle.rest import exports, external_runs, health, jobs, problems, run_management, runs
from oracle.rest.events import Watcher
from oracle.rest.image_export import Drawing
from oracle.rest.middleware import Guards
from oracle.rest.reference.openapi import TAGS, describe
from oracle.rest.settings import WebSettings
from oracle.service.heavy_work import HeavyWork
from oracle.service.service import Service
from oracle.web import assets, compare, dashboard, live, pages, rendering, sign_in

_ABOUT = """Submit studies, watch their jobs, fetch their tables and figures; and have the oracle
lead training runs elsewhere. Every refusal is problem details (RFC 9457); those of a wrong
input name every problem with its path."""


def create_app(
    service: Service, settings: WebSettings, looked_after: Callable[[], bool] = lambda: True
) -> FastAPI:
    """Make the application of a service that is open.

    Args:
        service: Answers the requests.
        settings: Of the pages and the limits.
        looked_after: Whether its queue is, without which the server is not ready.

    Returns:
        The application, which closes nothing of the service.
    """
    app = FastAPI(
        title="S-Cyc oracle",
        version=importlib.metadata.version("scyc-oracle"),
        description=_ABOUT,
        openapi_url="/v1/openapi.json",
        openapi_tags=[*TAGS],
        license_info={"name": "Apache 2.0", "identifier": "Apache-2.0"},
        docs_url=None,  # its pages load scripts from elsewhere
        redoc_url=None,
    )
    app.state.service = service
    app.state.settings = settings
    app.state.looked_after = looked_after
    app.state.form_key = service.sessions.key()
    app.state.watcher = Watcher(service.jobs)
    app.state.heavy = HeavyWork(settings.heavy_answers)
    app.state.drawing = Drawing()
    app.state.pictures = HeavyWork(at_once=1, patience=20.0)  # a browser takes a core
    app.state.exporter = exports.Exporter()
    app.state.exports = HeavyWork(at_once=exports.MOST_OPEN)
    app.state.metrics = health.Metrics()
    problems.install(app)
    rendering.install(app)
    parts = (jobs, runs, exports, run_management, external_runs, health)
    for part in (*parts, assets, live, sign_in, pages, compare):
        app.include_router(part.router)
    dashboard.mount(app, service, settings)  # last: its paths are its own
    app.add_middleware(problems.Answering)  # what is added last comes first
    app.add_middleware(Guards, settings=settings)
    app.add_middleware(health.Measured, metrics=app.state.metrics)
    describe(app, settings)
    return app
