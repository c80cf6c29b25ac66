"""How many weights or filters each pruning cycle removes, computed before anything is trained."""

from __future__ import annotations

from collections.abc import Sequence


def first_idle_cycle(counts: Sequence[int], rate: float, cycles: int, least: int) -> int | None:
    """Return the first pruning cycle that removes nothing or all that was left; None without one.

    Args:
        counts: Weights or filters of each group that is pruned by itself, before the first cycle.
        rate: Share of what remains that a cycle removes, in (0, 1).
        cycles: How many there are; the first is 1.
        least: What is never removed of a group: 1 of filters, 0 of weights.

    Returns:
        Number of the cycle, 1 to `cycles`; None where every cycle removes something and leaves
        something.
    """
    left = list(counts)
    for cycle in range(1, cycles + 1):
        removed = [max(0, min(round(rate * count), count - least)) for count in left]
        if not any(removed):
            return cycle
        left = [count - taken for count, taken in zip(left, removed, strict=True)]
        if not any(left):
            return cycle
    return None
