"""What pages load: styles and scripts, those of figures from oracle.plots."""

from __future__ import annotations

import functools
import gzip
import hashlib
import importlib.resources
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from oracle.plots import page
from oracle.rest.problems import HttpProblem

router = APIRouter(include_in_schema=False)  # nothing here is secret: the sign-in page needs it

_MEDIA: Mapping[str, str] = MappingProxyType(
    {
        "oracle.css": "text/css; charset=utf-8",
        "dashboard.css": "text/css; charset=utf-8",
        "dashboard-read-only.css": "text/css; charset=utf-8",
        "dashboard.js": "text/javascript; charset=utf-8",
        "panels.css": "text/css; charset=utf-8",
        "live.js": "text/javascript; charset=utf-8",
        "figures.js": "text/javascript; charset=utf-8",
        "plotly.js": "text/javascript; charset=utf-8",
        "mark.svg": "image/svg+xml",
    }
)
_OF_FIGURES = frozenset({"figures.js", "panels.css"})
_FOR_GOOD = "public, max-age=31536000, immutable"  # its address changes with its content


@dataclass(frozen=True)
class Asset:
    """A file as it is sent."""

    content: bytes
    packed: bytes  # gzip
    stamp: str  # of the content


@functools.cache
def asset(name: str) -> Asset:
    """Return one of the files, read and compressed once.

    Args:
        name: Of the file.

    Returns:
        Content, the same compressed, and a stamp of the content.

    Raises:
        KeyError: There is no such file.
    """
    if name == "plotly.js":
        content = page.plotly_js()
    elif name in _OF_FIGURES:
        content = page.static(name).encode()
    elif name in _MEDIA:
        content = importlib.resources.files("oracle.web").joinpath(f"static/{name}").read_bytes()
    else:
        raise KeyError(name)
    stamp = hashlib.sha256(content).hexdigest()[:12]
    return Asset(content, gzip.compress(content, 6, mtime=0), stamp)


def address(name: str) -> str:
    """Return where a page finds a file: for as long as this is its content.

    Args:
        name: Of the file.

    Returns:
        A path of this server.
    """
    return f"/assets/{asset(name).stamp}/{name}"


@router.get("/assets/{stamp}/{name}")
def sent(
    request: Request,
    stamp: Annotated[str, Path(max_length=64)],
    name: Annotated[str, Path(max_length=64)],
) -> Response:
    """Send a file; kept by browsers for good where the address names its content.

    Args:
        request: Of the browser.
        stamp: Hash of the files' content.
        name: Of the file.
    """
    if name not in _MEDIA:
        raise HttpProblem(404, f"there is no asset {name}")
    content = asset(name)
    headers = {
        "Cache-Control": _FOR_GOOD if stamp == content.stamp else "no-cache",
        "ETag": f'"{content.stamp}"',
        "Vary": "Accept-Encoding",
    }
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(content.packed, media_type=_MEDIA[name], headers=headers)
    return Response(content.content, media_type=_MEDIA[name], headers=headers)
