"""S-Cyc's upper learning-rate bound over the pruning cycles (Liu et al. 2021, Eq. 2)."""

from __future__ import annotations

import math

from scyc.specs.base import SCyc


def max_lr(curve: SCyc, cycle: int, rate: float) -> float:
    """Compute the upper learning-rate bound of one pruning cycle (Liu et al. 2021, Eq. 2).

    With gamma = 1 - (1 - p)^(m - q), Eq. 2 is delta * sigmoid(beta * log(gamma / (1 - gamma)))
    + epsilon; written so, no power overflows. For m <= q, the No Growth phase, gamma <= 0 and
    the bound is its limit, epsilon.

    Args:
        curve: epsilon, delta, q and beta.
        cycle: Completed pruning cycles m, 0 for the unpruned network.
        rate: Share p of the remaining weights that each cycle prunes, in (0, 1).

    Returns:
        A learning rate in [epsilon, epsilon + delta].

    Raises:
        ValueError: The cycle is negative, or the rate not in (0, 1).

    Example:
        >>> from scyc import SCyc, max_lr
        >>> max_lr(SCyc(epsilon=0.03, delta=0.09, q=1, beta=4.0), cycle=1, rate=0.2)
        0.03
    """
    if cycle < 0:
        raise ValueError(f"cycle = {cycle}: completed pruning cycles cannot be negative")
    if not 0 < rate < 1:
        raise ValueError(f"rate = {rate}: must be above 0 and below 1")
    if cycle <= curve.q:
        return curve.epsilon
    decay = -(cycle - curve.q) * math.log1p(-rate)  # -log(1 - gamma), above 0
    log_odds = decay + math.log(-math.expm1(-decay))
    return curve.epsilon + curve.delta * _sigmoid(curve.beta * log_odds)


def _sigmoid(x: float) -> float:
    if x >= 0:
        return 1 / (1 + math.exp(-x))
    return math.exp(x) / (1 + math.exp(x))
