"""The device that training runs run on."""

from __future__ import annotations

import torch


def resolve_device(name: str) -> torch.device:
    """Return the device for "auto", "cpu" or "cuda".

    Args:
        name: "auto" is CUDA where it is available, else the CPU.

    Returns:
        The device of PyTorch.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def device_rule(name: str) -> str | None:
    """Return why this process cannot train on a device; None where it can.

    Args:
        name: ``auto``, ``cpu`` or ``cuda``.

    Returns:
        Rule and remedy as text; None for ``auto`` and ``cpu``.
    """
    if name == "cuda" and not torch.cuda.is_available():
        return 'PyTorch finds no CUDA device on this machine; use "auto" or "cpu"'
    return None
