"""Make docs/reference/api.md, the reference of `import oracle`, from its docstrings.

python docs/scripts/pages.py
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterator

import oracle

_HEAD = """# Reference of `import oracle`

Made from the docstrings by `python docs/scripts/pages.py`. A guide with examples is [Use it from
Python](../how-to/python.md).
"""


def page() -> str:
    """Return the reference as Markdown."""
    return "\n".join([_HEAD, *(part for name in oracle.__all__ for part in _parts(name))])


def _parts(name: str) -> Iterator[str]:
    found = getattr(oracle, name)
    yield _section(f"oracle.{name}", found, 2)
    if not inspect.isclass(found) or issubclass(found, Exception):
        return
    for member, value in vars(found).items():
        if member.startswith("_") or not (inspect.isfunction(value) or isinstance(value, property)):
            continue
        yield _section(f"{name}.{member}", value, 3)


def _section(title: str, found: object, level: int) -> str:
    shown = title
    if inspect.isfunction(found):
        shown = title + str(inspect.signature(found)).replace("(self, ", "(").replace(
            "(self)", "()"
        )
    elif inspect.isclass(found) and not issubclass(found, Exception):
        shown = title + str(inspect.signature(found)).removesuffix(" -> None")
    text = inspect.cleandoc(found.__doc__ or "")
    signature = "\n".join(textwrap.wrap(shown, 98, subsequent_indent="    "))
    return f"{'#' * level} `{title}`\n\n```python\n{signature}\n```\n\n```text\n{text}\n```\n"
