"""Failpoints in other processes: Python runs this first where its folder is on PYTHONPATH.

FAULTS names a file of JSON that is read when a point is hung up: `hold` (a name of HOLDS, or null),
`count`, `flag` (made by the one process that is held; its pid is in it; it goes on when FLAG.go is
there) and `journal`. Stands on the standard library alone, since every process of Ray's starts it.
"""

from __future__ import annotations

import functools
import importlib.abc
import importlib.machinery
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

HOLDS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {  # module, class and method, side
        "training": ("scyc.storage.pack_state_file", "PackStateFile.due", "after"),
        "between result and commit": ("oracle.storage.result_store", "ResultStore.add", "before"),
        "between commit and acknowledgement": (
            "oracle.storage.result_store",
            "ResultStore.add",
            "after",
        ),
        "a checkpoint": ("scyc.storage.blob_store", "write_whole", "within"),
        "between cycles": ("oracle.execution.pack_queue", "PackQueue._advance", "before"),
        "after the results are read": (
            "oracle.storage.result_store",
            "ResultStore.results",
            "after",
        ),
        "before training": ("oracle.execution.worker", "Worker.train", "before"),
    }
)
_JOURNALS = ("oracle.execution.worker", "oracle.storage.result_store")
_PATIENCE = 240.0  # seconds after which a held process goes on by itself


def _orders() -> dict[str, Any]:
    orders: dict[str, Any] = json.loads(Path(os.environ["FAULTS"]).read_text())
    return orders


def _held(flag: Path) -> None:
    try:
        descriptor = os.open(flag, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    os.write(descriptor, str(os.getpid()).encode())
    os.close(descriptor)
    patience = time.monotonic() + _PATIENCE
    while not flag.with_suffix(".go").exists() and time.monotonic() < patience:
        time.sleep(0.02)


def _hang(module: ModuleType, orders: Mapping[str, Any]) -> None:
    _, name, side = HOLDS[orders["hold"]]
    owner: Any = module
    for part in name.split(".")[:-1]:
        owner = getattr(owner, part)
    name = name.rpartition(".")[2]
    original, passed = getattr(owner, name), 0

    def here() -> None:
        nonlocal passed
        passed += 1
        if passed == orders["count"]:
            _held(Path(orders["flag"]))

    @functools.wraps(original)
    def passing(*arguments: Any, **named: Any) -> Any:
        if side == "within":
            return _halved(module, here, *arguments, **named)
        if side == "before":
            here()
        result = original(*arguments, **named)
        if side == "after":
            here()
        return result

    setattr(owner, name, passing)


def _halved(
    blobs: Any, here: Callable[[], None], target: Path, content: bytes, mode: int = 0o600
) -> None:
    """Write a file; where it is a checkpoint, be held when half of it is written."""
    with blobs.whole(target, mode) as file:
        half = len(content) // 2
        file.write(content[:half])
        file.flush()
        if "checkpoints" in target.parts:
            here()
        file.write(content[half:])


def _armed(module: ModuleType) -> None:
    orders = _orders()
    if module.__name__ in _JOURNALS:
        from faults import journal

        if module.__name__ == "oracle.execution.worker":
            journal.record_starts(Path(orders["journal"]), module.Worker)
        else:
            journal.additions(Path(orders["journal"]), module.ResultStore)
    if orders["hold"] and HOLDS[orders["hold"]][0] == module.__name__:
        _hang(module, orders)


class _Imports(importlib.abc.MetaPathFinder):
    """Hangs up a module's points as soon as it is imported."""

    names = frozenset(module for module, _, _ in HOLDS.values()) | frozenset(_JOURNALS)

    def find_spec(
        self, fullname: str, path: Any, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname not in self.names:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        loader: Any = spec.loader if spec else None
        if loader is not None:
            original = loader.exec_module

            def executed(module: ModuleType) -> None:
                original(module)
                _armed(module)

            loader.exec_module = executed
        return spec


if "FAULTS" in os.environ:
    sys.meta_path.insert(0, _Imports())
