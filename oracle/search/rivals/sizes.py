"""max_lr from how much is pruned: the power law of the density, and ALLR."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from oracle.stats.digits import round_digits
from scyc.recording.stored import PrunedNormJson

_LEAST = 1e-6  # of the discount, so that a rate stays above 0 where next to nothing is pruned


def fitted_power_law(rates: Sequence[float], rate: float) -> tuple[float, float]:
    """Fit max_lr(m) = epsilon / density(m)^alpha by least squares of the logarithms.

    Args:
        rates: Well-tuned max_lr of cycles 0, 1, 2, ...; two at least.
        rate: Share of the remaining prunable weights that a cycle prunes, so that the density of
            cycle m is (1 - rate)^m.

    Returns:
        epsilon and alpha.
    """
    x = [-cycle * math.log1p(-rate) for cycle in range(len(rates))]  # -log density
    y = [math.log(each) for each in rates]
    middle, mean = statistics.fmean(x), statistics.fmean(y)
    across = math.fsum((a - middle) ** 2 for a in x)
    alpha = math.fsum((a - middle) * (b - mean) for a, b in zip(x, y, strict=True)) / across
    return math.exp(mean - alpha * middle), alpha


def power_law(epsilon: float, alpha: float, cycle: int, rate: float) -> float:
    """Return epsilon / density^alpha of a cycle (see :func:`fitted_power_law`).

    In 12 digits, as the values of a grid are, so that one that is a grid's is trained once.

    Args:
        epsilon: max_lr of the unpruned network.
        alpha: Exponent of the power law.
        cycle: Completed pruning cycles, 0 for the unpruned network.
        rate: Share of the remaining weights that a cycle prunes, in (0, 1).

    Returns:
        A learning rate; density is (1 - rate)^cycle.
    """
    return round_digits(epsilon * math.exp(-alpha * cycle * math.log1p(-rate)), 12)


def allr(epsilon: float, pruned: Sequence[PrunedNormJson], retraining: float) -> float:
    """Return the first rate of ALLR (Zimmer et al. 2023, Section 3.2), which then falls to 0.

    It discounts the unpruned network's rate by max(d_1, d_2). d_1 = |W - W_p| / (|W| sqrt(s)) is
    how large what was pruned is, beside the most that a share s of the weights can be when the
    smallest are taken. d_2 is the length of the retraining beside that of the first training; at
    full length it is 1, and ALLR is then linear rewinding, so it is 0 here unless it is given.

    Args:
        epsilon: The unpruned network's max_lr.
        pruned: What :func:`scyc.recording.next_network.pruned_norm` gave, one a replicate; their
            mean counts, so that all replicates train with one rate.
        retraining: d_2.

    Returns:
        A learning rate, at most `epsilon`.
    """
    sizes = [
        each["relative"] / math.sqrt(each["share"]) if each["share"] else 0.0 for each in pruned
    ]
    discount = min(1.0, max(statistics.fmean(sizes), retraining))
    return epsilon * max(discount, _LEAST)
