"""Pages: templates filled in, and refusals as pages too."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, urlencode

import jinja2
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from oracle.records.jobs import ENDED, STATES
from oracle.reports.sheet import tone
from oracle.rest.auth import COOKIE, csrf_token, current
from oracle.rest.problems import STATUS_BY_ERROR, HttpProblem, status_of
from oracle.web import assets, text
from scyc.errors import BadInput, Problem

_PAGES = jinja2.Environment(
    loader=jinja2.PackageLoader("oracle.web"),
    autoescape=True,  # whatever the file is called
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_PAGES.filters.update(
    left=text.left,
    when=text.when,
    share=text.share,
    amount=text.amount,
    lines=text.lines,
    polyline=text.polyline,
)
_PAGES.globals.update(asset=assets.address, STATES=STATES, ENDED=ENDED, tone=tone)

_REFUSED: tuple[type[Exception], ...] = (RequestValidationError, HTTPException, *STATUS_BY_ERROR)
_SAID: Mapping[int, str] = MappingProxyType(
    {
        403: "Permission denied",
        404: "Page not found",
        409: "Conflict with the current state",
        422: "Invalid address",
        503: "Temporarily unavailable",
    }
)


def render(request: Request, name: str, status: int = 200, **fields: Any) -> HTMLResponse:
    """Render a page from its template, with what every page needs.

    Args:
        request: The browser's request.
        name: Of the template.
        status: Of the answer.
        fields: Variables of the template.

    Returns:
        The page, which browsers do not store.
    """
    who = current(request) if request.method in ("GET", "HEAD") else fields.pop("who", None)
    fields = {"who": who, **fields}
    page = _PAGES.get_template(name).render(
        path=request.url.path,
        csrf=csrf_token(request),
        signed_in=COOKIE in request.cookies and request.app.state.settings.tokens_required,
        **fields,
    )
    return HTMLResponse(page, status, {"Cache-Control": "no-store"})


def refusal(
    request: Request, status: int, detail: str, errors: tuple[Problem, ...] = ()
) -> Response:
    """Make a page that says what is wrong and where to go on.

    Args:
        request: The browser's request.
        status: Of the answer.
        detail: What went wrong.
        errors: Problems of the input.

    Returns:
        The page, with this status.
    """
    title = _SAID.get(status) or HTTPStatus(status).phrase
    return render(
        request, "error.html", status, title=title, code=status, detail=detail, errors=errors
    )


def install(app: FastAPI) -> None:
    """Answer browsers with a page where an address is none; other clients as before.

    Args:
        app: With the handlers of :func:`oracle.rest.problems.install`.
    """
    problem = app.exception_handlers[HTTPException]

    def unknown(request: Request, error: Exception) -> Any:
        assert isinstance(error, HTTPException)  # for which alone it is installed
        path, kinds = request.url.path, request.headers.get("accept", "")
        browser = request.method in ("GET", "HEAD") and "text/html" in kinds
        if error.status_code == 404 and browser and not path.startswith("/v1/"):
            return refusal(request, 404, "This server has no page with this address.")
        return problem(request, error)

    app.add_exception_handler(HTTPException, unknown)


class PageRoute(APIRoute):
    """A route whose refusals are pages; who is not signed in is sent to do so."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the handler, so that its refusals become pages."""
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                return await inner(request)
            except HttpProblem as error:
                if error.status == 401:
                    return RedirectResponse(_sign_in(request), 303)
                return refusal(request, error.status, error.detail)
            except BadInput as error:
                return refusal(request, 422, error.source, error.problems)
            except _REFUSED as error:
                return refusal(request, *_meaning(error))

        return handle


def _meaning(error: Exception) -> tuple[int, str]:
    """Return a refusal's status, and what it says."""
    if isinstance(error, RequestValidationError):
        return 422, "The address has an invalid value."
    if isinstance(error, HTTPException):
        return error.status_code, str(error.detail)
    return status_of(error), str(error)


def _sign_in(request: Request) -> str:
    """Where to sign in, and to come back from."""
    after = request.url.path if request.method == "GET" else "/"
    if request.method == "GET" and request.url.query:
        after += f"?{request.url.query}"
    return f"/sign-in?{urlencode({'next': after}, quote_via=quote)}"
