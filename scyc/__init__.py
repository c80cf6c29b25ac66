"""S-Cyc and iterative pruning on PyTorch alone (Liu, Tan, Motani, arXiv 2110.08764)."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scyc.iterative_pruning import Cycle, iterate
    from scyc.pruner import Pruner
    from scyc.schedules.lr_schedulers import SCycLR, WarmupDrops
    from scyc.schedules.scyc_curve import max_lr
    from scyc.specs.base import SCyc
    from scyc.specs.system import SystemSpec
    from scyc.trainer import Member, Trained, Trainer

__all__ = [
    "Cycle",
    "Member",
    "Pruner",
    "SCyc",
    "SCycLR",
    "SystemSpec",
    "Trained",
    "Trainer",
    "WarmupDrops",
    "iterate",
    "max_lr",
]

_HOMES = {
    "Cycle": "iterative_pruning",
    "Member": "trainer",
    "Pruner": "pruner",
    "SCyc": "specs.base",
    "SCycLR": "schedules.lr_schedulers",
    "SystemSpec": "specs.system",
    "Trained": "trainer",
    "Trainer": "trainer",
    "WarmupDrops": "schedules.lr_schedulers",
    "iterate": "iterative_pruning",
    "max_lr": "schedules.scyc_curve",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used: Eq. 2 alone does not need PyTorch."""
    if name not in _HOMES:
        raise AttributeError(f"module 'scyc' has no attribute {name!r}")
    return getattr(importlib.import_module(f"scyc.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
