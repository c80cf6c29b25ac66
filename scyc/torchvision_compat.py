"""The only module that imports torchvision, which must also work with a torch without CUDA.

torchvision's compiled operators are built against the CUDA build of torch. With a CPU-only
build they do not load, and ``import torchvision`` then fails because the operator ``nms`` has no
schema. Where they do not load, their two schemas are declared before the import: models, data sets
and transforms work; ``torchvision.ops.nms`` itself does not.
"""

from __future__ import annotations

import functools
import importlib.util
from pathlib import Path
from types import ModuleType

import torch

_NMS = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
_declared: list[torch.library.Library] = []  # a library object undoes its schemas when it dies


@functools.cache
def torchvision() -> ModuleType:
    """Import torchvision in a way that works with any build of torch.

    Returns:
        The module, with ``torchvision.datasets``.

    Raises:
        ModuleNotFoundError: torchvision is not installed.
    """
    spec = importlib.util.find_spec("torchvision")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("torchvision is not installed; pip install torchvision")
    if not _operators_load(Path(spec.origin).parent):
        library = torch.library.Library("torchvision", "DEF")
        library.define(f"nms{_NMS}")
        library.define(f"qnms{_NMS}")
        _declared.append(library)
    module = importlib.import_module("torchvision")
    importlib.import_module("torchvision.datasets")
    return module


def _operators_load(package: Path) -> bool:
    compiled = sorted(package.glob("_C*.so"))
    if not compiled:
        return False
    try:
        torch.ops.load_library(str(compiled[0]))
    except OSError:
        return False
    return True
