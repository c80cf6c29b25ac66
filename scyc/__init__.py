"""S-Cyc and iterative pruning on PyTorch alone (Liu, Tan, Motani, arXiv 2110.08764)."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scyc.cycles import Cycle, iterate
    from scyc.lr_schedulers import SCycLR, WarmupDrops
    from scyc.pack import Member, Trained, Trainer
    from scyc.scurve import max_lr
    from scyc.spec import SCyc
    from scyc.system import SystemSpec

__all__ = [
    "Cycle",
    "Member",
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
    "Cycle": "cycles",
    "Member": "pack",
    "SCyc": "spec",
    "SCycLR": "lr_schedulers",
    "SystemSpec": "system",
    "Trained": "pack",
    "Trainer": "pack",
    "WarmupDrops": "lr_schedulers",
    "iterate": "cycles",
    "max_lr": "scurve",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used: Eq. 2 alone does not need PyTorch."""
    if name not in _HOMES:
        raise AttributeError(f"module 'scyc' has no attribute {name!r}")
    return getattr(importlib.import_module(f"scyc.{_HOMES[name]}"), name)
