"""Whether accuracies say that anything was learned: against always naming one class.

A network that has learned nothing of the images is right on at most the share that the largest
class has of them, give or take chance. The best of many evaluations of many networks is above that
by luck alone, so the bound takes all of them into account.
"""

from __future__ import annotations

import math

LEVEL = 0.05  # chance that any of the accuracies exceeds the bound though nothing was learned


def at_chance(accuracy: float, majority: float, images: int, tries: int) -> bool:
    """Return whether an accuracy may be that of a network that has learned nothing.

    By Chernoff's bound: `images` draws that are right with probability p have a share of a or more
    with a chance of at most exp(-images * KL(a || p)) (Hoeffding 1963, Theorem 1), which holds for
    the mean of different p, too. `tries` such chances add up to `LEVEL` at most.

    Args:
        accuracy: In percent, over all of these images.
        majority: The share of the largest class, in percent.
        images: How many the accuracy is over, those of all replicates together.
        tries: Accuracies that this one may be the best of.

    Returns:
        False where chance alone exceeds the accuracy with a probability below `LEVEL`.
    """
    share, chance = accuracy / 100, majority / 100
    if share <= chance:
        return True
    return images * _divergence(share, chance) <= math.log(max(1, tries) / LEVEL)


def _divergence(share: float, chance: float) -> float:
    """Kullback-Leibler divergence of two coins, in nats; share > chance."""
    if chance == 0:
        return math.inf
    divergence = share * math.log(share / chance)
    return (
        divergence
        if share >= 1
        else divergence + (1 - share) * math.log((1 - share) / (1 - chance))
    )
