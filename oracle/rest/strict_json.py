"""Routes that read JSON as strictly as studies are read."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from oracle.rest.problems import HttpProblem
from oracle.study.loading import read_json
from scyc.errors import BadInput


class StrictJsonRoute(APIRoute):
    """A route that refuses JSON with a repeated key, of which a parser would keep the last."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, on a request whose JSON is checked first."""
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
            if media == "application/json" and (body := await request.body()):
                try:
                    read_json(body.decode("utf-8"))
                except UnicodeDecodeError as error:
                    raise HttpProblem(400, f"the body is not UTF-8: {error.reason}") from error
                except BadInput as error:
                    detail = "the body is not JSON"
                    raise HttpProblem(400, detail, errors=error.problems) from error
            return await inner(request)

        return handle
