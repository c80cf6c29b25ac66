"""Every random number comes from a seed that names its purpose."""

from __future__ import annotations

import hashlib

import torch


def generator(*purpose: str | int) -> torch.Generator:
    """A CPU generator for one purpose, such as ``generator(seed, "split", replicate)``.

    The same purpose gives the same numbers in any process; other purposes are independent.
    """
    return torch.Generator().manual_seed(seed(*purpose))


def seed(*purpose: str | int) -> int:
    """A seed in [0, 2^63) for one purpose."""
    text = "/".join(str(part) for part in purpose)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
