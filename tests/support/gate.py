"""A gate at which training waits until a test opens it, in this process and those it starts."""

import functools
import os
import sys
import time
from pathlib import Path
from typing import Any

_PATIENCE = 300.0  # seconds after which a process at the gate fails


class Gate:
    """Lets each process store so many results, and holds it there until the gate is open.

    So a test that needs a run under way has one, on a machine of any speed.
    """

    def __init__(self, file: Path, monkeypatch: Any) -> None:
        self._file, self._monkeypatch = file, monkeypatch

    def shut(self, after: int) -> None:
        """Hold what is started or forked from now on, after so many results.

        To be called before a process is started.
        """
        start = str(Path(__file__).parent / "start")
        paths = [start, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
        self._monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
        self._monkeypatch.setenv("GATE_FILE", str(self._file))
        self._monkeypatch.setenv("GATE_AFTER", str(after))
        from oracle.storage.result_store import ResultStore  # see the name

        self._monkeypatch.setattr(ResultStore, "add", held(ResultStore.add))

    def open(self) -> None:
        """Let everything pass."""
        self._file.touch()


def held(add: Any) -> Any:
    """ResultStore.add, which does not return from the GATE_AFTER-th call while GATE_FILE misses."""
    file, after, passed = Path(os.environ["GATE_FILE"]), int(os.environ["GATE_AFTER"]), 0

    @functools.wraps(add)
    def passing(*arguments: Any, **named: Any) -> Any:
        nonlocal passed
        result = add(*arguments, **named)
        passed += 1
        if passed == after:
            end = time.monotonic() + _PATIENCE
            while not file.exists():
                if time.monotonic() > end:
                    sys.exit("nobody opened the gate")
                time.sleep(0.02)
        return result

    return passing


def shut(store: Any) -> None:
    """Hang the gate on a class of stores."""
    store.add = held(store.add)
