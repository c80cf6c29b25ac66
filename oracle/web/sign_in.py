"""Signing in to the pages with a token, and out again."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from oracle.rest.auth import COOKIE, checked_form, same_site
from oracle.rest.jobs import ServiceDep
from oracle.rest.settings import WebSettings
from oracle.web.rendering import PageRoute, render

router = APIRouter(include_in_schema=False, route_class=PageRoute)
_NEXT = 500  # characters


@router.get("/sign-in")
def form(
    request: Request, after: Annotated[str, Query(alias="next", max_length=_NEXT)] = "/"
) -> Response:
    """Show the form."""
    return _form(request, after)


@router.post("/sign-in")
def sign_in(
    request: Request,
    service: ServiceDep,
    token: Annotated[str, Form(max_length=200)] = "",
    after: Annotated[str, Form(alias="next", max_length=_NEXT)] = "/",
    csrf: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Open a session for a token, and go on to where the visitor wanted."""
    same_site(request)
    checked_form(request, csrf)
    known = service.tokens.find(token.strip())
    if known is None:
        wrong = "This token is unknown or revoked. Ask the administrator of the server for one."
        return _form(request, after, 401, wrong)
    settings: WebSettings = request.app.state.settings
    lifetime = timedelta(hours=settings.session_hours)
    secret = service.sessions.open(known.name, lifetime)
    answer = RedirectResponse(own(after), 303)
    answer.set_cookie(
        COOKIE,
        secret,
        max_age=int(lifetime.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=settings.cookie_secure,
    )
    return answer


@router.post("/sign-out")
def sign_out(
    request: Request, service: ServiceDep, csrf: Annotated[str, Form(max_length=200)] = ""
) -> Response:
    """End the session."""
    same_site(request)
    checked_form(request, csrf)
    if secret := request.cookies.get(COOKIE):
        service.sessions.close(secret)
    answer = RedirectResponse("/sign-in", 303)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer


def own(path: str) -> str:
    """Return a path of this server; "/" in place of anything that could lead elsewhere.

    Args:
        path: As a browser sent it.

    Returns:
        The path as it is, or "/".
    """
    plain = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if plain else "/"


def _form(request: Request, after: str, status: int = 200, wrong: str = "") -> Response:
    return render(request, "sign-in.html", status, who=None, next=own(after), wrong=wrong)
