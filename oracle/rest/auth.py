"""Who a caller is and what they may do: tokens, the sessions of the page, other sites."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import urlsplit

from fastapi import Request

from oracle.records.tokens import LOCAL, Scope, Token
from oracle.rest.problems import HttpProblem
from oracle.rest.settings import WebSettings
from oracle.service.service import Service

COOKIE = "oracle_session"
CSRF_FIELD = "csrf"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_ANYONE = Token(LOCAL, "admin", datetime(2000, 1, 1, tzinfo=UTC))
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="oracle"'}


def needs(scope: Scope) -> Callable[[Request], Token]:
    """Make a dependency of FastAPI's: the caller, whose token reaches that far.

    Args:
        scope: That the token needs.

    Returns:
        A function of the request that gives the caller's token, and answers 401 without a token,
        403 where its scope is too small.
    """

    def caller(request: Request) -> Token:
        who = current(request)
        if who is None:
            rule = "a token is needed: Authorization: Bearer TOKEN, or sign in at /sign-in"
            raise HttpProblem(401, rule, _CHALLENGE)
        if not who.allows(scope):
            raise HttpProblem(403, f"the token {who.name} may {who.scope}; this needs {scope}")
        return who

    return caller


def current(request: Request) -> Token | None:
    """Return the caller of a request.

    Args:
        request: Of any method.

    Returns:
        The caller's token; None where it is missing, unknown or revoked.

    Raises:
        HttpProblem: The request changes something and comes from another site's page.
    """
    service: Service = request.app.state.service
    settings: WebSettings = request.app.state.settings
    bearer = _bearer(request)
    if bearer is not None:
        return service.tokens.find(bearer)
    if request.method not in _SAFE:
        same_site(request)
    if not settings.tokens_required:
        return _ANYONE
    cookie = request.cookies.get(COOKIE)
    return service.sessions.find(cookie) if cookie else None


def same_site(request: Request) -> None:
    """Refuse what a page of another site sends in the name of its visitor.

    Args:
        request: That changes something.

    Raises:
        HttpProblem: 403, by the headers Sec-Fetch-Site and Origin.
    """
    fetched = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    foreign = fetched not in (None, "same-origin", "none")
    if origin is not None:
        host = request.headers.get("host", "").lower()
        foreign = foreign or _place(origin) != host
    if foreign:
        raise HttpProblem(403, "a page of another site sent this; send it from the server's own")


def csrf_token(request: Request) -> str:
    """Return what a form of the page carries along, so that no other site's form is taken.

    Args:
        request: For the page.

    Returns:
        Hexadecimal, a function of the session and the server's key.
    """
    session = request.cookies.get(COOKIE, "")
    key: bytes = request.app.state.form_key  # the same in all servers of a database
    return hmac.new(key, session.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def checked_form(request: Request, given: object) -> None:
    """Refuse a form that is not one of this server's.

    Args:
        request: That sent the form.
        given: Its field ``csrf``.

    Raises:
        HttpProblem: 403, where the field is not :func:`csrf_token`'s.
    """
    expected = csrf_token(request)
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), expected.encode()):
        raise HttpProblem(403, "the form has expired; load the page again, then send it")


def _place(origin: str) -> str | None:
    """Host and port of an Origin, in lower case; None where it is none."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:  # such as http://[
        return None


def _bearer(request: Request) -> str | None:
    """Return the token that a program sends; "" where the header is of another kind."""
    header = request.headers.get("authorization")
    if header is None:
        return None
    kind, _, secret = header.partition(" ")
    return secret.strip() if kind.lower() == "bearer" else ""
