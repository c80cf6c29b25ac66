"""The arithmetic of a training: what its weights are kept in, and what the forward pass is in."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from types import MappingProxyType
from typing import Literal

import torch

Precision = Literal["fp32", "fp64", "bf16"]
DTYPES: Mapping[str, torch.dtype] = MappingProxyType(  # of images, weights, optimiser and loss
    {"fp32": torch.float32, "fp64": torch.float64, "bf16": torch.float32}
)


def forward(precision: Precision, device: torch.device) -> AbstractContextManager[object]:
    """What a forward pass goes in: bf16 is PyTorch's autocast, the others nothing.

    Under autocast convolutions and products are taken in bfloat16. Weights, batch-norm statistics
    and the optimiser's state stay float32; logits are to be cast to it before the loss. On a CPU it
    works and is slow.
    """
    if precision == "bf16":
        return torch.autocast(device.type, dtype=torch.bfloat16, cache_enabled=False)
    return nullcontext()
