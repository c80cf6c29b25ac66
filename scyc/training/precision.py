"""The arithmetic of a training run: the type of its weights, and of its forward pass."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from types import MappingProxyType
from typing import Literal

import torch

Precision = Literal["fp32", "fp64", "bf16"]
DTYPES: Mapping[str, torch.dtype] = MappingProxyType(  # of images, weights, optimizer and loss
    {"fp32": torch.float32, "fp64": torch.float64, "bf16": torch.float32}
)


def forward(precision: Precision, device: torch.device) -> AbstractContextManager[object]:
    """Return the context of a forward pass: PyTorch's autocast for bf16, else nothing.

    Under autocast, convolutions and matrix products are computed in bfloat16. Weights, batch-norm
    statistics and the optimizer's state stay float32; cast the logits to float32 before the loss.
    On a CPU it works and is slow.

    Args:
        precision: fp32 or bf16.
        device: What it would be trained on.

    Returns:
        A context manager for the forward pass alone.
    """
    if precision == "bf16":
        return torch.autocast(device.type, dtype=torch.bfloat16, cache_enabled=False)
    return nullcontext()
