"""max_lr from how the weight gradients narrow while a network is pruned."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from scyc.recording.stored import DistributionJson

Scale = Literal["std", "quantiles"]


def spread(gradients: DistributionJson, scale: Scale) -> float:
    """Return how wide one replicate's weight gradients lie.

    Args:
        gradients: Recorded at the end of a training run.
        scale: "std": their standard deviation; "quantiles": from the 5th percentile to the 95th.

    Returns:
        0 where no gradient is left; infinity where the number is beyond a float64.
    """
    if not gradients["count"]:
        return 0.0
    if scale == "quantiles":
        quantiles = gradients["quantiles"]
        assert quantiles is not None  # they are there where a value is
        return quantiles["95"] - quantiles["5"]
    return math.inf if gradients["std"] is None else gradients["std"]


def growth(first: float, last: float, bound: float) -> float:
    """Return by how much spreads shrank, first / last, within [1 / bound, bound].

    A spread that has become 0 gives the bound: the gradients have shrunk beyond all measure. Where
    neither is above 0, or neither is finite, nothing is known to have changed, and it is 1.

    Args:
        first: Spread of the unpruned network.
        last: Spread of the cycle before.
        bound: At least 1.

    Returns:
        A factor.
    """
    if first == last:
        return 1.0
    ratio = math.inf if last == 0 else first / last
    return min(max(ratio, 1 / bound), bound)


def max_lr(
    epsilon: float,
    first: Sequence[DistributionJson],
    last: Sequence[DistributionJson],
    scale: Scale,
    bound: float,
) -> float:
    """Return max_lr of cycle m by the weight gradients of cycles 0 and m - 1 of its own run.

    The paper's insight is that the update max_lr x gradient should keep its size while the
    gradients shrink (Liu et al. 2021, Section 3.1), and its future research is to derive max_lr
    from their distribution (Section 6). It gives no formula; this one is ours::

        max_lr(m) = epsilon * (g_1 * ... * g_R)^(1 / R)
        g_r = s_r(0) / s_r(m - 1), kept within [1 / bound, bound]

    s_r is the :func:`spread` of the weight gradients of replicate r after training. The
    geometric mean lets each replicate count as much, however large its gradients are, and all of
    them train with one max_lr, in [epsilon / bound, epsilon * bound].

    first, last: the recorded gradients of cycles 0 and m - 1, in the replicates' order.

    Args:
        epsilon: max_lr of the unpruned network.
        first: Recorded gradients of cycle 0, in the replicates' order.
        last: Recorded gradients of cycle m - 1, in the same order.
        scale: What :func:`spread` measures.
        bound: What :func:`growth` is kept within.

    Returns:
        A learning rate, in [epsilon / bound, epsilon * bound].
    """
    logs = [
        math.log(growth(spread(before, scale), spread(after, scale), bound))
        for before, after in zip(first, last, strict=True)
    ]
    return epsilon * math.exp(math.fsum(logs) / len(logs))
