"""Systems that the benchmarks train, on images that are noise: what they show takes no time."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

import torch

from scyc.data.images import Images
from scyc.specs.base import content_hash
from scyc.specs.schedules import ConstantSpec
from scyc.specs.system import SplitSpec, SystemSpec
from scyc.trainer import Member, Trainer

Precision = Literal["fp32", "bf16"]
# What each network is trained on, as the paper does: image shape, classes, batch.
INPUTS: Mapping[str, tuple[tuple[int, int, int], int, int]] = MappingProxyType(
    {
        "fully_connected": ((1, 8, 8), 10, 64),
        "resnet20": ((3, 32, 32), 10, 128),
        "vgg19": ((3, 32, 32), 10, 128),
        "resnet50": ((3, 64, 64), 200, 128),
    }
)


def images(network: str, count: int) -> Images:
    """Draw noise of the shape that a network trains on, as many of each class as there can be."""
    shape, classes, _ = INPUTS[network]
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(256, (count, *shape), generator=generator, dtype=torch.uint8)
    labels = torch.arange(count) % classes
    names = tuple(str(index) for index in range(classes))
    return Images(pixels, labels, names, content_hash(["noise", network, count]))


def system(network: str, steps: int, batch: int | None = None, **training: Any) -> SystemSpec:
    """Return a system with SGD and momentum, pruned by global magnitude; validated at the end."""
    declared = {
        "network": {"name": network},
        "pruning": {"rewind": "init"},
        "training": {
            "steps": steps,
            "batch": batch or INPUTS[network][2],
            "validate_every": steps,
            **training,
        },
        "split": SplitSpec().model_dump(),
        "seed": 0,
    }
    return SystemSpec.model_validate(declared)


def members(trainer: Trainer, count: int) -> list[Member]:
    """Return a pack of one replicate, pruned once, each at its own low rate."""
    start = trainer.pruned(trainer.root(0), 0, 1)
    schedule = ConstantSpec(name="constant")
    return [Member(start, 1, 0, schedule, 0.01 * (1 + k) / count) for k in range(count)]
