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
    exported = getattr(oracle, name)
    yield _section(f"oracle.{name}", exported, 2)
    if not inspect.isclass(exported) or issubclass(exported, Exception):
        return
    for member, value in vars(exported).items():
        if member.startswith("_") or not (inspect.isfunction(value) or isinstance(value, property)):
            continue
        yield _section(f"{name}.{member}", value, 3)


def _section(title: str, member: object, level: int) -> str:
    shown = title
    if inspect.isfunction(member):
        shown = title + str(inspect.signature(member)).replace("(self, ", "(").replace(
            "(self)", "()"
        )
    elif inspect.isclass(member) and not issubclass(member, Exception):
        shown = title + str(inspect.signature(member)).removesuffix(" -> None")
    text = inspect.cleandoc(member.__doc__ or "")
    signature = "\n".join(textwrap.wrap(shown, 98, subsequent_indent="    "))
    return f"{'#' * level} `{title}`\n\n```python\n{signature}\n```\n\n```text\n{text}\n```\n"
