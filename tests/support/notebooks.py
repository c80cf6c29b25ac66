"""Run code as a notebook does: its source is known, and it is in no module of a file."""

import itertools
import linecache
from typing import Any

_numbers = itertools.count()


def notebook(source: str, **names: Any) -> dict[str, Any]:
    """Run a notebook's cell; returns its names.

    Args:
        source: the cell's text.
        names: what earlier cells have defined.
    """
    file = f"<cell {next(_numbers)}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    namespace = {"__name__": "__main__", **names}
    exec(compile(source, file, "exec"), namespace)  # noqa: S102
    return namespace
