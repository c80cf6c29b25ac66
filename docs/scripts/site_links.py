"""Let the site link to files of the repository that lie outside docs/.

A hook of MkDocs. Pages are written for people who read them in the repository, so they link to
``../studies/demo.yaml`` or ``../SECURITY.md``. Such a file becomes a part of the site, below
``repository/``, and the link leads there; one to a file that does not exist stays as it is, which
the strict build refuses.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[2]
PREFIX = "repository/"
PAGES = ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")  # of the repository's root, in the menu
_LINK = re.compile(r"(\]\()([^)#\s]+)((?:#[^)\s]*)?\))")
_FENCE = re.compile(r"^( {0,3}```.*?^ {0,3}```$)", re.DOTALL | re.MULTILINE)


def on_files(files: Files, config: Any) -> Files:
    """Add the files of the repository that pages link to."""
    for name in PAGES:
        _add(files, config, name)
    for page in list(files.documentation_pages()):
        for target in _outside(page.content_string, _repository_path(page.src_uri)):
            _add(files, config, target)
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Rewrite the links of a page that leave docs/, and those of pages from outside it."""
    source = _repository_path(page.file.src_uri)

    def rewritten(match: re.Match[str]) -> str:
        path = _resolve(match[2], source)
        if path is None or not (ROOT / path).is_file():
            return match[0]
        here = posixpath.dirname(page.file.src_uri)
        return match[1] + posixpath.relpath(_site_path(path), here or ".") + match[3]

    parts = _FENCE.split(markdown)
    return "".join(part if part.startswith("```") else _LINK.sub(rewritten, part) for part in parts)


def _add(files: Files, config: Any, path: str) -> None:
    uri = _site_path(path)
    if files.get_file_from_path(uri) is None:
        files.append(File.generated(config, uri, abs_src_path=str(ROOT / path)))


def _outside(markdown: str, source: str) -> list[str]:
    paths = (_resolve(match[2], source) for match in _LINK.finditer(_FENCE.sub("", markdown)))
    return [path for path in paths if path and _leaves(path) and (ROOT / path).is_file()]


def _resolve(link: str, source: str) -> str | None:
    """Return the path that a page's relative link leads to; None for other links."""
    if re.match(r"[a-z]+:|/", link):
        return None
    return posixpath.normpath(posixpath.join(posixpath.dirname(source), link))


def _leaves(path: str) -> bool:
    return not path.startswith("docs/")


def _repository_path(uri: str) -> str:
    return uri.removeprefix(PREFIX) if uri.startswith(PREFIX) else f"docs/{uri}"


def _site_path(path: str) -> str:
    return PREFIX + path if _leaves(path) else path.removeprefix("docs/")
