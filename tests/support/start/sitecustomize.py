"""A gate in other processes: Python runs this first where its folder is on PYTHONPATH.

Stands on the standard library alone, since every process that a test starts runs it.
"""

import importlib.abc
import importlib.machinery
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

_MODULE = "oracle.storage.result_store"


class _Imports(importlib.abc.MetaPathFinder):
    """Shuts the gate as soon as what it hangs on is imported."""

    def find_spec(
        self, fullname: str, path: Any, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != _MODULE:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        loader: Any = spec.loader if spec else None
        if loader is not None:
            original = loader.exec_module

            def executed(module: ModuleType) -> None:
                original(module)
                sys.path.append(str(Path(__file__).parents[1]))
                from gate import shut  # once its folder is known

                shut(module.ResultStore)

            loader.exec_module = executed
        return spec


if "GATE_FILE" in os.environ:
    sys.meta_path.insert(0, _Imports())
