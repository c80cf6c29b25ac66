"""S-Cyc and iterative pruning on PyTorch alone (Liu, Tan, Motani, arXiv 2110.08764)."""

from scyc.cycles import Cycle, iterate
from scyc.pack import Member, Trained, Trainer
from scyc.schedules import WarmupDrops
from scyc.scurve import max_lr
from scyc.spec import SCyc, SystemSpec

__all__ = [
    "Cycle",
    "Member",
    "SCyc",
    "SystemSpec",
    "Trained",
    "Trainer",
    "WarmupDrops",
    "iterate",
    "max_lr",
]
