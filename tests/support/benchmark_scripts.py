"""Scripts of `benchmarks`, which import each other by their names, as modules."""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "benchmarks"


@contextmanager
def benchmark(name: str) -> Iterator[Any]:
    """Import a script anew, with those that it imports; modules of their names are as before after.

    Args:
        name: The script's, without its ending.

    Yields:
        The module.
    """
    before = {script.stem: sys.modules.pop(script.stem, None) for script in FOLDER.glob("*.py")}
    sys.path.insert(0, str(FOLDER))
    try:
        yield importlib.import_module(name)
    finally:
        sys.path.remove(str(FOLDER))
        for script, module in before.items():
            sys.modules.pop(script, None)
            if module is not None:
                sys.modules[script] = module
