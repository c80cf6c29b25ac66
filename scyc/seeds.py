"""Every random number comes from a seed that names its purpose."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # who names a seed alone is spared the import of torch
    import torch


def generator(*purpose: str | int) -> torch.Generator:
    """Return a CPU generator for one purpose, such as ``generator(seed, "split", replicate)``.

    The same purpose gives the same numbers in any process; other purposes are independent.

    Args:
        purpose: Words and numbers that name it, in this order.

    Returns:
        A generator on the CPU, seeded with :func:`seed` of the same words.
    """
    import torch  # noqa: PLC0415  # as above

    return torch.Generator().manual_seed(seed(*purpose))


def seed(*purpose: str | int) -> int:
    """Return a seed in [0, 2^63) for one purpose.

    Args:
        purpose: Words and numbers that name it, in this order.

    Returns:
        The first 63 bits of the SHA-256 of the words.
    """
    text = "/".join(str(part) for part in purpose)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
